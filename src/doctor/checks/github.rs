//! GitHub Actions: the event, and the token that comments on a pull request need.

use crate::doctor::line::Line;
use crate::doctor::subject::Subject;
use crate::system::pull_request::{Obstacle, PullRequest};

/// Lines of GitHub Actions; none elsewhere, and none if nothing is to be reported there.
pub async fn check(subject: &Subject) -> Vec<Line> {
    if subject.settings.no_github {
        return Vec::new();
    }
    let token = subject.settings.github_token.as_deref();
    lines(|name| std::env::var(name).ok().filter(|value| !value.is_empty()), token)
}

fn lines(variable: impl Fn(&str) -> Option<String>, token: Option<&str>) -> Vec<Line> {
    if variable("GITHUB_ACTIONS").as_deref() != Some("true") {
        return Vec::new();
    }
    let name = variable("GITHUB_EVENT_NAME").unwrap_or_else(|| "event".to_owned());
    let pull_request = PullRequest::new(variable, token);
    let title = pull_request.title();
    let PullRequest { is_expected, number, obstacle, is_from_fork, .. } = pull_request;
    vec![match obstacle {
        Some(Obstacle { why, advice }) if is_expected || number.is_some() => {
            Line::warning(format!("no comment on {title}: {why}"), advice)
        }
        Some(Obstacle { why, advice }) => Line::warning(why, advice),
        None if number.is_none() => Line::ok(format!("{name}, not of a pull request")),
        // A token that is read-only.
        None if is_from_fork => {
            let advice = "Comment from a second workflow with on: workflow_run, whose token can write.";
            Line::warning(format!("{title} comes from a fork: its token is read-only"), advice)
        }
        None => Line::ok(format!("{title}, with a token")),
    }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::line::Level;

    #[test]
    fn pull_requests_need_an_event_and_a_token() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("event.json");
        let of = |event: &str, variables: &[(&str, &str)], token: Option<&str>| {
            std::fs::write(&path, event).expect("a file");
            let path = path.display().to_string();
            let all = [("GITHUB_ACTIONS", "true"), ("GITHUB_EVENT_PATH", &path), ("GITHUB_REPOSITORY", "a/x")];
            let all: Vec<_> = variables.iter().chain(&all).collect();
            lines(|name| all.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()), token)
        };
        let token = Some("t0ken");
        assert_eq!(of("{}", &[("GITHUB_ACTIONS", "false")], token), []);
        assert_eq!(of("{}", &[("GITHUB_EVENT_NAME", "push")], token), [Line::ok("push, not of a pull request")]);
        assert_eq!(of(r#"{"pull_request":{"number":7}}"#, &[], token), [Line::ok("pull request 7, with a token")]);
        let fork =
            r#"{"pull_request":{"number":7,"head":{"repo":{"full_name":"b/x"}},"base":{"repo":{"full_name":"a/x"}}}}"#;
        let of_pull_request = [("GITHUB_EVENT_NAME", "pull_request")];
        for (event, variables, token, words) in [
            (
                r#"{"pull_request":{"number":7}}"#,
                &[][..],
                None,
                "no comment on pull request 7: GITHUB_TOKEN is not set",
            ),
            (r#"{"pull_request":{"number":7}}"#, &[], Some("a\nb"), "no comment on pull request 7: GITHUB_TOKEN has"),
            (
                r#"{"pull_request":{"number":7}}"#,
                &[("GITHUB_REPOSITORY", "o")],
                token,
                "no comment on pull request 7: ",
            ),
            (fork, &[], token, "comes from a fork"),
            ("{", &[], token, "cannot be read: it is not valid JSON"),
            ("[]", &of_pull_request, token, "no comment on the pull request: the file of GITHUB_EVENT_PATH does not"),
        ] {
            let line = of(event, variables, token).remove(0);
            assert!(line.level == Level::Warning && line.found.contains(words), "{line:?}");
        }
    }
}
