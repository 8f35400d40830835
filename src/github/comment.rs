//! One comment on the pull request, which each run of the same scenario and profile replaces.

use std::cell::Cell;

use tokio::time::Instant;

use super::api::{Api, Comment, Trouble};
use super::context::Context;
use crate::report::markdown;
use crate::store::Run;

/// Maximum size in bytes. GitHub allows 65,536 characters.
const LONGEST: usize = 60_000;
/// How often a comment is shortened to a third because it was rejected.
const SHORTENED: u32 = 3;
/// Account of the token of a job.
const BOT: &str = "github-actions[bot]";
/// Number of characters of a commit that are shown.
const SHORT_COMMIT: usize = 7;

/// What happened to the comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// A new comment was written.
    Created,
    /// The comment of an earlier run was replaced.
    Updated,
}

/// A comment to write.
pub struct Wanted<'a> {
    run: &'a Run,
    context: &'a Context,
    /// First line, by which later runs find the comment.
    marker: String,
    mask: fn(&str) -> String,
}

impl<'a> Wanted<'a> {
    /// A comment with the report of `run`. `mask` removes secrets.
    pub fn new(run: &'a Run, context: &'a Context, mask: fn(&str) -> String) -> Self {
        let profile = run.meta.profile.as_deref().map(|profile| format!(" profile={}", encoded(profile)));
        let marker =
            format!("<!-- katydid scenario={}{} -->", encoded(&run.meta.scenario), profile.unwrap_or_default());
        Self { run, context, marker, mask }
    }

    /// Writes the comment before the `deadline`. After a temporary error, everything is repeated: the comment may have
    /// been written although the response was lost.
    ///
    /// # Errors
    /// Returns the reason why the comment may be missing.
    pub async fn write(&self, api: &Api, number: u64, deadline: Instant) -> Result<Done, String> {
        // If the time runs out, the last error says more than that.
        let last = Cell::new(None);
        let attempts = async {
            let (mut body, mut shortened) = (self.body(LONGEST), 0);
            loop {
                match self.write_once(api, number, &body).await {
                    Ok(done) => return Ok(done),
                    Err(Trouble::Rejected(_)) if shortened < SHORTENED => {
                        shortened += 1;
                        body = self.body(body.len() / 3);
                    }
                    Err(Trouble::Temporary(after, why)) if Instant::now() + after < deadline => {
                        last.set(Some(why));
                        tokio::time::sleep(after).await;
                    }
                    Err(Trouble::Refused(why)) => {
                        return Err(format!(
                            "{why}; does the token have the permission pull-requests: write? In pull \
                                            requests from forks it never has"
                        ));
                    }
                    Err(Trouble::Rejected(why) | Trouble::Temporary(_, why) | Trouble::Failed(why)) => return Err(why),
                }
            }
        };
        let done = tokio::time::timeout_at(deadline, attempts).await;
        done.unwrap_or_else(|_| Err(last.take().unwrap_or_else(|| "GitHub did not respond in time".to_owned())))
    }

    async fn write_once(&self, api: &Api, number: u64, body: &str) -> Result<Done, Trouble> {
        if let Some(id) = self.find(api, number).await? {
            match api.update(id, body).await {
                // Deleted since it was listed.
                Err(Trouble::Refused(why)) if why.contains("404") => {}
                other => return other.map(|()| Done::Updated),
            }
        }
        api.create(number, body).await.map(|()| Done::Created)
    }

    /// The comment of an earlier run. Anybody can write a comment that starts with the marker, so its author must be the
    /// account of the token, or the one of all jobs.
    async fn find(&self, api: &Api, number: u64) -> Result<Option<u64>, Trouble> {
        let mut marked = api.comments(number).await?;
        marked.retain(|comment| comment.body.as_deref().is_some_and(|body| self.is_marked(body)));
        let by = |login: &str| marked.iter().find(|one| is_author(one, login)).map(|one| one.id);
        match by(BOT) {
            None if marked.is_empty() => Ok(None),
            None => Ok(api.account().await?.and_then(|user| by(&user.login))),
            found => Ok(found),
        }
    }

    fn is_marked(&self, body: &str) -> bool {
        body.lines().next().is_some_and(|line| line.trim_end() == self.marker)
    }

    /// The comment in at most `longest` bytes, unless its first section alone is longer.
    fn body(&self, longest: usize) -> String {
        let Context { run_url, commit, .. } = self.context;
        let link = run_url.as_ref().map(|url| format!("[Workflow run with all reports]({url})"));
        let commit = commit.as_ref().map(|sha| format!("commit `{}`", &sha[..sha.len().min(SHORT_COMMIT)]));
        let about: Vec<String> = link.into_iter().chain(commit).collect();
        let about = if about.is_empty() { String::new() } else { format!("\n{}\n", about.join(" · ")) };
        let rest = longest.saturating_sub(self.marker.len() + about.len() + 1);
        let report = (self.mask)(&markdown::within(self.run, rest));
        format!("{}\n{report}{about}", self.marker)
    }
}

fn is_author(comment: &Comment, login: &str) -> bool {
    comment.user.as_ref().is_some_and(|user| user.login == login)
}

/// Text that can neither end an HTML comment nor be confused with a part of another marker.
fn encoded(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'/');
    let each = |byte: u8| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(each).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::stats::Snapshot;
    use crate::stats::snapshot::{End, RunState};
    use crate::store::Meta;

    fn run(scenario: &str, profile: Option<&str>) -> Run {
        let (scenario, profile) = (scenario.to_owned(), profile.map(str::to_owned));
        let last = Snapshot::empty(RunState::Done(End::Completed));
        Run::of_snapshot(Arc::new(Meta { scenario, profile, ..Meta::empty() }), Arc::new(last))
    }

    #[test]
    fn markers_differ_by_scenario_and_profile() {
        let context = Context::default();
        let marker = |scenario, profile| Wanted::new(&run(scenario, profile), &context, str::to_owned).marker;
        assert_eq!(marker("shop", None), "<!-- katydid scenario=shop -->");
        assert_eq!(marker("shop", Some("big load")), "<!-- katydid scenario=shop profile=big%20load -->");
        assert_eq!(marker("a --> b", None), "<!-- katydid scenario=a%20%2D%2D%3E%20b -->");
        assert_ne!(marker("shop profile=x", None), marker("shop", Some("x")));
    }

    #[test]
    fn the_body_starts_with_the_marker_and_ends_with_the_run() {
        let (run_url, commit) = (Some("https://h/r/actions/runs/1".to_owned()), Some("0123456789".to_owned()));
        let context = Context { run_url, commit, ..Context::default() };
        let run = run("shop", None);
        let wanted = Wanted::new(&run, &context, |text| text.replace("http:", "***:"));
        let body = wanted.body(LONGEST);
        assert!(wanted.is_marked(&body) && wanted.is_marked(&body.replace('\n', "\r\n")), "{body}");
        assert!(!wanted.is_marked(&format!("> {body}")));
        assert!(body.ends_with("\n[Workflow run with all reports](https://h/r/actions/runs/1) · commit `0123456`\n"));
        assert!(body.contains("***:") && body.len() > wanted.body(100).len());
    }
}
