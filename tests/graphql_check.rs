//! `katydid check` with a schema from a file, the demo target, and GraphQL Yoga.

#[path = "graphql/reference.rs"]
mod reference;
#[path = "graphql/server.rs"]
#[expect(dead_code, reason = "another test program counts what the server was asked")]
mod server;

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::Command;

use katydid::demo::DemoTarget;
use server::Yoga;

/// Runs the command; returns its output and exit code.
fn check(folder: &Path, args: &[&str]) -> (String, i32) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_katydid"));
    let output = command.current_dir(folder).arg("check").args(args).output().expect("the command runs");
    let printed = [output.stdout, output.stderr].concat();
    (String::from_utf8(printed).expect("UTF-8"), output.status.code().expect("an exit"))
}

fn with(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("a file");
    }
    folder
}

const SHOP: &str = "type Query { product(id: ID!): Product }\ntype Product { id: ID! price: Float }\n";

const WRONG: &str = "host: http://h
tasks:
  - steps:
      - graphql: |
          query A {
            product(id: 7) { prise }
          }
      - graphql: \"query B($id: ID!) { product(id: $id) { id } }\"
      - graphql: \"@c.graphql\"
";

#[test]
fn findings_have_positions_and_exit_code_2() {
    let folder = with(&[
        ("s.yaml", WRONG),
        ("c.graphql", "query C {\n  product(ids: 7, id: 7) { id }\n}\n"),
        ("shop.graphql", SHOP),
    ]);
    let (printed, code) = check(folder.path(), &["s.yaml", "--schema", "shop.graphql"]);
    assert_eq!(code, 2, "{printed}");
    for wanted in [
        "s.yaml:6:30",
        "GraphQL: type `Product` does not have a field `prise`",
        "line 2, column 20 of the document",
        "did you mean `price`?",
        "s.yaml:8:",
        "GraphQL: the variable `$id` of type `ID!` is not given",
        "s.yaml:9:",
        "the argument `ids`",
        "line 2, column 11 of the document",
    ] {
        assert!(printed.contains(wanted), "{wanted}:\n{printed}");
    }
    assert_eq!(check(folder.path(), &["s.yaml"]).1, 0);
}

#[test]
fn variables_are_compared_with_the_declared_ones() {
    let folder = with(&[
        (
            "s.yaml",
            "host: http://h
tasks:
  - steps:
      - graphql: \"query A($id: ID!) { product(id: $id) { id } }\"
        variables: { id: 7, price: 3 }
      - graphql: \"query B($id: ID!, $first: Int) { product(id: $id) { id } products(first: $first) { id } }\"
        operation_name: B
        variables:
          id: \"{{ user.id }}\"
          first: ten
",
        ),
        ("shop.graphql", &SHOP.replace("): Product", "): Product products(first: Int): [Product]")),
    ]);
    let (printed, code) = check(folder.path(), &["s.yaml", "--schema", "shop.graphql"]);
    assert_eq!(code, 2, "{printed}");
    for wanted in [
        "s.yaml:5:29",
        "GraphQL: the operation does not declare `$price`",
        "it declares id",
        "s.yaml:10:18",
        "GraphQL: `$first`: expected `Int`, found a string",
        "write it without quotes",
    ] {
        assert!(printed.contains(wanted), "{wanted}:\n{printed}");
    }
    assert_eq!(printed.matches("error: GraphQL").count(), 2, "{printed}");
}

