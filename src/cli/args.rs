//! The command line as clap sees it: subcommands and what only they take. The options that are settings are in
//! [`flags`](super::flags).

use std::ffi::OsStr;
use std::path::PathBuf;

use clap::builder::TypedValueParser;
use clap::error::ErrorKind;
use clap::{Arg, Args, Command, Parser, Subcommand};
use url::Url;

use super::check_schema;
use super::findings::FindingsArgs;
use super::runs_args::RunsArgs;
use super::usage_args::UsageArgs;

/// What the codes of a run mean, for `--help`.
const EXIT_CODES: &str = "Exit codes of a run, the first that applies:
  2  Wrong options, or a scenario that cannot be run
  1  The load generator died, or a report could not be written
  5  Invalid: the load generator was the bottleneck for 10 s and a tenth of
     the run
  3  A threshold failed, or too little was measured to judge
  1  A request failed, unless thresholds decide. --exit-code-on-error gives
     another code, which then decides beside thresholds. With a screen 0,
     unless that option is given
  0  Passed
The first INT, TERM or HUP stops the run and changes no code; after a second
one it is 130, 143 or 129. 129 also where the terminal of a screen was closed";

/// An interactive load tester that lives in the terminal.
///
/// Without arguments it opens the launcher. Every option can also be set by the environment variable named with it, or
/// in a file called `.env`.
#[derive(Debug, Parser)]
#[command(name = "katydid", version, max_term_width = 100, after_help = EXIT_CODES, args_override_self = true)]
pub struct Cli {
    /// Settings file [default: config.yaml in the configuration folder; `katydid config` shows where]
    #[arg(long, global = true, value_name = "FILE", env = "KATYDID_CONFIG")]
    pub config: Option<PathBuf>,
    /// Print the user classes of the scenario, and do not run it
    #[arg(short = 'l', long)]
    pub list: bool,
    /// Print how often each task is run, by class and of all, and do not run the scenario
    #[arg(long)]
    pub show_task_ratio: bool,
    /// Print the same as JSON
    #[arg(long)]
    pub show_task_ratio_json: bool,
    /// User classes to run, as with --classes, or the base URL, as with --host
    #[arg(value_name = "CLASS|URL")]
    pub words: Vec<String>,
    /// Something other than a run.
    #[command(subcommand)]
    pub command: Option<Commands>,
}

/// What katydid does besides running scenarios.
#[derive(Debug, Clone, PartialEq, Subcommand)]
pub enum Commands {
    /// Serve the demo shop alone, until interrupted. Its delays and faults follow --seed
    DemoTarget {
        /// Port on 127.0.0.1; 0 takes a free one
        #[arg(long, value_name = "PORT", default_value_t = 0, env = "KATYDID_DEMO_PORT")]
        port: u16,
    },
    /// Run a scenario without a screen: 10 users, 2 started per second, one minute; files go to results/
    Quick {
        /// Scenario file, or the name of an embedded scenario
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Print the scenarios that can be run by name, with their descriptions
    List,
    /// Check scenario files, and print what a run of them would do and cost
    #[command(visible_alias = "validate")]
    Check(Check),
    /// Run one user once, and show each request, each response and each check
    Try(Trial),
    /// Check scenario, host, Redis, sinks and the limits of this machine before a run with these options
    Doctor {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Make a scenario from a HAR recording, an OpenAPI 3 document, or a curl command line
    Import(Import),
    /// Print every setting of a run with its value and where that comes from
    Config {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// List recorded runs, or remove, tag, note, export or import them
    Runs(RunsArgs),
    /// Make reports of a recorded run, at any time; without an option print its summary
    Report {
        /// Id of the run, the start of only one id, or `latest`
        #[arg(value_name = "RUN")]
        run: String,
    },
    /// Make a page for the people who decide from recorded runs: results, what is normal, cost, what is open
    Findings(FindingsArgs),
    /// Count the VU-hours of recorded runs by month, or calculate those of a run
    Usage(UsageArgs),
    /// Print the JSON Schema of scenario files, for editors
    Schema,
    /// Write a first scenario with its data and a sample environment, or workflows of GitHub Actions
    Init {
        /// Write workflows that run load tests into .github/workflows, and nothing else
        #[arg(long)]
        github: bool,
        /// Where to
        #[arg(default_value = ".", value_name = "DIR")]
        folder: PathBuf,
    },
}

/// Options of a check.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Check {
    /// Scenario files, or names of embedded scenarios
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Validate GraphQL documents against this schema: SDL, or an introspection result as JSON; a folder is all of its
    /// GraphQL files, and the option can be repeated
    #[arg(long, value_name = "FILE", conflicts_with = "introspect")]
    pub schema: Vec<PathBuf>,
    /// Validate them against the schema of the scenario's GraphQL endpoint, or of the one at URL
    #[arg(long, value_name = "URL", num_args = 0..=1, require_equals = true, value_parser = Unrepeated(check_schema::address, "--introspect <URL>"))]
    pub introspect: Option<Option<Url>>,
}

/// Options of a trial.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Trial {
    /// Scenario file, or the name of an embedded scenario
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The user class to try [default: the first]
    #[arg(long, value_name = "NAME")]
    pub class: Option<String>,
    /// The one task to try, between on_start and on_stop [default: all, in order]
    #[arg(long, value_name = "NAME")]
    pub task: Option<String>,
    /// Show whole bodies and values, and do not cut lines to the width of the terminal
    #[arg(long)]
    pub full: bool,
}

/// Options of an import.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct Import {
    /// What to read; its content decides its kind. - reads standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Where to write the scenario; an existing file is not overwritten [default: standard output]
    #[arg(short = 'o', long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Keep images, styles, scripts, fonts and media of a recording
    #[arg(long)]
    pub assets: bool,
    /// Keep requests of a recording to this host and those below it, beside the main one; can be given several times
    #[arg(long, value_name = "HOST")]
    pub include_host: Vec<String>,
    /// Keep User-Agent, Accept-Language, Origin and Referer of a recording, once for all requests
    #[arg(long)]
    pub browser_headers: bool,
}

/// Takes an address, by this function and for this flag. A value that is refused is not repeated: it may contain a
/// secret, and no scenario has named its secrets yet.
#[derive(Debug, Clone, Copy)]
struct Unrepeated<T>(fn(&str) -> Result<T, String>, &'static str);

impl<T: Clone + Send + Sync + 'static> TypedValueParser for Unrepeated<T> {
    type Value = T;

    fn parse_ref(&self, command: &Command, _: Option<&Arg>, value: &OsStr) -> Result<T, clap::Error> {
        let Self(parse, flag) = self;
        parse(&value.to_string_lossy()).map_err(|why| {
            let message = format!("invalid value for '{flag}': {why}\n");
            clap::Error::raw(ErrorKind::ValueValidation, message).with_cmd(command)
        })
    }
}
