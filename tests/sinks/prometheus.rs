//! The Prometheus endpoint: format, figures, limits, and errors before the run.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStderr};

use serde_json::Value;

use crate::command::{Ran, err, prepared, signal};
use crate::common::Server;
use crate::common::wait::{PATIENCE, found};
use crate::python;

const OPEN_METRICS: &str = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5";

/// A run with an endpoint on a free port.
struct Scraped {
    child: Child,
    address: String,
    folder: tempfile::TempDir,
    stderr: BufReader<ChildStderr>,
}

impl Scraped {
    fn start(scenario: &str, flags: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut child = prepared(folder.path(), scenario, &format!("--metrics 127.0.0.1:0 {flags}"));
        let mut child = child.spawn().expect("the command starts");
        let mut stderr = BufReader::new(child.stderr.take().expect("a pipe"));
        let mut line = String::new();
        let prefix = "serves metrics for Prometheus at http://";
        while !line.contains(prefix) {
            line.clear();
            assert!(stderr.read_line(&mut line).expect("lines") > 0, "the command ended");
        }
        let address = line.split(prefix).nth(1).and_then(|rest| rest.strip_suffix("/metrics\n"));
        let address = address.expect("an address").to_owned();
        Self { child, address, folder, stderr }
    }

    /// Status line with headers, and body, of a request.
    fn request(&self, request: &str) -> (String, String) {
        let mut stream = TcpStream::connect(&self.address).expect("an endpoint");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        stream.write_all(request.as_bytes()).expect("a request");
        let mut response = String::new();
        stream.read_to_string(&mut response).expect("a response");
        let (head, body) = response.split_once("\r\n\r\n").expect("headers");
        (head.to_owned(), body.to_owned())
    }

    fn scrape(&self) -> Metrics {
        let (head, body) = self.request("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        assert!(head.contains("Content-Type: text/plain; version=0.0.4; charset=utf-8"), "{head}");
        Metrics::parse("text", &body)
    }

    /// Stops the run, and waits for its end.
    fn end(mut self) -> Ran {
        signal("INT", self.child.id());
        let mut stderr = Vec::new();
        self.stderr.read_to_end(&mut stderr).expect("lines");
        let mut output = self.child.wait_with_output().expect("an end");
        output.stderr = stderr;
        Ran::of(output, self.folder)
    }
}

/// The metrics of a page, as parsed by Prometheus' own parser.
pub struct Metrics(Vec<Value>);

impl Metrics {
    fn parse(format: &str, body: &str) -> Self {
        let Value::Array(families) = python::json("prometheus.py", &[format], body.as_bytes()) else {
            panic!("a list")
        };
        Self(families)
    }

    /// Value of the sample with this name and these labels.
    fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let samples = self.0.iter().flat_map(|family| family["samples"].as_array().expect("a list"));
        let mut found = samples.filter(|sample| {
            sample["name"] == name && labels.iter().all(|(label, value)| sample["labels"][label] == *value)
        });
        let value = found.next().map(|sample| sample["value"].as_f64().expect("a number"));
        assert!(found.next().is_none(), "more than one {name} {labels:?}");
        value
    }

    fn count(&self, name: &str, labels: &[(&str, &str)]) -> u64 {
        self.value(name, labels).unwrap_or_else(|| panic!("no {name} {labels:?}")) as u64
    }

    fn types(&self) -> HashMap<&str, &str> {
        self.0
            .iter()
            .map(|family| (family["name"].as_str().expect("text"), family["type"].as_str().expect("text")))
            .collect()
    }
}

const OK: [(&str, &str); 2] = [("type", "GET"), ("name", "/ok")];
const FAIL: [(&str, &str); 2] = [("type", "GET"), ("name", "a \"quoted\\name\"")];

