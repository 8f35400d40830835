//! What a recording becomes: its host, what its ids are linked to, what is left out.

use katydid::import::ImportOptions;
use serde_json::{Value, json};

use super::{has, has_not, imported, load};

#[expect(clippy::too_many_arguments, reason = "one line of a table")]
/// An entry: method, address, headers of the request, status and body of the response.
fn entry(number: usize, method: &str, url: &str, headers: &[(&str, &str)], status: u16, body: &str) -> Value {
    let headers: Vec<Value> = headers.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
    let media = if body.starts_with('<') { "text/html" } else { "application/json" };
    json!({
        "startedDateTime": format!("2026-11-23T10:00:00.{number:03}Z"), "time": 1,
        "request": { "method": method, "url": url, "headers": headers },
        "response": { "status": status, "headers": [], "content": { "mimeType": media, "text": body } },
    })
}

fn get(number: usize, url: &str) -> Value {
    entry(number, "GET", url, &[], 200, "{}")
}

fn leads(number: usize, status: u16, from: &str, to: &str) -> Value {
    let mut entry = entry(number, "GET", from, &[], status, "");
    entry["response"]["redirectURL"] = to.into();
    entry
}

fn har(entries: Vec<Value>) -> String {
    json!({ "log": { "entries": entries } }).to_string()
}

fn made(entries: Vec<Value>) -> katydid::import::Imported {
    let made = imported(&har(entries), &ImportOptions::default());
    load(&made);
    made
}

#[test]
fn the_host_is_that_of_the_first_page_not_of_a_frame() {
    let frame = |dest: &str| {
        let headers = [("Sec-Fetch-Dest", dest), ("Referer", "https://shop.example.com/")];
        let mut entry = entry(5, "GET", "https://pay.psp.test/frame", &headers, 200, "<html>");
        entry["_resourceType"] = "document".into();
        entry
    };
    let calls = || (10..20).map(|n| get(n, &format!("https://shop.example.com/api/{n}x")));
    // A recording that was started on a page that was open already.
    let open: Vec<Value> =
        [get(1, "https://shop.example.com/api/a"), frame("iframe")].into_iter().chain(calls()).collect();
    has(&made(open).text, &["host: \"https://shop.example.com\""]);
    // A frame before the calls, and trackers with more requests, of which none is their own.
    let beacon = |n| entry(n, "POST", "https://t.track.test/b", &[("Origin", "https://shop.example.com")], 204, "");
    let noisy: Vec<Value> = [frame("iframe")].into_iter().chain((20..60).map(beacon)).chain(calls()).collect();
    has(&made(noisy).text, &["host: \"https://shop.example.com\""]);
    // Old recorders write no Sec-Fetch headers.
    let mut old = frame("document");
    old["request"]["headers"] = json!([{ "name": "Referer", "value": "https://shop.example.com/" }]);
    let old: Vec<Value> = [get(1, "https://shop.example.com/api/a"), old].into_iter().chain(calls()).collect();
    has(&made(old).text, &["host: \"https://shop.example.com\""]);
    // The first page wins over the number of requests.
    let page = entry(1, "GET", "https://one.test/", &[], 200, "<html>");
    let first: Vec<Value> = [page].into_iter().chain(calls()).collect();
    has(&made(first).text, &["host: \"https://one.test\""]);
    // Chrome's title is the address of a page whose request was not recorded.
    let mut titled: Value =
        serde_json::from_str(&har([frame("document")].into_iter().chain(calls()).collect())).expect("JSON");
    titled["log"]["pages"] = json!([{ "id": "page_1", "title": "https://shop.example.com/cart" }]);
    let made = imported(&titled.to_string(), &ImportOptions::default());
    has(&made.text, &["host: \"https://shop.example.com\""]);
}

#[test]
fn moves_to_https_and_www_end_at_the_last_host() {
    for (status, start, middle) in [
        (301, "http://example.com/", "https://example.com/"),
        (307, "http://example.com/", "https://example.com/"),
        (308, "http://www.example.com/", "http://example.com/"),
    ] {
        let end = "https://www.example.com/";
        let made = made(vec![
            leads(1, status, start, middle),
            leads(2, 301, middle, end),
            entry(3, "GET", end, &[], 200, "<html>"),
            get(4, "https://www.example.com/api/a"),
            leads(5, status, &format!("{start}b"), &format!("{middle}b")),
            leads(6, 301, &format!("{middle}b"), &format!("{end}b")),
            get(7, &format!("{end}b")),
            get(8, &format!("{middle}c")),
        ]);
        has(
            &made.text,
            &["host: \"https://www.example.com\"", "- get: /\n", "- get: /api/a\n", "- get: /b\n", "- get: /c\n"],
        );
        has_not(&made.text, &["get: \"http", "get: http", "_url"]);
    }
}

