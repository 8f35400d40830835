//! Expectations as written in scenarios, evaluated against one response.

use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use minijinja::Value;

use super::*;
use crate::scenario::plan::Action;
use crate::scenario::{Overrides, Scenario};

const BODY: &str = r#"{"total":12.5,"name":"Lamp","tags":["a","b"],"none":null,"deep":{"x":[1,2,3]},"text":"5"}"#;

/// The message of the failure, or `None` if everything passes.
fn judge(expect: &str) -> Option<String> {
    let text = format!(
        "host: http://h\nvars: {{ limit: 10, slow: 2s, large: 1MB, fine: 2xx, both: [200, 404] }}\ntasks:\n  - steps:\n      - set: {{ id: 2, max: 1s, least: 1KB, class: 4xx, codes: [404, 3xx] }}\n      - get: /\n        expect: {expect}\n"
    );
    let plan = Scenario::parse("t.yaml", &text).unwrap_or_else(|e| panic!("{e}")).plan(&Overrides::default()).unwrap();
    let Action::Http(step) = &plan.classes[0].tasks[0].steps[1].action else { panic!("an HTTP step") };
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    headers.insert("x-count", HeaderValue::from_static("42"));
    for cookie in ["sid=1; Path=/", "other=2"] {
        headers.append("set-cookie", HeaderValue::from_static(cookie));
    }
    let response = ResponseView::new(200, Duration::from_millis(300), &headers, BODY.as_bytes());
    let mut scope = plan.scope(1, 1);
    let codes = vec![Value::from(404), Value::from("3xx")];
    for (name, value) in [
        ("id", Value::from(2)),
        ("max", Value::from("1s")),
        ("least", Value::from("1KB")),
        ("class", Value::from("4xx")),
        ("codes", Value::from(codes)),
    ] {
        scope.set(plan.slots.id(name).unwrap(), value);
    }
    if !step.accepts.contains(200) {
        return Some(format!("status {}", step.expected));
    }
    step.expects.iter().find_map(|e| e.check(&response, &mut scope).err()).map(|m| m.to_string())
}

#[test]
fn expectations_that_pass() {
    for expect in [
        "{ status: 200 }",
        "{ status: 2xx }",
        "{ status: [404, 200] }",
        "{ status: { gte: 200, lt: 300 } }",
        "{ status: '>= 200' }",
        "{ status: { not: 5xx } }",
        "{ status: '{{ fine }}' }",
        "{ status: '{{ both }}' }",
        "{ status: { in: '{{ both }}' } }",
        "{ status: { in: [404, 2xx] } }",
        "{ status: { not: '{{ class }}' } }",
        "{ status: { not: { in: '{{ codes }}' } } }",
        "{ status: '!= {{ class }}' }",
        "{ time: '< {{ slow }}' }",
        "{ time: '< {{ max }}' }",
        "{ size: { lt: '{{ large }}' } }",
        "{ size: { lt: '{{ least }}' } }",
        "{ json: { $.name: { in: '{{ [\"Lamp\", \"Desk\"] }}' } } }",
        "{ time: < 1s }",
        "{ time: { lt: 500ms, gt: 0.1 } }",
        "{ size: { gt: 10, lt: 1KB } }",
        "{ header: { Content-Type: { contains: json } } }",
        "{ header: { X-Count: 42 } }",
        "{ header: { X-Count: '> 41' } }",
        "{ header: { X-None: { exists: false } } }",
        "{ header: { Set-Cookie: { contains: other, starts_with: sid, exists: true } } }",
        "{ header: { Set-Cookie: 'sid=1; Path=/, other=2' } }",
        "{ json: { '$.deep.x[?@ == 9]': { length: 0, exists: false, not: { contains: 9 }, eq: [] } } }",
        "{ json: { '$.deep.x[?@ == 2]': { length: 1, exists: true, eq: 2 } } }",
        "{ body: { contains: Lamp, not: { contains: Desk } } }",
        "{ body: { matches: '\"total\": ?\\d+' } }",
        "{ json: { $.total: 12.5 } }",
        "{ json: { $.total: '> {{ limit }}' } }",
        "{ json: { $.name: Lamp } }",
        "{ json: { $.name: [Desk, Lamp] } }",
        "{ json: { $.name: { starts_with: La, ends_with: mp, ne: Desk, length: 4 } } }",
        "{ json: { $.none: null } }",
        "{ json: { $.tags: { length: 2, contains: b } } }",
        "{ json: { $.tags: { eq: [a, b] } } }",
        "{ json: { '$.deep.x[*]': { length: { gte: 3 }, contains: 2 } } }",
        "{ json: { '$.deep.x[*]': { eq: [1, 2, 3.0] } } }",
        "{ json: { '$..x[1]': 2 } }",
        "{ json: { '$.deep.x[1]': '{{ id }}' } }",
        "{ json: { $.deep: { contains: x } } }",
        "{ json: { $.nope: { exists: false } } }",
        "{ json: { $.text: '5' } }",
        "{ json: { $.text: { in: [4, '5'] } } }",
        "{ json: { $.text: { gt: 4 } } }",
    ] {
        assert_eq!(judge(expect), None, "{expect}");
    }
}

