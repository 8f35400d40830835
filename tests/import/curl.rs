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

/// The first step of a command.
fn step(text: &str) -> String {
    let made = imported(text, &ImportOptions::default());
    load(&made);
    let at = made.text.find("    steps:\n").expect("steps");
    format!("{}\n{}", made.variables.join(" "), &made.text[at..])
}

#[test]
fn shell_variables_become_variables_of_the_environment() {
    for (text, wanted) in [
        (
            r#"curl -H "Authorization: Bearer $TOKEN" http://h/"#,
            vec!["TOKEN\n", "auth: { bearer: \"{{ env.TOKEN }}\" }"],
        ),
        (r#"curl -H "X-Api-Key: ${API_KEY}" http://h/"#, vec!["API_KEY\n", "X-Api-Key: \"{{ env.API_KEY }}\""]),
        (
            r#"curl "http://h/a/$ID/b?q=${Q:-x y}&k=$KEY""#,
            vec![
                "ID KEY\n",
                "get: \"/a/{{ env.ID }}/b\"",
                "q: \"{{ env.Q | default(\\\"x y\\\") }}\"",
                "k: \"{{ env.KEY }}\"",
            ],
        ),
        (
            r#"curl -u "$USER:$PASS" http://h/"#,
            vec!["USER PASS\n", "username: \"{{ env.USER }}\"", "password: \"{{ env.PASS }}\""],
        ),
        (
            r#"curl -d "{\"a\": \"$NAME\", \"n\": 1}" http://h/"#,
            vec!["NAME\n", "json: { a: \"{{ env.NAME }}\", n: 1 }"],
        ),
        (r#"curl -d "{\"n\": $N}" http://h/"#, vec!["N\n", r#"body: "{\"n\": {{ env.N }}}""#]),
        (r#"curl -d "a=$A&password=$P" http://h/"#, vec!["P A\n", "a: \"{{ env.A }}\", password: \"{{ env.P }}\""]),
        ("curl -d 'a=$A' http://h/", vec!["\n", "form: { a: $A }"]),
        ("curl -d \"a=\\$A\" http://h/", vec!["\n", "form: { a: $A }"]),
        ("HOST=h2 ID=7\ncurl http://$HOST/$ID", vec!["\n", "get: /7\n"]),
        (
            "export TOKEN=abcdefgh1\ncurl -H \"Authorization: Bearer $TOKEN\" http://h/",
            vec!["TOKEN\n", "{{ env.TOKEN }}"],
        ),
        ("ID=7 curl http://h/$ID", vec!["\n", "get: /7\n"]),
        ("T=$(curl -s http://h/login | jq -r .t); curl http://h/$T", vec!["T\n", "get: \"/{{ env.T }}\""]),
    ] {
        has(&step(text), &wanted);
    }
    for (text, host) in [
        ("curl $BASE_URL/a", "host: \"{{ env.BASE_URL }}\""),
        ("curl https://$HOST:8443/a", "host: \"https://{{ env.HOST }}:8443\""),
        ("curl $HOST/a", "host: \"http://{{ env.HOST }}\""),
    ] {
        let made = imported(text, &ImportOptions::default());
        has(&made.text, &[host, "get: /a\n"]);
        assert_eq!(made.variables.len(), 1, "{text}");
    }
}

#[test]
fn what_is_around_a_command() {
    for (text, wanted) in [
        ("time curl http://h/a", vec!["get: /a"]),
        ("time -p sudo /usr/bin/curl http://h/a", vec!["get: /a"]),
        ("$ A=1 env B=2 curl http://h/a", vec!["get: /a"]),
        ("set -e\ncd /tmp\ncurl http://h/a | jq .\n", vec!["get: /a"]),
        ("if curl -f http://h/a; then echo ok; fi", vec!["get: /a"]),
        ("echo '{\"a\":1}' | curl -d @- http://h/a", vec!["json: { a: 1 }"]),
        ("printf '%s' 'x=1' | curl --data-binary @- http://h/a", vec!["form: { x: \"1\" }"]),
        ("cat <<EOF | curl -d @- http://h/a\n{\"b\": 2}\nEOF", vec!["json: { b: 2 }"]),
        ("jq -n '{}' | curl -d @- http://h/a", vec!["add the body by hand"]),
        ("for i in 1 2; do curl http://h/$i; done", vec!["get: /1", "get: /2"]),
        ("for i in {1..3}; do\n  time curl http://h/$i\ndone", vec!["get: /1", "get: /2", "get: /3"]),
    ] {
        has(&step(text), &wanted);
    }
}

#[test]
fn what_only_a_shell_can_do_is_refused() {
    for (text, part) in [
        ("curl http://h/$(date +%s)", "$(date +%s)"),
        ("curl http://h/`uuidgen`", "`uuidgen`"),
        ("curl http://h/$1", "$1"),
        ("curl \"http://h/${A%/}\"", "${A%/}"),
        ("curl -d \"$(cat x.json)\" http://h/", "$(cat x.json)"),
    ] {
        let error = katydid::import::import(text, "x", &ImportOptions::default()).expect_err(text).to_string();
        assert!(error.contains(&format!("it uses {part}, which only a shell can replace")), "{text}: {error}");
    }
    let made = imported("while true; do curl http://h/a; done", &ImportOptions::default());
    has(&made.notes.join("\n"), &["the body of a loop was imported once"]);
}

#[test]
fn credentials_of_other_schemes_never_become_basic() {
    for option in ["--digest", "--ntlm", "--negotiate", "--anyauth", "--aws-sigv4 aws:amz:eu-west-1:s3"] {
        let made = imported(&format!("curl {option} -u ada:hunter2x http://h/a"), &ImportOptions::default());
        load(&made);
        has(&made.text, &["has no equivalent: this request is sent without its user name and password"]);
        has_not(&made.text, &["auth:", "hunter2", "basic"]);
    }
}

#[test]
fn forms_have_one_content_type() {
    for media in ["multipart/form-data", "multipart/form-data; boundary=X", "Multipart/Form-Data"] {
        let text =
            step(&format!("curl -H 'Content-Type: {media}' -F a=1 -F f=@x.txt http://h/").replace(" -F f=@x.txt", ""));
        has(&text, &["form: { a: \"1\" }", "files: {}"]);
        has_not(&text, &["headers"]);
    }
    has(
        &step("curl -H 'content-type: application/json' -F a=1 http://h/"),
        &["curl sent the form as application/json"],
    );
}

#[test]
fn commands_copied_by_chrome_for_windows() {
    for text in [
        // Chrome 91 to 121.
        "curl \"http://h/a?x=1^&y=2\" ^\r\n  -H \"content-type: application/json\" ^\r\n  --data-raw \"^{^\\^\"n^\\^\":^\\^\"a b^\\^\",^\\^\"p^\\^\":^\\^\"50^%^\\^\"^}\" ^\r\n  --compressed",
        // Later.
        "curl ^\"http://h/a?x=1^&y=2^\" ^\r\n  -H ^\"content-type: application/json^\" ^\r\n  --data-raw ^\"^{^\\^\"n^\\^\":^\\^\"a b^\\^\",^\\^\"p^\\^\":^\\^\"50^%^\\^\"^}^\"",
    ] {
        has(&step(text), &["post: /a", "query: { x: \"1\", y: \"2\" }", "json: { n: \"a b\", p: \"50%\" }"]);
    }
    has(&step("curl \"http://h/a?x=1^&y=2\""), &["query: { x: \"1\", y: \"2\" }"]);
}
