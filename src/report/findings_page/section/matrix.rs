//! The decision matrix: seven weighted criteria, for the team to score.

use super::facts::Protocol;
use crate::report::allowance::{hours, share};
use crate::report::findings_page::model::{Block, Section, Table, Text, head, trusted, untrusted};
use crate::report::findings_page::view::View;
use crate::report::shown;

/// A criterion, its weight in percent, and what the runs show about it; an empty string if they show nothing.
type Criterion = (&'static str, u32, fn(&View<'_>) -> String);

/// Weights are 20 % (high), 12 % (medium) and 4 % (low), with a sum of 100 %.
const CRITERIA: [Criterion; 7] = [
    ("Ease of use", 20, |_| String::new()),
    ("Cost effectiveness", 20, cost),
    ("Integration quality", 12, integrations),
    ("Reporting clarity", 12, reporting),
    ("Team learning curve", 12, |_| String::new()),
    ("Protocol support", 20, protocols),
    ("Cloud or self-hosted", 4, generator),
];

pub(super) fn section(view: &View<'_>) -> Section {
    let row = |(name, weight, shows): &Criterion| {
        vec![trusted(*name), untrusted(shows(view)), trusted(format!("{weight} %")), Text::Blank, Text::Blank]
    };
    let mut rows: Vec<Vec<Text>> = CRITERIA.iter().map(row).collect();
    let sum: u32 = CRITERIA.iter().map(|(_, weight, _)| weight).sum();
    rows.push(vec![
        trusted("Weighted total"),
        trusted("at most 5"),
        trusted(format!("{sum} %")),
        Text::Blank,
        Text::Blank,
    ]);
    let names = head(["criterion", "what the runs show", "weight", "score (1–5)", "weight × score"]);
    let about = "To be scored by the team: 1 is poor, 5 is excellent. The weighted total is the sum of weight × score.";
    let table = Table { has_total: true, ..Table::new(names, 2, rows) };
    Section::new("matrix", "Decision matrix", vec![Block::paragraph(about), Block::Table(table)])
}

fn cost(view: &View<'_>) -> String {
    let (used, allowance) = (view.vu_hours(), view.allowance);
    let percentage = share(allowance.share(used));
    format!("{} VU-hours, {percentage} of {} a month", shown::vu_hours(used), hours(allowance.vu_hours))
}

fn integrations(view: &View<'_>) -> String {
    let mut systems: Vec<&str> = view.runs.iter().filter_map(|column| column.meta().ci.as_deref()).collect();
    systems.dedup();
    if systems.is_empty() {
        "no CI system started these runs".to_owned()
    } else {
        format!("started by {}", systems.join(", "))
    }
}

fn reporting(view: &View<'_>) -> String {
    let settings = view.runs.iter().flat_map(|column| &column.meta().settings);
    let requested = settings.map(|setting| setting.key.trim_start_matches("report."));
    let mut formats: Vec<&str> =
        requested.filter(|key| ["html", "csv", "junit", "markdown", "json", "json_file"].contains(key)).collect();
    formats.sort_unstable();
    formats.dedup();
    match formats.is_empty() {
        true => "this page; no other report was requested".to_owned(),
        false => format!("this page, {}", formats.join(", ")),
    }
}

fn protocols(view: &View<'_>) -> String {
    let known = [("HTTP", Protocol::Http), ("GraphQL", Protocol::GraphQl), ("Redis", Protocol::Redis)];
    let used = known.iter().filter(|(_, protocol)| !protocol.used(view).is_empty()).map(|(name, _)| *name);
    let used: Vec<&str> = used.collect();
    if used.is_empty() { "no request was sent".to_owned() } else { format!("tested: {}", used.join(", ")) }
}

/// Recorded runs are always self-hosted.
fn generator(view: &View<'_>) -> String {
    let is_red = view.runs.iter().any(|column| !column.last().health.red.is_zero());
    let was = if is_red { "was the bottleneck for a time" } else { "was never the bottleneck" };
    format!("self-hosted: the load generator {was}")
}

#[cfg(test)]
mod tests {
    use super::CRITERIA;

    #[test]
    fn weights_sum_to_100_percent() {
        assert_eq!(CRITERIA.iter().map(|(_, weight, _)| weight).sum::<u32>(), 100);
    }
}
