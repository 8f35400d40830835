//! Values of a wrong kind: what to write instead, with the value itself where it can be kept.

/// How a value is written, as far as it decides what was meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Written {
    /// A status such as `200` or `2xx`.
    Status,
    /// `< 1s`.
    Comparison,
    /// `$.id`.
    Path,
    /// A URL.
    Url,
    /// `a=1&b=2`.
    Pairs,
    /// `user:password`.
    Colon,
    /// Any other single value.
    Scalar,
    /// A list.
    List,
    /// A map.
    Map,
}

use Written::{Colon, Comparison, List, Map, Pairs, Path, Scalar, Status, Url};

/// Key, how its value is written, and what to write instead; `{}` is the value.
const SHAPES: &[(&str, Written, &str)] = &[
    ("expect", Status, "write expect: { status: {} }"),
    ("expect", Comparison, "write expect: { time: {} }"),
    ("expect", Path, "write expect: { json: { {}: VALUE } }"),
    ("expect", List, "write a map: expect: { status: [200, 201], time: < 1s }"),
    ("expect", Scalar, "write expect: { status: 200 }, or expect: { body: { contains: {} } }"),
    ("capture", Path, "write capture: { NAME: {} }"),
    ("capture", List, "write a map of names: capture: { id: $.id, next: 'header: Location' }"),
    ("capture", Scalar, "write capture: { id: $.id }"),
    ("headers", List, "write a map: headers: { Accept: application/json }"),
    ("headers", Scalar, "write a map: headers: { Accept: application/json }"),
    ("query", Pairs, "write a map: query: { page: 1 }, or add ?{} to the address"),
    ("query", Scalar, "write a map: query: { page: 1 }"),
    ("query", List, "write a map: query: { page: 1, tag: [a, b] }"),
    ("form", Pairs, "write a map: form: { user: ada }, or send it as it is: body: \"{}\""),
    ("form", Scalar, "write a map: form: { user: ada }"),
    ("form", List, "write a map: form: { user: ada, tag: [a, b] }"),
    ("files", Scalar, "write a map of fields: files: { photo: {} }"),
    ("files", List, "write a map of fields: files: { photo: photo.jpg }"),
    ("auth", Colon, "write auth: { basic: { username: …, password: … } }"),
    ("auth", List, "write auth: { basic: { username: …, password: … } }"),
    ("basic", Colon, "write basic: { username: …, password: … }"),
    ("basic", List, "write basic: { username: …, password: … }"),
    ("tls", Scalar, "write tls: { insecure: true } to accept any certificate"),
    ("set", List, "write a map: set: { id: 1 }"),
    ("set", Scalar, "write a map: set: { id: 1 }"),
    ("with", List, "write a map: with: { id: 1 }"),
    ("vars", List, "write a map: vars: { id: 1 }"),
    ("vars", Scalar, "write a map: vars: { id: 1 }"),
    ("variables", Scalar, "write a map: variables: { id: 1 }"),
    ("data", Scalar, "write data: { accounts: { file: {} } }"),
    ("data", List, "write data: { accounts: { file: accounts.csv } }"),
    ("a data file", Scalar, "write { file: {} }"),
    (
        "a data file",
        List,
        "write a list into vars: { words: [lamp, desk] }, or give a CSV file: { file: accounts.csv }",
    ),
    ("defaults", List, "write a map: defaults: { timeout: 10s }"),
    ("flows", List, "write a map of names: flows: { login: [{ post: /login }] }"),
    ("user_classes", List, "write a map of names: user_classes: { Shopper: { tasks: [{ steps: [{ get: / }] }] } }"),
    ("profiles", List, "write a map of names: profiles: { smoke: { users: 1 } }"),
    ("a user class", List, "write { tasks: [{ steps: [{ get: / }] }] }"),
    ("a task", Scalar, "write { name: browse, steps: [{ get: / }] }"),
    ("a task", List, "write { name: browse, steps: [{ get: / }] }"),
    ("tasks", Map, "write a list: tasks: [{ name: browse, steps: [{ get: / }] }]"),
    ("tasks", Scalar, "write a list: tasks: [{ name: browse, steps: [{ get: / }] }]"),
    ("steps", Map, "write a list, with - before each step: steps: [{ get: / }]"),
    ("steps", Scalar, "write a list: steps: [{ get: {} }]"),
    ("on_start", Map, "write a list, with - before each step: on_start: [{ get: / }]"),
    ("on_stop", Map, "write a list, with - before each step: on_stop: [{ get: / }]"),
    ("then", Map, "write a list, with - before each step: then: [{ get: / }]"),
    ("else", Map, "write a list, with - before each step: else: [{ get: / }]"),
    ("shape", List, "write shape: { stages: […] }"),
    ("stages", Map, "write a list, with - before each stage: stages: [{ duration: 1m, users: 10 }]"),
    ("a stage", Scalar, "write { duration: 1m, users: 10 }"),
    ("arrivals", Scalar, "write arrivals: { rate: {} }"),
    ("arrivals", List, "write arrivals: { stages: […] }"),
    ("thresholds", Map, "write a list: thresholds: [p95 < 400ms, fail_ratio < 1%]"),
    ("thresholds", Scalar, "write a list: thresholds: [\"{}\"]"),
    ("graphql", Scalar, "write graphql: { endpoint: {} }"),
    ("redis", Scalar, "write redis: { url: {} }"),
    ("report", Scalar, "write report: { html: {} }"),
    ("report", List, "write report: { html: report.html, json: report.json }"),
    ("baseline", Scalar, "write baseline: { name: {} }"),
    ("search", Scalar, "write search: { vary: users, from: 10, to: 1000, hold: 45s, until: p95 < 300ms }"),
    ("wait_time", List, "write wait_time: between(1s, 3s)"),
    ("wait_time", Map, "write wait_time: between(1s, 3s)"),
    ("wait", List, "write wait: between(1s, 3s)"),
    ("wait", Map, "write wait: 1s, or wait: between(1s, 3s)"),
    ("publish", Map, "write - publish: CHANNEL, with payload: below it"),
    ("subscribe", Map, "write - subscribe: [CHANNEL]"),
    ("redis", Map, "write - redis: [SET, key, value]"),
    ("graphql", Map, "write - graphql: \"{ shop { name } }\", with variables: below it"),
    ("call", Map, "write - call: NAME, with the variables in with: { id: 1 } beside it"),
    ("when", Map, "write an expression: when: total > 100"),
    ("timeout", Map, "write one time: timeout: 10s"),
    ("host", List, "write one URL; a step can have a complete URL of its own"),
    ("host", Map, "write a URL: host: https://shop.example.com"),
    ("users", Map, "write a number: users: 10; stages are in shape: { stages: [{ duration: 1m, users: 10 }] }"),
    ("proxy", Map, "write a URL: proxy: http://127.0.0.1:3128"),
    ("name", Map, "write a string"),
    ("url", Url, "write url: {}"),
];

