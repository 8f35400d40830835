//! What editors show for a scenario: hover, completion and messages of the real yaml-language-server, with the schema that
//! `katydid schema` prints.

#[path = "editor/server.rs"]
mod server;

use std::path::{Path, PathBuf};
use std::process::Command;

use server::Server;

/// A text without its ¦, and the place of that.
fn marked(text: &str) -> (String, (u64, u64)) {
    let at = text.find('¦').expect("a mark");
    let before = &text[..at];
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count();
    (text.replace('¦', ""), (before.matches('\n').count() as u64, column as u64))
}

#[test]
fn hover_shows_titles_descriptions_and_examples() {
    let mut server = Server::start();
    for (text, wanted) in [
        ("ho¦st: http://h\n", &["#### host", "Base URL of the target, or demo", "https://staging.example.com"][..]),
        (
            "wait_¦time: constant(1s)\n",
            &["#### wait\\_time", "default: constant(0s)", "between(1s, 5s)", "constant_throughput(0.5)"],
        ),
        ("run_time: 3¦0s\n", &["#### run\\_time", "Run time", "1h30m"]),
        ("defa¦ults: { timeout: 5s }\n", &["Defaults for every request", "headers: { Accept: application/json }"]),
        (
            "tasks: [{ steps: [{ get: /, exp¦ect: { status: 200 } }] }]\n",
            &["#### expect", "Conditions on the response", "expect: { status: 200, time: < 1s }"],
        ),
        (
            "tasks:\n  - steps:\n      - get: /\n        timeo¦ut: 5s\n",
            &["#### timeout", "From the send to the last byte; default: 30s"],
        ),
        (
            "tasks: [{ steps: [{ redis: [GET, a] }, { pub¦lish: a }] }]\n",
            &["#### publish", "A Redis channel to send to"],
        ),
        (
            "tasks: [{ steps: [{ get: /, capture: { a: { json: $.a, pi¦ck: last } } }] }]\n",
            &["first, last, random or all", "`last`"],
        ),
        ("thresholds: [{ ch¦eck: p95 < 1s }]\n", &["#### check", "p95 < 400ms"]),
    ] {
        let (text, place) = marked(text);
        let (uri, _) = server.open(&text);
        let shown = server.hover(&uri, place);
        for wanted in wanted {
            assert!(shown.contains(wanted), "{text}: {wanted}\n{shown}");
        }
    }
}

#[test]
fn keys_and_values_are_completed() {
    let mut server = Server::start();
    let step = "tasks:\n  - steps:\n";
    for (text, wanted, not) in [
        (
            "wait_time: ¦\n".to_owned(),
            &["between(1s, 5s)", "constant(2s)", "constant_pacing(10s)", "constant_throughput(0.5)"][..],
            &[][..],
        ),
        ("¦\n".to_owned(), &["host", "users", "tasks", "thresholds"], &["get", "vus"]),
        (format!("{step}      - ¦\n"), &["get", "post", "graphql", "wait", "repeat"], &["url", "json"]),
        (
            format!("{step}      - {{ get: /, e¦ }}\n"),
            &["expect", "capture", "headers", "when"],
            &["post", "payload", "data"],
        ),
        (format!("{step}      - {{ get: /, ex¦ }}\n"), &["expect"], &["post"]),
        (format!("{step}      - {{ publish: a, p¦ }}\n"), &["payload", "size", "expect"], &["json", "get"]),
        (
            format!("{step}      - {{ get: /, expect: {{ s¦ }} }}\n"),
            &["status", "time", "json", "header"],
            &["statusCode", "receivers"],
        ),
        (
            format!("{step}      - {{ get: /, expect: {{ json: {{ $.a: {{ g¦ }} }} }} }}\n"),
            &["gte", "contains", "length"],
            &["equals"],
        ),
        (
            format!("{step}      - {{ get: /, capture: {{ a: {{ json: $.a, pick: f¦ }} }} }}\n"),
            &["first", "random"],
            &[],
        ),
        (format!("{step}      - {{ repeat: 3, s¦ }}\n"), &["steps", "as"], &["expect"]),
        (format!("{step}      - get: /\n        ¦\n"), &["expect", "capture", "timeout"], &["post"]),
        ("shape: { stages: [{ duration: 1m, u¦ }] }\n".to_owned(), &["users", "rate", "spawn_rate"], &["target"]),
        ("defaults: { t¦ }\n".to_owned(), &["timeout", "auth", "tls"], &["verify"]),
        ("thresholds: [{ check: p95 < 1s, o¦ }]\n".to_owned(), &["on", "over", "abort"], &["metric"]),
        ("thresholds:\n  - check: ¦\n".to_owned(), &["p95 < 400ms", "fail_ratio < 1%"], &[]),
    ] {
        let (text, place) = marked(&text);
        let (uri, _) = server.open(&text);
        let offered = server.complete(&uri, place);
        let labels: Vec<&str> = offered.iter().map(|(label, _)| label.as_str()).collect();
        for wanted in wanted {
            assert!(labels.contains(wanted), "{text}: {wanted} is not offered: {offered:?}");
        }
        for not in not {
            assert!(!labels.contains(not), "{text}: {not} is offered: {offered:?}");
        }
        // In braces, a line break would end up inside of them.
        let is_flow = text.lines().nth(usize::try_from(place.0).unwrap()).is_some_and(|line| line.contains('{'));
        assert!(!is_flow || offered.iter().all(|(_, inserted)| !inserted.contains('\n')), "{text}: {offered:?}");
    }
}