#[test]
fn a_failed_expectation_is_explained() {
    for (expect, words) in [
        ("{ status: [201, 3xx] }", "status 201 or 3xx"),
        ("{ status: { gt: 200 } }", "expected status > 200, got 200"),
        ("{ status: '{{ class }}' }", "expected status {{ class }}, got 200"),
        ("{ status: '{{ codes }}' }", "expected status {{ codes }}, got 200"),
        ("{ status: { not: '{{ both }}' } }", "expected status not {{ both }}, got 200"),
        ("{ time: '> {{ max }}' }", "expected time > {{ max }}, got 300ms"),
        (
            "{ time: '> {{ class }}' }",
            "expected time > {{ class }} (but its template failed), got an error: \"4xx\" is not a duration: write 500ms, 30s, 2m, 1h30m, or a number of seconds",
        ),
        ("{ size: '> {{ id }}KB' }", "expected size > {{ id }}KB, got 89"),
        ("{ time: < 200ms }", "expected time < 200ms, got 300ms"),
        ("{ size: '> 1KB' }", "expected size > 1KB, got 89"),
        ("{ header: { X-None: a } }", "expected header x-none \"a\", got no such header"),
        ("{ header: { X-Count: 7 } }", "expected header x-count 7, got 42"),
        ("{ json: { $.total: '> 100' } }", "expected json $.total > 100, got 12.5"),
        ("{ json: { $.total: '12.5' } }", "expected json $.total \"12.5\", got 12.5"),
        ("{ json: { '$.deep.x[?@ == 9]': 9 } }", "expected json $.deep.x[?@ == 9] 9, got no such value"),
        (
            "{ json: { '$.deep.x[?@ == 9]': { exists: true } } }",
            "expected json $.deep.x[?@ == 9] exists, got no such value",
        ),
        ("{ json: { $.nope: { length: 0 } } }", "expected json $.nope length 0, got no such value"),
        ("{ json: { $.nope: 1 } }", "expected json $.nope 1, got no such value"),
        ("{ json: { $.text: 5 } }", "expected json $.text 5, got \"5\""),
        ("{ json: { $.tags: { length: 3 } } }", "expected json $.tags length 3, got [\"a\",\"b\"]"),
        ("{ json: { $.total: { length: 1 } } }", "expected json $.total length 1, got 12.5"),
        ("{ json: { '$.deep.x[*]': { contains: 9 } } }", "expected json $.deep.x[*] contains 9, got 3 values: 1, 2, 3"),
        ("{ json: { $.name: { not: Lamp } } }", "expected json $.name not \"Lamp\", got \"Lamp\""),
        ("{ json: { $.name: { gt: A, lt: B } } }", "expected json $.name > \"A\" and < \"B\", got \"Lamp\""),
        ("{ json: { $.name: '{{ limit }}' } }", "expected json $.name 10, got \"Lamp\""),
    ] {
        assert_eq!(judge(expect).as_deref(), Some(words), "{expect}");
    }
}

#[test]
fn bodies_that_are_not_json_or_too_long_are_described() {
    let path = |text: &str| Subject::Json(Path::new(text).unwrap());
    let matcher = || Matcher(vec![Test::Equals(Operand::Fixed(1.into()))]);
    let headers = HeaderMap::new();
    let mut scope = Scope::new(1, 1, Default::default());
    let mut actual = |subject: Subject, body: &str| {
        let response = ResponseView::new(200, Duration::ZERO, &headers, body.as_bytes());
        Expect { subject, matcher: matcher(), words: "w".into() }.check(&response, &mut scope).unwrap_err().actual
    };
    assert_eq!(actual(path("$.a"), ""), "an empty body");
    assert_eq!(actual(path("$.a"), "<html>"), "a body that is not JSON");
    assert_eq!(actual(Subject::Body, &"é".repeat(1_000)).chars().count(), 201);
}

#[test]
fn all_tests_fail_on_a_body_that_is_not_json() {
    let headers = HeaderMap::new();
    let mut scope = Scope::new(1, 1, Default::default());
    let equals = || Test::Equals(Operand::Fixed(1.into()));
    let not = |test| Test::Not(Box::new(Matcher(vec![test])));
    for body in ["", "<html>", "{\"b\": 2"] {
        for path in ["$.a", "$.a[*]", "$..a"] {
            for test in [Test::Exists(false), not(equals()), not(Test::Exists(true)), not(not(Test::Exists(false)))] {
                let response = ResponseView::new(200, Duration::ZERO, &headers, body.as_bytes());
                let words = format!("{body} {path} {test}");
                let (subject, matcher) = (Subject::Json(Path::new(path).unwrap()), Matcher(vec![test]));
                let judged = Expect { subject, matcher, words: "w".into() }.check(&response, &mut scope);
                let wanted = if body.is_empty() { "an empty body" } else { "a body that is not JSON" };
                assert_eq!(judged.expect_err(&words).actual, wanted, "{words}");
                assert_eq!(response.evaluation_error(), None, "{words}");
            }
        }
    }
}

#[test]
fn an_expected_status_replaces_the_default() {
    for (expect, accepts) in [
        ("{ status: [404, 5xx] }", false),
        ("{ status: { gte: 400 } }", true),
        ("{ status: '>= 400' }", true),
        ("{ status: { in: [404] } }", true),
        ("{ status: '!= 200' }", true),
        ("{ status: '{{ fine }}' }", true),
        ("{ size: { lt: 1MB } }", false),
    ] {
        let text =
            format!("host: http://h\nvars: {{ fine: 4xx }}\ntasks: [{{ steps: [{{ get: /, expect: {expect} }}] }}]\n");
        let plan = Scenario::parse("t.yaml", &text).unwrap().plan(&Overrides::default()).unwrap();
        let Action::Http(step) = &plan.classes[0].tasks[0].steps[0].action else { panic!("an HTTP step") };
        assert_eq!(step.accepts.contains(418), accepts, "{expect}");
    }
}

#[test]
fn the_length_of_a_list_is_not_a_key() {
    let said = judge("{ json: { $.tags.length: 2 } }").expect("a failure");
    assert!(said.contains("no such value") && said.contains("$.tags: { length: 3 }"), "{said}");
    let said = judge("{ json: { $.nothing: 2 } }").expect("a failure");
    assert!(said.ends_with("no such value"), "{said}");
}
