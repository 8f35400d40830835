//! Compiles a string to a [`Text`]: splits it at `{{ … }}`, checks all names, and renders constant expressions.

use std::collections::BTreeSet;
use std::sync::Arc;

use minijinja::Value;

use super::draw::Draw;
use super::environment::{ENVIRONMENT, unknown_word};
use super::expression::{Expression, ExpressionForm};
use super::lexer::{Token, TokenKind, tokens};
use super::lints;
use super::names::{Names, check_name};
use super::parts::{Part, Text};
use super::pieces::{StringPiece, split};
use super::scope::Scope;
use super::template_error::TemplateError;
use super::typed::{Condition, Template};
use super::vocabulary::{FILTERS, TESTS};
use super::{error_text, plain};
use crate::scenario::grammar::hints;
use crate::scenario::syntax::diagnostic::nearest;

/// Maximum expressions that are evaluated at load time: a file that consists of them must not take minutes to load.
const MAX_FOLDED: u32 = 5_000;

/// Compiles a string.
pub(crate) fn text(source: &str, names: &Names) -> Result<Text, TemplateError> {
    let mut parts: Vec<Part> = Vec::new();
    let mut literal = String::new();
    for piece in split(source)? {
        match piece {
            StringPiece::Literal(text) => literal.push_str(text),
            StringPiece::Source(code) => match expression(code, names)? {
                CompiledExpression::Constant(value) => {
                    let before = literal.len();
                    let written = plain::append(&value, names.room.get(), &mut literal);
                    names.room.set(names.room.get().saturating_sub(literal.len() - before));
                    if let Err(error) = written {
                        names.room.set(0);
                        return Err(TemplateError::new(code.trim(), format!("this template fails: {error}")));
                    }
                }
                CompiledExpression::Varying(expression) => {
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

/// Compiles a string that is a single `{{ … }}`, which keeps its type.
pub(super) fn whole(source: &str, names: &Names) -> Result<Option<CompiledExpression>, TemplateError> {
    match split(source)?.as_slice() {
        [StringPiece::Source(code)] => expression(code, names).map(Some),
        _ => Ok(None),
    }
}

/// Compiles a string whose value keeps its type.
pub(crate) fn template(source: &str, names: &Names) -> Result<Template, TemplateError> {
    if let Some(compiled) = whole(source, names)? {
        return Ok(match compiled {
            CompiledExpression::Constant(value) => Template::Constant(value),
            CompiledExpression::Varying(expression) => Template::Expression(expression),
        });
    }
    Ok(match text(source, names)? {
        Text::Fixed(text) => Template::Constant(Value::from(&*text)),
        parts @ Text::Parts(_) => Template::Text(parts),
    })
}

/// Compiles a bare expression.
pub(crate) fn condition(source: &str, names: &Names) -> Result<Condition, TemplateError> {
    if source.contains("{{") {
        let note = format!("write {}", bare(source));
        return Err(TemplateError::new("{{", "a condition is written without braces").note(note));
    }
    Ok(Condition(match expression(source, names)? {
        CompiledExpression::Constant(value) => Expression(ExpressionForm::Constant(value)),
        CompiledExpression::Varying(expression) => expression,
    }))
}

/// A condition without its braces, for a note; a template inside a quoted string is concatenated with the rest of it.
fn bare(source: &str) -> String {
    let source = source.trim();
    let pieces = split(source).unwrap_or_default();
    if pieces.is_empty() {
        return source.replace("{{", "").replace("}}", "").trim().to_owned();
    }
    let is_alone = pieces.len() == 1;
    let (mut out, mut quote) = (String::new(), None::<char>);
    for piece in pieces {
        match piece {
            StringPiece::Literal(text) => {
                // The string continues in the next piece.
                let code: String = quote.into_iter().chain(text.chars()).collect();
                quote = tokens(&code).last().and_then(|token| token.open_quote());
                out.push_str(text);
            }
            StringPiece::Source(code) => {
                let code = code.trim();
                // Operators that may bind less tightly than those around the template.
                let is_loose = [" if ", " or ", " and ", "not ", " in ", " is ", "=", "<", ">"];
                let is_loose = !is_alone && is_loose.iter().any(|word| code.contains(word));
                let code = if is_loose { format!("({code})") } else { code.to_owned() };
                match quote {
                    Some(quote) => out.push_str(&format!("{quote} ~ {code} ~ {quote}")),
                    None => out.push_str(&code),
                }
            }
        }
    }
    let out = ["\"\"", "''"]
        .iter()
        .fold(out, |out, empty| out.replace(&format!("{empty} ~ "), "").replace(&format!(" ~ {empty}"), ""));
    out.trim().to_owned()
}

/// The value of a string that must be constant during the run, such as a variable's.
pub(crate) fn constant(source: &str, names: &Names) -> Result<Value, TemplateError> {
    if let Some(compiled) = whole(source, names)? {
        return match compiled {
            CompiledExpression::Constant(value) => Ok(value),
            CompiledExpression::Varying(_) => Err(varies()),
        };
    }
    match text(source, names)? {
        Text::Fixed(text) => Ok(Value::from(&*text)),
        Text::Parts(_) => Err(varies()),
    }
}

fn varies() -> TemplateError {
    TemplateError::new("", "evaluated before the run; `user`, `iteration` and random functions are not available here")
        .note("only env.NAME and variables defined above can be used here; use the others in a step")
}

pub(super) enum CompiledExpression {
    Constant(Value),
    Varying(Expression),
}

fn expression(code: &str, names: &Names) -> Result<CompiledExpression, TemplateError> {
    let trimmed = code.trim();
    if trimmed.is_empty() {
        return Err(TemplateError::new("{{", "a template without an expression"));
    }
    if code.starts_with('-') || code.starts_with('+') {
        return Err(TemplateError::new("{{", "{{- and {{+ are not supported").note("write {{ … }} with a space"));
    }
    if operators(trimmed) > MAX_OPERATORS {
        let shown: String = trimmed.chars().take(40).collect();
        let message = format!("this template has more than {MAX_OPERATORS} operators");
        return Err(TemplateError::new(&shown, message).note("take it apart with `set` or `vars`"));
    }
    let compiled = ENVIRONMENT.compile_expression_owned(trimmed.to_owned()).map_err(|e| {
        if let Some((sign, advice)) = error_text::foreign(trimmed) {
            return TemplateError::new(sign, format!("invalid template: there is no `{sign}`")).note(advice);
        }
        let detail = e.detail().map_or_else(|| e.kind().to_string(), str::to_owned);
        let error = TemplateError::new(trimmed, format!("invalid template: {detail}"));
        // `$guid`, `.token`, and a path of JSON are not names.
        let path = || hints::path(trimmed).filter(|_| trimmed.starts_with('$'));
        hints::name(trimmed).or_else(path).into_iter().fold(error, TemplateError::note)
    })?;
    if let Some((what, word)) = unknown_word(trimmed) {
        let error = TemplateError::new(&word, format!("there is no {what} `{word}`"));
        let near = if what == "filter" { nearest(&word, FILTERS) } else { nearest(&word, TESTS) };
        if let Some(hint) = hints::filter(&word).filter(|_| what == "filter") {
            return Err(error.note(hint));
        }
        return Err(match near {
            Some(near) => error.note(format!("did you mean `{near}`?")),
            None => error.note("the page of the scenario language lists them"),
        });
    }
    if let Some(error) = lints::find(trimmed, names) {
        return Err(error);
    }
    let mut varies = false;
    let mut used: BTreeSet<String> = compiled.undeclared_variables(true).into_iter().collect();
    // The library does not report names in slices.
    used.extend(lints::sliced(trimmed));
    for name in &used {
        varies |= check_name(name, trimmed, names)?;
    }
    if let Some(form) = direct(trimmed, names) {
        return Ok(CompiledExpression::Varying(Expression(form)));
    }
    let of_the_run = |name: &str| names.slots.id(name).is_some() || matches!(name, "user" | "iteration");
    let depends = used.iter().any(|name| of_the_run(name.split('.').next().unwrap_or(name)));
    let expression = Expression(ExpressionForm::Compiled(Arc::new(compiled)));
    names.folded.set(names.folded.get() + 1);
    // An expression that does not depend on the run always fails or never does.
    if depends || names.folded.get() > MAX_FOLDED {
        return Ok(CompiledExpression::Varying(expression));
    }
    let draw = |seed| expression.value(&mut Scope::with_slots(seed, 1, names.vars.clone(), names.slots.clone()));
    let mut value = draw(0);
    // Random expressions may fail with one seed and not with another.
    for seed in 1..DRAWS {
        if !varies || value.is_ok() || names.folded.get() > MAX_FOLDED {
            break;
        }
        names.folded.set(names.folded.get() + 1);
        value = draw(seed);
    }
    let value = value.map_err(|e| TemplateError::new(trimmed, format!("this template fails: {e}")))?;
    Ok(if varies { CompiledExpression::Varying(expression) } else { CompiledExpression::Constant(value) })
}

/// Number of seeds with which a random expression must fail before it is rejected.
const DRAWS: u64 = 16;

/// Maximum operators in an expression: the template library recurses for each.
const MAX_OPERATORS: usize = 100;

/// Upper bound of consecutive operators, calls and members in `code`.
fn operators(code: &str) -> usize {
    let is_operator = |token: &Token<'_>| match token.kind {
        TokenKind::Word => ["and", "or", "not", "if", "else", "in", "is"].contains(&token.text),
        TokenKind::String => false,
        // Items of a list do not nest.
        TokenKind::Sign => token.text != ",",
    };
    tokens(code).filter(is_operator).count()
}

/// Common expressions that need no virtual machine.
fn direct(code: &str, names: &Names) -> Option<ExpressionForm> {
    match code {
        "user.id" => return Some(ExpressionForm::UserId),
        "iteration" => return Some(ExpressionForm::Iteration),
        _ => {}
    }
    let (root, member) = code.split_once('.').map_or((code, None), |(root, member)| (root, Some(member)));
    let plain = |word: &str| word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if let Some(slot) = names.slots.id(root)
        && member.is_none_or(plain)
    {
        return Some(ExpressionForm::Slot(slot, member.map(Arc::from)));
    }
    let (function, arguments) = code.strip_suffix(')')?.split_once('(')?;
    let is_own = names.is_var(function) || names.slots.id(function).is_some();
    if is_own || !["random_int", "zipf", "gaussian", "sequence"].contains(&function) {
        return None;
    }
    let arguments = constants(arguments, names)?;
    if let ("random_int", [low, high]) = (function, arguments.as_slice()) {
        let (low, high) = (i64::try_from(low.clone()).ok()?, i64::try_from(high.clone()).ok()?);
        return (low <= high).then_some(ExpressionForm::RandomInt(low, high));
    }
    Draw::of(function, &arguments).map(|draw| ExpressionForm::Draw(Arc::new(draw)))
}

/// The values of arguments that are constant.
fn constants(arguments: &str, names: &Names) -> Option<Vec<Value>> {
    let literal: Option<Vec<Value>> =
        arguments.split(',').map(|word| word.trim().parse::<i64>().ok().map(Value::from)).collect();
    if literal.is_some() {
        return literal;
    }
    let list = ENVIRONMENT.compile_expression_owned(format!("[{arguments}]")).ok()?;
    let is_constant = |name: &str| name == "vars" || (names.is_var(name) && names.slots.id(name).is_none());
    if names.folded.get() > MAX_FOLDED || !list.undeclared_variables(false).iter().all(|name| is_constant(name)) {
        return None;
    }
    names.folded.set(names.folded.get() + 1);
    let list = Expression(ExpressionForm::Compiled(Arc::new(list)));
    let value = list.value(&mut Scope::new(0, 1, names.vars.clone())).ok()?;
    Some(value.try_iter().ok()?.collect())
}
