//! Signals that ask the program to end. Each that would end it without a word is heard instead, so that files are
//! written and the terminal is given back; one that is ignored when the program starts stays ignored.

use std::future::poll_fn;
use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use rustix::process::Signal as Named;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Signals that come within this time of each other count as one: `timeout` sends to its child and then to the group.
const TOGETHER: Duration = Duration::from_millis(300);

/// What ends a process by default and can be heard. Faults of the program itself (SEGV, BUS, FPE, ILL) cannot: after
/// them nothing may go on. PIPE is ignored in every Rust program.
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

/// Signals of real time, without names.
#[cfg(target_os = "linux")]
const UNNAMED: std::ops::RangeInclusive<i32> = 34..=64;
#[cfg(not(target_os = "linux"))]
const UNNAMED: std::ops::Range<i32> = 0..0;

/// A file has reached the limit of its size.
pub const FILE_SIZE: i32 = Named::XFSZ.as_raw();
/// The terminal asks to stop for a while (Ctrl-Z).
pub const SUSPEND: i32 = Named::TSTP.as_raw();
/// The signal of Ctrl-C.
pub const INTERRUPT: i32 = Named::INT.as_raw();
/// The signal that asks a program to end.
pub const TERMINATE: i32 = Named::TERM.as_raw();
/// The terminal is gone.
pub const HANG_UP: i32 = Named::HUP.as_raw();

/// How many there have been; what comes together counts once.
static COUNT: AtomicU32 = AtomicU32::new(0);

/// How many signals have asked for the end since the program began.
pub fn count() -> u32 {
    COUNT.load(Ordering::Relaxed)
}

/// Calls `heard` with the number of each signal that asks for the end, and of each in `also`, on a thread of its own
/// until the program ends. From now on none of them ends the program by itself.
///
/// # Errors
/// When the system refuses the thread or a handler.
pub fn listen(also: &'static [i32], mut heard: impl FnMut(i32) + Send + 'static) -> io::Result<()> {
    let (answer, answered) = std::sync::mpsc::channel();
    let work = move || {
        let started = tokio::runtime::Builder::new_current_thread().enable_io().build().and_then(|runtime| {
            let signals = handlers(&runtime, also)?;
            Ok((runtime, signals))
        });
        let (runtime, mut signals) = match started {
            Ok(started) => started,
            Err(error) => return drop(answer.send(Err(error))),
        };
        // Whoever started this waits for it.
        let _ = answer.send(Ok(()));
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
                heard(number);
            }
        });
    };
    std::thread::Builder::new().name("signals".into()).spawn(work)?;
    answered.recv().unwrap_or_else(|gone| Err(io::Error::other(gone)))
}

/// A handler for each signal that asks for the end, and for each in `also`, but for those that the process ignores.
fn handlers(runtime: &tokio::runtime::Runtime, also: &[i32]) -> io::Result<Vec<(i32, Signal)>> {
    let _inside = runtime.enter();
    let ignored = ignored();
    let mut handlers = Vec::new();
    for number in ENDING.iter().map(|signal| signal.as_raw()).chain(UNNAMED).chain(also.iter().copied()) {
        if is_in(ignored, number) {
            continue;
        }
        match signal(SignalKind::from_raw(number)) {
            Ok(handler) => handlers.push((number, handler)),
            // What observes a program may keep some of these for itself, as Valgrind does.
            Err(_) if UNNAMED.contains(&number) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(handlers)
}

/// From now on a file that reaches the limit of its size ends nothing: the write returns an error, which is said with
/// the name of the file.
pub fn survive_file_limit() {
    if is_in(ignored(), FILE_SIZE) {
        return;
    }
    // The handler stays when the runtime that it needs for a moment is gone. Without one all is as before.
    if let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() {
        let _inside = runtime.enter();
        drop(signal(SignalKind::from_raw(FILE_SIZE)));
    }
}

/// What a signal says, in words.
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

/// The signals that this process ignores, a bit each from the first: those that `nohup` or a shell has turned off for
/// what it starts. None where the system has no such file.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

fn is_in(mask: u64, number: i32) -> bool {
    u32::try_from(number - 1).ok().and_then(|bit| mask.checked_shr(bit)).is_some_and(|rest| rest & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_has_a_bit_for_each_signal_from_the_first() {
        for (mask, number, is) in
            [(1, 1, true), (1, 2, false), (0x1000, 13, true), (1 << 63, 64, true), (u64::MAX, 65, false)]
        {
            assert_eq!(is_in(mask, number), is, "{mask:x} {number}");
        }
        // A Rust program ignores PIPE from its start.
        #[cfg(target_os = "linux")]
        assert!(is_in(ignored(), Named::PIPE.as_raw()));
    }

    #[test]
    fn signals_have_words() {
        assert_eq!([2, 15, 1, 10].map(words), ["interrupted", "asked to terminate", "terminal gone", "signal 10"]);
    }
}
