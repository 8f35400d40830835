//! The figures of the head: responses, requests in flight, position in the plan, state of the generator.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::report::finding::{Finding, Kind};
use crate::stats::Snapshot;
use crate::stats::snapshot::{Figures, Level, RunState};
use crate::tui::model::Run;
use crate::tui::text::{self, age};
use crate::tui::theme::Theme;
use crate::units::{count, rate};

/// Maximum columns of the name of a stage on a narrow screen: the state of the generator fits beside it.
const STAGE: usize = 14;

/// A part of a line of figures.
pub(super) struct Figure {
    /// Figures with a lower number are kept longer.
    rank: u8,
    /// What it says, longest form first.
    forms: Vec<String>,
    style: Style,
}

impl Figure {
    pub fn new(rank: u8, words: String, style: Style) -> Self {
        Self { rank, forms: vec![words], style }
    }
}

/// As many figures as fit in the order of their rank, each in the longest form that fits.
pub(super) fn fitting(figures: Vec<Figure>, width: usize) -> Line<'static> {
    const GAP: usize = 2;
    let mut order: Vec<usize> = (0..figures.len()).collect();
    order.sort_by_key(|at| figures[*at].rank);
    let mut chosen: Vec<Option<&String>> = vec![None; figures.len()];
    // There is no gap after the last one.
    let mut room = width + GAP;
    for at in order {
        chosen[at] = figures[at].forms.iter().find(|words| text::width(words) + GAP <= room);
        room -= chosen[at].map_or(0, |words| text::width(words) + GAP);
    }
    let shown = figures.iter().zip(&chosen).filter_map(|(figure, words)| Some((figure.style, (*words)?)));
    Line::from_iter(shown.flat_map(|(style, words)| [Span::styled(words.clone(), style), Span::raw("  ")]))
}

/// The finding that explains why there is no response.
pub(super) fn silence(found: &[Finding]) -> Option<Kind> {
    found.first().map(|finding| finding.kind).filter(|kind| kind.is_silence())
}

/// True if figures are those of the whole run: after its end, and while it is idle.
fn is_whole(snapshot: &Snapshot) -> bool {
    let idle = snapshot.total.now.requests == 0 && snapshot.load.in_flight == 0;
    snapshot.state.is_done() || idle
}

/// Throughput, failures and response times.
pub(super) fn figures(snapshot: &Snapshot, found: &[Finding], theme: &Theme) -> Vec<Figure> {
    let shown = if is_whole(snapshot) { &snapshot.total.total } else { &snapshot.total.now };
    let time = |percentile: f64| text::time(shown.response.p(percentile), shown.responses);
    let prefill = snapshot.plan.prefill.as_ref().filter(|_| snapshot.state == RunState::Prefilling);
    let (failures, style) = match prefill {
        Some(prefill) => (format!("prefilled {prefill}"), theme.accent),
        None => outcome(snapshot, shown, found, theme),
    };
    vec![
        // The first figure is padded on its left, so it needs no margin.
        Figure::new(0, format!("{:>7} req/s", rate(shown.rps)), theme.strong),
        Figure::new(0, failures, style),
        Figure::new(4, format!("p50 {:>6}", time(50.0)), theme.strong),
        Figure::new(3, format!("p95 {:>6}", time(95.0)), theme.strong),
        Figure::new(5, format!("p99 {:>6}", time(99.0)), theme.strong),
        Figure::new(8, format!("max {:>6}", text::time(shown.response.max, shown.responses)), theme.strong),
    ]
}

