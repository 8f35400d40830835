//! Systems that receive results.

use crate::command::{err, katydid};
use crate::web::web;
use crate::{doctor, of, scenario};

#[test]
fn a_key_is_validated_on_its_site() {
    let folder = tempfile::tempdir().expect("a folder");
    let target = scenario(&web("200 OK\r\nX: y", ""));
    for (response, level, words) in [
        ("200 OK\r\nX: y", "ok", "the key is valid on 127.0.0.1:"),
        ("403 Forbidden\r\nX: y", "error", "does not know the key (403) Set datadog_site"),
        ("429 Too Many Requests\r\nX: y", "warning", "limits requests"),
    ] {
        let variables = [("DD_API_KEY", "S3cretKey"), ("DD_SITE", &*web(response, ""))];
        let (code, lines) = doctor(folder.path(), &target, "", &variables);
        let found = of(&lines, "datadog");
        assert!(found.iter().any(|line| line.starts_with(level) && line.contains(words)), "{response}: {lines:?}");
        assert_eq!(code, if level == "error" { 2 } else { 0 }, "{lines:?}");
        assert!(!lines.concat().contains("S3cretKey"), "{lines:?}");
    }
}

#[test]
fn agents_and_webhooks_are_looked_at_without_sending() {
    let folder = tempfile::tempdir().expect("a folder");
    let target = scenario(&web("200 OK\r\nX: y", ""));
    let (code, lines) = doctor(folder.path(), &target, "", &[]);
    for check in ["datadog", "slack", "webhook", "otlp", "metrics"] {
        assert!(of(&lines, check)[0].starts_with("ok off: "), "{lines:?}");
    }
    assert_eq!(code, 0);
    let (code, lines) = doctor(folder.path(), &target, "--dogstatsd unix:///nowhere/dsd.socket", &[]);
    assert!(code == 2 && of(&lines, "datadog")[0].starts_with("error /nowhere/dsd.socket: "), "{lines:?}");
    let (_, lines) = doctor(folder.path(), &target, "--dogstatsd 127.0.0.1", &[]);
    assert!(of(&lines, "datadog")[0].starts_with("ok agent at 127.0.0.1:8125"), "{lines:?}");
    let both = [("DD_API_KEY", "S3cretKey")];
    let (code, lines) = doctor(folder.path(), &target, "--dogstatsd 127.0.0.1", &both);
    let found = of(&lines, "datadog");
    assert!(code == 2 && found.len() == 1 && found[0].contains("set only one of them"), "{lines:?}");
    let receiver = web("200 OK\r\nX: y", "");
    let (code, lines) = doctor(folder.path(), &target, &format!("--otel --otlp-endpoint {receiver}"), &[]);
    assert!(code == 0 && of(&lines, "otlp")[0].starts_with("ok 127.0.0.1"), "{lines:?}");
    let (code, lines) = doctor(folder.path(), &target, "--otel --otlp-endpoint http://127.0.0.1:1", &[]);
    assert!(code == 2 && of(&lines, "otlp").concat().contains("error "), "{lines:?}");
    let used = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = used.local_addr().expect("an address");
    let (code, lines) = doctor(folder.path(), &target, &format!("--metrics {address}"), &[]);
    assert!(code == 2 && of(&lines, "metrics")[0].starts_with(&format!("error {address} is in use")), "{lines:?}");
    drop(used);
    let (code, lines) = doctor(folder.path(), &target, &format!("--metrics {address}"), &[]);
    assert!(code == 0 && of(&lines, "metrics")[0].starts_with(&format!("ok {address} is free")), "{lines:?}");
    // It answers, but its URL is not one of Slack.
    let hook = web("200 OK\r\nX: y", "") + "/S3cretPath";
    let (code, lines) = doctor(folder.path(), &target, "", &[("SLACK_WEBHOOK_URL", &hook)]);
    let found = of(&lines, "slack");
    assert!(found[0].starts_with("ok ") && found[1].starts_with("warning slack_webhook_url does not"), "{lines:?}");
    assert!(code == 0 && !lines.concat().contains("S3cretPath"), "{lines:?}");
}

#[test]
fn what_a_run_refuses_is_an_error_in_the_same_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let receiver = web("200 OK\r\nX: y", "");
    let target = scenario(&receiver);
    let otel = [("KATYDID_OTEL", "true"), ("OTEL_EXPORTER_OTLP_ENDPOINT", &*receiver)];
    let datadog = [("DD_API_KEY", "k3y"), ("DD_SITE", &*receiver)];
    let none: [(&str, &str); 0] = [];
    for (check, base, (name, value)) in [
        ("otlp", &otel[..], ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")),
        ("otlp", &otel, ("OTEL_EXPORTER_OTLP_HEADERS", "novalue")),
        ("otlp", &otel, ("OTEL_RESOURCE_ATTRIBUTES", "bad")),
        ("datadog", &datadog, ("DD_APP_KEY", "a b")),
        ("datadog", &datadog, ("DD_API_KEY", "a\tb")),
        ("datadog", &datadog, ("DD_DOGSTATSD_URL", "127.0.0.1")),
        ("webhook", &none, ("KATYDID_WEBHOOK_SECRET", "abc")),
    ] {
        let variables: Vec<_> = base.iter().copied().chain([(name, value)]).collect();
        let (code, lines) = doctor(folder.path(), &target, "", &variables);
        let found = of(&lines, check);
        let run = katydid(folder.path(), &["-f", "run.yaml", "--headless", "-t", "1s", "--no-record"])
            .envs(variables)
            .output()
            .expect("the command runs");
        let said = err(&run);
        let why = said.lines().last().and_then(|line| line.strip_prefix("katydid: ")).unwrap_or_default();
        assert!(run.status.code() == Some(2) && !why.is_empty(), "{name}: {said}");
        let wanted = format!("error {why} Correct this setting: a run does not start with it.");
        assert!(code == 2 && found == [&*wanted], "{name}: {lines:?}");
    }
}