#[test]
fn mistakes_have_messages_that_say_what_to_write() {
    let mut server = Server::start();
    let step = |text: &str| format!("tasks:\n  - steps:\n      - {text}\n");
    let top = |text: &str| format!("tasks: [{{ steps: [{{ get: / }}] }}]\n{text}\n");
    for (text, place, wanted) in [
        (
            top("run_time: abc"),
            (1, 10),
            "expected a time such as 500ms, 30s, 2m or 1h30m; a bare number is in seconds, above 0",
        ),
        (top("run_time: 0s"), (1, 10), "expected a time such as 500ms"),
        (top("wait_time: 5s"), (1, 11), "expected between(1s, 5s), constant(2s), constant_pacing(10s)"),
        (top("users: many"), (1, 7), "expected a whole number from 0 to 1000000"),
        (top("host: ftp://h"), (1, 6), "expected a URL such as https://staging.example.com"),
        (top("vus: 10"), (1, 5), "use users: 10"),
        (top("maxVus: 10"), (1, 8), "use users: 10"),
        (top("headers: { A: b }"), (1, 9), "write it in `defaults` for all requests"),
        (top("thresholds: [p95 < fast]"), (1, 13), "expected a condition such as p95 < 400ms"),
        (top("thresholds: [speed < 1s]"), (1, 13), "expected a condition such as p95 < 400ms"),
        (top("thresholds: [{ check: p95 =< 1s }]"), (1, 22), "expected a condition such as p95 < 400ms"),
        (top("thresholds: [{ over: 1s }]"), (1, 13), "`check` is required: write check: p95 < 300ms"),
        (
            top("shape: { stages: [{ duration: 1m, users: 1 }] }\nusers: 5"),
            (2, 7),
            "both `shape` and `users` are set; keep one: `shape` replaces it",
        ),
        (top("arrivals: { max_users: 5 }"), (1, 0), "`rate` or `stages` is required: write rate: 50/s"),
        (top("shape: { stages: [{ users: 1 }] }"), (1, 18), "`duration` is required: write duration: 1m"),
        (top("flows: { 'a{{ x }}': [{ get: / }] }"), (1, 9), "expected a name, without templates"),
        (top("vars: { a b: 1 }"), (1, 8), "expected the name of a variable"),
        (top("vars: { user: 1 }"), (1, 8), "expected the name of a variable"),
        (step("{ get: /, post: /x }"), (2, 24), "this step has `get`: a step has one action: start a new step with -"),
        (
            step("{ get: /, post: /x, json: {} }"),
            (2, 15),
            "this step has `post`: a step has one action: start a new step with -",
        ),
        (
            step("{ post: /graphql, graphql: '{ a }' }"),
            (2, 16),
            "this step has `graphql`: the address of GraphQL steps",
        ),
        (
            step("{ get: /, repeat: 3 }"),
            (2, 26),
            "this step has `get`: `repeat` contains the steps that it repeats: steps: [{ get: … }]",
        ),
        (step("{ get: /, if: a > 1 }"), (2, 22), "a condition of one step is `when`"),
        (step("{ gett: / }"), (2, 10), "a step has one action: get, post"),
        (step("{ get: /, data: { a: 1 } }"), (2, 24), "use json: { … } for JSON"),
        (step("{ get: /, expect: 200 }"), (2, 26), "expected a map such as { status: 200, time: < 1s }"),
        (step("{ get: /, expect: { statusCode: 200 } }"), (2, 40), "use status: 200"),
        (step("{ get: /, expect: { status: 2x } }"), (2, 36), "expected a status such as 200, 2xx"),
        (step("{ get: /, expect: { time: 1s } }"), (2, 34), "expected a comparison such as < 1s"),
        (step("{ get: /, expect: {} }"), (2, 26), "write expect: { time: < 1s }"),
        (
            step("{ get: /, expect: { json: { $.a.length(): 3 } } }"),
            (2, 36),
            "the length of $.items is $.items: { length: 3 }",
        ),
        (step("{ get: /, capture: { a: token } }"), (2, 32), "expected $.path, header: NAME"),
        (step("{ get: x }"), (2, 15), "expected a path that starts with /"),
        (step("{ get: /, timeout: soon }"), (2, 27), "expected a time such as 500ms"),
        (step("{ get: /, headers: { Content-Length: 3 } }"), (2, 29), "this header is set automatically"),
        (step("{ get: /, auth: { token: a } }"), (2, 33), "use auth: { bearer: TOKEN }"),
        (
            step("{ get: /, json: {}, form: { a: b } }"),
            (2, 34),
            "both `json` and `form` are set; keep one: a request has one body",
        ),
        (step("{ for_each: [1], steps: [{ get: / }] }"), (2, 8), "`as` is required: name the item: as: item"),
        (step("{ repeat: 2, as: 'a b', steps: [{ get: / }] }"), (2, 25), "expected the name of a variable"),
        (step("{ call: '{{ user.id }}' }"), (2, 16), "expected a name, without templates"),
        (step("{ set: { a b: 1 } }"), (2, 17), "expected the name of a variable"),
        (step("{ stop: all }"), (2, 16), "expected task, user, run"),
        (step("{ get: /, when: '{{ a }}' }"), (2, 24), "expected an expression without braces: total > 100"),
    ] {
        let (_, said) = server.open(&text);
        let found = said.iter().any(|(line, column, message)| (*line, *column) == place && message.contains(wanted));
        assert!(found, "{text}: {wanted} at {place:?}: {said:#?}");
        // A key that is missing may be another, with a hint.
        assert!(said.len() <= 2, "{text}: {said:#?}");
    }
}

