//! Writes frames to the terminal on a separate thread, so that a terminal which accepts nothing for a while (a lost
//! connection, a stopped reader) does not block keys, signals and the end of a run.
//!
//! At most one frame is being written. Meanwhile nothing is drawn, so the next frame always has the latest state.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::system::write;

/// Hands frames to the thread. One for the process, as there is one terminal.
struct Desk {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    /// Whether the thread was started.
    staffed: bool,
    pending: Option<Vec<u8>>,
    writing: bool,
    error: Option<io::ErrorKind>,
}

static DESK: Desk = Desk {
    state: Mutex::new(State { staffed: false, pending: None, writing: false, error: None }),
    changed: Condvar::new(),
};

impl Desk {
    // Poisoning is ignored: a panic elsewhere does not affect the bytes.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn idle(state: &State) -> bool {
        state.pending.is_none() && !state.writing
    }
}

/// Buffers the bytes of a frame. Clones share the buffer: one belongs to the drawing library.
#[derive(Clone, Default)]
pub(crate) struct Frames {
    bytes: Rc<RefCell<Vec<u8>>>,
}

impl Frames {
    /// Starts the thread, once per process.
    pub fn open() -> io::Result<Self> {
        let mut state = DESK.lock();
        state.error = None;
        if !state.staffed {
            std::thread::Builder::new().name("terminal".into()).spawn(carry)?;
            state.staffed = true;
        }
        Ok(Self::default())
    }

    /// Starts writing the buffered frame. Returns the error of a previous one.
    pub fn hand_over(&self) -> io::Result<()> {
        send(&mut self.bytes.borrow_mut())
    }
}

impl Write for Frames {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    /// Does nothing: a frame is sent as a whole.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Starts writing bytes. Returns the error of previous ones.
pub(crate) fn send(bytes: &mut Vec<u8>) -> io::Result<()> {
    let mut state = DESK.lock();
    if let Some(kind) = state.error {
        return Err(kind.into());
    }
    if !bytes.is_empty() {
        state.pending.get_or_insert_default().append(bytes);
        DESK.changed.notify_all();
    }
    Ok(())
}

/// True if everything was written, or writing has failed.
pub(crate) fn idle() -> bool {
    let state = DESK.lock();
    Desk::idle(&state) || state.error.is_some()
}

/// Waits until the terminal has accepted everything, up to `patience`. Then drops what was not started. Returns true if
/// nothing is left.
pub(crate) fn settle(patience: Duration) -> bool {
    let state = DESK.lock();
    let waited = DESK.changed.wait_timeout_while(state, patience, |s| !Desk::idle(s) && s.error.is_none());
    let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
    state.pending = None;
    !state.writing
}

/// The thread: writes one frame after the other, forever.
fn carry() {
    let mut state = DESK.lock();
    loop {
        let Some(bytes) = state.pending.take() else {
            state = DESK.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            continue;
        };
        state.writing = true;
        drop(state);
        let result = write::all(rustix::stdio::stdout(), &bytes);
        state = DESK.lock();
        state.writing = false;
        state.error = result.err().map(|e| e.kind());
        DESK.changed.notify_all();
    }
}
