//! Trace of what is sent and received, for `katydid try`. Without a [`Trace`], no events are built.

use std::fmt;
use std::time::Duration;

use http::HeaderMap;
use serde_json::Value as Json;

use super::result::StepResult;

/// Maximum events of a subscription in a trial.
pub const MAX_TRACED_EVENTS: u32 = 3;
/// Maximum duration of a subscription after its first event, in a trial.
pub const MAX_TRACED_LISTENING: Duration = Duration::from_secs(5);

/// Receives the events of a user's steps.
pub trait Trace: fmt::Debug {
    /// Handles an event. Nothing in it is masked or cleaned.
    fn trace(&self, event: &TraceEvent<'_>);
}

/// An event of a step.
#[derive(Debug)]
pub enum TraceEvent<'a> {
    /// Start of a request, as a run counts it, even if several are sent; method and name of its row.
    Request(&'a str),
    /// A request is sent.
    SentRequest(SentRequest<'a>),
    /// A redirect is followed.
    Redirected {
        /// Status of the response.
        status: u16,
        /// URL of the next request.
        url: &'a str,
        /// Names of headers that are not sent there, because it is another origin.
        withheld: Vec<&'a str>,
    },
    /// The response is complete.
    Response {
        /// Status code.
        status: u16,
        /// As received, not masked.
        headers: &'a HeaderMap,
        /// The body, as far as it was kept.
        body: &'a [u8],
        /// Bytes of the whole body.
        bytes: u64,
        /// From sending to the last byte.
        took: Duration,
    },
    /// A command is sent: its words, rendered.
    Command(Vec<Vec<u8>>),
    /// A message is published.
    Message {
        /// The command.
        verb: &'static str,
        /// Rendered.
        channel: &'a str,
        /// Without the stamp.
        payload: &'a [u8],
        /// Description of stamp and padding; empty if there are none.
        more: String,
    },
    /// A subscription is requested.
    Subscribe {
        /// The command.
        verb: &'static str,
        /// Channels or patterns, rendered.
        names: Vec<&'a str>,
    },
    /// Subscriptions are ended: these, or all if empty.
    Unsubscribe(Vec<&'a str>),
    /// The response to a command, a message or a subscription.
    RedisResponse {
        /// Its value.
        response: RedisResponse<'a>,
        /// From sending to the response.
        took: Duration,
        /// Bytes of the response.
        bytes: u64,
    },
    /// The server has acknowledged the connection of a GraphQL subscription.
    Acknowledged {
        /// The payload of `connection_init`.
        params: Option<&'a [u8]>,
        /// Since the handshake was sent.
        after: Duration,
    },
    /// A GraphQL subscription is requested.
    Subscribed {
        /// Name of its row.
        name: &'a str,
        /// The payload of `subscribe`.
        payload: &'a [u8],
    },
    /// An event of a GraphQL subscription.
    Received {
        /// From 1.
        number: u32,
        /// Raw JSON.
        payload: &'a str,
        /// Since the previous event, or since the subscription.
        after: Duration,
    },
    /// The end of a GraphQL subscription.
    SubscriptionEnded {
        /// `complete`, `error` or `broken`; anything else if the user left.
        how: &'static str,
        /// Number of events received.
        events: u32,
        /// Since the subscription.
        length: Duration,
    },
    /// The result of the step.
    Finished(&'a StepResult),
}

/// A request as it is sent.
#[derive(Debug)]
pub struct SentRequest<'a> {
    /// Such as `GET`.
    pub method: &'a str,
    /// Absolute URL.
    pub url: &'a str,
    /// Name and value of each header line, in order.
    pub headers: Vec<(String, String)>,
    /// Empty if there is none.
    pub body: &'a [u8],
}

/// A response without headers.
#[derive(Debug)]
pub enum RedisResponse<'a> {
    /// Number of receivers of a message.
    Receivers(i64),
    /// The subscription was confirmed.
    Confirmed,
    /// A string, or bytes.
    Text(&'a [u8]),
    /// Any other value.
    Other(Json),
}
