//! Runs without a scenario file: nobody is sent the demo shop's requests who was not meant to have them. The target says
//! what it was asked.

use std::fs;
use std::io::Read as _;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::command::{err, katydid, out};

/// Counts connections, and answers none.
fn target() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let count = Arc::<AtomicUsize>::default();
    let theirs = Arc::clone(&count);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            theirs.fetch_add(1, Ordering::Relaxed);
            let _ = stream.read(&mut [0; 4_096]);
        }
    });
    (url, count)
}

#[test]
fn without_a_file_nothing_is_sent_to_another_host() {
    let (url, count) = target();
    let dotenv = format!("KATYDID_HOST={url}\n");
    let load = ["-u", "3", "-r", "10", "-t", "1s"];
    // Flags, environment, a file in the folder, and what the message must say.
    for (flags, environment, file, said) in [
        (&["--headless", "-H", &url][..], None, None, "not sent to another host"),
        (&["-H", &url], None, None, "not sent to another host"),
        (&["--autostart", "-H", &url], None, None, "not sent to another host"),
        (&["--headless"], Some(("KATYDID_HOST", &*url)), None, "not sent to another host"),
        (&["--headless"], None, Some((".env", &*dotenv)), "not sent to another host"),
        (&["--headless", "--profile", "small", "-H", &url], None, None, "not sent to another host"),
        (&["--headless", "-H", "redis://127.0.0.1:1"], None, None, "not sent to another host"),
        (&["--headless", "-H", &url], None, Some(("demo.yaml", "host: demo")), "not sent to another host"),
        (&["--headless", "-H", &url], Some(("LOCUST_LOCUSTFILE", "load.py")), None, "LOCUST_LOCUSTFILE names load.py"),
        (&["--headless"], Some(("LOCUST_LOCUSTFILE", "load.py")), None, "docs/from-locust.md"),
        (&["--headless"], None, Some((".env", "LOCUST_LOCUSTFILE=load.py\n")), "docs/from-locust.md"),
        (&["--headless", "-H", &url], None, Some(("locustfile.py", "")), "locustfile.py is Python"),
        (&["--headless"], None, Some(("locustfile.py", "")), "docs/from-locust.md"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        if let Some((name, text)) = file {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let mut command = katydid(folder.path(), &[flags, &load].concat());
        let output = command.env_remove("LOCUST_LOCUSTFILE").envs(environment).output().unwrap();
        let said_so = err(&output);
        assert_eq!((output.status.code(), &*out(&output)), (Some(2), ""), "{flags:?} {environment:?}: {said_so}");
        for word in [said, "-f FILE", "katydid init"] {
            assert!(said_so.contains(word), "{flags:?} {environment:?}: {said_so}");
        }
    }
    assert_eq!(count.load(Ordering::Relaxed), 0);
}

#[test]
fn the_demo_runs_at_home_and_where_it_is_sent_by_name() {
    let (url, count) = target();
    let folder = tempfile::tempdir().unwrap();
    // A file that nobody named.
    fs::create_dir(folder.path().join("scenarios")).unwrap();
    let file = format!("host: {url}\ntasks: [{{ steps: [{{ get: / }}] }}]\n");
    fs::write(folder.path().join("scenarios/demo.yaml"), file).unwrap();
    let load = ["--headless", "--only-summary", "-u", "1", "-t", "1s", "-s", "0s"];
    for flags in [&[][..], &["-H", "demo"]] {
        let output = katydid(folder.path(), &[flags, &load].concat()).env_remove("LOCUST_LOCUSTFILE").output().unwrap();
        assert!(output.status.code() != Some(2) && err(&output).contains("embedded demo"), "{}", err(&output));
        assert!(out(&output).contains("Aggregated"), "{}", out(&output));
    }
    assert_eq!(count.load(Ordering::Relaxed), 0);
    fs::remove_file(folder.path().join("scenarios/demo.yaml")).unwrap();
    // By name it goes where it is sent; that this is not a demo target is said where it is likely.
    let run = |name: &str, host: &str| {
        katydid(folder.path(), &[&["-f", name, "-H", host, "--no-preflight"], &load[..]].concat()).output().unwrap()
    };
    let output = run("demo", &url);
    assert!(count.load(Ordering::Relaxed) > 0 && !err(&output).contains("demo shop"), "{}", err(&output));
    let output = run("basic", "http://name.invalid");
    let said = "basic is an embedded example: its requests are made for the demo shop";
    assert!(output.status.code() == Some(1) && err(&output).contains(said), "{}", err(&output));
    let output = katydid(folder.path(), &["try", "basic", "-H", "http://name.invalid"]).output().unwrap();
    assert!(output.status.code() == Some(1) && err(&output).contains(said), "{}", err(&output));
}

#[test]
fn a_python_file_is_called_one() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("locustfile.py"), "from locust import HttpUser\n\nclass A(HttpUser):\n    pass\n")
        .unwrap();
    for args in [&["--headless", "-f", "locustfile.py"][..], &["check", "locustfile.py"], &["try", "locustfile.py"]] {
        let output = katydid(folder.path(), args).output().unwrap();
        let said = format!("{}{}", out(&output), err(&output));
        assert!(output.status.code() == Some(2) && said.contains("docs/from-locust.md"), "{args:?}: {said}");
    }
}
