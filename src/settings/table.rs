//! The settings, one row each. A row generates a field of [`Settings`], a key of `config.yaml`, an environment variable
//! and a flag. ARCHITECTURE.md describes how to add one.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::datadog::{DatadogSite, StatsdAddress};
use super::found::{Found, Given};
use super::log_level::LogLevel;
use super::setting::{Flag, Setting, flag, list, switch};
use super::slack::SlackEvent;
use super::temporality::Temporality;
use super::theme::ThemeName;
use super::value;
use super::vu_plan::VuPlan;
use crate::scenario::LoadDefaults;
use crate::units::{PerSecond, Users};

const CHECK: &str = "check";
const TRY: &str = "try";
const QUICK: &str = "quick";
const DEMO_TARGET: &str = "demo-target";
const REPORT: &str = "report";
const FINDINGS: &str = "findings";
const RUNS: &str = "runs";
const USAGE: &str = "usage";

/// Generates the struct and the table from rows: `/// help`, `field: type, parse function, flag;`.
macro_rules! settings {
    ($($(#[doc = $help:literal])+ $key:ident: $type:ty, $read:expr, $flag:expr;)+) => {
        /// Effective, validated settings of a run. `None`, an empty list or `false`: not set.
        #[derive(Debug, Clone, PartialEq)]
        pub struct Settings {
            $($(#[doc = $help])+ pub $key: $type,)+
            /// Host and load from `config.yaml`, which the scenario overrides.
            pub load_defaults: LoadDefaults,
            /// Values as given, with their sources, by key. Defaults, and values only in the scenario or in
            /// `load_defaults`, are not included.
            pub given: BTreeMap<&'static str, Given>,
        }

        impl Settings {
            /// All settings, in the order of the options of a run.
            pub const TABLE: &[Setting] = &[$(Setting {
                key: stringify!($key),
                help: concat!($($help),+),
                check: |value| $read(value).map(|_| ()),
                flag: { const FLAG: Flag = $flag; FLAG },
            },)+];

            /// Reads every setting with `find`; [`Settings::load_defaults`] stays empty.
            pub(super) fn read(find: impl Fn(&Setting) -> Option<Found>) -> Result<Self, String> {
                let mut given = BTreeMap::new();
                let mut settings = Self::default();
                for setting in Self::TABLE {
                    let Some(found) = find(setting) else { continue };
                    match setting.key {
                        $(stringify!($key) => {
                            settings.$key = $read(&found.value).map_err(|why| found.error(setting, &why))?.into();
                        })+
                        _ => {}
                    }
                    given.insert(setting.key, found.into());
                }
                settings.given = given;
                Ok(settings)
            }
        }

        impl Default for Settings {
            /// The default settings.
            fn default() -> Self {
                Self {
                    $($key: {
                        const FLAG: Flag = $flag;
                        let value = FLAG.default.and_then(|text| $read(text.as_ref()).ok());
                        value.map(Into::into).unwrap_or_default()
                    },)+
                    load_defaults: LoadDefaults::default(),
                    given: BTreeMap::new(),
                }
            }
        }
    };
}

settings! {
    /// Scenario file, or the name of an embedded scenario
    file: Option<PathBuf>, value::path, flag("FILE").short('f').alias("locustfile");
    /// Apply a profile of the scenario
    profile: Option<String>, value::string, flag("NAME").also(&[CHECK, TRY, QUICK]);
    /// Run only tasks and steps with one of these tags
    tags: Vec<String>, value::words, list("TAG,…").short('T').variables(&["LOCUST_TAGS"]).also(&[CHECK, TRY, QUICK]);
    /// Do not run tasks and steps with one of these tags
    exclude_tags: Vec<String>, value::words,
        list("TAG,…").short('E').variables(&["LOCUST_EXCLUDE_TAGS"]).also(&[CHECK, TRY, QUICK]);
    /// Run only these user classes
    classes: Vec<String>, value::words, list("NAME,…").also(&[CHECK, TRY, QUICK]);
    /// Base URL of the target, or the address of a Redis server
    host: Option<String>, value::host,
        flag("URL").short('H').variables(&["LOCUST_HOST"]).in_scenario().secret().also(&[CHECK, TRY, QUICK]);
    /// Peak number of concurrent users
    users: Option<Users>, value::users, flag("N").short('u').variables(&["LOCUST_USERS"]).in_scenario().also(&[CHECK, QUICK]);
    /// Users started per second
    spawn_rate: Option<PerSecond>, value::spawn_rate,
        flag("RATE").short('r').variables(&["LOCUST_SPAWN_RATE"]).in_scenario().also(&[CHECK, QUICK]);
    /// Run time: 30s, 10m, 1h30m
    run_time: Option<Duration>, value::run_time,
        flag("TIME").short('t').variables(&["LOCUST_RUN_TIME"]).in_scenario().also(&[CHECK, QUICK]);
    /// Time for running tasks to finish after a stop
    stop_timeout: Option<Duration>, value::duration,
        flag("TIME").short('s').variables(&["LOCUST_STOP_TIMEOUT"]).in_scenario().also(&[CHECK, QUICK]);
    /// Give all tasks of a class the same weight
    equal_weights: bool, value::boolean, switch().also(&[CHECK, QUICK]);
    /// Run without the screen: start at once and print tables
    headless: bool, value::boolean, switch().variables(&["LOCUST_HEADLESS"]);
    /// Run with the screen, even if --headless is given
    headful: bool, value::boolean, switch().variables(&["LOCUST_HEADFUL"]);
    /// Start the run at once, with the screen
    autostart: bool, value::boolean, switch().variables(&["LOCUST_AUTOSTART"]);
    /// With --autostart, quit this long after the end of the run; -1: do not quit
    autoquit: Option<Duration>, value::duration_or_never, flag("TIME").variables(&["LOCUST_AUTOQUIT"]);
    /// Reset the statistics when ramp-up is complete
    reset_stats: bool, value::boolean, switch().variables(&["LOCUST_RESET_STATS"]);
    /// During the run and at its end write PREFIX_stats.csv, _stats_history.csv, _failures.csv and _exceptions.csv;
    /// where they apply, also _service_time.csv, _graphql.csv and _redis.csv
    csv: Option<PathBuf>, value::path, flag("PREFIX").variables(&["LOCUST_CSV"]);
    /// Write a row of each endpoint and second into PREFIX_stats_history.csv
    csv_full_history: bool, value::boolean, switch().variables(&["LOCUST_CSV_FULL_HISTORY"]);
    /// At the end write an HTML report to FILE; {u}, {r} and {t} are replaced with users, spawn rate and run time in seconds
    html: Option<PathBuf>, value::path, flag("FILE").variables(&["LOCUST_HTML"]);
    /// At the end write a JUnit XML report, for CI systems, to FILE
    junit: Option<PathBuf>, value::path, flag("FILE");
    /// At the end write a Markdown summary, for pull requests, to FILE
    markdown: Option<PathBuf>, value::path, flag("FILE").alias("md");
    /// At the end print Locust's JSON array on standard output, and everything else on standard error
    json: bool, value::boolean, switch();
    /// At the end write Locust's JSON array to NAME.json, instead of printing the final tables
    json_file: Option<PathBuf>, value::path, flag("NAME");
    /// Folder of recorded runs
    runs_dir: Option<PathBuf>, value::path,
        flag("DIR").default_help("runs in the data folder of the user").also(&[REPORT, FINDINGS, RUNS, USAGE]);
    /// Do not record the run
    no_record: bool, value::boolean, switch();
    /// Number of recorded runs that keep their figures, not counting tagged runs; 0 keeps all
    keep_runs: u64, value::whole(0..=u64::MAX), flag("N").default("500");
    /// Disk space for the figures of recorded runs, not counting tagged runs: 500MB, 5GB; 0 keeps all
    keep_size: u64, value::size, flag("SIZE").default("5GB");
    /// Limit of VU-hours: a run planned with more does not start, and a run that reaches it is stopped
    vu_budget: Option<f64>, value::vu_hours, flag("N");
    /// VU-hours per month, for `katydid usage` and `katydid findings`
    vu_allowance: f64, value::vu_hours, flag("N").default("200").also(&[FINDINGS, USAGE]);
    /// Price per month of the allowance
    vu_price: Option<f64>, value::price,
        flag("PRICE").default_help("the price of the plan with this allowance").also(&[FINDINGS, USAGE]);
    /// Price list: name, VU-hours and price per month of each plan
    vu_plans: Vec<VuPlan>, value::vu_plans,
        list("NAME:VU-HOURS:PRICE,…").default("Free:200:0,Premium:5000:399").also(&[FINDINGS, USAGE]);
    /// Currency symbol
    vu_currency: String, value::string, flag("TEXT").default("$").also(&[FINDINGS, USAGE]);
    /// API key of Datadog: metrics and events are sent there
    datadog_api_key: Option<String>, value::string, flag("KEY").variables(&["DATADOG_API_KEY", "DD_API_KEY"]).hidden();
    /// Application key of Datadog, sent with events; the API key is usually sufficient
    datadog_app_key: Option<String>, value::string, flag("KEY").variables(&["DATADOG_APP_KEY", "DD_APP_KEY"]).hidden();
    /// Site of Datadog, such as datadoghq.eu, or the URL of its API
    datadog_site: DatadogSite, DatadogSite::parse,
        flag("SITE").variables(&["DATADOG_SITE", "DD_SITE"]).default("datadoghq.com");
    /// Send metrics and events to the DogStatsD server of an agent: HOST:PORT, or unix:///PATH
    dogstatsd: Option<StatsdAddress>, StatsdAddress::parse, flag("ADDRESS").variables(&["DD_DOGSTATSD_URL"]);
    /// Value of the tags `environment` and `env` in Datadog
    datadog_environment: String, value::string,
        flag("NAME").variables(&["DATADOG_ENVIRONMENT", "DD_ENV"]).default("staging");
    /// Value of the tag `service` in Datadog
    datadog_service: String, value::string,
        flag("NAME").variables(&["DATADOG_SERVICE", "DD_SERVICE"]).default("locust-load-test");
    /// Value of the tag `version` in Datadog
    datadog_version: String, value::string,
        flag("TEXT").variables(&["DATADOG_VERSION", "DD_VERSION"]).default("1.0.0");
    /// Further tags in Datadog
    datadog_tags: Vec<String>, value::tags, list("KEY:VALUE,…").variables(&["DATADOG_TAGS", "DD_TAGS"]);
    /// Prefix of the names of metrics in Datadog
    datadog_prefix: String, value::metric_prefix, flag("TEXT").default("locust.");
    /// Export metrics to OpenTelemetry, with OTLP over HTTP
    otel: bool, value::boolean, switch().variables(&["LOCUST_ENABLE_OPENTELEMETRY"]);
    /// Base URL of the OTLP receiver; metrics go to its path /v1/metrics
    otlp_endpoint: String, value::http_url,
        flag("URL").variables(&["OTEL_EXPORTER_OTLP_ENDPOINT"]).default("http://localhost:4318").keyed();
    /// Whole URL of the OTLP receiver of metrics
    otlp_metrics_endpoint: Option<String>, value::http_url,
        flag("URL").variables(&["OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"]).keyed();
    /// Headers of OTLP requests, such as keys
    otlp_headers: Vec<String>, value::words,
        list("NAME=VALUE,…").variables(&["OTEL_EXPORTER_OTLP_METRICS_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"]).hidden();
    /// Protocol of OTLP: http/protobuf
    otlp_protocol: String, value::string,
        flag("NAME").variables(&["OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"]).default("http/protobuf");
    /// Counts since the start of the run (cumulative), or since the previous point (delta)
    otlp_temporality: Temporality, value::temporality,
        flag("NAME").variables(&["OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"]).default("cumulative");
    /// Attribute service.name in OpenTelemetry
    otel_service_name: String, value::string, flag("NAME").variables(&["OTEL_SERVICE_NAME"]).default("katydid");
    /// Further attributes of the resource in OpenTelemetry
    otel_resource_attributes: Vec<String>, value::words,
        list("NAME=VALUE,…").variables(&["OTEL_RESOURCE_ATTRIBUTES"]);
    /// Send messages about the run to this incoming webhook of Slack
    slack_webhook_url: Option<String>, value::http_url, flag("URL").variables(&["SLACK_WEBHOOK_URL"]).hidden();
    /// Messages for Slack: start, end, abort, failure, recovery
    slack_events: Vec<SlackEvent>, value::slack_events,
        list("EVENT,…").default("start,end,abort,failure,recovery");
    /// Send the events of the run as JSON to URL
    webhook_url: Option<String>, value::http_url, flag("URL").hidden();
    /// Sign what goes to --webhook-url: the header X-Katydid-Signature-256 has the HMAC-SHA256 of the body
    webhook_secret: Option<String>, value::string, flag("TEXT").hidden();
    /// Do not check host, Redis, sinks and the limits of this machine before a run
    no_preflight: bool, value::boolean, switch();
    /// Serve metrics for Prometheus at http://ADDRESS/metrics until the program ends; port 0 picks a free one
    metrics: Option<SocketAddr>, value::address, flag("ADDRESS");
    /// In GitHub Actions, write no job summary, annotations, outputs and pull request comment
    no_github: bool, value::boolean, switch();
    /// Token of GitHub Actions for the comment on the pull request
    github_token: Option<String>, value::string, flag("TOKEN").hidden().variables(&["GITHUB_TOKEN"]);
    /// Start a distributed trace with each HTTP request: send the header traceparent (W3C Trace Context)
    trace_headers: bool, value::boolean, switch().also(&[TRY]);
    /// With --trace-headers, link the slowest and the failed requests to their traces: a URL with {trace_id}
    trace_url: Option<String>, value::trace_url, flag("URL");
    /// Folder for files exported from the screen
    out: PathBuf, value::path, flag("DIR").default("./results");
    /// Without a screen, print only the final tables
    only_summary: bool, value::boolean, switch().variables(&["LOCUST_ONLY_SUMMARY"]);
    /// Without a screen, print the periodic tables even with --only-summary
    print_stats: bool, value::boolean, switch().variables(&["LOCUST_PRINT_STATS"]);
    /// Without a screen, lowest level that is logged: DEBUG, INFO, WARNING, ERROR or CRITICAL
    loglevel: LogLevel, value::log_level, flag("LEVEL").short('L').default("INFO").variables(&["LOCUST_LOGLEVEL"]);
    /// Without a screen, append the log to a file instead of printing it on standard error
    logfile: Option<PathBuf>, value::path, flag("FILE").variables(&["LOCUST_LOGFILE"]);
    /// Exit code if a request or a scenario step failed
    exit_code_on_error: Option<u8>, value::whole(0..=255),
        flag("N").default_help("1 without a screen, 0 with one").variables(&["LOCUST_EXIT_CODE_ON_ERROR"]);
    /// Threads that generate load
    threads: Option<u16>, value::threads,
        flag("N").alias("processes").default_help("one for each available core").variables(&["LOCUST_PROCESSES"]);
    /// Seed of the random numbers, to repeat a run
    seed: Option<u64>, value::whole(0..=u64::MAX),
        flag("N").default_help("a new one for each run").also(&[TRY, DEMO_TARGET]);
    /// Colours
    theme: ThemeName, value::theme,
        flag("THEME").one_of(ThemeName::NAMES).implied_by("NO_COLOR", "mono").default_help("auto, or mono if NO_COLOR is set");
    /// Draw with ASCII characters only; without it, if the locale has no Unicode
    ascii: bool, value::boolean, switch();
}
