//! `katydid config`: every setting of a run, its value, and where that comes from.

use std::process::ExitCode;

use serde_json::json;

use super::effective::in_scenario;
use super::{exit, panics, pick};
use crate::headless::console;
use crate::scenario::secrets::userinfo;
use crate::scenario::{Plan, Scenario};
use crate::settings::{Config, Given, Origin, Setting, Settings};

/// The value of a setting that is used.
struct Effective {
    setting: &'static Setting,
    /// `None` if there is no value and no default.
    value: Option<String>,
    origin: Origin,
}

impl Effective {
    /// The value with its secrets masked.
    fn shown(&self, masked: impl Fn(&str) -> String) -> Option<String> {
        self.value.as_deref().map(|value| if self.setting.is_hidden() { "***".to_owned() } else { masked(value) })
    }
}

/// A scenario that the settings belong to, and the plan of its run.
struct Named {
    scenario: Scenario,
    plan: Plan,
}

/// Prints the settings of the run that these would start.
pub(super) fn run(settings: &Settings, config: &Config, json: bool) -> ExitCode {
    let named = match settings.file.as_deref().map(|file| named(file, settings)).transpose() {
        Ok(named) => named,
        Err(why) => {
            console::warn(&why);
            return ExitCode::from(exit::USAGE);
        }
    };
    let all: Vec<Effective> = Settings::TABLE
        .iter()
        .map(|setting| {
            let given = settings.given.get(setting.key).cloned();
            let (value, origin) = given.or_else(|| below(setting, config, named.as_ref())).map_or_else(
                || (setting.default_text().map(str::to_owned), Origin::Default),
                |Given { text, origin }| (Some(text), origin),
            );
            Effective { setting, value, origin }
        })
        .collect();
    let masked = |text: &str| {
        let text = panics::masked(text);
        let text = named.as_ref().map_or_else(|| text.as_str().into(), |named| named.plan.secrets.mask(&text));
        userinfo::mask_written(&text).into_owned()
    };
    console::say(&if json { as_json(&all, config, masked) } else { as_table(&all, config, masked) });
    ExitCode::SUCCESS
}

fn named(file: &std::path::Path, settings: &Settings) -> Result<Named, String> {
    let scenario = pick::one(Some(file), &settings.select()).load().map_err(|error| error.text)?;
    let mut overrides = settings.overrides();
    let is_nowhere = scenario.needs_host() && scenario.host().is_none();
    if is_nowhere && scenario.completed(&overrides).host.is_none() {
        // The other settings are known without it.
        overrides.host = Some("http://host.invalid".to_owned());
    }
    let plan = scenario.plan(&overrides).map_err(|error| error.text)?;
    Ok(Named { scenario, plan })
}

/// The value of the scenario, else of `config.yaml`.
fn below(setting: &Setting, config: &Config, named: Option<&Named>) -> Option<Given> {
    let found = named.and_then(|named| in_scenario(setting, &named.scenario, &named.plan));
    found.or_else(|| {
        let value = config.get(setting.key)?;
        Some(Given { text: value.text.clone(), origin: Origin::Config(value.line) })
    })
}

fn as_table(all: &[Effective], config: &Config, masked: impl Fn(&str) -> String) -> String {
    let mut text = match &config.path {
        Some(path) if config.exists => format!("config file: {}\n", path.display()),
        Some(path) => format!("config file: {} (not there)\n", path.display()),
        None => "config file: none, there is no home folder\n".to_owned(),
    };
    let values: Vec<String> = all.iter().map(|one| one.shown(&masked).unwrap_or("-".to_owned())).collect();
    let width = values.iter().map(|value| value.chars().count()).max().unwrap_or_default();
    let key_width = all.iter().map(|one| one.setting.key.len()).max().unwrap_or_default();
    for (Effective { setting, origin, .. }, value) in all.iter().zip(&values) {
        text.push_str(&format!("\n{:<key_width$}  {value:<width$}  {origin}", setting.key));
    }
    text.push('\n');
    text
}

fn as_json(all: &[Effective], config: &Config, masked: impl Fn(&str) -> String) -> String {
    let settings: serde_json::Map<_, _> = all
        .iter()
        .map(|one| {
            let (value, origin) = (one.shown(&masked), one.origin.to_string());
            (one.setting.key.to_owned(), json!({ "value": value, "origin": origin }))
        })
        .collect();
    let path = config.path.as_ref().map(|path| path.display().to_string());
    let file = json!({ "path": path, "exists": config.exists });
    format!("{:#}\n", json!({ "config_file": file, "settings": settings }))
}
