//! The command line: types, dispatch, exit codes.
//!
//! In: arguments, environment, `.env`. Out: a screen, a headless run or the demo target, and an exit code.

mod args;
mod budget;
mod check;
mod check_schema;
mod config;
mod demo_target;
mod diagnosed;
mod doctor;
mod effective;
mod exit;
mod files;
mod findings;
mod flags;
mod headless;
mod import;
mod init;
mod layers;
mod limits;
mod load;
mod panics;
mod pick;
mod quick;
mod ratio;
mod recording;
mod refused;
mod report;
mod reports;
mod runs;
mod runs_args;
mod runs_dir;
mod scenarios;
mod schema;
mod screen;
mod table;
mod target_host;
mod trial;
mod unnamed;
mod usage;
mod usage_args;
mod words;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::{ErrorKind, IsTerminal as _};
use std::path::Path;
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _};

use crate::headless::console;
use crate::settings::Settings;
use crate::system::signals;
use args::{Cli, Commands};
use layers::Layers;

/// Locust's default configuration file. katydid reads it only if it is named.
const LOCUST_CONF: &str = "locust.conf";

/// Parses the command line and executes it; returns the exit code.
pub fn main() -> ExitCode {
    signals::survive_file_limit();
    panics::install();
    let code = run();
    // Failing to write output is an error.
    if !console::finish() && code == ExitCode::SUCCESS { ExitCode::from(exit::TROUBLE) } else { code }
}

fn run() -> ExitCode {
    // Must come first: clap reads the environment.
    let mut layers = match Layers::load(std::env::args_os()) {
        Ok(layers) => layers,
        Err(text) => return usage(&text),
    };
    let Parsed { cli, mut flags, reports } = match parse(std::env::args_os()) {
        Ok(parsed) => parsed,
        Err(error) => {
            if let Some(words) = refused::instead(&error) {
                return usage(&words);
            }
            // Help and version also end here, with code 0.
            return match error.print() {
                _ if error.exit_code() != 0 => ExitCode::from(exit::USAGE),
                Err(why) if why.kind() != ErrorKind::BrokenPipe => {
                    console::warn(&format!("cannot write to standard output: {why}"));
                    ExitCode::from(exit::TROUBLE)
                }
                // A closed pipe is not an error.
                _ => ExitCode::SUCCESS,
            };
        }
    };
    limits::raise_open_files();
    match &cli.command {
        Some(Commands::Import(args)) => return import::run(args),
        Some(Commands::Schema) => return schema::run(),
        Some(Commands::Init { folder, github }) => return init::run(folder, *github),
        Some(Commands::List) => return scenarios::run(),
        Some(Commands::Quick { file }) => quick::fill(&mut flags, file),
        _ => {}
    }
    if let Err(why) = words::add(&cli.words, &mut flags) {
        return usage(&why);
    }
    match layers.skipped() {
        Ok(warning) => warning.into_iter().for_each(|text| console::warn(&format!("warning: {text}"))),
        Err(why) => return usage(&why),
    }
    let sources = layers.into_sources(flags);
    let mut settings = match Settings::resolve(&sources) {
        Ok(settings) => settings,
        Err(why) => return usage(&why),
    };
    panics::protect_settings(&settings);
    if let Some(why) = words::unknown(&cli.words, settings.file.is_some()) {
        return usage(&why);
    }
    if let Err(why) = target_host::fill(&mut settings) {
        return usage(&why);
    }
    if cli.command.is_none() && (cli.list || cli.show_task_ratio || cli.show_task_ratio_json) {
        return ratio::run(&cli, &settings);
    }
    match cli.command {
        Some(Commands::DemoTarget { port }) => demo_target::run(port, settings.seed),
        Some(Commands::Check(args)) => check::run(&args, &settings),
        Some(Commands::Try(args)) => trial::run(&args, &settings),
        Some(Commands::Config { json }) => config::run(&settings, &sources.config, json),
        Some(Commands::Doctor { json }) => doctor::run(&settings, json),
        Some(Commands::Runs(args)) => runs::run(args, &settings),
        Some(Commands::Usage(args)) => usage::run(&args, &settings),
        Some(Commands::Findings(args)) => findings::run(&args, &settings),
        Some(Commands::Report { run }) => report::run(&run, &reports, &settings),
        _ => {
            let theirs = sources.locust_variables();
            if !theirs.is_empty() {
                console::warn(&format!("settings are taken from Locust's variables: {}", theirs.join(", ")));
            }
            for words in refused::variables(|name| std::env::var_os(name)) {
                console::warn(&words);
            }
            for (name, meant) in sources.misspelled() {
                console::warn(&format!("{name} has no effect: did you mean {meant}?"));
            }
            if cli.config.is_none() && Path::new(LOCUST_CONF).exists() {
                console::warn(&format!("{LOCUST_CONF} is not read by itself: --config {LOCUST_CONF} reads it"));
            }
            run_scenario(&settings)
        }
    }
}

fn run_scenario(settings: &Settings) -> ExitCode {
    if settings.autoquit.is_some() && !settings.autostart {
        return usage("--autoquit needs --autostart: without a screen, a run ends by itself");
    }
    if settings.headless && !settings.headful {
        return headless::run(settings);
    }
    if let Some(missing) = missing_terminal() {
        console::warn(&format!("{missing}: running without a screen, as with --headless"));
        return headless::run(settings);
    }
    screen::run(settings)
}

fn usage(why: &str) -> ExitCode {
    console::warn(why);
    ExitCode::from(exit::USAGE)
}

/// The command line.
struct Parsed {
    cli: Cli,
    /// Values of settings by key.
    flags: BTreeMap<&'static str, OsString>,
    /// Reports selected for `katydid report`.
    reports: report::Places,
}

fn parse(args: impl Iterator<Item = OsString>) -> Result<Parsed, clap::Error> {
    let mut command = without_empty(report::add(flags::add(Cli::command())));
    let matches = command.try_get_matches_from_mut(args)?;
    let cli = Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))?;
    Ok(Parsed { cli, flags: flags::given(&matches), reports: report::places(&matches) })
}

/// Ignores the variables that are set to nothing, as those of settings are.
fn without_empty(command: clap::Command) -> clap::Command {
    let is_empty = |name: &OsStr| std::env::var_os(name).is_some_and(|value| value.is_empty());
    let unset = |arg: clap::Arg| if arg.get_env().is_some_and(is_empty) { arg.env(None::<&str>) } else { arg };
    command.mut_args(unset).mut_subcommands(without_empty)
}

fn missing_terminal() -> Option<&'static str> {
    if !std::io::stdout().is_terminal() {
        Some("standard output is not a terminal")
    } else if !std::io::stdin().is_terminal() {
        Some("standard input is not a terminal")
    } else if std::env::var_os("TERM").is_some_and(|term| term == "dumb") {
        Some("this terminal cannot draw a screen (TERM=dumb)")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clap_accepts_the_definition() {
        report::add(flags::add(Cli::command())).debug_assert();
    }

    #[test]
    fn without_arguments_there_is_no_command_and_no_flag() {
        let Parsed { cli, flags, .. } = parse(["katydid".into()].into_iter()).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((cli.command, flags.len()), (None, 0));
        let parsed = parse(["katydid", "demo-target", "--port", "8123"].map(OsString::from).into_iter());
        assert_eq!(
            parsed.unwrap_or_else(|error| panic!("{error}")).cli.command,
            Some(Commands::DemoTarget { port: 8123 })
        );
    }
}
