//! A subscriber: a connection that does nothing but receive, in a task of its own, so that the moment of receipt is not
//! delayed by what else its user does.
//!
//! The user gives [`Order`]s; deliveries, losses and outages go to the [`Sink`]. A connection that breaks is opened
//! again with growing pauses, until the user lets go.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use super::connection::Connection;
use super::error::WireError;
use super::info::Info;
use super::order::{Answer, Kind, Order, Wanted};
use super::resp::{FormatError, encode, flat};
use super::shared::{CONNECT_TIMEOUT, Shared};
use super::track::{Known, Tracker};
use super::{Delivery, Sink, clock, envelope, monitor};
use crate::protocol::http::Exchange;
use crate::stats::delivery::Tally;
use crate::stats::{Example, Reason};

/// First pause before connecting again; doubles up to [`MAX_PAUSE`], so that a subscriber is back a second after its
/// server at the latest.
const PAUSE: Duration = Duration::from_millis(50);
const MAX_PAUSE: Duration = Duration::from_secs(1);
/// How often gaps and silence are looked at.
const TICK: Duration = Duration::from_millis(500);
/// A server that says nothing for so long is asked whether it is there; twice as long, and it is gone.
const SILENCE: Duration = Duration::from_secs(20);

struct Subscription {
    row: u32,
    deliver: Option<u32>,
    tracker: Tracker,
    /// Confirmed on the present connection.
    confirmed: bool,
}

/// Receives for one user.
pub struct Receiver<S> {
    shared: Arc<Shared>,
    sink: Rc<S>,
    orders: mpsc::UnboundedReceiver<Order>,
    names: BTreeMap<(Kind, Arc<str>), Subscription>,
    waiting: Option<Answer>,
    connect: Option<Duration>,
    outage: Option<Outage>,
    /// Since when attempts to connect have failed.
    failing: Option<Instant>,
    heard: Instant,
    asked: bool,
    /// Before the next attempt to connect.
    pause: Duration,
    /// Confirmations of the names that are being given up.
    unsubscribed: usize,
}

/// A connection that broke and has not been reported yet.
struct Outage {
    since: Instant,
    error: WireError,
}

/// Why listening ended.
enum End {
    /// Nothing to listen to any more.
    Idle,
    /// The user is gone.
    Gone,
}

impl<S: Sink> Receiver<S> {
    /// A receiver and the end where its orders are given.
    pub fn new(shared: Arc<Shared>, sink: Rc<S>) -> (Self, mpsc::UnboundedSender<Order>) {
        let (sender, orders) = mpsc::unbounded_channel();
        let receiver = Self {
            shared,
            sink,
            orders,
            names: BTreeMap::new(),
            waiting: None,
            connect: None,
            outage: None,
            failing: None,
            heard: Instant::now(),
            asked: false,
            pause: PAUSE,
            unsubscribed: 0,
        };
        (receiver, sender)
    }

    /// Receives until the user drops its end.
    pub async fn run(mut self) {
        loop {
            if self.names.is_empty() {
                let Some(order) = self.orders.recv().await else { return };
                self.note(order);
                continue;
            }
            let started = Instant::now();
            let opened = self.shared.open(CONNECT_TIMEOUT).await;
            let error = match opened {
                Ok(connection) => {
                    self.connect = Some(started.elapsed());
                    match self.listen(connection).await {
                        Ok(End::Gone) => return,
                        Ok(End::Idle) => continue,
                        Err(error) => error,
                    }
                }
                Err(error) => error,
            };
            self.broken(error, started);
            // A little chance, so that a thousand subscribers do not come back at once.
            let wait = self.pause.mul_f64(0.5 + 0.5 * fastrand::f64());
            self.pause = (self.pause * 2).min(MAX_PAUSE);
            tokio::select! {
                () = sleep(wait) => {}
                order = self.orders.recv() => match order {
                    Some(order) => self.note(order),
                    None => return,
                },
            }
        }
    }

