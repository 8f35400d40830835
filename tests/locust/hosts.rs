//! Where no host is given.

use std::fs;

use crate::command::{err, katydid};
use crate::common::Server;

#[test]
fn a_missing_host_comes_from_target_host_then_from_staging_url() {
    let server = Server::start();
    let other = "http://127.0.0.1:1";
    for (variables, dotenv, host, flag, note) in [
        (&[("TARGET_HOST", server.url())][..], "", "", None, Some("of TARGET_HOST")),
        (&[("STAGING_URL", server.url())], "", "", None, Some("of STAGING_URL")),
        (&[("STAGING_URL", other.into()), ("TARGET_HOST", server.url())], "", "", None, Some("of TARGET_HOST")),
        (&[], "TARGET_HOST", "", None, Some("of TARGET_HOST")),
        (&[("TARGET_HOST", other.into())], "", "scenario", None, None),
        (&[("TARGET_HOST", other.into())], "", "", Some(server.url()), None),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let host = if host.is_empty() { String::new() } else { format!("host: {}\n", server.url()) };
        fs::write(folder.path().join("run.yaml"), format!("{host}tasks: [{{ steps: [{{ get: /ok }}] }}]\n"))
            .expect("a file");
        if !dotenv.is_empty() {
            fs::write(folder.path().join(".env"), format!("{dotenv}={}\n", server.url())).expect("a file");
        }
        let mut command = katydid(folder.path(), &["-f", "run.yaml", "--headless", "-t", "300ms", "--only-summary"]);
        command.env_remove("TARGET_HOST").env_remove("STAGING_URL");
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        let output = command.args(flag.iter().flat_map(|flag| ["--host", flag])).output().expect("a run");
        let text = err(&output);
        assert_eq!(output.status.code(), Some(0), "{variables:?}: {text}");
        assert_eq!(text.contains("no host is given: using "), note.is_some(), "{variables:?}: {text}");
        assert!(note.is_none_or(|note| text.contains(note)), "{text}");
    }
}

#[test]
fn a_variable_that_is_no_host_is_an_error_that_keeps_its_password() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = katydid(folder.path(), &["--headless"]);
    let output = command.env("TARGET_HOST", "ftp://u:S3cret@h").output().expect("a run");
    let text = err(&output);
    assert_eq!(output.status.code(), Some(2));
    assert!(text.contains("TARGET_HOST") && text.contains("base URL") && !text.contains("S3cret"), "{text}");
}
