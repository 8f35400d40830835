//! The task of a subscriber: connects, takes commands, and reconnects.

use std::cell::{RefCell, RefMut};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;

use super::attempt::Attempt;
use super::outage::Outage;
use crate::protocol::message_sink::MessageSink;
use crate::protocol::redis::cluster::{Nodes, Route, View};
use crate::protocol::redis::error::RedisError;
use crate::protocol::redis::receiver_command::{ReceiverCommand, SubscribeResultSender};
use crate::protocol::redis::shared::{CONNECT_TIMEOUT, RedisShared};
use crate::protocol::redis::socket::RedisSocket;
use crate::protocol::redis::subscriptions::Subscriptions;
use crate::scenario::plan::ServerAddress;
use crate::stats::{Example, Reason};

/// First pause before reconnecting; doubles up to [`MAX_PAUSE`], so that a subscriber is back at most a second after
/// its server.
pub(super) const MIN_PAUSE: Duration = Duration::from_millis(50);
const MAX_PAUSE: Duration = Duration::from_secs(1);
/// Receives messages for one user.
pub struct Receiver {
    pub(super) shared: Arc<RedisShared>,
    pub(super) sink: Rc<dyn MessageSink>,
    pub(super) commands: mpsc::UnboundedReceiver<ReceiverCommand>,
    view: View,
    /// A sharded channel whose node to connect to; all channels of this receiver are in its slot. `None`: any node.
    pub(super) anchor: Option<Arc<str>>,
    /// Shared with the handle, which settles them if this task is aborted.
    pub(super) subscriptions: Rc<RefCell<Subscriptions>>,
    pub(super) waiting: Option<SubscribeResultSender>,
    /// The first refusal among the subscriptions that the user waits for.
    pub(super) refusal: Option<(Reason, Example)>,
    pub(super) connect: Option<Duration>,
    pub(super) outage: Option<Outage>,
    /// Since when connecting has failed.
    pub(super) failing: Option<Instant>,
    pub(super) last_received: Instant,
    pub(super) pinged: bool,
    /// Ticks on the current connection.
    pub(super) ticks: u32,
    /// Pause before the next attempt to connect.
    pub(super) pause: Duration,
    pub(super) leaving: Option<PendingUnsubscribe>,
    /// Commands that unsubscribe, and since when they are held back: other nodes may still send what was published before.
    pub(super) held: Option<(Instant, Vec<u8>)>,
}

/// An unsubscription in progress.
pub(super) struct PendingUnsubscribe {
    pub(super) since: Instant,
    pub(super) done: oneshot::Sender<()>,
}

/// Why listening ended.
pub(super) enum ReceiverEnd {
    /// No subscriptions are left.
    Idle,
    /// The handle was dropped.
    Gone,
}

impl Receiver {
    /// A receiver for these subscriptions, and the sender of its commands.
    pub fn new(
        shared: Arc<RedisShared>,
        sink: Rc<dyn MessageSink>,
        subscriptions: Rc<RefCell<Subscriptions>>,
        anchor: Option<Arc<str>>,
    ) -> (Self, mpsc::UnboundedSender<ReceiverCommand>) {
        let (sender, commands) = mpsc::unbounded_channel();
        let receiver = Self {
            view: View::default(),
            anchor,
            subscriptions,
            shared,
            sink,
            commands,
            waiting: None,
            refusal: None,
            connect: None,
            outage: None,
            failing: None,
            last_received: Instant::now(),
            pinged: false,
            ticks: 0,
            pause: MIN_PAUSE,
            leaving: None,
            held: None,
        };
        (receiver, sender)
    }

