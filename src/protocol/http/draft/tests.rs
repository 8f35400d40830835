//! What a step sends, and how redirects change the request.

use super::*;
use crate::scenario::plan::{Action, Plan, Step};
use crate::scenario::{Overrides, Scenario};

fn draft(method: Method, url: &str) -> RequestDraft {
    let headers = vec![
        (AUTHORIZATION, HeaderValue::from_static("Bearer t")),
        (CONTENT_TYPE, HeaderValue::from_static("text/plain")),
    ];
    RequestDraft { method, url: url.to_owned(), headers, body: Bytes::from_static(b"body"), ..RequestDraft::default() }
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
        let (fixed, secrets) = (HeaderMap::new(), Redactor::default());
        assert_eq!(draft.redirect(status, "../c?d#e", &fixed, &secrets).expect("a URL"), None);
        assert_eq!((draft.url.as_str(), &draft.method), ("http://shop.test/c?d", &after), "{status}");
        assert_eq!(draft.body.is_empty(), !keeps_body, "{status}");
        let names: Vec<_> = draft.headers(&HeaderMap::new()).map(|(name, _)| name.clone()).collect();
        assert_eq!(names.contains(&CONTENT_TYPE), keeps_body, "{status}");
        assert!(names.contains(&AUTHORIZATION), "{status}");
    }
}

