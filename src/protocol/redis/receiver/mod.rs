//! A subscriber: a connection that does nothing but receive, in a task of its own, so that the moment of receipt is not
//! delayed by what else its user does.
//!
//! The user gives [`Order`]s; deliveries, losses and outages go to the [`MessageSink`]. A connection that breaks is opened
//! again with growing pauses, until the user lets go.

mod handle;
mod outage;
mod reports;

pub use handle::ReceiverHandle;

use std::cell::{RefCell, RefMut};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use self::outage::Outage;
use super::backlog::Backlog;
use super::clock;
use super::connection::Connection;
use super::error::WireError;
use super::info::Info;
use super::order::{Answer, Kind, Order};
use super::resp::flat;
use super::shared::{CONNECT_TIMEOUT, Shared};
use super::subscriptions::{Refused, Subscriptions};
use crate::protocol::message_sink::MessageSink;
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
pub struct Receiver {
    shared: Arc<Shared>,
    sink: Rc<dyn MessageSink>,
    orders: mpsc::UnboundedReceiver<Order>,
    /// Also in the hands of the user, who settles them if this receiver ends before it has.
    subscriptions: Rc<RefCell<Subscriptions>>,
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
    leaving: Option<Leaving>,
}

/// Names are being left.
struct Leaving {
    since: Instant,
    answer: oneshot::Sender<()>,
}

/// Why listening ended.
enum End {
    /// Nothing to listen to any more.
    Idle,
    /// The user is gone.
    Gone,
}

impl Receiver {
    /// A receiver for these subscriptions, and the end where its orders are given.
    pub fn new(
        shared: Arc<Shared>,
        sink: Rc<dyn MessageSink>,
        subscriptions: Rc<RefCell<Subscriptions>>,
    ) -> (Self, mpsc::UnboundedSender<Order>) {
        let (sender, orders) = mpsc::unbounded_channel();
        let receiver = Self {
            subscriptions,
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
            leaving: None,
        };
        (receiver, sender)
    }

