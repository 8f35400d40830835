//! The two ordinary output streams. A reader that has gone away (a closed pipe, a dead terminal) is not worth a panic:
//! what cannot be written is dropped.
//!
//! What runs writes from threads of its own, one a stream: a reader that takes nothing (a pager that waits, Ctrl-S)
//! then holds up neither signals nor the end of the run. What waits to be taken is bounded, and what is lost is
//! counted and said on the other stream. Commands that only print wait for their reader, as any filter does.

use std::collections::VecDeque;
use std::io::{self, IsTerminal as _, Write};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::fd::BorrowedFd;

use crate::system::{signals, write};
use crate::units::count;

/// Width of Locust's tables where there is no terminal to ask: 80 cells of name and 80 of figures.
const WIDTH_WITHOUT_TERMINAL: usize = 160;
/// Width of a terminal that does not tell its own.
const WIDTH_UNKNOWN: usize = 80;

/// With as many bytes waiting, more are dropped.
const ROOM: usize = 1 << 20;
/// Bytes written at once: what a pipe takes in one piece.
const PIECE: usize = 4_096;
/// How long whoever prints lets the stream take it, so that both streams keep their common order.
const MOMENT: Duration = Duration::from_millis(50);
/// How long the end waits for a stream that takes nothing.
const PATIENCE: Duration = Duration::from_secs(2);

static OUT: Stream = Stream::new("standard output", rustix::stdio::stdout);
static ERR: Stream = Stream::new("standard error", rustix::stdio::stderr);

struct Stream {
    name: &'static str,
    file: fn() -> BorrowedFd<'static>,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    /// A thread writes.
    threaded: bool,
    /// What has not been taken yet.
    pending: VecDeque<u8>,
    /// Bytes taken so far.
    taken: u64,
    /// It did not take something at once, and has not caught up since.
    slow: bool,
    /// Lines dropped, and not yet said to be missing.
    dropped: u64,
    /// Lines that never came out.
    lost: u64,
    failed: Option<Failed>,
}

/// Why nothing is written any more.
enum Failed {
    /// The reader is gone: nobody's error.
    Closed,
    /// It cannot be written, for this reason.
    Refused(String),
}

impl Stream {
    const fn new(name: &'static str, file: fn() -> BorrowedFd<'static>) -> Self {
        let state = State {
            threaded: false,
            pending: VecDeque::new(),
            taken: 0,
            slow: false,
            dropped: 0,
            lost: 0,
            failed: None,
        };
        Self { name, file, state: Mutex::new(state), changed: Condvar::new() }
    }

