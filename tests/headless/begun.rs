//! Responses that begin and do not end: the requests fail, and the target has responded all the same.

use std::time::Duration;

use crate::command::{Ran, err, out};
use crate::raw::Raw;

#[test]
fn a_target_whose_responses_begin_is_never_said_not_to_respond() {
    for (head, is_slow, reason) in [
        ("content-length: 1000000", true, "timed out after 300ms"),
        ("transfer-encoding: chunked", true, "timed out after 300ms"),
        ("content-length: 100", false, "connection closed before the response was complete"),
        ("transfer-encoding: chunked", false, "connection closed before the response was complete"),
    ] {
        let server = Raw::start(false, move |wire, reader| {
            if reader.next(wire).is_none() {
                return;
            }
            let begin = format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n");
            let mut sent = wire.write_all(begin.as_bytes());
            // Eleven bytes: a chunk, or the beginning of a body.
            while sent.and_then(|()| wire.write_all(b"6\r\n012345\r\n").and_then(|()| wire.flush())).is_ok() && is_slow
            {
                std::thread::sleep(Duration::from_millis(20));
                sent = Ok(());
            }
        });
        let scenario = format!(
            "host: {}\ntasks: [{{ steps: [{{ get: /a, timeout: 300ms }}, {{ wait: 20ms }}] }}]\n",
            server.url()
        );
        let ran = Ran::new(&scenario, "-u 1 -t 3s -s 5s");
        let said = format!("{}{}", out(&ran.output), err(&ran.output));
        let failures = ran.failures("/a");
        assert!(failures.len() == 1 && failures[0].0 == reason, "{head}: {failures:?}");
        assert!(ran.requests("/a") >= 3 && ran.failed("/a") == ran.requests("/a"), "{head}: {said}");
        assert!(!said.contains("NOT RESPONDING") && !said.contains("HANGING"), "{head}: {said}");
    }
}
