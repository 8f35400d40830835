//! WebSocket servers that send endlessly and read nothing: memory stays bounded, and time-outs and the end of the run
//! work.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::wait::PATIENCE;

/// A frame from the server; `first` is its opcode and FIN bit.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        short @ 0..126 => frame.push(short as u8),
        long @ 126..65_536 => {
            frame.push(126);
            frame.extend_from_slice(&(long as u16).to_be_bytes());
        }
        longer => {
            frame.push(127);
            frame.extend_from_slice(&(longer as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(payload);
    frame
}

const TEXT: u8 = 0x81;
const TEXT_BEGINS: u8 = 0x01;
const TEXT_GOES_ON: u8 = 0x00;
const PING: u8 = 0x89;
const PONG: u8 = 0x8a;

/// What is sent once, and what is repeated.
fn flood(path: &str) -> (Vec<u8>, Vec<u8>) {
    let ack = frame(TEXT, br#"{"type":"connection_ack"}"#);
    let text = |text: &str| frame(TEXT, text.as_bytes());
    let (more, again) = match path {
        "pings-before-all" => return (Vec::new(), frame(PING, &[b'x'; 125])),
        "strangers-before-all" => return (Vec::new(), text(r#"{"id":"9","type":"next","payload":{}}"#)),
        "pings" => (Vec::new(), frame(PING, &[b'x'; 125])),
        "empty-pings" => (Vec::new(), frame(PING, b"")),
        "pongs" => (Vec::new(), frame(PONG, b"")),
        "strangers" => (Vec::new(), text(r#"{"id":"9","type":"complete"}"#)),
        "protocol-pings" => (Vec::new(), text(&format!(r#"{{"type":"ping","payload":"{}"}}"#, "x".repeat(100_000)))),
        "protocol-pongs" => (Vec::new(), text(r#"{"type":"pong"}"#)),
        "empty-fragments" => (frame(TEXT_BEGINS, b"x"), frame(TEXT_GOES_ON, b"")),
        "growing-fragments" => (frame(TEXT_BEGINS, b"x"), frame(TEXT_GOES_ON, &[b'x'; 60_000])),
        "huge-frame" => ([&[TEXT, 127][..], &u64::MAX.to_be_bytes()].concat(), vec![b'x'; 60_000]),
        // Just small enough.
        "long-strangers" => {
            (Vec::new(), text(&format!(r#"{{"id":"9","type":"complete","x":"{}"}}"#, "x".repeat(16_000_000))))
        }
        other => panic!("unknown: {other}"),
    };
    ([ack, more].concat(), again)
}

fn serve(mut stream: TcpStream) -> Option<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).ok()?;
    let path = head.split(' ').nth(1)?.trim_start_matches('/').to_owned();
    let key = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().starts_with("sec-websocket-key: ").then(|| &line[19..]))?;
    let (once, again) = flood(&path);
    let reply = format!(
        "HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: {}\r\n\
         sec-websocket-protocol: graphql-transport-ws\r\n\r\n",
        derive_accept_key(key.as_bytes())
    );
    stream.write_all(&[reply.as_bytes(), &once].concat()).ok()?;
    let many = again.repeat(60_000_usize.div_ceil(again.len()));
    // It never reads, neither requests nor pongs.
    while stream.write_all(&many).is_ok() {}
    None
}

fn server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || serve(stream));
        }
    });
    url
}

/// Peak memory of a process, in kB.
fn memory(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

/// Runs two users against a flood; returns the reasons of their failures, the peak memory in MB, and the output.
fn flooded(url: &str, path: &str, timeout: &str) -> (Vec<String>, u64, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let scenario = format!(
        "host: {url}\nusers: 2\nspawn_rate: 100\nrun_time: 5s\nstop_timeout: 1s\ngraphql: {{ subscriptions: /{path} }}\n\
         tasks: [{{ steps: [{{ graphql: 'subscription Flood {{ a }}', timeout: {timeout} }}, {{ stop: user }}] }}]"
    );
    std::fs::write(folder.path().join("s.yaml"), scenario).expect("a written file");
    let mut command = Command::new(env!("CARGO_BIN_EXE_katydid"));
    command.env("KATYDID_RUNS_DIR", concat!(env!("CARGO_TARGET_TMPDIR"), "/runs"));
    command.args(["-f", "s.yaml", "--headless", "--only-summary", "--threads", "1", "--csv", "out"]);
    command.env_remove("GITHUB_ACTIONS").current_dir(folder.path()).stdin(Stdio::null());
    let output = std::fs::File::create(folder.path().join("printed")).expect("a file");
    command.stdout(output.try_clone().expect("a file")).stderr(output);
    let mut child = command.spawn().expect("the program");
    let started = Instant::now();
    let mut most = 0;
    while child.try_wait().expect("a status").is_none() {
        most = most.max(memory(child.id()).unwrap_or(0));
        if started.elapsed() > PATIENCE {
            child.kill().expect("it is still there");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let printed = std::fs::read_to_string(folder.path().join("printed")).expect("a file");
    assert!(started.elapsed() < PATIENCE / 3, "{path}: {:?}\n{printed}", started.elapsed());
    let mut failures = csv::Reader::from_path(folder.path().join("out_failures.csv")).expect("a file");
    let reasons = failures.records().map(|row| row.expect("a row")[2].to_owned()).collect();
    (reasons, most / 1_024, printed)
}

#[test]
fn floods_do_not_exhaust_memory_or_block_the_end() {
    let url = server();
    let (no_event, no_ack) = ("no event within 1s", "no connection_ack within 1s");
    for (path, wanted) in [
        ("pings-before-all", no_ack),
        ("strangers-before-all", no_ack),
        // As long as the run: unread pongs must exceed what the system buffers.
        ("pings", ""),
        ("empty-pings", no_event),
        ("pongs", no_event),
        ("strangers", no_event),
        ("protocol-pings", no_event),
        ("protocol-pongs", no_event),
        ("empty-fragments", no_event),
        ("growing-fragments", "a message larger than 16 MiB"),
        ("huge-frame", "a message larger than 16 MiB"),
        ("long-strangers", no_event),
    ] {
        let (reasons, memory, printed) = flooded(&url, path, if wanted.is_empty() { "10m" } else { "1s" });
        assert_eq!(reasons.join("; "), wanted, "{path}\n{printed}");
        // Two users may each have a fragmented message of 16 MiB.
        let most = if ["growing-fragments", "long-strangers"].contains(&path) { 200 } else { 60 };
        assert!(memory < most, "{path}: {memory} MB\n{printed}");
    }
}
