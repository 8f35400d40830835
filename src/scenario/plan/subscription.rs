//! GraphQL subscriptions: a WebSocket that speaks `graphql-transport-ws`, and how long its events are listened to.

use std::sync::Arc;
use std::time::Duration;

use super::{EndpointId, ErrorPolicy, HttpStep};
use crate::scenario::eval::path::Path;
use crate::scenario::eval::template::{Json, RenderError, Scope, Template};
use crate::units;

/// A GraphQL subscription, compiled.
#[derive(Debug, Clone)]
pub struct SubscriptionStep {
    /// The opening handshake, complete: its headers, connection and time-out. Its body is not sent with it: that is the
    /// payload of the `subscribe` message. Its row (type `SUBSCRIPTION`) counts from that message to the first event;
    /// its expectations are those of every event, its captures are taken from the first one.
    pub http: HttpStep,
    /// Row of the statistics: type `CONNECT`, from the opening handshake to `connection_ack`.
    pub connect: EndpointId,
    /// Row of the statistics: type `EVENT`, each from the event before.
    pub event: EndpointId,
    /// The payload of `connection_init`.
    pub params: Option<Json>,
    /// What an event with `errors`, or an `error` message, means.
    pub errors: ErrorPolicy,
    /// Where an event has errors as data; one that is not empty makes it a failure.
    pub business_errors: Option<Arc<Path>>,
    /// The step ends after this many events.
    pub events: Option<Limit<u32>>,
    /// The step ends this long after the `subscribe` message.
    pub listen_for: Option<Limit<Duration>>,
}

/// A limit above 0.
#[derive(Debug, Clone)]
pub enum Limit<T> {
    /// Always the same.
    Fixed(T),
    /// Evaluated for each step.
    Computed(Template),
}

/// Most events that a step can ask for.
pub const MAX_EVENTS: u32 = 1_000_000_000;

impl Limit<u32> {
    /// How many events.
    ///
    /// # Errors
    /// When the template fails or its value is not a positive integer.
    pub fn draw(&self, scope: &mut Scope) -> Result<u32, RenderError> {
        let text = match self {
            Limit::Fixed(n) => return Ok(*n),
            Limit::Computed(template) => text(template, scope)?,
        };
        match text.trim().trim_end_matches(".0").parse() {
            Ok(n) if (1..=MAX_EVENTS).contains(&n) => Ok(n),
            _ => Err(RenderError(format!("events: {text:?} is not a whole number from 1 to {MAX_EVENTS}"))),
        }
    }
}

impl Limit<Duration> {
    /// How long.
    ///
    /// # Errors
    /// When the template fails or its value is not a duration.
    pub fn draw(&self, scope: &mut Scope) -> Result<Duration, RenderError> {
        let text = match self {
            Limit::Fixed(length) => return Ok(*length),
            Limit::Computed(template) => text(template, scope)?,
        };
        match units::parse_duration(&text) {
            Ok(length) if length.is_zero() => Err(RenderError("listen_for must be above 0".to_owned())),
            Ok(length) => Ok(length),
            Err(error) => Err(RenderError(format!("listen_for: {error}"))),
        }
    }
}

fn text(template: &Template, scope: &mut Scope) -> Result<String, RenderError> {
    let value = template.value(scope)?;
    Ok(super::pause::short(&value).unwrap_or_else(|| "a list or map".to_owned()))
}
