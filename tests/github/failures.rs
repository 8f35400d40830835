//! GitHub refuses, limits, breaks or does not respond: the summary is there, the exit code is that of the run, and the
//! program ends in time.

use std::time::{Duration, Instant};

use axum::http::{Method, StatusCode};
use serde_json::json;

use crate::api::{Api, Fault, Reaction, TOKEN};
use crate::command::{err, out};
use crate::comment::scenario;
use crate::common::Server;
use crate::inert::markdown_is_inert;
use crate::job::Job;

fn respond(status: u16, headers: Vec<(&'static str, String)>, message: &str) -> Option<Reaction> {
    let status = StatusCode::from_u16(status).expect("a status");
    Some(Reaction::Respond(status, headers, json!({ "message": message })))
}

#[test]
fn without_a_comment_the_summary_says_why() {
    let server = Server::start();
    let cases: [(Fault, &str); 11] = [
        (
            |_, _, _| respond(302, vec![("location", "/elsewhere".to_owned())], ""),
            "GitHub responded 302: redirects are not followed",
        ),
        (
            // Each response has the state of the rate limit, which is not exceeded here.
            |_, _, _| {
                let limit = [("x-ratelimit-remaining", "4999"), ("x-ratelimit-reset", "4000000000")];
                let headers = limit.map(|(name, value)| (name, value.to_owned())).to_vec();
                respond(403, headers, "Resource not accessible by integration")
            },
            "403: Resource not accessible by integration; does the token have the permission",
        ),
        (
            |method, _, _| if method == Method::POST { respond(403, vec![], "@team [x](http://e) <b>") } else { None },
            "403: @team",
        ),
        (|_, _, _| respond(404, vec![], "Not Found"), "404: Not Found"),
        // The token, at the end of what is shown of a message.
        (|_, _, _| respond(401, vec![], &format!("{}{TOKEN}", "x".repeat(110))), "xxx***"),
        (|_, _, _| respond(401, vec![], "Bad credentials"), "401: Bad credentials"),
        (|_, _, _| respond(429, vec![("retry-after", "3600".to_owned())], ""), "its rate limit ends in 3600s"),
        (
            |_, _, _| respond(403, vec![("x-ratelimit-remaining", "0".to_owned())], "limit"),
            "its rate limit ends in 60s",
        ),
        (|_, _, _| respond(502, vec![], "Bad\u{1b}[2J Gateway"), "GitHub responded 502: Bad [2J Gateway"),
        (|_, _, _| Some(Reaction::Never), "GitHub did not respond in time"),
        (|_, _, _| respond(200, vec![], "not a list"), "the list of comments is not readable"),
    ];
    for (fault, expected) in cases {
        let api = Api::start(fault);
        fails(&server, &api.url(), expected);
        assert!(api.comments().is_empty());
    }
    for (url, expected) in
        [("http://127.0.0.1:1", "refused"), ("http://name.invalid", ""), ("file:///x", "GITHUB_API_URL")]
    {
        fails(&server, url, expected);
    }
}

fn fails(server: &Server, url: &str, expected: &str) {
    let job = Job::new(&scenario(server));
    let started = Instant::now();
    let ran = job.run(url, "");
    let stderr = err(&ran);
    assert!(matches!(ran.status.code(), Some(3 | 5)), "{expected}: {stderr}");
    let line = stderr.lines().find(|line| line.starts_with("katydid: GitHub: no comment on pull request 12: "));
    assert!(line.is_some_and(|line| line.contains(expected)), "{expected}: {stderr}");
    // The run takes 1 s, GitHub up to 5 s; the margin is for busy machines.
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    let summary = job.read("summary.md");
    let last = summary.trim_end().lines().last().unwrap_or_default();
    assert!(
        summary.contains("### Thresholds") && last.starts_with("> ⚠️ no comment on pull request 12: "),
        "{summary}"
    );
    assert!(!last.contains("@team"), "{last}");
    markdown_is_inert(&summary);
    assert_eq!(job.output("failure_ratio").split('.').next(), Some("0"));
    assert!(!stderr.contains(TOKEN) && !summary.contains(TOKEN));
}

#[test]
fn temporary_errors_are_retried() {
    let server = Server::start();
    let api = Api::start(|_, _, n| match n {
        0 => respond(429, vec![("retry-after", "1".to_owned())], "slow down"),
        1 => respond(503, vec![], ""),
        _ => None,
    });
    let ran = Job::new(&scenario(&server)).run(&api.url(), "");
    assert!(out(&ran).contains("GitHub: commented on pull request 12\n"), "{}", err(&ran));
    assert_eq!((api.comments().len(), api.calls().len()), (1, 4));
}

#[test]
fn a_comment_whose_response_was_lost_is_not_written_twice() {
    let server = Server::start();
    // The first POST is stored, but the response is an error: as if a proxy had lost it.
    let api = Api::start(|method, _, n| {
        (method == Method::POST && n == 1)
            .then(|| Reaction::Respond(StatusCode::BAD_GATEWAY, vec![("x-stored", "yes".to_owned())], json!({})))
    });
    let ran = Job::new(&scenario(&server)).run(&api.url(), "");
    assert!(out(&ran).contains("GitHub: updated the comment on pull request 12\n"), "{}", err(&ran));
    assert_eq!(api.comments().len(), 1);
}

#[test]
fn a_rejected_comment_is_shortened() {
    let server = Server::start();
    let api = Api::start(|method, _, n| match (method.as_str(), n) {
        ("POST", 0..4) => respond(422, vec![], "Body is too long (maximum is 65536 characters)"),
        _ => None,
    });
    let ran = Job::new(&scenario(&server)).run(&api.url(), "");
    assert!(out(&ran).contains("GitHub: commented on pull request 12\n"), "{}", err(&ran));
    let comments = api.comments();
    assert!(comments[0].1.contains("left out: the report would be too long"), "{}", comments[0].1);
}

#[test]
fn a_comment_that_was_deleted_meanwhile_is_written_again() {
    let server = Server::start();
    let api = Api::start(|method, _, _| if method == Method::PATCH { respond(404, vec![], "Not Found") } else { None });
    api.add("github-actions[bot]", "<!-- katydid scenario=shop -->\nold");
    let ran = Job::new(&scenario(&server)).run(&api.url(), "");
    assert!(out(&ran).contains("GitHub: commented on pull request 12\n"), "{}", err(&ran));
    assert_eq!(api.comments().len(), 2);
}

#[test]
fn the_token_is_not_sent_to_another_server() {
    let server = Server::start();
    let elsewhere = Api::good();
    // A fault is a plain function, so the address goes through a variable of this process.
    static NEXT: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    NEXT.get_or_init(|| elsewhere.url());
    let api = Api::start(|method, _, _| {
        let link = format!("<{}/repos/acme/shop/issues/12/comments?page=2>; rel=\"next\"", NEXT.get().expect("set"));
        let first = || Reaction::Respond(StatusCode::OK, vec![("link", link)], json!([]));
        (method == Method::GET).then(first)
    });
    Job::new(&scenario(&server)).run(&api.url(), "");
    assert_eq!((api.comments().len(), elsewhere.lines()), (1, Vec::new()));
}
