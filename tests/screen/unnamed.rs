//! Embedded examples in the launcher ignore the host of the command line.

use std::net::TcpListener;

use crate::terminal::Terminal;

#[test]
fn an_example_is_not_sent_to_the_host_of_the_command_line() {
    // A connection would be pending here.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.set_nonblocking(true).expect("a listener that does not wait");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let terminal = Terminal::open();
    terminal.katydid(&format!("--host {url}"));
    terminal.until("launcher", |screen| screen.contains("Scenarios") && screen.contains(&url));
    let before = terminal.until("the refusal before", |screen| screen.contains("cannot run: this embedded example"));
    assert!(!before.contains("scenario is valid"), "{before}");
    terminal.key("Enter");
    let refused = terminal.until("a refusal", |screen| screen.contains("cannot be started"));
    assert!(refused.contains("demo shop") && refused.contains("-f"), "{refused}");
    assert!(listener.accept().is_err(), "somebody was sent there");
    terminal.key("q");
    assert_eq!(terminal.until_sane().1, 0);
}
