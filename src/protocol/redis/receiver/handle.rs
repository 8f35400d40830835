//! The user's handle of its receiver.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::task::Receiver;
use crate::protocol::message_sink::MessageSink;
use crate::protocol::redis::receiver_command::ReceiverCommand;
use crate::protocol::redis::shared::RedisShared;
use crate::protocol::redis::subscriptions::Subscriptions;

/// A running receiver; stops when dropped.
pub struct ReceiverHandle {
    commands: mpsc::UnboundedSender<ReceiverCommand>,
    task: JoinHandle<()>,
    subscriptions: Rc<RefCell<Subscriptions>>,
}

impl Drop for ReceiverHandle {
    fn drop(&mut self) {
        self.task.abort();
        // The aborted task is dropped later, too late to count anything. It holds no borrow across an await.
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
    /// Starts a receiver that stops with this handle. With an `anchor` it connects to the node of that sharded channel.
    pub fn start(shared: &Arc<RedisShared>, sink: &Rc<dyn MessageSink>, anchor: Option<Arc<str>>) -> Self {
        let subscriptions = Subscriptions::new(Arc::clone(shared), Rc::clone(sink));
        let subscriptions = Rc::new(RefCell::new(subscriptions));
        let known = Rc::clone(&subscriptions);
        let (receiver, commands) = Receiver::new(Arc::clone(shared), Rc::clone(sink), known, anchor);
        Self { commands, task: tokio::task::spawn_local(receiver.run()), subscriptions }
    }

    /// Sends a command; false if the receiver has ended.
    pub fn send(&self, command: ReceiverCommand) -> bool {
        self.commands.send(command).is_ok()
    }
}
