use std::sync::Arc;
use std::time::Duration;

use super::family::Point;
use super::*;
use crate::row_kind::RowKind;
use crate::sink::interval::Interval;
use crate::stats::snapshot::{Judged, Judgement, Row, RunState};
use crate::stats::{RowBucket, Second, Snapshot, Sparse, Sums};

/// Only a count.
#[derive(Debug, Default)]
struct Count(u64);

impl Histogram for Count {
    fn add(&mut self, times: &Sparse) {
        self.0 += times.exact().count;
    }

    fn is_empty(&self) -> bool {
        self.0 == 0
    }
}

fn snapshot(resets: u32, since: u64, elapsed: u64) -> Arc<Snapshot> {
    let row = |kind, name: &str| Row { kind, name: name.into(), ..Row::default() };
    Arc::new(Snapshot {
        resets,
        elapsed: Duration::from_secs(elapsed),
        measured: Duration::from_secs(elapsed - since),
        endpoints: vec![row(RowKind::http("EVENT"), "a"), row(RowKind::Event, "a"), row(RowKind::Query, "b")],
        ..Snapshot::empty(RunState::Running)
    })
}

fn second(from: u64, endpoint: u32, requests: u64) -> Arc<Second> {
    let sums = Sums { requests, failures: 1, ..Sums::default() };
    Arc::new(Second {
        number: from,
        from: Duration::from_secs(from),
        length: Duration::from_secs(1),
        rows: vec![(endpoint, RowBucket { sums, ..RowBucket::default() })],
        ..Second::default()
    })
}

fn interval(snapshot: &Arc<Snapshot>, seconds: Vec<Arc<Second>>) -> Interval {
    Interval { seconds, missed: 0, stage: None, snapshot: Arc::clone(snapshot) }
}

/// Name, labels and counter of each row's requests.
fn requests(figures: &Figures<Count>) -> Vec<(String, u64)> {
    let families = families(figures);
    let family = families.iter().find(|family| family.name == "requests").expect("the family");
    let point = |point: &Point<'_, Count>| {
        let labels: Vec<_> = point.labels.iter().map(|(_, value)| value.as_ref()).collect();
        let Value::Counter(count) = point.value else { panic!("a counter") };
        (labels.join(" "), count)
    };
    family.points.iter().map(point).collect()
}

#[test]
fn rows_with_equal_labels_are_one_point() {
    let start = snapshot(0, 0, 0);
    let mut figures = Figures::<Count>::new(Arc::clone(&start));
    assert_eq!(requests(&figures), [("EVENT a".to_owned(), 0), ("QUERY b".to_owned(), 0)]);
    figures.add(&interval(&start, vec![second(0, 0, 3), second(1, 1, 4), second(2, 2, 5)]));
    assert_eq!(requests(&figures), [("EVENT a".to_owned(), 7), ("QUERY b".to_owned(), 5)]);
}

#[test]
fn warm_ups_and_seconds_before_a_reset_are_not_counted() {
    let start = snapshot(0, 0, 0);
    let mut figures = Figures::<Count>::new(Arc::clone(&start));
    let warm = Arc::new(Second { is_warm_up: true, ..Second::clone(&second(0, 2, 100)) });
    figures.add(&interval(&start, vec![warm, second(1, 2, 10)]));
    assert_eq!(requests(&figures)[1].1, 10);
    // The snapshot with the reset has seconds from before it.
    let reset = snapshot(1, 5, 7);
    figures.add(&interval(&reset, vec![second(4, 2, 20), second(5, 2, 40), second(6, 2, 80)]));
    assert_eq!(requests(&figures)[1].1, 120);
    figures.clear();
    assert_eq!(requests(&figures)[1].1, 0);
}

#[test]
fn equal_thresholds_are_one_point_and_undecided_ones_none() {
    let judgement = |words: &str, judged| Judgement { words: words.into(), judged, ..Judgement::passing() };
    let judgements = vec![
        judgement("a", Judged::Passes),
        judgement("a", Judged::Passes),
        judgement("b", Judged::Violated),
        judgement("c", Judged::CannotTell("no requests".into())),
    ];
    let latest = Snapshot { judgements: Arc::new(judgements), ..Snapshot::empty(RunState::Running) };
    let figures = Figures::<Count>::new(Arc::new(latest));
    let families = families(&figures);
    let family = families.iter().find(|family| family.name == "threshold_passes").expect("the family");
    let values = family.points.iter().map(|point| match point.value {
        Value::Gauge(value) => (point.labels[0].1.as_ref(), value),
        _ => panic!("a gauge"),
    });
    assert_eq!(values.collect::<Vec<_>>(), [("a", 1.0), ("b", 0.0)]);
}
