//! Runs in GitHub Actions, with an API on loopback: job summary, annotations, outputs, and one comment on the pull
//! request. GitHub is never needed, and its errors change no exit code.

#[path = "github/api.rs"]
mod api;
#[expect(dead_code, reason = "shared by several test programs, none of which uses all of it")]
#[path = "headless/command.rs"]
mod command;
#[path = "github/comment.rs"]
mod comment;
#[expect(dead_code, reason = "shared by several test programs, none of which uses all of it")]
mod common;
#[path = "github/failures.rs"]
mod failures;
#[path = "github/hostile.rs"]
mod hostile;
#[path = "report/inert.rs"]
mod inert;
#[path = "github/job.rs"]
mod job;
#[path = "github/openapi.rs"]
mod openapi;
#[expect(dead_code, reason = "shared with the tests of sinks")]
#[path = "sinks/receiver.rs"]
mod receiver;
#[path = "github/seed.rs"]
mod seed;
#[path = "github/workflows.rs"]
mod workflows;
