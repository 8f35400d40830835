//! The command line: types, dispatch, exit codes.
//!
//! In: arguments, environment, `.env`. Out: a screen, a headless run or the demo target, and how it went as an exit code.

mod args;
mod check;
mod check_schema;
mod config;
mod demo_target;
mod exit;
mod files;
mod headless;
mod import;
mod init;
mod layers;
mod limits;
mod load;
mod panics;
mod pick;
mod schema;
mod screen;
mod trial;
mod unnamed;

use std::io::{ErrorKind, IsTerminal as _};
use std::process::ExitCode;

use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _};

use crate::headless::console;
use crate::system::signals;
use args::{Cli, Other};
use layers::Layers;

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
    let layers = match Layers::load(std::env::args_os()) {
        Ok(layers) => layers,
        Err(text) => {
            console::warn(&text);
            return ExitCode::from(exit::USAGE);
        }
    };
    let (mut cli, matches) = match parse() {
        Ok(parsed) => parsed,
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
    cli.run.load.defaults = layers.config.load_defaults();
    match cli.command {
        Some(Other::DemoTarget { port, seed }) => return demo_target::run(port, seed),
        Some(Other::Check(mut args)) => {
            args.load.defaults = layers.config.load_defaults();
            return check::run(&args);
        }
        Some(Other::Try(mut args)) => {
            args.defaults = layers.config.load_defaults();
            return trial::run(&args);
        }
        Some(Other::Config { json }) => return config::run(&cli.run, &matches, &layers, json),
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

/// The command line, and where each of its values comes from.
fn parse() -> Result<(Cli, ArgMatches), clap::Error> {
    let mut command = Cli::command();
    let matches = command.try_get_matches_from_mut(std::env::args_os())?;
    let cli = Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))?;
    Ok((cli, matches))
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
