//! Which cookies are stored, and to which URLs they are sent.

use super::*;

fn jar(url: &str, lines: &[&str]) -> Jar {
    let jar = Jar::default();
    set(&jar, url, lines);
    jar
}

fn set(jar: &Jar, url: &str, lines: &[&str]) {
    jar.set(lines.iter().map(|line| line.as_bytes()), url);
}

fn sent(jar: &Jar, url: &str) -> String {
    jar.header(url).map(|line| String::from_utf8_lossy(line.as_bytes()).into_owned()).unwrap_or_default()
}

#[test]
fn a_cookie_is_sent_where_its_attributes_allow() {
    for (from, line, to, wanted) in [
        ("http://a.test/", "k=v", "http://a.test/x", "k=v"),
        ("http://a.test/", " k = v w ", "http://a.test/", "k=v w"),
        ("http://a.test/", "k=\"v=1\"; x", "http://a.test/", "k=\"v=1\""),
        ("http://a.test/", "k=", "http://a.test/", "k="),
        ("http://a.test/", "k", "http://a.test/", ""),
        ("http://a.test/", "=v", "http://a.test/", ""),
        ("http://a.test/", "", "http://a.test/", ""),
        ("http://a.test/", "k=a\u{1}b", "http://a.test/", ""),
        // Domains.
        ("http://a.test/", "k=v", "http://b.a.test/", ""),
        ("http://a.test:1/", "k=v", "http://a.test:2/", "k=v"),
        ("http://u:p@a.test:1/", "k=v", "http://a.test/", "k=v"),
        ("http://b.a.test/", "k=v; Domain=a.test", "http://a.test/", "k=v"),
        ("http://b.a.test/", "k=v; Domain=.A.Test", "http://c.a.test/", "k=v"),
        ("http://a.test/", "k=v; Domain=a.test", "http://b.a.test/", "k=v"),
        ("http://a.test/", "k=v; Domain=", "http://b.a.test/", ""),
        ("http://a.test/", "k=v; Domain=", "http://a.test/", "k=v"),
        ("http://a.test/", "k=v; Domain=b.test", "http://b.test/", ""),
        ("http://a.test/", "k=v; Domain=b.a.test", "http://b.a.test/", ""),
        ("http://a.test/", "k=v; Domain=test", "http://a.test/", ""),
        ("http://xa.test/", "k=v; Domain=a.test", "http://a.test/", ""),
        ("http://localhost/", "k=v; Domain=localhost", "http://localhost/", "k=v"),
        ("http://127.0.0.1/", "k=v; Domain=127.0.0.1", "http://127.0.0.1/", "k=v"),
        ("http://127.0.0.1/", "k=v; Domain=0.0.1", "http://127.0.0.1/", ""),
        ("http://[::1]:81/", "k=v", "http://[::1]/", "k=v"),
        ("http://a.test/", "k=v; Domain=b.test; Domain=a.test", "http://a.test/", "k=v"),
        // Paths.
        ("http://a.test/x/y", "k=v", "http://a.test/x/z?q", "k=v"),
        ("http://a.test/x/y", "k=v", "http://a.test/x", "k=v"),
        ("http://a.test/x/y", "k=v", "http://a.test/xy", ""),
        ("http://a.test/x/y", "k=v", "http://a.test/", ""),
        ("http://a.test/x", "k=v", "http://a.test/y", "k=v"),
        ("http://a.test/", "k=v; Path=/x/", "http://a.test/x/y", "k=v"),
        ("http://a.test/", "k=v; Path=/x/", "http://a.test/x", ""),
        ("http://a.test/x/y", "k=v; Path=z", "http://a.test/x/", "k=v"),
        ("http://a.test/x/y", "k=v; PATH=/", "http://a.test/", "k=v"),
        // Security.
        ("https://a.test/", "k=v; Secure", "https://a.test/", "k=v"),
        ("https://a.test/", "k=v; secure", "http://a.test/", ""),
        ("http://a.test/", "k=v; Secure", "https://a.test/", ""),
        ("http://127.0.0.1/", "k=v; Secure", "http://127.0.0.1/", "k=v"),
        ("http://localhost/", "k=v; Secure", "http://localhost/", "k=v"),
        ("http://[::1]/", "k=v; Secure", "http://[::1]/", "k=v"),
        ("https://a.test/", "__Host-k=v; Secure; Path=/", "https://a.test/", "__Host-k=v"),
        ("https://a.test/", "__Host-k=v; Secure; Path=/; Domain=a.test", "https://a.test/", ""),
        ("https://a.test/", "__Host-k=v; Secure; Path=/x", "https://a.test/x", ""),
        ("https://a.test/", "__host-k=v; Path=/", "https://a.test/", ""),
        ("https://a.test/", "__Secure-k=v", "https://a.test/", ""),
        ("https://a.test/", "__Secure-k=v; Secure", "https://a.test/", "__Secure-k=v"),
        // Times.
        ("http://a.test/", "k=v; Expires=Thu, 1 Jan 1970 00:00:00 UTC", "http://a.test/", ""),
        ("http://a.test/", "k=v; Expires=thu, 1 jan 2037 00:00:00", "http://a.test/", "k=v"),
        ("http://a.test/", "k=v; Expires=soon", "http://a.test/", "k=v"),
        ("http://a.test/", "k=v; Max-Age=0", "http://a.test/", ""),
        ("http://a.test/", "k=v; Max-Age=-1", "http://a.test/", ""),
        ("http://a.test/", "k=v; Max-Age=60; Expires=Thu, 1 Jan 1970 00:00:00 GMT", "http://a.test/", "k=v"),
        ("http://a.test/", "k=v; Max-Age=0; Expires=Thu, 1 Jan 2037 00:00:00 GMT", "http://a.test/", ""),
        ("http://a.test/", "k=v; Max-Age=99999999999999999999999", "http://a.test/", "k=v"),
        ("http://a.test/", "k=v; Max-Age=+60", "http://a.test/", "k=v"),
        ("http://a.test/", "k=v; Max-Age=x", "http://a.test/", "k=v"),
        ("http://a.test/", "k=v; Max-Age", "http://a.test/", "k=v"),
    ] {
        assert_eq!(sent(&jar(from, &[line]), to), wanted, "{line:?} from {from} to {to}");
    }
}

