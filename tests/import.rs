//! Imported scenarios load without errors, contain no credentials, and can be run.

#[path = "import/credentials.rs"]
mod credentials;
#[path = "import/curl.rs"]
mod curl;
#[path = "import/openapi.rs"]
mod openapi;
#[path = "import/recordings.rs"]
mod recordings;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use katydid::import::{ImportOptions, Imported, import};
use katydid::scenario::{Overrides, Scenario};

fn fixture(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/import").join(name);
    std::fs::read_to_string(path).expect("a fixture")
}

fn imported(text: &str, options: &ImportOptions) -> Imported {
    import(text, "made", options).unwrap_or_else(|e| panic!("{e}\n{text}"))
}

/// Writes the scenario with a complete `.env`, and loads it.
fn load(made: &Imported) -> (tempfile::TempDir, PathBuf, Scenario) {
    let folder = tempfile::tempdir().expect("a folder");
    let variables: String = made.variables.iter().map(|name| format!("{name}=value-of-{name}\n")).collect();
    std::fs::write(folder.path().join(".env"), variables).expect("a file");
    let file = folder.path().join("made.yaml");
    std::fs::write(&file, &made.text).expect("a file");
    for (name, content) in &made.files {
        std::fs::write(folder.path().join(name), content).expect("a file");
    }
    let scenario = Scenario::load(&file).unwrap_or_else(|e| panic!("{e}\n{}", made.text));
    assert_eq!(scenario.warnings(), "", "{}", made.text);
    let host = scenario.host().is_none().then(|| "http://h".to_owned());
    scenario.plan(&Overrides { host, ..Overrides::default() }).unwrap_or_else(|e| panic!("{e}\n{}", made.text));
    (folder, file, scenario)
}

fn has(text: &str, wanted: &[&str]) {
    let mut rest = text;
    for part in wanted {
        let at = rest.find(part).unwrap_or_else(|| panic!("{part} is missing, or not in this order:\n{text}"));
        rest = &rest[at..];
    }
}

fn has_not(text: &str, unwanted: &[&str]) {
    for part in unwanted {
        assert!(!text.contains(part), "{part}:\n{text}");
    }
}

#[test]
fn a_recording_becomes_a_journey() {
    let made = imported(&fixture("shop.har"), &ImportOptions::default());
    load(&made);
    has(
        &made.text,
        &[
            "host: \"https://shop.example.com\"",
            "secrets: [PASSWORD]",
            "# https://shop.example.com/\n",
            "- get: /\n",
            "- wait: 4s\n",
            "- post: /api/login",
            "json: { email: \"ada@example.com\", password: \"{{ env.PASSWORD }}\" }",
            "expect: { status: 200 }",
            "capture: { token: $.token }",
            "# Products",
            "- wait: 2.5s\n",
            "- get: /api/products\n",
            "query: { page: \"1\" }",
            "auth: { bearer: \"{{ token }}\" }",
            "capture: { product_id: { json: \"$.items[*].id\", pick: random } }",
            "- get: \"/api/products/{{ product_id }}\"",
            "name: \"/api/products/[product_id]\"",
            "- post: /api/cart",
            "headers: { x-requested-with: XMLHttpRequest }",
            "json: { product_id: \"{{ product_id }}\", quantity: 1 }",
            "- get: /api/search",
            "- post: /api/checkout",
            "Ada {{ '{{' }} Lovelace }}",
        ],
    );
    has_not(
        &made.text,
        &["8f14e45f", "correct-horse", "tracker.example.net/", "style.css", "session=private", "sec-fetch", "options:"],
    );
    let notes = made.notes.join("\n");
    has(&notes, &["2 × requests to other sites: tracker.example.net 2", "2 × images, styles"]);
    assert!(!notes.contains("cookies"), "the cookie that is sent was got before: {notes}");
}

