//! Loads a YAML file as a [`Scenario`]: reads, validates and compiles it once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::environment::{Environment, declared, named_in};
use super::graphql::endpoint::SentDocument;
use super::plan::{Plan, Reports};
use super::secrets::Redactor;
use super::syntax::node::Node;
use super::syntax::source::{self, Sources};
use super::syntax::{compose, diagnostic};
use super::warm_up::not_shorter;
use super::{ScenarioError, SelectOptions, compile};

/// A valid scenario file.
#[derive(Debug, Clone)]
pub struct Scenario {
    pub(super) file: Arc<File>,
    /// The whole file with each of its profiles, by name.
    pub(super) profiles: Arc<BTreeMap<String, Result<Variant, ScenarioError>>>,
    /// The selected variant.
    pub(super) variant: Variant,
    pub(super) select: Arc<SelectOptions>,
    /// Name of the scenario.
    name: Arc<str>,
}

/// A selection of a file: a profile, tags, classes, or none of these.
#[derive(Debug, Clone)]
pub(super) struct Variant {
    /// The tree after applying the profile.
    pub root: Arc<Node>,
    pub compiled: Arc<Compiled>,
    /// Warnings, as printed.
    warnings: Arc<str>,
}

/// The compiled tree.
#[derive(Debug)]
pub(super) struct Compiled {
    pub head: compile::Head,
    /// Without a host; see [`Plan::send_to`].
    pub plan: Plan,
    /// All GraphQL steps, including those that are not selected.
    pub graphql: Vec<SentDocument>,
    /// Why the selected part is empty.
    nothing: Option<String>,
}

/// Contents of a file.
#[derive(Debug)]
pub(super) struct File {
    pub sources: Sources,
    pub root: Arc<Node>,
    environment: Environment,
}

impl Scenario {
    /// Loads a file, with everything selected.
    ///
    /// # Errors
    /// If it cannot be read or is invalid.
    pub fn load(path: &Path) -> Result<Self, ScenarioError> {
        Self::load_selected(path, &SelectOptions::default())
    }

