//! Watching the server while it is loaded, on a connection of its own.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::{MissedTickBehavior, interval};

use super::client::Factory;
use super::connection::Connection;
use super::error::WireError;
use super::info::{Counters, Info, largest_buffer};
use super::resp::FormatError;
use super::shared::{CONNECT_TIMEOUT, Shared};
use crate::stats::server::ServerFigures;

/// How often the server is asked.
const EVERY: Duration = Duration::from_secs(2);
/// A server that takes longer to say how it is does not answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// A list of clients costs the server time for each of them: every fourth look, from the second on (nobody is there at the first),
/// and not of very many.
const LIST_EVERY: u32 = 4;
const LIST_MOST: u64 = 2_000;

/// Asks the server of this factory's users how it is, again and again.
pub async fn watch(factory: &Factory, report: impl Fn(ServerFigures)) {
    let mut monitor = Monitor::new(factory);
    let mut tick = interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        report(monitor.look().await);
    }
}

/// Asks a server how it is.
#[derive(Debug)]
pub struct Monitor {
    shared: Arc<Shared>,
    connection: Option<Connection>,
    /// The counters at the first look, and the look before.
    first: Option<Counters>,
    before: Option<(Instant, Counters)>,
    looks: u32,
    latest: ServerFigures,
}

impl Monitor {
    /// For the server of this factory's users.
    pub fn new(factory: &Factory) -> Self {
        Self {
            shared: factory.shared(),
            connection: None,
            first: None,
            before: None,
            looks: 0,
            latest: ServerFigures { unreached: true, ..ServerFigures::default() },
        }
    }

    /// Looks once. When that fails, the figures are the last ones known, and say so.
    pub async fn look(&mut self) -> ServerFigures {
        match tokio::time::timeout(PATIENCE, self.ask()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                self.latest.stale = Some(error.reason(&self.shared.secrets).to_string());
                if error.is_fatal() {
                    self.connection = None;
                }
            }
            Err(_) => {
                self.latest.stale = Some(format!("no answer for {} s", PATIENCE.as_secs()));
                self.connection = None;
            }
        }
        self.latest.clone()
    }

    async fn ask(&mut self) -> Result<(), WireError> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            None => self.connection.insert(self.shared.open(CONNECT_TIMEOUT).await?),
        };
        let text = connection.ask(&["INFO"]).await?.into_text();
        let info = Info::read(&text);
        if info.is_empty() {
            return Err(FormatError::NotRedis("it does not answer INFO as a Redis does").into());
        }
        let mut figures = info.figures();
        figures.largest_buffer = self.latest.largest_buffer;
        figures.clients_peak = self.latest.clients_peak.max(figures.clients);
        if self.looks % LIST_EVERY == 1 && figures.clients <= LIST_MOST {
            // Who may not list clients (ACL) can still see the rest.
            figures.largest_buffer = match connection.ask(&["CLIENT", "LIST", "TYPE", "pubsub"]).await {
                Ok(value) => largest_buffer(&value.into_text()),
                Err(error) if error.is_fatal() => return Err(error),
                Err(_) => None,
            };
        }
        self.looks = self.looks.wrapping_add(1);
        let counters = info.counters();
        self.shared.note(&counters);
        self.compare(&mut figures, counters);
        self.latest = figures;
        Ok(())
    }

    /// Rates since the look before, and counts since the first.
    fn compare(&mut self, figures: &mut ServerFigures, now: Counters) {
        let restarted = self.first.as_ref().is_some_and(|first| first.run_id != now.run_id);
        if restarted {
            // A new server counts from 0.
            self.first = Some(Counters { run_id: now.run_id.clone(), ..Counters::default() });
            self.before = None;
        }
        let first = self.first.get_or_insert_with(|| now.clone());
        let since = |then: Option<u64>, now: Option<u64>| Some(now?.saturating_sub(then.unwrap_or(0)));
        figures.output_buffer_cuts = since(first.output_buffer_cuts, now.output_buffer_cuts);
        figures.evicted_clients = since(first.evicted_clients, now.evicted_clients);
        figures.rejected = now.rejected.saturating_sub(first.rejected);
        let at = Instant::now();
        if let Some((then, before)) = &self.before {
            let seconds = at.duration_since(*then).as_secs_f64().max(1e-3);
            let rate = |then: u64, now: u64| now.saturating_sub(then) as f64 / seconds;
            figures.ops = Some(rate(before.commands, now.commands));
            figures.bytes_in = Some(rate(before.bytes_in, now.bytes_in));
            figures.bytes_out = Some(rate(before.bytes_out, now.bytes_out));
        }
        self.before = Some((at, now));
    }
}
