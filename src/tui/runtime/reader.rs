//! Reads scenarios in the background, one at a time.

use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use crate::tui::event::Event;
use crate::tui::reading::ReadRequest;

/// How long a frame waits for the reader, so that most scenarios are shown without a "reading" state.
pub(super) const HOLD: Duration = Duration::from_millis(20);

/// Handle of the reader thread.
#[derive(Default)]
pub(super) struct Reader {
    /// Start of the current request.
    since: Option<Instant>,
}

impl Reader {
    /// Reads on a separate thread, which reports the result.
    pub fn start(&mut self, request: ReadRequest, events: &Sender<Event>) {
        let sender = events.clone();
        let work = move || {
            let index = request.index;
            let _ = sender.send(Event::Read(index, Box::new(request.read())));
        };
        // If no thread can be started, the scenario stays unread.
        let is_started = std::thread::Builder::new().name("reader".into()).spawn(work).is_ok();
        self.since = is_started.then(Instant::now);
    }

    /// Records that the thread has finished.
    pub fn ended(&mut self) {
        self.since = None;
    }

    /// True until the thread reports.
    pub fn is_reading(&self) -> bool {
        self.since.is_some()
    }

    /// True while a frame can wait for it.
    pub fn is_recent(&self) -> bool {
        self.since.is_some_and(|since| since.elapsed() < HOLD)
    }
}
