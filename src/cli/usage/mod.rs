//! `katydid usage`: VU-hours by month compared with an allowance, and the estimate for a run.

mod calc;
mod left;
mod month;

use std::process::ExitCode;

use super::usage_args::{UsageArgs, UsageCommand};
use super::{exit, runs_dir};
use crate::headless::console;
use crate::report::allowance::Allowance;
use crate::settings::Settings;

pub(super) use left::{Left, left};

/// Prints the usage.
pub(super) fn run(args: &UsageArgs, settings: &Settings) -> ExitCode {
    let allowance = Allowance::new(settings);
    let text = match &args.command {
        Some(UsageCommand::Calc { users, duration }) => Ok(calc::calc(users.0, *duration, &allowance, args.json)),
        None => runs_dir::of(settings).and_then(|root| month::months(&root, &allowance, args)),
    };
    match text {
        Ok(text) => {
            console::say(&text);
            ExitCode::SUCCESS
        }
        Err(why) => {
            console::warn(&why);
            ExitCode::from(exit::TROUBLE)
        }
    }
}
