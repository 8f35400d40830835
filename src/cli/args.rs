//! The command line as clap sees it: Locust's words, each also an environment variable.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{BoolishValueParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, Args, Command, Parser, Subcommand, ValueEnum};
use url::Url;

use super::check_schema;
use crate::scenario::{LoadDefaults, Overrides, SelectOptions};
use crate::settings::parse_host;
use crate::tui::ThemeName;
use crate::units::{self, PerSecond, Users};

/// An interactive load tester that lives in the terminal.
///
/// Without arguments it opens the launcher. Every option can also be set by the environment variable named with it, or
/// in a file called `.env`.
#[derive(Debug, Parser)]
#[command(name = "katydid", version, max_term_width = 100)]
pub struct Cli {
    /// Settings file [default: config.yaml in the configuration folder; `katydid config` shows where]
    #[arg(long, global = true, value_name = "FILE", env = "KATYDID_CONFIG")]
    pub config: Option<PathBuf>,
    /// Something other than a run.
    #[command(subcommand)]
    pub command: Option<Other>,
    /// A run.
    #[command(flatten)]
    pub run: Run,
}

/// What katydid does besides running scenarios.
#[derive(Debug, Clone, PartialEq, Subcommand)]
pub enum Other {
    /// Serve the demo shop alone, until interrupted
    DemoTarget {
        /// Port on 127.0.0.1; 0 takes a free one
        #[arg(long, value_name = "PORT", default_value_t = 0, env = "KATYDID_DEMO_PORT")]
        port: u16,
        /// Seed of its delays and faults, to repeat them [default: a new one for each start]
        #[arg(long, value_name = "N", env = "KATYDID_SEED")]
        seed: Option<u64>,
    },
    /// Check scenario files, and print what a run of them would do and cost
    Check(Check),
    /// Run one user once, and show each request, each response and each check
    Try(Trial),
    /// Make a scenario from a HAR recording, an OpenAPI 3 document, or a curl command line
    Import(Import),
    /// Print every setting of a run with its value and where that comes from
    Config {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print the JSON Schema of scenario files, for editors
    Schema,
    /// Write a first scenario with its data and a sample environment
    Init {
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
    /// The part of each file that would be run.
    #[command(flatten)]
    pub part: Part,
    /// The load that there would be.
    #[command(flatten)]
    pub load: Load,
    /// Validate GraphQL documents against this schema: SDL, or an introspection result as JSON
    #[arg(long, value_name = "FILE", conflicts_with = "introspect")]
    pub schema: Option<PathBuf>,
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
    /// Base URL of the target, or the address of the Redis
    #[arg(short = 'H', long, value_name = "URL", env = "KATYDID_HOST", hide_env_values = true, value_parser = Unrepeated(parse_host, "--host <URL>"))]
    pub host: Option<String>,
    /// The user class to try [default: the first]
    #[arg(long, value_name = "NAME")]
    pub class: Option<String>,
    /// The one task to try, between on_start and on_stop [default: all, in order]
    #[arg(long, value_name = "NAME")]
    pub task: Option<String>,
    /// The part of the file that is tried.
    #[command(flatten)]
    pub part: Part,
    /// Seed of every random choice, to repeat a trial [default: a new one for each trial]
    #[arg(long, value_name = "N", env = "KATYDID_SEED")]
    pub seed: Option<u64>,
    /// Host of `config.yaml`.
    #[arg(skip)]
    pub defaults: LoadDefaults,
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
}

/// Which part of a scenario is run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct Part {
    /// Apply a profile of the scenario
    #[arg(long, value_name = "NAME", env = "KATYDID_PROFILE")]
    pub profile: Option<String>,
    /// Run only tasks and steps with one of these tags
    #[arg(short = 'T', long, value_name = "TAG,…", value_delimiter = ',', env = "KATYDID_TAGS")]
    pub tags: Vec<String>,
    /// Run no tasks and steps with one of these tags
    #[arg(short = 'E', long, value_name = "TAG,…", value_delimiter = ',', env = "KATYDID_EXCLUDE_TAGS")]
    pub exclude_tags: Vec<String>,
    /// Run only these user classes
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', env = "KATYDID_CLASSES")]
    pub classes: Vec<String>,
}

/// How much load there is, and where it goes.
#[derive(Debug, Clone, Default, PartialEq, Args)]
pub struct Load {
    /// Base URL of the target, or the address of the Redis
    #[arg(short = 'H', long, value_name = "URL", env = "KATYDID_HOST", hide_env_values = true, value_parser = Unrepeated(parse_host, "--host <URL>"))]
    pub host: Option<String>,
    /// Peak number of concurrent users
    #[arg(short = 'u', long, value_name = "N", env = "KATYDID_USERS", value_parser = units::parse_users, allow_negative_numbers = true)]
    pub users: Option<Users>,
    /// Users started per second
    #[arg(short = 'r', long, value_name = "RATE", env = "KATYDID_SPAWN_RATE", value_parser = units::parse_spawn_rate, allow_negative_numbers = true)]
    pub spawn_rate: Option<PerSecond>,
    /// Stop after this long: 30s, 10m, 1h30m
    #[arg(short = 't', long, value_name = "TIME", env = "KATYDID_RUN_TIME", value_parser = units::parse_duration, allow_negative_numbers = true)]
    pub run_time: Option<Duration>,
    /// How long running tasks may take to finish after a stop
    #[arg(short = 's', long, value_name = "TIME", env = "KATYDID_STOP_TIMEOUT", value_parser = units::parse_duration, allow_negative_numbers = true)]
    pub stop_timeout: Option<Duration>,
    /// Host and load of `config.yaml`.
    #[arg(skip)]
    pub defaults: LoadDefaults,
}

/// Options of a run.
#[derive(Debug, Clone, Args)]
pub struct Run {
    /// Scenario file, or the name of an embedded scenario
    #[arg(short = 'f', long = "file", visible_alias = "locustfile", value_name = "FILE", env = "KATYDID_FILE")]
    pub file: Option<PathBuf>,
    /// The part of the scenario that is run.
    #[command(flatten)]
    pub part: Part,
    /// How much load there is, and where it goes.
    #[command(flatten)]
    pub load: Load,
    /// No screen: start at once and print tables
    #[arg(long, action = ArgAction::SetTrue, env = "KATYDID_HEADLESS", value_parser = BoolishValueParser::new())]
    pub headless: bool,
    /// Start at once, on the screen
    #[arg(long, action = ArgAction::SetTrue, env = "KATYDID_AUTOSTART", value_parser = BoolishValueParser::new())]
    pub autostart: bool,
    /// At the end write PREFIX_stats.csv, _stats_history.csv, _failures.csv and _exceptions.csv; where they apply,
    /// also _service_time.csv, _graphql.csv and _redis.csv
    #[arg(long, value_name = "PREFIX", env = "KATYDID_CSV")]
    pub csv: Option<PathBuf>,
    /// Folder for what is exported from the screen
    #[arg(long, value_name = "DIR", default_value = "./results", env = "KATYDID_OUT")]
    pub out: PathBuf,
    /// Without a screen, print only the final tables
    #[arg(long, action = ArgAction::SetTrue, env = "KATYDID_ONLY_SUMMARY", value_parser = BoolishValueParser::new())]
    pub only_summary: bool,
    /// Exit code when a request or a scenario step failed [default: 1 without a screen, 0 with one]
    #[arg(long, value_name = "N", env = "KATYDID_EXIT_CODE_ON_ERROR")]
    pub exit_code_on_error: Option<u8>,
    /// Threads that generate load [default: one for each available core]
    #[arg(long, value_name = "N", env = "KATYDID_THREADS", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Seed of every random choice, to repeat a run [default: a new one for each run]
    #[arg(long, value_name = "N", env = "KATYDID_SEED")]
    pub seed: Option<u64>,
    /// Colours [default: auto, or mono where NO_COLOR is set]
    #[arg(long, value_name = "THEME", env = "KATYDID_THEME")]
    pub theme: Option<Theme>,
    /// Draw with ASCII characters only
    #[arg(long, action = ArgAction::SetTrue, env = "KATYDID_ASCII", value_parser = BoolishValueParser::new())]
    pub ascii: bool,
}

/// The values of `--theme`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Theme {
    /// The terminal's own colours
    Auto,
    /// For light backgrounds
    Light,
    /// Blue and orange
    Colorblind,
    /// No colours
    Mono,
}

