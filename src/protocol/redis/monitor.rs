//! Monitors the server during a run, over a connection of its own.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ::redis::cmd;
use tokio::time::{MissedTickBehavior, interval};

use super::client::RedisClientFactory;
use super::cluster::View;
use super::error::RedisError;
use super::info::{Info, InfoCounters, largest_buffer};
use super::resp::FormatError;
use super::shared::{CONNECT_TIMEOUT, RedisShared};
use super::socket::RedisSocket;
use super::value;
use crate::stats::server::ServerFigures;
use crate::units;

/// Interval between samples.
const INTERVAL: Duration = Duration::from_secs(2);
/// Time-out for a sample.
const TIMEOUT: Duration = Duration::from_secs(3);
/// `CLIENT LIST` costs the server time for each client: it is sent with every fourth sample, starting with the second
/// (at the first there are no clients yet), and only up to this many clients.
const LIST_EVERY: u32 = 4;
const MAX_LISTED_CLIENTS: u64 = 2_000;
/// The nodes of a cluster are asked for with every fifth sample.
const LEARN_EVERY: u32 = 5;

/// Samples the server at intervals, forever.
pub async fn watch(factory: &RedisClientFactory, report: impl Fn(ServerFigures)) {
    let mut monitor = Monitor::new(factory);
    let mut tick = interval(INTERVAL);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        report(monitor.look().await);
    }
}

/// Samples a server.
#[derive(Debug)]
pub struct Monitor {
    shared: Arc<RedisShared>,
    view: View,
    connection: Option<RedisSocket>,
    /// The counters of the first and the previous sample.
    first: Option<InfoCounters>,
    before: Option<(Instant, InfoCounters)>,
    looks: u32,
    latest: ServerFigures,
}

impl Monitor {
    /// For the server of this factory.
    pub fn new(factory: &RedisClientFactory) -> Self {
        Self {
            shared: factory.shared(),
            view: View::default(),
            connection: None,
            first: None,
            before: None,
            looks: 0,
            latest: ServerFigures { unreached: true, ..ServerFigures::default() },
        }
    }

    /// Takes a sample. If that fails, the figures are the last known ones, marked as stale.
    pub async fn look(&mut self) -> ServerFigures {
        match tokio::time::timeout(TIMEOUT, self.command()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                self.latest.stale = Some(error.reason(&self.shared.secrets).to_string());
                if error.is_fatal() {
                    self.connection = None;
                }
            }
            Err(_) => {
                self.latest.stale = Some(format!("no response for {}", units::plain(TIMEOUT)));
                self.connection = None;
            }
        }
        let (outages, length) = self.shared.servers.outages();
        (self.latest.outages, self.latest.seconds_out) = (outages, length.as_secs_f64());
        self.latest.clone()
    }

    async fn command(&mut self) -> Result<(), RedisError> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            None => {
                if self.shared.servers.nodes.must_learn() {
                    self.shared.servers.learn(CONNECT_TIMEOUT).await?;
                }
                let server = self.shared.servers.any(&mut self.view);
                let opened = self.shared.servers.open(&server, false, CONNECT_TIMEOUT).await;
                if opened.is_err() {
                    self.view.turn();
                    if self.view.can_change() {
                        self.shared.servers.learn_again();
                    }
                }
                self.connection.insert(opened?)
            }
        };
        let text = value::text(&connection.command(&cmd("INFO")).await?);
        let info = Info::read(&text);
        if info.is_empty() {
            return Err(FormatError::NotRedis("unexpected response to INFO").into());
        }
        let mut figures = info.figures();
        figures.largest_buffer = self.latest.largest_buffer;
        figures.clients_peak = self.latest.clients_peak.max(figures.clients);
        if self.looks % LIST_EVERY == 1 && figures.clients <= MAX_LISTED_CLIENTS {
            let mut subscribers = cmd("CLIENT");
            subscribers.arg("LIST").arg("TYPE").arg("pubsub");
            // An ACL may forbid listing clients; the other figures are still of use.
            figures.largest_buffer = match connection.command(&subscribers).await {
                Ok(value) => largest_buffer(&value::text(&value)),
                Err(error) if error.is_fatal() => return Err(error),
                Err(_) => None,
            };
        }
        if self.looks % LEARN_EVERY == 1 && self.shared.servers.nodes.topology().is_some() {
            // Replicas that have been added or are in service again cause no redirect that would show them.
            self.shared.servers.learn_again();
        }
        self.looks = self.looks.wrapping_add(1);
        let counters = info.counters();
        self.shared.update_counters(&counters);
        self.compare(&mut figures, counters);
        self.latest = figures;
        Ok(())
    }

    /// Computes rates since the previous sample, and counts since the first.
    fn compare(&mut self, figures: &mut ServerFigures, now: InfoCounters) {
        let restarted = self.first.as_ref().is_some_and(|first| first.run_id != now.run_id);
        if restarted {
            // A restarted server counts from 0.
            self.first = Some(InfoCounters { run_id: now.run_id.clone(), ..InfoCounters::default() });
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
