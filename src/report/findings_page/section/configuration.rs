//! Load, settings with their sources, and thresholds.

use std::collections::BTreeSet;
use std::time::Duration;

use super::facts::setting;
use crate::report::findings_page::model::{Block, Section, Table, Text, code, trusted};
use crate::report::findings_page::view::{Column, View};
use crate::report::shown;
use crate::settings::Settings;
use crate::units;

pub(super) fn section(view: &View<'_>) -> Section {
    let mut blocks = vec![Block::Table(load(view)), Block::Heading("Settings and where they come from".to_owned())];
    blocks.extend(settings(view));
    blocks.push(Block::Heading("Thresholds".to_owned()));
    blocks.push(thresholds(view));
    Section::new("configuration", "Configuration", blocks)
}

fn load(view: &View<'_>) -> Table {
    let number = |n: u32| units::count(n.into());
    let length = |seconds: Option<f64>| {
        let time = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        time.map_or_else(|| "until stopped".to_owned(), units::plain)
    };
    let model =
        |is_open: bool| if is_open { "open: iterations arrive by a plan" } else { "closed: users wait for responses" };
    let row =
        |name: &str, cell: &dyn Fn(&Column<'_>) -> String| view.row(trusted(name), |column| trusted(cell(column)));
    let most = |column: &Column<'_>| {
        let users = number(column.meta().users);
        if column.meta().is_open { format!("at most {users} busy") } else { users }
    };
    let spawn_rate = |column: &Column<'_>| {
        let planned = if column.meta().is_open { shown::NONE } else { "as planned" };
        column.meta().spawn_rate_shown().unwrap_or_else(|| planned.to_owned())
    };
    let arrivals = |column: &Column<'_>| column.meta().arrivals_shown().unwrap_or_else(|| shown::NONE.to_owned());
    let mut rows = vec![
        row("users planned", &most),
        row("users reached", &|column| number(shown::peak_users(column.run))),
        row("spawn rate", &spawn_rate),
        row("run time planned", &|column| length(column.meta().run_time)),
        row("run time reached", &|column| units::clock(column.last().elapsed)),
        row("load model", &|column| model(column.meta().is_open).to_owned()),
        row("load threads", &|column| column.meta().threads.to_string()),
        row("seed", &|column| column.meta().seed.to_string()),
        view.row(trusted("profile"), |column| code(column.meta().profile.as_deref().unwrap_or_default())),
        view.row(trusted("plan"), |column| code(&*column.meta().plan_hash)),
    ];
    if view.runs.iter().any(|column| column.meta().is_open) {
        rows.insert(0, row("arrivals planned", &arrivals));
    }
    Table::new(view.head(""), view.runs.len() + 1, rows)
}

fn settings(view: &View<'_>) -> Vec<Block> {
    if view.runs.iter().all(|column| column.meta().settings.is_empty()) {
        return vec![Block::paragraph("The runs were recorded by a version of katydid that did not keep them.")];
    }
    let known: BTreeSet<&str> =
        view.runs.iter().flat_map(|column| column.meta().settings.iter().map(|setting| setting.key.as_str())).collect();
    // Options in the order of the table, then files requested by the scenario.
    let in_order = Settings::TABLE.iter().map(|setting| setting.key);
    let others = known.iter().copied().filter(|key| Settings::TABLE.iter().all(|setting| setting.key != *key));
    let keys = in_order.filter(|key| known.contains(key)).chain(others);
    let cell = |column: &Column<'_>, key: &str| {
        let used = setting(column, key).map(|(value, origin)| format!("{value} ({origin})"));
        used.map_or_else(|| trusted(shown::NONE), code)
    };
    let rows: Vec<Vec<Text>> = keys.map(|key| view.row(code(key), |column| cell(column, key))).collect();
    vec![Block::Table(Table::new(view.head("setting"), view.runs.len() + 1, rows))]
}

fn thresholds(view: &View<'_>) -> Block {
    let mut seen = BTreeSet::new();
    let mut rows = Vec::new();
    for judgement in view.runs.iter().flat_map(|column| column.last().judgements.iter()) {
        if seen.insert((&judgement.words, &judgement.place)) {
            let effect = match (judgement.warn, judgement.abort) {
                (true, _) => "warns",
                (false, true) => "fails and stops the run",
                (false, false) => "fails the run",
            };
            rows.push(vec![code(&*judgement.words), code(&*judgement.place), trusted(effect)]);
        }
    }
    match rows.is_empty() {
        true => Block::paragraph("None: the verdict is based on failed requests."),
        false => Block::Table(Table::new(["threshold", "defined in", "effect"].map(trusted).into(), 3, rows)),
    }
}