#[test]
fn hosts_of_the_site_are_variables_and_others_are_left_out() {
    let made = made(vec![
        entry(1, "GET", "https://app.example.co.uk/", &[], 200, "<html>"),
        get(2, "https://api.example.co.uk/v1/a"),
        get(3, "https://api.example.co.uk/v1/b"),
        get(4, "https://other.co.uk/c"),
        get(5, "http://app.example.co.uk:8080/d"),
    ]);
    has(
        &made.text,
        &[
            "host: \"https://app.example.co.uk\"",
            "api_url: \"https://api.example.co.uk\"",
            "- get: /\n",
            "- get: \"{{ api_url }}/v1/a\"",
            "- get: \"{{ api_url }}/v1/b\"",
            "- get: \"{{ app_url }}/d\"",
        ],
    );
    has(&made.notes.join("\n"), &["other.co.uk 1", "(api_url, app_url): --host does not change it"]);
}

#[test]
fn ids_are_linked_only_to_responses_that_name_their_resource() {
    let list = r#"[{"id":1},{"id":2}]"#;
    let post = |number, url: &str, body: &Value| {
        let mut entry = entry(number, "POST", url, &[], 200, "{}");
        entry["request"]["postData"] = json!({ "mimeType": "application/json", "text": body.to_string() });
        entry
    };
    for (first, second, linked) in [
        ("/api/banners", get(2, "http://h/api/users/2"), false),
        ("/api/users", get(2, "http://h/api/users/2"), true),
        ("/api/v2/categories?x=1", get(2, "http://h/categories/2/items"), true),
        ("/api/users/search", get(2, "http://h/user/2"), true),
        ("/api/banners", post(2, "http://h/cart", &json!({ "product_id": 2 })), false),
        ("/api/products", post(2, "http://h/cart", &json!({ "product_id": 2 })), true),
        ("/api/products", post(2, "http://h/cart", &json!({ "id": 2 })), false),
        ("/api/banners", get(2, "http://h/api/users?id=2"), false),
        ("/api/banners", get(2, "http://h/api/orders?userId=2"), false),
        ("/api/users", get(2, "http://h/api/orders?userId=2"), true),
        ("/api/banners", get(2, "http://h/list?page=2"), false),
    ] {
        let made = made(vec![entry(1, "GET", &format!("http://h{first}"), &[], 200, list), second]);
        assert_eq!(made.text.contains("capture:"), linked, "{first}:\n{}", made.text);
    }
    // The object that contains the id names it.
    let body = r#"{"data":{"user":{"id":77},"banner":{"id":78}}}"#;
    let made = made(vec![
        entry(1, "GET", "http://h/start", &[], 200, body),
        get(2, "http://h/users/77"),
        get(3, "http://h/users/78"),
    ]);
    has(&made.text, &["capture: { user_id: $.data.user.id }", "/users/{{ user_id }}", "- get: /users/78"]);
}

#[test]
fn an_xsrf_cookie_is_linked_to_its_header() {
    for (cookie, header, wanted) in [
        ("abc123def456", "abc123def456", "{{ xsrf_token }}"),
        ("abc123def%3D%3D", "abc123def==", "{{ xsrf_token | replace('%3D', '=') }}"),
    ] {
        let mut first = entry(1, "GET", "http://h/", &[], 200, "<html>");
        first["response"]["headers"] =
            json!([{ "name": "Set-Cookie", "value": format!("XSRF-TOKEN={cookie}; Path=/") }]);
        let made = made(vec![first, entry(2, "POST", "http://h/a", &[("X-XSRF-TOKEN", header)], 200, "{}")]);
        has(&made.text, &["capture: { xsrf_token: \"cookie: XSRF-TOKEN\" }", &format!("X-XSRF-TOKEN: \"{wanted}\"")]);
    }
}

#[test]
fn headers_of_the_browser_are_kept_by_a_switch() {
    let headers = [("User-Agent", "Mozilla/5.0 X"), ("accept-language", "de"), ("Referer", "http://h/?token=hunter2x")];
    let input = har(vec![
        entry(1, "GET", "http://h/", &headers, 200, "<html>"),
        entry(2, "GET", "http://h/a", &headers, 200, "{}"),
    ]);
    let without = imported(&input, &ImportOptions::default());
    has(&without.notes.join("\n"), &["omitted: User-Agent, Accept-Language, Referer", "--browser-headers"]);
    has_not(&without.text, &["Mozilla"]);
    let with = imported(&input, &ImportOptions { browser_headers: true, ..ImportOptions::default() });
    load(&with);
    has(
        &with.text,
        &[
            "defaults:",
            "User-Agent: \"Mozilla/5.0 X\"",
            "Accept-Language: de",
            "Referer: \"http://h/?token={{ env.TOKEN }}\"",
        ],
    );
    assert_eq!(with.text.matches("Mozilla").count(), 1, "{}", with.text);
}

