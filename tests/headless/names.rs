//! Host names: who does not know one must not hold up the run, nor its end.

use std::time::{Duration, Instant};

use crate::command::Ran;
use crate::nginx::Nginx;

#[test]
fn a_name_that_nobody_knows_is_called_that() {
    let scenario = "host: http://shop.invalid\ntasks: [{ steps: [{ get: /a }, { wait: 20ms }] }]";
    let ran = Ran::new(scenario, "-u 50 -r 1000 -t 1s -s 5s --no-preflight");
    assert_eq!(ran.failures("/a"), [("name not resolved: unknown host name".to_owned(), ran.requests("/a"))]);
    assert!(ran.requests("/a") >= 50);
}

#[test]
fn a_name_server_that_does_not_answer_holds_neither_users_nor_the_end() {
    // What the machine's own name server says of it, and whether it answers at all, is its business.
    let name = format!("http://katydid-{}.example", std::process::id());
    let scenario = format!(
        "host: {name}\ndefaults: {{ timeout: 500ms }}\ntasks: [{{ steps: [{{ get: /a }}, {{ wait: 20ms }}] }}]"
    );
    let started = Instant::now();
    let ran = Ran::new(&scenario, "-u 200 -r 1000 -t 2s -s 1s --no-preflight");
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
    let failures = ran.failures("/a");
    let plain = |why: &str| why.starts_with("name not resolved: ") || why == "timed out after 500ms";
    assert!(!failures.is_empty() && failures.iter().all(|(why, _)| plain(why)), "{failures:?}");
    // The rate is that of the run's two seconds.
    let rate: f64 = ran.row("/a")["Requests/s"].parse().expect("a rate");
    let seconds = ran.requests("/a") as f64 / rate;
    assert!((1.9..3.6).contains(&seconds), "{seconds}");
}

#[test]
fn localhost_and_numbers_need_no_name_server() {
    let nginx = Nginx::start();
    let port = nginx.url().rsplit_once(':').expect("a port").1.to_owned();
    for host in ["localhost", "LocalHost", "127.0.0.1"] {
        let scenario = format!("host: http://{host}:{port}\ntasks: [{{ steps: [{{ get: /a }}, {{ wait: 20ms }}] }}]");
        let ran = Ran::new(&scenario, "-u 1 -t 1s");
        assert_eq!(ran.failures("/a"), [], "{host}");
        assert!(ran.requests("/a") > 3, "{host}");
    }
}