#[test]
fn a_json_body_becomes_query_parameters() {
    let mut draft = draft(Method::GET, "");
    draft.encode_in_query("http://shop.test/g?a=1", br#"{"query":"{ b }","variables":{"c":1}}"#).expect("a URL");
    assert_eq!(draft.url, "http://shop.test/g?a=1&query=%7B+b+%7D&variables=%7B%22c%22%3A1%7D");
    assert!(draft.body.is_empty());
}

/// Follows a redirect to `location`: the remaining headers, what was changed, and the new URL.
fn redirected(headers: &[(&'static str, &str)], location: &str) -> (Vec<String>, Option<CrossOriginRedirect>, String) {
    let mut draft = draft(Method::POST, "http://u:p@shop.test/a");
    draft.headers.clear();
    let fixed: HeaderMap =
        headers.iter().map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_str(v).unwrap())).collect();
    let secrets = Redactor::new(["s3cret-token"]);
    let redirect = draft.redirect(307, location, &fixed, &secrets).expect("a URL");
    let names = draft.headers(&fixed).map(|(name, _)| name.to_string()).collect();
    (names, redirect, draft.url)
}

#[test]
fn credentials_are_not_sent_to_other_origins() {
    let private = [
        ("authorization", "Bearer t"),
        ("proxy-authorization", "Basic x"),
        ("cookie", "a=b"),
        ("host", "shop.test"),
        ("x-api-key", "k"),
        ("apikey", "k"),
        ("x-auth-token", "t"),
        ("private-token", "t"),
        ("x-amz-signature", "s"),
        ("x-goog-iap-jwt-assertion", "j"),
        ("x-anything", "has s3cret-token in it"),
    ];
    let public = [("accept", "*/*"), ("idempotency-key", "7"), ("x-request-id", "1"), ("content-type", "a/b")];
    let all = [&private[..], &public[..]].concat();
    let (expected, other) =
        (CrossOriginRedirect { withheld: true, body: true }, public.map(|(name, _)| name.to_owned()));
    for location in ["//other.test/", "http://shop.test:81/", "https://shop.test/", "HTTP://Other.Test"] {
        let (names, redirect, _) = redirected(&all, location);
        assert_eq!((names.as_slice(), redirect), (&other[..], Some(expected)), "{location}");
    }
    let (names, redirect, _) = redirected(&public, "//other.test/");
    assert_eq!((names.as_slice(), redirect), (&other[..], Some(CrossOriginRedirect { withheld: false, body: true })));
    // Dropping the Host header is not reported.
    let (names, redirect, _) = redirected(&[("host", "shop.test")], "//other.test/");
    assert_eq!((names.is_empty(), redirect), (true, Some(CrossOriginRedirect { withheld: false, body: true })));
    for location in ["/b", "http://shop.test/b", "http://SHOP.test:80/b", "//shop.test/b", "?b", "#b"] {
        let (names, redirect, url) = redirected(&all, location);
        assert_eq!((names.len(), redirect), (all.len(), None), "{location}");
        assert!(url.starts_with("http://u:p@shop.test/"), "{location}: {url}");
    }
    for (location, url) in
        [("http://other.test/b", "http://other.test/b"), ("http://v:q@shop.test/b", "http://v:q@shop.test/b")]
    {
        assert_eq!(redirected(&all, location).2, url, "{location}");
    }
    let (fixed, secrets) = (HeaderMap::new(), Redactor::default());
    assert!(draft(Method::GET, "http://shop.test/").redirect(302, "http://", &fixed, &secrets).is_err());
    assert!(draft(Method::GET, "http://shop.test/").redirect(302, "javascript:alert(1)", &fixed, &secrets).is_err());
}

#[test]
fn location_headers_are_percent_encoded() {
    for (value, wanted) in [
        (&b"/a"[..], Some("/a")),
        (b" /a b \t", Some("/a b")),
        (b"", None),
        (b"  ", None),
        (b"/caf\xe9?\xff", Some("/caf%E9?%FF")),
        ("/caf\u{e9}".as_bytes(), Some("/caf\u{e9}")),
    ] {
        assert_eq!(location(value).as_deref(), wanted, "{value:?}");
    }
}

#[test]
fn a_rendered_path_cannot_change_the_host() {
    let address = |host: &str, rendered: &str, query: &str| {
        let text = format!(
            "host: {host}\nvars: {{ u: {} }}\ntasks: [{{ steps: [{{ set: {{ w: '{{{{ u }}}}' }} }}, {{ get: '{{{{ w }}}}', {query} }}] }}]\n",
            serde_json::to_string(rendered).unwrap()
        );
        let scenario = Scenario::parse("t.yaml", &text).unwrap_or_else(|error| panic!("{}", error.text));
        let plan = scenario.plan(&Overrides::default()).unwrap_or_else(|error| panic!("{}", error.text));
        let mut scope = plan.scope(1, 1);
        let slot = scope.table().id("w").unwrap();
        scope.set(slot, minijinja::Value::from(rendered));
        let mut draft = RequestDraft::default();
        draft.fill(http(&plan.classes[0].tasks[0].steps[1]), &mut scope).map(|()| draft.url).map_err(|error| error.0)
    };
    for (host, rendered, wanted) in [
        ("http://h", "/x", "http://h/x"),
        ("http://h:2200", "/0/x", "http://h:2200/0/x"),
        ("http://h/api", "/x", "http://h/api/x"),
        ("http://h/api/", "/x", "http://h/api/x"),
        ("http://u:p@h", "/x", "http://u:p@h/x"),
        ("http://h", "/a b", "http://h/a%20b"),
        ("http://h", "/\u{e9}", "http://h/%C3%A9"),
        ("http://h", "//evil/x", "http://h//evil/x"),
        ("http://h", "/\\evil/x", "http://h//evil/x"),
        ("http://h", "/@evil/x", "http://h/@evil/x"),
        ("http://h", "/x?q#f", "http://h/x?q"),
        ("http://h", "http://other/x", "http://other/x"),
        ("http://h", "HTTPS://Other/x", "https://other/x"),
    ] {
        assert_eq!(address(host, rendered, "").as_deref(), Ok(wanted), "{host} {rendered:?}");
    }
    assert_eq!(address("http://h", "/x#f", "query: { a: 1 }").as_deref(), Ok("http://h/x?a=1"));
    for host in ["http://h", "http://h:2200", "http://h/api", "http://u:p@h"] {
        for rendered in [
            "0/x",
            "@evil/x",
            ":80/x",
            ":p@evil/x",
            "\\\\evil",
            "\\evil",
            "?q",
            "#f",
            "",
            " ",
            " /x",
            ".evil/x",
            "-x/",
            "x",
            "../x",
            "%2e",
            "http:/x",
            "http:x",
            "https:",
            "ftp://evil/x",
            "javascript:x",
            "evil.test/x",
            "[::1]/x",
            "\u{e9}/x",
            "\t/x",
        ] {
            let error = address(host, rendered, "").expect_err(rendered);
            assert!(error.contains("starts with / nor is an http(s) URL"), "{host} {rendered:?}: {error}");
        }
        for rendered in ["/x\r\ny: z", "/a\tb", "/\u{0}", "http://other\n/x"] {
            let error = address(host, rendered, "").expect_err(rendered);
            assert!(error.contains("control character"), "{host} {rendered:?}: {error}");
        }
    }
}

/// A plan of one task with these steps, preceded by these lines.
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
fn auth_of_a_step_overrides_the_defaults() {
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
        let mut draft = RequestDraft::default();
        draft.fill(http, &mut plan.scope(1, 1)).unwrap();
        let all: Vec<_> = draft.headers(&http.fixed_headers).filter(|(name, _)| *name == "authorization").collect();
        let all: Vec<_> = all.iter().map(|(_, value)| value.to_str().unwrap()).collect();
        assert_eq!(all.join(" + "), wanted, "{top} {more}");
    }
    for (top, more, wanted) in [
        ("", "auth: { bearer: a }, headers: { AUTHORIZATION: b }", "both `auth` and the header"),
        ("defaults: { auth: { bearer: a }, headers: { Authorization: b } }", "", "both `auth` and the header"),
        ("", "auth: ", "`auth` has no value"),
        ("", "auth: nobody", "auth: none to send none"),
        ("", "headers: { content-length: 5 }, body: abc", "is set automatically"),
        ("defaults: { headers: { Transfer-Encoding: chunked } }", "", "is set automatically"),
        ("", "headers: { Connection: close }", "connections: per_request"),
    ] {
        let error = plan(top, &format!("{{ get: /, {more} }}")).expect_err(more);
        assert!(error.contains(wanted), "{more}: {error}");
    }
}

