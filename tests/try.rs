//! `katydid try`: output and exit code.

#[path = "try/full.rs"]
mod full;
#[expect(dead_code, reason = "shared by several test programs, none of which uses all of it")]
#[path = "redis/server.rs"]
mod server;
#[path = "common/wait.rs"]
mod wait;

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Output};

const SECRET: &str = "sup3r-s3cret-value";

fn run(folder: &Path, text: &str, more: &[&str]) -> (String, String, Option<i32>) {
    let file = folder.join("trial.yaml");
    std::fs::write(&file, text).expect("a writable folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_katydid"));
    command
        .arg("try")
        .arg(&file)
        .args(more)
        .env("TRY_SECRET", SECRET)
        .env_remove("KATYDID_HOST")
        .env_remove("GITHUB_ACTIONS");
    command.current_dir(folder);
    let Output { status, stdout, stderr } = command.output().expect("the command runs");
    (String::from_utf8_lossy(&stdout).into_owned(), String::from_utf8_lossy(&stderr).into_owned(), status.code())
}

#[test]
fn all_steps_of_a_user_are_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    let demo = katydid::demo::DemoTarget::start(0).expect("the demo");
    let text = "
name: all
secrets: [TRY_SECRET]
on_start:
  - post: /api/login
    json: { email: a@b.c, password: '{{ env.TRY_SECRET }}' }
    expect: { status: 200 }
    capture: { token: $.token }
on_stop:
  - log: bye
tasks:
  - name: first
    steps:
      - set: { n: 2 }
      - get: /_count
        auth: { bearer: '{{ token }}' }
      - wait: 5s
      - repeat: 2
        steps: [{ log: 'n is {{ n }}' }]
      - if: n > 1
        then: [{ log: more }]
      - get: /never
        when: n > 5
  - name: second
    steps: [{ get: /_count }]
";
    let host = demo.url();
    // The login of the demo sometimes fails, by design.
    let well = (0..5).map(|_| run(folder.path(), text, &["--host", &host])).find(|(_, _, code)| *code == Some(0));
    let (out, _, _) = well.expect("a trial in which all holds");
    let wanted = [
        "on_start",
        "POST http://127.0.0.1:",
        "> content-type: application/json",
        ">   \"password\": \"***\"",
        "< 200 OK",
        "connected in ",
        "✓ status 200",
        "= token = \"",
        "first",
        "= n = 2",
        "> authorization: Bearer ***",
        "wait 5.00s, shortened to 100ms",
        "repeat: pass 2 of 2",
        "# n is 2",
        "`if` is true: then",
        "`when` is false: GET /never skipped",
        "second",
        "# bye",
        "3 requests, 0 failed",
    ];
    let mut rest = out.as_str();
    for part in wanted {
        let at = rest.find(part).unwrap_or_else(|| panic!("{part} is missing, or not in this order:\n{out}"));
        rest = &rest[at..];
    }
    assert!(!out.contains(SECRET) && !out.contains('\u{1b}'), "{out}");
    assert!(out.lines().all(|line| line.chars().count() <= 80), "{out}");
}

#[test]
fn failed_checks_are_shown_with_the_actual_value() {
    let folder = tempfile::tempdir().expect("a folder");
    let demo = katydid::demo::DemoTarget::start(0).expect("the demo");
    let host = demo.url();
    for (steps, wanted) in [
        ("[{ get: /_count, expect: { status: 201 } }]", vec!["✗ expected status 201", "got 200"]),
        (
            "[{ get: /_count, expect: { json: { $.nothing: 1 }, size: '> 0' } }]",
            vec!["✗ expected json $.nothing", "got no such value", "✓ size > 0"],
        ),
        ("[{ get: /_count, capture: { x: $.nothing } }]", vec!["✗ nothing to capture for x", "$.nothing is not in"]),
        ("[{ set: { x: '{{ 1 // iteration }}' } }]", vec!["✗ User, task 1, set x:", "1 exception"]),
        ("[{ get: /nowhere }]", vec!["< 404 Not Found", "✗ expected status below 400", "1 failed"]),
    ] {
        let text = format!("tasks: [{{ steps: {steps} }}]\n");
        let (out, error, code) = run(folder.path(), &text, &["-H", &host]);
        assert_eq!(code, Some(1), "{out}{error}");
        for part in wanted {
            assert!(out.contains(part), "{part}:\n{out}");
        }
    }
}

