//! A subscription from its connection to its end. Each event is counted when it comes.
//!
//! Three things end the listening besides the server: enough events, enough time, and the stop of the user, unless the
//! time that was asked for ends before the stop time-out does. What ends it for a stop ends the task too. A pause of the
//! run ends nothing: what the server sends meanwhile is counted.

use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::time::sleep_until;

use super::connection::{self, Connection, Event, Greeting, Leave, Next};
use crate::protocol::context::{Expected, UserContext};
use crate::protocol::example::attach;
use crate::protocol::graphql::example::operation;
use crate::protocol::http::UserClient;
use crate::protocol::result::StepResult;
use crate::protocol::trace::{LONGEST_LISTENING, MOST_EVENTS, TraceEvent};
use crate::scenario::eval::capture;
use crate::scenario::eval::template::{RenderError, Scope};
use crate::scenario::plan::SubscriptionStep;
use crate::stats::{Example, ExampleRequest, Reason};
use crate::units;

/// A deadline that no clock reaches is as good as this one.
const FAR: Duration = Duration::from_secs(10 * 365 * 86_400);

/// Opens the connection of `step`, asks for its operation and listens to its events; captures of the first event go into
/// `scope`. The connection, the operation and each event are counted in rows of their own.
pub async fn listen(
    client: &mut UserClient,
    step: &SubscriptionStep,
    scope: &mut Scope,
    context: &dyn UserContext,
    result: &mut StepResult,
) {
    let late = result.timings.late;
    let filled = match Filled::new(client, step, scope, context.trace().is_some()) {
        Ok(filled) => filled,
        Err(error) => {
            capture::none_taken(&step.http.captures, scope);
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
        // It may have been told to leave while it connected: then there is nothing to end.
        let leave = if context.must_leave(listener.filled.end(Instant::now())) {
            context.leave();
            Leave::Finished
        } else {
            listener.listen(&mut connection).await
        };
        connection.leave(leave).await;
    } else {
        capture::none_taken(&step.http.captures, listener.scope);
    }
    if let Some(reason) = listener.failed {
        result.fail(reason, Example::default());
    }
}

/// A step with its templates filled.
struct Filled {
    params: Option<Vec<u8>>,
    payload: Bytes,
    events: u32,
    listen_for: Option<Duration>,
}

impl Filled {
    fn new(
        client: &mut UserClient,
        step: &SubscriptionStep,
        scope: &mut Scope,
        is_traced: bool,
    ) -> Result<Self, RenderError> {
        client.prepare(&step.http, scope)?;
        // The handshake has no body: what was rendered as one is sent over the socket.
        let payload = std::mem::take(&mut client.draft().body);
        let mut params = None;
        if let Some(json) = &step.params {
            json.render(scope, params.insert(Vec::new()))?;
        }
        let events = step.events.as_ref().map(|events| events.draw(scope)).transpose()?;
        let listen_for = step.listen_for.as_ref().map(|length| length.draw(scope)).transpose()?;
        let (mut events, mut listen_for) = (events.unwrap_or(u32::MAX), listen_for);
        if is_traced {
            events = events.min(MOST_EVENTS);
            listen_for = listen_for.map(|length| length.min(LONGEST_LISTENING));
        }
        Ok(Self { params, payload, events, listen_for })
    }

    /// When listening that began `since` ends by itself; `None` where nobody knows.
    fn end(&self, since: Instant) -> Option<Instant> {
        since.checked_add(self.listen_for?)
    }
}

/// How far the listening has come.
struct Progress {
    since: Instant,
    /// When the last event came; before the first, since when it is waited for.
    last: Instant,
    events: u32,
}

/// Why the listening ends.
enum End {
    /// Enough events, or enough time.
    Enough,
    /// The user is told to leave.
    Told,
    /// The server has no more.
    Complete,
    /// The server ends the operation with errors; a failure unless the step's policy says otherwise.
    Refused(Option<(Reason, Example)>),
    /// The first event has not come in time.
    Silent,
    /// The connection, or what came over it, is no good.
    Broken(Reason, Example),
}

struct Listener<'a> {
    client: &'a mut UserClient,
    step: &'a SubscriptionStep,
    filled: Filled,
    scope: &'a mut Scope,
    context: &'a dyn UserContext,
    /// By how much the iteration began too late.
    late: Option<Duration>,
    /// Why the first part that failed did so.
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

    /// Counts a part of the step.
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

    async fn connect(&mut self) -> Option<Connection> {
        let (client, step, context) = (&mut *self.client, self.step, self.context);
        let mut connected = StepResult::new(Some(step.connect), self.late, context.trace().is_some());
        client.begin(step.connect, &connected, context);
        let greeting = Greeting { params: self.filled.params.as_deref(), payload: &self.filled.payload };
        let connection = connection::connect(client, step, greeting, context, &mut connected).await;
        context.answered();
        let after = connected.timings.service;
        self.record(connected);
        if connection.is_some() {
            self.trace(&TraceEvent::Acknowledged { params: self.filled.params.as_deref(), after });
        }
        connection
    }

    /// Asks for the operation, and listens until there is a reason to leave.
    async fn listen(&mut self, connection: &mut Connection) -> Leave {
        let row = self.step.http.endpoint;
        let name = self.context.endpoint(row).map_or("", |row| &*row.name);
        self.trace(&TraceEvent::Subscribed { name, payload: &self.filled.payload });
        self.context.sent(row, self.late, Expected::Whenever);
        let now = Instant::now();
        let mut progress = Progress { since: now, last: now, events: 0 };
        let end = self.events(connection, &mut progress).await;
        if progress.events == 0 {
            capture::none_taken(&self.step.http.captures, self.scope);
        }
        self.ended(&progress, end)
    }

    async fn events(&mut self, connection: &mut Connection, progress: &mut Progress) -> End {
        let after = |length| progress.since.checked_add(length).unwrap_or(progress.since + FAR);
        let alarm = sleep_until(after(self.filled.listen_for.unwrap_or(self.step.http.timeout)).into());
        // A trial of what has no end of its own ends too.
        let end_of_trial = after(LONGEST_LISTENING);
        tokio::pin!(alarm);
        let mut is_armed = true;
        let end = self.filled.end(progress.since);
        let too_long = if self.filled.listen_for.is_some() { End::Enough } else { End::Silent };
        // A server that reads nothing lets nobody write.
        tokio::select! {
            sent = connection.subscribe(&self.filled.payload) => {
                if let Err((reason, example)) = sent {
                    return End::Broken(reason, example);
                }
            }
            () = &mut alarm => return too_long,
            () = told_to_leave(self.context, end) => return End::Told,
        }
        loop {
            let next = tokio::select! {
                next = connection.next() => next,
                () = &mut alarm, if is_armed => return if progress.events == 0 { too_long } else { End::Enough },
                () = told_to_leave(self.context, end) => return End::Told,
            };
            match next {
                Next::Event(event) => self.event(progress, &event),
                Next::Complete => return End::Complete,
                Next::Refused(event) => return End::Refused(event.refusal(self.step, &self.scope.secrets)),
                Next::Broken(reason, example) => return End::Broken(reason, example),
            }
            if progress.events >= self.filled.events {
                return End::Enough;
            }
            if progress.events == 1 && self.filled.listen_for.is_none() {
                is_armed = self.is_traced();
                alarm.as_mut().reset(end_of_trial.into());
            }
        }
    }

    fn event(&mut self, progress: &mut Progress, event: &Event) {
        let now = Instant::now();
        let elapsed = now - progress.last;
        let bytes = event.payload().len() as u64;
        progress.last = now;
        progress.events = progress.events.saturating_add(1);
        let is_first = progress.events == 1;
        if is_first {
            let mut begun = StepResult::new(Some(self.step.http.endpoint), self.late, false);
            (begun.timings.service, begun.bytes) = (elapsed, bytes);
            self.context.answered();
            self.record(begun);
        }
        self.trace(&TraceEvent::Received { number: progress.events, payload: event.payload(), after: elapsed });
        let mut result = StepResult::new(Some(self.step.event), None, self.is_traced());
        (result.timings.service, result.bytes) = (elapsed, bytes);
        event.evaluate(self.step, is_first, self.scope, &mut result);
        if let Some(cost) = result.cost.take() {
            // What an event costs is the cost of its operation.
            self.context.charge(self.step.http.endpoint, &cost);
        }
        self.record(result);
    }

    /// Counts the end. Where no event has come, it is what came of the operation; else a failure is that of the event which
    /// did not come. Who is told to leave before the first event has nothing to count.
    fn ended(&mut self, progress: &Progress, end: End) -> Leave {
        let limit = self.step.http.timeout;
        let mut elapsed = progress.last.elapsed();
        let (how, failure, leave) = match end {
            End::Enough => ("left", None, Leave::Unfinished),
            End::Told => {
                self.context.leave();
                ("told", None, Leave::Unfinished)
            }
            End::Complete => ("complete", None, Leave::Finished),
            End::Refused(failure) => ("error", failure, Leave::Finished),
            End::Silent => {
                // Leaving it out would flatter the tail, so it counts with its full length.
                elapsed = elapsed.max(limit);
                let reason = Reason::Other(format!("no event within {}", units::plain(limit)).into());
                ("left", Some((reason, Example::default())), Leave::Unfinished)
            }
            End::Broken(reason, example) => ("broken", Some((reason, example)), Leave::Invalid),
        };
        let (events, length) = (progress.events, progress.since.elapsed());
        self.trace(&TraceEvent::Listened { how, events, length });
        if events == 0 && how == "told" {
            self.context.abandoned();
            return leave;
        }
        let (row, late) = if events > 0 { (self.step.event, None) } else { (self.step.http.endpoint, self.late) };
        let mut result = StepResult::new(Some(row), late, false);
        result.timings.service = elapsed;
        result.fail_if(failure);
        if events == 0 {
            self.context.answered();
        }
        if events == 0 || result.failure().is_some() {
            self.record(result);
        }
        leave
    }
}

/// Returns when the user must stop listening.
async fn told_to_leave(context: &dyn UserContext, end: Option<Instant>) {
    while !context.must_leave(end) {
        context.woken().notified().await;
    }
}
