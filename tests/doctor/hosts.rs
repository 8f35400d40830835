//! The host of flags and variables, with and without a scenario.

use crate::command::{err, katydid, out};
use crate::server::{Redis, free_port};
use crate::web::web;
use crate::{doctor, of, scenario, unnamed};

#[test]
fn a_host_without_a_scenario_is_checked_or_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let host = web("200 OK\r\nX: y", "");
    let (code, lines) = unnamed(folder.path(), &format!("--host {host}"), &[]);
    assert!(code == 0 && of(&lines, "host").concat().contains("GET /: 200 OK"), "{lines:?}");
    let redis = Redis::start("");
    let (code, lines) = unnamed(folder.path(), &format!("--host {}", redis.url()), &[]);
    assert!(code == 0 && of(&lines, "redis")[0].contains("PONG"), "{lines:?}");
    let nowhere = format!("redis://127.0.0.1:{}", free_port());
    for (flags, variables) in [(format!("--host {nowhere}"), vec![]), (String::new(), vec![("TARGET_HOST", &*nowhere)])]
    {
        let (code, lines) = unnamed(folder.path(), &flags, &variables);
        assert!(code == 2 && of(&lines, "redis").concat().contains("connection refused"), "{flags}: {lines:?}");
    }
}

#[test]
fn a_host_that_no_run_can_use_is_an_error_of_its_setting() {
    let folder = tempfile::tempdir().expect("a folder");
    let (query, port) = ("it has a query or a fragment", "invalid port number");
    for (name, value, why) in [
        ("--host", "http://127.0.0.1:7101/?k=S3cret", query),
        ("--host", "http://127.0.0.1:7101/#S3cret", query),
        ("--host", "http://u:S3cret@127.0.0.1:99999", port),
        ("--host", "redis://:S3cret@127.0.0.1:99999", port),
        ("STAGING_URL", "http://u:S3cret@127.0.0.1:7101/?k=1", query),
        ("KATYDID_HOST", "http://127.0.0.1:abc", port),
    ] {
        for command in ["doctor", "doctor -f demo", "-f demo --headless"] {
            let flag = (name == "--host").then_some(["--host", value]);
            let args: Vec<&str> = command.split(' ').chain(flag.into_iter().flatten()).collect();
            let output = katydid(folder.path(), &args).env(name.replace("--host", "X"), value).output();
            let output = output.expect("the command runs");
            let text = out(&output) + &err(&output);
            assert_eq!(output.status.code(), Some(2), "{args:?} {name}: {text}");
            assert!(text.contains("invalid value for ") && text.contains(name), "{args:?}: {text}");
            assert!(text.contains(why), "{args:?}: {text}");
            assert!(!text.contains("S3cret"), "{text}");
        }
    }
}

#[test]
fn advice_is_about_what_is_wrong() {
    let folder = tempfile::tempdir().expect("a folder");
    let dead = format!("http://127.0.0.1:{}", free_port());
    let target = scenario("http://shop.test");
    for proxy in [&*dead, "http://proxy.invalid:3128"] {
        let proxied = format!("defaults: {{ proxy: '{proxy}' }}\n{target}");
        let (code, lines) = doctor(folder.path(), &proxied, "", &[]);
        let found = of(&lines, "host").concat();
        assert!(code == 2 && found.contains("Check the proxy (HTTP_PROXY"), "{lines:?}");
    }
    let redis = scenario("http://127.0.0.1:1").replace("get: /a", "publish: a, payload: b");
    for (text, flags, advice) in [
        (
            &*target,
            "-f nofile.yaml",
            "error cannot read the scenario nofile.yaml: No such file or directory Correct the path of -f",
        ),
        (&target, "-H redis://127.0.0.1", "Correct the option or the line of the scenario"),
        (&redis, "", "Correct the option or the line of the scenario"),
    ] {
        let (code, lines) = match flags.starts_with("-f") {
            true => unnamed(folder.path(), flags, &[]),
            false => doctor(folder.path(), text, flags, &[]),
        };
        let found = of(&lines, "scenario").concat();
        assert!(code == 2 && found.contains(advice) && !found.contains("os error"), "{lines:?}");
    }
}
