//! Creates the plan of one run from a compiled scenario: host and load.

use super::plan::host::{DEMO_HOST, base_url, is_redis};
use super::plan::{self, Plan};
use super::secrets::masked::Masked;
use super::secrets::userinfo;
use super::syntax::diagnostic;
use super::warm_up::not_shorter;
use super::{Overrides, Scenario, ScenarioError};
use crate::units;

/// Placeholder for the demo target's address, which is known only when it runs.
pub(crate) const DEMO_BASE: &str = "http://demo.invalid";
/// Host shown for plans against the demo target.
pub(crate) const DEMO_SHOWN: &str = "embedded target";

impl Scenario {
    /// The host of a run with these overrides, as it is given and as it may be shown.
    pub(crate) fn host_to_edit(&self, overrides: &Overrides) -> Masked {
        let overrides = self.completed(overrides);
        let redis = self.variant.compiled.plan.redis.as_ref().and_then(|redis| redis.urls.first()).map(AsRef::as_ref);
        let host = overrides.host.as_deref().or(self.host()).or(redis);
        Masked::new(host.unwrap_or_default(), self.secrets())
    }

    /// The plan of one run: the compiled plan with host and load applied. Cheap, because nothing is compiled. The demo
    /// target's host is a placeholder unless it is overridden, so that a preview needs no target.
    ///
    /// # Errors
    /// If no host is known, or an override is out of range.
    pub fn plan(&self, overrides: &Overrides) -> Result<Plan, ScenarioError> {
        let overrides = &*self.completed(overrides);
        let redis_url = overrides.host.as_deref().filter(|host| is_redis(host));
        let given = overrides.host.as_deref().filter(|host| !is_redis(host)).or(self.host());
        let host = match given {
            Some(host) => host,
            None if self.variant.compiled.head.needs_host => {
                let origin = self.file.sources.origin();
                return Err(self.refusal(&format!("{origin} has no host: set `host` in the file, or use --host URL")));
            }
            None => "",
        };
        let base = match host {
            "" => DEMO_BASE.to_owned(),
            DEMO_HOST => overrides.demo.as_deref().unwrap_or(DEMO_BASE).to_owned(),
            host => base_url(host).map_err(|e| self.refusal(&e))?,
        };
        if let Some(url) = redis_url {
            plan::Address::parse(url).map_err(|e| self.refusal(&e.to_string()))?;
        }
        if let Some(missing) = self.variant.compiled.head.no_redis.clone().filter(|_| redis_url.is_none()) {
            return Err(diagnostic::render(&self.file.sources, vec![missing]));
        }
        let mut plan = self.variant.compiled.plan.clone();
        plan.send_to(&base)
            .map_err(|e| self.refusal(&format!("{} is not a base URL: {e}", plan::host::shown(host))))?;
        let passwords = [Some(base.as_str()), redis_url].into_iter().flatten().flat_map(userinfo::passwords);
        plan.protect(passwords.collect::<Vec<_>>().iter().map(String::as_str));
        if let (Some(target), Some(url)) = (&mut plan.redis, redis_url) {
            target.urls = vec![url.into()];
        }
        plan.name = plan.secrets.mask(self.name()).as_ref().into();
        if redis_url.is_some() && plan.redis.is_none() {
            return Err(diagnostic::plain("--host is a Redis address, but this scenario has no `redis`"));
        }
        if redis_url.is_none()
            && overrides.host.is_some()
            && plan.redis.is_some()
            && !self.variant.compiled.head.sends_http
        {
            return Err(diagnostic::plain(
                "--host is not a Redis address, but this scenario sends only to Redis: use redis://HOST:PORT",
            ));
        }
        plan.host = match host {
            "" => {
                plan.redis.as_ref().map_or_else(|| "no host".into(), |redis| plan.secrets.mask(&redis.shown()).into())
            }
            DEMO_HOST if overrides.demo.is_none() => DEMO_SHOWN.into(),
            _ => userinfo::mask(&plan.secrets.mask(&base)).into(),
        };
        overrides.apply(&mut plan).map_err(|e| diagnostic::plain(&e.to_string()))?;
        let trace_url = plan.traces.as_ref().and_then(|traces| traces.url.as_deref());
        if trace_url.is_some_and(|url| plan.secrets.mask(url) != url) {
            return Err(diagnostic::plain("the trace_url contains a secret of the scenario, and reports show it"));
        }
        if plan.schedule.is_all_warm_up() {
            return Err(self.all_warm_up(&plan, overrides));
        }
        Ok(plan)
    }

    /// Error for a run that is entirely warm-up; it has a position only if the file sets the length.
    fn all_warm_up(&self, plan: &Plan, overrides: &Overrides) -> ScenarioError {
        let length = plan.schedule.length();
        let run = length.map_or_else(|| "the run".to_owned(), |t| format!("the run of {}", units::plain(t)));
        let found = not_shorter(&self.variant.root, &plan.schedule);
        if let Some(found) = found.filter(|_| overrides.run_time.is_none()) {
            return diagnostic::render(&self.file.sources, vec![found]);
        }
        diagnostic::plain(&format!(
            "{}: all of {run} is warm-up, so nothing would be counted: use a longer run time, or a shorter warm_up",
            plan.name
        ))
    }
}
