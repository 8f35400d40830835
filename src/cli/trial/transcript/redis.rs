//! Redis steps in the transcript: the command as sent, and the response as received.

use std::borrow::Cow;

use unicode_width::UnicodeWidthStr as _;

use super::{Transcript, more};
use crate::cli::trial::paint::Role;
use crate::protocol::redis::words::{quoted, without_passwords};
use crate::protocol::trace::{RedisResponse, TraceEvent};
use crate::units;

/// Maximum arguments of a command that are printed on separate lines.
const WORDS: usize = 12;
/// Maximum cells of a string that is printed on the line of the response.
const SHORT: usize = 50;

impl Transcript {
    /// Prints a Redis command and its responses.
    pub(super) fn redis(&self, event: &TraceEvent<'_>) {
        match event {
            TraceEvent::Command(words) => self.command(words),
            TraceEvent::Message { verb, channel, payload, more: besides } => {
                self.request(&format!("{verb} {}", quoted(channel)));
                match str::from_utf8(payload) {
                    Ok(_) => self.text("> ", payload),
                    Err(_) => {
                        let bytes = units::counted(payload.len() as u64, "byte");
                        self.line(4, "> ", &format!("({bytes} that are not text)"), Some(Role::Quiet));
                    }
                }
                if !besides.is_empty() {
                    self.line(4, "> ", &format!("({besides})"), Some(Role::Quiet));
                }
            }
            TraceEvent::Subscribe { verb, names } => {
                let names: Vec<_> = names.iter().map(|name| quoted(name)).collect();
                self.request(&format!("{verb} {}", names.join(" ")));
            }
            TraceEvent::Unsubscribe(names) => {
                let names: Vec<_> = names.iter().map(|name| quoted(name)).collect();
                let what = if names.is_empty() { "everything".to_owned() } else { names.join(" ") };
                self.line(2, "- ", &format!("unsubscribe from {what}"), Some(Role::Quiet));
            }
            TraceEvent::RedisResponse { response, took, bytes } => {
                let after = format!("after {}", units::latency(*took));
                self.redis_response(response, &after, &units::bytes(*bytes));
            }
            _ => {}
        }
    }

    pub(super) fn request(&self, words: &str) {
        more(&self.requests);
        self.blank();
        self.line(2, "", words, Some(Role::Strong));
    }

    /// Prints the command on one line if it fits; otherwise each argument that does not fit is on its own lines.
    fn command(&self, words: &[Vec<u8>]) {
        let words = without_passwords(words);
        let shown: Vec<Cow<'_, str>> = words.iter().map(|word| quoted(word)).collect();
        let mut line = String::new();
        let mut fitting = 0;
        for word in &shown {
            if fitting > 0 && line.width() + word.width() + 3 > self.width {
                break;
            }
            line = if fitting == 0 { word.to_string() } else { format!("{line} {word}") };
            fitting += 1;
        }
        let rest = words.get(fitting..).unwrap_or_default();
        self.request(&if rest.is_empty() { line } else { format!("{line} …") });
        for word in rest.iter().take(WORDS) {
            self.text("> ", word.as_bytes());
        }
        if rest.len() > WORDS {
            self.line(4, "> ", &format!("… {} words in all", words.len()), Some(Role::Quiet));
        }
    }

