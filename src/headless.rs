//! The same run without a screen: Locust's table every few seconds, its final tables at the end.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval_at};

use crate::clean;
use crate::engine::{Command, RunHandle};
use crate::report::text::{self, Period};
use crate::stats::Snapshot;
use crate::stats::snapshot::Level;
use crate::units;

/// How often the table is printed: Locust's two seconds.
const PERIOD: Duration = Duration::from_secs(2);

/// What a headless run prints.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Print only the final tables.
    pub only_summary: bool,
}

/// Follows a run to its end; the first INT, TERM or HUP stops it gracefully, a second one cuts it.
///
/// # Errors
/// When the runtime that waits for signals cannot be started.
pub fn follow(handle: RunHandle, options: Options) -> io::Result<Arc<Snapshot>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut signals = Signals::new()?;
        let start = handle.latest();
        say(&start_line(&start));
        let mut waiting = handle.clone();
        let finished = waiting.finished();
        tokio::pin!(finished);
        let mut table = interval_at(tokio::time::Instant::now() + PERIOD, PERIOD);
        table.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut warned = None;
        loop {
            tokio::select! {
                last = &mut finished => {
                    say(&last_words(&last));
                    return Ok(last);
                }
                name = signals.next() => {
                    say(&format!("{name}: stopping; once more cuts what still runs\n"));
                    // A run that has just ended needs no stop.
                    let _ = handle.send(Command::Stop);
                }
                _ = table.tick(), if !options.only_summary => {
                    let now = handle.latest();
                    say(&format!("{}\n", text::requests(&now, Period::Now, width())));
                    if now.health.why != warned {
                        warned = now.health.why.clone();
                        warn(&now);
                    }
                }
            }
        }
    })
}

/// Waits for INT, TERM or HUP.
///
/// # Errors
/// When the runtime that waits for signals cannot be started.
pub fn wait_for_signal() -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        Signals::new()?.next().await;
        Ok(())
    })
}

struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    hang_up: tokio::signal::unix::Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.hang_up.recv() => "SIGHUP",
        }
    }
}

fn start_line(start: &Snapshot) -> String {
    let length =
        start.run.run_time.map_or_else(|| "until stopped".to_owned(), |time| format!("for {}", units::plain(time)));
    format!(
        "katydid {}: {} on {}, {} users at {} a second, {length}, seed {}\n",
        env!("CARGO_PKG_VERSION"),
        clean::line(&start.run.scenario),
        clean::line(&start.run.host),
        start.load.target,
        units::PerSecond(start.load.spawn_rate),
        start.run.seed,
    )
}

fn last_words(last: &Snapshot) -> String {
    let mut out = text::tables(last, width());
    out.push_str(&text::summary(last, width()));
    out
}

/// The width of Locust's tables where there is no terminal.
fn width() -> usize {
    rustix::termios::tcgetwinsize(rustix::stdio::stdout()).map_or(160, |size| usize::from(size.ws_col).max(80))
}

/// A reader that has gone away does not end the run.
fn say(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

fn warn(now: &Snapshot) {
    let word = match now.health.level {
        Level::Green => "fine again",
        Level::Amber => "strained",
        Level::Red => "the bottleneck: these numbers are about it, not about the server",
    };
    let why = now.health.why.as_deref().unwrap_or("");
    let _ = writeln!(io::stderr().lock(), "katydid: the load generator is {word}. {why}");
}