#[test]
fn subscriptions_are_checked_too() {
    let step = |document: &str, more: &str| {
        let top = "host: demo\nusers: 3\nrun_time: 10s\ntasks:\n  - steps:\n";
        let text = format!("{top}      - graphql: \"{document}\"\n        {more}\n");
        check(with(&[("s.yaml", &text)]).path(), &["s.yaml", "--introspect"])
    };
    let (printed, code) = step("subscription S { stock(productId: 1) { left } }", "listen_for: 5s");
    assert!(code == 0 && !printed.contains("warning"), "{printed}");
    // Two per user at the start, and two per five seconds of listening.
    for wanted in
        ["CONNECT      S", "SUBSCRIPTION S: asks for depth 2, 2 fields", "EVENT        S", "at most about 17 requests"]
    {
        assert!(printed.contains(wanted), "{wanted}:\n{printed}");
    }
    for (document, more, wanted) in [
        ("subscription S { stok(productId: 1) { left } }", "events: 1", "did you mean `stock`?"),
        ("subscription S { stock { left } }", "events: 1", "the required argument `Subscription.stock(productId:)`"),
        ("query Q { orders { id } }", "events: 1", "`events` requires a subscription, found a query"),
        ("mutation M { a }", "listen_for: 1s", "`listen_for` requires a subscription, found a mutation"),
        ("subscription S { a }", "events: 0", "`events` must be at least 1"),
        ("subscription S { a }", "events: many", "`events`: expected a whole number"),
        ("subscription S { a }", "listen_for: 0s", "`listen_for` must be above 0"),
        ("subscription S { a }", "listen_for: soon", "s.yaml:7:21"),
        ("subscription S { a }", "method: get", "`method` is not allowed with a subscription"),
        ("subscription S { a }", "persisted: apq", "`persisted` is not allowed with a subscription"),
        ("subscription S { a }", "http_version: 2", "a WebSocket is opened with HTTP/1.1"),
        ("subscription S { a }", "expect: { status: 200 }", "`status` cannot be expected of a subscription"),
        ("subscription S { a }", "expect: { header: { x: y } }", "`header` cannot be expected of a subscription"),
        ("subscription S { a }", "capture: { x: \"header: y\" }", "cannot be captured: an event has only JSON"),
    ] {
        let (printed, code) = step(document, more);
        assert!(code == 2 && printed.contains(wanted), "{document} {more}: {wanted}:\n{printed}");
    }
}

#[test]
fn subscription_urls_are_checked() {
    let with_settings = |settings: &str, host: &str| {
        let step = "tasks: [{ steps: [{ graphql: 'subscription S { a }' }] }]\n";
        check(with(&[("s.yaml", &format!("{host}graphql: {settings}\n{step}"))]).path(), &["s.yaml"])
    };
    for settings in [
        "{ subscriptions: 'ws://h/s' }",
        "{ subscriptions: 'wss://h/{{ user.id }}' }",
        "{ subscriptions: 'https://h/s', connection_params: { token: 't{{ user.id }}', deep: { n: [1] } } }",
    ] {
        let (printed, code) = with_settings(settings, "");
        assert_eq!(code, 0, "{settings}: {printed}");
    }
    for (settings, host, wanted) in [
        ("{ subscriptions: 'h/s' }", "", "expected a path starting with `/`, or an http(s) URL"),
        ("{ connection_params: [1] }", "host: http://h\n", "`connection_params`: expected a map, found a list"),
        ("{ connection_params: { a: '{{ nope }}' } }", "host: http://h\n", "nope"),
        ("{ subscription: /s }", "host: http://h\n", "did you mean `subscriptions`?"),
    ] {
        let (printed, code) = with_settings(settings, host);
        assert!(code == 2 && printed.contains(wanted), "{settings}: {wanted}:\n{printed}");
    }
}

#[test]
fn unavailable_schemas_are_reported() {
    let folder = with(&[("s.yaml", WRONG), ("c.graphql", "{ a }"), ("bad.graphql", "type {"), ("bad.json", "{}")]);
    std::fs::write(folder.path().join("large.graphql"), vec![b'#'; 16_000_001]).expect("a file");
    for (args, wanted) in [
        (["--schema", "none.graphql"], "cannot read none.graphql"),
        (["--schema", "bad.graphql"], "bad.graphql:1:6: this is not a valid GraphQL schema"),
        (["--schema", "bad.json"], "bad.json: it has no `__schema`"),
        (["--schema", "large.graphql"], "larger than 16 MB"),
        (["--introspect=http://127.0.0.1:1/graphql", "s.yaml"], "cannot ask http://127.0.0.1:1/graphql for its schema"),
        (["--introspect=example.com", "s.yaml"], "write the whole address"),
    ] {
        let (printed, code) = check(folder.path(), &[&["s.yaml"], &args[..]].concat());
        assert!(code == 2 && printed.contains(wanted), "{args:?} {code}:\n{printed}");
    }
}

