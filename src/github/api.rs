//! Requests to the REST API of GitHub.

use std::time::{Duration, SystemTime};

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, LINK};
use reqwest::{Client, Method};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::context::Context;
use crate::clean;
use crate::sink::http::{self, Answer};
use crate::system::pull_request::api_url;

/// Maximum size of a response in bytes: a page has up to 100 comments of 256 KiB.
const LONGEST: usize = 32 << 20;
/// Maximum number of pages of comments.
const PAGES: usize = 50;
/// Maximum length of an error message from GitHub, in characters.
const EXCERPT: usize = 120;
/// Delay before the next attempt after a temporary error.
const PAUSE: Duration = Duration::from_millis(500);
/// Delay that GitHub asks for if a rate limit does not say its end.
const UNKNOWN_LIMIT: Duration = Duration::from_secs(60);

/// Why a request failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// The token lacks the permission, or may not even see the resource.
    Refused(String),
    /// The content was rejected, probably because it is too long.
    Rejected(String),
    /// May succeed after this time.
    Temporary(Duration, String),
    /// Anything else.
    Failed(String),
}

/// A comment on an issue or a pull request.
#[derive(Debug, Clone, Deserialize)]
pub struct Comment {
    /// Its number in the API.
    pub id: u64,
    /// Markdown.
    #[serde(default)]
    pub body: Option<String>,
    /// Its author, unless deleted.
    #[serde(default)]
    pub user: Option<User>,
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct User {
    /// Its unique name.
    pub login: String,
}

/// The API for one repository.
pub struct Api {
    client: Client,
    headers: HeaderMap,
    base: Url,
    repository: String,
    mask: fn(&str) -> String,
}

impl Api {
    /// Creates a client. `mask` removes secrets from errors, before they are truncated.
    ///
    /// # Errors
    /// If an address or the token is invalid, or TLS cannot be set up.
    pub fn new(context: &Context, repository: &str, token: &str, mask: fn(&str) -> String) -> Result<Self, String> {
        let base = api_url(&context.api);
        let mut token =
            HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| "GITHUB_TOKEN is not a token".to_owned())?;
        token.set_sensitive(true);
        let headers = [
            (AUTHORIZATION, token),
            (ACCEPT, HeaderValue::from_static("application/vnd.github+json")),
            (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        ];
        let mut headers: HeaderMap = headers.into_iter().collect();
        headers.insert("x-github-api-version", HeaderValue::from_static("2022-11-28"));
        Ok(Self {
            client: http::client()?,
            headers,
            base: base.ok_or("GITHUB_API_URL is not an http(s) URL of an API")?,
            repository: repository.to_owned(),
            mask,
        })
    }

    /// All comments of a pull request, oldest first.
    ///
    /// # Errors
    /// If a page cannot be read.
    pub async fn comments(&self, number: u64) -> Result<Vec<Comment>, Trouble> {
        let mut next = Some(self.url(&format!("/issues/{number}/comments?per_page=100")));
        let mut all: Vec<Comment> = Vec::new();
        for _ in 0..PAGES {
            let Some(url) = next else { break };
            let answer = self.call(Method::GET, &url, None).await?;
            let page: Vec<Comment> = serde_json::from_slice(&answer.body)
                .map_err(|_| Trouble::Temporary(PAUSE, "the list of comments is not readable".to_owned()))?;
            all.extend(page);
            next = self.next_page(&answer);
        }
        Ok(all)
    }

    /// The account of the token; `None` for tokens of a job, which cannot ask.
    ///
    /// # Errors
    /// After a temporary error.
    pub async fn account(&self) -> Result<Option<User>, Trouble> {
        match self.call(Method::GET, &format!("{}/user", self.root()), None).await {
            Ok(answer) => Ok(serde_json::from_slice(&answer.body).ok()),
            Err(Trouble::Refused(_)) => Ok(None),
            Err(trouble) => Err(trouble),
        }
    }

