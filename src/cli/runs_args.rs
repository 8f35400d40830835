//! The arguments of `katydid runs`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::units;

/// What a run can be listed with.
const VERDICTS: [&str; 8] = ["passed", "failed", "undecided", "invalid", "broken", "running", "cut-short", "unknown"];

/// What is listed, or done.
#[derive(Debug, Clone, PartialEq, Args)]
pub(super) struct RunsArgs {
    /// Which runs are listed.
    #[command(flatten)]
    pub filter: Filter,
    /// Print JSON, oldest first
    #[arg(long)]
    pub json: bool,
    /// Something other than a list.
    #[command(subcommand)]
    pub command: Option<RunsCommand>,
}

/// Which runs are listed.
#[derive(Debug, Clone, PartialEq, Default, Args)]
pub(super) struct Filter {
    /// Only runs of scenarios whose name contains this
    #[arg(long, value_name = "TEXT")]
    pub scenario: Option<String>,
    /// Only runs against hosts that contain this
    #[arg(long, value_name = "TEXT")]
    pub host: Option<String>,
    /// Only runs with this tag; can be given several times
    #[arg(long, value_name = "TAG")]
    pub tag: Vec<String>,
    /// Only runs with this verdict: passed, failed, undecided, invalid, broken, running, cut-short or unknown
    #[arg(long, value_name = "WORD", ignore_case = true, hide_possible_values = true, value_parser = VERDICTS)]
    pub verdict: Option<String>,
    /// Only runs that started after this: a time ago such as 12h or 7d, or a date such as 2026-11-27
    #[arg(long, value_name = "WHEN", value_parser = since)]
    pub since: Option<Timestamp>,
    /// At most the N latest
    #[arg(short = 'n', long, value_name = "N")]
    pub limit: Option<usize>,
    /// Also runs of which only meta.json is left
    #[arg(long)]
    pub all: bool,
}

/// What is done with recorded runs. ID is an id, the start of only one id, or `latest`.
#[derive(Debug, Clone, PartialEq, Subcommand)]
pub(super) enum RunsCommand {
    /// Remove runs. Their VU-hours stay in the usage of their month
    Rm {
        /// Ids
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
    /// Add tags to a run, which is then never removed by retention
    Tag {
        /// Id
        #[arg(value_name = "ID")]
        id: String,
        /// Words
        #[arg(required = true, value_name = "TAG")]
        tags: Vec<String>,
        /// Remove these tags instead
        #[arg(long)]
        remove: bool,
    },
    /// Set the note of a run; an empty one removes it
    Note {
        /// Id
        #[arg(value_name = "ID")]
        id: String,
        /// What is to be remembered
        #[arg(value_name = "TEXT")]
        text: String,
    },
    /// Write runs to one file, for another machine or the cache of a workflow
    Export {
        /// Ids
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
        /// The file, an archive (tar, zstd)
        #[arg(short = 'o', long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Add the runs of such a file; those that are already there are left alone
    Import {
        /// The file
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

/// Parses a duration before now, a date, or a date with a time, in the local time zone.
fn since(text: &str) -> Result<Timestamp, String> {
    if let Ok(ago) = units::parse_duration(text).map(SignedDuration::try_from).map(|ago| ago.unwrap_or_default()) {
        return Timestamp::now().checked_sub(ago).map_err(|why| why.to_string());
    }
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    let time = text.parse::<DateTime>().or_else(|_| text.parse::<Date>().map(DateTime::from));
    let zoned = time.and_then(|time| time.to_zoned(TimeZone::system()));
    zoned
        .map(|time| time.timestamp())
        .map_err(|_| format!("expected a time ago such as 12h or 7d, or a date such as 2026-11-27, found {text:?}"))
}
