//! The sinks of one run, on a thread of their own.

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::contract::Sink;
use super::feed::{Feed, Judge};
use super::status::{Reporter, Status};
use crate::stats::Snapshot;
use crate::store::Meta;

/// How long requests may take after the end of the run.
const GRACE: Duration = Duration::from_secs(4);
/// How much longer the thread itself may take.
const MARGIN: Duration = Duration::from_millis(500);
/// Time between two looks at the thread.
const LOOK: Duration = Duration::from_millis(5);

/// The sinks of a run that goes on.
#[derive(Debug)]
pub struct Sinks {
    statuses: watch::Receiver<Vec<Status>>,
    thread: JoinHandle<()>,
}

impl Sinks {
    /// Starts `sinks`, which take the news of a run until it ends.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn start(
        sinks: Vec<Box<dyn Sink>>,
        meta: &Arc<Meta>,
        snapshots: &watch::Receiver<Arc<Snapshot>>,
        judge: &Judge,
    ) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (sender, statuses) = watch::channel(sinks.iter().map(|sink| Status::new(sink.name())).collect());
        let sender = Arc::new(sender);
        let each = sinks.into_iter().enumerate().map(|(index, sink)| {
            let feed = Feed::new(Arc::clone(meta), snapshots.clone(), Arc::clone(judge));
            (sink, feed, Reporter::new(Arc::clone(&sender), index))
        });
        let each: Vec<_> = each.collect();
        let mut end = snapshots.clone();
        let body = move || {
            let local = tokio::task::LocalSet::new();
            let tasks: Vec<_> =
                each.into_iter().map(|(sink, feed, reporter)| local.spawn_local(sink.run(feed, reporter))).collect();
            local.block_on(&runtime, async {
                let all = futures_util::future::join_all(tasks);
                let late = async {
                    // An engine that is gone has ended too.
                    let _ = end.wait_for(|snapshot| snapshot.state.is_done()).await;
                    tokio::time::sleep(GRACE).await;
                };
                tokio::select! {
                    _ = all => {}
                    () = late => {}
                }
            });
            // What is still in a queue is lost.
            sender.send_modify(|all| {
                for status in all {
                    status.dropped += std::mem::take(&mut status.waiting);
                }
            });
            // A lookup of a name may hang in a thread that cannot be stopped.
            runtime.shutdown_background();
        };
        let thread = std::thread::Builder::new().name("sinks".to_owned()).spawn(body)?;
        Ok(Self { statuses, thread })
    }

    /// How the sinks are doing.
    pub fn statuses(&self) -> watch::Receiver<Vec<Status>> {
        self.statuses.clone()
    }

    /// Waits until all is sent after the end of the run, 5 seconds at most, and returns how the sinks did.
    pub fn finish(self) -> Vec<Status> {
        let deadline = Instant::now() + GRACE + MARGIN;
        while !self.thread.is_finished() && Instant::now() < deadline {
            std::thread::sleep(LOOK);
        }
        self.statuses.borrow().clone()
    }
}
