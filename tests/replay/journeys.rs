//! The journeys that are recorded.

use serde_json::json;

use super::exchange::Exchange;

/// A journey, and the values of the environment that its scenario needs.
pub struct Journey {
    pub name: &'static str,
    pub exchanges: Vec<Exchange>,
    pub environment: &'static [(&'static str, &'static str)],
}

pub fn all() -> Vec<Journey> {
    vec![shop(), forms(), app_and_api(), moves()]
}

const TOKEN: &str = "8f14e45fceea167a5a36dedd4bea2543";

/// A single-page shop: tokens, ids, an XSRF cookie that is sent as a header.
fn shop() -> Journey {
    let site = "https://shop.example.com";
    let at = |path: &str| format!("{site}{path}");
    let with_cookies =
        |exchange: Exchange| exchange.cookie("sid", "s1a2b3c4d5e6f7").cookie("XSRF-TOKEN", "xyz123abc456%3D");
    let bearer = format!("Bearer {TOKEN}");
    let exchanges = vec![
        Exchange::page(&at("/"), "<html><title>Shop</title></html>")
            .sets("sid=s1a2b3c4d5e6f7; Path=/; HttpOnly; Secure")
            .sets("XSRF-TOKEN=xyz123abc456%3D; Path=/"),
        with_cookies(Exchange::new("GET", &at("/logo.png"))).image().left_out(),
        with_cookies(Exchange::new("GET", &at("/api/banners"))).returns(&json!([{ "id": 1 }, { "id": 2 }])),
        with_cookies(Exchange::new("GET", &at("/api/users/2"))).returns(&json!({ "id": 2, "name": "Ada" })),
        with_cookies(Exchange::new("POST", &at("/api/login")))
            .header("X-XSRF-TOKEN", "xyz123abc456=")
            .header("X-Requested-With", "XMLHttpRequest")
            .json(&json!({ "email": "ada@example.com", "password": "correct-horse", "remember": true }))
            .returns(&json!({ "token": TOKEN })),
        Exchange::new("POST", "https://collect.tracker.test/v1/beacon").json(&json!({ "page": "/" })).left_out(),
        with_cookies(Exchange::new("GET", &at("/api/products?page=1&q=red+shoes&tag=a&tag=b&empty=&sign=%2B%26%3D")))
            .header("Authorization", &bearer)
            .header("Accept", "application/json")
            .returns(&json!({ "items": [{ "id": 7, "name": "Shoe" }] })),
        with_cookies(Exchange::new("GET", &at("/api/products/7")))
            .header("Authorization", &bearer)
            .returns(&json!({ "id": 7 })),
        with_cookies(Exchange::new("POST", &at("/api/cart")))
            .header("Authorization", &bearer)
            .header("X-XSRF-TOKEN", "xyz123abc456=")
            .json(&json!({ "product_id": 7, "quantity": 1, "note": "{{ not a template }} {% no %}", "at": "@home" }))
            .status(201)
            .returns(&json!({ "ok": true })),
        with_cookies(Exchange::new("GET", &at("/api/missing")))
            .header("Authorization", &bearer)
            .status(404)
            .returns(&json!({})),
    ];
    Journey { name: "shop", exchanges, environment: &[("PASSWORD", "correct-horse")] }
}