fn scenarios(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let files = std::fs::read_dir(folder).expect("a folder").map(|file| file.expect("a file").path());
    files.filter(|path| path.extension().is_some_and(|ending| ending == "yaml")).collect()
}

/// No message shows a pattern, or names no mistake.
#[test]
fn messages_are_in_words() {
    let mut server = Server::start();
    for path in scenarios("tests/fixtures/broken") {
        let text = std::fs::read_to_string(&path).expect("a file");
        for (line, _, message) in server.open(&text).1 {
            for raw in ["does not match the pattern", "a schema that is not allowed", "Matches multiple schemas"] {
                assert!(!message.contains(raw), "{}:{}: {message}", path.display(), line + 1);
            }
        }
    }
}

#[test]
fn valid_scenarios_have_no_messages() {
    let mut server = Server::start();
    let mut seen = 0;
    for path in ["scenarios", "tests/fixtures/examples"].into_iter().flat_map(scenarios) {
        let text = std::fs::read_to_string(&path).expect("a file");
        assert_eq!(server.open(&text).1, [], "{}", path.display());
        seen += 1;
    }
    assert!(seen >= 9, "{seen}");
}

/// The first line of what `init` and `import` write names a schema that is there.
#[test]
fn written_scenarios_name_their_schema() {
    let mut server = Server::start();
    let folder = server.folder().to_owned();
    let katydid = |args: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_katydid"))
            .args(args)
            .current_dir(&folder)
            .output()
            .expect("the command runs");
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    katydid(&["init", "new"]);
    std::fs::write(folder.join("command.sh"), "curl https://shop.example.com/cart -d a=1").expect("a writable folder");
    katydid(&["import", "command.sh", "-o", "imported/cart.yaml"]);
    let printed = katydid(&["import", "command.sh"]);
    std::fs::write(folder.join("printed.yaml"), printed).expect("a writable folder");
    for name in ["new/scenarios/starter.yaml", "imported/cart.yaml", "printed.yaml"] {
        let path = folder.join(name);
        let text = std::fs::read_to_string(&path).expect("a file");
        let (uri, said) = server.open_as(&path, &text, 0);
        assert_eq!(said, [], "{name}: {text}");
        let line = text.lines().position(|line| line.starts_with("host:")).expect("a host") as u64;
        // Lines are counted after a modeline.
        let shown = server.hover(&uri, (line - 1, 1));
        assert!(shown.contains("#### host"), "{name}: {shown}");
        // A schema that is older or newer would complain.
        let broken = text.replacen("users:", "usres:", 1);
        let (_, said) = server.open_as(&path.with_extension("broken.yaml"), &broken, 0);
        assert!(said.iter().any(|(_, _, message)| message.contains("usres")), "{name}: {said:?}");
    }
}

