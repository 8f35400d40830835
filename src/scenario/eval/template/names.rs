//! Names that templates may use, and errors for those that they may not.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use minijinja::Value;

use super::definite_assignment::DefiniteAssignment;
use super::fake;
use super::scope::SlotTable;
use super::template_error::TemplateError;
use crate::scenario::grammar::hints;
use crate::scenario::grammar::words::{PURE, RANDOM, VALUES};
use crate::scenario::syntax::diagnostic::nearest;

/// The names that are defined for a template.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    /// The scenario's `vars`.
    pub vars: Arc<Value>,
    /// Variables that change during the run.
    pub slots: Arc<SlotTable>,
    /// The variables of `env`.
    pub environment: Arc<BTreeMap<String, String>>,
    /// Variables whose line in `.env` cannot be read, and why.
    pub unreadable: Arc<BTreeMap<String, String>>,
    /// Entries of `vars` without a value, because it needs this variable of `env`, which is not set.
    pub unset_vars: BTreeMap<String, TemplateError>,
    /// The columns of each data file.
    pub columns: HashMap<String, Arc<[Arc<str>]>>,
    /// Names that were used, to find the unused ones.
    pub used: RefCell<BTreeSet<String>>,
    /// Tracks which variables are set when a step runs.
    pub assigned: DefiniteAssignment,
    /// Number of expressions evaluated at load time.
    pub(super) folded: Cell<u32>,
    /// Bytes that constant expressions may still add to the plan.
    pub(super) room: Cell<usize>,
}

/// The process environment. Each scenario reads it once when it is loaded: reading it for every request would take a
/// lock.
pub(crate) fn process() -> BTreeMap<String, String> {
    std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))).collect()
}

/// Maximum bytes that the constant expressions of a file may produce.
const MAX_ROOM: usize = 8 * 1024 * 1024;

impl Names {
    /// Only the process environment.
    #[cfg(test)]
    pub fn new(vars: Value) -> Self {
        Self::with_environment(vars, Arc::new(process()))
    }

    /// Only this environment.
    pub fn with_environment(vars: Value, environment: Arc<BTreeMap<String, String>>) -> Self {
        Self {
            vars: Arc::new(vars),
            slots: Arc::new(SlotTable::new(&environment)),
            environment,
            unreadable: Arc::default(),
            unset_vars: BTreeMap::new(),
            columns: HashMap::new(),
            used: RefCell::default(),
            assigned: DefiniteAssignment::default(),
            folded: Cell::new(0),
            room: Cell::new(MAX_ROOM),
        }
    }

    /// Whether `vars` defines this name.
    pub(crate) fn is_var(&self, name: &str) -> bool {
        self.vars.get_attr(name).is_ok_and(|value| !value.is_undefined())
    }
}

/// Checks a name; returns whether its value varies during the run.
pub(super) fn check_name(name: &str, code: &str, names: &Names) -> Result<bool, TemplateError> {
    let mut parts = name.split('.');
    let root = parts.next().unwrap_or(name);
    let member = parts.next();
    names.used.borrow_mut().insert(if root == "vars" { member.unwrap_or(root) } else { root }.to_owned());
    if let Some(error) = names.unset_vars.get(if root == "vars" { member.unwrap_or(root) } else { root }) {
        return Err(error.clone().note(format!("`{name}` uses it")).at(name));
    }
    match (root, member) {
        ("user", Some("id") | None) | ("iteration", _) => Ok(true),
        ("user", Some(other)) => {
            Err(TemplateError::new(name, format!("`user.{other}` is not defined"))
                .note("a user has one value: user.id"))
        }
        ("env", Some(variable)) => environment(variable, name, code, names).map(|()| false),
        ("env" | "vars", None) => Ok(false),
        ("vars", Some(variable)) => defined(variable, name, names).map(|()| false),
        (feeder, Some(column)) if names.columns.contains_key(feeder) => {
            has_column(feeder, column, names).map(|()| true)
        }
        _ if names.slots.id(root).is_some() => {
            // The row of a data file is set before the first step.
            if !names.columns.contains_key(root) && !names.is_var(root) {
                names.assigned.read(root, has_default(name, code) || code.contains("defined"));
            }
            Ok(true)
        }
        _ if names.is_var(root) => Ok(false),
        ("fake", Some(kind)) => fake_kind(kind, name).map(|()| true),
        _ if RANDOM.contains(&root) => Ok(true),
        _ if PURE.contains(&root) => Ok(false),
        _ => defined(root, code.find(name).map_or(name, |at| &code[at..]), names).map(|()| false),
    }
}

