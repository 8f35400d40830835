//! What users of Locust know works as there: the same files, the same flags, the same variables.

#[expect(dead_code, reason = "shared by several test programs, none of which uses all of it")]
#[path = "headless/command.rs"]
mod command;
#[expect(dead_code, reason = "shared by several test programs, none of which uses all of it")]
mod common;

#[path = "locust/arguments.rs"]
mod arguments;
#[path = "locust/files.rs"]
mod files;
#[path = "locust/flags.rs"]
mod flags;
#[path = "locust/hosts.rs"]
mod hosts;
