//! A subscription server that misbehaves in the way its path names.

use std::sync::{Arc, Mutex};

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role};

use crate::wait::{PATIENCE, until_in_task};

type Socket = WebSocketStream<TcpStream>;

/// Runs until the test's runtime ends.
pub struct Hostile {
    address: std::net::SocketAddr,
    /// Messages from clients, prefixed with the path.
    messages: Arc<Mutex<Vec<String>>>,
}

impl Hostile {
    /// Starts on a free port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let messages = Arc::<Mutex<Vec<String>>>::default();
        let all_messages = Arc::clone(&messages);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let messages = Arc::clone(&all_messages);
                tokio::spawn(async move { serve(stream, &messages).await });
            }
        });
        Self { address, messages }
    }

    /// Base URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The messages from clients at this path, once there are `count`.
    pub async fn messages(&self, path: &str, count: usize) -> Vec<String> {
        let prefix = format!("{path} ");
        let messages = || -> Vec<String> {
            let all = self.messages.lock().expect("no panic");
            all.iter().filter_map(|line| line.strip_prefix(&prefix).map(str::to_owned)).collect()
        };
        until_in_task("what a client says", || messages().len() >= count).await;
        messages()
    }
}

/// The value of a header.
fn header<'a>(head: &'a str, name: &str) -> &'a str {
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    lines.find(|(known, _)| known.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
}

async fn serve(mut stream: TcpStream, messages: &Mutex<Vec<String>>) -> Option<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).expect("a request");
    // Through a proxy it is the absolute URL.
    let path = head.split(' ').nth(1)?.rsplit('/').next()?.to_owned();
    let note = |text: &str| messages.lock().expect("no panic").push(format!("{path} {text}"));
    let accept = match path.as_str() {
        "wrong-accept" => "AAAAAAAAAAAAAAAAAAAAAAAAAAA=".to_owned(),
        _ => derive_accept_key(header(&head, "sec-websocket-key").as_bytes()),
    };
    if path != "login" {
        assert_eq!(header(&head, "sec-websocket-protocol"), "graphql-transport-ws");
    }
    let switch = format!(
        "HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: {accept}\r\n"
    );
    let reply = match path.as_str() {
        "login" => "HTTP/1.1 204 No Content\r\nset-cookie: sid=7; Path=/\r\nconnection: close\r\n\r\n".to_owned(),
        "ok" => "HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\nno WebSocket".to_owned(),
        "forbidden" => "HTTP/1.1 403 Forbidden\r\ncontent-length: 3\r\n\r\nno!".to_owned(),
        "no-protocol" => format!("{switch}\r\n"),
        "wrong-protocol" => format!("{switch}sec-websocket-protocol: graphql-ws\r\n\r\n"),
        "no-answer" => return std::future::pending().await,
        _ => format!("{switch}sec-websocket-protocol: graphql-transport-ws\r\n\r\n"),
    };
    stream.write_all(reply.as_bytes()).await.ok()?;
    if path == "who" {
        note(&["cookie", "authorization", "x-a"].map(|name| header(&head, name)).join("|"));
    }
    let mut socket = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
    note(&text(&mut socket).await?);
    match path.as_str() {
        "unauthorized" => return close(&mut socket, 4401, "Unauthorized").await,
        "rude" => return close(&mut socket, 4500, &format!("row 17\u{1b}[31m {}", "x".repeat(100))).await,
        "no-ack" => return std::future::pending().await,
        "gone-before-ack" => return None,
        "early" => say(&mut socket, r#"{"id":"1","type":"next","payload":{"data":{}}}"#).await,
        _ => {}
    }
    if path == "pings" {
        say(&mut socket, r#"{"type":"ping","payload":{"n":7}}"#).await;
        note(&text(&mut socket).await?);
    }
    say(&mut socket, r#"{"type":"connection_ack"}"#).await;
    if path == "deaf" {
        return std::future::pending().await;
    }
    note(&text(&mut socket).await?);
    act(&path, &mut socket, &note).await?;
    // What the client still sends, and its close frame.
    while let Some(Ok(message)) = socket.next().await {
        match message {
            Message::Text(text) => note(&text),
            Message::Close(frame) => note(&format!("close {}", frame.map_or(0, |frame| u16::from(frame.code)))),
            _ => {}
        }
    }
    Some(())
}

/// Runs the behaviour of the path; `None` drops the connection.
async fn act(path: &str, socket: &mut Socket, note: &impl Fn(&str)) -> Option<()> {
    const EVENT: &str = r#"{"id":"1","type":"next","payload":{"data":{"a":1}}}"#;
    match path {
        "garbage" => say(socket, "<html>").await,
        "unknown" => say(socket, r#"{"id":"1","type":"data","payload":{}}"#).await,
        "ack-again" => say(socket, r#"{"type":"connection_ack"}"#).await,
        "list" => {
            say(socket, r#"{"id":"1","type":"next","payload":[1]}"#).await;
            say(socket, r#"{"id":"1","type":"complete"}"#).await;
        }
        "binary" => socket.send(Message::binary(EVENT.as_bytes().to_vec())).await.ok()?,
        "huge" => {
            let text = format!(r#"{{"id":"1","type":"next","payload":{{"data":"{}"}}}}"#, "x".repeat(17 << 20));
            // The client may disconnect before it has read everything.
            let _ = socket.send(Message::text(text)).await;
        }
        "refused" => {
            let error = r#"{"message":"not for you","extensions":{"code":"FORBIDDEN"},"path":["a",0]}"#;
            say(socket, &format!(r#"{{"id":"1","type":"error","payload":[{error}]}}"#)).await;
        }
        "refused-later" => {
            say(socket, EVENT).await;
            say(socket, r#"{"id":"1","type":"error","payload":[{"message":"lost 17 rows"}]}"#).await;
        }
        "flood" => {
            for _ in 0..10_000_000 {
                socket.feed(Message::text(EVENT)).await.ok()?;
            }
        }
        "complete" | "who" => say(socket, r#"{"id":"1","type":"complete"}"#).await,
        "gone" => {
            say(socket, EVENT).await;
            say(socket, EVENT).await;
            return None;
        }
        "closed" => {
            say(socket, EVENT).await;
            close(socket, 1001, "").await?;
        }
        "pings" => {
            socket.send(Message::Ping("x".into())).await.ok()?;
            match socket.next().await? {
                Ok(Message::Pong(payload)) => note(&format!("pong {}", String::from_utf8_lossy(&payload))),
                other => note(&format!("{other:?}")),
            }
            // An unknown operation first, then ours.
            say(socket, r#"{"id":"9","type":"next","payload":{"errors":[{"message":"x"}]}}"#).await;
            say(socket, EVENT).await;
            say(socket, r#"{"id":"1","type":"complete"}"#).await;
        }
        "two" => {
            say(socket, EVENT).await;
            say(socket, EVENT).await;
        }
        // "silent" and "early"
        _ => {}
    }
    Some(())
}

async fn text(socket: &mut Socket) -> Option<String> {
    match socket.next().await? {
        Ok(Message::Text(text)) => Some(text.to_string()),
        _ => None,
    }
}

async fn say(socket: &mut Socket, text: &str) {
    // The client may have disconnected.
    let _ = socket.send(Message::text(text)).await;
}

async fn close(socket: &mut Socket, code: u16, reason: &str) -> Option<()> {
    socket.send(Message::Close(Some(CloseFrame { code: code.into(), reason: reason.into() }))).await.ok()?;
    let drained = async { while let Some(Ok(_)) = socket.next().await {} };
    let _ = tokio::time::timeout(PATIENCE, drained).await;
    None
}
