//! What people have to say, to answer and to do.

use super::facts::{Protocol, many, some_of};
use super::recommendation;
use crate::report::findings_page::model::{Block, Check, Line, Section, own, words};
use crate::report::findings_page::view::{Column, View};

pub(super) fn feedback(_: &View<'_>) -> Section {
    let topics = ["Learning curve", "Usability", "Satisfaction", "What the team misses"];
    Section::new("feedback", "Team feedback", topics.map(Block::ToFill).into())
}

pub(super) fn questions(view: &View<'_>) -> Section {
    let open = |words| Check { done: false, words, evidence: Line::new() };
    let shown = |words, evidence| Check { done: false, words, evidence };
    let deciding = vec![
        open("Does the tool meet our load testing needs?"),
        shown(
            "Is the free plan sufficient, or do we need the larger one?",
            vec![words(recommendation::sentence(view))],
        ),
        open("Are the integrations (Datadog, Slack, GitHub) valuable?"),
        open("Is the learning curve acceptable for the team?"),
    ];
    let failed: u64 = view.runs.iter().map(|column| column.total().failures).sum();
    let errors = match failed {
        0 => "no request failed".to_owned(),
        n => format!("{} failed: see Error patterns", many(n, "request")),
    };
    let redis = Protocol::Redis.used(view);
    let redis = if redis.is_empty() { "not tested in these runs".to_owned() } else { redis.join("; ") };
    let technical = vec![
        shown("Which endpoints are slowest under load?", vec![own("see Slowest rows")]),
        shown("Are there error patterns?", vec![own(errors)]),
        shown("How does the database perform under load?", vec![own("not known here: its own monitoring says")]),
        shown("Are there bottlenecks?", vec![own("see Stability, and the monitoring of the target")]),
        shown("Is Redis publish and subscribe fast enough?", vec![own(redis)]),
    ];
    let blocks = vec![
        Block::Heading("For the people who decide".to_owned()),
        Block::Checks(deciding),
        Block::Heading("For the technical team".to_owned()),
        Block::Checks(technical),
        Block::ToFill("Further questions"),
    ];
    Section::new("questions", "Open questions", blocks)
}

pub(super) fn next_steps(view: &View<'_>) -> Section {
    let step = |words, evidence: &str| Check { done: false, words, evidence: vec![own(evidence)] };
    let all = view.runs.len();
    let count = |is: &dyn Fn(&Column<'_>) -> bool| view.runs.iter().filter(|column| is(column)).count();
    let unsound = count(&|column| column.why_not_sound().is_some());
    let unfinished = count(&|column| !column.is_complete());
    let failing = count(&|column| column.total().failures > 0);
    let short = count(&|column| column.last().drifts.is_empty());
    let bare = count(&|column| column.last().judgements.is_empty());
    let from_runs = [
        (unsound > 0).then(|| step("Repeat the runs whose figures cannot be used", &some_of(unsound, all))),
        (unfinished > 0).then(|| step("Repeat the runs that did not come to their end", &some_of(unfinished, all))),
        (failing > 0)
            .then(|| step("Find the cause of the failures", &format!("requests failed in {}", some_of(failing, all)))),
        (short > 0).then(|| {
            step("Run longer than ten minutes, to see trends", &format!("too short: {}", some_of(short, all)))
        }),
        (bare > 0).then(|| step("Set thresholds, so that runs are judged", &format!("none in {}", some_of(bare, all)))),
        (all < 2).then(|| step("Repeat the run, to learn what is normal", "one run is not enough")),
    ];
    let from_runs: Vec<Check> = from_runs.into_iter().flatten().collect();
    let plain = |words| Check { done: false, words, evidence: Line::new() };
    let approved = [
        "Decide on the plan",
        "Set up a schedule of load tests",
        "Run load tests in the CI pipeline",
        "Train further members of the team",
    ];
    let refused = ["Write down the reasons", "Keep what was learned", "Look at alternatives"];
    let mut blocks = Vec::new();
    if !from_runs.is_empty() {
        blocks.extend([Block::Heading("From these runs".to_owned()), Block::Checks(from_runs)]);
    }
    blocks.extend([
        Block::Heading("If approved".to_owned()),
        Block::Checks(approved.map(plain).into()),
        Block::Heading("If not approved".to_owned()),
        Block::Checks(refused.map(plain).into()),
        Block::ToFill("Who does what, and by when"),
    ]);
    Section::new("next", "Next steps", blocks)
}