#[test]
fn requests_left_out_by_default_can_be_kept() {
    let options = ImportOptions { assets: true, hosts: vec!["example.net".to_owned()], ..ImportOptions::default() };
    let made = imported(&fixture("shop.har"), &options);
    load(&made);
    has(
        &made.text,
        &["/style.css", "/app.js", "https://tracker.example.net/pixel", "https://tracker.example.net/collect"],
    );
}

#[test]
fn a_recording_of_the_demo_runs_against_the_demo() {
    let made = imported(&fixture("shop.har"), &ImportOptions::default());
    let (folder, file, _) = load(&made);
    let demo = katydid::demo::DemoTarget::start(0).expect("the demo");
    let attempt = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_katydid"));
        command.arg("try").arg(&file).args(["--host", &demo.url()]).current_dir(folder.path());
        let output = command.output().expect("the command runs");
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    // The demo sometimes fails, by design.
    let tries: Vec<_> = (0..8).map(|_| attempt()).take_while(|(code, _)| *code != Some(0)).collect();
    assert!(tries.len() < 8, "{}", tries[0].1);
}

#[test]
fn redirects_cookies_and_pages_of_a_recording() {
    let entry = |at: &str, url: &str, status: u16, more: &str| {
        format!(
            r#"{{"startedDateTime":"2026-11-23T10:00:{at}+01:00","time":10,"request":{{"method":"GET","url":"{url}","headers":[{{"name":"Cookie","value":"old=1"}}]}},
                "response":{{"status":{status},"headers":[{{"name":"Location","value":"/home"}}],"content":{{"mimeType":"text/html"{more}}}}}}}"#
        )
    };
    let page = r#","text":"<input type=hidden name=csrf value=abcdef0123456789>""#;
    let last = r#"{"startedDateTime":"2026-11-23T10:00:05+01:00","request":{"method":"POST","url":"http://h/save","headers":[],
        "postData":{"mimeType":"application/x-www-form-urlencoded","params":[{"name":"csrf","value":"abcdef0123456789"},{"name":"q","value":"a%20b"}]}},
        "response":{"status":500,"content":{}}}"#;
    let har = format!(
        r#"{{"log":{{"entries":[{},{},{last}]}}}}"#,
        entry("00", "http://h/login", 302, ""),
        entry("01", "http://h/home", 200, page)
    );
    let made = imported(&har, &ImportOptions::default());
    load(&made);
    has(
        &made.text,
        &[
            "cookies that no response in it sets (old)",
            "- get: /login\n",
            "expect: { status: 200 }",
            r#"csrf: { css: "input[name=\"csrf\"]", attribute: value }"#,
            "- wait:",
            "# this request failed in the recording",
            "- post: /save",
            r#"form: { csrf: "{{ csrf }}", q: "a b" }"#,
            "status: 500",
        ],
    );
    has_not(&made.text, &["get: /home"]);
}

#[test]
fn an_openapi_document_becomes_tasks() {
    let json = imported(&fixture("pets.json"), &ImportOptions::default());
    let yaml = imported(&fixture("pets.yaml"), &ImportOptions::default());
    assert_eq!(json, yaml);
    load(&json);
    has(
        &json.text,
        &[
            "host: \"https://eu.pets.example.com\"",
            "secrets: [ACCESS_TOKEN, KEY, PASSWORD, BASIC_USERNAME, BASIC_PASSWORD]",
            "vars: { pet_id: \"7\" }",
            "- name: listPets",
            "tags: [pets]",
            "# All pets",
            "- get: /v1/pets\n",
            "query: { limit: 10, tags: [a, b] }",
            "auth: { bearer: \"{{ env.ACCESS_TOKEN }}\" }",
            "expect: { status: 200 }",
            "- name: createPet",
            "tags: [pets, write-it]",
            "name: Rex",
            "kind: dog",
            "born: \"2026-01-31\"",
            "email: \"ada@example.com\"",
            "expect: { status: [201, 202] }",
            "- name: showPet",
            "- get: \"/v1/pets/{{ pet_id }}\"",
            "name: \"/v1/pets/[pet_id]\"",
            "X-Api-Key: \"{{ env.KEY }}\"",
            "expect: { status: \"2xx\" }",
            "- name: \"PUT /pets/{petId}\"",
            "form: { name: Rex, age: \"1\" }",
            "- name: login",
            "json: { user: ada, password: \"{{ env.PASSWORD }}\" }",
            "- name: admin",
            "password: \"{{ env.BASIC_PASSWORD }}\"",
        ],
    );
    has_not(&json.text, &["deletePet", "example-password", "offset"]);
    has(&json.notes.join("\n"), &["1 × deprecated", "1 × operations with TRACE"]);
}