/// Pages with forms, uploads and other methods and types.
fn forms() -> Journey {
    let site = "https://www.example.org";
    let at = |path: &str| format!("{site}{path}");
    let login = "<form><input type=\"hidden\" name=\"_csrf\" value=\"c0ffee1234567890\"></form>";
    let of = |exchange: Exchange| exchange.cookie("session", "abc123def456");
    let upload = "--XyZ\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nA \u{e9}\r\n--XyZ\r\n\
        Content-Disposition: form-data; name=\"file\"; filename=\"notes.txt\"\r\nContent-Type: text/plain\r\n\r\n\
        one\r\ntwo {{ x }}\r\n--XyZ--\r\n";
    let exchanges = vec![
        Exchange::page(&at("/login"), login),
        Exchange::new("POST", &at("/login"))
            .of("document")
            .body(
                "application/x-www-form-urlencoded",
                "_csrf=c0ffee1234567890&user=ada&password=s3cret+word&lang=de%2Fat",
            )
            .sets("session=abc123def456; Path=/")
            .leads(302, "/home?from=login"),
        of(Exchange::page(&at("/home?from=login"), "<html>home</html>")),
        of(Exchange::new("POST", &at("/upload")).body("multipart/form-data; boundary=XyZ", upload)).returns(&json!({})),
        of(Exchange::new("PUT", &at("/profile")).json(&json!({ "name": "Ada", "tags": [], "n": 1.5, "none": null })))
            .status(204),
        of(Exchange::new("PATCH", &at("/profile")).body("application/merge-patch+json", "{\"name\":null}"))
            .returns(&json!({})),
        of(Exchange::new("DELETE", &at("/drafts/9"))).status(204),
        of(Exchange::new("GET", &at("/caf%C3%A9/a%2Fb/%7Bx%7D"))).returns(&json!({})),
        of(Exchange::new("POST", &at("/log")).body("text/plain;charset=UTF-8", "line 1\nline 2 {{ x }}\n")).status(202),
        of(Exchange::new("POST", &at("/soap")).body("text/xml", "<a b=\"c\"><d>1 &amp; 2</d></a>"))
            .header("SOAPAction", "urn:x"),
        of(Exchange::new("GET", &at("/flag?debug"))).returns(&json!({})),
    ];
    Journey { name: "forms", exchanges, environment: &[("PASSWORD", "s3cret word")] }
}

/// A page on one host and its API on another, with GraphQL, a large and a binary body.
fn app_and_api() -> Journey {
    let api = |path: &str| format!("https://api.example.co.uk{path}");
    let document = "query Product($id: ID!) {\n  product(id: $id) {\n    name\n  }\n}";
    let rows: Vec<_> = (0..2_000).map(|n| json!({ "n": n, "text": "a row of a large body {{ x }}" })).collect();
    let exchanges = vec![
        Exchange::page("https://app.example.co.uk/", "<html>app</html>"),
        Exchange::new("GET", &api("/v1/me")).header("X-Client", "web").returns(&json!({ "id": 5 })),
        Exchange::new("POST", &api("/graphql"))
            .json(&json!({ "operationName": "Product", "query": document, "variables": { "id": "3", "n": 2 } }))
            .returns(&json!({ "data": { "product": { "name": "Shoe" } } })),
        Exchange::new("POST", &api("/graphql"))
            .json(&json!({ "query": "mutation { touch { id } }" }))
            .returns(&json!({ "errors": [{ "message": "no" }], "data": null })),
        Exchange::new("POST", &api("/v1/import")).json(&json!({ "rows": rows })).status(202).returns(&json!({})),
        Exchange::new("PUT", &api("/v1/avatar")).body("image/png", vec![0x89, b'P', b'N', b'G', 0, 255, 1]).status(204),
        Exchange::page("https://app.example.co.uk/settings", "<html>settings</html>"),
    ];
    Journey { name: "app and api", exchanges, environment: &[] }
}

/// Moves to https and www, and a payment frame.
fn moves() -> Journey {
    let exchanges = vec![
        Exchange::page("http://example.net/", "").leads(301, "https://example.net/").left_out(),
        Exchange::page("https://example.net/", "").leads(301, "https://www.example.net/").left_out(),
        Exchange::page("https://www.example.net/", "<html>start</html>").sets("v=1; Path=/"),
        Exchange::page("https://pay.example-psp.test/frame", "<html>pay</html>").of("iframe").left_out(),
        Exchange::new("GET", "https://www.example.net/api/a").cookie("v", "1").returns(&json!({})),
        Exchange::page("http://example.net/terms?x=1", "").leads(307, "https://example.net/terms?x=1").left_out(),
        Exchange::page("https://example.net/terms?x=1", "").leads(301, "https://www.example.net/terms?x=1").left_out(),
        Exchange::page("https://www.example.net/terms?x=1", "<html>terms</html>").cookie("v", "1"),
        Exchange::new("GET", "https://www.example.net/old").cookie("v", "1").leads(302, "https://www.example.net/new"),
        Exchange::new("GET", "https://www.example.net/new").cookie("v", "1").returns(&json!({})),
    ];
    Journey { name: "moves", exchanges, environment: &[] }
}
