//! What the main loop does with each event.

use std::path::PathBuf;
use std::time::Instant;

use crossterm::event::Event as Input;

use super::Loop;
use crate::store::{News, Writing};
use crate::system::signals;
use crate::tui::event::Event;
use crate::tui::exit::{Exit, TuiError};
use crate::tui::terminal::Screen;
use crate::tui::update::{Effect, Message};

impl Loop<'_> {
    pub(super) fn event(&mut self, event: Event, screen: &mut Screen) -> Result<(), TuiError> {
        match event {
            Event::Input(input) => self.input(input, screen)?,
            Event::Snapshot(run, snapshot) if run == self.run => {
                self.last = Some(snapshot.clone());
                if snapshot.state.is_done() {
                    self.handle = None;
                    self.ended = Some(Instant::now());
                    self.starter.ended();
                }
                self.message(Message::Snapshot(snapshot), screen)?;
            }
            Event::Lost(run) if run == self.run && self.handle.is_some() => {
                self.handle = None;
                self.starter.ended();
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
            Event::Listed(listing) => self.listed(listing),
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

    fn input(&mut self, input: Input, screen: &mut Screen) -> Result<(), TuiError> {
        self.pacing.typed();
        match input {
            Input::Key(key) => self.message(Message::Key(key), screen),
            Input::Paste(text) => self.message(Message::Paste(text), screen),
            Input::Resize(..) => {
                self.dirty = true;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Shows what there is to say of files that are written, during a run and after it.
    pub(super) fn show_news(&mut self) {
        for News { text, is_bad } in self.writing.iter_mut().filter_map(Writing::news) {
            self.model.show_toast(self.starter.masked(&text), is_bad);
            self.dirty = true;
        }
        let news = self.starter.news();
        // An error is more important than what went well.
        let Some(first) = news.iter().find(|one| one.is_bad).or(news.first()) else { return };
        let others = if news.len() > 1 { format!(" (and {} more)", news.len() - 1) } else { String::new() };
        self.model.show_toast(format!("{}{others}", first.text), first.is_bad);
        self.dirty = true;
    }
}
