//! Imports curl command lines.

use katydid::import::ImportOptions;

use super::{fixture, has, has_not, imported, load};

#[test]
fn curl_commands_become_steps() {
    let made = imported(&fixture("requests.curl"), &ImportOptions::default());
    load(&made);
    has(
        &made.text,
        &[
            "host: \"https://api.example.com\"",
            "- get: /v1/items\n",
            r#"query: { page: "2", api_key: "{{ env.API_KEY }}", tag: [a, b] }"#,
            "accept: application/json",
            "Cookie: \"{{ env.COOKIE }}\"",
            "auth: { bearer: \"{{ env.ACCESS_TOKEN }}\" }",
            "follow_redirects: false",
            "- post: /v1/items\n",
            r#"json: { name: "it's {{ '{{' }} new }}", password: "{{ env.PASSWORD }}", n: 1 }"#,
            "- get: /v1/me",
            r#"username: "{{ env.BASIC_USERNAME }}", password: "{{ env.BASIC_PASSWORD }}""#,
            "tls: { insecure: true }",
            "timeout: \"2.5s\"",
            "- post: /login",
            r#"form: { user: ada, password: "{{ env.PASSWORD_2 }}", note: "a b&c" }"#,
            "- put: \"https://other.example.com/notes/1\"",
            "Content-Type: text/plain",
            "body: \"plain text, as it is\"",
            "- post: \"http://api.example.com:8080/json\"",
            "json: { a: [1, 2.5, null] }",
            "- get: /search",
            "query: { q: lamp }",
            "- post: /upload",
            "form: { name: Ada, agree: \"yes\" }",
            "- head: /health",
            "http_version: \"1.1\"",
        ],
    );
    has_not(
        &made.text,
        &[
            "k-123456789",
            "eyJhbGci",
            "s3cr3t-cookie",
            "hunter2",
            "pa55word",
            "form-password",
            "Mozilla",
            "accept-language",
        ],
    );
    let notes = made.notes.join("\n");
    has(&notes, &["command 10 was omitted: unsupported method PURGE", "command 11 was omitted"]);
}

#[test]
fn options_that_name_files_become_steps() {
    let one = |text: &str| imported(text, &ImportOptions::default()).text;
    for (options, wanted, unwanted) in [
        ("-E cert.pem --key key.pem", vec!["tls: { cert: cert.pem, key: key.pem }"], "no equivalent"),
        (
            "-E both.pem:hunter2 --cacert ../ca.pem",
            vec!["password", "tls: { ca: ca.pem, cert: both.pem, key: both.pem }"],
            "hunter2",
        ),
        ("-d @body.json", vec!["line breaks", "- post: /a", "body: \"@body.json\""], "'@'"),
        ("--data-binary @/tmp/pic.png", vec!["put the file /tmp/pic.png", "body: \"@pic.png\""], "'@'"),
        ("-T notes.txt", vec!["- put: /a", "body: \"@notes.txt\""], "'@'"),
        ("-d @-", vec!["standard input", "- post: /a"], "body: \"@-\""),
        (
            "-F 'f=@pic.png' -F 'j={\"a\":1};type=application/json' -F 't=<note.txt'",
            vec![
                "field j as application/json",
                "note.txt as the field t",
                "form: { j: \"{\\\"a\\\":1}\" }",
                "files: { f: pic.png }",
            ],
            "type=",
        ),
        (
            "-F 'f=@a.png;type=image/webp;filename=b.webp' -F g=@c,d",
            vec!["f: { file: a.png, name: b.webp, type: image/webp }", "g: [c, d]"],
            "type=",
        ),
        ("--data-urlencode 'n@file.txt'", vec!["file.txt as the field n"], "'@'"),
        ("--url-query 'a=b c'", vec!["query: { a: \"b c\" }"], "no equivalent"),
        ("-e 'http://r/?token=hunter2-hunter2'", vec!["Referer: \"http://r/?token={{ env.TOKEN }}\""], "hunter2"),
        ("-b jar.txt -H @headers.txt", vec!["jar.txt were omitted", "headers.txt were omitted"], "Cookie"),
    ] {
        let text = one(&format!("curl {options} http://h.example/a"));
        has(&text, &wanted);
        has_not(&text, &[unwanted]);
    }
}

#[test]
fn names_that_look_like_templates_are_left_out_with_a_warning() {
    let text = r#"curl -d '{"a": 1, "b": [{"x{{y": 2, "c": 3}]}' 'http://h/a?q{{=1&r=2'"#;
    let made = imported(text, &ImportOptions::default());
    load(&made);
    has(&made.text, &["omitted: q{{", "omitted: x{{y", "query: { r: \"2\" }", "json: { a: 1, b: [{ c: 3 }] }"]);
}

#[test]
fn windows_command_lines_are_supported() {
    let text = "curl ^\"https://shop.example/api?a=1^&b=2^\" ^\r\n  -H ^\"accept: application/json^\" ^\r\n  \
        -H ^\"user-agent: Mozilla/5.0 ^(Windows^)^\" ^\r\n  -H ^\"content-type: application/json^\" ^\r\n  \
        --data-raw ^\"^{^\\^\"name^\\^\":^\\^\"50^% ^\\^\\n^\\^\"^}^\"\r\n";
    let made = imported(text, &ImportOptions::default());
    load(&made);
    has(
        &made.text,
        &[
            "host: \"https://shop.example\"",
            "- post: /api",
            "query: { a: \"1\", b: \"2\" }",
            "accept: application/json",
            "json: { name: \"50% \\n\" }",
        ],
    );
    has_not(&made.text, &["^", "Mozilla"]);
}
