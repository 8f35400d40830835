//! `katydid demo-target`: the embedded shop alone.

use std::process::ExitCode;

use super::{fail, print};
use crate::demo::DemoTarget;

/// Serves until INT, TERM or HUP.
pub fn run(port: u16) -> ExitCode {
    let target = match DemoTarget::start(port) {
        Ok(target) => target,
        Err(error) => return fail(1, &format!("cannot listen on 127.0.0.1:{port}: {error}")),
    };
    print(&format!("demo target on {}, Ctrl-C ends it\n", target.url()));
    match crate::headless::wait_for_signal() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(1, &format!("cannot wait for signals: {error}")),
    }
}
