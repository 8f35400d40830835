//! Panics while the screen is open. The program under test is this test binary: it opens the screen through the public
//! interface and panics.

use std::path::PathBuf;

use katydid::engine::RunHandle;
use katydid::scenario::catalog::{Entry, Origin};
use katydid::scenario::{Overrides, Scenario};
use katydid::settings::Settings;
use katydid::tui::{self, Starter, TuiError};

use super::terminal::Terminal;

/// Set for the program under test: the thread that panics.
const WHERE: &str = "KATYDID_TEST_PANIC";

struct Panics(String);

impl Starter for Panics {
    fn start(&mut self, _: &Scenario, _: &Overrides) -> Result<RunHandle, String> {
        if self.0 == "screen" {
            panic!("a mistake on the screen's thread");
        }
        let shard = std::thread::Builder::new().name("shard".into());
        shard.spawn(|| panic!("a mistake on a shard's thread")).expect("a thread");
        Err("not started".to_owned())
    }
}

/// Does nothing unless started by the tests below.
#[test]
fn program_under_test() {
    let Ok(place) = std::env::var(WHERE) else { return };
    let scenario = Scenario::parse("demo.yaml", "host: http://127.0.0.1:1\ntasks: [{ steps: [{ get: / }] }]\n");
    let entry = Entry::known("demo", Origin::Named, scenario);
    let settings = Settings { out: PathBuf::from("results"), ..Settings::default() };
    match tui::run(vec![entry], &mut Panics(place), &settings) {
        Err(TuiError::Panicked(words)) => panic!("reported: {words}"),
        other => panic!("no panic was reported: {other:?}"),
    }
}

fn restores_the_terminal(place: &str, words: &str) {
    let terminal = Terminal::open();
    let binary = std::env::current_exe().expect("this program");
    terminal.program(&format!(
        "env RUST_BACKTRACE=0 {WHERE}={place} \"{}\" --exact ends::program_under_test --nocapture --test-threads 1",
        binary.display()
    ));
    terminal.until("launcher", |screen| screen.contains("Scenarios") && screen.contains("quit"));
    terminal.key("Enter");
    let (screen, code) = terminal.until_sane();
    assert_eq!(code, 101, "{screen}");
    assert!(screen.contains(words), "the reason is told:\n{screen}");
}

#[test]
fn a_panic_on_another_thread_ends_the_screen_with_its_reason() {
    restores_the_terminal("shard", "reported: a mistake on a shard's thread at tests/screen/ends.rs");
}

#[test]
fn a_panic_on_the_screens_thread_restores_the_terminal_first() {
    restores_the_terminal("screen", "a mistake on the screen's thread");
}
