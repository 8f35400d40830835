//! A YAML file becomes a [`Plan`]: read, checked, and compiled once before anything is sent.
//!
//! In: a path or a text. Out: a [`Scenario`] (read and checked, cheap to keep in a list), from which
//! [`Scenario::plan`] compiles a [`Plan`] for one run, or a [`ScenarioError`] that shows file, line, column and excerpt.

pub mod catalog;
mod check_graphql;
mod compile;
pub mod estimate;
pub mod eval;
pub mod grammar;
pub mod graphql;
mod overrides;
pub mod plan;
mod runnable;
pub mod secrets;
pub(crate) mod syntax;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

pub use plan::Plan;
use url::Url;

use self::eval::template;
use self::secrets::{Redactor, userinfo};
pub use self::syntax::diagnostic::ScenarioError;
use self::syntax::node::Node;
use self::syntax::source::Sources;
use self::syntax::{compose, diagnostic, dotenv, source};
use crate::units::{self, PerSecond, Users};

/// A scenario file that was read and found right.
#[derive(Debug, Clone)]
pub struct Scenario {
    file: Arc<File>,
    /// The tree with the profile laid over it.
    root: Arc<Node>,
    head: Arc<compile::Head>,
    select: Arc<SelectOptions>,
    name: Arc<str>,
    warnings: Arc<str>,
}

/// What was read.
#[derive(Debug)]
struct File {
    sources: Sources,
    root: Node,
    environment: Arc<BTreeMap<String, String>>,
}

/// Which part of a scenario is run: `--profile`, `--tags`, `--exclude-tags`, `--classes`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SelectOptions {
    /// The profile laid over the file.
    pub profile: Option<String>,
    /// Only tasks and steps with one of these tags; a step without tags goes with its task. Empty takes all.
    pub tags: Vec<String>,
    /// No task and no step with one of these tags.
    pub exclude_tags: Vec<String>,
    /// Only these user classes. Empty takes all.
    pub classes: Vec<String>,
}

/// What flags or the launcher's fields put instead of the file's values.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Overrides {
    /// Base URL, or the URL of the Redis.
    pub host: Option<String>,
    /// Base URL of the demo target, for a scenario whose host it is.
    pub demo: Option<String>,
    /// Peak users.
    pub users: Option<Users>,
    /// Users per second.
    pub spawn_rate: Option<PerSecond>,
    /// Length of the run; `Some(None)` runs until stopped.
    pub run_time: Option<Option<Duration>>,
    /// Time for running tasks to finish after a stop.
    pub stop_timeout: Option<Duration>,
}

/// The value of `host` that asks for the embedded demo target.
pub const DEMO_HOST: &str = "demo";

/// Stands for the demo target's address, which is known only when it runs.
const DEMO_BASE: &str = "http://demo.invalid";
/// What a plan against the demo target shows as its host.
const DEMO_SHOWN: &str = "embedded target";

impl Scenario {
    /// Reads and checks a file, and takes all of it.
    ///
    /// # Errors
    /// When it cannot be read, or anything in it is wrong.
    pub fn load(path: &Path) -> Result<Self, ScenarioError> {
        Self::load_selected(path, &SelectOptions::default())
    }

