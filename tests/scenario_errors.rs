//! Every broken scenario prints exactly the message beside it, and no text at all makes the reader panic.

use std::path::{Path, PathBuf};

use katydid::scenario::{Overrides, Scenario};
use proptest::prelude::*;

fn broken() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/broken")
}

#[test]
fn every_broken_file_says_what_is_wrong() {
    let folder = broken();
    let mut seen = 0;
    let mut wrong = Vec::new();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "yaml") {
            continue;
        }
        seen += 1;
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let got = match Scenario::parse_in(&name, &text, Some(&folder)) {
            Ok(_) => "no error".to_owned(),
            // Where the repository lies is of no interest.
            Err(error) => error.text.replace(&format!("{}/", folder.display()), "") + "\n",
        };
        let expected = path.with_extension("txt");
        // BLESS=1 writes the messages anew; read the difference before it is committed.
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&expected, &got).unwrap();
        }
        if got == "no error" || got != std::fs::read_to_string(&expected).unwrap_or_default() {
            wrong.push(format!("{name}:\n{got}"));
        }
    }
    assert!(seen >= 70, "only {seen} broken files");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_file_that_is_no_scenario_at_all_is_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        Scenario::load(&path).unwrap_err().text
    };
    assert!(file("large.yaml", &vec![b'#'; 10_000_000]).contains("larger than 1 MB"));
    assert!(file("latin.yaml", b"name: gr\xf6\xdfe\n").contains("not UTF-8"));
    assert!(Scenario::load(folder.path()).unwrap_err().text.contains("directory"));
    assert!(Scenario::load(&folder.path().join("none.yaml")).unwrap_err().text.contains("none.yaml"));
}

fn no_panic(text: &str) {
    if let Ok(scenario) = Scenario::parse("p.yaml", text) {
        let _ = scenario.plan(&Overrides { host: Some("http://h".to_owned()), ..Overrides::default() });
    }
}

const VALID: &str = include_str!("../scenarios/demo.yaml");

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    #[test]
    fn random_text_never_panics(text in "\\PC{0,200}") {
        no_panic(&text);
    }

    #[test]
    fn a_mutated_file_never_panics(at in 0..VALID.len(), cut in 0..40usize, put in "[{}\\[\\]:|&*!%'\"\\- \n\ta0é]{0,6}") {
        let chars: Vec<char> = VALID.chars().collect();
        let at = at.min(chars.len());
        let end = (at + cut).min(chars.len());
        let text: String = chars[..at].iter().copied().chain(put.chars()).chain(chars[end..].iter().copied()).collect();
        no_panic(&text);
    }
}