    /// A panic elsewhere makes no byte wrong.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start(&'static self) {
        let spawned = std::thread::Builder::new().name(self.name.to_owned()).spawn(|| self.carry());
        // Without a thread everything is written as before.
        self.lock().threaded = spawned.is_ok();
    }

    fn put(&self, text: &[u8]) {
        let mut state = self.lock();
        if state.failed.is_some() {
            return;
        }
        if !state.threaded {
            drop(state);
            if let Err(error) = write::all((self.file)(), text) {
                self.fail(&error);
            }
            return;
        }
        if state.pending.len() >= ROOM {
            state.dropped += lines(text);
            return;
        }
        if state.dropped > 0 {
            let words = state.gap(self.name);
            state.pending.extend(words.as_bytes());
        }
        state.pending.extend(text);
        self.changed.notify_all();
        if !state.slow {
            let waiting = |state: &mut State| !state.pending.is_empty() && state.failed.is_none();
            let waited = self.changed.wait_timeout_while(state, MOMENT, waiting);
            let (mut state, late) = waited.unwrap_or_else(PoisonError::into_inner);
            state.slow = late.timed_out();
        }
    }

    /// The thread: a piece after the other, for ever.
    fn carry(&self) {
        let mut state = self.lock();
        loop {
            if state.pending.is_empty() {
                state.slow = false;
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let piece: Vec<u8> = state.pending.iter().take(PIECE).copied().collect();
            drop(state);
            let written = write::some((self.file)(), &piece);
            if let Err(error) = &written {
                self.fail(error);
            }
            state = self.lock();
            // What was refused is gone too.
            let taken = written.unwrap_or(0).min(state.pending.len());
            state.pending.drain(..taken);
            state.taken += taken as u64;
            if state.failed.is_some() {
                state.pending.clear();
            }
            self.changed.notify_all();
        }
    }

    /// Writes nothing more. That standard output is full is said at once.
    fn fail(&self, error: &io::Error) {
        let is_closed = error.kind() == io::ErrorKind::BrokenPipe;
        let mut state = self.lock();
        state.failed = Some(if is_closed { Failed::Closed } else { Failed::Refused(error.to_string()) });
        drop(state);
        if !is_closed && std::ptr::eq(self, &OUT) {
            warn(&format!("cannot write to standard output: {error}"));
        }
    }

    /// Waits until everything has been taken, as long as anything is and no signal asks for the end.
    fn settle(&self, signals_before: u32) {
        let mut state = self.lock();
        let (mut taken, mut since) = (state.taken, Instant::now());
        while state.threaded && !state.pending.is_empty() && state.failed.is_none() {
            if state.taken != taken {
                (taken, since) = (state.taken, Instant::now());
            }
            if since.elapsed() >= PATIENCE || signals::count() != signals_before {
                let pending: Vec<u8> = state.pending.drain(..).collect();
                state.lost += lines(&pending);
                break;
            }
            let waited = self.changed.wait_timeout(state, MOMENT);
            (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        }
        state.lost += std::mem::take(&mut state.dropped);
    }

    /// What is missing of it and why; `None` when all that was printed came out, or the reader did not want it.
    fn missing(&self) -> Option<String> {
        let state = self.lock();
        match &state.failed {
            Some(Failed::Refused(why)) => Some(format!("cannot write to {}: {why}", self.name)),
            None if state.lost > 0 => {
                Some(format!("{} was not read: {} lines of it are missing", self.name, count(state.lost)))
            }
            Some(Failed::Closed) | None => None,
        }
    }
}

impl State {
    fn gap(&mut self, name: &str) -> String {
        let dropped = std::mem::take(&mut self.dropped);
        self.lost += dropped;
        format!("katydid: {} lines are missing here: {name} was not read fast enough\n", count(dropped))
    }
}

fn lines(text: &[u8]) -> u64 {
    text.iter().filter(|byte| **byte == b'\n').count() as u64
}

/// From now on nothing that is printed waits for its reader; [`finish`] does, for a while.
pub fn write_from_threads() {
    OUT.start();
    ERR.start();
}

/// Prints on standard output, ending the line if `text` does not.
pub fn say(text: &str) {
    let end = if text.ends_with('\n') { "" } else { "\n" };
    OUT.put(format!("{text}{end}").as_bytes());
}

/// Prints on standard error, after the program's name.
pub fn warn(text: &str) {
    ERR.put(format!("katydid: {}\n", text.trim_end()).as_bytes());
}

/// True when standard output has taken everything so far.
pub fn is_idle() -> bool {
    OUT.lock().pending.is_empty()
}

/// Waits until both streams have taken what was printed. A stream that takes nothing for two seconds is not waited for,
/// nor is any after another signal; what is lost then is said on the other one. False when standard output lacks
/// something that it should have.
pub fn finish() -> bool {
    let signals = signals::count();
    OUT.settle(signals);
    let missing = OUT.missing();
    if let Some(words) = missing.as_deref().filter(|_| OUT.lock().failed.is_none()) {
        warn(words);
    }
    ERR.settle(signals);
    // What only prints has its results on standard output: nothing else may be among them.
    if let Some(words) = ERR.missing().filter(|_| missing.is_none() && ERR.lock().threaded) {
        say(&format!("katydid: {words}"));
        OUT.settle(signals);
    }
    missing.is_none()
}

/// Standard output for what writes in pieces.
#[derive(Debug)]
pub struct Output;

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        OUT.put(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Cells in a line of standard output.
pub fn width() -> usize {
    let out = std::io::stdout();
    if !out.is_terminal() {
        return WIDTH_WITHOUT_TERMINAL;
    }
    let columns = rustix::termios::tcgetwinsize(&out).map_or(0, |size| usize::from(size.ws_col));
    // Some terminals do not tell, and say 0.
    if columns > 0 { columns } else { WIDTH_UNKNOWN }
}

/// Whether the environment asks for no colours: <https://no-color.org>.
pub fn wants_no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use std::io::{PipeReader, PipeWriter, Read as _};
    use std::os::fd::AsFd as _;
    use std::sync::OnceLock;

    use super::*;

    static PIPE: OnceLock<PipeWriter> = OnceLock::new();
    static STREAM: Stream = Stream::new("the pipe", || PIPE.get().expect("a pipe").as_fd());

    fn pipe() -> PipeReader {
        let (reader, writer) = std::io::pipe().unwrap();
        PIPE.set(writer).unwrap();
        reader
    }

    #[test]
    fn what_finds_no_room_is_counted_and_named_where_it_is_missing() {
        let mut reader = pipe();
        STREAM.start();
        let line = format!("{}\n", "x".repeat(999));
        let begin = Instant::now();
        for _ in 0..2_000 {
            STREAM.put(line.as_bytes());
        }
        // It waited for the first line that was not taken, and for no other.
        assert!(begin.elapsed() < MOMENT * 100, "{:?}", begin.elapsed());
        let dropped = STREAM.lock().dropped;
        assert!((800..1_000).contains(&dropped), "{dropped}");

        let mut taken = vec![0; (2_000 - dropped as usize) * 1_000];
        reader.read_exact(&mut taken).unwrap();
        STREAM.put(b"later\n");
        let gap = format!("katydid: {dropped} lines are missing here: the pipe was not read fast enough\nlater\n");
        let mut rest = vec![0; gap.len()];
        reader.read_exact(&mut rest).unwrap();
        assert_eq!(String::from_utf8(rest).unwrap(), gap);
        assert_eq!(STREAM.missing(), Some(format!("the pipe was not read: {dropped} lines of it are missing")));

        // At the end what nobody takes is given up, the reader that is gone is nobody's error.
        for _ in 0..100 {
            STREAM.put(line.as_bytes());
        }
        STREAM.settle(signals::count());
        let lost = STREAM.lock().lost - dropped;
        assert!((35..100).contains(&lost), "{lost}");
        drop(reader);
        STREAM.put(b"nobody\n");
        STREAM.settle(signals::count());
        assert_eq!(STREAM.missing(), None);
    }
}
