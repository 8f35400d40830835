//! What a row of the table says about one setting.

use std::ffi::OsStr;

/// A value that can be set in `config.yaml`, in the environment, and by a flag.
#[derive(Debug)]
pub struct Setting {
    /// Key in `config.yaml`, and field of [`Settings`](super::Settings).
    pub key: &'static str,
    /// What it does, for `--help`: the lines of the row, each with a space before it.
    pub(super) help: &'static str,
    /// Checks a value; the error says what is allowed.
    pub(super) check: fn(&OsStr) -> Result<(), String>,
    /// How it is given.
    pub(super) flag: Flag,
}

/// How a setting is given: its flag, its variables, and the commands that take it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flag {
    pub shape: Shape,
    pub value_name: &'static str,
    pub short: Option<char>,
    pub alias: Option<&'static str>,
    pub default: Option<&'static str>,
    pub default_help: Option<&'static str>,
    pub choices: &'static [&'static str],
    pub locust: &'static [&'static str],
    pub implied_by: Option<(&'static str, &'static str)>,
    pub commands: &'static [&'static str],
    pub in_scenario: bool,
    pub is_secret: bool,
}

/// How many values a setting has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// `true` or `false`; the flag has no value.
    Switch,
    /// One value.
    One,
    /// Words: the flag can be given several times, and commas separate them.
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
    locust: &[],
    implied_by: None,
    commands: &[],
    in_scenario: false,
    is_secret: false,
};

/// A flag without a value.
pub(super) const fn switch() -> Flag {
    NOTHING
}

/// A flag with a value, which help calls `value_name`.
pub(super) const fn flag(value_name: &'static str) -> Flag {
    Flag { shape: Shape::One, value_name, ..NOTHING }
}

/// A flag with values that commas separate.
pub(super) const fn list(value_name: &'static str) -> Flag {
    Flag { shape: Shape::List, value_name, ..NOTHING }
}

impl Flag {
    /// With a one-letter flag.
    pub(super) const fn short(self, letter: char) -> Self {
        Self { short: Some(letter), ..self }
    }

    /// With a second name.
    pub(super) const fn alias(self, name: &'static str) -> Self {
        Self { alias: Some(name), ..self }
    }

    /// The value where nothing else gives one.
    pub(super) const fn default(self, value: &'static str) -> Self {
        Self { default: Some(value), ..self }
    }

    /// What help says of the default, where it is not one value.
    pub(super) const fn default_help(self, words: &'static str) -> Self {
        Self { default_help: Some(words), ..self }
    }

    /// Takes only these values.
    pub(super) const fn one_of(self, choices: &'static [&'static str]) -> Self {
        Self { choices, ..self }
    }

    /// Locust's variables for it, which count where `KATYDID_…` is not set.
    pub(super) const fn locust(self, variables: &'static [&'static str]) -> Self {
        Self { locust: variables, ..self }
    }

    /// Has `value` where this variable is set and nothing else gives a value.
    pub(super) const fn implied_by(self, variable: &'static str, value: &'static str) -> Self {
        Self { implied_by: Some((variable, value)), ..self }
    }

    /// Is also a flag of these subcommands.
    pub(super) const fn also(self, commands: &'static [&'static str]) -> Self {
        Self { commands, ..self }
    }

    /// A scenario can say it too, and overrides `config.yaml`.
    pub(super) const fn in_scenario(self) -> Self {
        Self { in_scenario: true, ..self }
    }

    /// A wrong value is not repeated in the error: it may contain a password.
    pub(super) const fn secret(self) -> Self {
        Self { is_secret: true, ..self }
    }
}

impl Setting {
    /// The long flag, without its dashes.
    pub fn long(&self) -> String {
        self.key.replace('_', "-")
    }

    /// Its own environment variable.
    pub fn variable(&self) -> String {
        format!("KATYDID_{}", self.key.to_uppercase())
    }

    /// Every variable that gives it, the strongest first.
    pub fn variables(&self) -> impl Iterator<Item = String> {
        std::iter::once(self.variable()).chain(self.flag.locust.iter().map(|name| (*name).to_owned()))
    }

    /// What it does and what its default is, on one line.
    pub fn help(&self) -> String {
        let help = self.help.trim();
        match self.flag.default_help.or(self.flag.default) {
            Some(words) => format!("{help} [default: {words}]"),
            None => help.to_owned(),
        }
    }

    /// The value where nothing gives one, if there is one.
    pub fn default_text(&self) -> Option<&'static str> {
        self.flag.default.or((self.flag.shape == Shape::Switch).then_some("false"))
    }

    /// How many values it has.
    pub fn shape(&self) -> Shape {
        self.flag.shape
    }

    /// What help calls its value.
    pub fn value_name(&self) -> &'static str {
        self.flag.value_name
    }

    /// The one-letter flag.
    pub fn short(&self) -> Option<char> {
        self.flag.short
    }

    /// A second long flag.
    pub fn alias(&self) -> Option<&'static str> {
        self.flag.alias
    }

    /// The values that it takes; empty where they cannot be listed.
    pub fn choices(&self) -> &'static [&'static str] {
        self.flag.choices
    }

    /// True for what a scenario can say as well: there, `config.yaml` is weaker than the scenario.
    pub fn is_in_scenario(&self) -> bool {
        self.flag.in_scenario
    }

    /// True if a wrong value must not be repeated.
    pub fn is_secret(&self) -> bool {
        self.flag.is_secret
    }

    /// True for a flag of this subcommand; `None` is a run, which has them all.
    pub fn is_flag_of(&self, command: Option<&str>) -> bool {
        command.is_none_or(|command| self.flag.commands.contains(&command))
    }

    /// Checks a value.
    ///
    /// # Errors
    /// Says what is allowed.
    pub fn check(&self, value: &OsStr) -> Result<(), String> {
        (self.check)(value)
    }
}