#[test]
fn subscriptions_are_shown_with_their_first_events() {
    let folder = tempfile::tempdir().expect("a folder");
    let demo = katydid::demo::DemoTarget::start(0).expect("the demo");
    let text = "
secrets: [TRY_SECRET]
graphql: { connection_params: { token: '{{ env.TRY_SECRET }}' } }
tasks:
  - name: watch
    steps:
      - graphql: 'subscription Stock { stock(productId: 7, every: 1) { product left } }'
        expect: { json: { $.data.stock.product: '7' } }
        capture: { id: $.data.stock.product }
      - log: 'id is {{ id }}'
      - graphql: 'subscription Ends { orders(every: 1, first: 1) { id } }'
";
    let (out, error, code) = run(folder.path(), text, &["-H", &demo.url()]);
    assert_eq!(code, Some(0), "{out}{error}");
    let wanted = [
        "GET http://127.0.0.1:",
        "> sec-websocket-protocol: graphql-transport-ws",
        "< 101 Switching Protocols",
        "> connection_init { token: *** }",
        "< connection_ack, after",
        "SUBSCRIPTION Stock",
        ">   \"operationName\": \"Stock\"",
        "< event 1, after",
        "✓ json $.data.stock.product \"7\"",
        "= id = \"7\"",
        "< event 3, after",
        "left after 3 events",
        "# id is 7",
        "SUBSCRIPTION Ends",
        "complete by the server, after 1 event",
        "4 requests, 0 failed, 3 expectations passed",
    ];
    let mut rest = out.as_str();
    for part in wanted {
        let at = rest.find(part).unwrap_or_else(|| panic!("{part} is missing, or not in this order:\n{out}"));
        rest = &rest[at..];
    }
    assert!(!out.contains(SECRET) && !out.contains("event 4"), "{out}");
    let refused = text.replace("connection_params:", "subscriptions: /_count, connection_params:");
    let (out, _, code) = run(folder.path(), &refused, &["-H", &demo.url()]);
    assert_eq!(code, Some(1));
    for part in ["< 200 OK", "✗ expected status 101", "got 200", "2 requests, 2 failed"] {
        assert!(out.contains(part), "{part}:\n{out}");
    }
}

#[test]
fn connection_failures_are_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    let (out, _, code) =
        run(folder.path(), "host: http://127.0.0.1:1\ntasks: [{ steps: [{ get: / }] }]\n", &["--seed", "7"]);
    assert_eq!(code, Some(1));
    assert!(out.contains("✗ connection refused") && out.contains("--seed 7"), "{out}");
    assert!(
        out.contains("GET http://127.0.0.1:1/") && out.contains("> host: 127.0.0.1:1"),
        "what was to be sent: {out}"
    );
}

#[test]
fn class_and_task_can_be_selected() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "
host: http://127.0.0.1:1
user_classes:
  A: { tasks: [{ name: a, steps: [{ log: in a }] }] }
  B: { tasks: [{ name: b, steps: [{ log: in b }] }, { name: c, weight: 0, steps: [{ log: in c }] }] }
";
    for (more, wanted, not) in [
        (&[][..], "in a", "in b"),
        (&["--class", "B"], "in b", "in c"),
        (&["--task", "c"], "in c", "in b"),
        (&["--class", "B", "--task", "b"], "in b", "in a"),
    ] {
        let (out, error, code) = run(folder.path(), text, more);
        assert_eq!(code, Some(0), "{error}");
        assert!(out.contains(wanted) && !out.contains(not), "{more:?}\n{out}");
    }
    for (more, wanted) in [
        (&["--class", "C"][..], "no user class `C`: `A`, `B`"),
        (&["--class", "A", "--task", "b"], "no task `b`: `a`"),
        (&["--profile", "p"], "p"),
    ] {
        let (_, error, code) = run(folder.path(), text, more);
        assert_eq!(code, Some(2), "{more:?}");
        assert!(error.contains(wanted), "{more:?}\n{error}");
    }
}

#[test]
fn broken_files_are_usage_errors() {
    let folder = tempfile::tempdir().expect("a folder");
    let (out, error, code) = run(folder.path(), "tasks: 7\n", &[]);
    assert_eq!((out.as_str(), code), ("", Some(2)));
    assert!(error.contains("trial.yaml:1:8"), "{error}");
}

