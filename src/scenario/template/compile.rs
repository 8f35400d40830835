//! A string becomes a [`Text`]: cut at `{{ … }}`, every name checked, what cannot vary rendered at once.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;

use minijinja::Value;

use super::context::{ENVIRONMENT, FILTERS, PURE, RANDOM, RESERVED, TESTS, unknown_word};
use super::given::Given;
use super::misuse;
use super::{Condition, Expression, Form, Part, Scope, SlotTable, Template, Text, fake, plain, words};
use crate::scenario::diagnostic::nearest;

/// What names a template may use.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    /// The scenario's `vars`.
    pub vars: Arc<Value>,
    /// Names that change during the run.
    pub slots: Arc<SlotTable>,
    /// What `env` holds.
    pub environment: Arc<BTreeMap<String, String>>,
    /// The columns of each data file.
    pub columns: HashMap<String, Arc<[Arc<str>]>>,
    /// Every name that was used, so that the unused ones can be found.
    pub used: RefCell<BTreeSet<String>>,
    /// Which names have a value by the time a step runs.
    pub given: Given,
    /// Expressions that were evaluated beforehand.
    folded: Cell<u32>,
    /// Bytes that evaluated expressions may still write into the plan.
    pub(super) room: Cell<usize>,
}

/// Bytes that the evaluated expressions of a whole file may write.
const MAX_ROOM: usize = 8 * 1024 * 1024;

/// Most expressions that are evaluated beforehand: a file of nothing else must not take minutes to load.
const MAX_FOLDED: u32 = 5_000;

impl Names {
    /// No names but the process's environment.
    #[cfg(test)]
    pub fn new(vars: Value) -> Self {
        Self::with_environment(vars, Arc::new(super::process()))
    }

    /// No names but this environment.
    pub fn with_environment(vars: Value, environment: Arc<BTreeMap<String, String>>) -> Self {
        Self {
            vars: Arc::new(vars),
            slots: Arc::new(SlotTable::new(&environment)),
            environment,
            columns: HashMap::new(),
            used: RefCell::default(),
            given: Given::default(),
            folded: Cell::new(0),
            room: Cell::new(MAX_ROOM),
        }
    }

    /// Whether the scenario's `vars` have this name.
    pub(super) fn is_var(&self, name: &str) -> bool {
        self.vars.get_attr(name).is_ok_and(|value| !value.is_undefined())
    }
}

/// What is wrong with a template.
#[derive(Debug)]
pub(crate) struct Slip {
    /// The text to underline, if it is known.
    pub word: String,
    /// What is wrong.
    pub message: String,
    /// Advice.
    pub notes: Vec<String>,
    /// The word is a name that nothing gives a value.
    pub undefined: bool,
}

impl Slip {
    pub(super) fn new(word: &str, message: impl Into<String>) -> Self {
        Self { word: word.to_owned(), message: message.into(), notes: Vec::new(), undefined: false }
    }

    pub(super) fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }
}

