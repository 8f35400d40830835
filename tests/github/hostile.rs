//! Names, bodies and errors from a hostile server, in a job.

use std::net::TcpListener;

use crate::api::Api;
use crate::command::{err, katydid, out};
use crate::inert::markdown_is_inert;
use crate::job::{Job, commands};

/// What a server could say to reach the job, or those who read its results.
const HOSTILE: &str = "\r\n::error::x\n::add-path::/tmp\n \u{a0}::set-env name=A::b\n##[set-output name=verdict]passed\
                       \n::stop-commands::x\n@all <!-- <img src=x> [x](http://evil.example) ](x) | `` ` ``` # 1";

/// A server that says it in each response body, with an error.
fn server() -> String {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.set_nonblocking(true).expect("a non-blocking listener");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        let document = serde_json::json!({ "errors": [{ "message": HOSTILE, "extensions": { "code": HOSTILE } }] });
        let respond =
            async move || (axum::http::StatusCode::OK, [("content-type", "application/json")], document.to_string());
        let app = axum::Router::new().fallback(respond);
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listening socket");
            axum::serve(listener, app).await.expect("a server");
        });
    });
    url
}

fn scenario() -> String {
    let name = serde_json::json!(HOSTILE.replace("{{", ""));
    format!(
        "name: {name}\nhost: {}\nusers: 1\nspawn_rate: 10\nrun_time: 1s\nwait_time: constant(50ms)\n\
         thresholds: [fail_ratio < 1%]\n\
         tasks: [{{ steps: [{{ get: /, name: {name}, capture: {{ x: '$.errors[0].message' }} }}, {{ log: '{{{{ x }}}}' }}, \
         {{ graphql: '{{ a }}' }}] }}]\n",
        server()
    )
}

#[test]
fn nothing_of_a_server_is_executed_or_rendered() {
    let api = Api::good();
    let job = Job::new(&scenario());
    let ran = job.run(&api.url(), "");
    let commands = commands(&ran);
    assert!(matches!(ran.status.code(), Some(3 | 5)), "{}", err(&ran));
    assert_eq!(commands.len(), 1, "{commands:?}");
    assert!(commands[0].starts_with("::error file=load/shop.yaml,line=7,title="), "{commands:?}");
    assert!(err(&ran).contains("error::x"), "the test does not test anything: {}", err(&ran));
    let comment = api.comments().remove(0).1;
    let (marker, report) = comment.split_once('\n').expect("lines");
    assert!(marker.starts_with("<!-- katydid scenario=") && marker.matches("-->").count() == 1, "{marker}");
    let (report, _) = report.split_once("\n[Workflow run").expect("a link");
    markdown_is_inert(report);
    markdown_is_inert(&job.read("summary.md"));
    assert!(report.contains("error::x"), "the test does not test anything: {report}");
    let known = ["verdict=", "p95=", "failure_ratio=", "report="];
    assert!(job.read("output").lines().all(|line| known.iter().any(|name| line.starts_with(name))));
}

#[test]
fn other_commands_print_no_workflow_commands_either() {
    let job = Job::new(&scenario());
    for args in [&["try", "load/shop.yaml"][..], &["check", "load/shop.yaml"], &["-f", "load/shop.yaml", "--json"]] {
        let mut command = katydid(&job.path("work"), args);
        let ran = command.env("GITHUB_ACTIONS", "true").output().expect("the command runs");
        let commands: Vec<String> = commands(&ran)
            .into_iter()
            .filter(|line| {
                !line.starts_with("::error title=Threshold failed::") && !line.starts_with("::error file=load")
            })
            .collect();
        assert_eq!(commands, Vec::<String>::new(), "{args:?}");
        assert!(out(&ran).contains("error::x"), "{args:?}: {}", out(&ran));
        if args.contains(&"--json") {
            serde_json::from_str::<serde_json::Value>(&out(&ran)).expect("JSON");
        }
    }
}