#[test]
fn metrics_equal_the_report() {
    let server = Server::start();
    // All requests are made at once; then the users wait for the end of the run.
    let scenario = format!(
        "host: {}\nusers: 4\nspawn_rate: 100\nwait_time: constant(10m)\nstop_timeout: 0s\n\
         thresholds: ['fail_ratio < 1%']\n\
         tasks: [{{ steps: [{{ get: /ok }}, {{ get: /ok }}, {{ get: /fail, name: 'a \"quoted\\name\"' }}] }}]\n",
        server.url()
    );
    let run = Scraped::start(&scenario, "");
    let metrics = found("the requests are on the page", || {
        let metrics = run.scrape();
        let requests = metrics.value("katydid_requests_total", &FAIL);
        if requests == Some(4.0) { Ok(metrics) } else { Err(format!("{requests:?}")) }
    });
    let (head, body) = run.request(&format!("GET /metrics HTTP/1.1\r\nAccept: {OPEN_METRICS}\r\n\r\n"));
    assert!(head.contains("Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8"), "{head}");
    let open = Metrics::parse("openmetrics", &body);
    let ran = run.end();

    for (labels, name) in [(OK, "/ok"), (FAIL, FAIL[1].1)] {
        for metrics in [&metrics, &open] {
            assert_eq!(metrics.count("katydid_requests_total", &labels), ran.requests(name));
            assert_eq!(metrics.count("katydid_request_failures_total", &labels), ran.failed(name));
            assert_eq!(metrics.count("katydid_response_time_seconds_count", &labels), ran.requests(name));
            let infinite = [&labels[..], &[("le", "+Inf")]].concat();
            assert_eq!(metrics.count("katydid_response_time_seconds_bucket", &infinite), ran.requests(name));
        }
        let requests = ran.requests(name) as f64;
        let mean = metrics.value("katydid_response_time_seconds_sum", &labels).expect("a sum") / requests;
        let reported: f64 = ran.row(name)["Average Response Time"].parse().expect("a number");
        assert!((mean * 1e3 - reported).abs() <= 0.001, "{mean} {reported}");
        let size: f64 = ran.row(name)["Average Content Size"].parse().expect("a number");
        assert_eq!(metrics.value("katydid_response_body_bytes_total", &labels), Some(size * requests));
    }
    assert_eq!(metrics.value("katydid_users", &[]), Some(4.0));
    assert_eq!(metrics.value("katydid_run_active", &[]), Some(1.0));
    assert_eq!(metrics.value("katydid_threshold_passes", &[]), Some(0.0));
    assert_eq!(metrics.value("katydid_service_time_seconds_count", &OK), None, "no due times");
    assert_eq!(metrics.value("katydid_run_info", &[("scenario", "run")]), Some(1.0));
    let types = open.types();
    assert_eq!((types["katydid_run"], types["katydid_requests"]), ("info", "counter"));
    assert_eq!((types["katydid_response_time_seconds"], types["katydid_users"]), ("histogram", "gauge"));
    let out = String::from_utf8_lossy(&ran.output.stdout).into_owned();
    assert!(out.contains("Prometheus: ") && out.contains(": scraped "), "{out}");
}

#[test]
fn counters_of_an_open_model_never_decrease() {
    let server = Server::start();
    let scenario = format!(
        "host: {}\narrivals: {{ rate: 50/s, max_users: 2 }}\nrun_time: 10m\n\
         tasks: [{{ steps: [{{ get: /ok }}, wait: 100ms] }}]\n",
        server.url()
    );
    let run = Scraped::start(&scenario, "");
    let names = ["katydid_requests_total", "katydid_iterations_started_total", "katydid_dropped_iterations_total"];
    let mut before = [0; 3];
    let mut growths = 0;
    found("the counters grow", || {
        let metrics = run.scrape();
        let now = names.map(|name| metrics.value(name, &[]).unwrap_or_default() as u64);
        assert!(now.iter().zip(&before).all(|(now, before)| now >= before), "{before:?} {now:?}");
        growths += u32::from(now[2] > before[2]);
        before = now;
        let service = metrics.value("katydid_service_time_seconds_count", &[]);
        let is_enough = growths >= 3 && service == metrics.value("katydid_requests_total", &[]);
        if is_enough { Ok(()) } else { Err(format!("{now:?} {service:?}")) }
    });
    assert!(run.scrape().count("katydid_schedule_delay_seconds_count", &[]) > 0);
    run.end();
}

#[test]
fn bad_clients_do_not_disturb() {
    let server = Server::start();
    let scenario = format!(
        "host: {}\nusers: 1\nwait_time: constant(50ms)\ntasks: [{{ steps: [{{ get: /ok }}] }}]\n",
        server.url()
    );
    let run = Scraped::start(&scenario, "");
    let idle: Vec<_> = (0..10).map(|_| TcpStream::connect(&run.address).expect("a connection")).collect();
    let long = format!("GET /metrics HTTP/1.1\r\nX: {}", "x".repeat(9_000));
    for (request, status) in
        [("GET / HTTP/1.1\r\n\r\n", "404"), ("POST /metrics HTTP/1.1\r\n\r\n", "405"), ("nonsense\r\n\r\n", "400")]
    {
        let (head, _) = run.request(request);
        assert!(head.starts_with(&format!("HTTP/1.1 {status}")), "{head}");
    }
    // The rest of a long request is not read, so the response may be lost.
    let mut stream = TcpStream::connect(&run.address).expect("a connection");
    stream.write_all(long.as_bytes()).expect("a request");
    let _ = stream.read_to_end(&mut Vec::new());
    found("requests are on the page", || match run.scrape().value("katydid_requests_total", &[]) {
        Some(1.0..) => Ok(()),
        other => Err(format!("{other:?}")),
    });
    drop(idle);
    assert!(run.end().requests("/ok") > 0);
}

#[test]
fn an_address_that_cannot_be_used_is_an_error_before_the_run() {
    let (server, taken) = (Server::start(), TcpListener::bind("127.0.0.1:0").expect("a port"));
    let address = taken.local_addr().expect("an address").to_string();
    let scenario = format!("host: {}\ntasks: [{{ steps: [{{ get: /ok }}] }}]\n", server.url());
    let in_use = format!("metrics: {address} is in use. Choose another port for metrics.");
    for (address, expected) in [
        (address.as_str(), in_use.as_str()),
        ("9090", "expected an IP address with a port from 0 to 65535, such as 127.0.0.1:9090, found \"9090\""),
    ] {
        let ran = Ran::new(&scenario, &format!("-t 1s --metrics {address}"));
        assert_eq!(ran.output.status.code(), Some(2), "{}", err(&ran.output));
        assert!(err(&ran.output).contains(expected), "{}", err(&ran.output));
    }
    assert_eq!(server.count(), 0);
}
