//! How bodies are decoded, and where evaluation is aborted.

use super::*;

fn headers(content_type: &'static str) -> HeaderMap {
    HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(content_type))])
}

#[test]
fn bodies_are_converted_to_utf_8() {
    for (content_type, body, wanted) in [
        ("text/plain", &b"caf\xc3\xa9"[..], "café"),
        ("text/plain", b"\xef\xbb\xbfcaf\xc3\xa9", "café"),
        ("text/plain; charset=iso-8859-1", b"caf\xe9", "café"),
        ("text/plain; Charset=\"ISO-8859-1\"; x=y", b"caf\xe9", "café"),
        ("text/plain;charset=latin1", b"caf\xe9", "café"),
        ("text/plain; charset=windows-1252", b"\x80", "€"),
        ("text/plain; charset=shift_jis", b"\x83\x65", "テ"),
        ("text/plain; charset=utf-16le", b"a\0b\0", "ab"),
        ("text/plain", b"\xff\xfea\0b\0", "ab"),
        ("text/plain; charset=utf-8", b"\xfe\xff\0a\0b", "ab"),
        ("text/plain; charset=nonsense", b"abc", "abc"),
        ("text/plain; charset=", b"abc", "abc"),
        ("text/plain; charset", b"abc", "abc"),
        ("", b"", ""),
    ] {
        let headers = headers(content_type);
        let view = ResponseView::new(200, Duration::ZERO, &headers, body);
        assert_eq!(String::from_utf8_lossy(view.text()), wanted, "{content_type} {body:?}");
    }
    let none = HeaderMap::new();
    // Bytes in an undeclared encoding are left as they are.
    assert_eq!(ResponseView::new(200, Duration::ZERO, &none, b"\xff\x00\x80").text(), b"\xff\x00\x80");
}

#[test]
fn json_may_have_a_byte_order_mark_or_another_encoding() {
    for (content_type, body) in [
        ("application/json", &b"\xef\xbb\xbf{\"a\": \"\xc3\xa9\"}"[..]),
        ("application/json; charset=iso-8859-1", b"{\"a\": \"\xe9\"}"),
        ("application/json", b"\xff\xfe{\0\"\0a\0\"\0:\0\"\0\xe9\0\"\0}\0"),
    ] {
        let headers = headers(content_type);
        let view = ResponseView::new(200, Duration::ZERO, &headers, body);
        assert_eq!(view.json().expect("JSON")["a"], "é", "{body:?}");
    }
}

#[test]
fn the_last_cookie_counts() {
    let mut headers = HeaderMap::new();
    let redirect_cookies = ["a=1", "b=2; Path=/", "a=3"].map(HeaderValue::from_static);
    headers.append(SET_COOKIE, HeaderValue::from_static("c=; Max-Age=0"));
    headers.append(SET_COOKIE, HeaderValue::from_static("c=\"4\""));
    headers.append(SET_COOKIE, HeaderValue::from_bytes(b"d=\xe9").unwrap());
    let view = ResponseView::new(200, Duration::ZERO, &headers, b"").with_redirect_cookies(&redirect_cookies);
    for (name, wanted) in [("a", Some("3")), ("b", Some("2")), ("c", Some("4")), ("d", Some("\u{fffd}")), ("e", None)] {
        assert_eq!(view.cookie(name).as_deref(), wanted, "{name}");
    }
}

#[test]
fn large_json_is_streamed() {
    let item = r#"{"id": 7, "tags": ["a", "b"]}"#;
    let body = format!("{{\"items\": [{}{item}], \"next\": \"n\"}}", format!("{item},").repeat(100_000));
    let none = HeaderMap::new();
    let found = |path: &str| {
        let view = ResponseView::new(200, Duration::ZERO, &none, body.as_bytes());
        let Selected::Found(found) = view.select(&Path::new(path).unwrap()) else { panic!("not JSON") };
        (found.first().map(|first| first.to_string()), found.len(), view.evaluation_error())
    };
    assert_eq!(found("$.next"), (Some("\"n\"".to_owned()), 1, None));
    assert_eq!(found("$.items[100000].tags[1]"), (Some("\"b\"".to_owned()), 1, None));
    assert_eq!(found("$.items[*].id"), (Some("7".to_owned()), 100_001, None));
    let limit = |words| (None, 0, Some(EvaluationError::Limit(words)));
    assert_eq!(found("$"), limit("the path finds more than 250,000 values"));
    assert_eq!(found("$..id"), limit("the JSON has more than 250,000 values"));
}

#[test]
fn expensive_paths_are_not_evaluated() {
    let none = HeaderMap::new();
    let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
    let wide = format!("[{}{deep}]", "1,".repeat(5_000));
    for (path, inline, error) in [
        ("$..*", true, None),
        ("$..*..*", true, Some(EvaluationError::TimedOut)),
        ("$..*..*", false, None),
        ("$..*..*..*", false, Some(EvaluationError::Limit("the path visits too many values for JSON of this size"))),
    ] {
        let view =
            ResponseView::new(200, Duration::ZERO, &none, wide.as_bytes()).with_budget(Budget::default(), inline);
        let _ = view.select(&Path::new(path).unwrap());
        assert_eq!(view.evaluation_error(), error, "{path} {inline}");
    }
}

#[test]
fn json_nested_too_deeply_aborts_the_evaluation() {
    let none = HeaderMap::new();
    let deep = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
    let long = |value: &str| format!("{{\"a\": {value}, \"b\": \"{}\"}}", "x".repeat(MAX_PARSED));
    let too_deep = Some(EvaluationError::Limit("the JSON is nested 128 levels or deeper"));
    let (steps, each) = (format!("$.a{}", "[0]".repeat(150)), format!("$.a{}", "[*]".repeat(150)));
    for (body, path, error) in [
        (deep(127), "$.a", None),
        (deep(128), "$.a", too_deep),
        (deep(200), "$.a[*]", too_deep),
        (deep(200), "$..a", too_deep),
        (format!("{{\"b\": {}}}", deep(200)), "$.b", too_deep),
        (long(&deep(200)), "$.a", too_deep),
        (long(&deep(200)), "$..a", too_deep),
        (long(&deep(200)), &steps, too_deep),
        (long(&deep(200)), &each, too_deep),
        // The deep value is not on the path.
        (long(&deep(200)), "$.b", None),
    ] {
        let view = ResponseView::new(200, Duration::ZERO, &none, body.as_bytes());
        let selected = view.select(&Path::new(path).unwrap());
        let (levels, length) = (body.matches('[').count(), body.len());
        assert!(matches!(selected, Selected::Found(_)), "{path} in {levels} levels, {length} bytes");
        assert_eq!(view.evaluation_error(), error, "{path} in {levels} levels, {length} bytes");
    }
}
