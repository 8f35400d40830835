//! Default host from `TARGET_HOST` or `STAGING_URL`, in the environment or `.env`.

use crate::scenario::{Scenario, secrets::userinfo};
use crate::settings::{Settings, parse_host};

/// The variables, highest precedence first.
const VARIABLES: [&str; 2] = ["TARGET_HOST", "STAGING_URL"];

/// The first variable that is set, and its value.
fn variable() -> Option<(&'static str, String)> {
    VARIABLES.into_iter().find_map(|name| {
        let value = std::env::var(name).ok().filter(|value| !value.is_empty())?;
        Some((name, value))
    })
}

/// Sets it as the host of scenarios without one, unless `config.yaml` has one.
///
/// # Errors
/// When it is needed and is not a valid host. The value is not printed: it may contain a password.
pub(super) fn fill(settings: &mut Settings) -> Result<(), String> {
    if settings.host.is_some() || settings.load_defaults.host.is_some() {
        return Ok(());
    }
    if let Some((name, value)) = variable() {
        let host = parse_host(&value).map_err(|why| format!("error: invalid value for {name}: {why}"))?;
        settings.load_defaults.host = Some(host);
    }
    Ok(())
}

/// Message of a run that uses the host from a variable.
pub(super) fn note(settings: &Settings, scenario: &Scenario) -> Option<String> {
    let (name, value) = variable()?;
    let is_given = settings.host.is_some() || settings.load_defaults.host.as_deref() != Some(value.trim());
    let used = scenario.completed(&settings.overrides()).host.clone();
    (!is_given && used.is_some()).then(|| {
        format!("no host is given: using {} of {name}", userinfo::mask_written(&scenario.secrets().mask(value.trim())))
    })
}
