//! Unusual responses, row by row: katydid and curl get the same bytes from the same server, and must agree on status,
//! body and cookies. Over HTTP, HTTPS and HTTP/2.
//!
//! Where the two differ intentionally, the row has the expected outcome and the reason.

#[path = "common/authority.rs"]
mod authority;
#[path = "http_odd/clients.rs"]
mod clients;
#[path = "http_odd/rows.rs"]
mod rows;
#[path = "http_odd/server.rs"]
mod server;

use rows::{Expected, Row};
use server::{Server, Wire};

/// The outcome of a row for a client.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Outcome {
    Failed,
    /// Status, body, and path and cookies of the following request.
    Got(u16, String, String),
}

impl Outcome {
    fn new(status: &str, body: &str, after: &str) -> Self {
        // Percent-encoding may be in either case, and invalid UTF-8 is replaced byte by byte or in groups.
        let same = |text: &str| text.to_lowercase().replace('\u{fffd}', "?");
        Outcome::Got(status.parse().unwrap_or(0), same(body), same(after))
    }
}

fn compare(wire: Wire) {
    let rows: Vec<Row> = rows::all().into_iter().filter(|row| wire != Wire::H2 || row.in_http2).collect();
    assert!(rows.len() >= if wire == Wire::H2 { 40 } else { 100 }, "only {} rows", rows.len());
    let server = Server::start(wire, rows.clone());
    let ours = clients::katydid(&server, rows.len());
    let mut wrong = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        let curl = clients::curl(&server, at);
        let ours = ours.get(&at).cloned().unwrap_or(Outcome::Failed);
        match &row.expected {
            Expected::Same if ours == curl => {}
            Expected::Same => wrong.push(format!("{}:\n   ours {ours:?}\n   curl {curl:?}", row.name)),
            Expected::Ours { outcome, why } => {
                if ours != *outcome {
                    wrong.push(format!("{}:\n   ours {ours:?}\n wanted {outcome:?} ({why})", row.name));
                }
                // Fails if the outcomes no longer differ.
                if curl == *outcome && wire == Wire::Plain {
                    wrong.push(format!("{}: curl does the same", row.name));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {} over {wire:?}:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}

#[test]
fn over_http_as_with_curl() {
    compare(Wire::Plain);
}

#[test]
fn over_https_as_with_curl() {
    compare(Wire::Tls);
}

#[test]
fn over_http_2_as_with_curl() {
    compare(Wire::H2);
}
