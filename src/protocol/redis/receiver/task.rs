//! The task of a subscriber: it connects, takes commands, and connects again after a connection has broken.

use std::cell::{RefCell, RefMut};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;

use super::outage::Outage;
use crate::protocol::message_sink::MessageSink;
use crate::protocol::redis::connection::Connection;
use crate::protocol::redis::error::WireError;
use crate::protocol::redis::receiver_command::{Answer, ReceiverCommand};
use crate::protocol::redis::shared::{CONNECT_TIMEOUT, Shared};
use crate::protocol::redis::subscriptions::Subscriptions;
use crate::stats::{Example, Reason};

/// First pause before connecting again; doubles up to [`MAX_PAUSE`], so that a subscriber is back a second after its
/// server at the latest.
pub(super) const PAUSE: Duration = Duration::from_millis(50);
const MAX_PAUSE: Duration = Duration::from_secs(1);
/// Receives for one user.
pub struct Receiver {
    pub(super) shared: Arc<Shared>,
    pub(super) sink: Rc<dyn MessageSink>,
    pub(super) commands: mpsc::UnboundedReceiver<ReceiverCommand>,
    /// Also in the hands of the user, who settles them if this receiver ends before it has.
    pub(super) subscriptions: Rc<RefCell<Subscriptions>>,
    pub(super) waiting: Option<Answer>,
    /// What the server refused of what is waited for.
    pub(super) refusal: Option<(Reason, Example)>,
    pub(super) connect: Option<Duration>,
    pub(super) outage: Option<Outage>,
    /// Since when attempts to connect have failed.
    pub(super) failing: Option<Instant>,
    pub(super) heard: Instant,
    pub(super) asked: bool,
    /// Looks on the present connection.
    pub(super) ticks: u32,
    /// Before the next attempt to connect.
    pub(super) pause: Duration,
    pub(super) leaving: Option<Leaving>,
}

/// Names are being left.
pub(super) struct Leaving {
    pub(super) since: Instant,
    pub(super) answer: oneshot::Sender<()>,
}

/// Why listening ended.
pub(super) enum End {
    /// Nothing to listen to any more.
    Idle,
    /// The user is gone.
    Gone,
}

impl Receiver {
    /// A receiver for these subscriptions, and the end where its commands are given.
    pub fn new(
        shared: Arc<Shared>,
        sink: Rc<dyn MessageSink>,
        subscriptions: Rc<RefCell<Subscriptions>>,
    ) -> (Self, mpsc::UnboundedSender<ReceiverCommand>) {
        let (sender, commands) = mpsc::unbounded_channel();
        let receiver = Self {
            subscriptions,
            shared,
            sink,
            commands,
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
    pub(super) fn subscriptions(&self) -> RefMut<'_, Subscriptions> {
        self.subscriptions.borrow_mut()
    }

    /// Receives until the user drops its end.
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
                command = self.commands.recv() => match command {
                    Some(command) => self.handle_offline(command),
                    None => return,
                },
            }
        }
    }

    /// Connects, and takes commands meanwhile.
    async fn open(&mut self) -> Result<Result<Connection, WireError>, End> {
        let shared = Arc::clone(&self.shared);
        let opening = shared.open(CONNECT_TIMEOUT);
        tokio::pin!(opening);
        loop {
            tokio::select! {
                opened = &mut opening => return Ok(opened),
                command = self.commands.recv() => self.handle_offline(command.ok_or(End::Gone)?),
            }
            if self.subscriptions().is_empty() {
                return Err(End::Idle);
            }
        }
    }

    /// Handles a command while there is no connection.
    fn handle_offline(&mut self, command: ReceiverCommand) {
        match command {
            ReceiverCommand::Subscribe(wanted, answer) => {
                self.subscriptions().want(wanted);
                (self.waiting, self.refusal) = (Some(answer), None);
            }
            ReceiverCommand::Unsubscribe(names, answer) => {
                let mut subscriptions = self.subscriptions();
                // Nothing is sent: nobody is there who could confirm it.
                drop(subscriptions.leave(names.as_deref()));
                subscriptions.disconnected();
                // Whoever asked may have gone meanwhile.
                let _ = answer.send(());
            }
        }
    }

    /// Tells who waits for it that names are left, once they are settled or have been waited for long enough.
    pub(super) fn leave(&mut self) {
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
}
