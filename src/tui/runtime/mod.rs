//! The main loop: takes events, updates the model, carries out effects, and draws a frame when something changed.

mod checks;
mod exports;
mod leaving;
mod reader;
mod suspend;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use crossterm::event::Event as Input;

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
use crate::store::{News, Writing};
use crate::system::signals;
use exports::Exports;
use leaving::{GRACE, Leaving};
use reader::{HOLD, Reader};

/// Minimum time between two frames.
const FRAME: Duration = Duration::from_millis(100);
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
    /// Number of the last checks in the background.
    checks: u64,
    begun: Instant,
    leaving: Option<Leaving>,
    /// How long the screen stays open after the end of the run, and when the run ended.
    autoquit: Option<Duration>,
    ended: Option<Instant>,
    dirty: bool,
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
        checks: 0,
        begun: Instant::now(),
        leaving: None,
        autoquit: settings.autoquit,
        ended: None,
        dirty: true,
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
        let (mut drawn, mut watched) = (None::<Instant>, Instant::now());
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
            let due = drawn.is_none_or(|at| now.duration_since(at) >= FRAME);
            let held = self.is_held();
            if self.dirty && due && !held && !self.has_no_terminal() && screen.ready() {
                drawn = Some(now);
                self.draw(screen);
            }
            // If the terminal is busy, retry a little later.
            let wait = if held {
                HOLD
            } else if self.dirty || self.awaits_time() {
                FRAME / 2
            } else {
                WATCH / 2
            };
            if let Some(event) = self.next(wait) {
                self.event(event, screen)?;
                while let Ok(event) = self.events.try_recv() {
                    self.event(event, screen)?;
                }
            }
            for News { text, is_bad } in self.writing.iter_mut().filter_map(Writing::news) {
                self.model.show_toast(self.starter.masked(&text), is_bad);
                self.dirty = true;
            }
            if let Some(run) = &mut self.model.run {
                let sending = self.starter.sending();
                self.dirty |= run.sending != sending;
                run.sending = sending;
            }
            self.message(Message::Tick, screen)?;
            self.probe();
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

    fn event(&mut self, event: Event, screen: &mut Screen) -> Result<(), TuiError> {
        match event {
            Event::Input(Input::Key(key)) => self.message(Message::Key(key), screen)?,
            Event::Input(Input::Paste(text)) => self.message(Message::Paste(text), screen)?,
            Event::Input(Input::Resize(..)) => self.dirty = true,
            Event::Input(_) => {}
            Event::Snapshot(run, snapshot) if run == self.run => {
                self.last = Some(snapshot.clone());
                if snapshot.state.is_done() {
                    self.handle = None;
                    self.ended = Some(Instant::now());
                }
                self.message(Message::Snapshot(snapshot), screen)?;
            }
            Event::Lost(run) if run == self.run && self.handle.is_some() => {
                self.handle = None;
                self.message(Message::Lost, screen)?;
            }
            // From a previous run.
            Event::Snapshot(..) | Event::Lost(_) => {}
            Event::Exported(result) => {
                self.exports.ended(&result);
                let masked = |path: PathBuf| PathBuf::from(self.starter.masked(&path.display().to_string()));
                let shown = result
                    .map(|paths| paths.into_iter().map(masked).collect())
                    .map_err(|why| self.starter.masked(&why));
                self.message(Message::Exported(shown), screen)?;
            }
            Event::Probed(url, answer) => {
                self.probing = false;
                self.message(Message::Probed(url, answer), screen)?;
            }
            Event::Read(index, mut reading) => {
                self.reader.ended();
                if let Ok(scenario) = &reading.scenario {
                    self.starter.read(scenario);
                    reading.refusal = self.starter.refusal(scenario, &reading.overrides);
                    if let Ok(preview) = &mut reading.preview {
                        preview.remarks.extend(preview.estimate.vu_hours.and_then(|hours| self.starter.warning(hours)));
                    }
                }
                self.message(Message::Read(index, reading), screen)?;
            }
            Event::Checked(..) if self.leaving.is_some() => {}
            Event::Checked(number, found) => self.message(Message::Checked(number, found), screen)?,
            Event::Diagnosed(number, answers) => self.message(Message::Diagnosed(number, answers), screen)?,
            Event::Signal(signals::HANG_UP) => self.leave(Exit::HangUp),
            // The writer of a file that is too large gets an error and reports it.
            Event::Signal(signals::FILE_SIZE) => {}
            Event::Signal(number) => self.leave(Exit::Signal(number)),
            Event::Suspend => self.effect(Effect::Suspend, screen)?,
            Event::HangUp => self.leave(Exit::HangUp),
            Event::Panic(words) => return Err(TuiError::Panicked(words)),
        }
        Ok(())
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

    /// Gives the reader the next entry of the launcher. Nothing is read during a run.
    fn read(&mut self) {
        if self.reader.is_reading() || self.leaving.is_some() || self.model.run.is_some() {
            return;
        }
        if let Some(order) = self.model.launcher.to_read() {
            self.reader.start(order, &self.sender);
        }
    }

    /// True while a frame would only show that an entry is being read.
    fn is_held(&self) -> bool {
        self.reader.is_recent() && self.model.run.is_none() && self.model.launcher.is_waiting()
    }

    /// Probes the Redis server of the highlighted scenario, once the launcher is drawn, because resolving and
    /// connecting take time.
    fn probe(&mut self) {
        let launcher = &self.model.launcher;
        if self.probing || self.dirty || self.leaving.is_some() || self.model.run.is_some() {
            return;
        }
        let Some((target, secrets)) = launcher.to_ask(self.begun.elapsed()) else { return };
        let Some(ask) = self.starter.probe(target, secrets) else { return };
        let (url, sender) = (Arc::clone(&target.url), self.sender.clone());
        let work = move || {
            let _ = sender.send(Event::Probed(url, ask()));
        };
        // If no thread can be started, the result stays unknown.
        self.probing = std::thread::Builder::new().name("probe".into()).spawn(work).is_ok();
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
