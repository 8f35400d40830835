//! Sinks against receivers on loopback: what arrives equals the report, and a receiver that misbehaves costs nothing but
//! what is counted as lost.

#[expect(dead_code, reason = "shared by several test programs, none of which uses all of it")]
#[path = "headless/command.rs"]
mod command;
#[expect(dead_code, reason = "shared by several test programs, none of which uses all of it")]
mod common;
#[path = "sinks/receiver.rs"]
mod receiver;
#[path = "sinks/webhook.rs"]
mod webhook;
