//! Examples of values, for editors: each is written as in a scenario.

use super::kind::ValueKind as K;
use super::table::Key;

/// Examples by kind, for keys that have none of their own.
const EXAMPLES: &[(K, &[&str])] = &[
    (K::Address, &["/products/{{ id }}", "https://other.example.com/health"]),
    (K::Any, &["1", "text", "{ id: 1 }"]),
    (K::AnyOrFile, &["{ id: 1, note: \"for {{ user.id }}\" }", "\"@body.json\""]),
    (K::Arrivals, &["{ rate: 50/s, max_users: 1000 }"]),
    (K::Assignments, &["{ cart: [1, 2], label: \"user {{ user.id }}\" }"]),
    (K::AuthFull, &["{ bearer: \"{{ token }}\" }"]),
    (
        K::Auth,
        &["{ bearer: \"{{ token }}\" }", "{ basic: { username: ada, password: \"{{ env.PASSWORD }}\" } }", "none"],
    ),
    (K::Baseline, &["{ name: main, keep: 10 }"]),
    (K::Basic, &["{ username: ada, password: \"{{ env.PASSWORD }}\" }"]),
    (K::Bytes, &["{ random: \"between(64, 4KB)\" }"]),
    (
        K::Capture,
        &["{ token: $.token, next: \"header: Location\" }", "{ any_id: { json: \"$.items[*].id\", pick: random } }"],
    ),
    (K::CaptureFull, &["{ json: \"$.items[*].id\", pick: random, default: 0 }"]),
    (K::Class, &["{ weight: 9, tasks: [{ steps: [{ get: / }] }] }"]),
    (K::Classes, &["{ Shopper: { weight: 9, tasks: [{ steps: [{ get: / }] }] } }"]),
    (K::Condition, &["p95 < 400ms", "fail_ratio < 1%", "rps > 50", "dropped == 0"]),
    (K::Count, &["3", "{{ items | length }}"]),
    (K::CountMatcher, &["1", "{ gte: 1 }"]),
    (K::Data, &["{ accounts: { file: data/accounts.csv, order: shuffle } }"]),
    (K::DataFile, &["{ file: data/accounts.csv, order: shuffle }"]),
    (K::Defaults, &["{ timeout: 10s, headers: { Accept: application/json } }"]),
    (K::Document, &["query Item($id: ID!) { item(id: $id) { name } }", "@item.graphql"]),
    (K::Duration, &["10s", "500ms", "1m30s"]),
    (K::Events, &["10"]),
    (K::Expect, &["{ status: 200, time: < 1s }", "{ json: { $.items: { length: { gte: 1 } } } }"]),
    (K::ExpectPublish, &["{ receivers: { gte: 1 } }"]),
    (K::ExpectRedis, &["{ body: PONG, time: < 10ms }"]),
    (K::Expression, &["total > 100", "token is defined"]),
    (K::File, &["{ file: photo.jpg, type: image/jpeg }"]),
    (K::Files, &["{ photo: photo.jpg }", "{ photo: { file: photo.jpg, type: image/jpeg } }"]),
    (K::Flows, &["{ login: [{ post: /login, json: { user: ada } }] }"]),
    (K::GraphqlSettings, &["{ endpoint: /graphql, errors: partial_ok }"]),
    (K::HeaderLines, &["{ Accept: application/json, X-Request-Id: \"{{ uuid() }}\" }"]),
    (K::HeaderMatchers, &["{ Content-Type: { contains: json } }"]),
    (K::Host, &["https://staging.example.com", "demo"]),
    (K::Items, &["[lamp, desk]", "\"{{ products }}\""]),
    (K::Label, &["checkout"]),
    (K::Length, &["30s", "500ms", "1h30m"]),
    (K::ListOrTemplate, &["[EUR, USD]"]),
    (K::ListenFor, &["30s"]),
    (K::LogLine, &["{{ label }} has {{ cart | length }} items"]),
    (K::Map, &["{ id: \"{{ user.id }}\" }"]),
    (K::Matcher, &["text", "{ contains: text }", "{ gte: 1, lt: 10 }"]),
    (K::Name, &["login"]),
    (K::Number, &["10", "1000"]),
    (K::OnFull, &["{ tags: [read] }"]),
    (K::Operators, &["{ gte: 1, lt: 10 }"]),
    (K::On, &["\"POST /api/checkout\"", "{ tags: [read] }"]),
    (K::Ordered, &["10"]),
    (K::Pairs, &["{ page: \"{{ random_int(1, 20) }}\", tag: [a, b] }"]),
    (K::PathMatchers, &["{ $.items: { length: { gte: 1 } }, $.total: \"> 0\" }"]),
    (K::CommandCount, &["100000", "{{ keys }}"]),
    (K::Prefill, &["{ count: 100000, command: [SET, \"user:{{ iteration }}\", { random: 1KB }] }"]),
    (K::Prefills, &["{ count: 100000, command: [SET, \"user:{{ iteration }}\", { random: 1KB }] }"]),
    (K::Profile, &["{ users: 1, run_time: 10s }"]),
    (K::Profiles, &["{ smoke: { users: 1, run_time: 10s } }"]),
    (K::Rate, &["50/s", "600/m"]),
    (K::RedisSettings, &["{ url: redis://127.0.0.1:6379 }"]),
    (K::Regex, &["^[A-Z]{3}$"]),
    (K::Report, &["{ html: out/shop.html, junit: out/shop.xml }"]),
    (K::Row, &["/products/[id]"]),
    (K::Scenario, &["{ host: demo, tasks: [{ steps: [{ get: / }] }] }"]),
    (K::Search, &["{ vary: users, from: 10, to: 2000, hold: 45s, until: p95 < 300ms }"]),
    (K::Sentinel, &["{ master: mymaster, urls: [redis://10.0.0.1:26379, redis://10.0.0.2:26379] }"]),
    (K::Shape, &["{ stages: [{ duration: 1m, users: 20 }, { duration: 5m, users: 200 }] }"]),
    (K::Percentage, &["50%"]),
    (K::Size, &["512", "10KB"]),
    (K::SizeMatcher, &["< 10KB"]),
    (K::SizeWeights, &["{ 64: 70, 1KB: 25, 64KB: 5 }"]),
    (K::Sizes, &["512", "between(64, 4KB)", "gaussian(64, 4KB)", "{ 64: 70, 1KB: 25, 64KB: 5 }"]),
    (K::Some, &["1000"]),
    (K::SpawnRate, &["5", "60/m"]),
    (K::Stage, &["{ duration: 1m, users: 20 }"]),
    (K::Stages, &["[{ name: climb, duration: 1m, users: 20 }, { duration: 5m, users: 200 }]"]),
    (K::Status, &["200", "2xx", "[200, 404]"]),
    (K::Steps, &["[{ get: / }, { wait: 1s }]"]),
    (K::Tag, &["read"]),
    (K::Task, &["{ name: browse, steps: [{ get: /products }] }"]),
    (K::Tasks, &["[{ name: browse, weight: 3, steps: [{ get: /products }] }]"]),
    (K::TextOrFile, &["plain text", "@body.txt"]),
    (K::ThresholdFull, &["{ check: p99 < 2s, over: 30s, abort: true }"]),
    (
        K::Thresholds,
        &["[p95 < 400ms, fail_ratio < 1%]", "[{ check: p99 < 2s, on: \"POST /api/checkout\", abort: true }]"],
    ),
    (K::TimeMatcher, &["< 1s"]),
    (K::Tls, &["{ ca: ca.pem }", "{ cert: client.pem, key: client.key }", "{ insecure: true }"]),
    (K::Variable, &["item"]),
    (K::Vars, &["{ shop: \"{{ env.SHOP | default('demo') }}\", words: [lamp, desk] }"]),
    (K::Wait, &["between(1s, 5s)", "constant(2s)", "constant_pacing(10s)", "constant_throughput(0.5)"]),
    (K::WaitStep, &["1s", "between(500ms, 2s)", "{{ random_float(0.5, 2) }}s"]),
    (K::Whole, &["10"]),
];