#[test]
fn null_values_are_omitted_and_others_are_sent_as_literals() {
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
    let mut draft = RequestDraft::default();
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

#[test]
fn the_route_always_belongs_to_the_current_url() {
    let plan = plan(
        "",
        "{ get: /a }, { get: 'http://longer.test:81/a' }, { get: 'http://h/{{ 1 | default(1) }}' }, \
         { get: '/a{{ 1 / (user.id - 1) }}' }, { get: /a }, { get: /a }",
    )
    .unwrap();
    let (mut draft, mut scope) = (RequestDraft::default(), plan.scope(1, 1));
    let mut seen = Vec::new();
    for step in &plan.classes[0].tasks[0].steps {
        seen.push(match draft.fill(http(step), &mut scope) {
            Ok(()) => format!("{} {}", draft.route.authority(&draft.url), draft.route.target(&draft.url)),
            Err(_) => "none".to_owned(),
        });
    }
    assert_eq!(seen, ["h /a", "longer.test:81 /a", "h /1", "none", "h /a", "h /a"]);
}

#[test]
fn failed_redirect_leaves_the_request_unchanged() {
    for location in ["ftp://127.0.0.1:1/x", "javascript:alert(1)", "http://[::1/"] {
        let mut draft = draft(Method::POST, "http://shop.test/a/b");
        let before = (draft.url.clone(), draft.method.clone(), draft.body.clone());
        draft.redirect(302, location, &HeaderMap::new(), &Redactor::default()).expect_err("no HTTP URL");
        assert_eq!((draft.url, draft.method, draft.body), before, "{location}");
    }
}