#[test]
fn the_page_about_editors_is_right() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/editors.md");
    let page = std::fs::read_to_string(page).expect("a page");
    let blocks = |kind: &str| -> Vec<String> {
        let start = format!("```{kind}\n");
        page.split(&*start).skip(1).filter_map(|rest| rest.split("```").next()).map(str::to_owned).collect()
    };
    let mut server = Server::start();
    let printed = server.folder().join("katydid.schema.json");
    std::fs::remove_file(&printed).expect("the schema");
    for command in blocks("sh") {
        let binaries = Path::new(env!("CARGO_BIN_EXE_katydid")).parent().expect("a folder");
        let path = format!("{}:{}", binaries.display(), std::env::var("PATH").expect("a path"));
        let done = Command::new("sh").args(["-c", &command]).env("PATH", path).current_dir(server.folder()).status();
        assert!(done.expect("a shell").success(), "{command}");
    }
    let schema = std::fs::read_to_string(&printed).expect("the schema");
    assert!(
        serde_json::from_str::<serde_json::Value>(&schema).is_ok_and(|schema| schema["$id"] == "urn:katydid:scenario")
    );
    let yaml = blocks("yaml");
    assert!(yaml.len() >= 2, "{yaml:?}");
    for (at, text) in yaml.iter().enumerate() {
        let path = server.folder().join(format!("page{at}.yaml"));
        assert_eq!(server.open_as(&path, text, 0).1, [], "{text}");
        let broken = text.replace("host:", "hots:");
        let (_, said) = server.open_as(&path.with_extension("broken.yaml"), &broken, 0);
        assert!(said.iter().any(|(_, _, message)| message.contains("hots")), "{text}: {said:?}");
    }
    for settings in blocks("json") {
        let settings: serde_json::Value = serde_json::from_str(&settings).expect("JSON");
        assert_eq!(settings["yaml.schemas"]["scenarios/katydid.schema.json"], "scenarios/**/*.yaml");
    }
}
