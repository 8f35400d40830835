//! Checks a run before it starts: scenario, target, Redis, sinks, and the limits of this machine.
//!
//! In: a [`Subject`], made of a plan and settings. Out: [`Line`]s, each with its severity, what was found, and what to do
//! about it. `katydid doctor` runs all checks; the preflight before each run only those that send no request. Checks run concurrently on a thread of their own, and are limited in time as a whole.
//!
//! To add a check, write a file in [`checks`] and add its row to [`registry::CHECKS`].

mod answer;
mod certificate;
mod checks;
mod line;
mod preflight;
mod reach;
mod registry;
mod request;
mod response;
mod runner;
mod subject;
mod targets;

pub use answer::{Answer, count, lines, summary};
pub use line::{Level, Line};
pub use preflight::{Preflight, preflight};
pub use registry::{CHECKS, Check};
pub use runner::run;
pub use subject::{Mode, Refused, Subject};
