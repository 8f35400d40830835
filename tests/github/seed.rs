//! A run as in a first evaluation, with Datadog, Slack, a webhook and GitHub all on: each gets the figures of the report, a
//! second run replaces its comment, and no secret is in anything that is written, printed or sent to somebody else.

use std::io::Read as _;

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::api::{Api, TOKEN};
use crate::command::{err, out, rows};
use crate::common::Server;
use crate::job::Job;
use crate::receiver::{Received, Receiver};

const DATADOG_KEY: &str = "dd-key/4f1e+0c77==&9a8b";
const SLACK_PATH: &str = "T0SLACK9/B0SLACK9/sl4ck-s3cr3t";
const WEBHOOK_PATH: &str = "w3bhook-p4th";
const WEBHOOK_SECRET: &str = "w3bhook s3cr3t? &x";
const PASSWORD: &str = "pa55 word/ünï+";

fn scenario(server: &Server) -> String {
    format!(
        "name: shop\nhost: {}\nusers: 10\nspawn_rate: 20\nrun_time: 3s\nwait_time: constant(200ms)\n\
         secrets: [PASSWORD]\nvars: {{ password: '{{{{ env.PASSWORD }}}}' }}\nthresholds: [fail_ratio < 1%]\n\
         tasks: [{{ steps: [{{ post: /ok, json: {{ password: '{{{{ password }}}}' }} }}, \
         {{ get: '/fail?p={{{{ password }}}}', name: /fail }}] }}]\n",
        server.url()
    )
}

/// The forms in which a secret could be found.
fn forms(secret: &str) -> Vec<String> {
    let percent = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
    let json = serde_json::to_string(secret).expect("JSON").trim_matches('"').to_owned();
    let form = percent.replace("%20", "+");
    let base64 = [STANDARD.encode(secret).trim_end_matches('=').to_owned(), URL_SAFE_NO_PAD.encode(secret)];
    [vec![secret.to_owned(), percent.to_lowercase(), percent, json, form], base64.to_vec()].concat()
}

/// A body as text, unpacked.
fn text(received: &Received) -> String {
    let encoding = received.headers.get("content-encoding").map_or("", |value| value.to_str().expect("text"));
    let mut text = String::new();
    match encoding {
        "gzip" => flate2::read::GzDecoder::new(&*received.body).read_to_string(&mut text).expect("gzip"),
        "deflate" => flate2::read::ZlibDecoder::new(&*received.body).read_to_string(&mut text).expect("zlib"),
        _ => (&*received.body).read_to_string(&mut text).expect("UTF-8"),
    };
    text
}

/// Sum of the values of a metric in requests to Datadog.
fn sum(bodies: &[Value], name: &str) -> u64 {
    let series = bodies.iter().flat_map(|body| body["series"].as_array().into_iter().flatten());
    let of_name = series.filter(|series| series["metric"] == name);
    of_name.map(|series| series["points"][0]["value"].as_f64().expect("a number") as u64).sum()
}

#[test]
fn every_system_gets_the_figures_of_the_report_and_no_secret() {
    let (server, api) = (Server::start(), Api::good());
    let datadog = Receiver::start(|_| Some((StatusCode::ACCEPTED, Vec::new(), String::new())));
    let (slack, webhook) = (Receiver::good(), Receiver::good());
    let job = Job::new(&scenario(&server));
    let run = || {
        let mut command = job.command(&api.url(), "--html results/report.html --junit results/junit.xml");
        command
            .env("DATADOG_API_KEY", DATADOG_KEY)
            .env("DATADOG_SITE", datadog.url(""))
            .env("SLACK_WEBHOOK_URL", slack.url(&format!("/services/{SLACK_PATH}")))
            .env("KATYDID_WEBHOOK_URL", webhook.url(&format!("/{WEBHOOK_PATH}")))
            .env("KATYDID_WEBHOOK_SECRET", WEBHOOK_SECRET)
            .env("KATYDID_MARKDOWN", "results/report.md")
            .env("KATYDID_RUNS_DIR", job.path("runs"))
            .env("KATYDID_LOGLEVEL", "DEBUG")
            .env("PASSWORD", PASSWORD);
        command.output().expect("the command runs")
    };
    let first = run();
    let (stdout, stderr) = (out(&first), err(&first));
    assert!(matches!(first.status.code(), Some(3 | 5)), "{stderr}");

    let table = rows(job.path("work/results/run_stats.csv"));
    let total = table.iter().find(|row| row["Name"] == "Aggregated").expect("a row");
    let number = |column: &str| total[column].parse::<u64>().expect("a number");
    let (requests, failures) = (number("Request Count"), number("Failure Count"));
    assert!(requests > 20 && failures == requests / 2, "{total:?}");

    let of_datadog: Vec<Value> =
        datadog.received().iter().map(|one| serde_json::from_str(&text(one)).expect("JSON")).collect();
    assert_eq!(sum(&of_datadog, "locust.request.count"), requests, "{stdout}{stderr}");
    assert_eq!(sum(&of_datadog, "locust.request.failures"), failures);
    assert_eq!(sum(&of_datadog, "locust.test.total_requests"), requests);
    let of_slack: Vec<String> = slack.received().iter().map(text).collect();
    let last = of_slack.last().expect("a message");
    assert!(last.contains(&format!("*Requests*\\n{requests} (")) && last.contains(&format!("*Failed*\\n{failures} (")));
    assert!(last.contains("|GitHub Actions>"), "{last}");
    let of_webhook: Vec<Value> =
        webhook.received().iter().map(|one| serde_json::from_slice(&one.body).expect("JSON")).collect();
    let intervals = of_webhook.iter().filter_map(|event| event["interval"]["requests"].as_u64());
    assert_eq!(intervals.sum::<u64>(), requests);
    let comment = api.comments().remove(0).1;
    assert!(comment.contains(&format!("| {requests} | {failures} (50.00 %) |")), "{comment}");
    assert_eq!(job.output("failure_ratio"), "0.500000");
    for line in ["Datadog: ", "Slack: 2 of 2 requests delivered", "webhook: ", "GitHub: commented on pull request 12"] {
        assert!(stdout.contains(line), "{line}: {stdout}{stderr}");
    }

    let second = run();
    assert!(out(&second).contains("GitHub: updated the comment on pull request 12"), "{}", err(&second));
    assert_eq!(api.comments().len(), 1);

    // Who gets what: each secret goes only where it belongs.
    // These lines tell the runner what to mask; it does not show them.
    let without_masks = |text: String| {
        let lines = text.lines().filter(|line| !line.starts_with("::add-mask::"));
        lines.collect::<Vec<_>>().join("\n")
    };
    let written: Vec<String> =
        [job.texts(&first), job.texts(&second)].concat().into_iter().map(without_masks).collect();
    let of_datadog: Vec<String> = datadog.received().iter().map(text).collect();
    let of_slack: Vec<String> = slack.received().iter().map(text).collect();
    let of_webhook: Vec<String> = webhook.received().iter().map(text).collect();
    let of_github: Vec<String> = api.calls().iter().map(|call| format!("{} {}", call.path, call.body)).collect();
    let everything = [written, of_datadog, of_slack, of_webhook, of_github].concat();
    for secret in [DATADOG_KEY, SLACK_PATH, WEBHOOK_PATH, WEBHOOK_SECRET, TOKEN, PASSWORD] {
        for form in forms(secret) {
            let found = everything.iter().find(|text| text.contains(&form));
            let place = found.map(|text| text.lines().find(|line| line.contains(&form)).unwrap_or(text));
            assert_eq!(place, None, "{secret} as {form}");
        }
    }
}
