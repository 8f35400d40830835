//! Kinds of findings.

use crate::clean;

/// Kinds of findings, the most severe first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// All requests fail without a response.
    NotResponding,
    /// Requests are waiting, and no response arrives.
    Hanging,
    /// The scenario fails before it sends a request.
    ScenarioError,
    /// Too many responses are failures.
    Failing,
    /// Response times are much longer than before.
    Slow,
    /// The load generator is the bottleneck.
    GeneratorRed,
    /// Iterations were due and could not start.
    Dropped,
    /// The load generator is near its limit.
    GeneratorAmber,
    /// Figures get worse over a long run.
    Drifting,
    /// Requests were aborted at the end.
    Aborted,
}

impl Kind {
    /// Title for display.
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

    /// True if no response arrives.
    pub fn is_silence(self) -> bool {
        matches!(self, Kind::NotResponding | Kind::Hanging)
    }

    /// True if it must not be overlooked.
    pub fn is_severe(self) -> bool {
        !matches!(self, Kind::Slow | Kind::Dropped | Kind::GeneratorAmber | Kind::Drifting | Kind::Aborted)
    }
}

/// A finding about a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Kind of the finding.
    pub kind: Kind,
    /// Measured values, without the title.
    pub evidence: String,
    /// Meaning of the finding, or advice.
    pub remedy: String,
}

impl Finding {
    pub(super) fn new(kind: Kind, evidence: String, remedy: impl Into<String>) -> Self {
        Self { kind, evidence: clean::line(&evidence).into_owned(), remedy: clean::line(&remedy.into()).into_owned() }
    }

    /// The complete finding on one line.
    pub fn line(&self) -> String {
        format!("{}: {}. {}", self.kind.title(), self.evidence, self.remedy)
    }
}