    /// Never kept over an `await`.
    fn subscriptions(&self) -> RefMut<'_, Subscriptions> {
        self.subscriptions.borrow_mut()
    }

    /// Receives until the user drops its end.
    pub async fn run(mut self) {
        loop {
            if self.subscriptions().is_empty() {
                let Some(order) = self.orders.recv().await else { return };
                self.note(order);
                continue;
            }
            let started = Instant::now();
            let opened = match self.open().await {
                Ok(opened) => opened,
                Err(End::Gone) => return,
                Err(End::Idle) => continue,
            };
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
            let stood = self.subscriptions().disconnected();
            self.leave();
            if was_open && self.subscriptions().is_empty() {
                // It broke while the last names were being left.
                continue;
            }
            self.broken(error, started, (was_open, stood));
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

    /// Connects, and takes orders meanwhile.
    async fn open(&mut self) -> Result<Result<Connection, WireError>, End> {
        let shared = Arc::clone(&self.shared);
        let opening = shared.open(CONNECT_TIMEOUT);
        tokio::pin!(opening);
        loop {
            tokio::select! {
                opened = &mut opening => return Ok(opened),
                order = self.orders.recv() => self.note(order.ok_or(End::Gone)?),
            }
            if self.subscriptions().is_empty() {
                return Err(End::Idle);
            }
        }
    }

    /// Takes an order while there is no connection.
    fn note(&mut self, order: Order) {
        match order {
            Order::Subscribe(wanted, answer) => {
                self.subscriptions().want(wanted);
                (self.waiting, self.refusal) = (Some(answer), None);
            }
            Order::Unsubscribe(names, answer) => {
                let mut subscriptions = self.subscriptions();
                // Nothing is sent: nobody is there who could confirm it.
                drop(subscriptions.leave(names.as_deref()));
                subscriptions.disconnected();
                // Whoever asked may have gone meanwhile.
                let _ = answer.send(());
            }
        }
    }

    /// Subscribes to everything and receives until the connection breaks or nobody wants it any more.
    async fn listen(&mut self, mut connection: Connection) -> Result<End, WireError> {
        if self.outage.is_some() {
            // Ask why, before this connection can do nothing but receive.
            match timeout(self.shared.quiet(), connection.ask(&["INFO"])).await {
                Ok(Ok(value)) => self.shared.note(&Info::read(&value.into_text()).counters()),
                // Who may not ask can still listen.
                Ok(Err(_)) => {}
                Err(_) => return Err(WireError::Late(self.shared.quiet())),
            }
        }
        let commands = self.subscriptions().commands();
        self.send(&mut connection, &commands).await?;
        self.ticks = 0;
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        self.heard = Instant::now();
        self.asked = false;
        let mut backlog = Backlog::default();
        loop {
            // What comes comes last: there may be no end of it, and orders must not wait for that.
            tokio::select! {
                biased;
                order = self.orders.recv() => match order {
                    None => return Ok(End::Gone),
                    Some(order) => self.obey(&mut connection, order).await?,
                },
                _ = tick.tick() => self.check(&mut connection).await?,
                received = connection.receive() => {
                    let now = clock::now();
                    let bytes = received?;
                    self.heard = Instant::now();
                    self.asked = false;
                    if let Some(behind) = backlog.read(bytes, now, || connection.unread()) {
                        self.sink.backlog(behind);
                    }
                    self.take(&mut connection, now)?;
                    // One busy connection must not keep the others of this thread waiting.
                    tokio::task::yield_now().await;
                }
            }
            self.leave();
            if self.subscriptions().is_empty() {
                return Ok(End::Idle);
            }
        }
    }

    /// Does what the user wants.
    async fn obey(&mut self, connection: &mut Connection, order: Order) -> Result<(), WireError> {
        match order {
            Order::Subscribe(wanted, answer) => {
                self.subscriptions().want(wanted);
                (self.waiting, self.refusal) = (Some(answer), None);
                self.connect = None;
                let commands = self.subscriptions().commands();
                self.send(connection, &commands).await?;
                self.confirm();
            }
            Order::Unsubscribe(names, answer) => {
                let now = Instant::now();
                (self.leaving, self.heard) = (Some(Leaving { since: now, answer }), now);
                let commands = self.subscriptions().leave(names.as_deref());
                self.send(connection, &commands).await?;
            }
        }
        Ok(())
    }

    /// Sends commands to a server that may not read them.
    async fn send(&self, connection: &mut Connection, commands: &[u8]) -> Result<(), WireError> {
        let sent = timeout(CONNECT_TIMEOUT, connection.send(commands)).await;
        sent.unwrap_or(Err(WireError::Late(CONNECT_TIMEOUT)))
    }

    /// Tells who waits for it that names are left, once they are settled or have been waited for long enough.
    fn leave(&mut self) {
        let Some(leaving) = &self.leaving else { return };
        if self.subscriptions().is_leaving() {
            let over = self.heard.elapsed() >= self.shared.quiet();
            if !over && leaving.since.elapsed() < self.shared.patience() {
                return;
            }
            self.subscriptions().give_up();
        }
        if let Some(leaving) = self.leaving.take() {
            // Whoever asked may have gone meanwhile.
            let _ = leaving.answer.send(());
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
                    self.subscriptions().ponged();
                }
                continue;
            };
            match kind {
                b"message" => self.subscriptions().message((Kind::Channel, first), second, now),
                b"pmessage" => self.subscriptions().message((Kind::Pattern, first), third, now),
                b"smessage" => self.subscriptions().message((Kind::Shard, first), second, now),
                b"subscribe" => self.confirmed(Kind::Channel, first),
                b"psubscribe" => self.confirmed(Kind::Pattern, first),
                b"ssubscribe" => self.confirmed(Kind::Shard, first),
                b"unsubscribe" => self.subscriptions().ended((Kind::Channel, first)),
                b"punsubscribe" => self.subscriptions().ended((Kind::Pattern, first)),
                b"sunsubscribe" => self.subscriptions().ended((Kind::Shard, first)),
                b"pong" => self.subscriptions().ponged(),
                _ => {}
            }
        }
        Ok(())
    }

    fn confirmed(&mut self, kind: Kind, name: &[u8]) {
        if self.subscriptions().confirm((kind, name)) {
            self.confirm();
        }
    }

    /// The server has refused something. That is the failure of the name that was asked for; the others go on.
    fn refused(&mut self, text: String) -> Result<(), WireError> {
        let error = WireError::Refused(text);
        let refused = self.subscriptions().refused(error.passes());
        match refused {
            Refused::Connection => return Err(error),
            Refused::End | Refused::Other => {}
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
        if !self.subscriptions().are_settled() {
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

    /// Counts gaps that have been open for too long, and finds out about a server that has gone silent.
    async fn check(&mut self, connection: &mut Connection) -> Result<(), WireError> {
        self.subscriptions().expire();
        let silent = self.heard.elapsed();
        if silent >= SILENCE * 2 {
            return Err(WireError::Late(SILENCE));
        }
        if silent >= SILENCE && !self.asked {
            self.asked = true;
            let ping = self.subscriptions().ping();
            self.send(connection, &ping).await?;
        }
        self.ticks = self.ticks.wrapping_add(1);
        if self.ticks.is_multiple_of(AGAIN) {
            let commands = self.subscriptions().again();
            self.send(connection, &commands).await?;
        }
        Ok(())
    }
}
