//! Estimates what this machine needs for rows of the statistics and for subscriptions, and warns where it is much.

use super::frequency::{shares, sum};
use crate::scenario::plan::{Action, Class, Plan, Step};
use crate::units;

/// From this many bytes on there is a warning.
const LARGE: f64 = 250e6;
/// Maximum bytes of a row: histograms of all shards, and of the whole run.
const ROW: f64 = 200e3;
/// Bytes of a subscription to one name.
const SUBSCRIPTION: f64 = 500.0;
/// Bytes of what a subscription knows of one publisher.
const PUBLISHER: f64 = 100.0;
/// Maximum pairs of publisher and channel that are followed.
const MAX_PAIRS: f64 = 500e3;

/// Warnings, one sentence each.
pub(super) fn remarks(plan: &Plan) -> Vec<String> {
    let bytes = |bytes: f64| units::bytes(bytes as u64);
    let count = |n: f64, what: &str| units::counted(n.round() as u64, what);
    let mut out = Vec::new();
    let rows = plan.endpoints.len() as f64;
    if rows * ROW > LARGE {
        out.push(format!(
            "{} of the statistics need up to {} of memory: give steps a common `name`",
            count(rows, "row"),
            bytes(rows * ROW)
        ));
    }
    let users = f64::from(plan.schedule.peak_users().0);
    let per_class = || plan.classes.iter().zip(shares(plan));
    let publishers: f64 = per_class().map(|(class, share)| share * users * publishes(plan, class)).sum();
    let (mut subscriptions, mut pairs) = (0.0, 0.0);
    for (class, share) in per_class() {
        let names = names(plan, class);
        subscriptions += share * users * names;
        pairs += share * users * (names * publishers).min(MAX_PAIRS);
    }
    let memory = subscriptions * SUBSCRIPTION + pairs * PUBLISHER;
    if memory > LARGE {
        out.push(format!(
            "{} and {} need up to {} of memory here, and more on the server: subscribe to fewer names, or to a pattern",
            count(subscriptions, "subscription"),
            count(publishers, "publisher"),
            bytes(memory)
        ));
    }
    out
}

/// Names that a user of this class subscribes to. Names that are known only during the run count once.
fn names(plan: &Plan, class: &Class) -> f64 {
    let of = |action: &Action| if let Action::Subscribe(step) = action { step.channels.len() as f64 } else { 0.0 };
    all_steps(class).map(|steps| sum(plan, steps, &of)).sum()
}

/// 1 if users of this class publish, else 0.
fn publishes(plan: &Plan, class: &Class) -> f64 {
    let of = |action: &Action| if matches!(action, Action::Publish(_)) { 1.0 } else { 0.0 };
    all_steps(class).map(|steps| sum(plan, steps, &of)).sum::<f64>().min(1.0)
}

fn all_steps(class: &Class) -> impl Iterator<Item = &[Step]> {
    std::iter::once(&*class.on_start).chain(class.tasks.iter().map(|task| &*task.steps))
}

#[cfg(test)]
mod tests {
    use crate::row_kind::RowKind;
    use crate::scenario::{Overrides, Plan, Scenario};

    fn plan(subscribers: u32, subscribe: &str) -> Plan {
        let text = format!(
            "redis: {{ url: redis://h }}\nusers: {}\nuser_classes:\n  S:\n    fixed_count: {subscribers}\n    start: \
             before_others\n    on_start: [{subscribe}]\n    tasks: [{{ steps: [{{ wait: 1s }}] }}]\n  P:\n    tasks: [{{ \
             steps: [{{ publish: c }}] }}]\n",
            subscribers + 10
        );
        Scenario::parse("s.yaml", &text).unwrap_or_else(|e| panic!("{e}")).plan(&Overrides::default()).unwrap()
    }

    fn list(names: u32) -> String {
        let names: Vec<String> = (0..names).map(|n| format!("'c:{n}'")).collect();
        format!("{{ subscribe: [{}], measure: delivery }}", names.join(", "))
    }

    #[test]
    fn many_names_of_a_step_share_one_row() {
        let rows =
            |plan: &Plan| plan.endpoints.iter().map(|row| format!("{} {}", row.kind, row.name)).collect::<Vec<_>>();
        assert_eq!(rows(&plan(1, &list(100))).len(), 102);
        let shared = rows(&plan(1, &list(10_000)));
        assert_eq!(shared, ["SUBSCRIBE c:0 … c:9999 (10000 names)", "DELIVER c:0 … c:9999 (10000 names)", "PUBLISH c"]);
        let named = list(101).replace(" }", ", name: all }");
        assert_eq!(rows(&plan(1, &named))[..2], ["SUBSCRIBE all", "DELIVER all"]);
        assert_eq!(rows(&plan(1, &list(2)))[..3], ["SUBSCRIBE c:0 c:1", "DELIVER c:0", "DELIVER c:1"]);
    }

    /// This many steps, each of one name.
    fn steps(count: u32) -> String {
        let step = |n| format!("{{ subscribe: 'c:{n}', measure: delivery }}");
        (0..count).map(step).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn the_number_of_rows_for_names_is_limited() {
        let deliver = |subscribe: &str| {
            let plan = plan(1, subscribe);
            let rows = plan.endpoints.iter().filter(|row| row.kind == RowKind::Deliver);
            rows.map(|row| row.name.to_string()).collect::<Vec<_>>()
        };
        let rows =
            deliver(&format!("{}, {{ subscribe: ['c:1000', 'c:7', 'c:1001'], measure: delivery }}", steps(1_000)));
        assert_eq!((rows.len(), &*rows[999], &*rows[1_000]), (1_001, "c:999", "further channels"));
        let lists: Vec<String> = (0..30).map(|n| list(90).replace("c:", &format!("c{n}:"))).collect();
        assert_eq!(deliver(&lists.join(", ")).len(), 1_001);
    }

    #[test]
    fn large_memory_is_a_warning() {
        for (subscribers, subscribe, wanted) in [
            (1, list(10_000), None),
            (50, list(100), None),
            (
                50,
                list(10_000),
                Some(
                    "500,000 subscriptions and 10 publishers need up to 750.0 MB of memory here, and more on the server",
                ),
            ),
            (
                50,
                "{ repeat: 10000, as: i, steps: [{ subscribe: ['c:{{ i }}'] }] }".to_owned(),
                Some("500,000 subscriptions and 10 publishers"),
            ),
            // A row of SUBSCRIBE for each step, and one of DELIVER for each of the first thousand names.
            (1, steps(1_400), Some("2,402 rows of the statistics need up to 480.4 MB of memory")),
        ] {
            let found = super::super::remarks(&plan(subscribers, &subscribe)).join("\n");
            match wanted {
                None => assert_eq!(found, ""),
                Some(wanted) => assert!(found.contains(wanted), "{wanted}: {found}"),
            }
        }
    }
}
