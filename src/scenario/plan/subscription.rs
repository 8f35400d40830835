//! GraphQL subscriptions over a WebSocket with `graphql-transport-ws`.

use std::sync::Arc;
use std::time::Duration;

use super::{EndpointId, ErrorPolicy, HttpStep};
use crate::scenario::eval::path::Path;
use crate::scenario::eval::template::{Json, RenderError, Scope, Template};
use crate::units;

/// A compiled GraphQL subscription.
#[derive(Debug, Clone)]
pub struct SubscriptionStep {
    /// The opening handshake with its headers, connection and time-out. Its body is the payload of the `subscribe`
    /// message. The time of its row (type `SUBSCRIPTION`) is measured from that message to the first event. Its
    /// expectations apply to every event, its captures to the first one.
    pub http: HttpStep,
    /// Row of the statistics: type `CONNECT`, from the opening handshake to `connection_ack`.
    pub connect: EndpointId,
    /// Row of the statistics: type `EVENT`; times are measured from the previous event.
    pub event: EndpointId,
    /// Payload of `connection_init`.
    pub params: Option<Json>,
    /// Handling of events with `errors`, and of `error` messages.
    pub errors: ErrorPolicy,
    /// Path of errors returned as data; a non-empty value is a failure.
    pub business_errors: Option<Arc<Path>>,
    /// Number of events after which the step ends.
    pub events: Option<Limit<u32>>,
    /// Time after the `subscribe` message at which the step ends.
    pub listen_for: Option<Limit<Duration>>,
}

/// A limit above 0.
#[derive(Debug, Clone)]
pub enum Limit<T> {
    /// Constant.
    Fixed(T),
    /// Evaluated for each execution.
    Computed(Template),
}

/// Maximum number of events of a step.
pub const MAX_EVENTS: u32 = 1_000_000_000;

impl Limit<u32> {
    /// Computes the number of events.
    ///
    /// # Errors
    /// If the template fails or its value is not a positive integer.
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
    /// Computes the time.
    ///
    /// # Errors
    /// If the template fails or its value is not a duration.
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
