//! The main loop: takes events, updates the model, carries out effects, and draws a frame when something changed.

mod background;
mod checks;
mod events;
mod exports;
mod leaving;
mod lister;
mod pacing;
mod reader;
mod suspend;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use super::event::Event;
use super::exit::{Exit, Outcome, TuiError};
use super::model::{Item, Model, Planned};
use super::starter::Starter;
use super::terminal::{self, PanicGuard, Screen};
use super::update::{self, Effect, Message};
use super::{input, view};
use crate::engine::{Command, RunHandle};
use crate::scenario::Overrides;
use crate::scenario::catalog::Entry;
use crate::settings::Settings;
use crate::stats::Snapshot;
use crate::store::Writing;
use exports::Exports;
use leaving::{GRACE, Leaving};
use lister::Lister;
use pacing::Pacing;
use reader::{HOLD, Reader};

/// Interval of checks for what changes with time only.
const TICK: Duration = Duration::from_millis(50);
/// Interval of checks for a hang-up.
const WATCH: Duration = Duration::from_secs(1);

struct Loop<'a> {
    model: Model,
    starter: &'a mut dyn Starter,
    sender: Sender<Event>,
    events: Receiver<Event>,
    /// Taken from `events` while waiting for another event.
    waiting: VecDeque<Event>,
    handle: Option<RunHandle>,
    run: u64,
    last: Option<Arc<Snapshot>>,
    exports: Exports,
    /// Outputs that are being written.
    writing: Vec<Writing>,
    /// A Redis server is being probed.
    probing: bool,
    reader: Reader,
    lister: Lister,
    /// Number of the last checks in the background.
    checks: u64,
    begun: Instant,
    leaving: Option<Leaving>,
    /// How long the screen stays open after the end of the run, and when the run ended.
    autoquit: Option<Duration>,
    ended: Option<Instant>,
    dirty: bool,
    pacing: Pacing,
    redraw: bool,
}

pub(crate) fn run(entries: Vec<Entry>, starter: &mut dyn Starter, settings: &Settings) -> Result<Outcome, TuiError> {
    let (sender, events) = channel();
    let stop = Arc::new(AtomicBool::new(false));
    let mut model = Model::new(entries, settings);
    model.launcher.destinations = starter.destinations();
    // Signals first: from here on, the terminal is restored however the program ends.
    input::signals(sender.clone())?;
    let _hook = PanicGuard::install(sender.clone());
    let mut screen = Screen::enter()?;
    input::keys(sender.clone(), stop.clone())?;
    let effects =
        if settings.autostart { update::update(&mut model, super::action::Action::Start) } else { Vec::new() };
    let mut this = Loop {
        model,
        starter,
        sender,
        events,
        waiting: VecDeque::new(),
        handle: None,
        run: 0,
        last: None,
        exports: Exports::new(settings.out.clone()),
        writing: Vec::new(),
        probing: false,
        reader: Reader::default(),
        lister: Lister::default(),
        checks: 0,
        begun: Instant::now(),
        leaving: None,
        autoquit: settings.autoquit,
        ended: None,
        dirty: true,
        pacing: Pacing::default(),
        redraw: false,
    };
    let result = this.run_until_exit(&mut screen, effects);
    stop.store(true, Ordering::Relaxed);
    drop(screen);
    let exit = result?;
    this.finish_export();
    Ok(Outcome { last: this.last, exports: this.exports.files, exit })
}

