//! The command line: types, dispatch, exit codes.
//!
//! In: arguments, environment, `.env`. Out: a screen, a headless run or the demo target, and how it went as an exit code.

mod args;
mod check;
mod check_schema;
mod demo_target;
mod exit;
mod files;
mod headless;
mod import;
mod init;
mod limits;
mod load;
mod panics;
mod pick;
mod schema;
mod screen;
mod trial;
mod unnamed;

use std::io::{ErrorKind, IsTerminal as _};
use std::path::Path;
use std::process::ExitCode;

use clap::Parser as _;

use crate::headless::console;
use crate::scenario::syntax::dotenv;
use crate::system::signals;
use args::{Cli, Other};

/// Parses the command line, does what it asks, and says how it went.
pub fn main() -> ExitCode {
    signals::survive_file_limit();
    panics::install();
    let code = run();
    // What was asked for is not there when standard output could not take it.
    if !console::finish() && code == ExitCode::SUCCESS { ExitCode::from(exit::TROUBLE) } else { code }
}

fn run() -> ExitCode {
    // Before anything else: clap reads the environment.
    if let Err(text) = load_dotenv(Path::new(".env")) {
        console::warn(&text);
        return ExitCode::from(exit::USAGE);
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version come this way too, with code 0.
            return match error.print() {
                _ if error.exit_code() != 0 => ExitCode::from(exit::USAGE),
                Err(why) if why.kind() != ErrorKind::BrokenPipe => {
                    console::warn(&format!("cannot write to standard output: {why}"));
                    ExitCode::from(exit::TROUBLE)
                }
                // A closed pipe is nobody's error.
                _ => ExitCode::SUCCESS,
            };
        }
    };
    limits::raise_open_files();
    match cli.command {
        Some(Other::DemoTarget { port, seed }) => return demo_target::run(port, seed),
        Some(Other::Check(args)) => return check::run(&args),
        Some(Other::Try(args)) => return trial::run(&args),
        Some(Other::Import(args)) => return import::run(&args),
        Some(Other::Schema) => return schema::run(),
        Some(Other::Init { folder }) => return init::run(&folder),
        None => {}
    }
    if cli.run.headless {
        return headless::run(&cli.run);
    }
    if let Some(missing) = missing_terminal() {
        console::warn(&format!("{missing} is not a terminal: running without a screen, as with --headless"));
        return headless::run(&cli.run);
    }
    screen::run(&cli.run)
}

fn missing_terminal() -> Option<&'static str> {
    if !std::io::stdout().is_terminal() {
        Some("standard output")
    } else if !std::io::stdin().is_terminal() {
        Some("standard input")
    } else {
        None
    }
}

/// Reads `.env` of the current folder, if there is one. What the environment already has stays as it is.
fn load_dotenv(path: &Path) -> Result<(), String> {
    let values = dotenv::read(path).map_err(|error| error.text)?;
    // Only the crate can set a variable of the process; quoted like this it reads every value as it is. It keeps what
    // is set already, so the last line of a name comes first.
    let mut lines = String::new();
    for (name, value) in values.iter().rev() {
        let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$").replace('\n', "\\n");
        lines.push_str(&format!("{name}=\"{value}\"\n"));
    }
    dotenvy::from_read(lines.as_bytes()).map_err(|_| format!("cannot use {}", path.display()))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_missing_dotenv_is_fine_and_a_broken_one_keeps_its_secret() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(".env");
        assert_eq!(super::load_dotenv(&file), Ok(()));
        std::fs::write(&file, "this is hunter2 no assignment\n").unwrap();
        let text = super::load_dotenv(&file).unwrap_err();
        assert!(text.contains("NAME=value") && !text.contains("hunter2"), "{text}");
    }
}