    /// Must not be held across an `await`.
    pub(super) fn subscriptions(&self) -> RefMut<'_, Subscriptions> {
        self.subscriptions.borrow_mut()
    }

    /// Runs until the handle is dropped.
    pub async fn run(mut self) {
        loop {
            if self.subscriptions().is_empty() {
                let Some(command) = self.commands.recv().await else { return };
                self.handle_offline(command);
                continue;
            }
            let started = Instant::now();
            let opened = match self.open().await {
                Ok(opened) => opened,
                Err(ReceiverEnd::Gone) => return,
                Err(ReceiverEnd::Idle) => continue,
            };
            let was_open = opened.is_ok();
            let error = match opened {
                // The first connection of all showed that this is a cluster, whose other nodes have the channels.
                Ok(_) if self.is_misplaced() => continue,
                Ok(connection) => {
                    self.connect = Some(started.elapsed());
                    match self.listen(connection).await {
                        Ok(ReceiverEnd::Gone) => return,
                        Ok(ReceiverEnd::Idle) => continue,
                        Err(error) => error,
                    }
                }
                Err(error) => error,
            };
            self.held = None;
            let was_confirmed = self.subscriptions().disconnected();
            self.leave();
            if was_open && self.subscriptions().is_empty() {
                // It broke while the last subscriptions were ending.
                continue;
            }
            self.broken(error, Attempt { started, was_open, was_confirmed });
            // Jitter, so that a thousand subscribers do not reconnect at the same time.
            let wait = self.pause.mul_f64(0.5 + 0.5 * fastrand::f64());
            self.pause = (self.pause * 2).min(MAX_PAUSE);
            tokio::select! {
                () = sleep(wait) => {}
                command = self.commands.recv() => match command {
                    Some(command) => self.handle_offline(command),
                    None => return,
                },
            }
        }
    }

    /// Connects, and takes commands meanwhile.
    async fn open(&mut self) -> Result<Result<RedisSocket, RedisError>, ReceiverEnd> {
        let shared = Arc::clone(&self.shared);
        let (known, mut view) = (self.server(), self.view.clone());
        let anchor = self.anchor.clone();
        let opening = async {
            let mut server = known;
            if shared.servers.nodes.must_learn() {
                shared.servers.learn(CONNECT_TIMEOUT).await?;
                server = place(&shared.servers.nodes, &mut view, anchor.as_deref());
            }
            match &server {
                Some(server) => shared.servers.connect(server, CONNECT_TIMEOUT).await,
                None => Err(RedisError::Unexpected("cluster: no node serves the slot of this channel".to_owned())),
            }
        };
        tokio::pin!(opening);
        loop {
            tokio::select! {
                opened = &mut opening => return Ok(opened),
                command = self.commands.recv() => self.handle_offline(command.ok_or(ReceiverEnd::Gone)?),
            }
            if self.subscriptions().is_empty() {
                return Err(ReceiverEnd::Idle);
            }
        }
    }

    /// True if the servers have just turned out to be a cluster, so that the channels may be on another node.
    fn is_misplaced(&mut self) -> bool {
        self.anchor.is_some()
            && !self.view.is_cluster()
            && self.view.update(&self.shared.servers.nodes)
            && self.view.is_cluster()
    }

    /// The server to connect to; another one after each failure. `None` if no node serves the slot.
    fn server(&mut self) -> Option<ServerAddress> {
        if self.failing.is_some() || self.outage.is_some() {
            self.view.turn();
            if self.view.can_change() {
                self.shared.servers.learn_again();
            }
        }
        place(&self.shared.servers.nodes, &mut self.view, self.anchor.as_deref())
    }

    /// True if messages come from the other nodes of a cluster, so that they may arrive after what was sent later.
    pub(super) fn crosses_nodes(&self) -> bool {
        self.anchor.is_none() && self.shared.servers.nodes.is_cluster()
    }

    /// Handles a command while there is no connection.
    fn handle_offline(&mut self, command: ReceiverCommand) {
        match command {
            ReceiverCommand::Subscribe(wanted, done) => {
                self.subscriptions().add(wanted);
                (self.waiting, self.refusal) = (Some(done), None);
            }
            ReceiverCommand::Unsubscribe(names, done) => {
                let mut subscriptions = self.subscriptions();
                // Nothing is sent without a connection.
                drop(subscriptions.leave(names.as_deref()));
                subscriptions.disconnected();
                // The user may have stopped waiting.
                let _ = done.send(());
            }
        }
    }

    /// Reports the end of an unsubscription, once it is settled or has waited long enough.
    pub(super) fn leave(&mut self) {
        let Some(leaving) = self.leaving.as_ref().filter(|_| self.held.is_none()) else { return };
        if self.subscriptions().is_leaving() {
            let over = self.last_received.elapsed() >= self.shared.silence_limit();
            if !over && leaving.since.elapsed() < self.shared.max_wait() {
                return;
            }
            self.subscriptions().give_up();
        }
        if let Some(leaving) = self.leaving.take() {
            // The user may have stopped waiting.
            let _ = leaving.done.send(());
        }
    }
}

/// The server for a sharded channel, or for any channel; `None` if no node serves the slot.
fn place(nodes: &Nodes, view: &mut View, anchor: Option<&str>) -> Option<ServerAddress> {
    view.update(nodes);
    let route = anchor.map_or(Route::Any, |name| Route::Master(name.as_bytes()));
    view.server(nodes, route).map(|(server, _)| server.clone())
}
