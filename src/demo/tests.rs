use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;

use super::DemoTarget;
use super::behaviour;
use super::counters::{Endpoint, RequestCounters};

/// Sends a request over a new connection; returns status and body.
fn ask(target: &DemoTarget, request_line: &str, headers: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(target.address).unwrap();
    write!(
        stream,
        "{request_line} HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    let status = response.split(' ').nth(1).unwrap().parse().unwrap();
    (status, response.split_once("\r\n\r\n").unwrap().1.to_owned())
}

const JSON: &str = "content-type: application/json\r\n";

#[test]
fn requests_are_checked_and_counted() {
    let target = DemoTarget::start(0).unwrap();
    assert!(target.url().starts_with("http://127.0.0.1:"));
    // Valid requests may fail randomly, invalid ones may not.
    for (line, headers, body, wanted, fault) in [
        ("GET /", "", "", 200, 500),
        ("GET /api/products?page=20", "", "", 200, 500),
        ("GET /api/products", "", "", 200, 500),
        ("GET /api/products?page=0", "", "", 404, 404),
        ("GET /api/products?page=21", "", "", 404, 404),
        ("GET /api/products?page=x", "", "", 400, 400),
        ("GET /api/products/200", "", "", 200, 500),
        ("GET /api/products/201", "", "", 404, 404),
        ("GET /api/products/-1", "", "", 404, 404),
        ("POST /api/login", JSON, r#"{"email":"a@b.c","password":"x"}"#, 200, 500),
        ("POST /api/login", JSON, r#"{"email":"a","password":"x"}"#, 401, 401),
        ("POST /api/login", JSON, "{", 400, 400),
        ("POST /api/login", "", "{}", 415, 415),
        ("POST /api/cart", JSON, r#"{"product_id":7,"quantity":2}"#, 201, 500),
        ("POST /api/cart", JSON, r#"{"product_id":7,"quantity":0}"#, 422, 422),
        ("POST /api/cart", JSON, r#"{"product_id":7,"quantity":99999999999}"#, 422, 422),
        ("POST /api/checkout", JSON, r#"{"name":"Ada","address":"1 Main Street"}"#, 201, 503),
        ("POST /api/checkout", JSON, r#"{"name":"Ada"}"#, 422, 422),
        ("GET /api/search?q=kettle", "", "", 200, 500),
        ("GET /api/search", "", "", 400, 400),
        ("GET /api/report", "", "", 200, 500),
        ("GET /nowhere", "", "", 404, 404),
        ("DELETE /api/cart", "", "", 405, 405),
    ] {
        let (status, response) = ask(&target, line, headers, body);
        assert!(status == wanted || status == fault, "{line} {body}: {status} {response}");
    }
    let (status, counts) = ask(&target, "GET /_count", "", "");
    assert_eq!(status, 200);
    let counts: serde_json::Value = serde_json::from_str(&counts).unwrap();
    for (name, n) in [
        ("GET /", 1),
        ("GET /api/products", 5),
        ("GET /api/products/{id}", 3),
        ("POST /api/login", 4),
        ("POST /api/cart", 3),
        ("POST /api/checkout", 2),
        ("GET /api/search", 2),
        ("GET /api/report", 1),
        ("other", 2),
        ("total", 23),
    ] {
        assert_eq!(counts[name], n, "{name}");
    }
}

#[test]
fn pages_list_their_products() {
    let target = DemoTarget::start(0).unwrap();
    let page = (0..20)
        .map(|_| ask(&target, "GET /api/products?page=2", "", ""))
        .find(|(status, _)| *status == 200)
        .expect("20 random faults of 0.3 % in a row");
    let page: serde_json::Value = serde_json::from_str(&page.1).unwrap();
    let ids: Vec<u64> = page["items"].as_array().unwrap().iter().map(|i| i["id"].as_u64().unwrap()).collect();
    assert_eq!(ids, (11..=20).collect::<Vec<u64>>());
    assert!(page["items"][0]["name"].is_string() && page["items"][0]["price"].is_number());
}

#[test]
fn ports_in_use_are_errors_and_dropping_frees_them() {
    let target = DemoTarget::start(0).unwrap();
    let address = target.address;
    let error = DemoTarget::start(address.port()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
    drop(target);
    assert_eq!(TcpStream::connect(address).unwrap_err().kind(), ErrorKind::ConnectionRefused);
}

/// Retries until there is no random fault.
fn graphql(target: &DemoTarget, headers: &str, query: &str) -> (u16, serde_json::Value) {
    let body = serde_json::json!({ "query": query }).to_string();
    loop {
        let (status, response) = ask(target, "POST /graphql", &format!("{JSON}{headers}"), &body);
        let response: serde_json::Value = serde_json::from_str(&response).unwrap();
        if response["errors"][0]["extensions"]["code"] != "UNAVAILABLE" {
            return (status, response);
        }
    }
}

#[test]
fn graphql_errors_and_partial_data_have_status_200() {
    let target = DemoTarget::start(0).unwrap();
    let (status, response) =
        graphql(&target, "", "{ products(search: \"KETTLE\", first: 3) { nodes { id name price } } }");
    assert_eq!((status, response["data"]["products"]["nodes"].as_array().unwrap().len()), (200, 3), "{response}");
    let (_, response) =
        graphql(&target, "", "mutation { addReview(productId: 7, stars: 9) { id userErrors { message } } }");
    assert_eq!(response["data"]["addReview"]["userErrors"][0]["message"], "stars are 1 to 5", "{response}");
    let (_, response) = graphql(&target, "", "mutation { addToCart(productId: 999) { nodes { id } } }");
    assert_eq!(
        (&response["data"], &response["errors"][0]["extensions"]["code"]),
        (&serde_json::Value::Null, &"BAD_USER_INPUT".into())
    );
    let (status, response) = graphql(&target, "", "{ product(id: 25) { name stock } }");
    assert_eq!((status, response["errors"][0]["path"][1].as_str()), (200, Some("stock")), "{response}");
    assert!(response["data"]["product"]["name"].is_string());
}

#[test]
fn invalid_graphql_requests_have_no_data() {
    let target = DemoTarget::start(0).unwrap();
    for (headers, wanted) in [("", 200), ("accept: application/graphql-response+json\r\n", 400)] {
        let (status, response) = graphql(&target, headers, "{ nothing }");
        assert_eq!(status, wanted, "{response}");
        assert!(response.get("data").is_none() && response["errors"].is_array(), "{response}");
    }
    let (status, _) = ask(&target, "GET /graphql?query=mutation%7Ba%7D", "", "");
    assert_eq!(status, 405);
    let (status, response) = ask(&target, "GET /graphql?query=%7Borders(first:1)%7Bid%7D%7D", "", "");
    assert!(status == 200 && response.contains("\"data\""), "{response}");
}

/// Statuses of `orders` valid orders with this seed.
fn expected_statuses(seed: u64, orders: usize) -> Vec<u16> {
    let counters = RequestCounters::default();
    counters.set_seed(seed, true);
    let status = |_| {
        let mut rng = counters.next_rng(Endpoint::Checkout);
        behaviour::delay(Endpoint::Checkout, 1, &mut rng);
        behaviour::fault(Endpoint::Checkout, &mut rng).map_or(201, |status| status.as_u16())
    };
    (0..orders).map(status).collect()
}

#[test]
fn faults_are_reproducible() {
    const ORDERS: usize = 12;
    let bad = |statuses: &[u16]| statuses.iter().filter(|status| **status == 503).count();
    let seed = (0..).find(|seed| bad(&expected_statuses(*seed, ORDERS)) >= 2).unwrap();
    let target = DemoTarget::start(0).unwrap();
    let order = || ask(&target, "POST /api/checkout", JSON, r#"{"name":"Ada","address":"1 Main Street"}"#).0;
    for others in [0, 2] {
        target.seed(seed);
        let mut statuses = Vec::new();
        for _ in 0..ORDERS {
            (0..others).for_each(|_| drop(ask(&target, "GET /", "", "")));
            statuses.push(order());
        }
        assert_eq!(statuses, expected_statuses(seed, ORDERS), "{others} in between");
    }
    target.seed_without_faults(seed);
    assert_eq!((0..ORDERS).map(|_| order()).collect::<Vec<_>>(), vec![201; ORDERS]);
}