    /// Takes an order while there is no connection.
    fn note(&mut self, order: Order) {
        match order {
            Order::Subscribe(wanted, answer) => {
                self.want(wanted);
                self.waiting = Some(answer);
            }
            Order::Unsubscribe(names, answer) => {
                self.settle(names.as_deref());
                // Whoever asked may have gone meanwhile.
                let _ = answer.send(());
            }
        }
    }

    fn want(&mut self, wanted: Vec<Wanted>) {
        for Wanted { kind, name, row, deliver } in wanted {
            let subscription = Subscription { row, deliver, tracker: Tracker::default(), confirmed: false };
            self.names.entry((kind, name)).or_insert(subscription);
        }
    }

    /// The connection could not be opened, or broke.
    fn broken(&mut self, error: WireError, started: Instant) {
        let mut stood = false;
        for subscription in self.names.values_mut().filter(|s| s.confirmed) {
            subscription.confirmed = false;
            subscription.tracker.disconnected();
            stood = true;
        }
        if stood {
            // One connection, whatever number of channels it had: so it is counted where the subscription is.
            if let Some(row) = self.row() {
                self.sink.tally(row, &Tally { disconnects: 1, ..Tally::default() });
            }
            self.outage.get_or_insert_with(|| Outage { since: Instant::now(), error: WireError::Closed });
        }
        if let Some(outage) = &mut self.outage
            && outage.since >= started
        {
            // It broke just now: the first attempt to come back will tell how long it lasted.
            outage.error = error;
            return;
        }
        self.failing.get_or_insert(started);
        if let Some(answer) = self.waiting.take() {
            // Whoever asked may have gone meanwhile.
            let _ = answer.send(Err(error.failure(&self.shared.secrets)));
        } else if let Some(outage) = self.outage.take() {
            let (_, example) = outage.error.failure(&self.shared.secrets);
            let reason = Reason::Other("closed while subscribed: the server cannot be reached any more".into());
            self.report(outage.since, Some((reason, example)));
        } else {
            self.report(started, Some(error.failure(&self.shared.secrets)));
        }
    }

    /// The `SUBSCRIBE` row of this connection.
    fn row(&self) -> Option<u32> {
        self.names.values().next().map(|s| s.row)
    }

    fn report(&self, since: Instant, failure: Option<(Reason, Example)>) {
        if let Some(row) = self.row() {
            let exchange =
                Exchange { service: since.elapsed(), connect: self.connect, first_byte: None, bytes: 0, failure };
            self.sink.sample(row, exchange);
        }
    }

    /// Subscribes to everything and receives until the connection breaks or nobody wants it any more.
    async fn listen(&mut self, mut connection: Connection) -> Result<End, WireError> {
        if self.outage.is_some() {
            // Ask why, before this connection can do nothing but receive.
            if let Ok(value) = connection.ask(&["INFO"]).await {
                self.shared.note(&Info::read(&monitor::text(value)).counters());
            }
        }
        self.subscribe(&mut connection).await?;
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        self.heard = Instant::now();
        self.asked = false;
        loop {
            tokio::select! {
                biased;
                received = connection.receive() => {
                    let now = clock::now();
                    received?;
                    self.heard = Instant::now();
                    self.asked = false;
                    self.take(&mut connection, now)?;
                    // One busy connection must not keep the others of this thread waiting.
                    tokio::task::yield_now().await;
                }
                order = self.orders.recv() => match order {
                    None => return Ok(End::Gone),
                    Some(Order::Subscribe(wanted, answer)) => {
                        self.want(wanted);
                        self.waiting = Some(answer);
                        self.connect = None;
                        self.subscribe(&mut connection).await?;
                        self.confirm();
                    }
                    Some(Order::Unsubscribe(names, answer)) => {
                        self.leave(&mut connection, names.as_deref()).await;
                        let _ = answer.send(());
                        if self.names.is_empty() {
                            return Ok(End::Idle);
                        }
                    }
                },
                _ = tick.tick() => self.check(&mut connection).await?,
            }
        }
    }

