//! The arguments of `katydid usage`.

use std::time::Duration;

use clap::{Args, Subcommand};

use crate::units::{self, Users};

/// What is counted.
#[derive(Debug, Clone, PartialEq, Args)]
pub(super) struct UsageArgs {
    /// Only this month, such as 2026-11
    #[arg(long, value_name = "MONTH", value_parser = month)]
    pub month: Option<String>,
    /// Print JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// Something other than what was used.
    #[command(subcommand)]
    pub command: Option<UsageCommand>,
}

/// What does not need recorded runs.
#[derive(Debug, Clone, PartialEq, Subcommand)]
pub(super) enum UsageCommand {
    /// What a run would take of the allowance
    Calc {
        /// Number of users
        #[arg(short, long, value_name = "N", value_parser = |text: &str| units::parse_users(text))]
        users: Users,
        /// How long they run: 30m, 2h
        #[arg(short, long, value_name = "TIME", value_parser = |text: &str| units::parse_duration(text))]
        duration: Duration,
    },
}

fn month(text: &str) -> Result<String, String> {
    let is_month = jiff::civil::Date::strptime("%Y-%m-%d", format!("{text}-01")).is_ok() && text.len() == 7;
    if is_month { Ok(text.to_owned()) } else { Err(format!("expected a month such as 2026-11, found {text:?}")) }
}
