//! GraphQL subscriptions in the transcript: the connection, the subscription and the first events.

use std::time::Duration;

use super::Transcript;
use crate::cli::trial::paint::Role;
use crate::protocol::trace::{MAX_TRACED_EVENTS, MAX_TRACED_LISTENING};
use crate::units;

impl Transcript {
    /// Prints only the names of the connection parameters: their values may be credentials.
    pub(super) fn acknowledged(&self, params: Option<&[u8]>, after: Duration) {
        let names = params.and_then(|params| {
            let params: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(params).ok()?;
            let names: Vec<_> = params.keys().map(|name| format!("{name}: ***")).collect();
            (!names.is_empty()).then(|| format!(" {{ {} }}", names.join(", ")))
        });
        self.line(4, "> ", &format!("connection_init{}", names.unwrap_or_default()), Some(Role::Quiet));
        let took = units::latency(after);
        self.line(4, "< ", &format!("connection_ack, after {took}"), Some(Role::Good));
    }

    pub(super) fn subscribed(&self, name: &str, payload: &[u8]) {
        self.request(&format!("SUBSCRIPTION {name}"));
        self.text("> ", payload);
    }

    pub(super) fn received(&self, number: u32, payload: &str, after: Duration) {
        let (took, size) = (units::latency(after), units::bytes(payload.len() as u64));
        self.line(4, "< ", &format!("event {number}, after {took}, {size}"), Some(Role::Good));
        self.text("< ", payload.as_bytes());
    }

    pub(super) fn listened(&self, how: &str, events: u32, length: Duration) {
        let events_in_words = format!("{events} event{}", if events == 1 { "" } else { "s" });
        let length_in_words = units::latency(length);
        let words = match how {
            "complete" | "error" => format!("{how} by the server, after {events_in_words} in {length_in_words}"),
            "broken" => format!("broken off after {events_in_words} in {length_in_words}"),
            _ if events >= MAX_TRACED_EVENTS || length >= MAX_TRACED_LISTENING => {
                format!("left after {events_in_words} in {length_in_words}; a run may listen longer")
            }
            _ => format!("left after {events_in_words} in {length_in_words}"),
        };
        self.line(4, "- ", &words, Some(Role::Quiet));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::trial::transcript::tests::printed;
    use crate::protocol::trace::{Trace as _, TraceEvent};

    #[test]
    fn a_subscription_is_shown_from_its_connection_to_its_end() {
        let (ms, params) = (Duration::from_millis, br#"{"authorization":"Bearer abc","l":1}"#);
        let text = printed(|t| {
            t.trace(&TraceEvent::Acknowledged { params: Some(params), after: ms(3) });
            t.trace(&TraceEvent::Subscribed { name: "Stock", payload: br#"{"query":"subscription Stock { a }"}"# });
            t.trace(&TraceEvent::Received { number: 1, payload: r#"{"data":{"a":"hunter22"}}"#, after: ms(7) });
            t.trace(&TraceEvent::SubscriptionEnded { how: "left", events: 1, length: ms(8) });
            t.trace(&TraceEvent::SubscriptionEnded { how: "left", events: 3, length: ms(8) });
            t.trace(&TraceEvent::SubscriptionEnded { how: "complete", events: 0, length: ms(8) });
        });
        for wanted in [
            "> connection_init { authorization: …",
            "< connection_ack, after 3.0ms",
            "  SUBSCRIPTION Stock",
            "< event 1, after 7.0ms, 25 B",
            "\"a\": \"***\"",
            "- left after 1 event in 8.0ms\n",
            "- left after 3 events in 8.0ms; a ",
            "- complete by the server, after 0 ",
        ] {
            assert!(text.contains(wanted), "{wanted}:\n{text}");
        }
        assert!(!text.contains("abc"), "{text}");
    }
}
