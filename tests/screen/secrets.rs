//! Secrets that the server repeats are not shown on any page of the screen.

use crate::common::raw_server;
use crate::terminal::Terminal;

const ANSWER: &[u8] = b"HTTP/1.1 500 No\r\nx-echo: tok-48151623-end\r\ncontent-length: 40\r\n\r\n\
                        no such user: tok-48151623-end, in brief";

#[test]
fn launcher_and_detail_pages_hide_secrets() {
    let url = raw_server(ANSWER);
    let terminal = Terminal::open();
    let text = format!(
        "secrets: [S]\ndescription: of tok-48151623-end\nhost: '{url}/{{{{ env.S }}}}'\n\
         tasks: [{{ steps: [{{ get: '/{{{{ env.S }}}}' }}, {{ wait: 100ms }}] }}]\n"
    );
    std::fs::write(terminal.folder().join("s.yaml"), text).expect("a writable folder");
    terminal.line("export S=tok-48151623-end; clear");
    terminal.katydid("-f s.yaml -u 1 --out o-tok-48151623-end");
    let shows = |what: &str, wanted: &str| {
        let screen = terminal.until(what, |screen| screen.contains(wanted));
        assert!(!screen.contains("48151623") && !screen.contains("tok-N"), "{what}:\n{screen}");
    };
    shows("launcher", "/***");
    terminal.key("Enter");
    shows("dashboard", "HTTP 500");
    terminal.key("e");
    shows("export", "wrote o-***/");
    terminal.key("Tab");
    terminal.key("Enter");
    shows("detail of a failure", "no such user: ***, in brief");
    terminal.key("q");
    terminal.key("y");
    terminal.until_sane();
}
