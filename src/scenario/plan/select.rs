//! Which part of a scenario is run.

/// Which part of a scenario is run: `--profile`, `--tags`, `--exclude-tags`, `--classes`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SelectOptions {
    /// The profile laid over the file.
    pub profile: Option<String>,
    /// Only tasks and steps with one of these tags; a step without tags is selected with its task. Empty selects all.
    pub tags: Vec<String>,
    /// No task and no step with one of these tags.
    pub exclude_tags: Vec<String>,
    /// Only these user classes. Empty selects all.
    pub classes: Vec<String>,
}
