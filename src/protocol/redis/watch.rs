//! Looking at single Redis steps: what `katydid try` shows. Without a watcher nothing here is done.
//!
//! In: what a user is about to send, and what came of it. Out: each [`Sight`], in the order in which it came to be.

use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use serde_json::Value as Json;

use super::resp::Value;
use crate::scenario::plan::{Envelope, PublishStep};

/// Somebody who looks at every Redis step of a user.
pub trait Watch: fmt::Debug {
    /// Something has happened. Nothing is masked and nothing is cleaned.
    fn saw(&self, sight: &Sight<'_>);
}

/// What can be seen of a step.
#[derive(Debug)]
pub enum Sight<'a> {
    /// A command goes out: its words, filled.
    Command(Vec<Vec<u8>>),
    /// A message goes out.
    Message {
        /// `PUBLISH` or `SPUBLISH`.
        verb: &'static str,
        /// Where to, filled.
        channel: &'a str,
        /// What, without the stamp.
        payload: &'a [u8],
        /// What is sent besides; empty when there is nothing else.
        more: String,
    },
    /// A subscription is asked for.
    Subscribe {
        /// `SUBSCRIBE`, `PSUBSCRIBE` or `SSUBSCRIBE`.
        verb: &'static str,
        /// Channels or patterns, filled.
        names: Vec<&'a str>,
    },
    /// Subscriptions are given up: these, or all when there are none.
    Unsubscribe(Vec<&'a str>),
    /// The server has answered.
    Answered {
        /// What.
        answer: Answer<'a>,
        /// From the send to the answer.
        took: Duration,
        /// Length of the answer.
        bytes: u64,
    },
}

/// An answer.
#[derive(Debug)]
pub enum Answer<'a> {
    /// How many received a message.
    Receivers(i64),
    /// The subscription stands.
    Confirmed,
    /// A text, or bytes.
    Text(&'a [u8]),
    /// Anything else.
    Other(Json),
}

/// The watcher of a user, if there is one.
#[derive(Debug, Default)]
pub(super) struct Watching(Option<Rc<dyn Watch>>);

impl Watching {
    /// Watched by somebody.
    pub(super) fn by(watch: Rc<dyn Watch>) -> Self {
        Self(Some(watch))
    }

    fn tell<'a>(&self, sight: impl FnOnce() -> Sight<'a>) {
        if let Some(watch) = &self.0 {
            watch.saw(&sight());
        }
    }

    /// A message that goes out.
    pub(super) fn message(&self, step: &PublishStep, filled: (&str, &[u8]), envelope: Envelope) {
        let (channel, payload) = filled;
        let verb = if step.sharded { "SPUBLISH" } else { "PUBLISH" };
        self.tell(|| Sight::Message { verb, channel, payload, more: besides(envelope, step.size) });
    }

    /// A command as it is on the wire.
    pub(super) fn command(&self, encoded: &[u8]) {
        let word = |value| if let Value::Text(word) = value { word } else { Vec::new() };
        self.tell(|| match Value::read(encoded) {
            Ok(Value::List(words)) => Sight::Command(words.into_iter().map(word).collect()),
            _ => Sight::Command(Vec::new()),
        });
    }

    /// A subscription, or the end of some.
    pub(super) fn subscription<'a>(&self, verb: Option<&'static str>, names: impl Iterator<Item = &'a str>) {
        self.tell(|| match verb {
            Some(verb) => Sight::Subscribe { verb, names: names.collect() },
            None => Sight::Unsubscribe(names.collect()),
        });
    }

    /// The answer to a command.
    pub(super) fn answered(&self, value: &Value, took: Duration, bytes: u64) {
        let answer = || match value {
            Value::Text(text) => Answer::Text(text),
            other => Answer::Other(other.to_json()),
        };
        self.tell(|| Sight::Answered { answer: answer(), took, bytes });
    }

    /// The answer to a message.
    pub(super) fn received(&self, receivers: i64, took: Duration, bytes: u64) {
        self.tell(|| Sight::Answered { answer: Answer::Receivers(receivers), took, bytes });
    }

    /// The answer to a subscription.
    pub(super) fn confirmed(&self, took: Duration) {
        self.tell(|| Sight::Answered { answer: Answer::Confirmed, took, bytes: 0 });
    }
}

/// What a message has besides its payload.
fn besides(envelope: Envelope, size: Option<u32>) -> String {
    let stamp = match envelope {
        Envelope::Binary => "stamped with 40 bytes",
        Envelope::Json => "stamped with a member `_lt`",
        Envelope::Off => "",
    };
    let size = size.map(|size| format!("padded to {size} bytes"));
    [Some(stamp.to_owned()).filter(|stamp| !stamp.is_empty()), size]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::protocol::redis::resp::encode;

    #[derive(Debug, Default)]
    struct Seen(RefCell<Vec<String>>);

    impl Watch for Seen {
        fn saw(&self, sight: &Sight<'_>) {
            self.0.borrow_mut().push(format!("{sight:?}"));
        }
    }

    #[test]
    fn commands_are_seen_as_the_words_that_are_sent() {
        let seen = Rc::new(Seen::default());
        let mut bytes = Vec::new();
        encode::command(&mut bytes, &["SET", "a b", ""]);
        Watching::default().command(&bytes);
        assert!(seen.0.borrow().is_empty());
        let watch: Rc<dyn Watch> = Rc::<Seen>::clone(&seen);
        let watching = Watching(Some(watch));
        watching.command(&bytes);
        let wanted = format!("{:?}", Sight::Command(vec![b"SET".to_vec(), b"a b".to_vec(), Vec::new()]));
        assert_eq!(*seen.0.borrow(), [wanted]);
    }

    #[test]
    fn what_a_message_has_besides_its_payload_is_said() {
        for (envelope, size, words) in [
            (Envelope::Off, None, ""),
            (Envelope::Off, Some(9), "padded to 9 bytes"),
            (Envelope::Binary, Some(512), "stamped with 40 bytes, padded to 512 bytes"),
            (Envelope::Json, None, "stamped with a member `_lt`"),
        ] {
            assert_eq!(besides(envelope, size), words);
        }
    }
}
