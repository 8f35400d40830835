//! What the runner says about the job, in environment variables and in the event file.

use std::path::{Path, PathBuf};

use crate::system::pull_request::{PullRequest, is_repository};

/// Public API, if the runner names no other.
const API: &str = "https://api.github.com";

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
    /// The pull request of the event.
    pub(super) pull_request: PullRequest,
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
        let pull_request = PullRequest::new(&variable, token.as_deref());
        let repository = get("GITHUB_REPOSITORY").filter(|name| is_repository(name));
        let run_url = match (get("GITHUB_SERVER_URL"), &repository, get("GITHUB_RUN_ID")) {
            (Some(server), Some(repository), Some(run)) if run.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(format!("{}/{repository}/actions/runs/{run}", server.trim_end_matches('/')))
            }
            _ => None,
        };
        let head = pull_request.head.clone();
        Self {
            api: get("GITHUB_API_URL").as_deref().unwrap_or(API).trim_end_matches('/').to_owned(),
            repository,
            run_url,
            commit: head.or_else(|| get("GITHUB_SHA")).filter(|sha| sha.bytes().all(|byte| byte.is_ascii_hexdigit())),
            workspace: get("GITHUB_WORKSPACE").map(PathBuf::from),
            summary: get("GITHUB_STEP_SUMMARY").map(PathBuf::from),
            outputs: get("GITHUB_OUTPUT").map(PathBuf::from),
            pull_request,
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
        let PullRequest { is_expected, number, obstacle, .. } = &self.pull_request;
        match (number, obstacle) {
            (Some(number), None) => parts.push(format!("comment on pull request {number}")),
            (None, _) if !is_expected => {}
            (_, Some(obstacle)) => parts.push(format!("no comment on the pull request: {}", obstacle.why)),
            (None, None) => {}
        }
        format!("sends to GitHub Actions: {}", parts.join(", "))
    }
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
        assert_eq!((context.pull_request.number, context.commit.as_deref()), (Some(12), Some("abc123")));
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
            let context = |kind: &str| {
                let variable = |name: &str| match name {
                    "GITHUB_EVENT_NAME" => Some(kind.to_owned()),
                    "GITHUB_EVENT_PATH" => Some(path.display().to_string()),
                    "GITHUB_REPOSITORY" => Some(repository.to_owned()),
                    _ => None,
                };
                Context::new(variable, None)
            };
            let of_pull_request = context("pull_request");
            assert_eq!(of_pull_request.pull_request.number, None);
            assert!(of_pull_request.describe().contains(", no comment on the pull request: "), "{event}");
            assert!(!context("push").describe().contains("comment"), "{event}");
            assert_eq!(of_pull_request.repository.is_some(), repository == "a/b", "{repository}");
        }
    }
}
