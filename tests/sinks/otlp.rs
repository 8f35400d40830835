//! OpenTelemetry: requests that its own protobufs read, sums that equal those of the report, refusals.

use axum::http::StatusCode;
use base64::Engine as _;
use serde_json::Value;

use crate::command::{Ran, err};
use crate::common::Server;
use crate::python;
use crate::receiver::{Received, Receiver};

fn scenario(server: &Server) -> String {
    format!(
        "name: shop\nhost: {}\nusers: 3\nspawn_rate: 100\nwait_time: constant(20ms)\n\
         tasks: [{{ steps: [{{ get: /ok }}, {{ get: /fail }}] }}]\n",
        server.url()
    )
}

fn documents(received: &[Received]) -> Vec<Value> {
    let bodies: Value =
        received.iter().map(|one| Value::from(base64::engine::general_purpose::STANDARD.encode(&one.body))).collect();
    let documents = python::json("otlp.py", &[], bodies.to_string().as_bytes());
    documents.as_array().expect("a list").clone()
}

/// The points of a metric of one row, or without labels.
fn points<'a>(documents: &'a [Value], name: &str, row: Option<&str>) -> Vec<&'a Value> {
    let all = documents.iter().flat_map(|document| document["points"].as_array().expect("points"));
    all.filter(|point| point["name"] == name && row.is_none_or(|row| point["labels"]["name"] == row)).collect()
}

#[test]
fn cumulative_counts_end_with_those_of_the_report() {
    let (server, receiver) = (Server::start(), Receiver::good());
    let ran = Ran::with(&scenario(&server), "-t 12s --otel", |command| {
        command
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url("/otlp/"))
            .env("OTEL_EXPORTER_OTLP_HEADERS", "x-api-key=s3cr3t%20k%C3%A9y,x-other=1")
            .env("OTEL_RESOURCE_ATTRIBUTES", "team=web,region=eu%2Fwest")
            .env("OTEL_SERVICE_NAME", "load");
    });
    let received = receiver.received();
    assert_eq!(received.len(), 3, "ten seconds, the rest, the end: {}", err(&ran.output));
    for one in &received {
        assert_eq!(one.path, "/otlp/v1/metrics");
        assert_eq!(one.headers["content-type"], "application/x-protobuf");
        assert_eq!(one.headers["x-api-key"].as_bytes(), "s3cr3t kéy".as_bytes());
    }
    let all = documents(&received);
    let resource = &all[0]["resource"];
    assert_eq!(
        (&resource["service.name"], &resource["team"], &resource["region"]),
        (&"load".into(), &"web".into(), &"eu/west".into())
    );
    assert_eq!(resource["katydid.scenario"], "shop");
    for row in ["/ok", "/fail"] {
        let (wanted, mean) =
            (ran.requests(row), ran.row(row)["Average Response Time"].parse::<f64>().expect("a number"));
        let counts = points(&all, "katydid.requests", Some(row));
        let values: Vec<u64> = counts.iter().map(|point| point["value"].as_u64().expect("a number")).collect();
        assert!(values.is_sorted() && values.last() == Some(&wanted), "{row}: {values:?}, {wanted}");
        let histogram = *points(&all, "katydid.response_time", Some(row)).last().expect("a point");
        assert_eq!((&histogram["kind"], &histogram["unit"]), (&"exponential_histogram".into(), &"s".into()));
        assert_eq!((&histogram["count"], &histogram["counted"]), (&wanted.into(), &wanted.into()));
        let number = |key: &str| histogram[key].as_f64().expect("a number");
        assert!((number("sum") / wanted as f64 * 1e3 - mean).abs() < 0.01, "{histogram}");
        // Times are recorded with three significant digits, the extremes exactly.
        assert!(number("from") <= number("min") * 1.001 && number("max") <= number("to") * 1.001, "{histogram}");
        assert_eq!((&histogram["temporality"], &counts[0]["temporality"]), (&2.into(), &2.into()));
        assert!(
            counts
                .iter()
                .all(|point| point["start"] == counts[0]["start"] && point["time"].as_u64() > point["start"].as_u64())
        );
    }
    assert_eq!(
        points(&all, "katydid.request_failures", Some("/fail")).last().expect("a point")["value"],
        ran.failed("/fail")
    );
    assert_eq!(points(&all, "katydid.run_active", None).last().expect("a point")["value"], 0.0);
    let output = [&ran.output.stdout[..], &ran.output.stderr].concat();
    let output = String::from_utf8_lossy(&output);
    assert!(output.contains("OpenTelemetry: 3 of 3 requests delivered") && !output.contains("s3cr3t"), "{output}");
}

