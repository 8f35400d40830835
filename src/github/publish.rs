//! Reports a finished run from a dedicated thread, for a limited time.

use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use super::api::Api;
use super::comment::{Done, Wanted};
use super::context::Context;
use super::{outputs, summary};
use crate::clean;
use crate::report::markdown::escape::escaped;
use crate::store::Run;

/// Time to report after the end of a run, a part of which sinks may use. The process must exit within five seconds.
const GRACE: Duration = Duration::from_millis(4_500);
/// Additional time for the thread to end.
const MARGIN: Duration = Duration::from_millis(200);

/// A message about what was reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// One line.
    pub text: String,
    /// Something was not reported.
    pub is_complaint: bool,
}

/// A report to GitHub that is in progress.
#[derive(Debug)]
pub struct Publication {
    messages: Receiver<Message>,
    deadline: Instant,
}

impl Publication {
    /// Starts to report `run`, which ended at `ended`. `report` is the path of its HTML report. `mask` removes secrets
    /// from all texts.
    ///
    /// # Errors
    /// If the thread cannot be started.
    pub fn start(
        context: Context,
        run: Run,
        report: Option<PathBuf>,
        ended: Instant,
        mask: fn(&str) -> String,
    ) -> io::Result<Self> {
        let deadline = ended + GRACE;
        let (sender, messages) = channel();
        let job = Job { context, run, report, deadline, mask };
        let body = move || {
            job.publish(|text, is_complaint| {
                // Nobody listens after the deadline.
                let _ = sender.send(Message { text: format!("GitHub: {}", mask(&text)), is_complaint });
            });
        };
        std::thread::Builder::new().name("github".to_owned()).spawn(body)?;
        Ok(Self { messages, deadline })
    }

    /// Waits until everything is reported, or the time is over. Returns what there is to say.
    pub fn finish(self) -> Vec<Message> {
        let mut all = Vec::new();
        loop {
            let left = (self.deadline + MARGIN).saturating_duration_since(Instant::now());
            match self.messages.recv_timeout(left) {
                Ok(message) => all.push(message),
                Err(RecvTimeoutError::Disconnected) => return all,
                Err(RecvTimeoutError::Timeout) => {
                    let text = "GitHub: not everything could be reported in time".to_owned();
                    all.push(Message { text, is_complaint: true });
                    return all;
                }
            }
        }
    }
}

/// What is reported, and how.
struct Job {
    context: Context,
    run: Run,
    /// Path of the HTML report.
    report: Option<PathBuf>,
    deadline: Instant,
    mask: fn(&str) -> String,
}

impl Job {
    fn publish(&self, say: impl Fn(String, bool)) {
        let Self { context, run, mask, .. } = self;
        let mut written = Vec::new();
        if let Some(path) = &context.summary {
            match summary::append_report(path, run, *mask) {
                Ok(()) => written.push("job summary"),
                Err(why) => say(why, true),
            }
        }
        if let Some(path) = &context.outputs {
            match outputs::append(path, run, self.report.as_deref()) {
                Ok(()) => written.push("outputs"),
                Err(why) => {
                    say(format!("cannot write the outputs to {}: {}", path.display(), clean::cause(&why)), true)
                }
            }
        }
        if !written.is_empty() {
            say(format!("wrote the {}", written.join(" and the ")), false);
        }
        match self.comment() {
            Some(Ok(text)) => say(text, false),
            Some(Err(why)) => {
                if let Some(path) = &context.summary {
                    summary::append_note(path, &format!("> ⚠️ {}.", escaped(&mask(&why))));
                }
                say(why, true);
            }
            None => {}
        }
    }

    /// Writes the comment; `None` if there is no pull request or no token.
    fn comment(&self) -> Option<Result<String, String>> {
        let Self { context, run, deadline, mask, .. } = self;
        let (number, repository, token) =
            (context.pull_request.number?, context.repository.as_deref()?, context.token.as_deref()?);
        let write = || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.map_err(|why| why.to_string())?;
            let api = Api::new(context, repository, token, *mask)?;
            let done = runtime.block_on(Wanted::new(run, context, *mask).write(&api, number, (*deadline).into()));
            // A blocking DNS lookup cannot be cancelled, so do not wait for it.
            runtime.shutdown_background();
            done
        };
        Some(match write() {
            Ok(Done::Created) => Ok(format!("commented on pull request {number}")),
            Ok(Done::Updated) => Ok(format!("updated the comment on pull request {number}")),
            Err(why) => Err(format!("no comment on pull request {number}: {why}")),
        })
    }
}
