//! Success criteria: ticked with evidence if the runs meet them, otherwise with the reason.

use std::time::Duration;

use super::facts::{FAILURES, P95_MS, Protocol, some_of};
use crate::report::findings_page::model::{Block, Check, Line, Section, Text, code, trusted};
use crate::report::findings_page::view::{Column, View, percentile};
use crate::report::shown;
use crate::stats::snapshot::Judged;
use crate::store::catalog::BASELINE_TAG;
use crate::store::{Sent, State};
use crate::system::ci::GITHUB_ACTIONS;
use crate::units;

/// Required complete tests: number, minimum duration, minimum users.
const REQUIRED_TESTS: (usize, Duration, u32) = (2, Duration::from_secs(7_200), 50);

pub(super) fn section(view: &View<'_>) -> Section {
    let unknown = |title, why: &str| Check { done: false, title, evidence: vec![trusted(why)] };
    let must = vec![
        two_tests(view),
        sent(view, "Integrate with Datadog", &["Datadog", "DogStatsD"]),
        github(view),
        protocol(view, "Test GraphQL endpoints", Protocol::GraphQl),
        unknown("Document findings clearly", "done once the open parts of this page are filled in"),
    ];
    let nice = vec![
        redis(view),
        sent(view, "Slack notifications work", &["Slack"]),
        unknown("The team is trained", "not known from runs"),
        custom(view),
        baselines(view),
    ];
    let measured = vec![thresholds(view), failures(view), fast(view), steady(view), generator(view)];
    let blocks = vec![
        Block::Heading("Must have".to_owned()),
        Block::Checks(must),
        Block::Heading("Nice to have".to_owned()),
        Block::Checks(nice),
        Block::Heading("Measured".to_owned()),
        Block::Checks(measured),
    ];
    Section::new("criteria", "Success criteria", blocks)
}

fn names(columns: &[&Column<'_>]) -> String {
    columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(", ")
}

fn two_tests(view: &View<'_>) -> Check {
    let (wanted, time, users) = REQUIRED_TESTS;
    let is_test = |column: &&Column<'_>| {
        column.is_complete() && column.last().elapsed >= time && shown::peak_users(column.run) >= users
    };
    let tests: Vec<&Column<'_>> = view.usable().filter(is_test).collect();
    let evidence = match tests.len() {
        0 => {
            let longest = view.runs.iter().map(|column| column.last().elapsed).max().unwrap_or_default();
            let most = view.runs.iter().map(|column| shown::peak_users(column.run)).max().unwrap_or_default();
            let (longest, most) = (units::clock(longest), units::count(most.into()));
            format!("no run qualifies: the longest took {longest}, the maximum was {most} users")
        }
        n => format!("{n} of {wanted}: {}", names(&tests)),
    };
    let title = "Complete two load tests of 2 hours with 50 users each";
    Check { done: tests.len() >= wanted, title, evidence: vec![trusted(evidence)] }
}

fn github(view: &View<'_>) -> Check {
    let is_github = |column: &&Column<'_>| column.meta().ci.as_deref() == Some(GITHUB_ACTIONS);
    let started: Vec<&Column<'_>> = view.runs.iter().filter(is_github).collect();
    let evidence = match started.is_empty() {
        true => "none of these runs was started by GitHub Actions".to_owned(),
        false => format!("GitHub Actions started {}", names(&started)),
    };
    Check { done: !started.is_empty(), title: "Set up GitHub Actions automation", evidence: vec![trusted(evidence)] }
}

/// Requires that everything was delivered in some run.
fn sent(view: &View<'_>, title: &'static str, names: &[&str]) -> Check {
    let of_run = |column: &Column<'_>| column.meta().sent.iter().find(|sent| names.contains(&&*sent.to)).cloned();
    let sent: Vec<(&str, Sent)> =
        view.runs.iter().filter_map(|column| Some((column.name.as_str(), of_run(column)?))).collect();
    let done = sent.iter().any(|(_, sent)| sent.accepted > 0 && !sent.is_incomplete());
    let lines: Vec<String> = sent.iter().map(|(name, sent)| format!("{name}: {}", sent.summary())).collect();
    let evidence =
        if lines.is_empty() { "none of these runs sent anything there".to_owned() } else { lines.join("; ") };
    // Errors of receivers are in it.
    Check { done, title, evidence: vec![Text::Untrusted(evidence)] }
}

fn protocol(view: &View<'_>, title: &'static str, protocol: Protocol) -> Check {
    let used = protocol.used(view);
    let evidence = if used.is_empty() { "no such request in these runs".to_owned() } else { used.join("; ") };
    Check { done: !used.is_empty(), title, evidence: vec![trusted(evidence)] }
}

/// Requires delivered messages: publishing alone does not prove delivery.
fn redis(view: &View<'_>) -> Check {
    let delivered = view.runs.iter().filter_map(|column| {
        let total = &column.last().redis.as_ref()?.total;
        let (published, delivered) = (total.published, total.delivered());
        (delivered > 0).then(|| {
            let [published, delivered, lost] = [published, delivered, total.lost()].map(units::count);
            format!("{}: {published} published, {delivered} delivered, {lost} lost", column.name)
        })
    });
    let delivered: Vec<String> = delivered.collect();
    let evidence =
        if delivered.is_empty() { "no message was delivered in these runs".to_owned() } else { delivered.join("; ") };
    Check { done: !delivered.is_empty(), title: "Test Redis publish and subscribe", evidence: vec![trusted(evidence)] }
}

