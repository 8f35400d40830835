//! Converts snapshots into events for one sink.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::event::Event;
use super::interval::Interval;
use crate::stats::snapshot::{Judged, PlanView, RunEvent};
use crate::stats::{Second, Snapshot};
use crate::store::Meta;
use crate::verdict::Verdict;

/// Computes the verdict from the last snapshot of a run.
pub type Judge = Arc<dyn Fn(&Snapshot) -> Verdict + Send + Sync>;

/// A stream of the events of a run, for one sink.
pub struct Feed {
    meta: Arc<Meta>,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    judge: Judge,
    /// Length of an interval.
    every: Duration,
    /// Events to return from [`Self::next`].
    ready: VecDeque<Event>,
    has_started: bool,
    has_ended: bool,
    /// Number of the next expected second; `None` before the first.
    next: Option<u64>,
    /// Seconds of the open interval.
    seconds: Vec<Arc<Second>>,
    /// Seconds missed since the last interval.
    missed: u64,
    /// Names of the stages so far, by index.
    stages: BTreeMap<usize, Arc<str>>,
    /// Last [`RunEvent`] that was read.
    last_event: Option<RunEvent>,
    /// For each threshold, whether it failed in the last snapshot in which it was decided.
    failing: Vec<bool>,
}

impl Feed {
    /// Creates a feed with intervals of ten seconds.
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
            stages: BTreeMap::new(),
            last_event: None,
            failing: Vec::new(),
        }
    }

    /// Changes the length of intervals; zero is one second each.
    pub fn every(self, every: Duration) -> Self {
        Self { every, ..self }
    }

    /// Metadata of the run, as of its start.
    pub fn meta(&self) -> &Arc<Meta> {
        &self.meta
    }

    /// Waits for the next event; `None` after the end of the run. Cancel safe.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
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
            self.ready.push_back(Event::Started(Arc::clone(snapshot)));
        }
        let PlanView { stage, stage_index, .. } = &snapshot.plan;
        self.stages.extend(stage_index.zip(stage.clone()));
        self.read_events(snapshot);
        self.read_thresholds(snapshot);
        self.read_seconds(snapshot);
        if is_gone || snapshot.state.is_done() {
            self.has_ended = true;
            self.close_interval(snapshot);
            self.ready.push_back(Event::Ended(Arc::clone(snapshot), (self.judge)(snapshot)));
        }
    }

    fn read_events(&mut self, snapshot: &Snapshot) {
        // Snapshots keep a limited number of events, so positions shift: search for the last event that was read.
        let known = self.last_event.as_ref().and_then(|last| snapshot.events.iter().rposition(|event| event == last));
        let new = &snapshot.events[known.map_or(0, |at| at + 1)..];
        self.ready.extend(new.iter().filter(|event| event.is_load_change).cloned().map(Event::LoadChanged));
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
                self.ready.push_back(Event::Threshold(judgement.clone(), snapshot.at));
            }
        }
    }

    fn read_seconds(&mut self, snapshot: &Arc<Snapshot>) {
        for second in snapshot.seconds.iter() {
            let next = self.next.unwrap_or(second.number);
            if second.number < next {
                continue;
            }
            if self.seconds.first().is_some_and(|first| phase(first) != phase(second)) {
                self.close_interval(snapshot);
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
        let stage = seconds.first().and_then(|first| self.stages.get(&first.stage?).cloned());
        self.ready.push_back(Event::Interval(Interval { seconds, missed, stage, snapshot: Arc::clone(snapshot) }));
    }
}

/// Warm-up and stage: an interval is of one phase.
fn phase(second: &Second) -> (bool, Option<usize>) {
    (second.is_warm_up, second.stage)
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

    /// Descriptions of the events that are ready.
    fn ready(feed: &mut Feed) -> Vec<String> {
        let mut descriptions = Vec::new();
        while let Some(Some(event)) = feed.next().now_or_never() {
            descriptions.push(match event {
                Event::Started(_) => "started".to_owned(),
                Event::Interval(interval) => {
                    let requests = interval.total().sums.requests;
                    let stage = interval.stage.as_ref().map(|stage| format!(" in {stage}")).unwrap_or_default();
                    format!("{}s {requests} missed {}{stage}", interval.length().as_secs(), interval.missed)
                }
                Event::LoadChanged(change) => change.text.to_string(),
                Event::Threshold(judgement, _) => format!("{:?}", judgement.judged),
                Event::Ended(..) => "ended".to_owned(),
            });
        }
        descriptions
    }

    #[test]
    fn seconds_are_in_exactly_one_interval_and_gaps_are_counted() {
        let (sender, receiver) = watch::channel(Arc::new(snapshot(RunState::Running, &[])));
        let mut feed = feed(receiver);
        assert_eq!(ready(&mut feed), ["started"]);
        let mut send = |state, seconds: &[u64]| {
            sender.send_replace(Arc::new(snapshot(state, seconds)));
            ready(&mut feed)
        };
        assert!(send(RunState::Running, &[0, 1, 2, 3, 4]).is_empty());
        assert_eq!(send(RunState::Running, &[3, 4, 5, 6, 7, 8, 9, 10]), ["10s 145 missed 0"]);
        // Second 10 is in the open interval; 11 to 13 were missed.
        assert!(send(RunState::Running, &[14, 15]).is_empty());
        assert_eq!(send(RunState::Done(End::Completed), &[15, 16]), ["4s 95 missed 3", "ended"]);
    }

    #[test]
    fn intervals_end_with_their_stage() {
        let second = |number, stage| Arc::new(Second { stage: Some(stage), ..Second::clone(&second(number, 10)) });
        let seconds = vec![second(0, 0), second(1, 0), second(2, 1)];
        let snapshot = |seconds: &[Arc<Second>], state, stage: &str, index| {
            let plan = PlanView { stage: Some(stage.into()), stage_index: Some(index), ..PlanView::default() };
            Arc::new(Snapshot { seconds: Arc::new(seconds.to_vec()), plan, ..Snapshot::empty(state) })
        };
        let (sender, receiver) = watch::channel(snapshot(&seconds[..1], RunState::Running, "warm", 0));
        let mut feed = feed(receiver);
        assert_eq!(ready(&mut feed), ["started"]);
        sender.send_replace(snapshot(&seconds, RunState::Done(End::Completed), "hold", 1));
        assert_eq!(ready(&mut feed), ["2s 20 missed 0 in warm", "1s 10 missed 0 in hold", "ended"]);
    }

    #[test]
    fn events_and_thresholds_are_reported_once() {
        let (sender, receiver) = watch::channel(Arc::new(snapshot(RunState::Running, &[])));
        let mut feed = feed(receiver);
        assert_eq!(ready(&mut feed), ["started"]);
        let event = |n: u64| RunEvent {
            elapsed: Duration::from_secs(n),
            at: std::time::SystemTime::UNIX_EPOCH,
            text: format!("event {n}").into(),
            // A note in between is none of the changes.
            is_load_change: n != 3,
        };
        let mut send = |events: &[u64], judged| {
            let judgement = Judgement { judged, ..Judgement::passing() };
            let events = Arc::new(events.iter().map(|n| event(*n)).collect());
            let judgements = Arc::new(vec![judgement]);
            sender.send_replace(Arc::new(Snapshot { events, judgements, ..snapshot(RunState::Running, &[]) }));
            ready(&mut feed)
        };
        assert_eq!(send(&[1, 2], Judged::Passes), ["event 1", "event 2"]);
        assert_eq!(send(&[1, 2, 3], Judged::Violated), ["Violated"]);
        // The snapshot no longer contains the oldest event.
        assert_eq!(send(&[2, 3, 4], Judged::Failed), ["event 4"]);
        assert!(send(&[2, 3, 4], Judged::CannotTell("no requests".into())).is_empty());
        assert_eq!(send(&[2, 3, 4], Judged::Passes), ["Passes"]);
    }

    #[test]
    fn a_dropped_sender_ends_the_run() {
        let (sender, receiver) = watch::channel(Arc::new(snapshot(RunState::Running, &[1, 2])));
        let mut feed = feed(receiver);
        assert_eq!(ready(&mut feed), ["started"]);
        drop(sender);
        assert_eq!(ready(&mut feed), ["2s 23 missed 0", "ended"]);
        assert!(feed.next().now_or_never().expect("at once").is_none());
    }
}
