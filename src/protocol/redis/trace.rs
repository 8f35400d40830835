//! Redis steps as trace events.

use std::time::Duration;

use ::redis::{Arg, Cmd, Value};

use super::value::{bytes, to_json};
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

    /// A command.
    pub(super) fn command(self, command: &Cmd) {
        self.trace(|| TraceEvent::Command(words(command).map(<[u8]>::to_vec).collect()));
    }

    /// A subscription or unsubscription.
    pub(super) fn subscription<'a>(self, verb: Option<&'static str>, names: impl Iterator<Item = &'a str>) {
        self.trace(|| match verb {
            Some(verb) => TraceEvent::Subscribe { verb, names: names.collect() },
            None => TraceEvent::Unsubscribe(names.collect()),
        });
    }

    /// The response to a command.
    pub(super) fn response(self, value: &Value, took: Duration, size: u64) {
        let response = || match bytes(value) {
            Some(text) => RedisResponse::Text(text),
            None => RedisResponse::Other(to_json(value)),
        };
        self.trace(|| TraceEvent::RedisResponse { response: response(), took, bytes: size });
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

/// The words of a command.
pub(super) fn words(command: &Cmd) -> impl Iterator<Item = &[u8]> {
    // A cursor is only in commands that iterate by themselves.
    command.args_iter().filter_map(|word| if let Arg::Simple(word) = word { Some(word) } else { None })
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
        let mut command = ::redis::cmd("SET");
        command.arg("a b").arg("");
        Tracer(None).command(&command);
        assert!(trace.0.borrow().is_empty());
        Tracer(Some(&trace)).command(&command);
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
