//! Reports a run to GitHub Actions: job summary, annotations, step outputs, and one comment on the pull request.
//!
//! In: a finished run. Out: files that the runner reads, workflow commands, and requests to the REST API from a
//! dedicated thread, which ends a few seconds after the run. Errors become messages and never change the result of the
//! run. Everything from outside is escaped: in Markdown by the report, in commands by [`crate::system`].

mod annotations;
mod api;
mod comment;
mod context;
mod outputs;
mod publish;
mod summary;

pub use annotations::annotations;
pub use context::Context;
pub use publish::{Message, Publication};