#[test]
fn uploads_of_a_document_and_sockets_of_a_recording() {
    let api = r#"{"openapi":"3.1.0","servers":[{"url":"http://h"}],"paths":{"/photos":{"post":{"requestBody":{"content":{
        "multipart/form-data":{"schema":{"properties":{"title":{"type":"string"},"photo":{"type":"string","format":"binary"}}},
        "encoding":{"photo":{"contentType":"image/png"}}}}}}},"/plain":{"post":{"requestBody":{"content":{
        "multipart/form-data":{"schema":{"properties":{"title":{"type":"string"}}}}}}}}}}"#;
    let made = imported(api, &ImportOptions::default());
    has(
        &made.text,
        &[
            "put a file photo.png",
            "form: { title: text }",
            "files: { photo: photo.png }",
            "form: { title: text }",
            "files: {}",
        ],
    );
    let entry = |url: &str, status: u16, more: &str| {
        format!(
            r#"{{"startedDateTime":"2026-11-23T10:00:00Z","request":{{"method":"GET","url":"{url}","headers":[]}},"response":{{"status":{status},"content":{{}}}}{more}}}"#
        )
    };
    let all = [
        entry("http://h/page", 200, ""),
        entry("http://h/live", 101, ""),
        entry("http://h/more", 200, r#","_webSocketMessages":[]"#),
        entry("wss://h/chat", 101, r#","_resourceType":"websocket""#),
    ];
    let made = imported(&format!(r#"{{"log":{{"entries":[{}]}}}}"#, all.join(",")), &ImportOptions::default());
    load(&made);
    has(&made.text, &["omitted: 3 × WebSocket", "- get: /page"]);
    has_not(&made.text, &["/live", "/more", "/chat", "no HTTP request"]);
}

#[test]
fn other_files_are_rejected_with_the_supported_formats() {
    for (text, wanted) in [
        ("", "it is empty"),
        ("{", "not JSON"),
        ("{}", "not a HAR recording"),
        ("[1]", "not a HAR recording"),
        ("hello: [", "not a HAR recording"),
        ("swagger: '2.0'\npaths: {}", "no request"),
        ("swaggerVersion: '1.2'\napis: []", "Swagger 1.2: convert it to OpenAPI 3"),
        ("openapi: 3.0.0\nopenapi: 3.1.0", "duplicate mapping key `openapi` (line 2, column 1)"),
        ("openapi: 2.9.0", "3.0 and 3.1"),
        ("openapi: 3.1.0", "no `paths`"),
        ("openapi: 3.1.0\npaths: {}", "no request"),
        (r#"{"log":{"entries":[]}}"#, "no HTTP request"),
        ("curl", "no address"),
        ("curl -X", "no request"),
        ("curl ftp://h/", "not http"),
    ] {
        let error = import(text, "x", &ImportOptions::default()).expect_err(text).to_string();
        assert!(error.contains(wanted), "{text}: {error}");
    }
}

#[test]
fn redirects_that_are_the_success_are_not_followed() {
    let api = r##"{"openapi":"3.1.0","servers":[{"url":"http://h/v1"}],"paths":{
        "/see":{"post":{"responses":{"303":{}}}},"/both":{"post":{"responses":{"201":{},"302":{},"404":{}}}},
        "/range":{"get":{"responses":{"3XX":{}}}},"/cached":{"get":{"responses":{"200":{},"304":{}}}}}}"##;
    let made = imported(api, &ImportOptions::default());
    load(&made);
    for (path, wanted) in [
        ("post: /v1/see", "follow_redirects: false\n        expect: { status: 303 }"),
        ("post: /v1/both", "follow_redirects: false\n        expect: { status: [201, 302] }"),
        ("get: /v1/range", "follow_redirects: false\n        expect: { status: \"3xx\" }"),
        ("get: /v1/cached", "\n        expect: { status: [200, 304] }"),
    ] {
        let step = made.text.split("- name: ").find(|step| step.contains(path)).expect("the step");
        assert!(step.contains(wanted), "{step}");
        assert_eq!(step.contains("follow_redirects"), wanted.contains("follow"), "{step}");
    }
    let har = recorded("", "{}").replace("\"status\":200", "\"status\":302");
    has(&imported(&har, &ImportOptions::default()).text, &["follow_redirects: false", "expect: { status: 302 }"]);
}

#[test]
fn references_to_other_files_are_reported() {
    let api = r##"{"openapi":"3.1.0","servers":[{"url":"http://h/v1"}],
        "webhooks":{"new":{"post":{}}},
        "components":{"securitySchemes":{"ck":{"type":"apiKey","in":"cookie","name":"sid"}},
            "pathItems":{"p/q":{"get":{"operationId":"local"}}}},
        "paths":{"/a":{"$ref":"other.yaml#/x"},"/local":{"$ref":"#/components/pathItems/p%7E1q"},
        "/b":{"servers":[{"url":"/v2/"}],"parameters":[{"$ref":"other.yaml#/p"},
            {"name":"a","in":"cookie","required":true,"schema":{"const":"1"}},
            {"name":"b","in":"cookie","required":true,"schema":{"const":"2"}}],
            "post":{"security":[{"ck":[]}],"requestBody":{"content":{"application/json":{"schema":{"$ref":"b.json"}}}}},
            "patch":{"servers":[{"url":"https://other/v3"}],
                "requestBody":{"content":{"application/merge-patch+json":{"example":{"a":1}}}}},
            "put":{"requestBody":{"$ref":"c.json"},"callbacks":{"done":{"{$request.body#/url}":{"post":{}}}}}}}}"##;
    let made = imported(api, &ImportOptions::default());
    load(&made);
    has(&made.notes.join("\n"), &["1 × paths that are defined in another file", "1 × webhooks"]);
    has(&made.text, &["- name: local", "- get: /v1/local"]);
    for (path, wanted) in [
        ("post: /v2/b", &["a parameter that is defined", "Cookie: \"a=1; b=2; sid={{ env.CK }}\""][..]),
        ("post: /v2/b", &["the body is defined in another file"]),
        ("patch: \"https://other/v3/b\"", &["Content-Type: \"application/merge-patch+json\"", "json: { a: 1 }"]),
        ("put: /v2/b", &["Cookie: \"a=1; b=2\""]),
        ("put: /v2/b", &["the body is defined in another file"]),
    ] {
        let step =
            made.text.split("- name: ").find(|step| step.contains(path)).unwrap_or_else(|| panic!("{}", made.text));
        has(step, wanted);
    }
}

#[test]
fn bodies_of_other_types_are_not_parsed_as_json() {
    let api = r#"{"openapi":"3.1.0","servers":[{"url":"http://h"}],"paths":{"x-more":{"a":1},"/a":{
        "post":{"requestBody":{"content":{"application/xml":{"schema":{"properties":{"a":{"type":"string"}}}}}}},
        "put":{"requestBody":{"content":{"image/*":{"schema":{"type":"string"}}}}},
        "patch":{"requestBody":{"content":{"text/csv":{"example":"a;b"}}}}}}}"#;
    let made = imported(api, &ImportOptions::default());
    load(&made);
    has(&made.text, &["# the document has no example of this body: add it as application/xml", "- post: /a"]);
    has(&made.text, &["- put: /a\n        body: text\n"]);
    has(&made.text, &["- patch: /a\n        headers: { Content-Type: text/csv }\n        body: \"a;b\"\n"]);
    assert!(made.notes.is_empty(), "{:?}", made.notes);
}