#[test]
fn deltas_add_up_to_the_report_and_rejected_points_are_counted() {
    let server = Server::start();
    // A partial success: 7 data points, "too old".
    let receiver = Receiver::start(|n| {
        let body = if n == 1 { "\u{a}\u{b}\u{8}\u{7}\u{12}\u{7}too old".to_owned() } else { String::new() };
        Some((StatusCode::OK, Vec::new(), body))
    });
    let flags = format!("-t 12s --otel --otlp-metrics-endpoint {} --otlp-temporality delta", receiver.url("/custom"));
    let ran = Ran::new(&scenario(&server), &flags);
    let received = receiver.received();
    assert!(received.iter().all(|one| one.path == "/custom"));
    let all = documents(&received);
    for row in ["/ok", "/fail"] {
        let counts = points(&all, "katydid.requests", Some(row));
        assert_eq!(
            counts.iter().map(|point| point["value"].as_u64().expect("a number")).sum::<u64>(),
            ran.requests(row)
        );
        assert!(counts.windows(2).all(|pair| pair[1]["start"] == pair[0]["time"]) && counts[0]["temporality"] == 1);
        let times = points(&all, "katydid.response_time", Some(row));
        assert_eq!(
            times.iter().map(|point| point["count"].as_u64().expect("a number")).sum::<u64>(),
            ran.requests(row)
        );
    }
    let stderr = err(&ran.output);
    assert!(stderr.contains("OpenTelemetry: 3 of 3 requests delivered, 7 points dropped: too old"), "{stderr}");
}

#[test]
fn only_some_statuses_are_retried_and_settings_are_checked() {
    let server = Server::start();
    let busy = Receiver::start(|n| {
        Some((if n == 0 { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK }, Vec::new(), String::new()))
    });
    Ran::new(&scenario(&server), &format!("-t 2s --otel --otlp-endpoint {}", busy.url("")));
    let received = busy.received();
    assert!(received.len() == 3 && received[0].body == received[1].body, "one is sent again: {}", received.len());
    let broken = Receiver::start(|_| Some((StatusCode::INTERNAL_SERVER_ERROR, Vec::new(), String::new())));
    Ran::new(&scenario(&server), &format!("-t 2s --otel --otlp-endpoint {}", broken.url("")));
    assert_eq!(broken.received().len(), 2, "500 is not retried");
    for (flags, expected) in [
        ("--otlp-endpoint http://127.0.0.1:9", "otlp_endpoint has no effect without otel"),
        (
            "--otel --otlp-protocol grpc",
            "only http/protobuf is supported, found \"grpc\"; collectors receive it at port 4318",
        ),
        ("--otel --otlp-headers key", "otlp_headers: expected NAME=VALUE"),
        ("--otel --otel-resource-attributes key", "otel_resource_attributes: expected NAME=VALUE"),
        ("--otel --otlp-temporality both", "expected one of cumulative, delta, found \"both\""),
    ] {
        let ran = Ran::new(&scenario(&server), &format!("-t 2s {flags}"));
        assert_eq!(ran.output.status.code(), Some(2), "{flags}: {}", err(&ran.output));
        assert!(err(&ran.output).contains(expected), "{flags}: {}", err(&ran.output));
    }
    // Variables for other programs turn nothing on.
    let ran = Ran::with(&scenario(&server), "-t 1s", |command| {
        command.env("OTEL_EXPORTER_OTLP_ENDPOINT", broken.url("")).env("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");
    });
    assert!(!err(&ran.output).contains("OpenTelemetry") && broken.received().len() == 2, "{}", err(&ran.output));
}
