//! The settings of a run: one table, one plain struct, and where each value comes from.
//!
//! In: flags, the environment, `.env` and `config.yaml` ([`Sources`]). Out: [`Settings`], every value checked once. From
//! the weakest to the strongest: default < `config.yaml` < scenario < profile < `.env` < environment < flag. The scenario
//! is not read here: what it can say goes to it as [`Overrides`](crate::scenario::Overrides), with the values of
//! `config.yaml` as their [`LoadDefaults`](crate::scenario::LoadDefaults).

mod conf;
mod config;
mod found;
mod host;
mod log_level;
mod setting;
mod sources;
mod table;
mod theme;
mod value;
mod vu_plan;

#[cfg(test)]
mod tests;

pub use config::{Config, ConfigValue};
pub use found::{Given, Origin};
pub use host::parse_host;
pub use log_level::LogLevel;
pub use setting::{Setting, Shape};
pub use sources::Sources;
pub use table::Settings;
pub use theme::ThemeName;
pub use vu_plan::VuPlan;
