//! A subscriber: a connection that does nothing but receive, in a task of its own, so that the moment of receipt is not
//! delayed by what else its user does.
//!
//! The user gives [`Order`]s; deliveries, losses and outages go to the [`Sink`]. A connection that breaks is opened
//! again with growing pauses, until the user lets go.

use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use super::connection::Connection;
use super::error::WireError;
use super::info::Info;
use super::order::{Answer, Kind, Order};
use super::resp::{FormatError, flat};
use super::shared::{CONNECT_TIMEOUT, Shared};
use super::subscriptions::{Refused, Subscriptions};
use super::{Sink, clock, monitor};
use crate::protocol::http::Exchange;
use crate::stats::{Example, Reason};

/// First pause before connecting again; doubles up to [`MAX_PAUSE`], so that a subscriber is back a second after its
/// server at the latest.
const PAUSE: Duration = Duration::from_millis(50);
const MAX_PAUSE: Duration = Duration::from_secs(1);
/// How often gaps and silence are looked at.
const TICK: Duration = Duration::from_millis(500);
/// After so many of these looks, a name that was refused is asked for again.
const AGAIN: u32 = 4;
/// A server that says nothing for so long is asked whether it is there; twice as long, and it is gone.
const SILENCE: Duration = Duration::from_secs(20);

