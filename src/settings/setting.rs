//! One row of the settings table.

use std::ffi::OsStr;

/// Prefix of our environment variables.
pub(crate) const OURS: &str = "KATYDID_";

/// The subcommand that checks a run, and so takes the flags of one.
const DOCTOR: &str = "doctor";

/// A setting that can be given in `config.yaml`, as an environment variable or as a flag.
#[derive(Debug)]
pub struct Setting {
    /// Key in `config.yaml`, and field of [`Settings`](super::Settings).
    pub key: &'static str,
    /// Description for `--help`: the lines of the row, each with a leading space.
    pub(super) help: &'static str,
    /// Validates a value; the error says what is allowed.
    pub(super) check: fn(&OsStr) -> Result<(), String>,
    /// Flag, variables and subcommands.
    pub(super) flag: Flag,
}

/// How a setting is given: its flag, its variables, and the subcommands that accept it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flag {
    pub shape: Shape,
    pub value_name: &'static str,
    pub short: Option<char>,
    pub alias: Option<&'static str>,
    pub default: Option<&'static str>,
    pub default_help: Option<&'static str>,
    pub choices: &'static [&'static str],
    pub variables: &'static [&'static str],
    pub implied_by: Option<(&'static str, &'static str)>,
    pub commands: &'static [&'static str],
    pub in_scenario: bool,
    pub secrecy: Secrecy,
}

/// What of a value must not be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Secrecy {
    /// Nothing.
    Public,
    /// The password of a URL.
    Password,
    /// The password of a URL, its query, and keys in its path.
    Keys,
    /// Everything.
    Whole,
}

/// How many values a setting has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// `true` or `false`; the flag takes no value.
    Switch,
    /// One value.
    One,
    /// A list: values are separated by commas, and the flag can be repeated.
    List,
}

const NOTHING: Flag = Flag {
    shape: Shape::Switch,
    value_name: "",
    short: None,
    alias: None,
    default: None,
    default_help: None,
    choices: &[],
    variables: &[],
    implied_by: None,
    commands: &[],
    in_scenario: false,
    secrecy: Secrecy::Public,
};

/// A flag without a value.
pub(super) const fn switch() -> Flag {
    NOTHING
}

/// A flag with one value, shown as `value_name` in the help.
pub(super) const fn flag(value_name: &'static str) -> Flag {
    Flag { shape: Shape::One, value_name, ..NOTHING }
}

/// A flag with a comma-separated list of values.
pub(super) const fn list(value_name: &'static str) -> Flag {
    Flag { shape: Shape::List, value_name, ..NOTHING }
}

impl Flag {
    /// Adds a one-letter flag.
    pub(super) const fn short(self, letter: char) -> Self {
        Self { short: Some(letter), ..self }
    }

    /// Adds a second long flag.
    pub(super) const fn alias(self, name: &'static str) -> Self {
        Self { alias: Some(name), ..self }
    }

    /// Sets the default value.
    pub(super) const fn default(self, value: &'static str) -> Self {
        Self { default: Some(value), ..self }
    }

    /// Sets how the help describes a default that is not a fixed value.
    pub(super) const fn default_help(self, words: &'static str) -> Self {
        Self { default_help: Some(words), ..self }
    }

    /// Restricts the setting to these values.
    pub(super) const fn one_of(self, choices: &'static [&'static str]) -> Self {
        Self { choices, ..self }
    }

    /// Adds environment variables of other tools, such as `LOCUST_…`, which are used if `KATYDID_…` is not set.
    pub(super) const fn variables(self, variables: &'static [&'static str]) -> Self {
        Self { variables, ..self }
    }

    /// Uses `value` if this variable is set and no other source provides one.
    pub(super) const fn implied_by(self, variable: &'static str, value: &'static str) -> Self {
        Self { implied_by: Some((variable, value)), ..self }
    }

    /// Adds the flag to these subcommands.
    pub(super) const fn also(self, commands: &'static [&'static str]) -> Self {
        Self { commands, ..self }
    }

    /// Marks a setting that a scenario can contain too. The scenario overrides `config.yaml`.
    pub(super) const fn in_scenario(self) -> Self {
        Self { in_scenario: true, ..self }
    }

    /// Marks a URL that may contain a password: errors do not print it.
    pub(super) const fn secret(self) -> Self {
        Self { secrecy: Secrecy::Password, ..self }
    }

    /// Marks a URL that may also contain keys.
    pub(super) const fn keyed(self) -> Self {
        Self { secrecy: Secrecy::Keys, ..self }
    }

    /// Its value is a secret as a whole: it is shown nowhere.
    pub(super) const fn hidden(self) -> Self {
        Self { secrecy: Secrecy::Whole, ..self }
    }
}

impl Setting {
    /// Long flag, without dashes.
    pub fn long(&self) -> String {
        self.key.replace('_', "-")
    }

    /// Name of the `KATYDID_…` environment variable.
    pub fn variable(&self) -> String {
        format!("{OURS}{}", self.key.to_uppercase())
    }

    /// All environment variables of the setting, in order of precedence.
    pub fn variables(&self) -> impl Iterator<Item = String> {
        std::iter::once(self.variable()).chain(self.flag.variables.iter().map(|name| (*name).to_owned()))
    }

    /// Description and default, on one line.
    pub fn help(&self) -> String {
        let help = self.help.trim();
        match self.flag.default_help.or(self.flag.default) {
            Some(words) => format!("{help} [default: {words}]"),
            None => help.to_owned(),
        }
    }

    /// Default value, if there is a fixed one.
    pub fn default_text(&self) -> Option<&'static str> {
        self.flag.default.or((self.flag.shape == Shape::Switch).then_some("false"))
    }

    /// How many values it has.
    pub fn shape(&self) -> Shape {
        self.flag.shape
    }

    /// Placeholder of the value in the help.
    pub fn value_name(&self) -> &'static str {
        self.flag.value_name
    }

    /// One-letter flag.
    pub fn short(&self) -> Option<char> {
        self.flag.short
    }

    /// Second long flag.
    pub fn alias(&self) -> Option<&'static str> {
        self.flag.alias
    }

    /// Allowed values; empty if they cannot be listed.
    pub fn choices(&self) -> &'static [&'static str] {
        self.flag.choices
    }

    /// True if a scenario can contain the setting too, and then overrides `config.yaml`.
    pub fn is_in_scenario(&self) -> bool {
        self.flag.in_scenario
    }

    /// What of its value must not be shown.
    pub(super) fn secrecy(&self) -> Secrecy {
        self.flag.secrecy
    }

    /// True if its value must not be shown.
    pub fn is_hidden(&self) -> bool {
        self.flag.secrecy == Secrecy::Whole
    }

    /// True if this subcommand accepts the flag; `None` is a run, which accepts all. `doctor` checks a run, and accepts
    /// all but `--json`, which is a flag of its own there.
    pub fn is_flag_of(&self, command: Option<&str>) -> bool {
        match command {
            None => true,
            Some(DOCTOR) => self.key != "json",
            Some(command) => self.flag.commands.contains(&command),
        }
    }

    /// Validates a value.
    ///
    /// # Errors
    /// Says what is allowed.
    pub fn check(&self, value: &OsStr) -> Result<(), String> {
        (self.check)(value)
    }
}