    /// Loads a file and selects a part of it.
    ///
    /// # Errors
    /// If it cannot be read, is invalid, or has no such part.
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
            sources.protect(named_in(&text, &Environment::read(Some(folder)).values));
            diagnostic::render(&sources, vec![found])
        })?;
        Self::parse_selected(&origin, &text, Some(folder), select)
    }

    /// Compiles a text without a folder; `origin` is the file name shown in errors.
    ///
    /// # Errors
    /// If it is invalid.
    pub fn parse(origin: &str, text: &str) -> Result<Self, ScenarioError> {
        Self::parse_in(origin, text, None)
    }

    /// Compiles a text whose files (data, includes, `@file`, `.env`) are in `folder`.
    ///
    /// # Errors
    /// If it is invalid.
    pub fn parse_in(origin: &str, text: &str, folder: Option<&Path>) -> Result<Self, ScenarioError> {
        Self::parse_selected(origin, text, folder, &SelectOptions::default())
    }

    /// Compiles a text and selects a part of it. The whole text must be valid, but only the variables of the
    /// environment that the part uses must be set.
    fn parse_selected(
        origin: &str,
        text: &str,
        folder: Option<&Path>,
        select: &SelectOptions,
    ) -> Result<Self, ScenarioError> {
        let environment = Environment::read(folder);
        let (mut sources, root) = compose::compose(origin, text, folder);
        sources.protect(match &root {
            Ok(root) => declared(root, &environment.values),
            Err(_) => named_in(sources.text(), &environment.values),
        });
        let root = root.map_err(|found| diagnostic::render(&sources, found))?;
        let file = File { sources, root: Arc::new(root), environment };
        let everything = SelectOptions::default();
        let mut built = file.build(&file.root, &everything);
        // All profiles are validated and kept, so that selecting one later compiles nothing.
        let mut others = Vec::new();
        for profile in compose::profiles(&file.root).take(compile::MAX_PROFILES) {
            // Profiles that cannot be applied are reported when they are selected.
            let Ok(root) = compose::overlay(&file.root, profile) else { continue };
            let mut other = file.build(&root, &everything);
            built.errors.append(&mut other.errors);
            // Only a warning, because a run can have another length.
            let schedule = other.plan.as_ref().map(|plan| &plan.schedule);
            if let Some(found) = schedule.and_then(|schedule| not_shorter(&root, schedule)) {
                built.warnings.push(found.note(format!("in the profile `{profile}`")));
            }
            others.push((profile.to_owned(), Arc::new(root), other));
        }
        let stem = Path::new(origin).file_stem().map_or_else(|| origin.into(), |s| s.to_string_lossy());
        let name = built.head.name.as_deref().unwrap_or(&stem).into();
        if !built.errors.is_empty() {
            built.errors.append(&mut built.unset);
            return Err(diagnostic::render(&file.sources, built.errors));
        }
        let profiles = others.into_iter().map(|(name, root, built)| (name, file.variant(root, built)));
        let profiles: Arc<BTreeMap<_, _>> = Arc::new(profiles.collect());
        let variant = match *select == everything {
            true => file.variant(Arc::clone(&file.root), built)?,
            false => file.selected(&profiles, select)?,
        };
        Ok(Self { file: Arc::new(file), profiles, variant, select: Arc::new(select.clone()), name })
    }

    /// The same scenario with another selection.
    ///
    /// # Errors
    /// If it has no such profile, class or tag.
    pub fn select(&self, select: &SelectOptions) -> Result<Self, ScenarioError> {
        let variant = self.file.selected(&self.profiles, select)?;
        Ok(Self { variant, select: Arc::new(select.clone()), ..self.clone() })
    }

    /// Masks the values of `secrets`, and passwords that need no declaration.
    pub fn secrets(&self) -> &Arc<Redactor> {
        self.file.sources.secrets()
    }

    /// An error without a position in the file; it may quote a flag, or a value of the environment.
    pub(super) fn refusal(&self, why: &str) -> ScenarioError {
        diagnostic::plain(&self.file.sources.mask(why))
    }

    /// Files to write at the end of a run.
    pub fn reports(&self) -> &Reports {
        &self.variant.compiled.plan.reports
    }

    /// Path of the file, or a placeholder.
    pub fn origin(&self) -> &str {
        self.file.sources.origin()
    }

    /// Text of the file, followed by those of its includes. It may contain secrets: see [`Self::masked`].
    pub fn text(&self) -> &str {
        self.file.sources.text()
    }

    /// `text` with secrets, and user names and passwords in URLs, masked.
    pub fn masked(&self, text: &str) -> String {
        self.file.sources.mask(text)
    }

    /// `name`, or else the stem of the file name.
    pub fn name(&self) -> &str {
        self.variant.compiled.head.name.as_deref().unwrap_or(&self.name)
    }

    /// `description`, or an empty string.
    pub fn description(&self) -> &str {
        self.variant.compiled.head.description.as_deref().unwrap_or("")
    }

    /// The files that it consists of and reads: itself, includes, data, uploads, certificates. None if embedded.
    pub fn files(&self) -> Vec<PathBuf> {
        let own = (!self.is_embedded()).then(|| PathBuf::from(self.origin()));
        own.into_iter().chain(self.file.sources.named()).collect()
    }

    /// `host` as written; [`DEMO_HOST`] means the embedded demo target.
    pub fn host(&self) -> Option<&str> {
        self.variant.compiled.head.host.as_deref()
    }

    /// True for an embedded scenario, which has no folder.
    pub fn is_embedded(&self) -> bool {
        self.file.sources.root().is_none()
    }

    /// True if some request uses the host; false for a scenario with only Redis steps.
    pub fn needs_host(&self) -> bool {
        self.variant.compiled.head.needs_host
    }

    /// Warnings, as printed; empty without any.
    pub fn warnings(&self) -> &str {
        &self.variant.warnings
    }

    /// Names of the profiles.
    pub fn profiles(&self) -> Vec<String> {
        compose::profiles(&self.file.root).map(str::to_owned).collect()
    }
}

