//! What HTTP asks of a client, with nginx's access log as the witness.

use std::collections::{HashMap, HashSet};

use crate::command::Ran;
use crate::nginx::Nginx;

fn count(log: &[String], part: &str) -> u64 {
    log.iter().filter(|line| line.contains(part)).count() as u64
}

#[test]
fn tls_and_both_versions_of_http_with_a_private_authority() {
    for (version_2, protocol) in [(true, "HTTP/2.0"), (false, "HTTP/1.1")] {
        let nginx = Nginx::secure(version_2, "location / { return 200 'hello'; }");
        let scenario = format!(
            "host: {}\nwait_time: constant(20ms)\ntasks: [{{ steps: [{{ get: /a }}, {{ post: /b, json: {{ n: 1 }} }}] }}]",
            nginx.url()
        );
        let authority = nginx.file("ca.pem");
        let ran = Ran::with(&scenario, "-u 3 -r 100 -t 1s -s 5s", |c| {
            c.env("SSL_CERT_FILE", authority);
        });
        assert_eq!(ran.output.status.code(), Some(0), "{:?}", ran.failures("/a"));
        let untrusted = Ran::with(&scenario, "-u 1 -t 1s --no-preflight", |c| {
            c.env_remove("SSL_CERT_FILE").env_remove("SSL_CERT_DIR");
        });
        let (reason, _) = &untrusted.failures("/a")[0];
        assert!(reason.starts_with("TLS failed: "), "{reason}");
        assert_eq!(untrusted.failed("Aggregated"), untrusted.requests("Aggregated"));
        let log = nginx.stop_and_read_log();
        assert!(log.len() > 20, "only {} requests", log.len());
        assert_eq!(count(&log, protocol), log.len() as u64, "{}", log[0]);
        assert_eq!(ran.requests("/a"), count(&log, "GET /a "));
        assert_eq!(ran.requests("/b"), count(&log, "POST /b "));
    }
}

#[test]
fn redirects_are_followed_as_browsers_do() {
    for secure in [false, true] {
        follow_redirects(secure);
    }
}

fn follow_redirects(secure: bool) {
    let other = Nginx::with("", "location / { return 200 'other'; }");
    let mut server = String::from("location / { return 200 'there'; }\n");
    for code in [301, 302, 303, 307, 308] {
        // Without a scheme nginx would write its own; a relative one is a path.
        server.push_str(&format!(
            "location = /from{code} {{ absolute_redirect off; return {code} /to{code}?with=query; }}\n"
        ));
    }
    server.push_str("location = /loop { return 302 /loop; }\n");
    server.push_str(&format!("location = /away {{ return 302 {}/landed; }}\n", other.url()));
    server.push_str("location = /nowhere { return 302 http://127.0.0.1:1/; }\n");
    let nginx = if secure { Nginx::secure(true, &server) } else { Nginx::with("", &server) };
    let mut steps = String::new();
    for code in [301, 302, 303, 307, 308] {
        steps.push_str(&format!("      - post: /from{code}\n        json: {{ a: 1 }}\n"));
    }
    let scenario = format!(
        "host: {}\nwait_time: constant(20ms)\ntasks:\n  - steps:\n{steps}      - get: /loop\n      - get: /away\n      - get: /nowhere\n",
        nginx.url()
    );
    let authority = nginx.file("ca.pem");
    let ran = Ran::with(&scenario, "-u 1 -t 1s -s 5s", |c| {
        if secure {
            c.env("SSL_CERT_FILE", authority);
        }
    });
    let (log, other) = (nginx.stop_and_read_log(), other.stop_and_read_log());
    for (code, method) in [(301, "GET"), (302, "GET"), (303, "GET"), (307, "POST"), (308, "POST")] {
        let name = format!("/from{code}");
        let asked = ran.requests(&name);
        assert!(asked > 0 && ran.failed(&name) == 0, "{code}: {:?}", ran.failures(&name));
        assert_eq!(count(&log, &format!("POST /from{code} ")), asked, "{code}");
        assert_eq!(count(&log, &format!("{method} /to{code}?with=query ")), asked, "{code} becomes {method}");
    }
    let loops = ran.requests("/loop");
    assert_eq!(ran.failures("/loop"), [("too many redirects".to_owned(), loops)]);
    assert_eq!(count(&log, "GET /loop "), loops * 31, "the first and 30 redirects");
    assert_eq!(ran.failed("/away"), 0);
    assert_eq!(count(&other, "GET /landed "), ran.requests("/away"));
    assert_eq!(ran.failures("/nowhere"), [("connection refused".to_owned(), ran.requests("/nowhere"))]);
}

