//! A YAML file becomes a [`Scenario`]: read, checked, and compiled once.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::environment::{declared, environment, named_in};
use super::graphql::endpoint::SentDocument;
use super::plan::Plan;
use super::secrets::Redactor;
use super::syntax::node::Node;
use super::syntax::source::{self, Sources};
use super::syntax::{compose, diagnostic};
use super::warm_up::not_shorter;
use super::{ScenarioError, SelectOptions, compile};

/// A scenario file that was read and found right.
#[derive(Debug, Clone)]
pub struct Scenario {
    pub(super) file: Arc<File>,
    /// The tree with the profile laid over it.
    pub(super) root: Arc<Node>,
    pub(super) compiled: Arc<Compiled>,
    pub(super) select: Arc<SelectOptions>,
    name: Arc<str>,
    warnings: Arc<str>,
}

/// What a tree was compiled to, once.
#[derive(Debug)]
pub(super) struct Compiled {
    pub head: compile::Head,
    /// Without a host; see [`Plan::send_to`].
    pub plan: Plan,
    /// The GraphQL steps, also of what was not taken.
    pub graphql: Vec<SentDocument>,
}

/// What was read.
#[derive(Debug)]
pub(super) struct File {
    pub sources: Sources,
    pub root: Arc<Node>,
    environment: Arc<BTreeMap<String, String>>,
}

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
        let file = File { sources, root: Arc::new(root), environment };
        let everything = SelectOptions::default();
        let mut built = file.build(&file.root, &everything);
        // A profile that is not chosen today is chosen tomorrow: all of them are checked.
        for profile in compose::profiles(&file.root).take(compile::MAX_PROFILES) {
            if let Ok(root) = compose::overlay(&file.root, profile) {
                let other = file.build(&root, &everything);
                built.errors.extend(other.errors);
                // A warning: a run may be given another length.
                let schedule = other.plan.as_ref().map(|plan| &plan.schedule);
                if let Some(found) = schedule.and_then(|schedule| not_shorter(&root, schedule)) {
                    built.warnings.push(found.note(format!("this is of the profile `{profile}`")));
                }
            }
        }
        let stem = Path::new(origin).file_stem().map_or_else(|| origin.into(), |s| s.to_string_lossy());
        let name = built.head.name.as_deref().unwrap_or(&stem).into();
        let warnings = diagnostic::print(&file.sources, &mut built.warnings, "warning").into();
        let compiled = Compiled::of(built, &file.sources)?;
        let (root, select) = (Arc::clone(&file.root), Arc::default());
        Ok(Self { root, file: Arc::new(file), compiled, select, name, warnings })
    }

    /// The same scenario with another part of it taken.
    ///
    /// # Errors
    /// When it has no such profile, class or tag.
    pub fn select(&self, select: &SelectOptions) -> Result<Self, ScenarioError> {
        let plain = |why: String| self.refusal(&format!("{}: {why}", self.file.sources.origin()));
        let root = match &select.profile {
            Some(profile) => Arc::new(compose::overlay(&self.file.root, profile).map_err(plain)?),
            None => Arc::clone(&self.file.root),
        };
        let mut built = self.file.build(&root, select);
        if !built.errors.is_empty() {
            return Err(diagnostic::render(&self.file.sources, built.errors));
        }
        if let Some(nothing) = built.nothing {
            return Err(plain(nothing));
        }
        let warnings = diagnostic::print(&self.file.sources, &mut built.warnings, "warning").into();
        let name = built.head.name.as_deref().map_or_else(|| Arc::clone(&self.name), Arc::from);
        let compiled = Compiled::of(built, &self.file.sources)?;
        Ok(Self { file: Arc::clone(&self.file), root, compiled, select: Arc::new(select.clone()), name, warnings })
    }

    /// Masks the values of `secrets`, and passwords that need no declaration.
    pub fn secrets(&self) -> &Arc<Redactor> {
        self.file.sources.secrets()
    }

    /// An error without a place in the file; it may quote a flag, or a value of the environment.
    pub(super) fn refusal(&self, why: &str) -> ScenarioError {
        diagnostic::plain(&self.file.sources.mask(why))
    }

    /// `name`, else the file's stem.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `description`, or nothing.
    pub fn description(&self) -> &str {
        self.compiled.head.description.as_deref().unwrap_or("")
    }

    /// `host` as written; [`DEMO_HOST`] means the embedded demo target.
    pub fn host(&self) -> Option<&str> {
        self.compiled.head.host.as_deref()
    }

    /// True for a scenario of the binary: it belongs to no folder.
    pub fn is_embedded(&self) -> bool {
        self.file.sources.root().is_none()
    }

    /// True when some request goes to the host: a scenario of Redis alone has none.
    pub fn needs_host(&self) -> bool {
        self.compiled.head.needs_host
    }

    /// What looks like a mistake but can be run, as printed; empty without any.
    pub fn warnings(&self) -> &str {
        &self.warnings
    }

    /// The names of its profiles.
    pub fn profiles(&self) -> Vec<String> {
        compose::profiles(&self.file.root).map(str::to_owned).collect()
    }
}

impl Compiled {
    fn of(built: compile::Built, sources: &Sources) -> Result<Arc<Self>, ScenarioError> {
        match built.plan {
            Some(plan) if built.errors.is_empty() => {
                Ok(Arc::new(Self { head: built.head, plan, graphql: built.graphql }))
            }
            _ => Err(diagnostic::render(sources, built.errors)),
        }
    }
}

impl File {
    pub fn build(&self, root: &Node, select: &SelectOptions) -> compile::Built {
        compile::compile(compile::Input {
            sources: &self.sources,
            root,
            whole: &self.root,
            select,
            environment: &self.environment,
        })
    }
}
