//! A GraphQL subscription of a user: opened, listened to, left. Each event is recorded when it comes.
//!
//! Three things end the listening besides the server: enough events, enough time, and the stop of the user, unless the
//! time that was asked for ends before the stop time-out does. What ends it for a stop ends the task too. A pause of the
//! run ends nothing: what the server sends meanwhile is counted.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::time::sleep_until;

use super::User;
use super::request::OnTheWire;
use crate::engine::trace::{Event as Told, LONGEST_LISTENING, MOST_EVENTS};
use crate::protocol::graphql::subscription::{self, Connection, Event, Leave, Next};
use crate::protocol::http::Sight;
use crate::protocol::result::Exchange;
use crate::scenario::eval::capture;
use crate::scenario::eval::template::RenderError;
use crate::scenario::plan::SubscriptionStep;
use crate::stats::{Example, Reason};
use crate::units;

/// A deadline that no clock reaches is as good as this one.
const FAR: Duration = Duration::from_secs(10 * 365 * 86_400);

/// A step with its templates filled.
struct Filled<'a> {
    step: &'a SubscriptionStep,
    params: Option<Vec<u8>>,
    payload: Bytes,
    events: u32,
    listen_for: Option<Duration>,
    /// By how much the iteration began too late.
    late: Option<Duration>,
}

impl Filled<'_> {
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
    /// Until the first event a request is on the wire.
    on_the_wire: Option<OnTheWire>,
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

impl User {
    pub(super) async fn subscription(&mut self, step: &SubscriptionStep, late: Option<Duration>) {
        let filled = match self.filled(step, late) {
            Ok(filled) => filled,
            Err(error) => {
                capture::none_taken(&step.http.captures, &mut self.scope);
                return self.unfilled(step.http.endpoint, &error).await;
            }
        };
        if self.must_leave(filled.end(Instant::now())) {
            self.ends = true;
            return;
        }
        self.tell_request(step.connect);
        let on_the_wire = OnTheWire::new(&self.shard, step.connect, late);
        let (params, payload) = (filled.params.clone(), &filled.payload);
        let (exchange, connection) = subscription::connect(&mut self.client, step, params, payload).await;
        on_the_wire.arrived();
        self.tell_connected(&exchange, filled.params.as_deref());
        self.record(step.connect, exchange, late);
        let Some(mut connection) = connection else {
            return capture::none_taken(&step.http.captures, &mut self.scope);
        };
        // It may have been told to leave while it connected: then there is nothing to end.
        self.ends = self.must_leave(filled.end(Instant::now()));
        let leave = if self.ends { Leave::Finished } else { self.listen(&mut connection, &filled).await };
        connection.leave(leave).await;
    }