    /// Reads and checks a file, and takes a part of it.
    ///
    /// # Errors
    /// When it cannot be read, anything in it is wrong, or it has no such part.
    pub fn load_selected(path: &Path, select: &SelectOptions) -> Result<Self, ScenarioError> {
        let origin = path.display().to_string();
        let fail = |why: &str| diagnostic::plain(&format!("cannot read the scenario {origin}: {why}"));
        if path.extension().is_some_and(|extension| extension == "py") {
            return Err(fail("a Python file; docs/from-locust.md shows how to convert a locustfile to YAML"));
        }
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let bytes = source::read_limited(path, source::MAX_BYTES).map_err(|why| {
            let why = why.strip_prefix(&format!("cannot read {origin}: ")).map(str::to_owned).unwrap_or(why);
            fail(&why)
        })?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let (text, found) = diagnostic::bad_byte(error);
            let mut sources = Sources::new(&origin, &text, None);
            sources.protect(named_in(&text, &environment(Some(folder)).unwrap_or_default()));
            diagnostic::render(&sources, vec![found])
        })?;
        let all = Self::parse_in(&origin, &text, Some(folder))?;
        if *select == SelectOptions::default() { Ok(all) } else { all.select(select) }
    }

    /// Checks a text that belongs to no folder; `origin` is the file name shown in errors.
    ///
    /// # Errors
    /// When anything in it is wrong.
    pub fn parse(origin: &str, text: &str) -> Result<Self, ScenarioError> {
        Self::parse_in(origin, text, None)
    }

    /// Checks a text whose files (data, includes, `@file`, `.env`) lie in `folder`.
    ///
    /// # Errors
    /// When anything in it is wrong.
    pub fn parse_in(origin: &str, text: &str, folder: Option<&Path>) -> Result<Self, ScenarioError> {
        let environment = Arc::new(environment(folder)?);
        let (mut sources, root) = compose::compose(origin, text, folder);
        sources.protect(match &root {
            Ok(root) => declared(root, &environment),
            Err(_) => named_in(sources.text(), &environment),
        });
        let root = root.map_err(|found| diagnostic::render(&sources, found))?;
        let file = File { sources, root, environment };
        let everything = SelectOptions::default();
        let mut built = file.build(&file.root, DEMO_BASE, &everything);
        // A profile that is not chosen today is chosen tomorrow: all of them are checked.
        for profile in compose::profiles(&file.root).take(compile::MAX_PROFILES) {
            if let Ok(root) = compose::overlay(&file.root, profile) {
                let other = file.build(&root, DEMO_BASE, &everything);
                built.errors.extend(other.errors);
                // A warning: a run may be given another length.
                let schedule = other.plan.as_ref().map(|plan| &plan.schedule);
                if let Some(found) = schedule.and_then(|schedule| not_shorter(&root, schedule)) {
                    built.warnings.push(found.note(format!("this is of the profile `{profile}`")));
                }
            }
        }
        if !built.errors.is_empty() {
            return Err(diagnostic::render(&file.sources, built.errors));
        }
        let stem = Path::new(origin).file_stem().map_or_else(|| origin.into(), |s| s.to_string_lossy());
        let name = built.head.name.as_deref().unwrap_or(&stem).into();
        let warnings = diagnostic::print(&file.sources, &mut built.warnings, "warning").into();
        let root = Arc::new(file.root.clone());
        let (head, select) = (Arc::new(built.head), Arc::default());
        Ok(Self { root, file: Arc::new(file), head, select, name, warnings })
    }

    /// The same scenario with another part of it taken.
    ///
    /// # Errors
    /// When it has no such profile, class or tag.
    pub fn select(&self, select: &SelectOptions) -> Result<Self, ScenarioError> {
        let plain = |why: String| self.refusal(&format!("{}: {why}", self.file.sources.origin()));
        let root = match &select.profile {
            Some(profile) => compose::overlay(&self.file.root, profile).map_err(plain)?,
            None => self.file.root.clone(),
        };
        let mut built = self.file.build(&root, DEMO_BASE, select);
        if !built.errors.is_empty() {
            return Err(diagnostic::render(&self.file.sources, built.errors));
        }
        if let Some(nothing) = built.nothing {
            return Err(plain(nothing));
        }
        let warnings = diagnostic::print(&self.file.sources, &mut built.warnings, "warning").into();
        let name = built.head.name.as_deref().map_or_else(|| Arc::clone(&self.name), Arc::from);
        let (file, select) = (Arc::clone(&self.file), Arc::new(select.clone()));
        Ok(Self { file, root: Arc::new(root), head: Arc::new(built.head), select, name, warnings })
    }

    /// What is not to be shown: the values of its `secrets`, and passwords that nobody has to name.
    pub fn secrets(&self) -> &Arc<Redactor> {
        self.file.sources.secrets()
    }

    /// An error without a place in the file; it may quote a flag, or a value of the environment.
    fn refusal(&self, why: &str) -> ScenarioError {
        diagnostic::plain(&self.file.sources.mask(why))
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

    /// True for a scenario of the binary: it belongs to no folder.
    pub fn is_embedded(&self) -> bool {
        self.file.sources.root().is_none()
    }

    /// True when some request goes to the host: a scenario of Redis alone has none.
    pub fn needs_host(&self) -> bool {
        self.head.needs_host
    }

    /// What looks like a slip but can be run, as printed; empty when there is nothing.
    pub fn warnings(&self) -> &str {
        &self.warnings
    }

    /// The names of its profiles.
    pub fn profiles(&self) -> Vec<String> {
        compose::profiles(&self.file.root).map(str::to_owned).collect()
    }

    /// Compiles the scenario for one run. The demo target's host compiles to a placeholder unless it is overridden, so
    /// that a preview needs no target.
    ///
    /// # Errors
    /// When no host is known, or an override is out of range.
    pub fn plan(&self, overrides: &Overrides) -> Result<Plan, ScenarioError> {
        let redis_url = overrides.host.as_deref().filter(|host| is_redis(host));
        let given = overrides.host.as_deref().filter(|host| !is_redis(host)).or(self.host());
        let host = match given {
            Some(host) => host,
            None if self.head.needs_host => {
                let origin = self.file.sources.origin();
                return Err(self.refusal(&format!("{origin} has no host: give `host:` in the file, or --host URL")));
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
        let redis = compile::Redis::Run(redis_url);
        let built = self.file.build_with(&self.root, &base, &self.select, redis);
        let mut plan = match built.plan {
            Some(plan) if built.errors.is_empty() => plan,
            _ => return Err(diagnostic::render(&self.file.sources, built.errors)),
        };
        plan.name = plan.secrets.mask(&self.name).as_ref().into();
        if redis_url.is_some() && plan.redis.is_none() {
            return Err(diagnostic::plain("--host is a Redis address, but this scenario has no `redis`"));
        }
        if redis_url.is_none() && overrides.host.is_some() && plan.redis.is_some() && !self.head.sends_http {
            return Err(diagnostic::plain(
                "--host is no Redis address, but this scenario sends to Redis alone: give redis://HOST:PORT",
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
        if plan.schedule.is_all_warm_up() {
            return Err(self.all_warm_up(&plan, overrides));
        }
        Ok(plan)
    }

    /// The error of a run that is warm-up from its beginning to its end; it has a place where the file alone says so.
    fn all_warm_up(&self, plan: &Plan, overrides: &Overrides) -> ScenarioError {
        let length = plan.schedule.length();
        let run = length.map_or_else(|| "the run".to_owned(), |t| format!("the run of {}", units::plain(t)));
        let found = not_shorter(&self.root, &plan.schedule);
        if let Some(found) = found.filter(|_| overrides.run_time.is_none()) {
            return diagnostic::render(&self.file.sources, vec![found]);
        }
        diagnostic::plain(&format!(
            "{}: all of {run} is warm-up, so nothing would count: give a longer run time, or a shorter warm_up",
            plan.name
        ))
    }
}

impl File {
    fn build(&self, root: &Node, base: &str, select: &SelectOptions) -> compile::Built {
        self.build_with(root, base, select, compile::Redis::Unknown)
    }

    /// The same with the Redis of a run.
    fn build_with(&self, root: &Node, base: &str, select: &SelectOptions, redis: compile::Redis<'_>) -> compile::Built {
        compile::compile(compile::Input {
            sources: &self.sources,
            root,
            whole: &self.root,
            base,
            redis,
            select,
            environment: &self.environment,
        })
    }
}

/// The error of a `warm_up` that is not shorter than the run.
fn not_shorter(root: &Node, schedule: &plan::Schedule) -> Option<diagnostic::Diagnostic> {
    let length = schedule.length().filter(|length| !length.is_zero() && schedule.warm_up() >= *length)?;
    let (_, node) = root.entries().iter().find(|(key, _)| key.name == "warm_up")?;
    let message = format!("the warm-up is not shorter than the run of {}: nothing would count", units::plain(length));
    Some(diagnostic::Diagnostic::new(node.at.clone(), message).note("give a shorter warm_up, or a longer run"))
}

/// Masks what a scenario and its profiles declare.
fn declared(root: &Node, environment: &BTreeMap<String, String>) -> Redactor {
    let values = compose::secrets(root).filter_map(|name| environment.get(name)).map(String::as_str);
    Redactor::new(values.chain(unnamed(environment)))
}

/// For files that cannot be read: as nobody knows which of the variables in them are secrets, all are.
fn named_in(text: &str, environment: &BTreeMap<String, String>) -> Redactor {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let words: BTreeSet<&str> = text.split(|c: char| !is_word(c)).collect();
    let named = environment.iter().filter(|(name, _)| words.contains("secrets") && words.contains(name.as_str()));
    Redactor::new(named.map(|(_, value)| value.as_str()).chain(unnamed(environment)))
}

/// Passwords that no scenario has to declare.
fn unnamed(environment: &BTreeMap<String, String>) -> impl Iterator<Item = &str> {
    environment.get("REDIS_PASSWORD").into_iter().map(String::as_str)
}

/// The process's environment, and below it what `.env` in the scenario's folder adds.
fn environment(folder: Option<&Path>) -> Result<BTreeMap<String, String>, ScenarioError> {
    let mut all = template::process();
    let Some(folder) = folder else { return Ok(all) };
    let mut own = BTreeMap::new();
    // The last of equals wins, as in a shell.
    own.extend(dotenv::read(&folder.join(".env"))?);
    for (name, value) in own {
        all.entry(name).or_insert(value);
    }
    Ok(all)
}

/// True for the address of a Redis, which `--host` takes as well.
pub fn is_redis(host: &str) -> bool {
    let scheme = host.trim_start().split("://").next().unwrap_or_default();
    ["redis", "rediss"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
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
