//! What is sent and received, shown as it happens: what `katydid try` prints. Without a [`Trace`] nothing of it is made.

use std::fmt;
use std::time::Duration;

use http::HeaderMap;
use serde_json::Value as Json;

use super::result::StepResult;

/// Most events of a subscription that are waited for.
pub const MOST_EVENTS: u32 = 3;
/// Longest that is waited for the events of a subscription after the first one.
pub const LONGEST_LISTENING: Duration = Duration::from_secs(5);

/// Somebody who watches the steps of a user.
pub trait Trace: fmt::Debug {
    /// Something has happened. Nothing is masked and nothing is cleaned.
    fn trace(&self, event: &TraceEvent<'_>);
}

/// What can be seen of a step.
#[derive(Debug)]
pub enum TraceEvent<'a> {
    /// A request begins that a run counts as one, whatever is sent for it; the method and the name of its row.
    Request(&'a str),
    /// A request goes out.
    Sent(Sent<'a>),
    /// The response points elsewhere, and the next request goes there.
    Redirected {
        /// Status of the response.
        status: u16,
        /// Where to.
        url: &'a str,
        /// Names of the headers that are not sent there, because it is another origin.
        withheld: Vec<&'a str>,
    },
    /// The last response has come whole.
    Response {
        /// Status code.
        status: u16,
        /// Its headers.
        headers: &'a HeaderMap,
        /// Its body, as far as it was kept.
        body: &'a [u8],
        /// Bytes of the whole body.
        bytes: u64,
        /// From the send to the last byte.
        took: Duration,
    },
    /// A command goes out: its words, filled.
    Command(Vec<Vec<u8>>),
    /// A message goes out.
    Message {
        /// The command that sends it.
        verb: &'static str,
        /// Where to, filled.
        channel: &'a str,
        /// What, without the stamp.
        payload: &'a [u8],
        /// What is sent besides; empty when there is nothing else.
        more: String,
    },
    /// A subscription to channels is asked for.
    Subscribe {
        /// The command that asks.
        verb: &'static str,
        /// Channels or patterns, filled.
        names: Vec<&'a str>,
    },
    /// Subscriptions are given up: these, or all when there are none.
    Unsubscribe(Vec<&'a str>),
    /// The server has answered a command, a message or a subscription.
    Answered {
        /// What.
        answer: Answer<'a>,
        /// From the send to the answer.
        took: Duration,
        /// Length of the answer.
        bytes: u64,
    },
    /// The server has acknowledged the connection of a GraphQL subscription.
    Acknowledged {
        /// The payload of `connection_init`.
        params: Option<&'a [u8]>,
        /// From the opening handshake.
        after: Duration,
    },
    /// A GraphQL subscription is asked for.
    Subscribed {
        /// The name of its row.
        name: &'a str,
        /// The payload of `subscribe`.
        payload: &'a [u8],
    },
    /// An event of a GraphQL subscription has come.
    Received {
        /// From 1.
        number: u32,
        /// As it stands.
        payload: &'a str,
        /// Since the event before, or since the subscription.
        after: Duration,
    },
    /// A GraphQL subscription is over.
    Listened {
        /// `complete`, `error` or `broken`; anything else when the user left it.
        how: &'static str,
        /// How many have come.
        events: u32,
        /// Since the subscription.
        length: Duration,
    },
    /// What came of it.
    Finished(&'a StepResult),
}

/// A request as it goes out.
#[derive(Debug)]
pub struct Sent<'a> {
    /// Verb.
    pub method: &'a str,
    /// Absolute.
    pub url: &'a str,
    /// Name and value of each header line, in order.
    pub headers: Vec<(String, String)>,
    /// What is sent.
    pub body: &'a [u8],
}

/// An answer that has no head.
#[derive(Debug)]
pub enum Answer<'a> {
    /// How many received a message.
    Receivers(i64),
    /// The subscription is confirmed.
    Confirmed,
    /// A string, or bytes.
    Text(&'a [u8]),
    /// Anything else.
    Other(Json),
}
