//! Exports CSV files in the background.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::Sender;

use crate::report::csv;
use crate::stats::Snapshot;
use crate::tui::event::Event;

/// The exports of a screen, one at a time.
pub(super) struct Exports {
    folder: PathBuf,
    /// Files of completed exports.
    pub files: Vec<PathBuf>,
    is_writing: bool,
}

impl Exports {
    /// Exports go to `folder`.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, files: Vec::new(), is_writing: false }
    }

    /// Writes on a separate thread, so that a slow disk does not block keys; the thread reports its result.
    pub fn start(&mut self, snapshot: Arc<Snapshot>, events: &Sender<Event>) {
        let (folder, sender) = (self.folder.clone(), events.clone());
        let work = move || {
            let result = csv::write(&csv::prefix(&folder, &snapshot), &snapshot).map_err(|e| e.to_string());
            let _ = sender.send(Event::Exported(result));
        };
        match std::thread::Builder::new().name("export".into()).spawn(work) {
            Ok(_) => self.is_writing = true,
            Err(error) => {
                let _ = events.send(Event::Exported(Err(format!("cannot export: {error}"))));
            }
        }
    }

    /// Stores the result reported by the thread.
    pub fn ended(&mut self, result: &Result<Vec<PathBuf>, String>) {
        self.is_writing = false;
        self.files.extend(result.iter().flatten().cloned());
    }

    /// True until the result is reported.
    pub fn is_writing(&self) -> bool {
        self.is_writing
    }
}