fn custom(view: &View<'_>) -> Check {
    let own_files = view.runs.iter().filter(|column| column.meta().is_embedded == Some(false));
    let mut files: Vec<&str> = own_files.map(|column| column.meta().file.as_str()).collect();
    files.dedup();
    let mut evidence: Line = Vec::new();
    for (at, file) in files.iter().enumerate() {
        evidence.extend((at > 0).then(|| trusted(", ")));
        evidence.push(code(*file));
    }
    if files.is_empty() {
        evidence.push(trusted(match view.runs.iter().any(|column| column.meta().is_embedded.is_none()) {
            true => "unknown: recorded by a version of katydid that did not store it",
            false => "these runs are of scenarios that come with katydid",
        }));
    }
    Check { done: !files.is_empty(), title: "Create custom test scenarios", evidence }
}

fn baselines(view: &View<'_>) -> Check {
    let mut names: Vec<&str> = view
        .runs
        .iter()
        .flat_map(|column| column.meta().tags.iter().filter_map(|tag| tag.strip_prefix(BASELINE_TAG)))
        .collect();
    names.dedup();
    let evidence = match names.is_empty() {
        true => vec![
            trusted("no run is a member of a baseline: "),
            code("katydid runs tag RUN baseline:NAME"),
            trusted(" makes it one"),
        ],
        false => vec![trusted("members of "), code(names.join(", "))],
    };
    Check { done: !names.is_empty(), title: "Establish performance baselines", evidence }
}

fn thresholds(view: &View<'_>) -> Check {
    let all: Vec<_> = view.runs.iter().flat_map(|column| column.last().judgements.iter()).collect();
    let deciding = || all.iter().filter(|judgement| !judgement.warn);
    let passed = deciding().filter(|judgement| judgement.judged == Judged::Passes).count();
    let (wanted, is_over) = (deciding().count(), view.runs.iter().all(|column| column.meta().outcome.is_some()));
    let evidence = match wanted {
        0 => "the scenarios have no thresholds that can fail a run".to_owned(),
        _ if !is_over => format!("{passed} of {wanted} so far; not all runs have a verdict"),
        _ => format!("{passed} of {wanted}"),
    };
    let done = wanted > 0 && passed == wanted && is_over;
    Check { done, title: "All thresholds passed", evidence: vec![trusted(evidence)] }
}

/// A criterion that every run must meet at its end, with the value of each.
fn each(view: &View<'_>, title: &'static str, of: impl Fn(&Column<'_>) -> (bool, String)) -> Check {
    let known: Vec<(bool, String)> = view
        .runs
        .iter()
        .map(|column| match column.unusable_reason() {
            Some(why) => (false, format!("{}: {why}", column.name)),
            None => {
                let is_over = column.run.state == State::Ended;
                let (is_met, figure) = of(column);
                let so_far = if is_over { "" } else { " so far" };
                (is_met && is_over, format!("{}: {figure}{so_far}", column.name))
            }
        })
        .collect();
    let evidence: Vec<&str> = known.iter().map(|(_, text)| text.as_str()).collect();
    Check { done: known.iter().all(|(is_met, _)| *is_met), title, evidence: vec![trusted(evidence.join(", "))] }
}

fn failures(view: &View<'_>) -> Check {
    each(view, "Fewer than 1 % of requests fail", |column| {
        let ratio = column.total().fail_ratio();
        (ratio < FAILURES, shown::percent(ratio))
    })
}

fn fast(view: &View<'_>) -> Check {
    each(view, "p95 is below 500 ms", |column| {
        let p95 = percentile(column.total(), 95.0).unwrap_or_default();
        (p95 < Duration::from_millis(P95_MS), units::latency(p95))
    })
}

fn steady(view: &View<'_>) -> Check {
    let judged: Vec<_> = view.runs.iter().filter_map(Column::worsening).collect();
    let worse = judged.iter().filter(|trends| !trends.is_empty()).count();
    let evidence = match (judged.len(), worse) {
        (0, _) => "no run with usable figures was steady for ten minutes".to_owned(),
        (n, 0) => format!("nothing gets worse in {}", some_of(n, view.runs.len())),
        (_, n) => format!("figures get worse in {}: see Stability", some_of(n, view.runs.len())),
    };
    let done = !judged.is_empty() && worse == 0;
    Check { done, title: "Performance does not degrade over time", evidence: vec![trusted(evidence)] }
}

/// Fails for invalid runs, which [`each`] handles. For valid runs, shows how long the generator was the bottleneck.
fn generator(view: &View<'_>) -> Check {
    each(view, "The load generator kept up", |column| {
        let red = column.last().health.red.as_secs_f64().ceil();
        (red <= 0.0, if red > 0.0 { format!("the bottleneck for {red:.0}s") } else { "always".to_owned() })
    })
}
