//! Turns snapshots into news for one sink.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::interval::Interval;
use super::news::News;
use crate::stats::snapshot::{Judged, RunEvent};
use crate::stats::{Second, Snapshot};
use crate::store::Meta;
use crate::verdict::Verdict;

/// Gives the verdict on the last snapshot of a run.
pub type Judge = Arc<dyn Fn(&Snapshot) -> Verdict + Send + Sync>;

/// The news of a run for one sink, which takes them one by one.
pub struct Feed {
    meta: Arc<Meta>,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    judge: Judge,
    every: Duration,
    ready: VecDeque<News>,
    has_started: bool,
    has_ended: bool,
    /// Number of the next second.
    next: Option<u64>,
    seconds: Vec<Arc<Second>>,
    missed: u64,
    last_event: Option<RunEvent>,
    /// Whether each threshold was failing when it was last looked at.
    failing: Vec<bool>,
}

impl Feed {
    /// The news of a run; intervals are ten seconds long.
    pub fn new(meta: Arc<Meta>, snapshots: watch::Receiver<Arc<Snapshot>>, judge: Judge) -> Self {
        Self {
            meta,
            snapshots,
            judge,
            every: Duration::from_secs(10),
            ready: VecDeque::new(),
            has_started: false,
            has_ended: false,
            next: None,
            seconds: Vec::new(),
            missed: 0,
            last_event: None,
            failing: Vec::new(),
        }
    }

    /// What was known of the run at its start.
    pub fn meta(&self) -> &Arc<Meta> {
        &self.meta
    }

    /// The next piece of news; `None` after the end of the run.
    pub async fn next(&mut self) -> Option<News> {
        loop {
            if let Some(news) = self.ready.pop_front() {
                return Some(news);
            }
            if self.has_ended {
                return None;
            }
            let is_gone = self.has_started && self.snapshots.changed().await.is_err();
            let snapshot = Arc::clone(&self.snapshots.borrow_and_update());
            self.read(&snapshot, is_gone);
        }
    }

    fn read(&mut self, snapshot: &Arc<Snapshot>, is_gone: bool) {
        if !std::mem::replace(&mut self.has_started, true) {
            self.ready.push_back(News::Started(Arc::clone(snapshot)));
        }
        self.read_events(snapshot);
        self.read_thresholds(snapshot);
        self.read_seconds(snapshot);
        if is_gone || snapshot.state.is_done() {
            self.has_ended = true;
            self.close_interval(snapshot);
            self.ready.push_back(News::Ended(Arc::clone(snapshot), (self.judge)(snapshot)));
        }
    }

    fn read_events(&mut self, snapshot: &Snapshot) {
        // The oldest events are dropped from a long list: the last one that was read marks the place.
        let known = self.last_event.as_ref().and_then(|last| snapshot.events.iter().rposition(|event| event == last));
        let new = &snapshot.events[known.map_or(0, |at| at + 1)..];
        self.ready.extend(new.iter().cloned().map(News::Event));
        self.last_event = new.last().cloned().or(self.last_event.take());
    }

    fn read_thresholds(&mut self, snapshot: &Snapshot) {
        self.failing.resize(snapshot.judgements.len(), false);
        for (was_failing, judgement) in self.failing.iter_mut().zip(snapshot.judgements.iter()) {
            let is_failing = match judgement.judged {
                Judged::Failed | Judged::Violated => true,
                Judged::Passes => false,
                Judged::CannotTell(_) => continue,
            };
            if std::mem::replace(was_failing, is_failing) != is_failing {
                self.ready.push_back(News::Threshold(judgement.clone()));
            }
        }
    }

    fn read_seconds(&mut self, snapshot: &Arc<Snapshot>) {
        for second in snapshot.seconds.iter() {
            let next = self.next.unwrap_or(second.number);
            if second.number < next {
                continue;
            }
            self.missed += second.number - next;
            self.next = Some(second.number + 1);
            self.seconds.push(Arc::clone(second));
            let length: Duration = self.seconds.iter().map(|second| second.length).sum();
            if length >= self.every {
                self.close_interval(snapshot);
            }
        }
    }

