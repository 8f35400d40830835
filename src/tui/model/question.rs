//! Confirmation questions.

use crate::tui::text;
use crate::units::{PerSecond, count};

/// A question to confirm with y or n.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Question {
    Quit,
    Stop,
    Abort,
    Reset,
    /// Many more users than now.
    Users {
        from: u32,
        to: u32,
    },
    /// A much higher spawn rate than now.
    SpawnRate {
        from: f64,
        to: f64,
    },
}

impl Question {
    pub fn text(self) -> String {
        match self {
            Question::Quit => "Load is running: stop and quit?".to_owned(),
            Question::Stop => "Stop the run?".to_owned(),
            Question::Abort => "Abort the tasks that still run?".to_owned(),
            Question::Reset => "Reset all statistics?".to_owned(),
            Question::Users { from, to } => {
                let (old, new) = (count(from.into()), count(to.into()));
                format!("{old} → {new} users{}. Apply?", times(from.into(), to.into()))
            }
            Question::SpawnRate { from, to } => {
                format!("spawn rate {} → {}/s{}. Apply?", PerSecond(from), PerSecond(to), times(from, to))
            }
        }
    }

    /// True for questions that are pointless once the run stops: a late confirmation would even abort its tasks.
    pub fn is_about_a_going_run(self) -> bool {
        matches!(self, Question::Stop | Question::Users { .. } | Question::SpawnRate { .. })
    }

    /// True for questions that are pointless once the run is over.
    pub fn is_about_load(self) -> bool {
        self != Question::Quit
    }
}

fn times(from: f64, to: f64) -> String {
    if from > 0.0 { format!(" is {} times as many", text::short((to / from).round())) } else { String::new() }
}
