//! A subscription from its connection to its end. Each event is recorded when it arrives.
//!
//! Besides the server, three things end the listening: `events` reached, `listen_for` elapsed, or the user being
//! stopped, unless `listen_for` ends before the stop timeout does. In the last case the task ends too. A paused run
//! keeps listening: events received meanwhile are counted.

use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::time::sleep_until;

use super::connection::{self, CloseMode, GraphqlConnection, HandshakePayloads, Next, SubscriptionEvent};
use crate::protocol::context::{Awaiting, UserContext};
use crate::protocol::example::attach;
use crate::protocol::graphql::example::operation;
use crate::protocol::http::HttpClient;
use crate::protocol::result::StepResult;
use crate::protocol::trace::{MAX_TRACED_EVENTS, MAX_TRACED_LISTENING, TraceEvent};
use crate::scenario::eval::capture;
use crate::scenario::eval::template::{RenderError, Scope};
use crate::scenario::plan::SubscriptionStep;
use crate::stats::{Example, ExampleRequest, Reason};
use crate::units;

/// Stands for a deadline beyond what the clock can represent.
const FAR_FUTURE: Duration = Duration::from_secs(10 * 365 * 86_400);

/// Opens the connection of `step`, starts its operation and receives its events; captures of the first event go into
/// `scope`. The connection, the operation and each event are recorded in rows of their own.
pub async fn listen(
    client: &mut HttpClient,
    step: &SubscriptionStep,
    scope: &mut Scope,
    context: &dyn UserContext,
    result: &mut StepResult,
) {
    let late = result.timings.late;
    let filled = match Filled::new(client, step, scope, context.trace().is_some()) {
        Ok(filled) => filled,
        Err(error) => {
            capture::reset(&step.http.captures, scope);
            result.outcome = error.into();
            return;
        }
    };
    result.row = None;
    if context.must_leave(filled.end(Instant::now())) {
        return context.leave();
    }
    let mut listener = Listener { client, step, filled, scope, context, late, failed: None };
    let connection = listener.connect().await;
    if let Some(mut connection) = connection {
        // The user may have been stopped while connecting: no operation was started.
        let leave = if context.must_leave(listener.filled.end(Instant::now())) {
            context.leave();
            CloseMode::Finished
        } else {
            listener.listen(&mut connection).await
        };
        connection.leave(leave).await;
    } else {
        capture::reset(&step.http.captures, listener.scope);
    }
    if let Some(reason) = listener.failed {
        result.fail(reason, Example::default());
    }
}

/// The step with its templates rendered.
struct Filled {
    params: Option<Vec<u8>>,
    payload: Bytes,
    events: u32,
    listen_for: Option<Duration>,
}

impl Filled {
    fn new(
        client: &mut HttpClient,
        step: &SubscriptionStep,
        scope: &mut Scope,
        is_traced: bool,
    ) -> Result<Self, RenderError> {
        client.prepare(&step.http, scope)?;
        // The handshake has no body: the rendered one is sent over the socket.
        let payload = std::mem::take(&mut client.draft().body);
        let mut params = None;
        if let Some(json) = &step.params {
            json.render(scope, params.insert(Vec::new()))?;
        }
        let events = step.events.as_ref().map(|events| events.draw(scope)).transpose()?;
        let listen_for = step.listen_for.as_ref().map(|length| length.draw(scope)).transpose()?;
        let (mut events, mut listen_for) = (events.unwrap_or(u32::MAX), listen_for);
        if is_traced {
            events = events.min(MAX_TRACED_EVENTS);
            listen_for = listen_for.map(|length| length.min(MAX_TRACED_LISTENING));
        }
        Ok(Self { params, payload, events, listen_for })
    }

    /// When listening that started at `since` ends by itself; `None` if that is unknown.
    fn end(&self, since: Instant) -> Option<Instant> {
        since.checked_add(self.listen_for?)
    }
}

struct ListenProgress {
    since: Instant,
    /// Time of the last event; before the first event, time at which the operation was started.
    last: Instant,
    events: u32,
}