#[test]
fn a_schema_may_be_in_several_files() {
    let scenario = "host: http://h\ntasks: [{ steps: [{ graphql: \"{ product(id: 1) { maker { name } } }\" }] }]";
    let folder = with(&[("s.yaml", scenario)]);
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    };
    write("types/readme.md", "no SDL");
    write("types/query.graphql", "type Query { product(id: ID!): Product }");
    write("types/parts/product.graphqls", "type Product {\n  id: ID!\n  maker: Maker @aws_api_key\n}");
    write("maker.gql", "type Maker { name: String since: AWSDate }");
    let both = ["--schema", "types", "--schema", "maker.gql"];
    let (printed, code) = check(folder.path(), &[&["s.yaml"], &both[..]].concat());
    assert!(code == 0 && printed.contains("1 step is valid against the schema of types, maker.gql"), "{printed}");
    let named = ["--schema", "types", "--schema", "types/query.graphql", "--schema", "maker.gql"];
    let (printed, code) = check(folder.path(), &[&["s.yaml"], &named[..]].concat());
    assert_eq!(code, 0, "a file beside its folder: {printed}");
    // Errors name their file.
    let (printed, code) = check(folder.path(), &["s.yaml", "--schema", "types"]);
    assert!(code == 2 && printed.contains("types/parts/product.graphqls:3:10: this is not"), "{printed}");
    std::fs::create_dir(folder.path().join("empty")).expect("a folder");
    let (printed, code) = check(folder.path(), &["s.yaml", "--schema", "empty"]);
    assert!(code == 2 && printed.contains("empty: no .graphql, .graphqls or .gql files in this folder"), "{printed}");
}

#[test]
fn the_schema_of_the_demo_shop_is_used() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (printed, code) = check(root, &["scenarios/graphql.yaml", "--introspect"]);
    assert!(
        code == 0 && printed.contains("GraphQL: 7 steps are valid against the schema of the demo target"),
        "{printed}"
    );
    let demo = DemoTarget::start(0).expect("a free port");
    let folder = with(&[(
        "s.yaml",
        "host: http://h\ntasks: [{ steps: [{ graphql: \"{ products(frist: 3) { nodes { id } } }\" }] }]\n",
    )]);
    let (printed, code) = check(folder.path(), &["s.yaml", &format!("--introspect={}/graphql", demo.url())]);
    assert!(
        code == 2 && printed.contains("the argument `frist`") && printed.contains("did you mean `first`?"),
        "{printed}"
    );
}

#[test]
fn the_schema_of_another_server_is_used() {
    let server = Yoga::start();
    let scenario = |query: &str| {
        let text = format!("host: {}\ntasks: [{{ steps: [{{ graphql: '{query}' }}] }}]\n", server.url());
        check(with(&[("s.yaml", &text)]).path(), &["s.yaml", "--introspect"])
    };
    let (printed, code) = scenario("{ hello(name: \"a\") boom }");
    assert!(
        code == 0 && printed.contains("1 step is valid against the schema of the scenario's endpoint"),
        "{printed}"
    );
    for (query, wanted) in [
        ("{ helo(name: \"a\") }", "did you mean `hello`?"),
        ("{ hello(name: 7) }", "expected value of type String!, found an integer"),
        ("{ hello }", "the required argument `Query.hello(name:)` is not provided"),
        ("query ($id: ID!) { hello(name: $id) }", "`$id` of type `ID!` cannot be used for argument `name`"),
        ("{ hello(name: \"a\") { x } }", "must not have subselections"),
    ] {
        let (printed, code) = scenario(query);
        assert!(code == 2 && printed.contains(wanted), "{query}: {wanted}:\n{printed}");
    }
    let (printed, code) = check(
        with(&[(
            "s.yaml",
            &format!(
                "host: {}\ngraphql: {{ endpoint: /html }}\ntasks: [{{ steps: [{{ graphql: '{{ a }}' }}] }}]\n",
                server.url()
            ),
        )])
        .path(),
        &["s.yaml", "--introspect"],
    );
    assert!(
        code == 2 && printed.contains("status 200 OK, and the body is not JSON: <h1>maintenance</h1>"),
        "{printed}"
    );
}

