//! Settings as they count for a run of a scenario, with where each comes from.

use crate::scenario::{Plan, Scenario};
use crate::settings::{Given, Origin, Setting, Settings};
use crate::store::SettingUsed;
use crate::units::plain;

/// Where values come from that were typed into the launcher.
const SCREEN: &str = "screen";
/// Where they come from if only `config.yaml` has them.
const CONFIG: &str = "config.yaml";

/// Host and load, where the scenario says them.
pub(super) fn in_scenario(setting: &Setting, scenario: &Scenario, plan: &Plan) -> Option<Given> {
    let text = match setting.key {
        "host" => scenario.host()?.to_owned(),
        key => load(key, plan)?,
    };
    let has_it = scenario.has_key(setting.key)
        || (setting.key == "users" || setting.key == "run_time") && plan.schedule.is_shaped();
    let profile = scenario.profile_with_key(setting.key).map(|name| Origin::Profile(name.to_owned()));
    has_it.then(|| Given { text, origin: profile.unwrap_or(Origin::Scenario) })
}

/// What is recorded with a run of `plan`, which these settings have started or, with other values of its load, a person
/// on the screen. `mask` removes secrets.
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
                None => (load(setting.key, plan)?, below(setting.key, settings).to_owned()),
            };
            // The plan has the load of this run, whatever the settings say.
            let is_other =
                planned.as_ref().is_some_and(|planned| load(setting.key, planned) != load(setting.key, plan));
            let origin = if is_other { SCREEN.to_owned() } else { origin };
            let value = load(setting.key, plan).filter(|_| is_other).unwrap_or(value);
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

/// The load of the plan.
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

/// Where the load comes from if neither the settings nor the scenario say it.
fn below(key: &str, settings: &Settings) -> &'static str {
    let defaults = &settings.load_defaults;
    let is_there = match key {
        "users" => defaults.users.is_some(),
        "spawn_rate" => defaults.spawn_rate.is_some(),
        "run_time" => defaults.run_time.is_some(),
        "stop_timeout" => defaults.stop_timeout.is_some(),
        _ => false,
    };
    if is_there { CONFIG } else { "default" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{LoadDefaults, Overrides};
    use crate::units::Users;

    #[test]
    fn each_value_has_its_origin() {
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
        let as_set = of(&settings.overrides());
        for line in [
            "host=http://h scenario",
            "users=3 scenario",
            "spawn_rate=4 config.yaml",
            "csv=c flag",
            "report.html=out.html scenario",
        ] {
            assert!(as_set.iter().any(|known| known == line), "{line}: {as_set:?}");
        }
        let typed = of(&Overrides { users: Some(Users(9)), ..settings.overrides() });
        assert!(typed.contains(&"users=9 screen".to_owned()), "{typed:?}");
    }
}
