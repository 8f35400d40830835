//! The sections of the page. Each builds its part of the model from the runs.

mod configuration;
mod cost;
mod criteria;
mod errors;
mod facts;
mod integrations;
mod matrix;
mod normality;
mod open;
mod recommendation;
mod results;
mod setup;
mod slowest;
mod stability;
mod summary;

use super::model::{Line, Page, Section, code, trusted};
use super::view::View;
use crate::report::shown;

/// Constructors of the sections, in page order.
const SECTIONS: [fn(&View<'_>) -> Section; 16] = [
    summary::section,
    setup::section,
    configuration::section,
    results::section,
    normality::section,
    stability::section,
    cost::section,
    integrations::section,
    slowest::section,
    errors::section,
    matrix::section,
    criteria::section,
    recommendation::section,
    open::feedback,
    open::questions,
    open::next_steps,
];

/// Builds the page.
pub(super) fn page(view: &View<'_>) -> Page {
    let mut scenarios: Vec<&str> = view.runs.iter().map(|column| column.meta().scenario.as_str()).collect();
    scenarios.dedup();
    let mut title: Line = vec![trusted("Load test findings: ")];
    for (at, scenario) in scenarios.into_iter().enumerate() {
        title.extend((at > 0).then(|| trusted(", ")));
        title.push(code(scenario));
    }
    let runs = match view.runs.len() {
        1 => "1 recorded run".to_owned(),
        n => format!("{n} recorded runs"),
    };
    let version = env!("CARGO_PKG_VERSION");
    let subtitle = format!("From {runs}, {}, by katydid {version}.", shown::moment(view.now));
    Page { title, subtitle: vec![trusted(subtitle)], sections: SECTIONS.iter().map(|section| section(view)).collect() }
}