impl Loop<'_> {
    fn run_until_exit(&mut self, screen: &mut Screen, effects: Vec<Effect>) -> Result<Exit, TuiError> {
        for effect in effects {
            self.effect(effect, screen)?;
        }
        let mut watched = Instant::now();
        loop {
            if let Some(exit) = self.finished() {
                return Ok(exit);
            }
            let now = Instant::now();
            if now.duration_since(watched) >= WATCH {
                watched = now;
                if terminal::gone() {
                    self.leave(Exit::HangUp);
                }
            }
            let is_left_alone = self.ended.zip(self.autoquit).is_some_and(|(ended, stay)| ended.elapsed() >= stay);
            if is_left_alone && self.leaving.is_none() && self.model.launcher.checking.is_none() {
                self.leave(Exit::Quit);
            }
            self.read();
            let due = self.pacing.due_in(now).is_zero();
            let held = self.is_held();
            if self.dirty && due && !held && !self.has_no_terminal() && screen.ready() {
                self.pacing.draws(now);
                self.draw(screen);
            }
            let wait = if held {
                HOLD
            } else if self.dirty {
                self.pacing.retry_in(now)
            } else if self.awaits_time() {
                TICK
            } else {
                WATCH / 2
            };
            if let Some(event) = self.next(wait) {
                self.event(event, screen)?;
                while let Ok(event) = self.events.try_recv() {
                    self.event(event, screen)?;
                }
            }
            self.show_news();
            if let Some(run) = &mut self.model.run {
                let sending = self.starter.sending();
                self.dirty |= run.sending != sending;
                run.sending = sending;
            }
            self.message(Message::Tick, screen)?;
            self.probe();
            self.look();
        }
    }

    fn draw(&mut self, screen: &mut Screen) {
        self.dirty = false;
        let cleared = if std::mem::take(&mut self.redraw) { screen.clear() } else { Ok(()) };
        let model = &self.model;
        if cleared.and_then(|()| screen.draw(|frame| view::draw(model, frame))).is_err() {
            self.leave(Exit::HangUp);
        }
    }

    /// True if there is no terminal to draw on.
    fn has_no_terminal(&self) -> bool {
        self.leaving.as_ref().is_some_and(Leaving::has_no_terminal)
    }

    /// True if something is due at a certain time, without an event.
    fn awaits_time(&self) -> bool {
        self.leaving.is_some() || self.model.run.as_ref().is_some_and(|r| r.users.unsent || r.rate.unsent)
    }

    fn next(&mut self, wait: Duration) -> Option<Event> {
        if let Some(event) = self.waiting.pop_front() {
            return Some(event);
        }
        self.events.recv_timeout(wait).ok()
    }

    /// The exit, once there is nothing left to wait for.
    fn finished(&mut self) -> Option<Exit> {
        let leaving = self.leaving.as_mut()?;
        let now = Instant::now();
        if leaving.is_time_to_abort(now) {
            // The engine may have ended.
            let _ = self.handle.as_ref().map(|h| h.send(Command::Stop));
        }
        (self.handle.is_none() || leaving.is_over(now)).then_some(leaving.exit())
    }

    fn message(&mut self, message: Message, screen: &mut Screen) -> Result<(), TuiError> {
        self.model.now = self.begun.elapsed();
        let messages =
            |model: &Model| (model.toast.is_some(), model.run.as_ref().is_some_and(|run| run.note.is_some()));
        let before = messages(&self.model);
        let tick = matches!(message, Message::Tick);
        let effects = update::handle(&mut self.model, message);
        self.dirty |= !tick || before != messages(&self.model);
        for effect in effects {
            self.effect(effect, screen)?;
        }
        Ok(())
    }

    fn effect(&mut self, effect: Effect, screen: &mut Screen) -> Result<(), TuiError> {
        match effect {
            Effect::Start { index, .. } if self.has_changed(index) => self.model.launcher.read_and_start(index),
            Effect::Start { index, overrides } => match self.preflight(index, &overrides) {
                Some(number) => self.message(Message::Checking { number, index, overrides }, screen)?,
                None => self.effect(Effect::Launch { index, overrides, warning: String::new() }, screen)?,
            },
            Effect::Launch { index, overrides, warning } => {
                let message = self.start(index, overrides);
                let is_started = matches!(message, Message::Started { .. });
                self.message(message, screen)?;
                if is_started && !warning.is_empty() {
                    self.model.show_toast(warning, true);
                }
            }
            Effect::Diagnose => {
                if let Some(number) = self.diagnose() {
                    self.message(Message::Diagnosing(number), screen)?;
                }
            }
            Effect::Send(command) => {
                let sent = self.handle.as_ref().map(|h| h.send(command));
                if let Some(Err(error)) = sent {
                    self.model.show_toast(error.to_string(), true);
                }
            }
            Effect::Export(snapshot) => self.exports.start(snapshot, &self.sender),
            Effect::Quit => self.leave(Exit::Quit),
            Effect::Force => {
                self.leave(Exit::Quit);
                // The first stop may have been sent just now; the second one aborts.
                self.leave(Exit::Quit);
            }
            Effect::Suspend => self.suspend(screen)?,
            Effect::Redraw => {
                self.redraw = true;
                self.dirty = true;
            }
        }
        Ok(())
    }

    fn start(&mut self, index: usize, overrides: Overrides) -> Message {
        let Some(Ok(scenario)) = self.model.launcher.items.get(index).and_then(Item::scenario) else {
            return Message::Refused("the scenario no longer exists".to_owned());
        };
        let planned = match scenario.plan(&overrides) {
            Ok(plan) => Planned::new(&plan),
            Err(error) => return Message::Refused(error.text),
        };
        let handle = match self.starter.start(scenario, &overrides) {
            Ok(handle) => handle,
            Err(why) => return Message::Refused(why),
        };
        self.run += 1;
        if let Err(error) = input::snapshots(&handle, self.run, self.sender.clone()) {
            return Message::Refused(error.to_string());
        }
        let first = handle.latest();
        self.last = Some(first.clone());
        self.handle = Some(handle);
        self.writing = self.starter.writing();
        self.ended = None;
        Message::Started { index, overrides, planned, first }
    }

    /// Waits for an export that is being written.
    fn finish_export(&mut self) {
        let end = Instant::now() + Duration::from_secs(5);
        while self.exports.is_writing() {
            let Some(left) = end.checked_duration_since(Instant::now()) else { return };
            match self.events.recv_timeout(left) {
                Ok(Event::Exported(result)) => self.exports.ended(&result),
                Ok(_) => {}
                Err(_) => return,
            }
        }
    }

    /// Starts leaving; if already leaving, aborts running tasks.
    fn leave(&mut self, exit: Exit) {
        self.model.leaving = true;
        self.dirty = true;
        if let Some(handle) = &self.handle {
            let _ = handle.send(Command::Stop);
        }
        let now = Instant::now();
        match &mut self.leaving {
            Some(leaving) => leaving.again(exit, now),
            None => {
                let patience = self.model.run.as_ref().map_or(GRACE, |run| run.planned.stop_timeout);
                self.leaving = Some(Leaving::new(exit, patience, now));
            }
        }
    }
}
