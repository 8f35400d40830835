//! The checks, one file each.

pub mod budget;
pub mod clock;
pub mod cores;
pub mod datadog;
pub mod disk;
pub mod github;
pub mod host;
pub mod metrics;
pub mod open_files;
pub mod otlp;
pub mod ports;
pub mod redis;
pub mod reports;
pub mod scenario;
pub mod slack;
pub mod webhook;

mod connection;
mod receiver;
