//! What GitHub gets of a run: everything agrees with the CSV files.

use crate::api::{Api, TOKEN};
use crate::command::{err, out, rows};
use crate::common::Server;
use crate::inert::markdown_is_inert;
use crate::job::{Job, commands};
use crate::openapi;

/// A scenario with thresholds of which the last two fail.
pub fn scenario(server: &Server) -> String {
    format!(
        "name: shop\nhost: {}\nusers: 2\nspawn_rate: 100\nrun_time: 1s\nwait_time: constant(20ms)\n\
         profiles: {{ smoke: {{ users: 1 }} }}\n\
         thresholds:\n  - p95 < 60s\n  - fail_ratio < 1%\n  - {{ check: requests > 1000000, warn: true }}\n\
         tasks: [{{ steps: [{{ get: /ok }}, {{ get: /fail }}] }}]\n",
        server.url()
    )
}

#[test]
fn a_run_is_reported_and_the_next_one_replaces_its_comment() {
    let (server, api) = (Server::start(), Api::good());
    let job = Job::new(&scenario(&server));
    let first = job.run(&api.url(), "--html results/page.html");
    let (stdout, stderr) = (out(&first), err(&first));
    assert!(matches!(first.status.code(), Some(3 | 5)), "{stderr}");
    assert!(
        stderr.starts_with(
            "katydid: sends to GitHub Actions: job summary, annotations, outputs, comment on pull request 12\n"
        ),
        "{stderr}"
    );
    assert!(stdout.contains("GitHub: wrote the job summary and the outputs\n"), "{stdout}{stderr}");
    assert!(stdout.contains("GitHub: commented on pull request 12\n"), "{stdout}{stderr}");

    let commands = commands(&first);
    assert_eq!(commands.len(), 2, "{commands:?}");
    assert!(
        commands[0].starts_with("::error file=load/shop.yaml,line=10,title=Threshold failed::fail_ratio < 1%"),
        "{commands:?}"
    );
    assert!(commands[1].starts_with("::warning file=load/shop.yaml,line=11,title="), "{commands:?}");

    let total = rows(job.path("work/results/run_stats.csv")).into_iter().find(|row| row["Name"] == "Aggregated");
    let total = total.expect("a row");
    let number = |name: &str| total[name].parse::<f64>().expect("a number");
    let ratio = number("Failure Count") / number("Request Count");
    assert_eq!(job.output("failure_ratio"), format!("{ratio:.6}"));
    assert!((job.output("p95").parse::<f64>().expect("a number") - number("95%")).abs() < 0.01);
    assert_eq!(job.output("report"), "results/page.html");
    let verdict = if first.status.code() == Some(3) { "failed" } else { "invalid" };
    assert_eq!(job.output("verdict"), verdict);

    let comments = api.comments();
    assert_eq!(comments.len(), 1);
    let body = &comments[0].1;
    let (marker, report) = body.split_once('\n').expect("lines");
    assert_eq!(marker, "<!-- katydid scenario=shop -->");
    assert!(report.contains("[Workflow run with all reports](https://github.example/acme/shop/actions/runs/77)"));
    assert!(report.contains("commit `0123456`"), "{report}");
    let summary = job.read("summary.md");
    for figure in [total["Request Count"].as_str(), &total["Failure Count"]] {
        let grouped = katydid::units::count(figure.parse().expect("a number"));
        assert!(report.contains(&grouped) && summary.contains(&grouped), "{figure}: {report}");
    }
    markdown_is_inert(&summary);

    let second = job.run(&api.url(), "");
    assert!(out(&second).contains("GitHub: updated the comment on pull request 12\n"), "{}", err(&second));
    assert_eq!((api.comments().len(), job.output("report")), (1, String::new()));
    assert_ne!(&api.comments()[0].1, body);
    // Another profile has a comment of its own.
    job.run(&api.url(), "--profile smoke");
    assert_eq!(api.comments().len(), 2);

    let calls = api.calls();
    openapi::check(&calls);
    for call in &calls {
        assert_eq!(call.headers["authorization"], format!("Bearer {TOKEN}"));
        assert_eq!(call.headers["x-github-api-version"], "2022-11-28");
        assert!(call.headers.contains_key("user-agent") && !call.body.contains(TOKEN) && !call.path.contains(TOKEN));
    }
    for text in job.texts(&first).into_iter().chain(job.texts(&second)) {
        assert!(!text.contains(TOKEN), "{text}");
    }
}

#[test]
fn only_comments_of_the_own_account_are_replaced() {
    let (server, api) = (Server::start(), Api::good());
    let job = Job::new(&scenario(&server));
    let marker = "<!-- katydid scenario=shop -->\nforged";
    for n in 0..5 {
        api.add("mallory", if n == 1 { marker } else { "talk" });
    }
    api.add("dependabot[bot]", marker);
    let ran = job.run(&api.url(), "");
    assert!(out(&ran).contains("GitHub: commented on pull request 12\n"), "{}", err(&ran));
    let pages = api.lines().iter().filter(|line| line.starts_with("GET") && line.contains("comments")).count();
    assert_eq!(pages, 3, "{:?}", api.lines());
    job.run(&api.url(), "");
    let comments = api.comments();
    assert_eq!(comments.len(), 7);
    assert_eq!(comments[1].1, marker, "not changed");
    assert_eq!(comments[5].1, marker, "not changed");
    assert!(comments[6].1.contains("## "));
    assert!(api.lines().last().is_some_and(|line| line == "PATCH /repos/acme/shop/issues/comments/106"));
    openapi::check(&api.calls());
}

#[test]
fn the_account_of_a_personal_token_is_recognized() {
    use axum::http::StatusCode;
    use serde_json::json;

    use crate::api::Reaction;

    let server = Server::start();
    let api = Api::start(|_, path, _| {
        let user = json!({ "login": "ada" });
        (path == "/user").then(|| Reaction::Respond(StatusCode::OK, Vec::new(), user))
    });
    api.add("mallory", "<!-- katydid scenario=shop -->\nforged");
    api.add("ada", "<!-- katydid scenario=shop -->\nold");
    Job::new(&scenario(&server)).run(&api.url(), "");
    let comments = api.comments();
    assert_eq!(comments.len(), 2);
    assert!(comments[0].1.ends_with("forged") && comments[1].1.contains("## "), "{comments:?}");
}

#[test]
fn nothing_is_reported_outside_of_actions_or_with_no_github() {
    let (server, api) = (Server::start(), Api::good());
    let job = Job::new(&scenario(&server));
    let mut outside = job.command(&api.url(), "");
    let outside = outside.env_remove("GITHUB_ACTIONS").output().expect("the command runs");
    for ran in [outside, job.run(&api.url(), "--no-github")] {
        assert!(!err(&ran).contains("GitHub") && !out(&ran).contains("GitHub"), "{}", err(&ran));
        assert_eq!(commands(&ran), Vec::<String>::new());
    }
    assert_eq!((api.lines(), job.read("summary.md"), job.read("output")), (Vec::new(), String::new(), String::new()));
    // Without a token there is no comment.
    let ran = job.command(&api.url(), "").env_remove("GITHUB_TOKEN").output().expect("the command runs");
    assert!(err(&ran).contains("no comment on the pull request: GITHUB_TOKEN is not set"), "{}", err(&ran));
    assert!(api.lines().is_empty() && !job.read("summary.md").is_empty());
}
