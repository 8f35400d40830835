//! Redis steps as trace events.

use std::time::Duration;

use super::resp::RedisValue;
use crate::protocol::trace::{RedisResponse, Trace, TraceEvent};
use crate::scenario::plan::{Envelope, PublishStep};

/// Traces what is sent and received, if there is a trace.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tracer<'t>(pub Option<&'t dyn Trace>);

impl Tracer<'_> {
    fn trace<'a>(self, event: impl FnOnce() -> TraceEvent<'a>) {
        if let Some(trace) = self.0 {
            trace.trace(&event());
        }
    }

    /// A message being published.
    pub(super) fn message(
        self,
        step: &PublishStep,
        channel: &str,
        payload: &[u8],
        (envelope, size): (Envelope, Option<usize>),
    ) {
        let verb = step.verb();
        self.trace(|| TraceEvent::Message { verb, channel, payload, more: stamp_and_padding(envelope, size) });
    }

    /// A command, from its encoded form.
    pub(super) fn command(self, encoded: &[u8]) {
        let word = |value| if let RedisValue::Text(word) = value { word } else { Vec::new() };
        self.trace(|| match RedisValue::read(encoded) {
            Ok(RedisValue::List(words)) => TraceEvent::Command(words.into_iter().map(word).collect()),
            _ => TraceEvent::Command(Vec::new()),
        });
    }

    /// A subscription or unsubscription.
    pub(super) fn subscription<'a>(self, verb: Option<&'static str>, names: impl Iterator<Item = &'a str>) {
        self.trace(|| match verb {
            Some(verb) => TraceEvent::Subscribe { verb, names: names.collect() },
            None => TraceEvent::Unsubscribe(names.collect()),
        });
    }

    /// The response to a command.
    pub(super) fn response(self, value: &RedisValue, took: Duration, bytes: u64) {
        let response = || match value {
            RedisValue::Text(text) => RedisResponse::Text(text),
            other => RedisResponse::Other(other.to_json()),
        };
        self.trace(|| TraceEvent::RedisResponse { response: response(), took, bytes });
    }

    /// The response to a published message.
    pub(super) fn received(self, receivers: i64, took: Duration, bytes: u64) {
        self.trace(|| TraceEvent::RedisResponse { response: RedisResponse::Receivers(receivers), took, bytes });
    }

    /// The confirmation of a subscription.
    pub(super) fn confirmed(self, took: Duration) {
        self.trace(|| TraceEvent::RedisResponse { response: RedisResponse::Confirmed, took, bytes: 0 });
    }
}

/// Describes what a message contains in addition to its payload.
fn stamp_and_padding(envelope: Envelope, size: Option<usize>) -> String {
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
    struct RecordingTrace(RefCell<Vec<String>>);

    impl Trace for RecordingTrace {
        fn trace(&self, event: &TraceEvent<'_>) {
            self.0.borrow_mut().push(format!("{event:?}"));
        }
    }

    #[test]
    fn commands_are_traced_as_words() {
        let trace = RecordingTrace::default();
        let mut bytes = Vec::new();
        encode::command(&mut bytes, &["SET", "a b", ""]);
        Tracer(None).command(&bytes);
        assert!(trace.0.borrow().is_empty());
        Tracer(Some(&trace)).command(&bytes);
        let wanted = format!("{:?}", TraceEvent::Command(vec![b"SET".to_vec(), b"a b".to_vec(), Vec::new()]));
        assert_eq!(*trace.0.borrow(), [wanted]);
    }

    #[test]
    fn stamp_and_padding_are_described() {
        for (envelope, size, words) in [
            (Envelope::Off, None, ""),
            (Envelope::Off, Some(9), "padded to 9 bytes"),
            (Envelope::Binary, Some(512), "stamped with 40 bytes, padded to 512 bytes"),
            (Envelope::Json, None, "stamped with a member `_lt`"),
        ] {
            assert_eq!(stamp_and_padding(envelope, size), words);
        }
    }
}