/// Receives for one user.
pub struct Receiver<S> {
    shared: Arc<Shared>,
    sink: Rc<S>,
    orders: mpsc::UnboundedReceiver<Order>,
    subscriptions: Subscriptions<S>,
    waiting: Option<Answer>,
    /// What the server refused of what is waited for.
    refusal: Option<(Reason, Example)>,
    connect: Option<Duration>,
    outage: Option<Outage>,
    /// Since when attempts to connect have failed.
    failing: Option<Instant>,
    heard: Instant,
    asked: bool,
    /// Looks on the present connection.
    ticks: u32,
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
            subscriptions: Subscriptions::new(Arc::clone(&shared), Rc::clone(&sink)),
            shared,
            sink,
            orders,
            waiting: None,
            refusal: None,
            connect: None,
            outage: None,
            failing: None,
            heard: Instant::now(),
            asked: false,
            ticks: 0,
            pause: PAUSE,
            unsubscribed: 0,
        };
        (receiver, sender)
    }

    /// Receives until the user drops its end.
    pub async fn run(mut self) {
        loop {
            if self.subscriptions.is_empty() {
                let Some(order) = self.orders.recv().await else { return };
                self.note(order);
                continue;
            }
            let started = Instant::now();
            let opened = self.shared.open(CONNECT_TIMEOUT).await;
            let was_open = opened.is_ok();
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
            self.broken(error, started, was_open);
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
                self.subscriptions.want(wanted);
                (self.waiting, self.refusal) = (Some(answer), None);
            }
            Order::Unsubscribe(names, answer) => {
                let (leaving, _) = self.subscriptions.leaving(names.as_deref());
                self.subscriptions.forget(leaving);
                // Whoever asked may have gone meanwhile.
                let _ = answer.send(());
            }
        }
    }

    /// The connection could not be opened, or broke.
    fn broken(&mut self, error: WireError, started: Instant, was_open: bool) {
        if self.subscriptions.disconnected() {
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
        let failure = self.not_open(&error);
        if let Some(answer) = self.waiting.take() {
            self.refusal = None;
            // Whoever asked may have gone meanwhile.
            let _ = answer.send(Err(failure));
        } else if let Some(outage) = self.outage.take() {
            let failure = match (&error, &outage.error) {
                // It is there, and says itself what is wrong.
                (WireError::Refused(_), _) => failure,
                (_, refused @ WireError::Refused(_)) => refused.failure(&self.shared.secrets),
                // It is there, and cut us off once more before it had confirmed anything.
                _ if was_open => self.why(&outage.error),
                _ => (Reason::Other("the server cannot be reached any more (was subscribed)".into()), failure.1),
            };
            self.report(outage.since, Some(failure));
        } else {
            self.report(started, Some(failure));
        }
    }

    /// Why a connection could not be opened.
    fn not_open(&self, error: &WireError) -> (Reason, Example) {
        match error {
            WireError::Closed => {
                (Reason::Other("closed by the server before it let us subscribe".into()), Example::default())
            }
            error => error.failure(&self.shared.secrets),
        }
    }

    fn report(&self, since: Instant, failure: Option<(Reason, Example)>) {
        if let Some(row) = self.subscriptions.row() {
            self.sample(row, since, failure);
        }
    }

    fn sample(&self, row: u32, since: Instant, failure: Option<(Reason, Example)>) {
        let exchange =
            Exchange { service: since.elapsed(), connect: self.connect, first_byte: None, bytes: 0, failure };
        self.sink.sample(row, exchange);
    }

    /// Subscribes to everything and receives until the connection breaks or nobody wants it any more.
    async fn listen(&mut self, mut connection: Connection) -> Result<End, WireError> {
        if self.outage.is_some() {
            // Ask why, before this connection can do nothing but receive.
            if let Ok(value) = connection.ask(&["INFO"]).await {
                self.shared.note(&Info::read(&monitor::text(value)).counters());
            }
        }
        connection.send(&self.subscriptions.anew()).await?;
        self.ticks = 0;
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
                    if self.subscriptions.is_empty() {
                        return Ok(End::Idle);
                    }
                    // One busy connection must not keep the others of this thread waiting.
                    tokio::task::yield_now().await;
                }
                order = self.orders.recv() => match order {
                    None => return Ok(End::Gone),
                    Some(Order::Subscribe(wanted, answer)) => {
                        self.subscriptions.want(wanted);
                        (self.waiting, self.refusal) = (Some(answer), None);
                        self.connect = None;
                        connection.send(&self.subscriptions.commands()).await?;
                        self.confirm();
                    }
                    Some(Order::Unsubscribe(names, answer)) => {
                        self.leave(&mut connection, names.as_deref()).await;
                        let _ = answer.send(());
                        if self.subscriptions.is_empty() {
                            return Ok(End::Idle);
                        }
                    }
                },
                _ = tick.tick() => self.check(&mut connection).await?,
            }
        }
    }

    /// Everything that has arrived. `now` is when.
    fn take(&mut self, connection: &mut Connection, now: u64) -> Result<(), WireError> {
        while let Some(reply) = connection.arrived()? {
            let Some([kind, first, second, third]) = flat(reply) else {
                if let Some(text) = reply.strip_prefix(b"-") {
                    let text = String::from_utf8_lossy(text).trim_end().to_owned();
                    self.refused(text)?;
                } else {
                    self.subscriptions.ponged();
                }
                continue;
            };
            match kind {
                b"message" => self.subscriptions.message((Kind::Channel, first), second, now),
                b"pmessage" => self.subscriptions.message((Kind::Pattern, first), third, now),
                b"smessage" => self.subscriptions.message((Kind::Shard, first), second, now),
                b"subscribe" => self.confirmed(Kind::Channel, first),
                b"psubscribe" => self.confirmed(Kind::Pattern, first),
                b"ssubscribe" => self.confirmed(Kind::Shard, first),
                b"unsubscribe" => self.ended(Kind::Channel, first),
                b"punsubscribe" => self.ended(Kind::Pattern, first),
                b"sunsubscribe" => self.ended(Kind::Shard, first),
                b"pong" => self.subscriptions.ponged(),
                _ => {}
            }
        }
        Ok(())
    }

    fn confirmed(&mut self, kind: Kind, name: &[u8]) {
        if self.subscriptions.confirm((kind, name)) {
            self.confirm();
        }
    }

    fn ended(&mut self, kind: Kind, name: &[u8]) {
        self.unsubscribed += usize::from(self.subscriptions.ended((kind, name)));
    }

    /// The server has refused something. That is the failure of the name that was asked for; the others go on.
    fn refused(&mut self, text: String) -> Result<(), WireError> {
        let error = WireError::Refused(text);
        match self.subscriptions.refused(error.passes()) {
            Refused::Connection => return Err(error),
            Refused::End => self.unsubscribed += 1,
            Refused::Other => {}
            Refused::Name(row, first) => {
                let failure = error.failure(&self.shared.secrets);
                if self.waiting.is_some() {
                    self.refusal.get_or_insert(failure);
                } else if first {
                    self.sample(row, self.heard, Some(failure));
                }
                self.confirm();
            }
        }
        Ok(())
    }

    /// Says so when everything is confirmed or refused.
    fn confirm(&mut self) {
        if !self.subscriptions.are_settled() {
            return;
        }
        self.pause = PAUSE;
        let failing = self.failing.take();
        if let Some(answer) = self.waiting.take() {
            // Whoever asked may have gone meanwhile.
            let _ = answer.send(self.refusal.take().map_or(Ok(self.connect), Err));
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
        match error {
            WireError::Format(FormatError::TooLarge) => (Reason::Other("message larger than 16 MiB".into()), example),
            WireError::Format(_) | WireError::Late(_) | WireError::Refused(_) => (reason, example),
            // What we saw of it adds nothing to that.
            WireError::Closed => (Reason::Other(self.shared.why_closed().into()), Example::default()),
            WireError::Io(_) | WireError::Resolve(_) => (Reason::Other(self.shared.why_closed().into()), example),
        }
    }

    /// Gives up names, when all that was published on them before has come.
    async fn leave(&mut self, connection: &mut Connection, names: Option<&[Arc<str>]>) {
        // The order of replies on one connection makes this exact: what was accepted by now comes before the answer.
        let (leaving, commands) = self.subscriptions.leaving(names);
        self.unsubscribed = 0;
        let limit = self.shared.drain.max(TICK);
        let finish = async {
            connection.send(&commands).await?;
            while self.unsubscribed < leaving.len() {
                connection.receive().await?;
                self.take(connection, clock::now())?;
            }
            Ok::<(), WireError>(())
        };
        // A broken connection tells no more: what is missing then is lost, and the next receipt finds out why.
        let _ = timeout(limit, finish).await;
        self.subscriptions.forget(leaving);
    }

    /// Counts gaps that have been open for too long, and finds out about a server that has gone silent.
    async fn check(&mut self, connection: &mut Connection) -> Result<(), WireError> {
        self.subscriptions.expire();
        let silent = self.heard.elapsed();
        if silent >= SILENCE * 2 {
            return Err(WireError::Late(SILENCE));
        }
        if silent >= SILENCE && !self.asked {
            self.asked = true;
            let ping = self.subscriptions.ping();
            connection.send(&ping).await?;
        }
        self.ticks = self.ticks.wrapping_add(1);
        if self.ticks.is_multiple_of(AGAIN) {
            connection.send(&self.subscriptions.again()).await?;
        }
        Ok(())
    }
}
