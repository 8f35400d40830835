//! Events besides requests: sections, variables, waits, decisions.

use super::{Transcript, more, shown};
use crate::cli::trial::paint::Role;
use crate::engine::trial::{LONGEST_WAIT, Observer, UserEvent};
use crate::scenario::plan::StopScope;
use crate::units;

impl Observer for Transcript {
    fn observe(&self, event: &UserEvent<'_>) {
        match event {
            UserEvent::Section(name) => {
                self.blank();
                self.line(0, "", name, Some(Role::Strong));
            }
            UserEvent::Set(name, value) => self.line(2, "= ", &format!("{name} = {}", shown(value)), None),
            UserEvent::Skipped(what) => {
                self.line(2, "- ", &format!("`when` is false: {what} skipped"), Some(Role::Quiet));
            }
            UserEvent::Chosen { then } => {
                let words = if *then { "`if` is true: then" } else { "`if` is false: else" };
                self.line(2, "- ", words, Some(Role::Quiet));
            }
            UserEvent::Pass { word, number, of } => {
                let of = of.map_or_else(String::new, |n| format!(" of {n}"));
                self.line(2, "- ", &format!("{word}: pass {number}{of}"), Some(Role::Quiet));
            }
            UserEvent::Call(name) => self.line(2, "- ", &format!("call {name}"), Some(Role::Quiet)),
            UserEvent::Wait(length) => {
                let shortened = if *length > LONGEST_WAIT {
                    self.shortened.set(true);
                    format!(", shortened to {}", units::plain(LONGEST_WAIT))
                } else {
                    String::new()
                };
                self.line(2, "- ", &format!("wait {}{shortened}", units::latency(*length)), Some(Role::Quiet));
            }
            UserEvent::Log(text) => self.line(2, "# ", text, None),
            UserEvent::Stop(scope) => {
                let what = match scope {
                    StopScope::Task => "the task",
                    StopScope::User => "the user",
                    StopScope::Run => "the run",
                };
                self.line(2, "- ", &format!("stop ends {what}"), Some(Role::Quiet));
            }
            UserEvent::Exception { place, message } => {
                more(&self.exceptions);
                self.line(2, "✗ ", &format!("{place}: {message}"), Some(Role::Bad));
            }
        }
    }
}
