//! A user's end of its receiver.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::task::Receiver;
use crate::protocol::message_sink::MessageSink;
use crate::protocol::redis::receiver_command::ReceiverCommand;
use crate::protocol::redis::shared::Shared;
use crate::protocol::redis::subscriptions::Subscriptions;

/// The receiver of a user, ended with it.
pub struct ReceiverHandle {
    commands: mpsc::UnboundedSender<ReceiverCommand>,
    task: JoinHandle<()>,
    subscriptions: Rc<RefCell<Subscriptions>>,
}

impl Drop for ReceiverHandle {
    fn drop(&mut self) {
        self.task.abort();
        // The task is dropped at some later moment, when nobody may count any more. It keeps no borrow while it waits.
        if let Ok(mut subscriptions) = self.subscriptions.try_borrow_mut() {
            subscriptions.abandon();
        }
    }
}

impl fmt::Debug for ReceiverHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReceiverHandle").finish_non_exhaustive()
    }
}

impl ReceiverHandle {
    /// Starts a receiver, which ends with this handle.
    pub fn start(shared: &Arc<Shared>, sink: &Rc<dyn MessageSink>) -> Self {
        let subscriptions = Subscriptions::new(Arc::clone(shared), Rc::clone(sink));
        let subscriptions = Rc::new(RefCell::new(subscriptions));
        let (receiver, commands) = Receiver::new(Arc::clone(shared), Rc::clone(sink), Rc::clone(&subscriptions));
        Self { commands, task: tokio::task::spawn_local(receiver.run()), subscriptions }
    }

    /// Gives it a command; false when it has died.
    pub fn send(&self, command: ReceiverCommand) -> bool {
        self.commands.send(command).is_ok()
    }
}
