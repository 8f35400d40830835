//! A server that goes away in mid-run, and runs that end early: what nginx logged is what we counted, or said was cut.

use std::time::Duration;

use crate::command::{Ran, err, out, prepared, signal};
use crate::nginx::Nginx;
use crate::wait::until;

/// When nginx logged the line, in seconds.
fn second(line: &str) -> f64 {
    line.split(' ').nth(5).and_then(|n| n.parse().ok()).unwrap_or_else(|| panic!("no time in {line}"))
}

/// Most lines in a quarter of a second: a machine that stands still now and then does not change that.
fn busiest(lines: &[String]) -> usize {
    let times: Vec<f64> = lines.iter().map(|line| second(line)).collect();
    let within = |from: usize| times[from..].iter().take_while(|time| **time < times[from] + 0.25).count();
    (0..times.len()).map(within).max().unwrap_or(0)
}

#[test]
fn a_server_that_is_killed_and_started_again_is_counted_by_reason_and_survived() {
    let mut nginx = Nginx::start();
    let scenario = format!("host: {}\nwait_time: constant(20ms)\ntasks: [{{ steps: [{{ get: / }}] }}]", nginx.url());
    let folder = tempfile::tempdir().unwrap();
    let child = prepared(folder.path(), &scenario, "-u 8 -r 100 -t 10m -s 5s").spawn().unwrap();
    until("requests before the outage", || nginx.log().len() > 200);
    nginx.kill();
    let before = nginx.log();
    // The outage itself: long enough for each user to meet it again and again.
    std::thread::sleep(Duration::from_secs(1));
    nginx.revive();
    until("requests after the outage", || nginx.log().len() > before.len() + 600);
    signal("INT", child.id());
    let ran = Ran::of(child.wait_with_output().unwrap(), folder);
    assert_eq!(ran.output.status.code(), Some(1), "{}", err(&ran.output));
    let log = nginx.stop_and_read_log();
    let (all, failed) = (ran.requests("/"), ran.failed("/"));
    // At the kill nginx may have answered, but not yet logged, one request of each user.
    let good = all - failed;
    assert!((log.len() as u64..=log.len() as u64 + 8).contains(&good), "{good} good ones, {} logged", log.len());
    let failures = ran.failures("/");
    let known = |why: &str| {
        why.starts_with("connection refused")
            || why.starts_with("connection closed")
            || why.starts_with("connection reset")
    };
    assert!(failures.iter().all(|(why, _)| known(why)), "{failures:?}");
    assert_eq!(failures.iter().map(|(_, n)| n).sum::<u64>(), failed);
    let refused = failures.iter().find(|(why, _)| why == "connection refused").map_or(0, |(_, n)| *n);
    assert!(refused > 20, "8 users for a second without a server: {failures:?}");
    let (was, is) = (busiest(&before), busiest(&log[before.len()..]));
    assert!(is * 10 > was * 7, "{was} requests in a quarter of a second before, {is} after");
}

#[test]
fn what_an_early_stop_cuts_is_counted_and_said() {
    // More is asked than may pass, so that there are always requests waiting inside nginx, which logs them as 499 when
    // their client leaves.
    let nginx = Nginx::with(
        "limit_req_zone $server_port zone=slow:1m rate=40r/s;",
        "location = /slow { limit_req zone=slow burst=1000; try_files /nothing @slow; }\n\
         location @slow { return 200 'slow'; }\nlocation / { return 200 'quick'; }",
    );
    let scenario = format!("host: {}\ntasks: [{{ steps: [{{ get: /quick }}, {{ get: /slow }}] }}]", nginx.url());
    let folder = tempfile::tempdir().unwrap();
    let child = prepared(folder.path(), &scenario, "-u 60 -r 1000 -t 10m -s 500ms").spawn().unwrap();
    until("slow replies", || nginx.log().iter().filter(|line| line.contains("/slow")).count() > 20);
    signal("INT", child.id());
    let ran = Ran::of(child.wait_with_output().unwrap(), folder);
    assert_eq!(ran.output.status.code(), Some(0), "a cut is no failure: {}", err(&ran.output));
    let text = out(&ran.output);
    // After the verdict.
    let words = text.split_once("\n ! ABORTED: ").and_then(|(_, after)| after.split(' ').next());
    let cut: u64 = words.and_then(|n| n.parse().ok()).unwrap_or_else(|| panic!("no word of what was cut: {text}"));
    let log = nginx.stop_and_read_log();
    let aborted = log.iter().filter(|line| line.contains(" 499 ")).count() as u64;
    assert!(cut > 5, "{cut} were cut");
    assert_eq!(ran.requests("Aggregated") + cut, log.len() as u64, "{cut} cut, {aborted} aborted in the log");
    // The cut may meet a reply that is already on its way, which nginx logs as any other.
    assert!((1..=cut).contains(&aborted), "{cut} cut, {aborted} aborted in the log");
}
