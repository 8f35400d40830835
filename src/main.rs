//! The `katydid` command: parse, dispatch, exit code.

fn main() -> std::process::ExitCode {
    katydid::cli::main()
}