#[test]
fn longest_paths_come_first_then_the_oldest() {
    let jar = jar("http://a.test/x/y", &["a=1; Path=/", "b=2; Path=/x", "c=3; Path=/", "d=4; Path=/x/y"]);
    assert_eq!(sent(&jar, "http://a.test/x/y"), "d=4; b=2; a=1; c=3");
    // Replaced, a cookie keeps its creation time; removed and set again, it is new.
    set(&jar, "http://a.test/", &["a=5; Path=/"]);
    assert_eq!(sent(&jar, "http://a.test/"), "a=5; c=3");
    set(&jar, "http://a.test/", &["a=; Path=/; Max-Age=0", "a=6; Path=/"]);
    assert_eq!(sent(&jar, "http://a.test/"), "c=3; a=6");
    // Another domain or path is another cookie.
    set(&jar, "http://a.test/", &["a=7; Path=/; Domain=a.test"]);
    assert_eq!(sent(&jar, "http://a.test/"), "c=3; a=6; a=7");
}

#[test]
fn latin_1_is_sent_back_unchanged() {
    let jar = Jar::default();
    jar.set([b"k=caf\xe9".as_slice()].into_iter(), "http://a.test/");
    assert_eq!(jar.header("http://a.test/").expect("a cookie").as_bytes(), b"k=caf\xe9");
}

#[test]
fn secure_cookies_are_not_replaced_over_http() {
    let jar = jar("https://a.test/", &["k=safe; Secure; Path=/"]);
    set(&jar, "http://a.test/", &["k=open; Path=/", "k=open; Path=/x"]);
    assert_eq!(sent(&jar, "https://a.test/x"), "k=safe");
    set(&jar, "https://a.test/", &["k=new; Path=/"]);
    assert_eq!(sent(&jar, "http://a.test/"), "k=new");
}

#[test]
fn the_number_of_cookies_is_limited() {
    let jar = Jar::default();
    let lines: Vec<String> = (0..200).map(|n| format!("k{n}=v")).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    set(&jar, "http://a.test/", &lines);
    let all = sent(&jar, "http://a.test/");
    assert_eq!((all.matches("=v").count(), all.starts_with("k150=v; ")), (MAX_PER_DOMAIN, true), "{all}");
    for host in 0..200 {
        set(&jar, &format!("http://h{host}.test/"), &lines[..20]);
    }
    assert_eq!(jar.0.lock().unwrap().all.len(), MAX_COOKIES);
    assert!(!sent(&jar, "http://h199.test/").is_empty() && sent(&jar, "http://a.test/").is_empty());
    let long = |size: usize| format!("k={}", "x".repeat(size - 1));
    assert_eq!(sent(&self::jar("http://a.test/", &[&long(MAX_COOKIE + 1)]), "http://a.test/"), "");
    assert!(!sent(&self::jar("http://a.test/", &[&long(MAX_COOKIE)]), "http://a.test/").is_empty());
    // A path that is too long is ignored.
    let path = format!("k=v; Path=/{}", "x".repeat(MAX_ATTRIBUTE));
    assert_eq!(sent(&self::jar("http://a.test/", &[&path]), "http://a.test/"), "k=v");
}
