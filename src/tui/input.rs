//! Threads that forward keys, signals and snapshots to the main loop.
//!
//! Keys are read on a separate thread because crossterm 0.29 never returns from a read or poll once the terminal is
//! closed: it spins. That thread must never be joined.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::time::Duration;

use super::event::Event;
use crate::engine::RunHandle;
use crate::system::signals;

/// Forwards keys, pastes and resizes until `stop` is set.
pub(crate) fn keys(events: Sender<Event>, stop: Arc<AtomicBool>) -> io::Result<()> {
    std::thread::Builder::new().name("keys".into()).spawn(move || {
        while !stop.load(Ordering::Relaxed) {
            let event = match crossterm::event::poll(Duration::from_millis(250)) {
                Ok(false) => continue,
                Ok(true) => crossterm::event::read(),
                Err(error) => Err(error),
            };
            let failed = event.is_err();
            let message = event.map_or(Event::HangUp, Event::Input);
            if events.send(message).is_err() || failed {
                break;
            }
        }
    })?;
    Ok(())
}

/// Forwards signals until the main loop ends.
pub(crate) fn signals(events: Sender<Event>) -> io::Result<()> {
    signals::listen(&[signals::SUSPEND, signals::FILE_SIZE], move |number| {
        let event = if number == signals::SUSPEND { Event::Suspend } else { Event::Signal(number) };
        // The loop has ended: the run is over, and its files are being written.
        let _ = events.send(event);
    })
}

/// Forwards the snapshots of run number `run` until its end.
pub(crate) fn snapshots(handle: &RunHandle, run: u64, events: Sender<Event>) -> io::Result<()> {
    let mut receiver = handle.subscribe();
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    std::thread::Builder::new().name("snapshots".into()).spawn(move || {
        runtime.block_on(async {
            loop {
                let snapshot = receiver.borrow_and_update().clone();
                let done = snapshot.state.is_done();
                if events.send(Event::Snapshot(run, snapshot)).is_err() || done {
                    return;
                }
                if receiver.changed().await.is_err() {
                    let _ = events.send(Event::Lost(run));
                    return;
                }
            }
        });
    })?;
    Ok(())
}