#[test]
fn redis_steps_are_shown_with_commands_and_responses() {
    let folder = tempfile::tempdir().expect("a folder");
    let redis = server::Redis::start("");
    redis.tell(r#"SET profile '{"id":7,"name":"Ada","lines":[1,2,3],"more":"so that it does not fit on one line"}'"#);
    let text = format!(
        "
redis: {{ url: 'redis://127.0.0.1:{}' }}
secrets: [TRY_SECRET]
on_start:
  - subscribe: ['room:{{{{ user.id }}}}', fixed]
tasks:
  - name: talk
    steps:
      - redis: [SET, 'user:{{{{ user.id }}}}', '{{{{ env.TRY_SECRET }}}}']
      - redis: INCR visits
        capture: {{ visits: $ }}
      - redis: GET profile
        capture: {{ id: $.id, name: $.name }}
      - publish: 'room:{{{{ user.id }}}}'
        payload: {{ from: '{{{{ name }}}}', visits: '{{{{ visits }}}}' }}
        size: 100
        expect: {{ receivers: 1 }}
      - unsubscribe: fixed
      - redis: GET profile
        capture: {{ id: $.id, street: $.street }}
      - publish: 'void:{{{{ user.id }}}}'
        expect: {{ receivers: {{ gte: 2 }} }}
      - redis: LPUSH visits x
",
        redis.port
    );
    let (out, error, code) = run(folder.path(), &text, &[]);
    assert_eq!(code, Some(1), "{out}{error}");
    let wanted = [
        "on_start",
        "  SUBSCRIBE room:1 fixed\n",
        "< confirmed, after ",
        "talk",
        "  SET user:1 ***\n",
        "< OK, after ",
        "  INCR visits\n",
        "< 1, after ",
        "= visits = 1",
        "  GET profile\n",
        "<   \"name\": \"Ada\"",
        "= name = \"Ada\"",
        "  PUBLISH room:1\n",
        ">   \"from\": \"Ada\"",
        "padded to 100 bytes",
        "< 1 receiver, after ",
        "✓ receivers 1",
        "- unsubscribe from fixed",
        // A failed capture shows the response it looked in, and what is missing.
        "  GET profile\n",
        "<   \"name\": \"Ada\"",
        "= id = 7",
        "✗ nothing to capture for street",
        "$.street is not in the JSON",
        "  PUBLISH void:1\n",
        "< 0 receivers, after ",
        "✗ expected receivers >= 2",
        "got 0",
        "  LPUSH visits x\n",
        "✗ WRONGTYPE",
        "8 requests, 3 failed, 1 expectation passed, 1 failed",
    ];
    let mut rest = out.as_str();
    for part in wanted {
        let at = rest.find(part).unwrap_or_else(|| panic!("{part} is missing, or not in this order:\n{out}"));
        rest = &rest[at + part.len()..];
    }
    assert!(!out.contains(SECRET) && !out.contains("{{"), "{out}");
    assert!(out.lines().all(|line| line.chars().count() <= 80), "{out}");
}

#[test]
fn each_step_shows_that_redis_is_unreachable() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "redis: { url: 'redis://127.0.0.1:1' }\ntasks: [{ steps: [{ redis: GET a }, { publish: b }] }]\n";
    let (out, _, code) = run(folder.path(), text, &[]);
    assert_eq!(code, Some(1));
    for part in ["  GET a\n    ✗ connection refused", "  PUBLISH b\n", "2 requests, 2 failed"] {
        assert!(out.contains(part), "{part}:\n{out}");
    }
}

#[test]
fn errors_of_runs_are_warnings_in_trials() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "profiles: { p: { baseline: { name: main } } }\n\
                tasks: [{ steps: [{ log: bye }] }]\n";
    let (out, error, code) = run(folder.path(), text, &["-H", "http://127.0.0.1:1", "--profile", "p"]);
    assert_eq!(code, Some(0), "{out}{error}");
    assert!(error.contains("a run of this scenario is refused: ") && error.contains("`baseline`"), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
    let (_, error, _) = run(folder.path(), text, &["-H", "http://127.0.0.1:1"]);
    assert!(!error.contains("refused"), "{error}");
}

#[test]
fn a_redirect_loop_is_one_request() {
    let folder = tempfile::tempdir().expect("a folder");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let to = listener.local_addr().expect("an address");
    let host = format!("http://{to}");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let response = format!(
                "HTTP/1.1 302 Found\r\nlocation: http://me:pw-4815@{to}/x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            );
            let _ = stream.write_all(response.as_bytes());
        }
    });
    let (out, error, code) = run(folder.path(), "tasks: [{ steps: [{ get: / }] }]\n", &["-H", &host]);
    assert_eq!(code, Some(1), "{out}{error}");
    assert!(out.contains("302, redirected to ") && out.contains("1 request, 1 failed"), "{out}");
    // No one has named this password as a secret.
    assert!(!out.contains("pw-4815") && !error.contains("pw-4815"), "{out}{error}");
}