    /// Sends the names that the server has not confirmed yet.
    async fn subscribe(&self, connection: &mut Connection) -> Result<(), WireError> {
        let mut out = Vec::new();
        for kind in Kind::ALL {
            let names =
                self.names.iter().filter(|((k, _), s)| *k == kind && !s.confirmed).map(|((_, name), _)| &**name);
            let words: Vec<&str> = std::iter::once(kind.verbs().0).chain(names).collect();
            if kind == Kind::Shard {
                // Names of one command must share a slot, so each goes alone.
                words[1..].iter().for_each(|name| encode::command(&mut out, &[words[0], name]));
            } else if words.len() > 1 {
                encode::command(&mut out, &words);
            }
        }
        connection.send(&out).await
    }

    /// Everything that has arrived. `now` is when.
    fn take(&mut self, connection: &mut Connection, now: u64) -> Result<(), WireError> {
        while let Some(reply) = connection.arrived()? {
            let Some([kind, first, second, third]) = flat(reply) else {
                if let Some(text) = reply.strip_prefix(b"-") {
                    return Err(WireError::Refused(String::from_utf8_lossy(text).trim_end().to_owned()));
                }
                continue;
            };
            match kind {
                b"message" => self.message((Kind::Channel, first), second, now),
                b"pmessage" => self.message((Kind::Pattern, first), third, now),
                b"smessage" => self.message((Kind::Shard, first), second, now),
                b"subscribe" => self.confirmed((Kind::Channel, first)),
                b"psubscribe" => self.confirmed((Kind::Pattern, first)),
                b"ssubscribe" => self.confirmed((Kind::Shard, first)),
                b"unsubscribe" | b"punsubscribe" | b"sunsubscribe" => self.unsubscribed += 1,
                _ => {}
            }
        }
        Ok(())
    }

    fn message(&mut self, (kind, name): (Kind, &[u8]), message: &[u8], now: u64) {
        let Some((name, subscription)) = find(&mut self.names, kind, name) else { return };
        let Some(row) = subscription.deliver else { return };
        let Some(stamp) = envelope::read(message, self.shared.envelope) else {
            self.sink.tally(row, &Tally { received: 1, foreign: 1, ..Tally::default() });
            return;
        };
        let created = || {
            let streams = self.shared.streams.of(name, kind == Kind::Pattern);
            streams.iter().find(|stream| stream.id == stamp.stream).map(|stream| stream.created)
        };
        let tally = subscription.tracker.arrive((stamp.stream, stamp.number), now, created);
        self.sink.tally(row, &tally);
        let latency = Duration::from_nanos(now.saturating_sub(stamp.sent));
        self.sink.delivered(row, Delivery { latency, bytes: message.len() as u64 });
    }

    fn confirmed(&mut self, (kind, name): (Kind, &[u8])) {
        let now = clock::now();
        let Some((name, subscription)) = find(&mut self.names, kind, name) else { return };
        if !subscription.confirmed {
            subscription.confirmed = true;
            if subscription.deliver.is_some() {
                subscription.tracker.connected(now, known(&self.shared, name, kind).into_iter());
            }
        }
        self.confirm();
    }

    /// Says so when everything is confirmed.
    fn confirm(&mut self) {
        if self.names.values().any(|s| !s.confirmed) {
            return;
        }
        self.pause = PAUSE;
        let failing = self.failing.take();
        if let Some(answer) = self.waiting.take() {
            let _ = answer.send(Ok(self.connect));
        } else if let Some(outage) = self.outage.take() {
            let failure = self.why(&outage.error);
            self.report(outage.since, Some(failure));
        } else if let Some(since) = failing {
            self.report(since, None);
        }
    }

