//! The command line: types, dispatch, exit codes.

mod demo_target;
mod load;
mod screen;
mod unattended;

use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};

use crate::scenario::Overrides;
use crate::tui::ThemeName;
use crate::units::{PerSecond, Users, parse_duration, parse_spawn_rate, parse_users};

/// A mistake of whoever typed the command or wrote the scenario.
const USAGE: u8 = 2;

/// Load tests, steered from the terminal.
#[derive(Debug, Parser)]
#[command(name = "katydid", version, about, long_about = None, args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Subcommands>,
    #[command(flatten)]
    run: Run,
}

#[derive(Debug, Subcommand)]
enum Subcommands {
    /// Run the demo target alone, a small HTTP shop on loopback, until interrupted.
    DemoTarget {
        /// Port on 127.0.0.1; 0 takes a free one.
        #[arg(long, default_value_t = 8080)]
        port: u16,
    },
}

/// What to run and how: Locust's flags where it has them.
#[derive(Debug, clap::Args)]
struct Run {
    /// Scenario file.
    #[arg(short, long = "file", alias = "locustfile", value_name = "FILE", env = "KATYDID_FILE")]
    file: Option<PathBuf>,
    /// Base URL; overrides the scenario's.
    #[arg(short = 'H', long, value_name = "URL", env = "KATYDID_HOST")]
    host: Option<String>,
    /// Peak concurrent users.
    #[arg(short, long, value_parser = parse_users, env = "KATYDID_USERS")]
    users: Option<Users>,
    /// Users started per second.
    #[arg(short = 'r', long, value_name = "RATE", value_parser = parse_spawn_rate, env = "KATYDID_SPAWN_RATE")]
    spawn_rate: Option<PerSecond>,
    /// Stop after this time: 30s, 2m, 1h30m, or seconds.
    #[arg(short = 't', long, value_name = "TIME", value_parser = parse_duration, env = "KATYDID_RUN_TIME")]
    run_time: Option<Duration>,
    /// Time for running tasks to finish after a stop.
    #[arg(short, long, value_name = "TIME", value_parser = parse_duration, env = "KATYDID_STOP_TIMEOUT")]
    stop_timeout: Option<Duration>,
    /// Start at once, without a screen.
    #[arg(long, env = "KATYDID_HEADLESS")]
    headless: bool,
    /// Start at once, with the screen.
    #[arg(long, env = "KATYDID_AUTOSTART", conflicts_with = "headless")]
    autostart: bool,
    /// Write Locust's four CSV files at the end of a headless run.
    #[arg(long, value_name = "PREFIX", env = "KATYDID_CSV")]
    csv: Option<PathBuf>,
    /// Where the screen's export key writes.
    #[arg(long, value_name = "DIR", default_value = "results", env = "KATYDID_OUT")]
    out: PathBuf,
    /// Print only the final tables of a headless run.
    #[arg(long, env = "KATYDID_ONLY_SUMMARY")]
    only_summary: bool,
    /// Exit code of a run with failed requests or exceptions.
    #[arg(long, value_name = "CODE", default_value_t = 1, env = "KATYDID_EXIT_CODE_ON_ERROR")]
    exit_code_on_error: u8,
    /// Threads that make load; default: the processors this process may use.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024), env = "KATYDID_THREADS")]
    threads: Option<u16>,
    /// Seed of every random choice; the same seed repeats the same choices.
    #[arg(long, env = "KATYDID_SEED")]
    seed: Option<u64>,
    /// Colours of the screen.
    #[arg(long, value_enum, default_value_t = Theme::Auto, env = "KATYDID_THEME")]
    theme: Theme,
    /// Draw with ASCII characters only.
    #[arg(long, env = "KATYDID_ASCII")]
    ascii: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Theme {
    Auto,
    Light,
    Colorblind,
    Mono,
}

impl From<Theme> for ThemeName {
    fn from(theme: Theme) -> Self {
        match theme {
            Theme::Auto => ThemeName::Auto,
            Theme::Light => ThemeName::Light,
            Theme::Colorblind => ThemeName::Colorblind,
            Theme::Mono => ThemeName::Mono,
        }
    }
}

impl Run {
    fn overrides(&self) -> Overrides {
        Overrides {
            host: self.host.clone(),
            users: self.users,
            spawn_rate: self.spawn_rate,
            run_time: self.run_time.map(Some),
            stop_timeout: self.stop_timeout,
        }
    }
}

/// Parses the command line, does what it asks, and says how it went.
pub fn main() -> ExitCode {
    // Values of `.env` never replace those of the real environment. A missing file is the normal case.
    if let Err(error) = dotenvy::dotenv()
        && !error.not_found()
    {
        return fail(USAGE, &format!("cannot read .env: {error}"));
    }
    dispatch(std::env::args_os())
}

fn dispatch(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are errors to clap; printing them may fail on a closed pipe, and then nobody reads.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { USAGE } else { 0 });
        }
    };
    raise_open_files();
    match cli.command {
        Some(Subcommands::DemoTarget { port }) => demo_target::run(port),
        None if cli.run.headless => unattended::run(&cli.run),
        None if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() => {
            warn("this is not a terminal, so the run goes on as with --headless");
            unattended::run(&cli.run)
        }
        None => screen::run(&cli.run),
    }
}

/// Every user has a connection of its own, and the usual soft limit is 1,024 files.
fn raise_open_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    // A refusal leaves the old limit, which the generator's health shows.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
}

/// Prints to standard output; a closed pipe is the reader's choice and no error.
fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

fn warn(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "katydid: {text}");
}

fn fail(code: u8, text: &str) -> ExitCode {
    warn(text);
    ExitCode::from(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn locusts_short_flags_mean_what_they_mean_there() {
        let line = "katydid -f a.yaml -H http://x -u 10 -r 2 -t 30s -s 5 --headless --csv out";
        let run = Cli::try_parse_from(line.split(' ')).unwrap().run;
        assert_eq!(run.overrides().users, Some(Users(10)));
        assert_eq!(run.overrides().run_time, Some(Some(Duration::from_secs(30))));
        assert_eq!(run.overrides().stop_timeout, Some(Duration::from_secs(5)));
        assert!(run.headless && run.csv.is_some());
        for line in ["katydid -u -1", "katydid -r 0", "katydid -t 1x", "katydid --theme pink", "katydid --threads 0"] {
            assert_eq!(Cli::try_parse_from(line.split(' ')).unwrap_err().exit_code(), 2, "{line}");
        }
    }
}
