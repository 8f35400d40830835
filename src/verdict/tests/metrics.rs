//! Every source and metric: value, scope, margin and number of samples needed.

use super::feed::{Activity, Feed, plan, steady};
use crate::scenario::Plan;
use crate::scenario::plan::Source;
use crate::stats::Lookups;
use crate::stats::delivery::Tally;
use crate::stats::snapshot::{Judged, Judgement};
use crate::verdict::check::samples_needed;

/// A plan with rows of every kind.
fn planned(thresholds: &str) -> Plan {
    plan(&format!(
        "host: http://h
redis: {{ url: redis://h }}
user_classes:
  Shop:
    tasks:
      - tags: [shop]
        steps:
          - {{ get: / }}
          - {{ post: /buy }}
      - tags: [graph]
        steps:
          - {{ graphql: 'query Q {{ a }}' }}
          - {{ graphql: 'subscription S {{ b }}', listen_for: 1s }}
      - tags: [bus]
        steps:
          - {{ redis: [PING] }}
          - {{ redis: [GET, k] }}
          - {{ publish: news, payload: x }}
  Listener:
    fixed_count: 1
    start: before_others
    on_start: [{{ subscribe: [news], measure: delivery }}]
    tasks: [{{ tags: [bus], steps: [{{ wait: 1s }}] }}]
thresholds: {thresholds}
"
    ))
}

/// One second with activity in every row.
fn everything(plan: &Plan) -> Activity {
    let row = |row: &str| {
        let found = plan.endpoints.iter().position(|e| format!("{} {}", e.kind, e.name) == row);
        found.unwrap_or_else(|| panic!("{row}: {:?}", plan.endpoints)) as u32
    };
    let deliver = row("DELIVER news");
    Activity {
        requests: vec![
            (row("GET /"), 10, false, 80),
            (row("POST /buy"), 100, false, 15),
            (row("POST /buy"), 100, true, 5),
            (row("QUERY Q"), 20, false, 59),
            (row("SUBSCRIPTION S"), 400, false, 1),
            (row("EVENT S"), 900, true, 90),
            (row("REDIS PING"), 1, false, 60),
            (row("PUBLISH news"), 2, false, 59),
            (row("SUBSCRIBE news"), 4, false, 1),
            (deliver, 3, false, 300),
        ],
        dropped: 7,
        exceptions: 2,
        deliveries: vec![(deliver, Tally { received: 300, lost_in_stream: 100, ..Tally::default() })],
        lookups: vec![
            (row("REDIS PING"), Lookups { hits: 10, misses: 10 }),
            (row("REDIS GET"), Lookups { hits: 60, misses: 20 }),
        ],
        delays: [vec![1; 300], vec![50; 30]].concat(),
        cpu: 0.25,
        cuts: Some(3),
        ..Activity::default()
    }
}

fn judged(thresholds: &str) -> Vec<Judgement> {
    let plan = planned(thresholds);
    Feed::of(&plan).seconds(2, &everything(&plan))
}

#[test]
fn every_source_and_metric() {
    for (check, on, value) in [
        ("p95 < 1s", None, "100ms"),
        ("p50 < 1s", None, "10ms"),
        ("median < 1s", None, "10ms"),
        ("p99.2 < 1s", None, "100ms"),
        ("mean < 1s", None, "16ms"),
        ("min < 1s", None, "1.0ms"),
        ("max < 1s", None, "400ms"),
        ("rps > 1", None, "280.0/s"),
        ("requests > 1", None, "560"),
        ("failures < 100", None, "10"),
        ("fail_ratio < 50%", None, "1.79 %"),
        ("dropped < 100", None, "14"),
        ("exceptions < 100", None, "4"),
        ("lost_ratio < 50%", None, "25.00 %"),
        ("http.requests > 1", None, "200"),
        ("http.p95 < 1s", None, "100ms"),
        ("http.fail_ratio < 50%", None, "5.00 %"),
        ("graphql.requests > 1", None, "120"),
        ("graphql.max < 1s", None, "400ms"),
        ("graphql.error_ratio < 50%", None, "0.00 %"),
        ("graphql.p95 < 1s", None, "20ms"),
        ("redis.requests > 1", None, "240"),
        ("redis.max < 1s", None, "4.0ms"),
        ("redis.lost_ratio < 50%", None, "25.00 %"),
        ("hit_ratio > 50%", None, "70.00 %"),
        ("redis.hit_ratio > 50%", None, "70.00 %"),
        ("hit_ratio > 50%", Some("\"REDIS GET\""), "75.00 %"),
        ("hit_ratio > 10%", Some("{ tags: [bus] }"), "70.00 %"),
        ("redis.delivery.p99 < 1s", None, "3.0ms"),
        ("redis.delivery.requests > 1", None, "600"),
        ("redis.delivery.lost_ratio < 50%", None, "25.00 %"),
        ("redis.server.output_buffer_disconnections < 100", None, "3"),
        ("generator.cpu < 50%", None, "25 %"),
        ("generator.schedule_delay.p95 < 1s", None, "50ms"),
        ("generator.schedule_delay.p90 < 1s", None, "1.0ms"),
        ("generator.schedule_delay.max < 1s", None, "50ms"),
        ("max < 1s", Some("\"GET /\""), "10ms"),
        ("max < 1s", Some("[\"GET /\", /buy]"), "100ms"),
        ("requests > 1", Some("[\"GET /\", /buy]"), "200"),
        ("requests > 1", Some("{ tags: [shop] }"), "200"),
        ("max < 1s", Some("{ operation: Q }"), "20ms"),
        // A row of received messages is used if it is named; otherwise the requests with that name or tag are.
        ("requests > 1", Some("\"EVENT S\""), "180"),
        ("requests > 1", Some("S"), "2"),
        ("requests > 1", Some("news"), "120"),
        ("redis.delivery.requests > 1", Some("news"), "600"),
        ("redis.lost_ratio < 50%", Some("news"), "25.00 %"),
        ("http.requests > 1", Some("{ tags: [shop, graph] }"), "200"),
    ] {
        let on = on.map(|on| format!(", on: {on}")).unwrap_or_default();
        let threshold = format!("[{{ check: \"{check}\"{on} }}]");
        let judged = &judged(&threshold)[0];
        assert_eq!(judged.value.as_deref(), Some(value), "{threshold}");
        assert_eq!(judged.judged, Judged::Passes, "{threshold}");
        assert!(judged.margin.is_some(), "{threshold}");
    }
}

#[test]
fn percentiles_are_computed_from_merged_requests() {
    let mut feed = Feed::new("", "[p95 < 100ms, p99.9 < 1s]");
    // 10,000 fast requests in the first second, 51 slow ones in each of the others: single seconds have a p95 of 10 and
    // 500.
    feed.second(&steady(10_000, 10));
    let judged = feed.seconds(9, &steady(51, 500));
    let values: Vec<_> = judged.iter().map(|judged| judged.value.as_deref().unwrap()).collect();
    assert_eq!(values, ["10ms", "500ms"]);
}

#[test]
fn margins_and_results() {
    let many = Activity { requests: vec![(0, 100, false, 90), (0, 100, true, 10)], ..Activity::default() };
    for (check, passes, margin) in [
        ("p95 < 400ms", true, Some(0.75)),
        ("p95 < 50ms", false, Some(-1.0)),
        ("p95 < 100ms", false, Some(0.0)),
        ("p95 <= 100ms", true, Some(0.0)),
        ("requests >= 50", true, Some(1.0)),
        ("rps > 200", false, Some(-0.5)),
        ("fail_ratio < 20%", true, Some(0.5)),
        ("failures == 10", true, None),
        ("failures != 10", false, None),
        // Of several checks, one that fails decides, else the one with the smallest margin.
        ("p95 < 400ms and fail_ratio < 20%", true, Some(0.5)),
        ("fail_ratio < 20% and p95 < 50ms and requests > 10", false, Some(-1.0)),
        ("p95 < 400ms and failures == 10", true, Some(0.75)),
    ] {
        let judged = Feed::new("", &format!("[\"{check}\"]")).seconds(1, &many).remove(0);
        assert_eq!(judged.judged == Judged::Passes, passes, "{check}: {:?}", judged.judged);
        let close = match (judged.margin, margin) {
            (Some(found), Some(expected)) => (found - expected).abs() < 0.01,
            (found, expected) => found == expected,
        };
        assert!(close, "{check}: {:?}", judged.margin);
    }
}

#[test]
fn too_few_samples_are_not_evaluated() {
    assert_eq!([50.0, 95.0, 99.0, 99.9, 99.99].map(samples_needed), [5, 59, 299, 2_995, 29_956]);
    assert_eq!([5.0, 1.0, 50.0].map(samples_needed), [59, 299, 5]);
    for (limit, count, expected) in [
        ("1s", 58, Err("58 of at least 59 requests")),
        ("1ms", 58, Err("58 of at least 59 requests")),
        ("1s", 59, Ok(true)),
        ("1ms", 59, Ok(false)),
    ] {
        let mut feed = Feed::new("", &format!("[p95 < {limit}]"));
        feed.seconds(1, &steady(count, 10));
        let judged = feed.end().judgements[0].judged.clone();
        match expected {
            Ok(true) => assert_eq!(judged, Judged::Passes),
            Ok(false) => assert_eq!(judged, Judged::Failed),
            Err(why) => assert_eq!(judged, Judged::CannotTell(why.into())),
        }
    }
}

#[test]
fn without_requests_only_counts_are_evaluated() {
    for (check, expected) in [
        ("p95 < 1s", None),
        ("mean < 1s", None),
        ("fail_ratio < 1%", None),
        ("failures == 0", None),
        ("dropped == 0", None),
        ("exceptions == 0", None),
        ("lost_ratio == 0", None),
        ("rps < 50", None),
        ("generator.schedule_delay.p99 < 1ms", None),
        ("generator.cpu < 50%", None),
        ("rps > 50", Some(false)),
        ("requests >= 1", Some(false)),
        ("requests == 0", Some(true)),
        ("requests < 5", Some(true)),
    ] {
        let mut feed = Feed::new("", &format!("[\"{check}\"]"));
        feed.seconds(3, &Activity::default());
        let judged = feed.end().judgements[0].judged.clone();
        match expected {
            None => assert!(matches!(judged, Judged::CannotTell(_)), "{check}: {judged:?}"),
            Some(true) => assert_eq!(judged, Judged::Passes, "{check}"),
            Some(false) => assert_eq!(judged, Judged::Failed, "{check}"),
        }
    }
}

#[test]
fn count_below_its_minimum_fails_only_at_the_end() {
    let mut feed = Feed::new("", "[requests >= 25, { check: requests > 25, abort: true }]");
    for seconds in 1..=2 {
        let judged = feed.seconds(1, &steady(10, 1));
        let words = [format!("{seconds}0 of 25 so far"), format!("{seconds}0 of more than 25 so far")];
        let open = words.map(|words| Judged::CannotTell(words.into()));
        assert_eq!(judged.iter().map(|judged| judged.judged.clone()).collect::<Vec<_>>(), open);
        assert_eq!(feed.judge.wants_stop(), None);
    }
    assert!(feed.seconds(1, &steady(10, 1)).iter().all(|judged| judged.judged == Judged::Passes));
    let mut short = Feed::new("", "[requests >= 25]");
    short.seconds(2, &steady(10, 1));
    assert_eq!(short.end().judgements[0].judged, Judged::Failed);
}

#[test]
fn check_without_matching_requests_is_not_evaluated() {
    // A scenario that never has them is refused; tags can leave them out of a run.
    let mut plan = plan("host: http://h\ntasks: [{ steps: [{ get: / }] }]\nthresholds: [http.p95 < 1s]\n");
    plan.thresholds[0].checks[0].source = Source::Graphql;
    let judged = Feed::of(&plan).seconds(1, &steady(100, 1)).remove(0);
    assert_eq!(judged.judged, Judged::CannotTell("no such requests in this run".into()));
}

#[test]
fn requests_without_a_response_are_slower_than_all_others() {
    let judged = |answered: usize, refused: usize| {
        let mut feed = Feed::new("", "[p95 < 400ms, { check: median < 400ms, over: 2s }, mean < 400ms, max < 400ms]");
        let found = feed.seconds(3, &Activity { refused, ..steady(answered, 10) });
        found.into_iter().map(|one| (one.judged, one.value.map(|v| v.to_string()))).collect::<Vec<_>>()
    };
    let value = |text: &str| Some(text.to_owned());
    for (answered, refused, p95, median) in
        [(95, 5, true, true), (94, 6, false, true), (49, 51, false, false), (0, 100, false, false)]
    {
        let found = judged(answered, refused);
        let wanted = |met: bool| if met { value("10ms") } else { value("no response") };
        assert_eq!((&found[0].1, &found[1].1), (&wanted(p95), &wanted(median)), "{answered} and {refused}");
        assert_eq!((found[0].0 == Judged::Passes, found[1].0 == Judged::Passes), (p95, median), "{found:?}");
        let are_known = found[2..].iter().all(|(judged, _)| *judged == Judged::Passes);
        let are_unknown =
            found[2..].iter().all(|(judged, _)| *judged == Judged::CannotTell("no request got a response".into()));
        assert!(if answered > 0 { are_known } else { are_unknown }, "{found:?}");
    }
}
