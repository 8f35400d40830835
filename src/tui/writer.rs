//! Finished frames go to the terminal from a thread of their own: a terminal that takes nothing for a while (a lost
//! connection that nobody has noticed yet, a stopped reader) must not hold up keys, signals and the end of a run.
//!
//! At most one frame is on its way. While it is, nothing new is drawn, so what comes next is always the latest state.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::system::write;

/// Where frames are handed over. One for the process, as there is one terminal.
struct Desk {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    /// The thread has been started.
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
    /// A panic elsewhere makes no byte wrong.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn idle(state: &State) -> bool {
        state.pending.is_none() && !state.writing
    }
}

/// Gathers the bytes of one frame. Clones gather into the same frame: one is the drawing library's.
#[derive(Clone, Default)]
pub(crate) struct Frames {
    bytes: Rc<RefCell<Vec<u8>>>,
}

impl Frames {
    /// Starts the thread, once in a process.
    pub fn open() -> io::Result<Self> {
        let mut state = DESK.lock();
        state.error = None;
        if !state.staffed {
            std::thread::Builder::new().name("terminal".into()).spawn(carry)?;
            state.staffed = true;
        }
        Ok(Self::default())
    }

    /// Sends what was gathered on its way. The error is that of a frame before.
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

/// Sends bytes on their way. The error is that of what was sent before.
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

/// True when everything handed over has been written, or never will be.
pub(crate) fn idle() -> bool {
    let state = DESK.lock();
    Desk::idle(&state) || state.error.is_some()
}

/// Waits until the terminal has taken everything, but not longer than `patience`. What it has not even begun to take by
/// then is dropped. True when nothing is on its way any more.
pub(crate) fn settle(patience: Duration) -> bool {
    let state = DESK.lock();
    let waited = DESK.changed.wait_timeout_while(state, patience, |s| !Desk::idle(s) && s.error.is_none());
    let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
    state.pending = None;
    !state.writing
}

/// The thread: one frame after the other, for ever.
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
