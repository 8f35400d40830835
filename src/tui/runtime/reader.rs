//! Scenarios that are read while the screen goes on, one at a time.

use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use crate::tui::event::Event;
use crate::tui::reading::ReadRequest;

/// How long a frame waits for the reader, so that most scenarios are shown at once and not as being read.
pub(super) const HOLD: Duration = Duration::from_millis(20);

/// The thread that compiles, as the loop sees it.
#[derive(Default)]
pub(super) struct Reader {
    /// When the request was given that is read now.
    since: Option<Instant>,
}

impl Reader {
    /// Reads on a thread of its own, which reports what it found.
    pub fn start(&mut self, request: ReadRequest, events: &Sender<Event>) {
        let sender = events.clone();
        let work = move || {
            let index = request.index;
            let _ = sender.send(Event::Read(index, Box::new(request.read())));
        };
        // Without a thread the scenario stays unread.
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
