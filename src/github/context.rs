//! What the runner says about the job, in environment variables and in the event file.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Public API, if the runner names no other.
const API: &str = "https://api.github.com";
/// Maximum size of an event file in bytes. Events of GitHub have up to 25 MB.
const LONGEST_EVENT: u64 = 32 << 20;

/// The job of GitHub Actions in which katydid runs.
#[derive(Clone, Default)]
pub struct Context {
    /// Base URL of the REST API, without a slash at the end.
    pub(super) api: String,
    /// `owner/name`.
    pub(super) repository: Option<String>,
    /// Page of the workflow run.
    pub(super) run_url: Option<String>,
    /// Commit that is tested: of a pull request its last one, not the merge commit of the job.
    pub(super) commit: Option<String>,
    /// Folder of the checkout. Annotations need paths relative to it.
    pub(super) workspace: Option<PathBuf>,
    /// File of the job summary.
    pub(super) summary: Option<PathBuf>,
    /// File of the outputs of the step.
    pub(super) outputs: Option<PathBuf>,
    /// The event is one of a pull request.
    pub(super) is_pull_request: bool,
    /// Number of the pull request of the event.
    pub(super) pull_request: Option<u64>,
    /// Token for the comment.
    pub(super) token: Option<String>,
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("repository", &self.repository).finish_non_exhaustive()
    }
}

impl Context {
    /// Reads the context of the job. `variable` reads an environment variable.
    pub fn new(variable: impl Fn(&str) -> Option<String>, token: Option<String>) -> Self {
        let get = |name: &str| variable(name).filter(|value| !value.is_empty());
        let event = get("GITHUB_EVENT_PATH").and_then(|path| event(&path)).unwrap_or_default();
        let repository = get("GITHUB_REPOSITORY").filter(|name| is_repository(name));
        let run_url = match (get("GITHUB_SERVER_URL"), &repository, get("GITHUB_RUN_ID")) {
            (Some(server), Some(repository), Some(run)) if run.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(format!("{}/{repository}/actions/runs/{run}", server.trim_end_matches('/')))
            }
            _ => None,
        };
        let head = event["pull_request"]["head"]["sha"].as_str().map(str::to_owned);
        Self {
            api: get("GITHUB_API_URL").as_deref().unwrap_or(API).trim_end_matches('/').to_owned(),
            repository,
            run_url,
            commit: head.or_else(|| get("GITHUB_SHA")).filter(|sha| sha.bytes().all(|byte| byte.is_ascii_hexdigit())),
            workspace: get("GITHUB_WORKSPACE").map(PathBuf::from),
            summary: get("GITHUB_STEP_SUMMARY").map(PathBuf::from),
            outputs: get("GITHUB_OUTPUT").map(PathBuf::from),
            is_pull_request: get("GITHUB_EVENT_NAME").is_some_and(|name| name.starts_with("pull_request")),
            pull_request: event["pull_request"]["number"].as_u64(),
            token,
        }
    }

    /// Folder of the checkout.
    pub fn workspace(&self) -> Option<&Path> {
        self.workspace.as_deref()
    }

    /// One line on what is reported, and what is not.
    pub fn describe(&self) -> String {
        let mut parts = Vec::new();
        parts.extend(self.summary.is_some().then(|| "job summary".to_owned()));
        parts.push("annotations".to_owned());
        parts.extend(self.outputs.is_some().then(|| "outputs".to_owned()));
        match (self.pull_request, &self.repository, &self.token) {
            (Some(number), Some(_), Some(_)) => parts.push(format!("comment on pull request {number}")),
            (Some(_), Some(_), None) => {
                parts.push("no comment on the pull request: GITHUB_TOKEN is not set".to_owned())
            }
            (None, ..) if self.is_pull_request => {
                parts.push(
                    "no comment on the pull request: the file of GITHUB_EVENT_PATH does not have its number".to_owned(),
                );
            }
            _ => {}
        }
        format!("sends to GitHub Actions: {}", parts.join(", "))
    }
}

/// `owner/name`, so that it can be part of a URL.
fn is_repository(name: &str) -> bool {
    let is_part = |part: &str| {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        !part.is_empty() && !part.starts_with('.') && part.bytes().all(is_plain)
    };
    name.split_once('/').is_some_and(|(owner, name)| is_part(owner) && (is_part(name) || name == ".github"))
}

fn event(path: &str) -> Option<Value> {
    let mut text = Vec::new();
    File::open(path).ok()?.take(LONGEST_EVENT).read_to_end(&mut text).ok()?;
    serde_json::from_slice(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pull_request_and_its_commit_are_those_of_the_event() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("event.json");
        std::fs::write(&path, r#"{"pull_request": {"number": 12, "head": {"sha": "abc123"}}}"#).unwrap();
        let variable = |name: &str| match name {
            "GITHUB_EVENT_PATH" => Some(path.display().to_string()),
            "GITHUB_REPOSITORY" => Some("acme/shop".to_owned()),
            "GITHUB_SERVER_URL" => Some("https://github.example.com/".to_owned()),
            "GITHUB_RUN_ID" => Some("77".to_owned()),
            "GITHUB_SHA" => Some("fff".to_owned()),
            "GITHUB_STEP_SUMMARY" => Some("/tmp/summary".to_owned()),
            _ => None,
        };
        let context = Context::new(variable, Some("t".to_owned()));
        assert_eq!((context.pull_request, context.commit.as_deref()), (Some(12), Some("abc123")));
        assert_eq!(context.run_url.as_deref(), Some("https://github.example.com/acme/shop/actions/runs/77"));
        assert_eq!(context.api, API);
        assert_eq!(context.describe(), "sends to GitHub Actions: job summary, annotations, comment on pull request 12");
        assert!(
            Context::new(variable, None)
                .describe()
                .ends_with("no comment on the pull request: GITHUB_TOKEN is not set")
        );
        assert!(!format!("{context:?}").contains('t') || !format!("{context:?}").contains("token"));
    }

    #[test]
    fn broken_events_and_names_are_ignored() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("event.json");
        for (event, repository) in
            [("{", "a/b"), ("[]", "a/.."), (r#"{"pull_request": {"number": "1/../2"}}"#, "a/b/c")]
        {
            std::fs::write(&path, event).unwrap();
            let context = Context::new(
                |name| match name {
                    "GITHUB_EVENT_PATH" => Some(path.display().to_string()),
                    "GITHUB_REPOSITORY" => Some(repository.to_owned()),
                    _ => None,
                },
                None,
            );
            assert_eq!(context.pull_request, None);
            let of_pull_request = Context { is_pull_request: true, ..context.clone() };
            assert!(of_pull_request.describe().contains(", no comment on the pull request: "), "{event}");
            assert!(!context.describe().contains("comment"), "{event}");
            assert_eq!(context.repository.is_some(), repository == "a/b", "{repository}");
        }
    }
}
