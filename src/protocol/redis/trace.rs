//! Redis steps as a trace shows them.

use std::time::Duration;

use super::resp::Value;
use crate::protocol::trace::{Answer, Trace, TraceEvent};
use crate::scenario::plan::{Envelope, PublishStep};

/// Shows what is sent and received, where somebody watches.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tracer<'t>(pub Option<&'t dyn Trace>);

impl Tracer<'_> {
    fn trace<'a>(self, event: impl FnOnce() -> TraceEvent<'a>) {
        if let Some(trace) = self.0 {
            trace.trace(&event());
        }
    }

    /// A message that goes out.
    pub(super) fn message(self, step: &PublishStep, filled: (&str, &[u8]), envelope: Envelope) {
        let (channel, payload) = filled;
        let verb = step.verb();
        self.trace(|| TraceEvent::Message { verb, channel, payload, more: besides(envelope, step.size) });
    }

    /// A command as it is on the wire.
    pub(super) fn command(self, encoded: &[u8]) {
        let word = |value| if let Value::Text(word) = value { word } else { Vec::new() };
        self.trace(|| match Value::read(encoded) {
            Ok(Value::List(words)) => TraceEvent::Command(words.into_iter().map(word).collect()),
            _ => TraceEvent::Command(Vec::new()),
        });
    }

    /// A subscription, or the end of some.
    pub(super) fn subscription<'a>(self, verb: Option<&'static str>, names: impl Iterator<Item = &'a str>) {
        self.trace(|| match verb {
            Some(verb) => TraceEvent::Subscribe { verb, names: names.collect() },
            None => TraceEvent::Unsubscribe(names.collect()),
        });
    }

    /// The answer to a command.
    pub(super) fn answered(self, value: &Value, took: Duration, bytes: u64) {
        let answer = || match value {
            Value::Text(text) => Answer::Text(text),
            other => Answer::Other(other.to_json()),
        };
        self.trace(|| TraceEvent::Answered { answer: answer(), took, bytes });
    }

    /// The answer to a message.
    pub(super) fn received(self, receivers: i64, took: Duration, bytes: u64) {
        self.trace(|| TraceEvent::Answered { answer: Answer::Receivers(receivers), took, bytes });
    }

    /// The answer to a subscription.
    pub(super) fn confirmed(self, took: Duration) {
        self.trace(|| TraceEvent::Answered { answer: Answer::Confirmed, took, bytes: 0 });
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

    impl Trace for Seen {
        fn trace(&self, event: &TraceEvent<'_>) {
            self.0.borrow_mut().push(format!("{event:?}"));
        }
    }

    #[test]
    fn commands_are_seen_as_the_words_that_are_sent() {
        let seen = Seen::default();
        let mut bytes = Vec::new();
        encode::command(&mut bytes, &["SET", "a b", ""]);
        Tracer(None).command(&bytes);
        assert!(seen.0.borrow().is_empty());
        Tracer(Some(&seen)).command(&bytes);
        let wanted = format!("{:?}", TraceEvent::Command(vec![b"SET".to_vec(), b"a b".to_vec(), Vec::new()]));
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
