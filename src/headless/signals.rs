//! Signals that stop a headless run.

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::system::signals;

/// Receives signals. While it exists, they do not end the process.
#[derive(Debug)]
pub struct Signals {
    received: UnboundedReceiver<i32>,
}

impl Signals {
    /// Starts to listen for signals.
    ///
    /// # Errors
    /// If the signal handlers cannot be installed.
    pub fn new() -> std::io::Result<Self> {
        let (sender, received) = unbounded_channel();
        // Fails after the end of the run, when there is no receiver.
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