/// The ratio of failed requests.
fn outcome(snapshot: &Snapshot, shown: &Figures, found: &[Finding], theme: &Theme) -> (String, Style) {
    let failed = shown.fail_ratio() * 100.0;
    match () {
        () if failed > 0.0 => (format!("{failed:>5.2} % failed {}", theme.glyph("▲", "^")), theme.bad),
        () if snapshot.only_warm_up().is_some() => ("nothing measured".to_owned(), theme.warn),
        // Without a response, nothing is shown as good.
        () if shown.responses == 0 && snapshot.load.last_response.is_none() => {
            ("no response yet ".to_owned(), theme.warn)
        }
        () if shown.responses == 0 => ("no response     ".to_owned(), theme.warn),
        () if silence(found).is_some() => (format!("{failed:>5.2} % failed  "), theme.strong),
        () => (format!("{failed:>5.2} % failed {}", theme.glyph("✓", "*")), theme.good),
    }
}

/// Requests in flight, position in the plan, state of the generator.
pub(super) fn standing(run: &Run, found: &[Finding], theme: &Theme, width: usize) -> Vec<Figure> {
    let snapshot = run.shown();
    let load = &snapshot.load;
    let style = match silence(found) {
        Some(_) => theme.bad,
        None if found.iter().any(|finding| finding.kind == Kind::Slow) => theme.warn,
        None => theme.strong,
    };
    let oldest = match load.oldest {
        None => String::new(),
        Some(age) if age.as_secs() == 0 => ", oldest <1s".to_owned(),
        Some(oldest) => format!(", oldest {}", age(oldest)),
    };
    let flying = format!("{:>7} in flight{oldest}", count(load.in_flight.into()));
    // Padded if there is room, so that what is beside it does not move.
    let mut figures = vec![Figure { rank: 1, forms: vec![format!("{flying:<29}"), flying], style }];
    figures.push(generator(snapshot, theme));
    if snapshot.plan.arrivals.dropped > 0 {
        figures.push(Figure::new(3, format!("{} dropped", count(snapshot.plan.arrivals.dropped)), theme.bad));
    }
    figures.extend(place(run, theme, width));
    figures.push(Figure::new(6, format!("{:.2} VU-hours", load.vu_hours), theme.strong));
    if width >= 80 {
        let window = if is_whole(snapshot) { "whole run" } else { "last 10 s" };
        figures.push(Figure::new(7, window.to_owned(), theme.dim));
    }
    figures
}

/// The current stage or manual control; `None` for a plain run.
fn place(run: &Run, theme: &Theme, width: usize) -> Option<Figure> {
    let snapshot = run.shown();
    let plan = &snapshot.plan;
    let (forms, style) = if plan.steered {
        let is_ending = snapshot.state.is_done() || snapshot.state == RunState::Stopping;
        let short = "manual".to_owned();
        (if is_ending { vec![short] } else { vec!["manual (p: plan)".to_owned(), short] }, theme.select)
    } else if snapshot.state.is_done() {
        return None;
    } else {
        let word = if plan.warm_up { "warm-up" } else { "stage" };
        let forms = match (&plan.stage, plan.stage_index) {
            (Some(name), Some(index)) => {
                let short = format!("{word} {}/{}", index + 1, run.planned.stages.max(index + 1));
                let cells = if width < 100 { STAGE } else { 40 };
                let name = text::middle(&theme.text(name), cells, theme.ascii);
                // A stage without a name of its own is called by its number.
                if name == format!("stage {}", index + 1) {
                    vec![short]
                } else {
                    vec![format!("{short}: {name}"), short]
                }
            }
            _ if plan.warm_up => vec![word.to_owned()],
            _ => return None,
        };
        (forms, if plan.warm_up { theme.warn } else { theme.accent })
    };
    Some(Figure { rank: 2, forms, style })
}

fn generator(snapshot: &Snapshot, theme: &Theme) -> Figure {
    let cpu = format!(" {:.0} %", snapshot.health.cpu * 100.0);
    let (rank, mark, style) = match snapshot.health.level {
        Level::Green => (5, theme.glyph("✓", "*"), theme.good),
        Level::Amber => (2, "!", theme.warn),
        Level::Red => (2, theme.glyph("✗", "x"), theme.bad),
    };
    Figure::new(rank, format!("{mark} generator{cpu}"), style)
}
