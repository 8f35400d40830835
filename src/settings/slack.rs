//! Messages of a run that can be sent to Slack.

/// A message about a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlackEvent {
    /// The run started.
    Start,
    /// The run ended as planned.
    End,
    /// The run was stopped before its planned end: by a threshold, a budget, a person or a signal, or by a crash.
    Abort,
    /// A threshold failed.
    Failure,
    /// A threshold passes again.
    Recovery,
}

impl SlackEvent {
    /// All of them, with their names.
    const ALL: [(&str, Self); 5] = [
        ("start", Self::Start),
        ("end", Self::End),
        ("abort", Self::Abort),
        ("failure", Self::Failure),
        ("recovery", Self::Recovery),
    ];

    /// Parses a name; the error lists those that are allowed.
    pub(super) fn parse(name: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|(known, _)| *known == name);
        found.map(|(_, event)| *event).ok_or_else(|| {
            let names = Self::ALL.map(|(name, _)| name);
            format!("expected some of {}, found {name:?}", names.join(", "))
        })
    }
}
