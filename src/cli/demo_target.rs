//! `katydid demo-target`: the shop alone, for other tools or another katydid.

use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};

use super::exit;
use crate::demo::DemoTarget;
use crate::headless::console;

/// Serves until INT, TERM or HUP.
pub(super) fn run(port: u16) -> ExitCode {
    match serve(port) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            console::warn(&format!("cannot serve the demo target on port {port}: {error}"));
            ExitCode::from(exit::TROUBLE)
        }
    }
}

fn serve(port: u16) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        // Before the address is told: whoever reads it may already send a signal.
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut hangup = signal(SignalKind::hangup())?;
        let target = DemoTarget::start(port)?;
        console::say(&format!("demo target listening on {}", target.url()));
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
        Ok(())
    })
}
