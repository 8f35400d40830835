//! What the endpoint serves: the figures of the current run, or of the last one.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::buckets::Buckets;
use super::text::{self, Format};
use crate::sink::figures::Figures;
use crate::sink::status::Reporter;
use crate::stats::Snapshot;
use crate::store::Meta;

/// The page, written by the sink and read by the endpoint, each on its own thread.
#[derive(Debug, Default)]
pub struct Page {
    run: Mutex<Option<Run>>,
}

#[derive(Debug)]
struct Run {
    meta: Arc<Meta>,
    figures: Figures<Buckets>,
    reporter: Reporter,
    /// The page in the formats that were requested since the last update: more frequent scrapes cost nothing.
    texts: [Option<Arc<str>>; 2],
}

impl Page {
    /// Replaces the previous run.
    pub fn start(&self, meta: Arc<Meta>, snapshot: Arc<Snapshot>, reporter: Reporter) {
        *self.lock() = Some(Run { meta, figures: Figures::new(snapshot), reporter, texts: [None, None] });
    }

    /// Changes the figures of the run.
    pub fn update(&self, change: impl FnOnce(&mut Figures<Buckets>)) {
        if let Some(run) = &mut *self.lock() {
            change(&mut run.figures);
            run.texts = [None, None];
        }
    }

    /// The page as text.
    pub fn text(&self, format: Format) -> Arc<str> {
        match &mut *self.lock() {
            Some(Run { meta, figures, texts, .. }) => {
                let text = &mut texts[usize::from(format == Format::OpenMetrics)];
                Arc::clone(text.get_or_insert_with(|| text::write(meta, figures, format).into()))
            }
            None => text::empty(format).into(),
        }
    }

    /// Counts a scrape.
    pub fn count(&self) {
        if let Some(run) = &*self.lock() {
            run.reporter.change(|status| {
                status.accepted += 1;
                status.answered(&"200".into(), false);
            });
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Run>> {
        self.run.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
