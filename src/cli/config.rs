//! `katydid config`: every setting of a run, its value, and where that comes from.

use std::process::ExitCode;

use clap::ArgMatches;
use clap::parser::ValueSource;
use serde_json::json;

use super::args::Run;
use super::layers::Layers;
use super::{exit, pick};
use crate::headless::console;
use crate::scenario::secrets::userinfo;
use crate::scenario::{Overrides, Plan, Scenario};
use crate::settings::{Origin, SETTINGS, Setting};
use crate::units::plain;

/// A setting as it counts.
struct Effective {
    setting: &'static Setting,
    /// Nothing where neither a file nor a flag says anything, and the default is none.
    value: Option<String>,
    origin: Origin,
}

/// A scenario that the settings belong to, and the plan of its run.
struct Named {
    scenario: Scenario,
    plan: Plan,
}

/// Prints the settings of the run that `args` would start.
pub(super) fn run(args: &Run, matches: &ArgMatches, layers: &Layers, json: bool) -> ExitCode {
    let named = match args.file.as_deref().map(|file| named(file, args, layers)).transpose() {
        Ok(named) => named,
        Err(why) => {
            console::warn(&why);
            return ExitCode::from(exit::USAGE);
        }
    };
    let all: Vec<Effective> =
        SETTINGS.iter().map(|setting| effective(setting, matches, layers, named.as_ref())).collect();
    let masked = |text: &str| {
        let text = named.as_ref().map_or_else(|| text.into(), |named| named.plan.secrets.mask(text));
        userinfo::mask(&text).into_owned()
    };
    console::say(&if json { as_json(&all, layers, masked) } else { as_table(&all, layers, masked) });
    ExitCode::SUCCESS
}

fn named(file: &std::path::Path, args: &Run, layers: &Layers) -> Result<Named, String> {
    let scenario = pick::one(Some(file), &args.select()).load().map_err(|error| error.text)?;
    let mut overrides = Overrides { defaults: layers.config.load_defaults(), ..args.overrides() };
    let is_nowhere = scenario.needs_host() && scenario.host().is_none();
    if is_nowhere && scenario.completed(&overrides).host.is_none() {
        // The other settings are known without it.
        overrides.host = Some("http://host.invalid".to_owned());
    }
    let plan = scenario.plan(&overrides).map_err(|error| error.text)?;
    Ok(Named { scenario, plan })
}

fn effective(setting: &'static Setting, matches: &ArgMatches, layers: &Layers, named: Option<&Named>) -> Effective {
    let raw = || {
        let values = matches.get_raw(setting.key)?.map(|value| value.to_string_lossy());
        Some(values.collect::<Vec<_>>().join(",")).filter(|text| !text.is_empty())
    };
    match matches.value_source(setting.key) {
        Some(ValueSource::CommandLine) => Effective { setting, value: raw(), origin: Origin::Flag },
        Some(ValueSource::EnvVariable) => Effective { setting, value: raw(), origin: layers.origin(setting) },
        _ => {
            let said = named.and_then(|named| said(setting, named));
            let written = layers.config.get(setting.key).filter(|_| setting.is_of_the_scenario());
            let written = written.map(|value| (value.text.clone(), Origin::Config(value.line)));
            let (value, origin) = match said.or(written) {
                Some((value, origin)) => (Some(value), origin),
                None => (raw(), Origin::Default),
            };
            Effective { setting, value, origin }
        }
    }
}

/// What the scenario says of the load and the host.
fn said(setting: &Setting, named: &Named) -> Option<(String, Origin)> {
    let Named { scenario, plan } = named;
    let load = &plan.load;
    let value = match setting.key {
        "host" => scenario.host()?.to_owned(),
        "users" => load.users.to_string(),
        "spawn_rate" => load.spawn_rate.to_string(),
        "run_time" => plain(load.run_time?),
        "stop_timeout" => plain(load.stop_timeout),
        _ => return None,
    };
    let has_it = scenario.has_key(setting.key)
        || (setting.key == "users" || setting.key == "run_time") && plan.schedule.is_shaped();
    let profile = scenario.profile_with_key(setting.key).map(|name| Origin::Profile(name.to_owned()));
    has_it.then(|| (value, profile.unwrap_or(Origin::Scenario)))
}

fn as_table(all: &[Effective], layers: &Layers, masked: impl Fn(&str) -> String) -> String {
    let mut text = match &layers.config.path {
        Some(path) if layers.config.is_there => format!("config file: {}\n", path.display()),
        Some(path) => format!("config file: {} (not there)\n", path.display()),
        None => "config file: none, there is no home folder\n".to_owned(),
    };
    let values: Vec<String> = all.iter().map(|one| one.value.as_deref().map_or("-".to_owned(), &masked)).collect();
    let width = values.iter().map(|value| value.chars().count()).max().unwrap_or_default();
    for (Effective { setting, origin, .. }, value) in all.iter().zip(&values) {
        text.push_str(&format!("\n{:<20}{value:<width$}  {origin}", setting.key));
    }
    text.push('\n');
    text
}

fn as_json(all: &[Effective], layers: &Layers, masked: impl Fn(&str) -> String) -> String {
    let settings: serde_json::Map<_, _> = all
        .iter()
        .map(|Effective { setting, value, origin }| {
            let value = value.as_deref().map(&masked);
            (setting.key.to_owned(), json!({ "value": value, "origin": origin.to_string() }))
        })
        .collect();
    let path = layers.config.path.as_ref().map(|path| path.display().to_string());
    let file = json!({ "path": path, "exists": layers.config.is_there });
    format!("{:#}\n", json!({ "config_file": file, "settings": settings }))
}
