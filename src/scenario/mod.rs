//! A YAML file becomes a [`Plan`]: read, checked, and compiled once before anything is sent.
//!
//! In: a path or a text. Out: a [`Scenario`] (read and checked, cheap to keep in a list), from which
//! [`Scenario::plan`] compiles a [`Plan`] for one run, or a [`ScenarioError`] that shows file, line, column and excerpt.

mod build;
pub mod capture;
pub mod catalog;
mod diagnostic;
pub mod expect;
mod node;
pub mod path;
pub mod plan;
pub mod reply;
pub mod secrets;
pub mod template;

use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

pub use plan::Plan;
use url::Url;

use self::node::Node;
use crate::units::{self, PerSecond, UnitError, Users};

/// A scenario file that was read and found right.
#[derive(Debug, Clone)]
pub struct Scenario {
    origin: Arc<str>,
    source: Arc<str>,
    root: Arc<Node>,
    head: Arc<build::Head>,
    name: Arc<str>,
}

/// What flags or the launcher's fields put in the place of the file's values.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Overrides {
    /// Base URL.
    pub host: Option<String>,
    /// Peak users.
    pub users: Option<Users>,
    /// Users per second.
    pub spawn_rate: Option<PerSecond>,
    /// Length of the run; `Some(None)` runs until stopped.
    pub run_time: Option<Option<Duration>>,
    /// Time for running tasks to finish after a stop.
    pub stop_timeout: Option<Duration>,
}

/// A scenario that cannot be run: every message, each with file, line, column and excerpt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct ScenarioError {
    /// The messages as printed.
    pub text: String,
    /// One line for lists: `line 14:7: unknown field …`.
    pub brief: String,
}

/// The value of `host` that asks for the embedded demo target.
pub const DEMO_HOST: &str = "demo";

/// Stands for the demo target's address, which is known only when it runs.
const DEMO_BASE: &str = "http://demo.invalid";
/// What a plan against the demo target shows as its host.
const DEMO_SHOWN: &str = "embedded target";
/// Largest file that is read.
const MAX_BYTES: u64 = 1_000_000;

impl Scenario {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// When it cannot be read, or anything in it is wrong.
    pub fn load(path: &Path) -> Result<Self, ScenarioError> {
        let origin = path.display().to_string();
        let fail = |why: String| diagnostic::plain(&format!("cannot read the scenario {origin}: {why}"));
        let file = std::fs::File::open(path).map_err(|e| fail(e.to_string()))?;
        if file.metadata().is_ok_and(|m| m.is_dir()) {
            return Err(fail("it is a directory".to_owned()));
        }
        let mut bytes = Vec::new();
        // One byte more than allowed tells a file that is too long, also one that has no length, such as a pipe.
        file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|e| fail(e.to_string()))?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(fail("it is larger than 1 MB".to_owned()));
        }
        let text = String::from_utf8(bytes).map_err(|_| fail("it is not UTF-8 text".to_owned()))?;
        Self::parse(&origin, &text)
    }

    /// Checks a text; `origin` is the file name shown in errors.
    ///
    /// # Errors
    /// When anything in it is wrong.
    pub fn parse(origin: &str, text: &str) -> Result<Self, ScenarioError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let root = node::parse(text).map_err(|d| diagnostic::render(origin, text, vec![d]))?;
        let (head, _) =
            build::build(text, &root, DEMO_BASE).map_err(|found| diagnostic::render(origin, text, found))?;
        let stem = Path::new(origin).file_stem().map_or_else(|| origin.into(), |s| s.to_string_lossy());
        let name = head.name.as_deref().unwrap_or(&stem).into();
        Ok(Self { origin: origin.into(), source: text.into(), root: Arc::new(root), head: Arc::new(head), name })
    }

    /// `name`, else the file's stem.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `description`, or nothing.
    pub fn description(&self) -> &str {
        self.head.description.as_deref().unwrap_or("")
    }

    /// `host` as written; [`DEMO_HOST`] means the embedded demo target.
    pub fn host(&self) -> Option<&str> {
        self.head.host.as_deref()
    }

    /// Compiles the scenario for one run. The demo target's host compiles to a placeholder unless it is overridden, so
    /// that a preview needs no target.
    ///
    /// # Errors
    /// When no host is known, or an override is out of range.
    pub fn plan(&self, overrides: &Overrides) -> Result<Plan, ScenarioError> {
        let host = overrides.host.as_deref().or(self.host()).ok_or_else(|| {
            diagnostic::plain(&format!("{} has no host: give `host:` in the file, or --host URL", self.origin))
        })?;
        let demo = host == DEMO_HOST;
        let base = if demo { DEMO_BASE.to_owned() } else { base_url(host).map_err(|e| diagnostic::plain(&e))? };
        let (_, mut plan) = build::build(&self.source, &self.root, &base)
            .map_err(|found| diagnostic::render(&self.origin, &self.source, found))?;
        plan.name = self.name.clone();
        plan.host = if demo { DEMO_SHOWN.into() } else { base.into() };
        overrides.apply(&mut plan.load).map_err(|e| diagnostic::plain(&e.to_string()))?;
        Ok(plan)
    }
}

impl Overrides {
    fn apply(&self, load: &mut plan::Load) -> Result<(), UnitError> {
        if let Some(users) = self.users {
            load.users = units::parse_users(&users.to_string())?;
        }
        if let Some(PerSecond(rate)) = self.spawn_rate {
            load.spawn_rate = units::parse_spawn_rate(&rate.to_string())?;
        }
        if let Some(run_time) = self.run_time {
            load.run_time = run_time;
        }
        if let Some(stop_timeout) = self.stop_timeout {
            load.stop_timeout = stop_timeout;
        }
        Ok(())
    }
}

/// Checks a base URL and cuts its trailing slashes; a path is kept as a prefix.
fn base_url(host: &str) -> Result<String, String> {
    let fail = |why: &str| Err(format!("{host:?} is not a base URL ({why}): write http://host:port or https://host"));
    let url = match Url::parse(host.trim()) {
        Ok(url) => url,
        Err(e) => return fail(&e.to_string()),
    };
    if !matches!(url.scheme(), "http" | "https") {
        return fail("only http and https are possible");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return fail("it has a query or a fragment");
    }
    Ok(host.trim().trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests;