    fn redis_response(&self, response: &RedisResponse<'_>, after: &str, size: &str) {
        let list = |one: &str, n: usize| format!("{one} of {n}");
        let (words, whole) = match response {
            RedisResponse::Receivers(1) => ("1 receiver".to_owned(), Cow::Borrowed(&b""[..])),
            RedisResponse::Receivers(n) => (format!("{n} receivers"), Cow::Borrowed(&b""[..])),
            RedisResponse::Confirmed => ("confirmed".to_owned(), Cow::Borrowed(&b""[..])),
            RedisResponse::Text(text) => match std::str::from_utf8(text) {
                Ok(short) if short.width() <= SHORT && !short.contains('\n') => {
                    (quoted(short).into_owned(), Cow::Borrowed(&b""[..]))
                }
                Ok(_) => ("a text".to_owned(), Cow::Borrowed(*text)),
                Err(_) => ("bytes".to_owned(), Cow::Borrowed(*text)),
            },
            RedisResponse::Other(json) => match json {
                serde_json::Value::Null => ("nil".to_owned(), Cow::Borrowed(&b""[..])),
                serde_json::Value::Array(items) => {
                    (list("a list", items.len()), Cow::Owned(json.to_string().into_bytes()))
                }
                serde_json::Value::Object(pairs) => {
                    (list("a map", pairs.len()), Cow::Owned(json.to_string().into_bytes()))
                }
                scalar => (scalar.to_string(), Cow::Borrowed(&b""[..])),
            },
        };
        let size = if matches!(response, RedisResponse::Text(_) | RedisResponse::Other(_)) {
            format!(", {size}")
        } else {
            String::new()
        };
        self.line(4, "< ", &format!("{words}, {after}{size}"), Some(Role::Good));
        self.text("< ", &whole);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::cli::trial::transcript::tests::printed;

    fn words(line: &str) -> Vec<Vec<u8>> {
        line.split(' ').map(|word| word.as_bytes().to_vec()).collect()
    }

    #[test]
    fn a_command_is_shown_with_its_arguments_and_without_its_passwords() {
        for (line, wanted) in [
            ("GET user:1", "  GET user:1\n"),
            ("AUTH bob pw", "  AUTH *** ***\n"),
            ("HELLO 3 AUTH bob pw SETNAME x", "  HELLO 3 AUTH *** *** SETNAME x\n"),
            ("CONFIG SET requirepass pw", "  CONFIG SET requirepass ***\n"),
            ("ACL SETUSER bob >pw on", "  ACL SETUSER bob *** on\n"),
            ("SET hunter22 x", "  SET *** x\n"),
        ] {
            let text = printed(|t| t.redis(&TraceEvent::Command(words(line))));
            assert!(text.ends_with(wanted), "{line}: {text}");
        }
        let text = printed(|t| t.redis(&TraceEvent::Command(vec![b"SET".to_vec(), b"a b".to_vec(), Vec::new()])));
        assert!(text.ends_with("  SET \"a b\" \"\"\n"), "{text}");
        let long = vec![b"SET".to_vec(), b"k".to_vec(), br#"{"item":"a long lantern","price":12}"#.to_vec()];
        let text = printed(|t| t.redis(&TraceEvent::Command(long)));
        assert!(text.contains("  SET k …\n") && text.contains(">   \"price\": 12"), "{text}");
        let many = printed(|t| t.redis(&TraceEvent::Command(words(&"MSET ".repeat(60)))));
        assert!(many.contains("61 words in all") && many.lines().count() < 20, "{many}");
    }

    #[test]
    fn a_message_is_shown_with_its_delivery() {
        let text = printed(|t| {
            let more = "padded to 512 bytes".to_owned();
            t.redis(&TraceEvent::Message { verb: "PUBLISH", channel: "orders:7", payload: br#"{"order":7}"#, more });
            t.redis(&TraceEvent::RedisResponse {
                response: RedisResponse::Receivers(3),
                took: Duration::from_millis(2),
                bytes: 4,
            });
        });
        for wanted in
            ["  PUBLISH orders:7\n", ">   \"order\": 7", "> (padded to 512 bytes)", "< 3 receivers, after 2.0ms\n"]
        {
            assert!(text.contains(wanted), "{wanted}:\n{text}");
        }
    }

    #[test]
    fn responses_are_shown_by_type() {
        let list = serde_json::json!(["a", 1]);
        for (response, wanted) in [
            (RedisResponse::Text(b"OK"), "< OK, after 1.0ms, 5 B\n"),
            (RedisResponse::Text(b""), "< \"\", after"),
            (
                RedisResponse::Text(br#"{"total":12,"lines":[1,2,3],"customer":"somebody with a name"}"#),
                "<   \"total\": 12",
            ),
            (RedisResponse::Text(&[0xff, 0xfe]), "< (2 B of something"),
            (RedisResponse::Other(serde_json::Value::Null), "< nil, after"),
            (RedisResponse::Other(7.into()), "< 7, after"),
            (RedisResponse::Other(list), "< a list of 2, after"),
            (RedisResponse::Confirmed, "< confirmed, after 1.0ms\n"),
        ] {
            let name = format!("{response:?}");
            let text =
                printed(|t| t.redis(&TraceEvent::RedisResponse { response, took: Duration::from_millis(1), bytes: 5 }));
            assert!(text.contains(wanted), "{name}: {text}");
        }
    }
}
