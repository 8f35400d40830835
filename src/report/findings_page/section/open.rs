//! Sections for readers to fill in: feedback, open questions, next steps.

use super::facts::{Protocol, counted, some_of};
use super::recommendation;
use crate::report::findings_page::model::{Block, Check, Line, Section, trusted, untrusted};
use crate::report::findings_page::view::{Column, View};

pub(super) fn feedback(_: &View<'_>) -> Section {
    let topics = ["Learning curve", "Usability", "Satisfaction", "What the team misses"];
    Section::new("feedback", "Team feedback", topics.map(Block::ToFill).into())
}

pub(super) fn questions(view: &View<'_>) -> Section {
    let open = |title| Check { done: false, title, evidence: Line::new() };
    let shown = |title, evidence| Check { done: false, title, evidence };
    let deciding = vec![
        open("Does the tool meet our load testing needs?"),
        shown(
            "Is the free plan sufficient, or do we need the larger one?",
            vec![untrusted(recommendation::sentence(view))],
        ),
        open("Are the integrations (Datadog, Slack, GitHub) valuable?"),
        open("Is the learning curve acceptable for the team?"),
    ];
    let failed: u64 = view.runs.iter().map(|column| column.total().failures).sum();
    let errors = match failed {
        0 => "no request failed".to_owned(),
        n => format!("{} failed: see Error patterns", counted(n, "request")),
    };
    let redis = Protocol::Redis.used(view);
    let redis = if redis.is_empty() { "not tested in these runs".to_owned() } else { redis.join("; ") };
    let technical = vec![
        shown("Which endpoints are slowest under load?", vec![trusted("see Slowest rows")]),
        shown("Are there error patterns?", vec![trusted(errors)]),
        shown(
            "How does the database perform under load?",
            vec![trusted("unknown: see the monitoring of the database")],
        ),
        shown("Are there bottlenecks?", vec![trusted("see Stability, and the monitoring of the target")]),
        shown("Is Redis publish and subscribe fast enough?", vec![trusted(redis)]),
    ];
    let blocks = vec![
        Block::Heading("For decision makers".to_owned()),
        Block::Checks(deciding),
        Block::Heading("For the technical team".to_owned()),
        Block::Checks(technical),
        Block::ToFill("Further questions"),
    ];
    Section::new("questions", "Open questions", blocks)
}

pub(super) fn next_steps(view: &View<'_>) -> Section {
    let step = |title, evidence: &str| Check { done: false, title, evidence: vec![trusted(evidence)] };
    let all = view.runs.len();
    let count = |is: &dyn Fn(&Column<'_>) -> bool| view.runs.iter().filter(|column| is(column)).count();
    let unusable = count(&|column| column.unusable_reason().is_some());
    let unfinished = count(&|column| !column.is_complete());
    let failing = count(&|column| column.total().failures > 0);
    let short = count(&|column| column.last().drifts.is_empty());
    let without_thresholds = count(&|column| column.last().judgements.is_empty());
    let from_runs = [
        (unusable > 0).then(|| step("Repeat the runs with unusable figures", &some_of(unusable, all))),
        (unfinished > 0).then(|| step("Repeat the runs that did not complete", &some_of(unfinished, all))),
        (failing > 0)
            .then(|| step("Find the cause of the failures", &format!("requests failed in {}", some_of(failing, all)))),
        (short > 0).then(|| {
            step("Run longer than ten minutes, to see trends", &format!("too short: {}", some_of(short, all)))
        }),
        (without_thresholds > 0).then(|| {
            step(
                "Define thresholds, so that runs pass or fail",
                &format!("none in {}", some_of(without_thresholds, all)),
            )
        }),
        (all < 2).then(|| step("Repeat the run, to learn what is normal", "one run is not enough")),
    ];
    let from_runs: Vec<Check> = from_runs.into_iter().flatten().collect();
    let plain = |title| Check { done: false, title, evidence: Line::new() };
    let approved = [
        "Decide on the plan",
        "Set up a schedule of load tests",
        "Run load tests in the CI pipeline",
        "Train further members of the team",
    ];
    let rejected = ["Write down the reasons", "Document what was learned", "Look at alternatives"];
    let mut blocks = Vec::new();
    if !from_runs.is_empty() {
        blocks.extend([Block::Heading("From these runs".to_owned()), Block::Checks(from_runs)]);
    }
    blocks.extend([
        Block::Heading("If approved".to_owned()),
        Block::Checks(approved.map(plain).into()),
        Block::Heading("If not approved".to_owned()),
        Block::Checks(rejected.map(plain).into()),
        Block::ToFill("Who does what, and by when"),
    ]);
    Section::new("next", "Next steps", blocks)
}
