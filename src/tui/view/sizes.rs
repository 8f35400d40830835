//! Draws every screen at sizes from 1×1 to 140×50, every small one and every third of the others: none may panic.

use std::sync::Arc;

use ratatui::Terminal;
use ratatui::backend::TestBackend;

use crate::row_kind::RowKind;
use crate::settings::ThemeName;
use crate::stats::delivery::Tally;
use crate::stats::server::ServerFigures;
use crate::stats::snapshot::{End, ExceptionRow, Health, Level, PrefillView, RedisView, RunState};
use crate::store::Sending;
use crate::tui::cursor::Subject;
use crate::tui::fixture;
use crate::tui::fixture::snapshot;
use crate::tui::history::Span;
use crate::tui::model::{Focus, List, Model, Overlay, Question, Run};
use crate::tui::prompt::{Field, Prompt};
use crate::tui::theme::Theme;
use crate::tui::view::panes::PANES;

const WIDTHS: std::ops::RangeInclusive<u16> = 1..=140;
const HEIGHTS: std::ops::RangeInclusive<u16> = 1..=50;
/// Widths and heights of which all sizes are drawn.
const SMALL: (u16, u16) = (40, 12);

fn is_drawn(width: u16, height: u16) -> bool {
    // Each width is drawn at every third height, and each height at every third width.
    (width <= SMALL.0 && height <= SMALL.1) || (width + height).is_multiple_of(3)
}

fn dashboard(change: impl FnOnce(&mut Run)) -> Model {
    let mut model = fixture::dashboard();
    change(model.run.as_mut().expect("a run"));
    model
}

fn over(mut model: Model, overlay: Overlay) -> Model {
    model.overlay = Some(overlay);
    model
}

fn endpoint(name: &str, kind: RowKind) -> Overlay {
    Overlay::Detail { subject: Subject::Endpoint { kind, name: name.into() }, scroll: 3 }
}

fn failure(id: u64) -> Overlay {
    let subject = Subject::Failure { id, kind: RowKind::http("POST"), name: "/api/checkout".into() };
    Overlay::Detail { subject, scroll: 0 }
}

fn state(state: RunState) -> Model {
    dashboard(|run| Arc::make_mut(&mut run.latest).state = state)
}

/// A run with something of everything, with long names from outside and due times.
fn crowded() -> Model {
    dashboard(|run| {
        let snapshot = Arc::make_mut(&mut run.latest);
        snapshot.load.users = 1_000_000;
        snapshot.load.target = 999_999;
        let mut row = snapshot.endpoints[0].clone();
        row.name = "/日本語/größe/a-very-long-name-that-nobody-wants-to-read-to-its-end".repeat(3).into();
        row.total.service = Some(row.total.response);
        row.total.requests = u64::MAX;
        snapshot.total.total.service = Some(row.total.response);
        snapshot.endpoints.extend(std::iter::repeat_n(row, 60));
        snapshot.exceptions.push(ExceptionRow { count: 3, message: "no `x`".into(), place: "User/browse".into() });
        let total = Tally { received: u64::MAX / 2, disconnects: 9, ..Tally::default() };
        let server = ServerFigures { version: "7".into(), output_buffer_cuts: Some(7), ..ServerFigures::default() };
        snapshot.redis = Some(Arc::new(RedisView { total, server: Some(server), ..RedisView::default() }));
        snapshot.health = Health { level: Level::Red, why: Some("timers fire late".into()), ..Health::default() };
        let last = Some(("503: größe ".repeat(30).into(), snapshot.at));
        let lost = Some("1,234,567 points dropped".to_owned());
        run.sending = vec![Sending { to: "Datadog", sent: "41 batches".to_owned(), lost, last }; 3];
        run.endpoint.move_to(40, &run.subjects(List::Endpoints));
        run.failure.move_to(2, &run.subjects(List::Failures));
    })
}

fn empty() -> Model {
    dashboard(|run| {
        let mut first = snapshot(0);
        first.endpoints.clear();
        first.distribution.clear();
        first.failures = Default::default();
        first.total = Default::default();
        run.latest = Arc::new(first);
    })
}

