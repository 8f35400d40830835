//! DogStatsD: lines as the client of the datadog package sends them, over UDP and a Unix socket.

use std::collections::BTreeMap;
use std::net::UdpSocket;
use std::os::unix::net::UnixDatagram;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::command::{Ran, err};
use crate::common::Server;
use crate::python;

fn scenario(server: &Server) -> String {
    format!(
        "name: 'shop | ünïcode'\nhost: {}\nusers: 3\nspawn_rate: 2\nwait_time: constant(20ms)\nthresholds: ['fail_ratio < 1%']\n\
         tasks: [{{ steps: [{{ get: /ok, name: '/a,b|c#d' }}, {{ get: /fail }}] }}]\n",
        server.url()
    )
}

/// Collects datagrams until the returned function is called, which returns them.
fn collect(receive: impl Fn(&mut [u8]) -> std::io::Result<usize> + Send + 'static) -> impl FnOnce() -> Vec<String> {
    let (stop, stopped) = mpsc::channel::<()>();
    let thread = std::thread::spawn(move || {
        let (mut all, mut buffer) = (Vec::new(), vec![0; 65_536]);
        loop {
            match receive(&mut buffer) {
                Ok(length) => all.push(String::from_utf8(buffer[..length].to_vec()).expect("UTF-8")),
                // The time-out of the socket: everything that was sent has been read.
                Err(_) if stopped.try_recv().is_ok() => return all,
                Err(_) => {}
            }
        }
    });
    move || {
        stop.send(()).expect("a thread");
        thread.join().expect("datagrams")
    }
}

/// The call of the datadog package that a line is the result of.
fn call(line: &str) -> Value {
    let (head, tags) = line.rsplit_once("|#").expect("tags");
    let tags: Vec<&str> = tags.split(',').collect();
    if let Some(event) = head.strip_prefix("_e{") {
        let (lengths, rest) = event.split_once("}:").expect("lengths");
        let (title, text) = lengths.split_once(',').expect("two lengths");
        let [title, text]: [usize; 2] = [title, text].map(|length| length.parse().expect("a number"));
        let fields: BTreeMap<&str, &str> =
            rest[title + 1 + text + 1..].split('|').map(|field| field.split_once(':').expect("a field")).collect();
        let plain = |text: &str| text.replace("\\n", "\n");
        return json!({
            "event": true,
            "title": plain(&rest[..title]),
            "text": plain(&rest[title + 1..title + 1 + text]),
            "at": fields["d"].parse::<u64>().expect("a time"),
            "key": fields["k"],
            "type": fields["t"],
            "tags": tags,
        });
    }
    let (name, rest) = head.split_once(':').expect("a name");
    let (value, kind) = rest.split_once('|').expect("a type");
    let value: Value = serde_json::from_str(value).expect("one number");
    json!({ "kind": kind, "name": name, "value": value, "tags": tags })
}

/// Lines with a single value: the client of the package sends one value a call, the protocol allows several.
fn single_values(line: &str) -> Vec<String> {
    let Some((head, tags)) = line.split_once("|d|#") else { return vec![line.to_owned()] };
    let (name, values) = head.split_once(':').expect("a name");
    values.split(':').map(|value| format!("{name}:{value}|d|#{tags}")).collect()
}

fn check(datagrams: &[String], ran: &Ran, limit: usize) {
    assert!(datagrams.len() > 3 && datagrams.iter().all(|datagram| datagram.len() <= limit), "{}", err(&ran.output));
    let lines: Vec<String> = datagrams.iter().flat_map(|datagram| datagram.lines()).flat_map(single_values).collect();
    let calls: Value = lines.iter().map(|line| call(line)).collect();
    let theirs = python::json("dogstatsd.py", &[], calls.to_string().as_bytes());
    for (ours, theirs) in lines.iter().zip(theirs.as_array().expect("a list")) {
        assert_eq!(ours, theirs.as_str().expect("text"));
    }
    let counted = lines.iter().filter(|line| line.starts_with("locust.request.count:"));
    let sum: u64 = counted.map(|line| call(line)["value"].as_u64().expect("a number")).sum();
    assert_eq!(sum.to_string(), ran.row("Aggregated")["Request Count"]);
    let events: Vec<&String> = lines.iter().filter(|line| line.starts_with("_e{")).collect();
    assert!(events.len() == 3, "start, threshold, end: {events:?}");
    assert!(lines.iter().any(|line| line.contains("endpoint:/a_b_c_d")), "separators in names are replaced");
}

#[test]
fn lines_are_those_of_the_datadog_package() {
    let server = Server::start();
    let udp = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    udp.set_read_timeout(Some(Duration::from_millis(200))).expect("a time-out");
    let address = udp.local_addr().expect("an address");
    let datagrams = collect(move |buffer| udp.recv(buffer));
    let ran = Ran::new(&scenario(&server), &format!("-t 3s --dogstatsd {address}"));
    check(&datagrams(), &ran, 1_432);

    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("dsd.socket");
    let unix = UnixDatagram::bind(&path).expect("a socket");
    unix.set_read_timeout(Some(Duration::from_millis(200))).expect("a time-out");
    let datagrams = collect(move |buffer| unix.recv(buffer));
    let ran = Ran::new(&scenario(&server), &format!("-t 3s --dogstatsd unix://{}", path.display()));
    check(&datagrams(), &ran, 8_192);
    let stdout = String::from_utf8_lossy(&ran.output.stdout).into_owned();
    assert!(stdout.contains("DogStatsD: "), "{stdout}");
}

/// Nothing else than metrics is lost.
#[test]
fn agents_that_do_not_read_or_are_not_there_lose_metrics() {
    let (server, folder) = (Server::start(), tempfile::tempdir().expect("a folder"));
    let (unread, missing) = (folder.path().join("dsd.socket"), folder.path().join("none.socket"));
    let _socket = UnixDatagram::bind(&unread).expect("a socket");
    // Fill the queue of the socket, so that nothing more fits.
    let filler = UnixDatagram::unbound().expect("a socket");
    filler.set_nonblocking(true).expect("a socket");
    while filler.send_to(&[0; 1_024], &unread).is_ok() {}
    for (path, why) in [(unread, "timed out"), (missing, "No such file")] {
        let started = Instant::now();
        let ran = Ran::new(&scenario(&server), &format!("-t 2s --dogstatsd {}", path.display()));
        let stderr = err(&ran.output);
        let line = stderr.lines().find(|line| line.contains("DogStatsD: 0 of ")).unwrap_or_else(|| panic!("{stderr}"));
        assert!(line.contains("points dropped") && line.contains(why), "{line}");
        assert!(matches!(ran.output.status.code(), Some(3 | 5)), "{stderr}");
        assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
    }
}

#[test]
fn what_no_agent_receives_is_not_counted_as_sent() {
    let server = Server::start();
    let unused = UdpSocket::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    for (address, why) in [
        (unused.to_string(), "connection refused"),
        ("unix:///etc/passwd".to_owned(), "/etc/passwd is not a socket"),
        ("agent.invalid".to_owned(), "name not resolved: "),
    ] {
        let ran = Ran::new(&scenario(&server), &format!("-t 1s --dogstatsd {address}"));
        let stderr = err(&ran.output);
        let line = stderr.lines().find(|line| line.contains("DogStatsD: ") && line.contains(" of "));
        let line = line.unwrap_or_else(|| panic!("{address}: {stderr}"));
        assert!(line.contains("DogStatsD: 0 of ") && line.contains(" datagrams sent, "), "{line}");
        assert!(line.contains(why) && !line.contains("os error"), "{line}");
    }
}