/// Longest value that a hint repeats.
const LONGEST: usize = 60;

/// What to write instead of a value of a wrong kind for this key. `text` is that of a single value, `is_list` distinguishes
/// lists from maps.
pub(crate) fn shape(what: &str, text: Option<&str>, is_list: bool) -> Option<String> {
    let of = |written| SHAPES.iter().find(|(key, known, _)| *key == what && *known == written);
    let Some(text) = text else {
        return of(if is_list { List } else { Map }).map(|(.., note)| (*note).to_owned());
    };
    let note = of(kind(text)).or_else(|| of(Scalar)).map(|(.., note)| *note)?;
    let is_short = text.chars().count() <= LONGEST && !text.contains('\n');
    let name = text.rsplit(['.', '[', ']', '\'', '"']).find(|part| is_name(part)).unwrap_or("id");
    is_short
        .then(|| note.replace("{}", text).replace("NAME", name))
        .or_else(|| (!note.contains("{}")).then(|| note.to_owned()))
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn kind(text: &str) -> Written {
    let text = text.trim();
    let is_class = text.len() == 3 && text.ends_with("xx") && text.starts_with(|c| ('1'..='5').contains(&c));
    if is_class || text.parse::<u16>().is_ok_and(|n| (100..600).contains(&n)) {
        Status
    } else if text.starts_with(['<', '>']) {
        Comparison
    } else if text.starts_with('$') && !text.starts_with("${") {
        Path
    } else if text.contains("://") {
        Url
    } else if text.contains('=') && !text.contains(char::is_whitespace) {
        Pairs
    } else if text.contains(':') && !text.contains(char::is_whitespace) {
        Colon
    } else {
        Scalar
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_a_wrong_kind_is_put_where_it_belongs() {
        for (what, text, wanted) in [
            ("expect", "200", "write expect: { status: 200 }"),
            ("expect", "2xx", "write expect: { status: 2xx }"),
            ("expect", "< 1s", "write expect: { time: < 1s }"),
            ("expect", "$.id", "write expect: { json: { $.id: VALUE } }"),
            ("expect", "ok", "write expect: { status: 200 }, or expect: { body: { contains: ok } }"),
            ("capture", "$.data.token", "write capture: { token: $.data.token }"),
            ("capture", "$.items[*]['id']", "write capture: { id: $.items[*]['id'] }"),
            ("query", "a=1&b=2", "write a map: query: { page: 1 }, or add ?a=1&b=2 to the address"),
            ("auth", "ada:pw", "write auth: { basic: { username: …, password: … } }"),
            ("redis", "redis://h:1", "write redis: { url: redis://h:1 }"),
            ("arrivals", "50/s", "write arrivals: { rate: 50/s }"),
        ] {
            assert_eq!(shape(what, Some(text), false).as_deref(), Some(wanted), "{what}: {text}");
        }
        assert_eq!(shape("shape", None, true).as_deref(), Some("write shape: { stages: […] }"));
        assert_eq!(
            shape("thresholds", None, false).as_deref(),
            Some("write a list: thresholds: [p95 < 400ms, fail_ratio < 1%]")
        );
        assert_eq!(shape("expect", Some(&"x".repeat(100)), false), None);
        assert_eq!(shape("weight", Some("x"), false), None);
    }
}
