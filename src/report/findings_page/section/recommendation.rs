//! The smallest sufficient plan of the price list.

use crate::report::allowance::hours;
use crate::report::findings_page::model::{Block, Section, Table, Text, head, strong, trusted, untrusted};
use crate::report::findings_page::view::{Column, View};
use crate::report::shown;
use crate::settings::VuPlan;

/// Working days per month.
const WORKING_DAYS: f64 = 21.0;
/// VU-hours of two tests of two hours with 50 users.
const TWO_TESTS: f64 = 2.0 * 2.0 * 50.0;

pub(super) fn section(view: &View<'_>) -> Section {
    let mut blocks = vec![Block::Paragraph(vec![strong("Recommended plan: "), untrusted(sentence(view))])];
    let uses = uses(view).into_iter().map(|(name, vu_hours)| {
        let (plan, price) = match smallest(view, vu_hours) {
            Some(plan) => (untrusted(&*plan.name), untrusted(view.allowance.money(plan.price))),
            None => (trusted("none is large enough"), trusted(shown::NONE)),
        };
        vec![trusted(name), trusted(hours(vu_hours)), plan, price]
    });
    let names = head(["use", "VU-hours a month", "smallest plan", "price a month"]);
    let table = Table::new(names, 1, uses.collect());
    blocks.push(Block::Table(table));
    let plans: Vec<Vec<Text>> = view.allowance.plans().into_iter().map(|plan| price(view, plan)).collect();
    if !plans.is_empty() {
        let names = head(["plan", "VU-hours a month", "price a month", "for 1,000 VU-hours", "times these runs fit"]);
        blocks.extend([Block::Heading("Price list".to_owned()), Block::Table(Table::new(names, 1, plans))]);
    }
    Section::new("recommendation", "Recommendation", blocks)
}

/// The plan for the busiest month so far, with the reason.
pub(super) fn sentence(view: &View<'_>) -> String {
    let (month, used) = busiest(view);
    let used_words = format!("the busiest month ({month}) used {} VU-hours", hours(used));
    match (smallest(view, used), view.allowance.plans().last()) {
        (Some(plan), _) => format!(
            "{} ({} VU-hours, {} a month): {used_words}.",
            plan.name,
            hours(plan.vu_hours),
            view.allowance.money(plan.price)
        ),
        (None, Some(largest)) => {
            format!(
                "none of the price list: {used_words}, and the largest plan, {}, has {}.",
                largest.name,
                hours(largest.vu_hours)
            )
        }
        (None, None) => format!("unknown: the price list (vu_plans) is empty; {used_words}."),
    }
}

/// The month with the most VU-hours. Includes months of these runs, which may be missing in the usage.
fn busiest(view: &View<'_>) -> (String, f64) {
    let months = view.months().into_iter().map(|(month, _, vu_hours)| (month, vu_hours));
    let of_runs = view.runs.iter().map(|column| {
        let month = view.month(column.meta().started);
        let same = view.runs.iter().filter(|other| view.month(other.meta().started) == month);
        let vu_hours = same.map(Column::vu_hours).sum();
        (month, vu_hours)
    });
    months.chain(of_runs).max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or_default()
}

/// Uses to compare plans by: description, and VU-hours a month.
fn uses(view: &View<'_>) -> Vec<(String, f64)> {
    let (month, used) = busiest(view);
    vec![
        (format!("as in the busiest month so far, {month}"), used),
        (format!("these runs on each of {WORKING_DAYS} working days"), view.vu_hours() * WORKING_DAYS),
        ("two tests of 2 h with 50 users".to_owned(), TWO_TESTS),
    ]
}

/// The smallest plan with at least `vu_hours` a month.
fn smallest<'a>(view: &View<'a>, vu_hours: f64) -> Option<&'a VuPlan> {
    view.allowance.plans().into_iter().find(|plan| plan.vu_hours >= vu_hours)
}

/// A row of the price list.
fn price(view: &View<'_>, plan: &VuPlan) -> Vec<Text> {
    let each = view.vu_hours();
    let times = if each > 0.0 { hours((plan.vu_hours / each).floor()) } else { shown::NONE.to_owned() };
    let thousand = view.allowance.money(plan.price / plan.vu_hours * 1e3);
    vec![
        untrusted(&*plan.name),
        trusted(hours(plan.vu_hours)),
        untrusted(view.allowance.money(plan.price)),
        untrusted(thousand),
        trusted(times),
    ]
}
