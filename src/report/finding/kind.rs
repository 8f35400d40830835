//! What a finding is.

use crate::clean;

/// The kinds of findings, the most severe first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Every request ends without a response.
    NotResponding,
    /// Requests wait, and no response arrives.
    Hanging,
    /// The scenario fails before it sends anything.
    ScenarioError,
    /// Responses are not the right ones.
    Failing,
    /// The target takes much longer than before.
    Slow,
    /// The load generator is the bottleneck.
    GeneratorRed,
    /// Iterations were due and could not start.
    Dropped,
    /// The load generator is near its limit.
    GeneratorAmber,
    /// Figures get worse and worse in a long run.
    Drifting,
    /// Requests that were aborted at the end.
    Aborted,
}

impl Kind {
    /// Its name, as it is shown.
    pub fn title(self) -> &'static str {
        match self {
            Kind::NotResponding => "TARGET NOT RESPONDING",
            Kind::Hanging => "HANGING",
            Kind::ScenarioError => "SCENARIO ERROR",
            Kind::Failing => "FAILING",
            Kind::Slow => "SLOW",
            Kind::GeneratorRed => "GENERATOR IS THE BOTTLENECK",
            Kind::Dropped => "ITERATIONS DROPPED",
            Kind::GeneratorAmber => "GENERATOR OVERLOADED",
            Kind::Drifting => "DRIFTING",
            Kind::Aborted => "ABORTED",
        }
    }

    /// True when no response comes.
    pub fn is_silence(self) -> bool {
        matches!(self, Kind::NotResponding | Kind::Hanging)
    }

    /// True for what must not be overlooked.
    pub fn is_severe(self) -> bool {
        !matches!(self, Kind::Slow | Kind::Dropped | Kind::GeneratorAmber | Kind::Drifting | Kind::Aborted)
    }
}

/// Something the user of a run needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is.
    pub kind: Kind,
    /// What was measured, without the title.
    pub evidence: String,
    /// What it means, or what to do.
    pub remedy: String,
}

impl Finding {
    pub(super) fn new(kind: Kind, evidence: String, remedy: impl Into<String>) -> Self {
        Self { kind, evidence: clean::line(&evidence).into_owned(), remedy: clean::line(&remedy.into()).into_owned() }
    }

    /// All of it in one line.
    pub fn line(&self) -> String {
        format!("{}: {}. {}", self.kind.title(), self.evidence, self.remedy)
    }
}