    fn filled<'a>(&mut self, step: &'a SubscriptionStep, late: Option<Duration>) -> Result<Filled<'a>, RenderError> {
        self.client.prepare(&step.http, &mut self.scope)?;
        // The handshake has no body: what was rendered as one is sent over the socket.
        let payload = std::mem::take(&mut self.client.draft().body);
        let scope = &mut self.scope;
        let mut params = None;
        if let Some(json) = &step.params {
            json.render(scope, params.insert(Vec::new()))?;
        }
        let events = step.events.as_ref().map(|events| events.draw(scope)).transpose()?;
        let listen_for = step.listen_for.as_ref().map(|length| length.draw(scope)).transpose()?;
        let (mut events, mut listen_for) = (events.unwrap_or(u32::MAX), listen_for);
        if self.shard.observer.is_some() {
            events = events.min(MOST_EVENTS);
            listen_for = listen_for.map(|length| length.min(LONGEST_LISTENING));
        }
        Ok(Filled { step, params, payload, events, listen_for, late })
    }

    /// Asks for the operation, and listens until there is a reason to leave.
    async fn listen(&mut self, connection: &mut Connection, filled: &Filled<'_>) -> Leave {
        self.tell_subscribed(filled);
        let on_the_wire = Some(OnTheWire::listening(&self.shard, filled.step.http.endpoint, filled.late));
        let now = Instant::now();
        let mut progress = Progress { since: now, last: now, events: 0, on_the_wire };
        let end = self.events(connection, filled, &mut progress).await;
        if progress.events == 0 {
            capture::none_taken(&filled.step.http.captures, &mut self.scope);
        }
        self.ended(filled, progress, end)
    }

    async fn events(&mut self, connection: &mut Connection, filled: &Filled<'_>, progress: &mut Progress) -> End {
        let after = |length| progress.since.checked_add(length).unwrap_or(progress.since + FAR);
        let alarm = sleep_until(after(filled.listen_for.unwrap_or(filled.step.http.timeout)).into());
        // A trial of what has no end of its own ends too.
        let end_of_trial = after(LONGEST_LISTENING);
        tokio::pin!(alarm);
        let mut is_armed = true;
        let end = filled.end(progress.since);
        let too_long = if filled.listen_for.is_some() { End::Enough } else { End::Silent };
        // A server that reads nothing lets nobody write.
        tokio::select! {
            sent = connection.subscribe(&filled.payload) => {
                if let Err((reason, example)) = sent {
                    return End::Broken(reason, example);
                }
            }
            () = &mut alarm => return too_long,
            () = self.told_to_leave(end) => return End::Told,
        }
        loop {
            let next = tokio::select! {
                next = connection.next() => next,
                () = &mut alarm, if is_armed => return if progress.events == 0 { too_long } else { End::Enough },
                () = self.told_to_leave(end) => return End::Told,
            };
            match next {
                Next::Event(event) => self.event(filled, progress, &event),
                Next::Complete => return End::Complete,
                Next::Refused(event) => return End::Refused(event.refusal(filled.step, &self.scope.secrets)),
                Next::Broken(reason, example) => return End::Broken(reason, example),
            }
            if progress.events >= filled.events {
                return End::Enough;
            }
            if progress.events == 1 && filled.listen_for.is_none() {
                is_armed = self.shard.observer.is_some();
                alarm.as_mut().reset(end_of_trial.into());
            }
        }
    }

    /// True when the user leaves and cannot listen until `end`, or to what has no end.
    fn must_leave(&self, end: Option<Instant>) -> bool {
        self.leaves_by().is_some_and(|by| self.shard.paused.get() || end.is_none_or(|end| end > by.into_std()))
    }

    /// Returns when the user must stop listening.
    async fn told_to_leave(&self, end: Option<Instant>) {
        while !self.must_leave(end) {
            self.signal.wake.notified().await;
        }
    }

    fn event(&mut self, filled: &Filled<'_>, progress: &mut Progress, event: &Event) {
        let now = Instant::now();
        let step = filled.step;
        let elapsed = now - progress.last;
        let bytes = event.payload().len() as u64;
        progress.last = now;
        progress.events = progress.events.saturating_add(1);
        let is_first = progress.events == 1;
        if is_first {
            self.begun(filled, progress, exchange(elapsed, bytes, None));
        }
        self.tell(Told::Received { number: progress.events, payload: event.payload(), after: elapsed });
        let (failure, cost) = event.judge(step, (elapsed, is_first), &mut self.scope);
        if let Some(cost) = cost {
            self.shard.recorder.borrow_mut().cost(step.http.endpoint.0, &cost);
        }
        let exchange = exchange(elapsed, bytes, failure);
        let expected = || step.http.expects.iter().map(|expect| expect.words.to_string()).collect();
        let captures = if is_first { &step.http.captures[..] } else { &[] };
        self.tell_answered(expected, captures, &exchange);
        self.record(step.event, exchange, None);
    }

    /// Records what came of the operation itself.
    fn begun(&self, filled: &Filled<'_>, progress: &mut Progress, exchange: Exchange) {
        if let Some(on_the_wire) = progress.on_the_wire.take() {
            on_the_wire.arrived();
        }
        self.record(filled.step.http.endpoint, exchange, filled.late);
    }

    /// Records the end. Where no event has come, it is what came of the operation; else a failure is that of the event which
    /// did not come. Who is told to leave before the first event has nothing to record.
    fn ended(&mut self, filled: &Filled<'_>, mut progress: Progress, end: End) -> Leave {
        let limit = filled.step.http.timeout;
        let mut elapsed = progress.last.elapsed();
        let (how, failure, leave) = match end {
            End::Enough => ("left", None, Leave::Unfinished),
            End::Told => {
                self.ends = true;
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
        self.tell(Told::Listened { how, events: progress.events, length: progress.since.elapsed() });
        let exchange = exchange(elapsed, 0, failure);
        self.tell_failed(&exchange);
        if progress.events > 0 {
            if exchange.failure.is_some() {
                self.record(filled.step.event, exchange, None);
            }
        } else if how != "told" {
            self.begun(filled, &mut progress, exchange);
        } else if let Some(on_the_wire) = progress.on_the_wire.take() {
            on_the_wire.left();
        }
        leave
    }

    fn tell_subscribed(&self, filled: &Filled<'_>) {
        let row = self.shard.plan.endpoints.get(filled.step.http.endpoint.0 as usize);
        let name = row.map_or("", |row| &*row.name);
        self.tell(Told::Subscribed { name, payload: &filled.payload });
    }

    fn tell_connected(&self, exchange: &Exchange, params: Option<&[u8]>) {
        if let Some((Reason::UnexpectedStatus { got, expected }, _)) = &exchange.failure
            && let Some(observer) = &self.shard.observer
        {
            let words = Cow::Owned(format!("status {expected}"));
            observer.see(&Sight::Expected { words, got: Some(got.to_string()) });
        }
        self.tell_failed(exchange);
        if exchange.failure.is_none() {
            self.tell(Told::Acknowledged { params, after: exchange.service });
        }
    }

    fn tell_failed(&self, exchange: &Exchange) {
        if let (Some(observer), Some((reason, example))) = (&self.shard.observer, &exchange.failure) {
            observer.see(&Sight::Failed(reason, example));
        }
    }
}

fn exchange(service: Duration, bytes: u64, failure: Option<(Reason, Example)>) -> Exchange {
    Exchange { service, connect: None, first_byte: None, bytes, failure }
}
