//! Signals that ask the program to end. They are handled instead of ending it at once, so that files are written and
//! the terminal is restored. Signals that are ignored at the start of the program stay ignored.

use std::future::poll_fn;
use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use rustix::process::Signal as Named;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Signals within this time count as one: `timeout` sends one to its child and then to the group.
const TOGETHER: Duration = Duration::from_millis(300);

/// Signals that end a process by default and can be handled. Faults of the program (SEGV, BUS, FPE, ILL) are not: it
/// cannot continue after them. PIPE is ignored in every Rust program.
const ENDING: &[Named] = &[
    Named::HUP,
    Named::INT,
    Named::QUIT,
    Named::TERM,
    Named::ABORT,
    Named::TRAP,
    Named::SYS,
    Named::USR1,
    Named::USR2,
    Named::ALARM,
    Named::VTALARM,
    Named::PROF,
    Named::XCPU,
    Named::IO,
    #[cfg(target_os = "linux")]
    Named::STKFLT,
    #[cfg(target_os = "linux")]
    Named::POWER,
];

/// Real-time signals, which have no names.
#[cfg(target_os = "linux")]
const UNNAMED: std::ops::RangeInclusive<i32> = 34..=64;
#[cfg(not(target_os = "linux"))]
const UNNAMED: std::ops::Range<i32> = 0..0;

/// A file has reached its size limit.
pub const FILE_SIZE: i32 = Named::XFSZ.as_raw();
/// The terminal asks to suspend (Ctrl-Z).
pub const SUSPEND: i32 = Named::TSTP.as_raw();
/// Ctrl-C.
pub const INTERRUPT: i32 = Named::INT.as_raw();
/// The default signal of `kill`.
pub const TERMINATE: i32 = Named::TERM.as_raw();
/// The terminal was closed.
pub const HANG_UP: i32 = Named::HUP.as_raw();

/// Number of signals; those within [`TOGETHER`] count as one.
static COUNT: AtomicU32 = AtomicU32::new(0);

/// Number of signals that have asked for the end so far.
pub fn count() -> u32 {
    COUNT.load(Ordering::Relaxed)
}

/// Starts a thread that calls `handle` with the number of each signal that asks for the end, and of each in `also`.
/// From now on, none of them ends the program by itself.
///
/// # Errors
/// When the thread or a handler cannot be created.
pub fn listen(also: &'static [i32], mut handle: impl FnMut(i32) + Send + 'static) -> io::Result<()> {
    let (ready, is_ready) = std::sync::mpsc::channel();
    let work = move || {
        let started = tokio::runtime::Builder::new_current_thread().enable_io().build().and_then(|runtime| {
            let signals = handlers(&runtime, also)?;
            Ok((runtime, signals))
        });
        let (runtime, mut signals) = match started {
            Ok(started) => started,
            Err(error) => return drop(ready.send(Err(error))),
        };
        // The caller waits for it.
        let _ = ready.send(Ok(()));
        runtime.block_on(async {
            let mut last: Option<Instant> = None;
            loop {
                let number = next(&mut signals).await;
                let ends = !also.contains(&number);
                if ends && last.is_some_and(|at| at.elapsed() < TOGETHER) {
                    continue;
                }
                if ends {
                    last = Some(Instant::now());
                    COUNT.fetch_add(1, Ordering::Relaxed);
                }
                handle(number);
            }
        });
    };
    std::thread::Builder::new().name("signals".into()).spawn(work)?;
    is_ready.recv().unwrap_or_else(|gone| Err(io::Error::other(gone)))
}

/// A handler for each signal that asks for the end, and for each in `also`, except those that the process ignores.
fn handlers(runtime: &tokio::runtime::Runtime, also: &[i32]) -> io::Result<Vec<(i32, Signal)>> {
    let _inside = runtime.enter();
    let ignored = ignored();
    let mut handlers = Vec::new();
    for number in ENDING.iter().map(|signal| signal.as_raw()).chain(UNNAMED).chain(also.iter().copied()) {
        if is_set(ignored, number) {
            continue;
        }
        match signal(SignalKind::from_raw(number)) {
            Ok(handler) => handlers.push((number, handler)),
            // A debugger may reserve some of these, as Valgrind does.
            Err(_) if UNNAMED.contains(&number) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(handlers)
}

/// Makes a write that reaches the file size limit return an error, which names the file, instead of ending the program.
pub fn survive_file_limit() {
    if is_set(ignored(), FILE_SIZE) {
        return;
    }
    // The handler outlives the runtime that registers it. Without one, the default applies.
    if let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() {
        let _inside = runtime.enter();
        drop(signal(SignalKind::from_raw(FILE_SIZE)));
    }
}

/// Describes a signal.
pub fn words(number: i32) -> String {
    match Named::from_named_raw(number) {
        Some(Named::INT) => "interrupted".to_owned(),
        Some(Named::TERM) => "asked to terminate".to_owned(),
        Some(Named::HUP) => "terminal gone".to_owned(),
        _ => format!("signal {number}"),
    }
}

async fn next(signals: &mut [(i32, Signal)]) -> i32 {
    poll_fn(|context| {
        for (number, signal) in signals.iter_mut() {
            if signal.poll_recv(context).is_ready() {
                return Poll::Ready(*number);
            }
        }
        Poll::Pending
    })
    .await
}

/// The signals that this process ignores, one bit each, starting with signal 1: `nohup` and shells disable some for the
/// programs that they start. None if the system does not report them.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

fn is_set(mask: u64, number: i32) -> bool {
    u32::try_from(number - 1).ok().and_then(|bit| mask.checked_shr(bit)).is_some_and(|rest| rest & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_of_a_mask_are_signals() {
        for (mask, number, is) in
            [(1, 1, true), (1, 2, false), (0x1000, 13, true), (1 << 63, 64, true), (u64::MAX, 65, false)]
        {
            assert_eq!(is_set(mask, number), is, "{mask:x} {number}");
        }
        // Rust programs ignore PIPE.
        #[cfg(target_os = "linux")]
        assert!(is_set(ignored(), Named::PIPE.as_raw()));
    }

    #[test]
    fn signals_are_described() {
        assert_eq!([2, 15, 1, 10].map(words), ["interrupted", "asked to terminate", "terminal gone", "signal 10"]);
    }
}
