//! The pull request of a job of GitHub Actions, and what prevents a comment on it.

use std::fs::File;
use std::io::Read as _;

use serde_json::Value;
use url::Url;

use crate::clean;

/// Maximum size of an event file in bytes. Events of GitHub have up to 25 MB.
const LONGEST_EVENT: u64 = 32 << 20;
/// What to do where a variable of the runner is missing or wrong.
const PASS_VARIABLES: &str = "Pass the variables of the job to this step as they are.";

/// What the event of a job says about its pull request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PullRequest {
    /// The event is one of a pull request.
    pub is_expected: bool,
    /// Its number.
    pub number: Option<u64>,
    /// Its last commit; not the merge commit of the job.
    pub head: Option<String>,
    /// It comes from a fork, so the token of the job is read-only.
    pub is_from_fork: bool,
    /// Why a comment cannot be written; `None` if it can, or if there is nothing to comment on.
    pub obstacle: Option<Obstacle>,
}

/// Why a comment cannot be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// The reason.
    pub why: String,
    /// What to do, in a sentence.
    pub advice: &'static str,
}

impl PullRequest {
    /// Reads the event of the job. `variable` reads an environment variable.
    pub fn new(variable: impl Fn(&str) -> Option<String>, token: Option<&str>) -> Self {
        let get = |name: &str| variable(name).filter(|value| !value.is_empty());
        let is_expected = get("GITHUB_EVENT_NAME").is_some_and(|name| name.starts_with("pull_request"));
        let event = get("GITHUB_EVENT_PATH").ok_or("GITHUB_EVENT_PATH is not set".to_owned());
        let event = event.and_then(|path| read(&path));
        let pull_request = event.as_ref().map(|event| event["pull_request"].clone()).unwrap_or_default();
        let number = pull_request["number"].as_u64();
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let repository = |side: &str| text(&pull_request[side]["repo"]["full_name"]);
        let obstacle = match (event, number) {
            (Err(why), _) => Some(Obstacle { why, advice: PASS_VARIABLES }),
            (Ok(_), None) if is_expected => {
                let why = "the file of GITHUB_EVENT_PATH does not have its number".to_owned();
                Some(Obstacle { why, advice: PASS_VARIABLES })
            }
            (Ok(_), None) => None,
            (Ok(_), Some(_)) => obstacle(&get, token),
        };
        Self {
            is_expected,
            number,
            head: text(&pull_request["head"]["sha"]),
            is_from_fork: repository("head").zip(repository("base")).is_some_and(|(head, base)| head != base),
            obstacle,
        }
    }

    /// `pull request 7`, or `the pull request` if its number is not known.
    pub fn title(&self) -> String {
        self.number.map_or_else(|| "the pull request".to_owned(), |number| format!("pull request {number}"))
    }
}

/// What is missing for a comment on a known pull request.
fn obstacle(get: &impl Fn(&str) -> Option<String>, token: Option<&str>) -> Option<Obstacle> {
    let variables = |why: String| Some(Obstacle { why, advice: PASS_VARIABLES });
    match get("GITHUB_REPOSITORY") {
        None => return variables("GITHUB_REPOSITORY is not set".to_owned()),
        Some(name) if !is_repository(&name) => {
            return variables(format!("expected OWNER/NAME in GITHUB_REPOSITORY, found {name:?}"));
        }
        Some(_) => {}
    }
    if get("GITHUB_API_URL").is_some_and(|url| api_url(&url).is_none()) {
        return variables("GITHUB_API_URL is not an http(s) URL of an API".to_owned());
    }
    match token {
        None => Some(Obstacle {
            why: "GITHUB_TOKEN is not set".to_owned(),
            advice: "Pass it with env: { GITHUB_TOKEN: ${{ github.token }} }, and grant pull-requests: write.",
        }),
        Some(token) if !is_token(token) => Some(Obstacle {
            why: "GITHUB_TOKEN has a character that no token has, such as a line break".to_owned(),
            advice: "Pass it with env: { GITHUB_TOKEN: ${{ github.token }} }.",
        }),
        Some(_) => None,
    }
}