/// Why listening ended.
enum ListenEnd {
    /// `events` reached, or `listen_for` elapsed.
    Enough,
    /// The user has to stop.
    Stopped,
    /// The server completed the operation.
    Complete,
    /// The server ended the operation with errors; a failure unless the step's policy ignores it.
    Refused(Option<(Reason, Example)>),
    /// No event within the time-out.
    Silent,
    /// The connection failed, or the server violated the protocol.
    SocketError(Reason, Example),
}

struct Listener<'a> {
    client: &'a mut HttpClient,
    step: &'a SubscriptionStep,
    filled: Filled,
    scope: &'a mut Scope,
    context: &'a dyn UserContext,
    /// How late the iteration started.
    late: Option<Duration>,
    /// The first failure among connection, operation and events.
    failed: Option<Reason>,
}

impl Listener<'_> {
    fn trace(&self, event: &TraceEvent<'_>) {
        if let Some(trace) = self.context.trace() {
            trace.trace(event);
        }
    }

    fn is_traced(&self) -> bool {
        self.context.trace().is_some()
    }

    /// Records the result of the connection, the operation or an event.
    fn record(&mut self, mut result: StepResult) {
        attach(&mut result, self.context, || {
            let request = self.client.example_request(&self.step.http.fixed_headers);
            ExampleRequest { body: operation(&self.filled.payload, &self.scope.secrets), ..request }
        });
        if self.failed.is_none() {
            self.failed = result.failure().map(|failure| failure.reason.clone());
        }
        self.context.record(result);
    }

    async fn connect(&mut self) -> Option<GraphqlConnection> {
        let (client, step, context) = (&mut *self.client, self.step, self.context);
        let mut connected = StepResult::new(Some(step.connect), self.late, context.trace().is_some());
        client.begin(step.connect, &connected, context);
        let payloads = HandshakePayloads { params: self.filled.params.as_deref(), payload: &self.filled.payload };
        let connection = connection::connect(client, step, payloads, context, &mut connected).await;
        context.request_finished();
        let after = connected.timings.service;
        self.record(connected);
        if connection.is_some() {
            self.trace(&TraceEvent::Acknowledged { params: self.filled.params.as_deref(), after });
        }
        connection
    }

    /// Starts the operation, and receives events until there is a reason to leave.
    async fn listen(&mut self, connection: &mut GraphqlConnection) -> CloseMode {
        let row = self.step.http.endpoint;
        let name = self.context.endpoint(row).map_or("", |row| &*row.name);
        self.trace(&TraceEvent::Subscribed { name, payload: &self.filled.payload });
        self.context.request_sent(row, self.late, Awaiting::ServerEvent);
        let now = Instant::now();
        let mut progress = ListenProgress { since: now, last: now, events: 0 };
        let end = self.events(connection, &mut progress).await;
        if progress.events == 0 {
            capture::reset(&self.step.http.captures, self.scope);
        }
        self.ended(&progress, end)
    }

    async fn events(&mut self, connection: &mut GraphqlConnection, progress: &mut ListenProgress) -> ListenEnd {
        let after = |length| progress.since.checked_add(length).unwrap_or(progress.since + FAR_FUTURE);
        let deadline = sleep_until(after(self.filled.listen_for.unwrap_or(self.step.http.timeout)).into());
        // Ends a trial even if the subscription has no end of its own.
        let end_of_trial = after(MAX_TRACED_LISTENING);
        tokio::pin!(deadline);
        let mut is_armed = true;
        let end = self.filled.end(progress.since);
        let too_long = if self.filled.listen_for.is_some() { ListenEnd::Enough } else { ListenEnd::Silent };
        // If the server does not read, sending may block.
        tokio::select! {
            sent = connection.subscribe(&self.filled.payload) => {
                if let Err((reason, example)) = sent {
                    return ListenEnd::SocketError(reason, example);
                }
            }
            () = &mut deadline => return too_long,
            () = stop_requested(self.context, end) => return ListenEnd::Stopped,
        }
        loop {
            let next = tokio::select! {
                next = connection.next() => next,
                () = &mut deadline, if is_armed => return if progress.events == 0 { too_long } else { ListenEnd::Enough },
                () = stop_requested(self.context, end) => return ListenEnd::Stopped,
            };
            match next {
                Next::SubscriptionEvent(event) => self.event(progress, &event),
                Next::Complete => return ListenEnd::Complete,
                Next::Refused(event) => return ListenEnd::Refused(event.refusal(self.step, &self.scope.secrets)),
                Next::SocketError(reason, example) => return ListenEnd::SocketError(reason, example),
            }
            if progress.events >= self.filled.events {
                return ListenEnd::Enough;
            }
            if progress.events == 1 && self.filled.listen_for.is_none() {
                is_armed = self.is_traced();
                deadline.as_mut().reset(end_of_trial.into());
            }
        }
    }

    fn event(&mut self, progress: &mut ListenProgress, event: &SubscriptionEvent) {
        let now = Instant::now();
        let elapsed = now - progress.last;
        let bytes = event.payload().len() as u64;
        progress.last = now;
        progress.events = progress.events.saturating_add(1);
        let is_first = progress.events == 1;
        if is_first {
            let mut operation = StepResult::new(Some(self.step.http.endpoint), self.late, false);
            (operation.timings.service, operation.bytes) = (elapsed, bytes);
            self.context.request_finished();
            self.record(operation);
        }
        self.trace(&TraceEvent::Received { number: progress.events, payload: event.payload(), after: elapsed });
        let mut result = StepResult::new(Some(self.step.event), None, self.is_traced());
        (result.timings.service, result.bytes) = (elapsed, bytes);
        event.evaluate(self.step, is_first, self.scope, &mut result);
        if let Some(cost) = result.cost.take() {
            // The cost of an event is charged to its operation.
            self.context.record_cost(self.step.http.endpoint, &cost);
        }
        self.record(result);
    }

    /// Records the end: as the result of the operation if no event arrived, else a failure counts as that of the next
    /// event.
    /// Nothing is recorded for a user that is stopped before the first event.
    fn ended(&mut self, progress: &ListenProgress, end: ListenEnd) -> CloseMode {
        let limit = self.step.http.timeout;
        let mut elapsed = progress.last.elapsed();
        let (how, failure, leave) = match end {
            ListenEnd::Enough => ("left", None, CloseMode::Unfinished),
            ListenEnd::Stopped => {
                self.context.leave();
                ("told", None, CloseMode::Unfinished)
            }
            ListenEnd::Complete => ("complete", None, CloseMode::Finished),
            ListenEnd::Refused(failure) => ("error", failure, CloseMode::Finished),
            ListenEnd::Silent => {
                // Leaving it out would make the tail look better than it is, so it counts with its full length.
                elapsed = elapsed.max(limit);
                let reason = Reason::Other(format!("no event within {}", units::plain(limit)).into());
                ("left", Some((reason, Example::default())), CloseMode::Unfinished)
            }
            ListenEnd::SocketError(reason, example) => ("broken", Some((reason, example)), CloseMode::Invalid),
        };
        let (events, length) = (progress.events, progress.since.elapsed());
        self.trace(&TraceEvent::SubscriptionEnded { how, events, length });
        if events == 0 && how == "told" {
            self.context.request_abandoned();
            return leave;
        }
        let (row, late) = if events > 0 { (self.step.event, None) } else { (self.step.http.endpoint, self.late) };
        let mut result = StepResult::new(Some(row), late, false);
        result.timings.service = elapsed;
        result.fail_if(failure);
        if events == 0 {
            self.context.request_finished();
        }
        if events == 0 || result.failure().is_some() {
            self.record(result);
        }
        leave
    }
}

/// Completes when the user must stop listening.
async fn stop_requested(context: &dyn UserContext, end: Option<Instant>) {
    while !context.must_leave(end) {
        context.wakeup().notified().await;
    }
}
