//! Values of the template, as text.

use serde::Serialize;

use super::about::{About, Generator};
use super::charts;
use super::escape::line;
use super::failures::{Failure, failures};
use super::protocols::{Section, sections};
use super::tables::{COLUMNS, Cell, Line, Percentiles, percentiles, row};
use super::traces::{Slow, slowest};
use crate::report::finding::findings;
use crate::report::shown::{self, KEY_FIGURES, ThresholdState};
use crate::report::standing::{Standing, Tone};
use crate::report::text;
use crate::stats::snapshot::{Judgement, PERCENTILE_LABELS};
use crate::store::Run;
use crate::units;

#[derive(Serialize)]
pub(super) struct Page {
    verdict: Verdict,
    about: About,
    tiles: Vec<Tile>,
    notes: Vec<Note>,
    thresholds: Vec<Threshold>,
    resolution: String,
    has_margins: bool,
    /// Name of the server if there are charts of it.
    redis: Option<String>,
    has_deliveries: bool,
    has_hits: bool,
    has_times: bool,
    events: Vec<Event>,
    stability: Vec<String>,
    row_columns: [&'static str; 10],
    rows: Vec<Line<Cell>>,
    total: Line<Cell>,
    percentile_labels: [&'static str; 11],
    percentiles: Vec<Percentiles>,
    failures: Vec<Failure>,
    more_failures: String,
    slowest: Vec<Slow>,
    exceptions: Vec<[String; 3]>,
    protocols: Vec<Section>,
    generator: Generator,
}

#[derive(Serialize)]
struct Verdict {
    tone: &'static str,
    sign: &'static str,
    word: String,
    reason: String,
}

#[derive(Serialize)]
struct Tile {
    name: &'static str,
    value: String,
    /// Secondary text of the value: `(0.22 %)`.
    share: Option<String>,
}

#[derive(Serialize)]
struct Note {
    severe: bool,
    title: &'static str,
    words: String,
}

#[derive(Serialize)]
struct Threshold {
    class: &'static str,
    sign: &'static str,
    result: &'static str,
    words: String,
    measured: String,
    margin: String,
    met: String,
    place: String,
    failed_at: Option<String>,
}

#[derive(Serialize)]
struct Event {
    at: String,
    text: String,
}

impl Page {
    pub fn of(run: &Run) -> Self {
        let last = &*run.last;
        let (failures, more_failures) = failures(last);
        let tiles = KEY_FIGURES.into_iter().zip(shown::key_figures(&last.total.total));
        let events = last.events.iter();
        let exceptions = last.exceptions.iter();
        Self {
            verdict: Verdict::of(run),
            about: About::of(run),
            tiles: tiles.map(Tile::new).collect(),
            notes: notes(run),
            thresholds: last.judgements.iter().map(Threshold::of).collect(),
            resolution: charts::resolution(run),
            has_margins: charts::has_margins(run),
            redis: charts::has_redis(run).then(|| line(run.last.redis.as_ref().map_or("Redis", |redis| redis.name()))),
            has_deliveries: charts::has_deliveries(run),
            has_hits: charts::has_hits(run),
            has_times: charts::has_times(run),
            events: events.map(|event| Event { at: units::clock(event.elapsed), text: line(&event.text) }).collect(),
            stability: text::stability(last).iter().map(|words| line(words)).collect(),
            row_columns: COLUMNS,
            rows: shown::by_name(last).into_iter().map(row).collect(),
            total: row(&last.total),
            percentile_labels: PERCENTILE_LABELS,
            percentiles: percentiles(last),
            failures,
            more_failures,
            slowest: slowest(last),
            exceptions: exceptions.map(|row| [units::count(row.count), line(&row.place), line(&row.message)]).collect(),
            protocols: sections(last),
            generator: Generator::of(run),
        }
    }
}

/// Findings, and remarks that are in no row. Redis has its own section.
fn notes(run: &Run) -> Vec<Note> {
    let last = &*run.last;
    let found = findings(last).into_iter().map(|finding| Note {
        severe: finding.kind.is_severe(),
        title: finding.kind.title(),
        words: line(&format!("{}. {}", finding.evidence, finding.remedy)),
    });
    let redis = text::redis(last);
    let left_out = text::left_out(last).into_iter().filter(|sentence| !redis.contains(sentence));
    let insecure = last.run.is_insecure.then(|| text::INSECURE.to_owned());
    let plain = left_out.chain(insecure).map(|words| Note { severe: false, title: "", words: line(&words) });
    found.chain(plain).collect()
}

impl Tile {
    fn new((name, figure): (&'static str, String)) -> Self {
        match figure.split_once(' ') {
            Some((value, share)) => Self { name, value: value.to_owned(), share: Some(share.to_owned()) },
            None => Self { name, value: figure, share: None },
        }
    }
}

impl Verdict {
    fn of(run: &Run) -> Self {
        let standing = Standing::of(run);
        let tone = match standing.tone {
            Tone::Good => "good",
            Tone::Bad => "bad",
            Tone::Unclear | Tone::Open => "open",
        };
        Self { tone, sign: standing.sign(), word: line(&standing.word), reason: line(&standing.reason) }
    }
}

impl Threshold {
    fn of(judgement: &Judgement) -> Self {
        let (class, sign) = match shown::state(judgement) {
            ThresholdState::Passed => ("is-good", "✓"),
            ThresholdState::Warning => ("is-open", "!"),
            ThresholdState::Failed => ("is-bad", "✗"),
            ThresholdState::Unknown => ("is-open", "?"),
        };
        Self {
            class,
            sign,
            result: shown::judged(judgement),
            words: line(&judgement.words),
            measured: line(&shown::measured(judgement)),
            margin: shown::margin(judgement),
            met: shown::compliance(judgement),
            place: line(&judgement.place),
            failed_at: judgement.first_failed.map(units::clock),
        }
    }
}
