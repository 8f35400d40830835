//! Runs the checks.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use super::answer::Answer;
use super::line::Line;
use super::registry::{CHECKS, Check};
use super::subject::{Mode, Subject};
use crate::units;

/// Additional time after the deadline, at which a check that waits says for what. Also ends checks that block their
/// thread, such as on an unresponsive disk.
const MARGIN: Duration = Duration::from_millis(200);

/// Starts the checks on a thread of their own. Each answer is sent as soon as it is there; the channel closes after the
/// last one. If no thread can be started, there are no answers.
fn start(subject: Subject) -> Receiver<Answer> {
    let (sender, answers) = channel();
    // Without a thread, the sender is dropped, which closes the channel.
    let _ = std::thread::Builder::new().name("doctor".to_owned()).spawn(move || work(&subject, &sender));
    answers
}

/// Runs the checks, and returns their answers in display order. A check without an answer in time has a warning.
pub fn run(subject: Subject) -> Vec<Answer> {
    let (mode, deadline) = (subject.mode, subject.deadline + MARGIN);
    let receiver = start(subject);
    let mut answers = Vec::new();
    // Ends when all have answered, or at the deadline.
    while let Ok(answer) = receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        answers.push(answer);
    }
    let mut answered = |check: &'static Check| {
        let at = answers.iter().position(|answer: &Answer| answer.check.id == check.id);
        at.map_or_else(|| Answer { check, lines: vec![unfinished(mode)] }, |at| answers.swap_remove(at))
    };
    of(mode).map(&mut answered).collect()
}

/// The checks of a mode.
fn of(mode: Mode) -> impl Iterator<Item = &'static Check> {
    CHECKS.iter().filter(move |check| mode == Mode::Full || check.in_preflight)
}

fn unfinished(mode: Mode) -> Line {
    let limit = units::plain(mode.limit());
    Line::warning(
        format!("the check did not finish within {limit}"),
        "Run `katydid doctor` again, or check this by hand.",
    )
}

fn work(subject: &Subject, sender: &Sender<Answer>) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
    runtime.block_on(async {
        let checks = of(subject.mode).map(|check| async move {
            let lines = tokio::time::timeout_at((subject.deadline + MARGIN / 2).into(), (check.run)(subject)).await;
            let lines = lines.unwrap_or_else(|_| vec![unfinished(subject.mode)]);
            let clean = |line: Line| Line { found: subject.clean(&line.found), ..line };
            Answer { check, lines: lines.into_iter().map(clean).collect() }
        });
        let mut checks: FuturesUnordered<_> = checks.collect();
        while let Some(answer) = checks.next().await {
            if sender.send(answer).is_err() {
                // Nobody waits for the others.
                break;
            }
        }
    });
    // Does not wait for a pending name lookup.
    runtime.shutdown_background();
}
