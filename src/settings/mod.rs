//! The settings of a run: one table, one plain struct, and the source of each value.
//!
//! Input: flags, environment variables, `.env` and `config.yaml` ([`Sources`]). Output: [`Settings`], each value
//! validated once. Precedence, lowest first: default < `config.yaml` < scenario < profile < `.env` < environment <
//! flag. The scenario is not read here. Values that override it are passed on as
//! [`Overrides`](crate::scenario::Overrides); values of `config.yaml` that it overrides, as
//! [`LoadDefaults`](crate::scenario::LoadDefaults).

mod conf;
mod config;
mod datadog;
mod found;
mod host;
mod log_level;
mod secrets;
mod setting;
mod slack;
mod sources;
mod table;
mod temporality;
mod theme;
mod unshown;
mod value;
mod vu_plan;

#[cfg(test)]
mod tests;

pub use config::{Config, ConfigValue};
pub use datadog::{DatadogSite, StatsdAddress};
pub use found::{Given, Origin};
pub use host::parse_host;
pub use log_level::LogLevel;
pub(crate) use setting::OURS;
pub use setting::{Setting, Shape};
pub use slack::SlackEvent;
pub use sources::Sources;
pub use table::Settings;
pub use temporality::Temporality;
pub use theme::ThemeName;
pub use vu_plan::VuPlan;