fn has_column(feeder: &str, column: &str, names: &Names) -> Result<(), TemplateError> {
    let columns = names.columns.get(feeder).map(|c| &**c).unwrap_or_default();
    // A file that could not be read has no columns; that was already reported.
    if columns.is_empty() || columns.iter().any(|c| &**c == column) {
        return Ok(());
    }
    let written = format!("{feeder}.{column}");
    let error = TemplateError::new(&written, format!("the data `{feeder}` has no column `{column}`"));
    let list = columns.join(", ");
    Err(match nearest(column, columns.iter().map(|c| &**c)) {
        Some(near) => error.note(format!("did you mean `{feeder}.{near}`?")).note(format!("its columns: {list}")),
        None => error.note(format!("its columns: {list}")),
    })
}

fn fake_kind(kind: &str, written: &str) -> Result<(), TemplateError> {
    if fake::KINDS.contains(&kind) {
        return Ok(());
    }
    let error = TemplateError::new(written, format!("fake has no {kind}()"));
    Err(match nearest(kind, fake::KINDS) {
        Some(near) => error.note(format!("did you mean `fake.{near}()`?")),
        None => error.note(format!("it has: {}", fake::KINDS.join(", "))),
    })
}

/// An error unless `vars` has this variable; `written` is `vars.NAME`, or the name and the code after it.
fn defined(variable: &str, written: &str, names: &Names) -> Result<(), TemplateError> {
    if names.is_var(variable) {
        return Ok(());
    }
    let is_member = written.split_once('.').is_some_and(|(root, _)| root == "vars");
    let hint = hints::name(written).filter(|_| !is_member);
    let written = if is_member { written } else { variable };
    if let Some(advice) = hint {
        return Err(TemplateError::new(written, format!("`{written}` is not defined")).note(advice));
    }
    let own: Vec<String> = names
        .vars
        .try_iter()
        .map(|keys| keys.filter_map(|k| k.as_str().map(str::to_owned)).collect())
        .unwrap_or_default();
    let words = own.iter().map(String::as_str);
    let near = if is_member {
        nearest(variable, words).map(|n| format!("vars.{n}"))
    } else {
        let slots = names.slots.names().iter().map(|name| &**name);
        nearest(variable, words.chain(slots).chain(VALUES).chain(RANDOM)).map(str::to_owned)
    };
    let mut error = TemplateError::new(written, format!("`{written}` is not defined"));
    error.undefined = !is_member;
    // An environment variable, if it is set or written like one.
    if names.environment.contains_key(variable) || hints::is_of_environment(variable) {
        error = error.note(format!("write {{{{ env.{variable} }}}} for the environment variable {variable}"));
        let same = near.filter(|near| near.eq_ignore_ascii_case(variable));
        return Err(same.into_iter().fold(error, |error, near| error.note(format!("or did you mean `{near}`?"))));
    }
    Err(match near {
        Some(near) => error.note(format!("did you mean `{near}`?")),
        None => error.note("defined are: vars, env.NAME, user.id, iteration, random_int(a, b), uuid(), choice(list)"),
    })
}

fn environment(variable: &str, written: &str, code: &str, names: &Names) -> Result<(), TemplateError> {
    if names.environment.contains_key(variable) {
        return Ok(());
    }
    // A default must not hide that the value is there.
    let unreadable = names.unreadable.get(variable);
    if unreadable.is_none() && has_default(written, code) {
        return Ok(());
    }
    let what = if unreadable.is_some() { "cannot be read" } else { "is not set" };
    let mut error = TemplateError::new(written, format!("the environment variable {variable} {what}"));
    error.unset = true;
    Err(match unreadable.or_else(|| names.unreadable.get("")) {
        Some(why) => error.note(why.as_str()),
        None => error.note(format!(
            "set it, write {variable}=… into .env, or give a default: {{{{ env.{variable} | default(\"…\") }}}}"
        )),
    })
}

fn has_default(written: &str, code: &str) -> bool {
    code.match_indices(written).any(|(at, _)| {
        // `(env.X)|default(…)` has a default too.
        let after = code[at + written.len()..].trim_start_matches(|c: char| c == ')' || c.is_whitespace());
        let filter = after.strip_prefix('|').map(str::trim_start);
        filter.is_some_and(|f| f.starts_with("default") || f.starts_with("d("))
    })
}
