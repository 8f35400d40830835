//! The launcher follows the files in its folders.

use crate::terminal::Terminal;

fn scenario(users: u32) -> String {
    format!("host: http://127.0.0.1:1\nusers: {users}\ntasks: [{{ steps: [{{ get: / }}] }}]\n")
}

#[test]
fn new_changed_and_removed_files_are_noticed() {
    let terminal = Terminal::open();
    let file = terminal.folder().join("scenarios/orders.yaml");
    terminal.katydid("");
    terminal.until("what to do without own scenarios", |screen| screen.contains("Your own: YAML files"));
    std::fs::create_dir(terminal.folder().join("scenarios")).expect("a folder");
    std::fs::write(&file, scenario(41)).expect("a file");
    let screen = terminal.until("the new file", |screen| screen.contains("orders"));
    assert!(!screen.contains("Your own: YAML files"), "{screen}");
    terminal.key("End");
    terminal.until("its preview", |screen| screen.contains("41"));
    std::fs::write(&file, "users: many\n").expect("a file");
    terminal.until("its error", |screen| screen.contains("many"));
    std::fs::write(&file, scenario(4242)).expect("a file");
    terminal.until("the change", |screen| screen.contains("4242"));
    std::fs::remove_file(&file).expect("the file");
    terminal.until("the rest", |screen| !screen.contains("orders") && screen.contains("Scenarios"));
    terminal.key("q");
    assert_eq!(terminal.until_sane().1, 0);
}

#[test]
fn a_run_uses_the_file_as_it_is_at_its_start() {
    let terminal = Terminal::open();
    std::fs::create_dir(terminal.folder().join("scenarios")).expect("a folder");
    let file = terminal.folder().join("scenarios/orders.yaml");
    std::fs::write(&file, scenario(41)).expect("a file");
    terminal.katydid("-f orders --no-preflight");
    terminal.until("its preview", |screen| screen.contains("41"));
    // Started before the next look at the files.
    std::fs::write(&file, scenario(7)).expect("a file");
    terminal.key("Enter");
    let screen = terminal.until("the run", |screen| screen.contains("users "));
    terminal.until("its users", |screen| super::target(screen) == Some(7));
    assert_ne!(super::target(&screen), Some(41), "{screen}");
    terminal.key("q");
    terminal.key("y");
    terminal.until_sane();
}
