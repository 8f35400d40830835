//! The signals that ask what runs without a screen to end.

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::system::signals;

/// Receives them; from now on none of them ends the process.
#[derive(Debug)]
pub(crate) struct Signals {
    heard: UnboundedReceiver<i32>,
}

impl Signals {
    /// Listens from now on.
    pub(crate) fn new() -> std::io::Result<Self> {
        let (sender, heard) = unbounded_channel();
        // Nobody listens any more after the end of the run.
        signals::listen(&[], move |number| {
            let _ = sender.send(number);
        })?;
        Ok(Self { heard })
    }

    /// Waits for the next one and says it in words.
    pub(crate) async fn next(&mut self) -> String {
        match self.heard.recv().await {
            Some(number) => signals::words(number),
            None => std::future::pending().await,
        }
    }
}
