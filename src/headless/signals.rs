//! The signals that stop a run without a screen.

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::system::signals;

/// Receives signals; while it exists they do not end the process.
#[derive(Debug)]
pub(crate) struct Signals {
    received: UnboundedReceiver<i32>,
}

impl Signals {
    /// Listens from now on.
    pub(crate) fn new() -> std::io::Result<Self> {
        let (sender, received) = unbounded_channel();
        // After the end of the run there is no receiver.
        signals::listen(&[], move |number| {
            let _ = sender.send(number);
        })?;
        Ok(Self { received })
    }

    /// Waits for the next signal; returns its number.
    pub(crate) async fn next(&mut self) -> i32 {
        match self.received.recv().await {
            Some(number) => number,
            None => std::future::pending().await,
        }
    }
}
