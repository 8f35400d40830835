//! The Grafana dashboard queries only metrics that the endpoint has, and the documentation lists them all.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use regex::Regex;

fn file(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).expect("a file")
}

/// Names of metrics in a text.
fn metrics(text: &str) -> BTreeSet<String> {
    let pattern = Regex::new(r"\bkatydid_[a-z_0-9]+").expect("a pattern");
    pattern.find_iter(text).map(|found| found.as_str().to_owned()).collect()
}

/// Every metric, as the table of `docs/prometheus.md` names it.
fn documented() -> BTreeSet<String> {
    metrics(&file("docs/prometheus.md")).into_iter().filter(|name| !name.ends_with('_')).collect()
}

#[test]
fn the_dashboard_queries_documented_metrics() {
    let dashboard: serde_json::Value = serde_json::from_str(&file("assets/grafana-dashboard.json")).expect("JSON");
    let queried = metrics(&dashboard.to_string());
    assert!(queried.len() > 15, "{queried:?}");
    let known = documented();
    for name in queried {
        let family = name.strip_suffix("_bucket").unwrap_or(&name);
        assert!(known.contains(family), "{name} is not in docs/prometheus.md");
    }
    let panels = dashboard["panels"].as_array().expect("panels");
    let ids: BTreeSet<_> = panels.iter().map(|panel| panel["id"].as_u64().expect("an id")).collect();
    assert_eq!(ids.len(), panels.len());
}

/// Each metric of the source is in the documentation, and the other way round.
#[test]
fn the_documentation_lists_every_metric() {
    let source = file("src/sink/figures/table.rs");
    let pattern = Regex::new(r#"(?:gauge|single|of_rows|messages)\(\s*(?:rows,\s*)?"([a-z_]+)"|name: "([a-z_]+)""#);
    let pattern = pattern.expect("a pattern");
    let names = pattern.captures_iter(&source).filter_map(|found| found.get(1).or(found.get(2)));
    let mut names: BTreeSet<_> = names.map(|name| format!("katydid_{}", name.as_str())).collect();
    names.extend(["katydid_run_info".to_owned(), "katydid_run_start_time".to_owned()]);
    let base = |name: &str| {
        let name = name.strip_suffix("_total").unwrap_or(name);
        let units = ["_seconds", "_bytes", "_ratio"];
        units.iter().find_map(|unit| name.strip_suffix(unit)).unwrap_or(name).to_owned()
    };
    let documented: BTreeSet<_> = documented().iter().map(|name| base(name)).collect();
    assert_eq!(names, documented);
}