fn launchers() -> Vec<Model> {
    let mut broken = fixture::launcher();
    broken.launcher.selected = 1;
    broken.launcher.refresh();
    let mut none = fixture::launcher();
    none.launcher.items.clear();
    none.launcher.refresh();
    let prompt = Prompt::new(Field::Host, "http://".repeat(30));
    let mut unread = fixture::launcher();
    unread.launcher.items[0].reading = None;
    vec![fixture::launcher(), broken, none, unread, over(fixture::launcher(), Overlay::Prompt(prompt))]
}

/// States of a run, each with other display settings.
fn states() -> Vec<Model> {
    let mut paused = state(RunState::Paused);
    let run = paused.run.as_mut().expect("a run");
    run.frozen = Some(Arc::new(snapshot(100)));
    let mut ramping = state(RunState::Ramping);
    let run = ramping.run.as_mut().expect("a run");
    (run.span, run.window, run.filter) = (Span::Whole, true, "api".into());
    let prefilling = dashboard(|run| {
        let snapshot = Arc::make_mut(&mut run.latest);
        snapshot.state = RunState::Prefilling;
        snapshot.plan.prefill = Some(PrefillView { done: 123_456_789, total: 1_000_000_000, error: None });
    });
    let judged = dashboard(|run| Arc::make_mut(&mut run.latest).judgements = Arc::new(fixture::judgements()));
    vec![
        judged,
        fixture::dashboard(),
        paused,
        prefilling,
        ramping,
        state(RunState::Stopping),
        state(RunState::Done(End::Completed)),
    ]
}

fn panes() -> Vec<Model> {
    let mut models = vec![crowded(), empty()];
    let places = PANES.iter().enumerate();
    for focus in places.filter_map(|(pane, one)| Some(Focus { pane, list: one.list? })) {
        models.push(dashboard(|run| (run.focus, run.expanded) = (focus, true)));
        models.push(dashboard(|run| run.focus = focus));
    }
    models
}

fn overlays() -> Vec<Model> {
    let mut prompt = Prompt::new(Field::Users, "12x".into());
    prompt.error = Some("no number".into());
    let jump = over(fixture::dashboard(), Overlay::Confirm(Question::Users { from: 75, to: 7_530 }));
    let mut ascii = over(fixture::dashboard(), Overlay::Confirm(Question::Quit));
    ascii.theme = Theme::new(ThemeName::Mono, true);
    ascii.show_toast("wrote results/checkout_*.csv".into(), false);
    let mut leaving = over(fixture::dashboard(), Overlay::Confirm(Question::Abort));
    leaving.leaving = true;
    vec![over(fixture::dashboard(), Overlay::Prompt(prompt)), ascii, leaving, jump]
}

fn pages() -> Vec<Model> {
    vec![
        over(fixture::dashboard(), Overlay::Help { scroll: 900 }),
        over(fixture::launcher(), Overlay::Help { scroll: 0 }),
        over(fixture::diagnosed(), Overlay::Doctor { scroll: 900 }),
        over(fixture::dashboard(), endpoint("/api/checkout", RowKind::http("POST"))),
        over(crowded(), endpoint("Aggregated", RowKind::Aggregated)),
        over(empty(), endpoint("/api/checkout", RowKind::http("POST"))),
        over(fixture::dashboard(), failure(86)),
        over(fixture::dashboard(), failure(1)),
    ]
}

/// Uses one terminal for all sizes of a screen: growing it is faster than creating it.
fn at_every_size(models: &[Model]) {
    for model in models {
        let mut terminal = Terminal::new(TestBackend::new(1, 1)).expect("a terminal");
        for height in HEIGHTS {
            for width in WIDTHS.filter(|width| is_drawn(*width, height)) {
                terminal.backend_mut().resize(width, height);
                terminal.draw(|frame| super::draw(model, frame)).expect("a frame");
            }
        }
    }
}

#[test]
fn launchers_at_every_size() {
    at_every_size(&launchers());
}

#[test]
fn states_at_every_size() {
    at_every_size(&states());
}

#[test]
fn panes_at_every_size() {
    at_every_size(&panes());
}

#[test]
fn overlays_at_every_size() {
    at_every_size(&overlays());
}

#[test]
fn pages_at_every_size() {
    at_every_size(&pages());
}
