//! Applies defaults for host and load to scenarios without their own.

use std::borrow::Cow;

use super::plan::host::is_redis;
use super::syntax::node::Node;
use super::{LoadDefaults, Overrides, Scenario};

/// Keys that define the whole load: with one of them, the defaults for users, spawn rate and run time are not used.
const MODELS: [&str; 3] = ["shape", "arrivals", "search"];

impl Scenario {
    /// The overrides, completed with those of [`Overrides::defaults`] that the scenario does not set.
    pub fn completed<'a>(&self, given: &'a Overrides) -> Cow<'a, Overrides> {
        if given.defaults == LoadDefaults::default() {
            return Cow::Borrowed(given);
        }
        let mut all = given.clone();
        let LoadDefaults { host, users, spawn_rate, run_time, stop_timeout } = std::mem::take(&mut all.defaults);
        let wants = |host: &String| if is_redis(host) { self.lacks_redis() } else { self.lacks_host() };
        all.host = all.host.or(host.filter(wants));
        let is_set = |key: &str| self.has_key(key) || MODELS.iter().any(|model| self.has_key(model));
        all.users = all.users.or(users.filter(|_| !is_set("users")));
        all.spawn_rate = all.spawn_rate.or(spawn_rate.filter(|_| !is_set("spawn_rate")));
        all.run_time = all.run_time.or(run_time.filter(|_| !is_set("run_time")).map(Some));
        all.stop_timeout = all.stop_timeout.or(stop_timeout.filter(|_| !self.has_key("stop_timeout")));
        Cow::Owned(all)
    }

    fn lacks_host(&self) -> bool {
        self.needs_host() && self.host().is_none()
    }

    fn lacks_redis(&self) -> bool {
        self.variant.compiled.head.no_redis.is_some()
    }

    /// True if the file, the selected profile, or one of its classes has this key.
    pub fn has_key(&self, key: &str) -> bool {
        let classes = value(&self.variant.root, "user_classes").map(Node::entries).unwrap_or_default();
        value(&self.variant.root, key).is_some() || classes.iter().any(|(_, class)| value(class, key).is_some())
    }

    /// Name of the selected profile, if it has this key.
    pub fn profile_with_key(&self, key: &str) -> Option<&str> {
        let name = self.select.profile.as_deref()?;
        let profile = value(value(&self.file.root, "profiles")?, name)?;
        value(profile, key).map(|_| name)
    }
}

fn value<'a>(map: &'a Node, key: &str) -> Option<&'a Node> {
    map.entries().iter().find(|(known, _)| known.name == key).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::units::{PerSecond, Users};

    #[test]
    fn defaults_are_used_only_if_the_scenario_sets_no_value() {
        let defaults = LoadDefaults {
            host: Some("http://default".to_owned()),
            users: Some(Users(7)),
            spawn_rate: Some(PerSecond(3.0)),
            run_time: Some(Duration::from_secs(60)),
            stop_timeout: None,
        };
        for (top, host, users, length) in [
            ("", "http://default", 7, Some(60)),
            ("host: http://own\nusers: 2\nrun_time: 5s", "http://own", 2, Some(5)),
            ("shape: { stages: [{ duration: 10s, users: 4 }] }", "http://default", 4, Some(10)),
        ] {
            let text = format!("{top}\ntasks: [{{ steps: [{{ get: / }}] }}]\n");
            let scenario = Scenario::parse("t.yaml", &text).unwrap();
            let plan = scenario.plan(&Overrides { defaults: defaults.clone(), ..Overrides::default() }).unwrap();
            let seen = (&*plan.host, plan.load.users.0, plan.schedule.length().map(|length| length.as_secs()));
            assert_eq!(seen, (host, users, length), "{top}");
            // Flags override both.
            let given = Overrides { users: Some(Users(9)), defaults: defaults.clone(), ..Overrides::default() };
            assert_eq!(scenario.plan(&given).unwrap().load.users, Users(9), "{top}");
        }
        let redis = Scenario::parse("r.yaml", "tasks: [{ steps: [{ redis: PING }] }]").unwrap();
        let overrides = Overrides { defaults, ..Overrides::default() };
        assert_eq!(redis.completed(&overrides).host, None, "no Redis address");
    }
}
