//! `katydid demo-target`: the shop alone, for other tools or another katydid.

use std::process::ExitCode;

use super::exit;
use crate::clean;
use crate::demo::DemoTarget;
use crate::headless::{Signals, console};

/// Serves until INT, TERM or HUP.
pub(super) fn run(port: u16, seed: Option<u64>) -> ExitCode {
    match serve(port, seed) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            console::warn(&format!("cannot serve the demo target on port {port}: {}", clean::cause(&error)));
            ExitCode::from(exit::TROUBLE)
        }
    }
}

fn serve(port: u16, seed: Option<u64>) -> std::io::Result<()> {
    console::write_from_threads();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        // Before the address is printed: a script that reads it may send a signal at once.
        let mut signals = Signals::new()?;
        let target = DemoTarget::start(port)?;
        if let Some(seed) = seed {
            target.seed(seed);
        }
        console::say(&format!("demo target listening on {}", target.url()));
        signals.next().await;
        Ok(())
    })
}
