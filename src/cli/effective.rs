//! Effective settings of a run, with the source of each.

use crate::scenario::{Plan, Scenario};
use crate::settings::{Given, Origin, Setting, Settings};
use crate::store::SettingUsed;
use crate::units::plain;

/// Origin of values entered in the launcher.
const SCREEN: &str = "screen";
/// Origin of load values from `config.yaml`.
const CONFIG: &str = "config.yaml";

/// Host or load setting, if the scenario defines it.
pub(super) fn in_scenario(setting: &Setting, scenario: &Scenario, plan: &Plan) -> Option<Given> {
    let text = match setting.key {
        "host" => scenario.host()?.to_owned(),
        key => load(key, plan)?,
    };
    let is_defined = scenario.has_key(setting.key)
        || (setting.key == "users" || setting.key == "run_time") && plan.schedule.is_shaped();
    let profile = scenario.profile_with_key(setting.key).map(|name| Origin::Profile(name.to_owned()));
    is_defined.then(|| Given { text, origin: profile.unwrap_or(Origin::Scenario) })
}

/// Settings to record with a run of `plan`. Load values that differ from those of the settings were entered on the
/// screen. `mask` removes secrets.
pub(super) fn used(
    settings: &Settings,
    scenario: &Scenario,
    plan: &Plan,
    mask: impl Fn(&str) -> String,
) -> Vec<SettingUsed> {
    let planned = scenario.plan(&settings.overrides()).ok();
    let mut all: Vec<SettingUsed> = Settings::TABLE
        .iter()
        .filter_map(|setting| {
            let given = settings.given.get(setting.key).cloned();
            let (value, origin) = match given.or_else(|| in_scenario(setting, scenario, plan)) {
                Some(Given { text, origin }) => (text, origin.to_string()),
                // It has no effect there.
                None if setting.key == "spawn_rate" && plan.schedule.is_shaped() => return None,
                None => (load(setting.key, plan)?, default_origin(setting.key, settings).to_owned()),
            };
            // The load of the plan takes precedence over the settings.
            let is_changed =
                planned.as_ref().is_some_and(|planned| load(setting.key, planned) != load(setting.key, plan));
            let origin = if is_changed { SCREEN.to_owned() } else { origin };
            let value = load(setting.key, plan).filter(|_| is_changed).unwrap_or(value);
            let value = if setting.is_hidden() { "***".to_owned() } else { mask(&value) };
            Some(SettingUsed { key: setting.key.to_owned(), value, origin: mask(&origin) })
        })
        .collect();
    all.extend(plan.reports.0.iter().map(|(format, path)| SettingUsed {
        key: format!("report.{format}"),
        value: mask(&path.to_string_lossy()),
        origin: Origin::Scenario.to_string(),
    }));
    all
}

/// A load setting of the plan as a string; `None` for other keys and if it is not set.
fn load(key: &str, plan: &Plan) -> Option<String> {
    let load = &plan.load;
    match key {
        "users" => Some(load.users.to_string()),
        "spawn_rate" => Some(load.spawn_rate.to_string()),
        "run_time" => load.run_time.map(plain),
        "stop_timeout" => Some(plain(load.stop_timeout)),
        _ => None,
    }
}

/// Origin of a load value that is neither in the settings nor in the scenario.
fn default_origin(key: &str, settings: &Settings) -> &'static str {
    let defaults = &settings.load_defaults;
    let is_in_config = match key {
        "users" => defaults.users.is_some(),
        "spawn_rate" => defaults.spawn_rate.is_some(),
        "run_time" => defaults.run_time.is_some(),
        "stop_timeout" => defaults.stop_timeout.is_some(),
        _ => false,
    };
    if is_in_config { CONFIG } else { "default" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{LoadDefaults, Overrides};
    use crate::units::Users;

    #[test]
    fn values_are_recorded_with_their_origin() {
        let text = "host: http://h\nusers: 3\nreport: { html: out.html }\ntasks: [{ steps: [{ get: / }] }]";
        let scenario = Scenario::parse("s.yaml", text).unwrap();
        let mut settings = Settings { csv: Some("c".into()), ..Settings::default() };
        settings.given.insert("csv", Given { text: "c".to_owned(), origin: Origin::Flag });
        settings.load_defaults =
            LoadDefaults { spawn_rate: Some(crate::units::PerSecond(4.0)), ..LoadDefaults::default() };
        let of = |overrides: &Overrides| {
            let plan = scenario.plan(overrides).unwrap();
            let all = used(&settings, &scenario, &plan, str::to_owned);
            all.into_iter().map(|one| format!("{}={} {}", one.key, one.value, one.origin)).collect::<Vec<_>>()
        };
        let from_settings = of(&settings.overrides());
        for line in [
            "host=http://h scenario",
            "users=3 scenario",
            "spawn_rate=4 config.yaml",
            "csv=c flag",
            "report.html=out.html scenario",
        ] {
            assert!(from_settings.iter().any(|known| known == line), "{line}: {from_settings:?}");
        }
        let from_screen = of(&Overrides { users: Some(Users(9)), ..settings.overrides() });
        assert!(from_screen.contains(&"users=9 screen".to_owned()), "{from_screen:?}");
    }
}