    /// Creates a comment on a pull request.
    ///
    /// # Errors
    /// If it was not created, or if that is unknown.
    pub async fn create(&self, number: u64, body: &str) -> Result<(), Trouble> {
        let url = self.url(&format!("/issues/{number}/comments"));
        self.call(Method::POST, &url, Some(json!({ "body": body }))).await.map(drop)
    }

    /// Replaces the text of a comment.
    ///
    /// # Errors
    /// If it was not replaced, or if that is unknown.
    pub async fn update(&self, id: u64, body: &str) -> Result<(), Trouble> {
        let url = self.url(&format!("/issues/comments/{id}"));
        self.call(Method::PATCH, &url, Some(json!({ "body": body }))).await.map(drop)
    }

    fn root(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }

    fn url(&self, path: &str) -> String {
        format!("{}/repos/{}{path}", self.root(), self.repository)
    }

    /// Address of the next page. The token is sent only to the API itself.
    fn next_page(&self, answer: &Answer) -> Option<String> {
        let links = answer.headers.get(LINK)?.to_str().ok()?;
        let next = links.split(',').find(|link| link.contains("rel=\"next\""))?;
        let url = Url::parse(next.trim().strip_prefix('<')?.split('>').next()?).ok()?;
        (url.origin() == self.base.origin()).then(|| url.into())
    }

    /// Sends a request once.
    async fn call(&self, method: Method, url: &str, body: Option<Value>) -> Result<Answer, Trouble> {
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let request = self.client.request(method, url).headers(self.headers.clone()).body(body);
        let sent = http::send(request, LONGEST).await;
        let mut answer = sent.map_err(|why| Trouble::Temporary(PAUSE, clean::line(&why).into_owned()))?;
        let status = answer.status.as_u16();
        if !answer.status.is_success() {
            answer.body = (self.mask)(&String::from_utf8_lossy(&answer.body)).into_bytes();
        }
        match status {
            200..=299 => Ok(answer),
            403 | 429 if let Some(after) = limit(&answer) => {
                let why = format!("{}; its rate limit ends in {}s", describe(&answer), after.as_secs());
                Err(Trouble::Temporary(after, why))
            }
            401 | 403 | 404 | 410 => Err(Trouble::Refused(describe(&answer))),
            413 | 422 => Err(Trouble::Rejected(describe(&answer))),
            408 | 429 | 500..=599 => Err(Trouble::Temporary(PAUSE, describe(&answer))),
            _ => Err(Trouble::Failed(describe(&answer))),
        }
    }
}

/// How long to wait if a rate limit was exceeded; `None` if the response has another reason.
fn limit(answer: &Answer) -> Option<Duration> {
    if let Some(after) = answer.retry_after() {
        return Some(after);
    }
    let number = |name: &str| answer.headers.get(name)?.to_str().ok()?.trim().parse::<u64>().ok();
    if number("x-ratelimit-remaining") == Some(0) {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let reset = number("x-ratelimit-reset").map(Duration::from_secs);
        return Some(reset.map_or(UNKNOWN_LIMIT, |reset| reset.saturating_sub(now)));
    }
    (answer.status.as_u16() == 429 || message(answer).contains("rate limit")).then_some(UNKNOWN_LIMIT)
}

fn message(answer: &Answer) -> String {
    let document: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let line = clean::line(document["message"].as_str().unwrap_or_default()).into_owned();
    line.chars().take(EXCERPT).collect()
}

/// Status and message.
fn describe(answer: &Answer) -> String {
    let (status, message) = (answer.status.as_u16(), message(answer));
    let redirect = answer.status.is_redirection().then(|| "redirects are not followed".to_owned());
    let parts = [Some(format!("GitHub responded {status}")), Some(message).filter(|said| !said.is_empty()), redirect];
    parts.into_iter().flatten().collect::<Vec<_>>().join(": ")
}
