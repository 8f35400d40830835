//! The arguments of `katydid usage`.

use std::time::Duration;

use clap::{Args, Subcommand};

use crate::units::{self, Users};

/// Earlier times cannot be recorded.
const FIRST_YEAR: i16 = 1970;

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
    let first = jiff::civil::Date::strptime("%Y-%m-%d", format!("{text}-01")).ok().filter(|_| text.len() == 7);
    match first {
        Some(first) if first.year() >= FIRST_YEAR => Ok(text.to_owned()),
        _ => Err(format!("expected a month from {FIRST_YEAR}-01 to 9999-12, such as 2026-11, found {text:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_have_a_year_and_a_number() {
        for good in ["1970-01", "2026-11", "9999-12"] {
            assert_eq!(month(good), Ok(good.to_owned()));
        }
        for bad in
            ["0000-01", "1969-12", "2026-13", "2026-00", "26-11", "2026-1", "2026-11-01", "-026-11", "", "2026/11"]
        {
            let why = month(bad).expect_err(bad);
            assert!(why.contains("1970-01 to 9999-12") && why.contains(&format!("{bad:?}")), "{why}");
        }
    }
}
