//! What a step sends, and how redirects change it.

use super::*;
use crate::scenario::plan::{Action, Plan, Step};
use crate::scenario::{Overrides, Scenario};

fn draft(method: Method, url: &str) -> Draft {
    let headers = vec![
        (AUTHORIZATION, HeaderValue::from_static("Bearer t")),
        (CONTENT_TYPE, HeaderValue::from_static("text/plain")),
    ];
    Draft { method, url: url.to_owned(), headers, body: Bytes::from_static(b"body"), ..Draft::default() }
}

#[test]
fn redirects_change_the_request_as_browsers_do() {
    use Method as M;
    for (status, before, after, keeps_body) in [
        (301, M::POST, M::GET, false),
        (302, M::POST, M::GET, false),
        (302, M::PUT, M::PUT, true),
        (303, M::PUT, M::GET, false),
        (303, M::HEAD, M::HEAD, true),
        (307, M::POST, M::POST, true),
        (308, M::POST, M::POST, true),
    ] {
        let mut draft = draft(before, "http://shop.test/a/b");
        draft.redirect(status, "../c?d#e").expect("a URL");
        assert_eq!((draft.url.as_str(), &draft.method), ("http://shop.test/c?d", &after), "{status}");
        assert_eq!(draft.body.is_empty(), !keeps_body, "{status}");
        let names: Vec<_> = draft.headers(&HeaderMap::new()).map(|(name, _)| name.clone()).collect();
        assert_eq!(names.contains(&CONTENT_TYPE), keeps_body, "{status}");
        assert!(names.contains(&AUTHORIZATION), "{status}");
    }
}

#[test]
fn a_json_body_can_travel_in_the_url() {
    let mut draft = draft(Method::GET, "");
    draft.put_in_url("http://shop.test/g?a=1", br#"{"query":"{ b }","variables":{"c":1}}"#).expect("a URL");
    assert_eq!(draft.url, "http://shop.test/g?a=1&query=%7B+b+%7D&variables=%7B%22c%22%3A1%7D");
    assert!(draft.body.is_empty());
}

#[test]
fn secrets_do_not_travel_to_other_servers() {
    for location in ["//other.test/", "http://shop.test:81/", "https://shop.test/"] {
        let mut draft = draft(Method::GET, "http://shop.test/");
        draft.redirect(302, location).expect("a URL");
        assert!(!draft.headers(&HeaderMap::new()).any(|(name, _)| name == AUTHORIZATION), "{location}");
    }
    assert!(draft(Method::GET, "http://shop.test/").redirect(302, "http://").is_err());
}

/// A plan of one task with these steps, and these lines before it.
fn plan(top: &str, steps: &str) -> Result<Plan, String> {
    let text = format!("host: http://h\n{top}\ntasks: [{{ steps: [{steps}] }}]\n");
    let scenario = Scenario::parse("t.yaml", &text).map_err(|error| error.text)?;
    scenario.plan(&Overrides::default()).map_err(|error| error.text)
}

fn http(step: &Step) -> &HttpStep {
    match &step.action {
        Action::Http(http) => http,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_step_says_once_who_asks_and_goes_before_the_defaults() {
    let bearer = "defaults: { auth: { bearer: all } }";
    let header = "defaults: { headers: { authorization: mine } }";
    for (top, more, wanted) in [
        (bearer, "", "Bearer all"),
        (bearer, "headers: { AUTHORIZATION: own }", "own"),
        (bearer, "headers: { Authorization: 'u{{ user.id }}' }", "u1"),
        (bearer, "auth: none", ""),
        (bearer, "auth: { bearer: own }", "Bearer own"),
        (bearer, "auth: { bearer: 'u{{ user.id }}' }", "Bearer u1"),
        (header, "auth: { bearer: 'u{{ user.id }}' }", "Bearer u1"),
        (header, "auth: { bearer: own }", "Bearer own"),
        (header, "headers: { Authorization: null }", ""),
        (header, "headers: { Authorization: '{{ none }}' }", ""),
        (header, "", "mine"),
    ] {
        let plan = plan(top, &format!("{{ get: /, {more} }}")).unwrap_or_else(|e| panic!("{more}: {e}"));
        let http = http(&plan.classes[0].tasks[0].steps[0]);
        let mut draft = Draft::default();
        draft.fill(http, &mut plan.scope(1, 1)).unwrap();
        let all: Vec<_> = draft.headers(&http.fixed_headers).filter(|(name, _)| *name == "authorization").collect();
        let all: Vec<_> = all.iter().map(|(_, value)| value.to_str().unwrap()).collect();
        assert_eq!(all.join(" + "), wanted, "{top} {more}");
    }
    for (top, more, wanted) in [
        ("", "auth: { bearer: a }, headers: { AUTHORIZATION: b }", "both fill the same header"),
        ("defaults: { auth: { bearer: a }, headers: { Authorization: b } }", "", "both fill the same header"),
        ("", "auth: ", "`auth` has no value"),
        ("", "auth: nobody", "auth: none to send none"),
        ("", "headers: { content-length: 5 }, body: abc", "written by katydid"),
        ("defaults: { headers: { Transfer-Encoding: chunked } }", "", "written by katydid"),
        ("", "headers: { Connection: close }", "connections: per_request"),
    ] {
        let error = plan(top, &format!("{{ get: /, {more} }}")).expect_err(more);
        assert!(error.contains(wanted), "{more}: {error}");
    }
}

#[test]
fn null_is_left_out_of_pairs_and_headers_and_the_rest_is_as_the_literal() {
    let plan = plan(
        "vars: { flag: true, nothing: null }",
        "{ set: { a: null, b: false, c: [1, null, true], d: { e: 1 } } }, { post: /, \
          query: { a: '{{ a }}', b: '{{ b }}', c: '{{ c }}', d: '{{ d }}', n: null, v: '{{ nothing }}', w: [1, null] }, \
          form: { a: '{{ a }}', b: '{{ flag }}', c: 'x{{ a }}', n: null }, headers: { X-A: '{{ a }}', X-B: '{{ b }}', X-N: null } }",
    )
    .unwrap();
    let mut scope = plan.scope(1, 1);
    let [set, post] = plan.classes[0].tasks[0].steps.as_slice() else { panic!("two steps") };
    let Action::Set(values) = &set.action else { panic!("variables") };
    for (slot, value) in values {
        let value = value.value(&mut scope).unwrap();
        scope.set(*slot, value);
    }
    let mut draft = Draft::default();
    let http = http(post);
    draft.fill(http, &mut scope).unwrap();
    assert_eq!(draft.url, "http://h/?b=false&c=1&c=true&d=%7B%22e%22%3A1%7D&w=1");
    assert_eq!(draft.body, "b=true&c=xnull");
    let headers: Vec<String> = draft
        .headers(&http.fixed_headers)
        .filter(|(name, _)| name.as_str().starts_with("x-"))
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    assert_eq!(headers, ["x-b: false"]);
}
