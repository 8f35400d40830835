//! GitHub Actions: the event, and the token that comments on a pull request need.

use crate::doctor::line::Line;
use crate::doctor::subject::Subject;

/// Maximum size of an event file that is read.
const MAX_EVENT: u64 = 16 << 20;

/// Lines of GitHub Actions; none elsewhere, and none if nothing is to be reported there.
pub async fn check(subject: &Subject) -> Vec<Line> {
    if subject.settings.no_github {
        return Vec::new();
    }
    let has_token = subject.settings.github_token.is_some();
    lines(|name| std::env::var(name).ok().filter(|value| !value.is_empty()), has_token)
}

fn lines(variable: impl Fn(&str) -> Option<String>, has_token: bool) -> Vec<Line> {
    if variable("GITHUB_ACTIONS").as_deref() != Some("true") {
        return Vec::new();
    }
    let name = variable("GITHUB_EVENT_NAME").unwrap_or_else(|| "event".to_owned());
    let Some(path) = variable("GITHUB_EVENT_PATH") else {
        return vec![Line::warning("GITHUB_EVENT_PATH is not set", "Pass the variables of the job to this step.")];
    };
    let event = read(&path);
    let number = match &event {
        Ok(event) => event["pull_request"]["number"].as_u64(),
        Err(why) => return vec![Line::warning(format!("the event cannot be read: {why}"), "Check GITHUB_EVENT_PATH.")],
    };
    let Some(number) = number else { return vec![Line::ok(format!("{name}, not of a pull request"))] };
    if !has_token {
        let advice = "Pass it with env: { GITHUB_TOKEN: ${{ github.token }} }, and grant pull-requests: write.";
        return vec![Line::warning(format!("pull request {number}, but GITHUB_TOKEN is not set"), advice)];
    }
    // Read-only in a pull request from a fork.
    let event = event.unwrap_or_default();
    let repository = |side: &str| event["pull_request"][side]["repo"]["full_name"].as_str().map(str::to_owned);
    let is_fork = repository("head").zip(repository("base")).is_some_and(|(head, base)| head != base);
    if is_fork {
        let advice = "Comment from a second workflow with on: workflow_run, whose token can write.";
        return vec![Line::warning(format!("pull request {number} comes from a fork: its token is read-only"), advice)];
    }
    vec![Line::ok(format!("pull request {number}, with a token"))]
}

fn read(path: &str) -> Result<serde_json::Value, String> {
    let size = std::fs::metadata(path).map_err(|error| error.to_string())?.len();
    if size > MAX_EVENT {
        return Err("the file is too large".to_owned());
    }
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    serde_json::from_str(&text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::line::Level;

    #[test]
    fn pull_requests_need_an_event_and_a_token() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("event.json");
        let of = |event: &str, variables: &[(&str, &str)], has_token: bool| {
            std::fs::write(&path, event).expect("a file");
            let path = path.display().to_string();
            let all = [("GITHUB_ACTIONS", "true"), ("GITHUB_EVENT_PATH", &path)];
            let all: Vec<_> = variables.iter().chain(&all).collect();
            lines(|name| all.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()), has_token)
        };
        assert_eq!(of("{}", &[("GITHUB_ACTIONS", "false")], true), []);
        assert_eq!(of("{}", &[("GITHUB_EVENT_NAME", "push")], true), [Line::ok("push, not of a pull request")]);
        assert_eq!(of(r#"{"pull_request":{"number":7}}"#, &[], true), [Line::ok("pull request 7, with a token")]);
        let fork =
            r#"{"pull_request":{"number":7,"head":{"repo":{"full_name":"b/x"}},"base":{"repo":{"full_name":"a/x"}}}}"#;
        for (event, has_token, words) in [
            (r#"{"pull_request":{"number":7}}"#, false, "GITHUB_TOKEN is not set"),
            (fork, true, "comes from a fork"),
            ("{", true, "cannot be read"),
        ] {
            let line = of(event, &[], has_token).remove(0);
            assert!(line.level == Level::Warning && line.found.contains(words), "{line:?}");
        }
    }
}
