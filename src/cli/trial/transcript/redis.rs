//! Redis steps in the transcript: the command as sent, and the response as received.

use std::borrow::Cow;

use unicode_width::UnicodeWidthStr as _;

use super::{Transcript, more};
use crate::cli::trial::paint::Role;
use crate::protocol::redis::words::{quoted, without_passwords};
use crate::protocol::result::StepResult;
use crate::protocol::trace::{RedisResponse, TraceEvent};
use crate::stats::Reason;
use crate::units;

/// Maximum arguments of a command that are printed on separate lines.
const WORDS: usize = 12;
/// Start of the expectation of a number of receivers.
const RECEIVERS: &str = "receivers ";
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
                self.has_subscribed.set(true);
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

    /// True for a message that was published while no user subscribes: only its number of receivers is unexpected.
    pub(super) fn is_unjudged(&self, result: &StepResult) -> bool {
        let of_receivers = |reason: &Reason| matches!(reason, Reason::Unmet(words) if words.starts_with(RECEIVERS));
        !self.has_subscribed.get() && result.failure().is_some_and(|failure| of_receivers(&failure.reason))
    }

    /// Prints an expectation of receivers that a trial cannot judge.
    pub(super) fn unjudged(&self, words: &str, got: &str) {
        more(&self.unjudged);
        self.line(4, "- ", &format!("not judged: {words}, got {got}"), Some(Role::Quiet));
        self.line(6, "", "a trial runs one user, and no subscriber", Some(Role::Quiet));
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
            if fitting > 0 && self.width.is_some_and(|width| line.width() + word.width() + 3 > width) {
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
    use crate::cli::trial::transcript::tests::{printed, printed_in};
    use crate::protocol::trace::Trace as _;

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
        let whole = printed_in(None, |t| t.redis(&TraceEvent::Command(words(&"MSET ".repeat(60)))));
        assert_eq!(whole.matches("MSET").count(), 60, "{whole}");
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
    fn receivers_are_judged_only_if_the_trial_has_a_subscriber() {
        let published = |t: &Transcript| {
            let mut result = StepResult::new(None, None, true);
            let words: std::sync::Arc<str> = "receivers >= 1".into();
            result.check(|| crate::protocol::result::Check { words: words.clone(), got: Some("0".to_owned()) });
            result.fail(Reason::Unmet(words), crate::stats::Example::default());
            t.trace(&TraceEvent::Request("PUBLISH c"));
            t.trace(&TraceEvent::Finished(&result));
        };
        let alone = printed(|t| {
            published(t);
            assert!(t.summary(1));
        });
        for wanted in ["- not judged: receivers >= 1, got 0", "a trial runs one user", "0 failed"] {
            assert!(alone.contains(wanted), "{wanted}: {alone}");
        }
        let subscribed = printed(|t| {
            t.trace(&TraceEvent::Subscribe { verb: "SUBSCRIBE", names: vec!["c"] });
            published(t);
            assert!(!t.summary(1));
        });
        assert!(subscribed.contains("✗ expected receivers >= 1") && !subscribed.contains("judged"), "{subscribed}");
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