    /// Why a connection that was only listening is gone: its server knows that best, unless it is we who closed it.
    fn why(&self, error: &WireError) -> (Reason, Example) {
        let (reason, example) = error.failure(&self.shared.secrets);
        let reason = match error {
            WireError::Format(FormatError::TooLarge) => Reason::Other("message larger than 16 MiB".into()),
            WireError::Format(_) | WireError::Late(_) | WireError::Refused(_) => reason,
            WireError::Io(_) | WireError::Closed | WireError::Resolve(_) => {
                Reason::Other(self.shared.why_closed().into())
            }
        };
        (reason, example)
    }

    /// Gives up names, when all that was published on them before has come.
    async fn leave(&mut self, connection: &mut Connection, names: Option<&[Arc<str>]>) {
        let book: Vec<_> =
            self.names.keys().filter(|(_, name)| names.is_none_or(|n| n.contains(name))).cloned().collect();
        // The order of replies on one connection makes this exact: what was accepted by now comes before the answer.
        let due: Vec<Vec<Known>> = book.iter().map(|(kind, name)| known(&self.shared, name, *kind)).collect();
        let mut out = Vec::new();
        for (kind, name) in &book {
            encode::command(&mut out, &[kind.verbs().1, name]);
        }
        self.unsubscribed = 0;
        let limit = self.shared.drain.max(TICK);
        let finish = async {
            connection.send(&out).await?;
            while self.unsubscribed < book.len() {
                connection.receive().await?;
                self.take(connection, clock::now())?;
            }
            Ok::<(), WireError>(())
        };
        // A broken connection tells no more: what is missing then is lost, and the next receipt finds out why.
        let _ = timeout(limit, finish).await;
        for ((kind, name), due) in book.into_iter().zip(due) {
            self.forget((kind, name), due);
        }
    }

    /// Gives up names without a connection.
    fn settle(&mut self, names: Option<&[Arc<str>]>) {
        let book: Vec<_> =
            self.names.keys().filter(|(_, name)| names.is_none_or(|n| n.contains(name))).cloned().collect();
        for (kind, name) in book {
            let due = known(&self.shared, &name, kind);
            self.forget((kind, name), due);
        }
    }

    fn forget(&mut self, key: (Kind, Arc<str>), due: Vec<Known>) {
        if let Some(mut subscription) = self.names.remove(&key)
            && let Some(row) = subscription.deliver
        {
            self.sink.tally(row, &subscription.tracker.settle(due.into_iter()));
        }
    }

    /// Counts gaps that have been open for too long, and finds out about a server that has gone silent.
    async fn check(&mut self, connection: &mut Connection) -> Result<(), WireError> {
        let now = clock::now();
        for subscription in self.names.values_mut() {
            if let Some(row) = subscription.deliver {
                self.sink.tally(row, &subscription.tracker.expire(now, self.shared.drain));
            }
        }
        let silent = self.heard.elapsed();
        if silent >= SILENCE * 2 {
            return Err(WireError::Late(SILENCE));
        }
        if silent >= SILENCE && !self.asked {
            self.asked = true;
            let mut ping = Vec::new();
            encode::command(&mut ping, &["PING"]);
            connection.send(&ping).await?;
        }
        Ok(())
    }
}

fn find<'a>(
    names: &'a mut BTreeMap<(Kind, Arc<str>), Subscription>,
    kind: Kind,
    name: &[u8],
) -> Option<(&'a Arc<str>, &'a mut Subscription)> {
    // A user listens to few names, and this saves a copy of the name for every message.
    let mut found = names.iter_mut().filter(|((k, n), _)| *k == kind && n.as_bytes() == name);
    found.next().map(|((_, name), subscription)| (name, subscription))
}

fn known(shared: &Shared, name: &str, kind: Kind) -> Vec<Known> {
    let known = |s: &Arc<super::streams::Stream>| Known { stream: s.id, created: s.created, published: s.published() };
    shared.streams.of(name, kind == Kind::Pattern).iter().map(known).collect()
}