/// A recording of one POST request.
fn recorded(headers: &str, data: &str) -> String {
    format!(
        r#"{{"log":{{"entries":[{{"startedDateTime":"2026-11-23T10:00:00Z","request":{{"method":"POST","url":"http://h/up",
        "headers":[{headers}],"postData":{data}}},"response":{{"status":200,"content":{{}}}}}}]}}}}"#
    )
}

#[test]
fn bodies_of_a_recording_keep_their_type() {
    let multipart = r#"{"name":"content-type","value":"multipart/form-data; boundary=X"}"#;
    let parts = r#"--X\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\nhello\r\n--X\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\nhunter2!\r\n--X--\r\n"#;
    let files = "files: { f: { file: made-a.txt, name: a.txt, type: text/plain } }";
    let form = "form: { password: \"{{ env.PASSWORD }}\" }";
    for (headers, data, wanted) in [
        (
            multipart,
            r#"{"mimeType":"multipart/form-data","params":[{"name":"f","fileName":"a.png","contentType":"image/png"},{"name":"n","value":"5+%20"}]}"#,
            vec!["put a file a.png", "form: { n: \"5+%20\" }", "files: { f: { file: a.png, type: image/png } }"],
        ),
        (multipart, &format!(r#"{{"mimeType":"x/y","text":"{parts}"}}"#), vec![form, files]),
        ("", &format!(r#"{{"mimeType":"multipart/form-data; boundary=X","text":"{parts}"}}"#), vec![form, files]),
        (
            "",
            r#"{"mimeType":"multipart/form-data; boundary=X","text":"cut off"}"#,
            vec!["Content-Type: \"multipart/form-data; boundary=X\"", "body: \"cut off\""],
        ),
        ("", r#"{"mimeType":"text/csv","text":"a;b"}"#, vec!["Content-Type: text/csv", "body: \"a;b\""]),
        ("", r#"{"mimeType":"application/json","text":"{\"a\":1}"}"#, vec!["- post: /up\n        json: { a: 1 }"]),
        (
            r#"{"name":"Content-Type","value":"application/x-www-form-urlencoded"}"#,
            r#"{"mimeType":"","text":"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 5\r\n\r\na=1&b"}"#,
            vec!["body: \"a=1&b\""],
        ),
        (
            "",
            r#"{"mimeType":"application/octet-stream","encoding":"base64","text":"AP8="}"#,
            vec!["Content-Type: application/octet-stream", "body: \"@made-body.bin\""],
        ),
        (
            r#"{"name":"Content-Type","value":"application/json"}"#,
            r#"{"mimeType":"","text":""}"#,
            vec!["headers: { Content-Type: application/json }"],
        ),
    ] {
        let made = imported(&recorded(headers, data), &ImportOptions::default());
        has(&made.text, &wanted);
        has_not(&made.text, &["hunter2"]);
        let folder = tempfile::tempdir().expect("a folder");
        for (name, content) in [("a.png", "png"), (".env", "PASSWORD=hunter2!")] {
            std::fs::write(folder.path().join(name), content).expect("a file");
        }
        for (name, content) in &made.files {
            std::fs::write(folder.path().join(name), content).expect("a file");
        }
        Scenario::parse_in("x.yaml", &made.text, Some(folder.path())).unwrap_or_else(|e| panic!("{e}\n{}", made.text));
    }
}

#[test]
fn headers_set_by_scripts_are_kept_once() {
    let headers = r#"{"name":"Accept","value":"application/json, text/plain, */*"},{"name":"X-A","value":"1"},{"name":"x-a","value":"2"}"#;
    let made = imported(&recorded(headers, "{}"), &ImportOptions::default());
    load(&made);
    has(&made.text, &["headers: { Accept: \"application/json, text/plain, */*\", X-A: \"1, 2\" }"]);
    let made = imported("curl -H 'X-A: 1' -H 'X-A: 2' -H 'Cookie: a=1' -b b=2 http://h/a", &ImportOptions::default());
    load(&made);
    has(&made.text, &["headers: { X-A: \"1, 2\", Cookie: \"{{ env.COOKIE }}; {{ env.COOKIE_2 }}\" }"]);
}

/// Damaged fixtures give an error or a valid scenario, never a panic.
#[test]
fn damaged_files_never_panic() {
    let options = ImportOptions {
        assets: true,
        hosts: vec!["example.net".to_owned(), "example.com".to_owned()],
        ..ImportOptions::default()
    };
    let mut seed = 0x9e37_79b9_u64;
    let mut random = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap_or(0) % below.max(1)
    };
    let pieces =
        ["{{", "}}", "@", "\\", "'", "\"", "\u{0}", "\n", "%ff", "null", "9e999", "é", "/", "$ref", ": ", "# ", "{%"];
    let mut made = 0;
    for name in ["shop.har", "pets.json", "pets.yaml", "requests.curl"] {
        let text = fixture(name);
        for _ in 0..150 {
            let mut broken = text.clone();
            for _ in 0..=random(4) {
                let at = broken.floor_char_boundary(random(broken.len()));
                let end = broken.floor_char_boundary((at + random(12)).min(broken.len())).max(at);
                broken.replace_range(at..end, pieces[random(pieces.len())]);
            }
            if let Ok(imported) = import(&broken, "x", &options) {
                made += 1;
                let folder = tempfile::tempdir().expect("a folder");
                let variables: String = imported.variables.iter().map(|n| format!("{n}=http://value\n")).collect();
                std::fs::write(folder.path().join(".env"), variables).expect("a file");
                let loaded = Scenario::parse_in("x.yaml", &imported.text, Some(folder.path()));
                if let Err(error) = loaded {
                    // Uploaded files have to be provided by the user.
                    assert!(error.text.contains("cannot read"), "{error}\n{}", imported.text);
                }
            }
        }
    }
    assert!(made > 50, "only {made} were made");
}

#[test]
fn the_command_writes_a_file_and_shows_next_steps() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |args: &[&str], input: Option<&str>| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_katydid"));
        command.arg("import").args(args).current_dir(folder.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the command runs");
        if let Some(mut pipe) = child.stdin.take() {
            use std::io::Write as _;
            let _ = pipe.write_all(input.unwrap_or_default().as_bytes());
        }
        let Output { status, stdout, stderr } = child.wait_with_output().expect("its end");
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        (text(stdout), text(stderr), status.code())
    };
    let curl = "curl -H 'X-Token: abcdefgh' http://h.example/a";
    let (out, error, code) = run(&["-"], Some(curl));
    assert_eq!(code, Some(0), "{error}");
    assert!(out.contains("name: imported") && out.contains("- get: /a"), "{out}");
    assert!(error.contains("in .env: X_TOKEN"), "{error}");
    let (out, error, code) = run(&["-", "--out", "new/shop.yaml"], Some(curl));
    assert_eq!(code, Some(0), "{error}");
    assert!(out.contains("wrote new/shop.yaml") && out.contains("next: katydid try new/shop.yaml"), "{out}");
    let text = std::fs::read_to_string(folder.path().join("new/shop.yaml")).expect("the file");
    assert!(text.contains("name: shop"), "{text}");
    let (_, error, code) = run(&["-", "--out", "new/shop.yaml"], Some(curl));
    assert_eq!(code, Some(1));
    assert!(error.contains("cannot write new/shop.yaml"), "{error}");
    let (_, error, code) = run(&["missing.har"], None);
    assert_eq!(code, Some(2));
    assert!(error.contains("cannot read missing.har"), "{error}");
}