/// `owner/name`, so that it can be part of a URL.
pub fn is_repository(name: &str) -> bool {
    let is_part = |part: &str| {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        !part.is_empty() && !part.starts_with('.') && part.bytes().all(is_plain)
    };
    name.split_once('/').is_some_and(|(owner, name)| is_part(owner) && (is_part(name) || name == ".github"))
}

/// The base URL of the API, to which paths can be appended.
pub fn api_url(text: &str) -> Option<Url> {
    let is_base =
        |url: &Url| matches!(url.scheme(), "http" | "https") && url.query().is_none() && url.fragment().is_none();
    Url::parse(text).ok().filter(is_base)
}

/// True if a token can be sent in a header.
pub fn is_token(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The event, or why it cannot be read.
fn read(path: &str) -> Result<Value, String> {
    let fail = |why: &str| format!("the file of GITHUB_EVENT_PATH cannot be read: {why}");
    let mut text = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LONGEST_EVENT + 1).read_to_end(&mut text));
    read.map_err(|error| fail(&clean::cause(&error)))?;
    match text.len() as u64 {
        0 => Err(fail("it is empty")),
        length if length > LONGEST_EVENT => Err(fail("it is too large")),
        _ => serde_json::from_slice(&text).map_err(|_| fail("it is not valid JSON")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(event: Option<&str>, variables: &[(&str, &str)], token: Option<&str>) -> PullRequest {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("event.json");
        event.iter().for_each(|event| std::fs::write(&path, event).unwrap());
        let path = path.display().to_string();
        let all = [("GITHUB_EVENT_NAME", "pull_request"), ("GITHUB_EVENT_PATH", &path), ("GITHUB_REPOSITORY", "a/b")];
        let all: Vec<_> = variables.iter().chain(&all).collect();
        let variable = |name: &str| all.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        PullRequest::new(variable, token)
    }

    #[test]
    fn what_prevents_a_comment_is_named() {
        let good = Some(r#"{"pull_request": {"number": 7}}"#);
        for (event, variables, token, wanted) in [
            (good, &[][..], Some("t0ken"), None),
            (Some("{}"), &[("GITHUB_EVENT_NAME", "push")], None, None),
            (good, &[("GITHUB_EVENT_PATH", "")], Some("t"), Some("GITHUB_EVENT_PATH is not set")),
            (good, &[("GITHUB_EVENT_PATH", "/")], Some("t"), Some("cannot be read: Is a directory")),
            (None, &[], Some("t"), Some("cannot be read: No such file or directory")),
            (Some(""), &[], Some("t"), Some("cannot be read: it is empty")),
            (Some("\"\u{1}\""), &[], Some("t"), Some("cannot be read: it is not valid JSON")),
            (Some(r#"{"a":1}"#), &[], Some("t"), Some("does not have its number")),
            (Some("[]"), &[], Some("t"), Some("does not have its number")),
            (Some(r#"{"pull_request": {"number": "7"}}"#), &[], Some("t"), Some("does not have its number")),
            (good, &[("GITHUB_REPOSITORY", "")], Some("t"), Some("GITHUB_REPOSITORY is not set")),
            (good, &[("GITHUB_REPOSITORY", "o")], Some("t"), Some("in GITHUB_REPOSITORY, found \"o\"")),
            (good, &[("GITHUB_API_URL", "file:///x")], Some("t"), Some("GITHUB_API_URL is not")),
            (good, &[("GITHUB_API_URL", "http://h/?a=b")], Some("t"), Some("GITHUB_API_URL is not")),
            (good, &[], None, Some("GITHUB_TOKEN is not set")),
            (good, &[], Some("t0ken\n"), Some("GITHUB_TOKEN has a character")),
        ] {
            let found = of(event, variables, token);
            let why = found.obstacle.as_ref().map(|obstacle| obstacle.why.as_str());
            assert_eq!(why.is_some(), wanted.is_some(), "{event:?} {variables:?}: {found:?}");
            assert!(wanted.is_none_or(|wanted| why.unwrap_or_default().contains(wanted)), "{found:?}");
        }
    }

    #[test]
    fn names_of_repositories_are_parts_of_a_url() {
        for (name, wanted) in [("a/b", true), ("a/.github", true), ("a/..", false), ("a/b/c", false), ("a", false)] {
            assert_eq!(is_repository(name), wanted, "{name}");
        }
    }
}