#[test]
fn a_request_with_a_connection_of_its_own_leaves_the_others_alone() {
    let nginx =
        Nginx::with("log_format who '$connection $uri';", "access_log who.log who; location / { return 200 'x'; }");
    let scenario = format!(
        "host: {}\nwait_time: constant(20ms)\ntasks: [{{ steps: [{{ get: /kept }}, {{ get: /own, connections: per_request }}, {{ get: /kept }}] }}]",
        nginx.url()
    );
    let ran = Ran::new(&scenario, "-u 1 -t 1s -s 5s");
    let log = std::fs::read_to_string(nginx.file("who.log")).unwrap();
    let of = |uri: &str| -> Vec<&str> { log.lines().filter_map(|line| line.strip_suffix(uri)).collect() };
    let (kept, own) = (of(" /kept"), of(" /own"));
    let different = |all: &[&str]| all.iter().collect::<HashSet<_>>().len();
    assert_eq!((different(&kept), different(&own)), (1, own.len()), "{log}");
    assert_eq!((kept.len() as u64, own.len() as u64), (ran.requests("/kept"), ran.requests("/own")));
    assert!(own.len() > 5 && !own.contains(&kept[0]), "{log}");
}

#[test]
fn cookies_come_back_from_the_user_who_got_them() {
    // nginx's own numbers: every connection has another one, and every user has a connection of its own.
    let nginx = Nginx::with(
        "",
        "location = /login { add_header Set-Cookie 'session=s$connection; Path=/'; return 200 'in'; }\n\
         location = /logout { add_header Set-Cookie 'session=gone; Path=/; Max-Age=0'; return 200 'out'; }\n\
         location = /narrow { add_header Set-Cookie 'narrow=1; Path=/narrow'; return 200 'x'; }\n\
         location / { return 200 'page'; }",
    );
    let scenario = format!(
        "host: {}\nwait_time: constant(20ms)\non_start: [{{ get: /before }}, {{ get: /login }}, {{ get: /narrow }}]\n\
         tasks: [{{ steps: [{{ get: /page }}] }}]\non_stop: [{{ get: /logout }}, {{ get: /after }}]",
        nginx.url()
    );
    let ran = Ran::new(&scenario, "-u 4 -r 100 -t 1s -s 5s");
    assert_eq!(ran.output.status.code(), Some(0));
    let log = nginx.stop_and_read_log();
    let cookie = |line: &str| line.split("cookie=[").nth(1).and_then(|rest| rest.split(']').next()).unwrap().to_owned();
    for line in &log {
        let nothing = line.contains(" /before ") || line.contains(" /login ") || line.contains(" /after ");
        assert_eq!(cookie(line) == "-", nothing, "{line}");
        assert!(!cookie(line).contains("narrow"), "another path's cookie: {line}");
    }
    let pages: Vec<String> = log.iter().filter(|line| line.contains(" /page ")).map(|line| cookie(line)).collect();
    let mut users: HashMap<&str, u64> = HashMap::new();
    pages.iter().for_each(|cookie| *users.entry(cookie).or_default() += 1);
    assert_eq!(users.len(), 4, "four users, four sessions: {users:?}");
    assert!(users.values().all(|n| *n > 5) && users.keys().all(|c| c.starts_with("session=s")), "{users:?}");
    assert_eq!(pages.len() as u64, ran.requests("/page"));
    let left: HashSet<String> = log.iter().filter(|l| l.contains(" /logout ")).map(|l| cookie(l)).collect();
    assert_eq!(left.len(), 4);
}

#[test]
fn compression_is_offered_and_undone() {
    let nginx = Nginx::with(
        "gzip on; gzip_min_length 10; gzip_types text/plain; default_type text/plain;",
        "root FOLDER; location = /plain.txt { gzip off; }",
    );
    let size = 100_000;
    for name in ["zipped.txt", "plain.txt"] {
        std::fs::write(nginx.file(name), "katydid ".repeat(size / 8)).unwrap();
    }
    let scenario = format!(
        "host: {}\nwait_time: constant(20ms)\ntasks: [{{ steps: [{{ get: /zipped.txt }}, {{ get: /plain.txt }}] }}]",
        nginx.url()
    );
    let ran = Ran::new(&scenario, "-u 1 -t 1s -s 5s");
    assert_eq!(ran.output.status.code(), Some(0));
    for line in nginx.stop_and_read_log() {
        let sent: usize = line.split(' ').nth(4).unwrap().parse().unwrap();
        assert_eq!(sent < size / 10, line.contains("/zipped.txt"), "{line}");
        assert!(line.contains("gzip") && line.contains("br") && line.contains("accepts=["), "{line}");
    }
    for name in ["/zipped.txt", "/plain.txt"] {
        assert_eq!(ran.number(name, "Average Content Size"), size as u64, "{name}: what a reader of the page gets");
    }
}
