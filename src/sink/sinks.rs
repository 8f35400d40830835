//! Runs the sinks of a run on a dedicated thread.

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::contract::Sink;
use super::feed::{Feed, Judge};
use super::status::{Reporter, Status};
use crate::scenario::secrets::Redactor;
use crate::stats::Snapshot;
use crate::store::Meta;

/// Time to send remaining requests after the end of the run.
const GRACE: Duration = Duration::from_secs(4);
/// Additional time for the thread to end.
const MARGIN: Duration = Duration::from_millis(500);
/// Interval at which [`Sinks::finish`] polls the thread.
const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// Running sinks.
#[derive(Debug)]
pub struct Sinks {
    statuses: watch::Receiver<Vec<Status>>,
    thread: JoinHandle<()>,
}

impl Sinks {
    /// Starts a thread that runs `sinks` until the end of the run. `secrets` are masked in what receivers say.
    ///
    /// # Errors
    /// Returns an error if the runtime or the thread cannot be started.
    pub fn start(
        sinks: Vec<Box<dyn Sink>>,
        secrets: &Arc<Redactor>,
        meta: &Arc<Meta>,
        snapshots: &watch::Receiver<Arc<Snapshot>>,
        judge: &Judge,
    ) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (sender, statuses) = watch::channel(sinks.iter().map(|sink| Status::new(sink.name())).collect());
        let sender = Arc::new(sender);
        let each = sinks.into_iter().enumerate().map(|(index, sink)| {
            let feed = Feed::new(Arc::clone(meta), snapshots.clone(), Arc::clone(judge));
            (sink, feed, Reporter::new(Arc::clone(&sender), index, Arc::clone(secrets)))
        });
        let each: Vec<_> = each.collect();
        let mut end = snapshots.clone();
        let body = move || {
            let local = tokio::task::LocalSet::new();
            let tasks: Vec<_> =
                each.into_iter().map(|(sink, feed, reporter)| local.spawn_local(sink.run(feed, reporter))).collect();
            local.block_on(&runtime, async {
                let all = futures_util::future::join_all(tasks);
                let timeout = async {
                    // A dropped sender ends the run as well.
                    let _ = end.wait_for(|snapshot| snapshot.state.is_done()).await;
                    tokio::time::sleep(GRACE).await;
                };
                tokio::select! {
                    _ = all => {}
                    () = timeout => {}
                }
            });
            // Requests that are still queued are lost.
            sender.send_modify(|all| {
                all.iter_mut().for_each(|status| status.run_out(GRACE));
            });
            // A blocking DNS lookup cannot be cancelled, so do not wait for it.
            runtime.shutdown_background();
        };
        let thread = std::thread::Builder::new().name("sinks".to_owned()).spawn(body)?;
        Ok(Self { statuses, thread })
    }

    /// Statuses of the sinks, in the order of the argument of [`Self::start`].
    pub fn statuses(&self) -> watch::Receiver<Vec<Status>> {
        self.statuses.clone()
    }

    /// Waits at most `limit` until everything was sent. False if something is left.
    pub fn wait(&self, limit: Duration) -> bool {
        let deadline = Instant::now() + limit;
        while !self.thread.is_finished() && Instant::now() < deadline {
            std::thread::sleep(POLL_INTERVAL);
        }
        self.thread.is_finished()
    }

    /// Waits up to 5 seconds for remaining requests after the end of the run, and returns the final statuses.
    pub fn finish(self) -> Vec<Status> {
        self.wait(GRACE + MARGIN);
        self.statuses.borrow().clone()
    }
}