/// A piece of a string before it is compiled.
enum Piece<'a> {
    Literal(&'a str),
    Source(&'a str),
}

/// Compiles a string.
pub(crate) fn text(source: &str, names: &Names) -> Result<Text, Slip> {
    let mut parts: Vec<Part> = Vec::new();
    let mut literal = String::new();
    for piece in split(source)? {
        match piece {
            Piece::Literal(text) => literal.push_str(text),
            Piece::Source(code) => match expression(code, names)? {
                Compiled::Constant(value) => {
                    let before = literal.len();
                    let written = plain::append(&value, names.room.get(), &mut literal);
                    names.room.set(names.room.get().saturating_sub(literal.len() - before));
                    if let Err(error) = written {
                        names.room.set(0);
                        return Err(Slip::new(code.trim(), format!("this template fails: {error}")));
                    }
                }
                Compiled::Varying(expression) => {
                    if !literal.is_empty() {
                        parts.push(Part::Literal(std::mem::take(&mut literal).into()));
                    }
                    parts.push(Part::Expression(expression));
                }
            },
        }
    }
    if parts.is_empty() {
        return Ok(Text::Fixed(literal.into()));
    }
    if !literal.is_empty() {
        parts.push(Part::Literal(literal.into()));
    }
    Ok(Text::Parts(parts))
}

/// A string that is wholly one `{{ … }}`, compiled with its type kept.
pub(super) fn whole(source: &str, names: &Names) -> Result<Option<Compiled>, Slip> {
    match split(source)?.as_slice() {
        [Piece::Source(code)] => expression(code, names).map(Some),
        _ => Ok(None),
    }
}

/// Compiles a string whose value keeps its type.
pub(crate) fn template(source: &str, names: &Names) -> Result<Template, Slip> {
    if let Some(compiled) = whole(source, names)? {
        return Ok(match compiled {
            Compiled::Constant(value) => Template::Constant(value),
            Compiled::Varying(expression) => Template::Expression(expression),
        });
    }
    Ok(match text(source, names)? {
        Text::Fixed(text) => Template::Constant(Value::from(&*text)),
        parts @ Text::Parts(_) => Template::Text(parts),
    })
}

/// Compiles a bare expression.
pub(crate) fn condition(source: &str, names: &Names) -> Result<Condition, Slip> {
    if source.contains("{{") {
        let bare = source.trim().trim_start_matches("{{").trim_end_matches("}}").trim();
        return Err(Slip::new("{{", "a condition is written without braces").note(format!("write {bare}")));
    }
    Ok(Condition(match expression(source, names)? {
        Compiled::Constant(value) => Expression(Form::Constant(value)),
        Compiled::Varying(expression) => expression,
    }))
}

/// The value of a string that must not vary during the run, such as a variable's.
pub(crate) fn constant(source: &str, names: &Names) -> Result<Value, Slip> {
    if let Some(compiled) = whole(source, names)? {
        return match compiled {
            Compiled::Constant(value) => Ok(value),
            Compiled::Varying(_) => Err(varies()),
        };
    }
    match text(source, names)? {
        Text::Fixed(text) => Ok(Value::from(&*text)),
        Text::Parts(_) => Err(varies()),
    }
}

fn varies() -> Slip {
    Slip::new("", "this value is read once, before the run: user, iteration and random functions have no value here")
        .note("only env.NAME and variables defined above can be used here; use the others in a step")
}

pub(super) enum Compiled {
    Constant(Value),
    Varying(Expression),
}

fn expression(code: &str, names: &Names) -> Result<Compiled, Slip> {
    let trimmed = code.trim();
    if trimmed.is_empty() {
        return Err(Slip::new("{{", "a template without an expression"));
    }
    if code.starts_with('-') || code.starts_with('+') {
        return Err(Slip::new("{{", "{{- and {{+ are not supported").note("write {{ … }} with a space"));
    }
    if operators(trimmed) > MAX_OPERATORS {
        let shown: String = trimmed.chars().take(40).collect();
        let message = format!("this template has more than {MAX_OPERATORS} operators");
        return Err(Slip::new(&shown, message).note("take it apart with `set` or `vars`"));
    }
    let compiled = ENVIRONMENT.compile_expression_owned(trimmed.to_owned()).map_err(|e| {
        if let Some((sign, advice)) = words::foreign(trimmed) {
            return Slip::new(sign, format!("this template cannot be read: there is no `{sign}`")).note(advice);
        }
        let detail = e.detail().map_or_else(|| e.kind().to_string(), str::to_owned);
        Slip::new(trimmed, format!("this template cannot be read: {detail}"))
    })?;
    if let Some((what, word)) = unknown_word(trimmed) {
        let slip = Slip::new(&word, format!("there is no {what} `{word}`"));
        let near = if what == "filter" { nearest(&word, FILTERS) } else { nearest(&word, TESTS) };
        return Err(match near {
            Some(near) => slip.note(format!("did you mean `{near}`?")),
            None => slip.note("the page of the scenario language lists them"),
        });
    }
    if let Some(slip) = misuse::find(trimmed, names) {
        return Err(slip);
    }
    let mut varies = false;
    let mut used: BTreeSet<String> = compiled.undeclared_variables(true).into_iter().collect();
    // The library does not look at what is sliced.
    used.extend(misuse::sliced(trimmed));
    for name in &used {
        varies |= check_name(name, trimmed, names)?;
    }
    if let Some(form) = direct(trimmed, names) {
        return Ok(Compiled::Varying(Expression(form)));
    }
    let of_the_run = |name: &str| names.slots.id(name).is_some() || matches!(name, "user" | "iteration");
    let depends = used.iter().any(|name| of_the_run(name.split('.').next().unwrap_or(name)));
    let expression = Expression(Form::Compiled(Box::new(compiled)));
    names.folded.set(names.folded.get() + 1);
    // What depends on nothing that a run brings fails now or never.
    if depends || names.folded.get() > MAX_FOLDED {
        return Ok(Compiled::Varying(expression));
    }
    let draw = |seed| expression.value(&mut Scope::with_slots(seed, 1, names.vars.clone(), names.slots.clone()));
    let mut value = draw(0);
    // What fails with one number drawn may not fail with the next.
    for seed in 1..DRAWS {
        if !varies || value.is_ok() || names.folded.get() > MAX_FOLDED {
            break;
        }
        names.folded.set(names.folded.get() + 1);
        value = draw(seed);
    }
    let value = value.map_err(|e| Slip::new(trimmed, format!("this template fails: {e}")))?;
    Ok(if varies { Compiled::Varying(expression) } else { Compiled::Constant(value) })
}

/// How often an expression with something random in it must fail before it is refused.
const DRAWS: u64 = 16;

/// Operators in one expression, at most: the template library goes one call deeper for each.
const MAX_OPERATORS: usize = 100;

/// At least as many as operators, calls and members stand in a row in `code`, texts left out.
fn operators(code: &str) -> usize {
    let (mut count, mut quote, mut escaped) = (0, None, false);
    let mut word = String::new();
    for c in code.chars().chain([' ']) {
        match quote {
            Some(_) if escaped => escaped = false,
            Some(_) if c == '\\' => escaped = true,
            Some(open) => quote = (c != open).then_some(open),
            None if c.is_alphanumeric() || c == '_' => word.push(c),
            None => {
                count += usize::from(matches!(&*word, "and" | "or" | "not" | "if" | "else" | "in" | "is"));
                // Items of a list are read one after the other.
                count += usize::from(!c.is_whitespace() && !matches!(c, ',' | '"' | '\''));
                quote = matches!(c, '"' | '\'').then_some(c);
                word.clear();
            }
        }
    }
    count
}

/// The commonest expressions, without the virtual machine.
fn direct(code: &str, names: &Names) -> Option<Form> {
    match code {
        "user.id" => return Some(Form::UserId),
        "iteration" => return Some(Form::Iteration),
        _ => {}
    }
    let (root, member) = code.split_once('.').map_or((code, None), |(root, member)| (root, Some(member)));
    let plain = |word: &str| word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if let Some(slot) = names.slots.id(root)
        && member.is_none_or(plain)
    {
        return Some(Form::Slot(slot, member.map(Arc::from)));
    }
    let (low, high) = code.strip_prefix("random_int(")?.strip_suffix(')')?.split_once(',')?;
    let (low, high) = (low.trim().parse().ok()?, high.trim().parse().ok()?);
    (low <= high).then_some(Form::RandomInt(low, high))
}

/// Whether the name varies during the run.
fn check_name(name: &str, code: &str, names: &Names) -> Result<bool, Slip> {
    let mut parts = name.split('.');
    let root = parts.next().unwrap_or(name);
    let member = parts.next();
    names.used.borrow_mut().insert(if root == "vars" { member.unwrap_or(root) } else { root }.to_owned());
    match (root, member) {
        ("user", Some("id") | None) | ("iteration", _) => Ok(true),
        ("user", Some(other)) => {
            Err(Slip::new(name, format!("`user.{other}` is not defined")).note("a user has one value: user.id"))
        }
        ("env", Some(variable)) => environment(variable, name, code, names).map(|()| false),
        ("env" | "vars", None) => Ok(false),
        ("vars", Some(variable)) => defined(variable, name, names).map(|()| false),
        (feeder, Some(column)) if names.columns.contains_key(feeder) => {
            has_column(feeder, column, names).map(|()| true)
        }
        _ if names.slots.id(root).is_some() => {
            // A data file has a row from the first step on.
            if !names.columns.contains_key(root) && !names.is_var(root) {
                names.given.read(root, has_default(name, code) || code.contains("defined"));
            }
            Ok(true)
        }
        _ if names.is_var(root) => Ok(false),
        ("fake", Some(kind)) => fake_kind(kind, name).map(|()| true),
        _ if RANDOM.contains(&root) => Ok(true),
        _ if PURE.contains(&root) => Ok(false),
        _ => defined(root, root, names).map(|()| false),
    }
}

fn has_column(feeder: &str, column: &str, names: &Names) -> Result<(), Slip> {
    let columns = names.columns.get(feeder).map(|c| &**c).unwrap_or_default();
    // A file that could not be read has no columns, and was reported.
    if columns.is_empty() || columns.iter().any(|c| &**c == column) {
        return Ok(());
    }
    let written = format!("{feeder}.{column}");
    let slip = Slip::new(&written, format!("the data `{feeder}` has no column `{column}`"));
    let list = columns.join(", ");
    Err(match nearest(column, columns.iter().map(|c| &**c)) {
        Some(near) => slip.note(format!("did you mean `{feeder}.{near}`?")).note(format!("its columns: {list}")),
        None => slip.note(format!("its columns: {list}")),
    })
}

fn fake_kind(kind: &str, written: &str) -> Result<(), Slip> {
    if fake::KINDS.contains(&kind) {
        return Ok(());
    }
    let slip = Slip::new(written, format!("fake has no {kind}()"));
    Err(match nearest(kind, fake::KINDS) {
        Some(near) => slip.note(format!("did you mean `fake.{near}()`?")),
        None => slip.note(format!("it has: {}", fake::KINDS.join(", "))),
    })
}

fn defined(variable: &str, written: &str, names: &Names) -> Result<(), Slip> {
    if names.is_var(variable) {
        return Ok(());
    }
    if let Some(advice) = words::foreign_name(variable) {
        return Err(Slip::new(written, format!("`{written}` is not defined")).note(advice));
    }
    let own: Vec<String> = names
        .vars
        .try_iter()
        .map(|keys| keys.filter_map(|k| k.as_str().map(str::to_owned)).collect())
        .unwrap_or_default();
    let words = own.iter().map(String::as_str);
    let near = if written.contains('.') {
        nearest(variable, words).map(|n| format!("vars.{n}"))
    } else {
        let slots = names.slots.names().iter().map(|name| &**name);
        nearest(variable, words.chain(slots).chain(RESERVED).chain(RANDOM)).map(str::to_owned)
    };
    let mut slip = Slip::new(written, format!("`{written}` is not defined"));
    slip.undefined = !written.contains('.');
    Err(match near {
        Some(near) => slip.note(format!("did you mean `{near}`?")),
        None => slip.note("defined are: vars, env.NAME, user.id, iteration, random_int(a, b), uuid(), choice(list)"),
    })
}

fn environment(variable: &str, written: &str, code: &str, names: &Names) -> Result<(), Slip> {
    if names.environment.contains_key(variable) || has_default(written, code) {
        return Ok(());
    }
    Err(Slip::new(written, format!("the environment variable {variable} is not set"))
        .note(format!("set it, or give a default: {{{{ env.{variable} | default(\"…\") }}}}")))
}

fn has_default(written: &str, code: &str) -> bool {
    code.match_indices(written).any(|(at, _)| {
        // `(env.X)|default(…)` has a default too.
        let after = code[at + written.len()..].trim_start_matches(|c: char| c == ')' || c.is_whitespace());
        let filter = after.strip_prefix('|').map(str::trim_start);
        filter.is_some_and(|f| f.starts_with("default") || f.starts_with("d("))
    })
}

fn split(source: &str) -> Result<Vec<Piece<'_>>, Slip> {
    for mark in ["{%", "{#"] {
        if outside(source, mark) {
            return Err(Slip::new(mark, format!("`{mark}` is not supported in a scenario"))
                .note("a template is an expression: {{ … }}"));
        }
    }
    let mut pieces = Vec::new();
    let mut rest = source;
    while let Some(open) = rest.find("{{") {
        let inner = close(&rest[open + 2..])
            .ok_or_else(|| Slip::new("{{", "this template is not closed").note("end it with }}"))?;
        if open > 0 {
            pieces.push(Piece::Literal(&rest[..open]));
        }
        pieces.push(Piece::Source(&rest[open + 2..][inner.clone()]));
        rest = &rest[open + 2 + inner.end + 2..];
    }
    if !rest.is_empty() {
        pieces.push(Piece::Literal(rest));
    }
    Ok(pieces)
}

/// Whether the mark stands outside every `{{ … }}`.
fn outside(source: &str, mark: &str) -> bool {
    let mut rest = source;
    while let Some(open) = rest.find("{{") {
        if rest[..open].contains(mark) {
            return true;
        }
        match close(&rest[open + 2..]) {
            Some(inner) => rest = &rest[open + 2 + inner.end + 2..],
            None => return false,
        }
    }
    rest.contains(mark)
}

/// The expression up to its `}}`; braces inside quotes and nested maps do not end it.
fn close(text: &str) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let (mut quote, mut depth, mut i) = (None, 0usize, 0);
    while i < bytes.len() {
        match (quote, bytes[i]) {
            (Some(_), b'\\') => i += 1,
            (Some(q), b) if q == b => quote = None,
            (Some(_), _) => {}
            (None, b @ (b'"' | b'\'')) => quote = Some(b),
            (None, b'{') => depth += 1,
            (None, b'}') if depth > 0 => depth -= 1,
            (None, b'}') if bytes.get(i + 1) == Some(&b'}') => return Some(0..i),
            (None, _) => {}
        }
        i += 1;
    }
    None
}