    fn close_interval(&mut self, snapshot: &Arc<Snapshot>) {
        if self.seconds.is_empty() {
            return;
        }
        let (seconds, missed) = (std::mem::take(&mut self.seconds), std::mem::take(&mut self.missed));
        self.ready.push_back(News::Interval(Interval { seconds, missed, snapshot: Arc::clone(snapshot) }));
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;
    use crate::stats::Sums;
    use crate::stats::snapshot::{End, Judgement, RunState};
    use crate::verdict;

    fn second(number: u64, requests: u64) -> Arc<Second> {
        let mut second = Second { number, length: Duration::from_secs(1), ..Second::default() };
        second.total.sums = Sums { requests, ..Sums::default() };
        Arc::new(second)
    }

    fn snapshot(state: RunState, seconds: &[u64]) -> Snapshot {
        let seconds = seconds.iter().map(|number| second(*number, 10 + number)).collect();
        Snapshot { seconds: Arc::new(seconds), ..Snapshot::empty(state) }
    }

    fn feed(snapshots: watch::Receiver<Arc<Snapshot>>) -> Feed {
        let meta = Meta::empty();
        Feed::new(Arc::new(meta), snapshots, Arc::new(|last| verdict::conclude(last, false)))
    }

    /// The news that are ready now, each in a word.
    fn ready(feed: &mut Feed) -> Vec<String> {
        let mut words = Vec::new();
        while let Some(Some(news)) = feed.next().now_or_never() {
            words.push(match news {
                News::Started(_) => "started".to_owned(),
                News::Interval(interval) => {
                    let requests = interval.total().sums.requests;
                    format!("{}s {requests} missed {}", interval.length().as_secs(), interval.missed)
                }
                News::Event(event) => event.text.to_string(),
                News::Threshold(judgement) => format!("{:?}", judgement.judged),
                News::Ended(..) => "ended".to_owned(),
            });
        }
        words
    }

    #[test]
    fn every_second_is_in_one_interval_and_gaps_are_counted() {
        let (sender, receiver) = watch::channel(Arc::new(snapshot(RunState::Running, &[])));
        let mut feed = feed(receiver);
        assert_eq!(ready(&mut feed), ["started"]);
        let mut send = |state, seconds: &[u64]| {
            sender.send_replace(Arc::new(snapshot(state, seconds)));
            ready(&mut feed)
        };
        assert!(send(RunState::Running, &[0, 1, 2, 3, 4]).is_empty());
        assert_eq!(send(RunState::Running, &[3, 4, 5, 6, 7, 8, 9, 10]), ["10s 145 missed 0"]);
        // Second 10 waits; 11 to 13 went by unseen.
        assert!(send(RunState::Running, &[14, 15]).is_empty());
        assert_eq!(send(RunState::Done(End::Completed), &[15, 16]), ["4s 95 missed 3", "ended"]);
    }

    #[test]
    fn events_and_thresholds_are_told_once() {
        let (sender, receiver) = watch::channel(Arc::new(snapshot(RunState::Running, &[])));
        let mut feed = feed(receiver);
        assert_eq!(ready(&mut feed), ["started"]);
        let event = |n: u64| RunEvent {
            elapsed: Duration::from_secs(n),
            at: std::time::SystemTime::UNIX_EPOCH,
            text: format!("event {n}").into(),
        };
        let mut send = |events: &[u64], judged| {
            let judgement = Judgement { judged, ..Judgement::passing() };
            let events = Arc::new(events.iter().map(|n| event(*n)).collect());
            let judgements = Arc::new(vec![judgement]);
            sender.send_replace(Arc::new(Snapshot { events, judgements, ..snapshot(RunState::Running, &[]) }));
            ready(&mut feed)
        };
        assert_eq!(send(&[1, 2], Judged::Passes), ["event 1", "event 2"]);
        assert_eq!(send(&[1, 2, 3], Judged::Violated), ["event 3", "Violated"]);
        // The oldest event was dropped from a full list.
        assert_eq!(send(&[2, 3, 4], Judged::Failed), ["event 4"]);
        assert!(send(&[2, 3, 4], Judged::CannotTell("no requests".into())).is_empty());
        assert_eq!(send(&[2, 3, 4], Judged::Passes), ["Passes"]);
    }

    #[test]
    fn a_run_whose_engine_is_gone_has_ended() {
        let (sender, receiver) = watch::channel(Arc::new(snapshot(RunState::Running, &[1, 2])));
        let mut feed = feed(receiver);
        assert_eq!(ready(&mut feed), ["started"]);
        drop(sender);
        assert_eq!(ready(&mut feed), ["2s 23 missed 0", "ended"]);
        assert!(feed.next().now_or_never().expect("at once").is_none());
    }
}