impl File {
    /// A part of the file: a profile, tags, classes.
    fn selected(
        &self,
        profiles: &BTreeMap<String, Result<Variant, ScenarioError>>,
        select: &SelectOptions,
    ) -> Result<Variant, ScenarioError> {
        let plain = |why: String| diagnostic::plain(&self.sources.mask(&format!("{}: {why}", self.sources.origin())));
        let is_whole = SelectOptions { profile: None, ..select.clone() } == SelectOptions::default();
        let known = select.profile.as_ref().and_then(|name| profiles.get(name));
        let variant = match known.filter(|_| is_whole) {
            Some(known) => known.clone()?,
            None => {
                let root = match &select.profile {
                    Some(profile) => Arc::new(compose::overlay(&self.root, profile).map_err(plain)?),
                    None => Arc::clone(&self.root),
                };
                let built = self.build(&root, select);
                self.variant(root, built)?
            }
        };
        match &variant.compiled.nothing {
            Some(nothing) => Err(plain(nothing.clone())),
            None => Ok(variant),
        }
    }

    fn variant(&self, root: Arc<Node>, built: compile::Built) -> Result<Variant, ScenarioError> {
        let compile::Built { head, plan, mut errors, mut unset, mut warnings, nothing, graphql } = built;
        errors.append(&mut unset);
        let Some(plan) = plan.filter(|_| errors.is_empty()) else {
            return Err(diagnostic::render(&self.sources, errors));
        };
        let mut text = self.environment.warning.iter().map(|why| format!("warning: {why}")).collect::<Vec<_>>();
        text.extend(Some(diagnostic::print(&self.sources, &mut warnings, "warning")).filter(|text| !text.is_empty()));
        let warnings = text.join("\n\n").into();
        Ok(Variant { root, compiled: Arc::new(Compiled { head, plan, graphql, nothing }), warnings })
    }

    fn build(&self, root: &Node, select: &SelectOptions) -> compile::Built {
        compile::compile(compile::Input {
            sources: &self.sources,
            root,
            whole: &self.root,
            select,
            environment: &self.environment.values,
            unreadable: &self.environment.unreadable,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::catalog::{Entry, Origin};
    use crate::scenario::graphql::schema::GraphqlSchema;

    /// Number of trees compiled by `work`.
    fn compiled<T>(work: impl FnOnce() -> T) -> (usize, T) {
        let before = crate::scenario::compiled_here();
        let result = work();
        (crate::scenario::compiled_here() - before, result)
    }

    #[test]
    fn each_profile_is_compiled_once() {
        let text = "host: http://h\nprofiles: { a: { users: 3 }, b: { users: 4, name: other } }\n\
            tasks: [{ tags: t, steps: [{ graphql: '{ x }' }] }]\n";
        let (count, scenario) = compiled(|| Scenario::parse("s.yaml", text).unwrap());
        assert_eq!(count, 3, "the file and two profiles");
        let profile = |name: &str, tags: &[&str]| SelectOptions {
            profile: Some(name.to_owned()),
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            ..SelectOptions::default()
        };
        let (count, other) = compiled(|| scenario.select(&profile("b", &[])).unwrap());
        let users = other.plan(&crate::scenario::Overrides::default()).unwrap().load.users.0;
        assert_eq!((count, other.name(), users), (0, "other", 4));
        assert_eq!(other.select(&profile("a", &[])).unwrap().name(), "s");
        // Another selection is another plan.
        assert_eq!(compiled(|| scenario.select(&profile("b", &["t"])).unwrap()).0, 1);
        let schema = GraphqlSchema::read("schema", "type Query { x: Int }").unwrap();
        assert_eq!(compiled(|| other.check_graphql(&schema).map(|checked| checked.steps)), (0, Ok(1)));
    }

    #[test]
    fn other_files_in_the_folder_are_not_compiled() {
        let folder = tempfile::tempdir().unwrap();
        let text = "host: http://h\ntasks: [{ steps: [{ get: / }] }]";
        for index in 0..40 {
            std::fs::write(folder.path().join(format!("{index}.yaml")), text).unwrap();
        }
        let (count, entries) = compiled(|| crate::scenario::catalog::discover(folder.path(), None));
        assert!(count == 0 && entries.len() > 40, "{count} of {}", entries.len());
        let one = Entry::file(&folder.path().join("7.yaml"), Origin::Named);
        assert_eq!(compiled(|| one.load().map(drop)), (1, Ok(())));
    }
}