#[test]
fn entries_without_a_response_and_bodies_that_were_not_kept() {
    let mut silent = get(2, "http://h/silent");
    silent.as_object_mut().expect("an object").remove("response");
    let mut blocked = get(3, "http://h/ads");
    blocked["response"] = json!({ "status": 0, "_error": "net::ERR_BLOCKED_BY_CLIENT" });
    let lost = |number, header: bool| {
        let headers: &[(&str, &str)] = if header { &[("Content-Length", "34")] } else { &[] };
        let mut entry = entry(number, "POST", "http://h/lost", headers, 200, "{}");
        entry["request"]["bodySize"] = json!(34);
        entry
    };
    let empty = entry(6, "POST", "http://h/empty", &[("Content-Length", "0")], 200, "{}");
    let made = made(vec![get(1, "http://h/a"), silent, blocked, lost(4, true), lost(5, false), empty]);
    has(
        &made.text,
        &[
            "# no response was recorded\n      - get: /silent\n",
            "# omitted: POST /lost: its body of 34 B was not recorded",
        ],
    );
    has(&made.text, &["- post: /empty\n"]);
    has_not(&made.text, &["post: /lost", "get: /ads"]);
    has(
        &made.notes.join("\n"),
        &["2 × requests whose body was not recorded: h 2", "1 × requests that the browser blocked: h 1"],
    );
}

#[test]
fn large_and_binary_bodies_and_uploads_are_files() {
    let post = |number, media: &str, data: Value| {
        let mut entry = entry(number, "POST", "http://h/a", &[("Content-Type", media)], 200, "{}");
        entry["request"]["postData"] = data;
        entry
    };
    let large = json!({ "rows": vec!["{{ x }}"; 20_000], "password": "hunter2hunter2" }).to_string();
    let upload = "--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.csv\"\r\n\r\na,b\r\n--B--\r\n";
    let made = made(vec![
        post(1, "application/json", json!({ "mimeType": "application/json", "text": large })),
        post(2, "image/png", json!({ "mimeType": "image/png", "text": "iVBORwD/", "encoding": "base64" })),
        post(
            3,
            "multipart/form-data; boundary=B",
            json!({ "mimeType": "multipart/form-data; boundary=B", "text": upload }),
        ),
        post(
            4,
            "multipart/form-data; boundary=B",
            json!({ "mimeType": "multipart/form-data; boundary=B", "text": upload }),
        ),
    ]);
    let names: Vec<&str> = made.files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["made-body.json", "made-body.png", "made-a.csv"], "equal files are one");
    assert_eq!(made.files[1].1, [0x89, b'P', b'N', b'G', 0, 255]);
    let body = String::from_utf8_lossy(&made.files[0].1);
    assert!(
        body.contains("{{ '{{' }} x }}") && body.contains("\"password\":\"{{ env.PASSWORD }}\""),
        "{}",
        &body[..200]
    );
    has(&made.text, &["body: \"@made-body.json\"", "body: \"@made-body.png\"", "file: made-a.csv"]);
}

#[test]
fn graphql_posts_become_graphql_steps() {
    let post = |number, url: &str, body: &Value| {
        let mut entry = entry(number, "POST", url, &[], 200, r#"{"data":{}}"#);
        entry["request"]["postData"] = json!({ "mimeType": "application/json", "text": body.to_string() });
        entry
    };
    let batch = json!([{ "query": "{ a }" }]);
    let persisted =
        json!({ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": "ab" } }, "operationName": "A" });
    let secret = json!({ "query": "mutation { login(password: \"hunter2x\") { ok } }" });
    let made = made(vec![
        post(
            1,
            "http://h/api/gql",
            &json!({ "query": "query A($id: ID) { user(id: $id) { id } }", "variables": { "id": 5 } }),
        ),
        post(2, "http://h/api/gql", &json!({ "query": "{ b }", "operationName": null, "extensions": {} })),
        post(3, "http://h/api/gql", &batch),
        post(4, "http://h/api/gql", &persisted),
        post(5, "http://h/api/gql", &secret),
        post(6, "http://h/other", &json!({ "query": "{ c }" })),
        post(7, "http://h/search", &json!({ "query": "red shoes" })),
    ]);
    has(
        &made.text,
        &[
            "graphql: { endpoint: /api/gql }",
            "- graphql: \"query A($id: ID) { user(id: $id) { id } }\"",
            "variables: { id: 5 }",
        ],
    );
    has(
        &made.text,
        &[
            "- graphql: \"{ b }\"",
            "- post: /api/gql",
            "- post: /api/gql",
            "- post: /api/gql",
            "- post: /other",
            "- post: /search",
        ],
    );
    has_not(&made.text, &["hunter2"]);
}

#[test]
fn what_is_left_out_is_summed_up() {
    let image = |n| {
        let mut entry = get(n, &format!("http://h/{n}.png"));
        entry["response"]["content"]["mimeType"] = "image/png".into();
        entry
    };
    let images = (1..40).map(image);
    let others = (40..60).map(|n| get(n, &format!("https://s{n}.cdn{n}.test/x")));
    let made = made([get(0, "http://h/a")].into_iter().chain(images).chain(others).collect());
    assert_eq!(made.notes.len(), 2, "{:?}", made.notes);
    has(&made.notes.join("\n"), &["20 × requests to other sites: ", "15 more hosts 15", "39 × images", ": h 39"]);
}
