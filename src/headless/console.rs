//! Standard output and standard error. If the reader has closed a stream (a closed pipe, a lost terminal), output is
//! dropped without an error.
//!
//! During a run, one thread per stream does the writing: a reader that stops reading (a pager, Ctrl-S) delays neither
//! signals nor the end of the run. The queue is limited. Lost lines are counted, and their number is printed on the
//! other stream. Commands that only print wait for their reader, like any filter.

use std::collections::VecDeque;
use std::io::{self, IsTerminal as _, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::fd::BorrowedFd;
use rustix::fs::FileType;
use rustix::io::Errno;

use crate::clean;
use crate::system::workflow_command::{self, Filter};
use crate::system::{signals, write};
use crate::units::counted;

/// Width of Locust's tables without a terminal: 80 cells of name and 80 of figures.
const WIDTH_WITHOUT_TERMINAL: usize = 160;
/// Width of a terminal that does not report it.
const WIDTH_UNKNOWN: usize = 80;

/// Maximum number of bytes in the queue; output beyond it is dropped.
const QUEUE_LIMIT: usize = 1 << 20;
/// Bytes per write: a pipe accepts this many in one write.
const CHUNK: usize = 4_096;
/// Maximum time that a caller waits for its text to be written, which keeps the two streams in order.
const WRITE_WAIT: Duration = Duration::from_millis(50);
/// How long [`finish`] waits for a stream that is not read.
const STALL_TIMEOUT: Duration = Duration::from_secs(2);

static OUT: Stream = Stream::new("standard output", rustix::stdio::stdout);
static ERR: Stream = Stream::new("standard error", rustix::stdio::stderr);

/// [`say`] prints on standard error.
static RESERVED: AtomicBool = AtomicBool::new(false);

struct Stream {
    name: &'static str,
    file: fn() -> BorrowedFd<'static>,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    /// A thread writes the queue.
    threaded: bool,
    /// Queued bytes, not yet written.
    pending: VecDeque<u8>,
    /// Bytes written so far.
    written: u64,
    /// A write took longer than [`WRITE_WAIT`], and the queue has not been empty since.
    slow: bool,
    /// Dropped lines that have not been reported yet.
    dropped: u64,
    /// Lines that were lost.
    lost: u64,
    failed: Option<Failed>,
    /// Escapes workflow commands in CI.
    filter: Filter,
}

/// Why nothing more is written to a stream.
enum Failed {
    /// The reader closed the stream; not an error.
    Closed,
    /// A write failed; the error message.
    Refused(String),
}

impl Stream {
    const fn new(name: &'static str, file: fn() -> BorrowedFd<'static>) -> Self {
        let state = State {
            threaded: false,
            pending: VecDeque::new(),
            written: 0,
            slow: false,
            dropped: 0,
            lost: 0,
            failed: None,
            filter: Filter::new(),
        };
        Self { name, file, state: Mutex::new(state), changed: Condvar::new() }
    }

    /// The state stays valid if a thread panics while it holds the lock.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start(&'static self) {
        let spawned = std::thread::Builder::new().name(self.name.to_owned()).spawn(|| self.write_queue());
        // Without a thread, callers write directly.
        self.lock().threaded = spawned.is_ok();
    }

    /// Writes text, which is not executed by a CI system.
    fn put(&self, text: &[u8]) {
        let escaped = workflow_command::escape(&mut self.lock().filter, text);
        self.put_raw(escaped.as_deref().map_or(text, str::as_bytes));
    }

    /// Writes a line that the CI system executes.
    fn put_command(&self, line: &str) {
        let before = std::mem::take(&mut self.lock().filter);
        let start = if before.is_at_start() { "" } else { "\n" };
        self.put_raw(format!("{start}{line}\n").as_bytes());
    }

    fn put_raw(&self, text: &[u8]) {
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
        if state.pending.len() >= QUEUE_LIMIT {
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
            let waited = self.changed.wait_timeout_while(state, WRITE_WAIT, waiting);
            let (mut state, late) = waited.unwrap_or_else(PoisonError::into_inner);
            state.slow = late.timed_out();
        }
    }

    /// Main loop of the thread: writes the queue chunk by chunk.
    fn write_queue(&self) {
        let mut state = self.lock();
        loop {
            if state.pending.is_empty() {
                state.slow = false;
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let chunk: Vec<u8> = state.pending.iter().take(CHUNK).copied().collect();
            drop(state);
            let written = write::some((self.file)(), &chunk);
            if let Err(error) = &written {
                self.fail(error);
            }
            state = self.lock();
            // A failed chunk is dropped too.
            let taken = written.unwrap_or(0).min(state.pending.len());
            state.pending.drain(..taken);
            state.written += taken as u64;
            if state.failed.is_some() {
                state.pending.clear();
            }
            self.changed.notify_all();
        }
    }

    /// Stops writing to the stream. An error on standard output is printed on standard error.
    fn fail(&self, error: &io::Error) {
        // A terminal that was closed reports EIO.
        let is_device = |stat: rustix::fs::Stat| FileType::from_raw_mode(stat.st_mode) == FileType::CharacterDevice;
        let is_hung_up = error.raw_os_error() == Some(Errno::IO.raw_os_error())
            && rustix::fs::fstat((self.file)()).is_ok_and(is_device);
        let is_closed = error.kind() == io::ErrorKind::BrokenPipe || is_hung_up;
        let mut state = self.lock();
        state.failed = Some(if is_closed { Failed::Closed } else { Failed::Refused(clean::cause(error)) });
        drop(state);
        if !is_closed && std::ptr::eq(self, &OUT) {
            warn(&format!("cannot write to standard output: {}", clean::cause(error)));
        }
    }

    /// Waits until the queue is empty. Gives up after [`STALL_TIMEOUT`] without progress, or when another signal
    /// arrives.
    fn flush_queue(&self, signals_before: u32) {
        let mut state = self.lock();
        let (mut written, mut since) = (state.written, Instant::now());
        while state.threaded && !state.pending.is_empty() && state.failed.is_none() {
            if state.written != written {
                (written, since) = (state.written, Instant::now());
            }
            if since.elapsed() >= STALL_TIMEOUT || signals::count() != signals_before {
                let pending: Vec<u8> = state.pending.drain(..).collect();
                state.lost += lines(&pending);
                break;
            }
            let waited = self.changed.wait_timeout(state, WRITE_WAIT);
            (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        }
        state.lost += std::mem::take(&mut state.dropped);
    }

    /// Describes lost output; `None` if everything was written, or if the reader closed the stream.
    fn missing(&self) -> Option<String> {
        let state = self.lock();
        match &state.failed {
            Some(Failed::Refused(why)) => Some(format!("cannot write to {}: {why}", self.name)),
            None if state.lost > 0 => Some(format!("{} was not read: {} lost", self.name, counted(state.lost, "line"))),
            Some(Failed::Closed) | None => None,
        }
    }
}

impl State {
    fn gap(&mut self, name: &str) -> String {
        let dropped = std::mem::take(&mut self.dropped);
        self.lost += dropped;
        format!("katydid: {} lost here: {name} was not read fast enough\n", counted(dropped, "line"))
    }
}

fn lines(text: &[u8]) -> u64 {
    text.iter().filter(|byte| **byte == b'\n').count() as u64
}

/// Starts the writer threads. From now on printing does not wait for the reader; only [`finish`] does, for a limited
/// time.
pub fn write_from_threads() {
    OUT.start();
    ERR.start();
}

/// Makes [`say`] print on standard error, so that standard output contains only [`data`].
pub fn reserve_output() {
    RESERVED.store(true, Ordering::Relaxed);
}

/// Prints on standard output; adds a line break if `text` does not end with one.
pub fn say(text: &str) {
    let stream = if RESERVED.load(Ordering::Relaxed) { &ERR } else { &OUT };
    put_line(stream, text);
}

/// Prints a workflow command of GitHub Actions, where [`say`] prints.
pub fn command(line: &str) {
    let stream = if RESERVED.load(Ordering::Relaxed) { &ERR } else { &OUT };
    stream.put_command(line);
}

/// Prints machine-readable data on standard output.
pub fn data(text: &str) {
    put_line(&OUT, text);
}

/// Prints a complete log line on standard error.
pub fn log(line: &str) {
    ERR.put(line.as_bytes());
}

fn put_line(stream: &Stream, text: &str) {
    let end = if text.ends_with('\n') { "" } else { "\n" };
    stream.put(format!("{text}{end}").as_bytes());
}

/// Waits until standard output is written, as [`finish`] does. Returns false if it is incomplete.
pub fn flush() -> bool {
    OUT.flush_queue(signals::count());
    OUT.missing().is_none()
}

/// Prints on standard error, prefixed with the program's name. Control characters, which paths and hosts can contain, are
/// replaced by spaces.
pub fn warn(text: &str) {
    let lines: Vec<_> = text.trim_end().split('\n').map(|line| clean::line(line.trim_end_matches('\r'))).collect();
    ERR.put(format!("katydid: {}\n", lines.join("\n")).as_bytes());
}

/// True if the queue of the stream that [`say`] prints on is empty.
pub fn is_idle() -> bool {
    let stream = if RESERVED.load(Ordering::Relaxed) { &ERR } else { &OUT };
    stream.lock().pending.is_empty()
}

/// Waits until both streams are written. Gives up on a stream that is not read for two seconds, and on both after
/// another signal; the number of lost lines is printed on the other stream. Returns false if standard output is
/// incomplete.
pub fn finish() -> bool {
    let signals = signals::count();
    OUT.flush_queue(signals);
    let missing = OUT.missing();
    if let Some(words) = missing.as_deref().filter(|_| OUT.lock().failed.is_none()) {
        warn(words);
    }
    ERR.flush_queue(signals);
    // The output of commands that only print must not be mixed with warnings.
    if let Some(words) = ERR.missing().filter(|_| missing.is_none() && ERR.lock().threaded) {
        say(&format!("katydid: {words}"));
        OUT.flush_queue(signals);
    }
    missing.is_none()
}

/// Standard output as [`Write`].
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

/// Width of standard output, in cells.
pub fn width() -> usize {
    let out = std::io::stdout();
    if !out.is_terminal() {
        return WIDTH_WITHOUT_TERMINAL;
    }
    let columns = rustix::termios::tcgetwinsize(&out).map_or(0, |size| usize::from(size.ws_col));
    // Some terminals report a width of 0.
    if columns > 0 { columns } else { WIDTH_UNKNOWN }
}

/// The same for tables that other programs read without a terminal: nothing is truncated there.
pub fn full_width() -> usize {
    if std::io::stdout().is_terminal() { width() } else { usize::MAX }
}

/// True if the environment disables colours: <https://no-color.org>.
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
    fn dropped_lines_are_counted_and_reported_where_they_are_missing() {
        let mut reader = pipe();
        STREAM.start();
        let line = format!("{}\n", "x".repeat(999));
        let begin = Instant::now();
        for _ in 0..2_000 {
            STREAM.put(line.as_bytes());
        }
        // Only the first line that is not read blocks the caller.
        assert!(begin.elapsed() < WRITE_WAIT * 100, "{:?}", begin.elapsed());
        let dropped = STREAM.lock().dropped;
        assert!((800..1_000).contains(&dropped), "{dropped}");

        let mut taken = vec![0; (2_000 - dropped as usize) * 1_000];
        reader.read_exact(&mut taken).unwrap();
        STREAM.put(b"later\n");
        let gap = format!("katydid: {dropped} lines lost here: the pipe was not read fast enough\nlater\n");
        let mut rest = vec![0; gap.len()];
        reader.read_exact(&mut rest).unwrap();
        assert_eq!(String::from_utf8(rest).unwrap(), gap);
        assert_eq!(STREAM.missing(), Some(format!("the pipe was not read: {dropped} lines lost")));

        // At the end, give up on a reader that does not read; a closed reader is not an error.
        for _ in 0..100 {
            STREAM.put(line.as_bytes());
        }
        STREAM.flush_queue(signals::count());
        let lost = STREAM.lock().lost - dropped;
        assert!((35..100).contains(&lost), "{lost}");
        drop(reader);
        STREAM.put(b"unread\n");
        STREAM.flush_queue(signals::count());
        assert_eq!(STREAM.missing(), None);
    }
}