impl Part {
    /// The part of the scenario that is run.
    pub fn select(&self) -> SelectOptions {
        SelectOptions {
            profile: self.profile.clone(),
            tags: self.tags.clone(),
            exclude_tags: self.exclude_tags.clone(),
            classes: self.classes.clone(),
        }
    }
}

impl Load {
    /// The values that replace the scenario's own.
    pub fn overrides(&self) -> Overrides {
        Overrides {
            host: self.host.clone(),
            users: self.users,
            spawn_rate: self.spawn_rate,
            run_time: self.run_time.map(Some),
            stop_timeout: self.stop_timeout,
            defaults: self.defaults.clone(),
            ..Overrides::default()
        }
    }
}

impl Run {
    /// The part of the scenario that is run.
    pub fn select(&self) -> SelectOptions {
        self.part.select()
    }

    /// The values that replace the scenario's own.
    pub fn overrides(&self) -> Overrides {
        self.load.overrides()
    }

    /// Threads that make load.
    pub fn threads(&self) -> usize {
        match self.threads {
            Some(n) => usize::from(n),
            None => std::thread::available_parallelism().map_or(1, usize::from),
        }
    }

    /// Colours; `no_color` is whether `NO_COLOR` asks for none.
    pub fn theme(&self, no_color: bool) -> ThemeName {
        match self.theme {
            Some(Theme::Auto) => ThemeName::Auto,
            Some(Theme::Light) => ThemeName::Light,
            Some(Theme::Colorblind) => ThemeName::Colorblind,
            Some(Theme::Mono) => ThemeName::Mono,
            None if no_color => ThemeName::Mono,
            None => ThemeName::Auto,
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> Result<Cli, clap::Error> {
        Cli::try_parse_from([&["katydid"], args].concat())
    }

    #[test]
    fn clap_finds_no_contradiction() {
        use clap::CommandFactory as _;
        Cli::command().debug_assert();
    }

    #[test]
    fn short_and_long_flags_as_in_locust() {
        let short =
            parse(&["-f", "a.yaml", "-H", "http://h", "-u", "10", "-r", "2", "-t", "1m30s", "-s", "5"]).unwrap();
        let long = [
            "--locustfile=a.yaml",
            "--host=http://h",
            "--users=10",
            "--spawn-rate=2",
            "--run-time=90",
            "--stop-timeout=5s",
        ];
        let long = parse(&long).unwrap();
        let wanted = Overrides {
            host: Some("http://h".to_owned()),
            users: Some(Users(10)),
            spawn_rate: Some(PerSecond(2.0)),
            run_time: Some(Some(Duration::from_secs(90))),
            stop_timeout: Some(Duration::from_secs(5)),
            ..Overrides::default()
        };
        for cli in [short, long] {
            assert_eq!(cli.run.overrides(), wanted);
            assert_eq!(cli.run.file.as_deref(), Some(std::path::Path::new("a.yaml")));
        }
    }

    #[test]
    fn nothing_given_overrides_nothing() {
        let cli = parse(&[]).unwrap();
        assert_eq!(cli.run.overrides(), Overrides::default());
        assert_eq!(cli.command, None);
        assert_eq!(cli.run.theme(false), ThemeName::Auto);
        assert_eq!(cli.run.theme(true), ThemeName::Mono);
        assert!(cli.run.threads() >= 1);
    }

    #[test]
    fn a_theme_that_was_asked_for_beats_no_color() {
        assert_eq!(parse(&["--theme", "light"]).unwrap().run.theme(true), ThemeName::Light);
    }

    #[test]
    fn wrong_values_are_usage_errors_that_say_what_is_allowed() {
        for (args, hint) in [
            (["-u", "many"], "whole number"),
            (["-u", "1000001"], "1000000"),
            (["-r", "0"], "above 0"),
            (["-t", "1x"], "1h30m"),
            (["-H", "example.com"], "https://"),
            (["-H", "ftp://example.com"], "https://"),
            (["-H", "redis://h/x"], "the database after the host is not a number"),
            (["--threads", "0"], "1..=1024"),
            (["--theme", "pink"], "colorblind"),
            (["--user", "1"], "--users"),
        ] {
            let error = parse(&args).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{args:?}");
            assert!(error.to_string().contains(hint), "{args:?}: {error}");
        }
    }

    #[test]
    fn a_host_may_be_a_redis_and_its_password_is_never_repeated() {
        for host in ["redis://127.0.0.1:6379", "rediss://u:S3cret@h:1/2"] {
            assert_eq!(parse(&["-H", host]).unwrap().run.overrides().host.as_deref(), Some(host));
        }
        for host in ["redis://:S3cret@h/x", "ftp://u:S3cret@h", "redis:/:S3cret@h"] {
            let error = parse(&["-H", host]).unwrap_err();
            assert_eq!(error.exit_code(), 2);
            assert!(!error.to_string().contains("S3cret") && error.to_string().contains("--host"), "{error}");
        }
    }

    #[test]
    fn the_demo_target_has_its_port() {
        let cli = parse(&["demo-target", "--port", "8123"]).unwrap();
        assert_eq!(cli.command, Some(Other::DemoTarget { port: 8123, seed: None }));
    }
}
