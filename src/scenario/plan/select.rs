//! Selection of a part of a scenario.

/// Selected part of a scenario: `--profile`, `--tags`, `--exclude-tags`, `--classes`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SelectOptions {
    /// Profile to apply.
    pub profile: Option<String>,
    /// Only tasks and steps with one of these tags; steps without tags are selected with their task. Empty: all.
    pub tags: Vec<String>,
    /// No tasks and steps with one of these tags.
    pub exclude_tags: Vec<String>,
    /// Only these user classes. Empty: all.
    pub classes: Vec<String>,
}
