//! Sinks with receivers on loopback: received events match the report, and failing receivers affect nothing but the
//! counts of undelivered requests.

#[expect(dead_code, reason = "shared by several test programs, none of which uses all of it")]
#[path = "headless/command.rs"]
mod command;
#[expect(dead_code, reason = "shared by several test programs, none of which uses all of it")]
mod common;
#[path = "sinks/dashboard.rs"]
mod dashboard;
#[path = "sinks/datadog.rs"]
mod datadog;
#[path = "sinks/datadog_failing.rs"]
mod datadog_failing;
#[path = "sinks/datadog_protocols.rs"]
mod datadog_protocols;
#[path = "sinks/dogstatsd.rs"]
mod dogstatsd;
#[path = "sinks/echo.rs"]
mod echo;
#[path = "sinks/otlp.rs"]
mod otlp;
#[path = "sinks/prometheus.rs"]
mod prometheus;
#[path = "sinks/python.rs"]
mod python;
#[path = "sinks/receiver.rs"]
mod receiver;
#[expect(dead_code, reason = "shared by several test programs, none of which uses all of it")]
#[path = "redis/server.rs"]
mod redis;
#[path = "sinks/slack.rs"]
mod slack;
#[path = "sinks/webhook.rs"]
mod webhook;

use common::wait;