/// Examples of the value of a key.
pub(crate) fn of(key: &Key) -> &'static [&'static str] {
    if key.examples.is_empty() { of_kind(key.kind) } else { key.examples }
}

/// Examples of values of a kind.
pub(crate) fn of_kind(kind: K) -> &'static [&'static str] {
    EXAMPLES.iter().find(|(known, _)| *known == kind).map_or(&[][..], |(_, all)| *all)
}

#[cfg(test)]
mod tests {
    use super::super::actions::{ACTIONS, ANY_STEP};
    use super::super::keys::{SCENARIO, TABLES};
    use super::super::schema::schema;
    use super::*;

    #[test]
    fn every_key_has_an_example_or_a_list_of_values() {
        let definitions = &schema()["$defs"];
        let in_tables = TABLES.iter().chain([&&SCENARIO]).flat_map(|table| table.keys);
        let in_steps =
            ACTIONS.iter().flat_map(|action| action.modifiers.iter().copied().flatten().chain([&action.key]));
        for key in in_tables.chain(in_steps).chain(ANY_STEP) {
            let is_listed = !definitions[key.kind.name()]["enum"].is_null() || matches!(key.kind, K::Bool | K::Yes);
            assert!(is_listed || !of(key).is_empty(), "{}: {:?}", key.name, key.kind);
        }
    }
}