#[test]
fn one_of_and_deprecation_are_part_of_the_introspection() {
    let server = Yoga::start();
    let scenario = |query: &str, more: &str| {
        let step = format!("{{ graphql: '{query}'{more} }}");
        let text = format!("host: {}\ntasks: [{{ steps: [{step}] }}]\n", server.url());
        check(with(&[("s.yaml", &text)]).path(), &["s.yaml", "--introspect"])
    };
    for (query, more, wanted) in [
        ("{ find(by: {}) }", "", "`By` is a @oneOf input object: expected exactly one field, found none"),
        ("{ find(by: { id: 1, email: \"a\" }) }", "", "expected exactly one field, found 2"),
        ("query ($i: ID) { find(by: { id: $i }) }", ", variables: { i: 1 }", "declare it as `ID!`"),
        ("query ($b: By!) { find(by: $b) }", ", variables: { b: { id: 1, email: a } }", "s.yaml:2:82"),
        ("query ($b: By!) { find(by: $b) }", ", variables: { b: { id: null } }", "`id` must not be null"),
    ] {
        let (printed, code) = scenario(query, more);
        assert!(code == 2 && printed.contains(wanted), "{query}: {wanted}:\n{printed}");
    }
    for (query, more) in [
        ("query ($i: ID!) { find(by: { id: $i }) }", ", variables: { i: 1 }"),
        ("query ($b: By!) { find(by: $b) }", ", variables: { b: { email: \"{{ user.id }}\" } }"),
    ] {
        let (printed, code) = scenario(query, more);
        assert!(code == 0 && !printed.contains("warning"), "{query}:\n{printed}");
    }
    let (printed, code) = scenario(
        "query ($k: Kind) { hallo find(by: { id: 1 }, size: 3, kind: OLD) again: find(by: { id: 1 }, kind: $k) }",
        ", variables: { k: OLD }",
    );
    assert_eq!(code, 0, "{printed}");
    for wanted in [
        "warning: GraphQL: the field `Query.hallo` is deprecated: use \"hello\"",
        "warning: GraphQL: the argument `Query.find(size:)` is deprecated",
        "warning: GraphQL: the value `Kind.OLD` is deprecated: use NEW",
        "1 step is valid",
    ] {
        assert!(printed.contains(wanted), "{wanted}:\n{printed}");
    }
    assert_eq!(printed.matches("warning: GraphQL").count(), 4, "{printed}");
}

#[test]
fn the_schema_is_fetched_through_the_proxy() {
    let proxy = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = proxy.local_addr().expect("an address");
    let seen = std::thread::spawn(move || {
        let (mut stream, _) = proxy.accept().expect("a connection");
        let mut head = [0; 4_096];
        let length = stream.read(&mut head).expect("a request");
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nthe proxy").expect("a reply");
        String::from_utf8_lossy(&head[..length]).into_owned()
    });
    let text = format!(
        "host: http://shop.invalid\ndefaults: {{ proxy: \"http://{address}\" }}\ntasks: [{{ steps: [{{ graphql: '{{ a }}' }}] }}]\n"
    );
    let (printed, code) = check(with(&[("s.yaml", &text)]).path(), &["s.yaml", "--introspect"]);
    assert!(code == 2 && printed.contains("the body is not JSON: the proxy"), "{printed}");
    let request = seen.join().expect("a request");
    assert!(request.starts_with("POST http://shop.invalid/"), "{request}");
}
