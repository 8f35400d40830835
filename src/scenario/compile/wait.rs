//! Compiles `wait_time` and `wait` steps.

use super::builder::Builder;
use crate::scenario::plan::{Pause, Wait};
use crate::scenario::syntax::diagnostic::nearest;
use crate::scenario::syntax::node::Node;
use crate::units::{self, PerSecond};

const FORMS: &str = "write between(1s, 5s), constant(2s), constant_pacing(10s) or constant_throughput(0.5)";

impl Builder<'_> {
    pub(super) fn wait(&mut self, node: &Node) -> Option<Wait> {
        let text = self.scalar(node, "wait_time")?;
        parse(&text).map_err(|(message, note)| self.report(node.at.clone(), message, note)).ok()
    }

    /// The argument of a `wait` step: a duration, `between` or `constant`, or a template.
    pub(super) fn pause(&mut self, node: &Node) -> Option<Pause> {
        let text = self.scalar(node, "wait")?;
        if text.contains("{{") {
            if text.trim_start().starts_with(|c: char| c.is_ascii_alphabetic()) {
                let note = "use wait: \"{{ random_float(0.5, 2) }}s\" for a random pause";
                self.report(node.at.clone(), "wait functions cannot contain templates", note);
                return None;
            }
            return self.template(node).map(Pause::Computed);
        }
        if let Ok(duration) = units::parse_duration(&text) {
            return Some(Pause::Constant(duration));
        }
        match parse(&text) {
            Ok(Wait::Constant(duration)) => Some(Pause::Constant(duration)),
            Ok(Wait::Between(low, high)) => Some(Pause::Between(low, high)),
            Ok(Wait::Pacing(_)) => {
                self.report(
                    node.at.clone(),
                    format!("{text:?} paces tasks, not steps"),
                    "write it as wait_time, or wait: 1s here",
                );
                None
            }
            Err((message, _)) => {
                self.report(node.at.clone(), message, "write wait: 1s, or wait: between(500ms, 2s)");
                None
            }
        }
    }
}

/// Parses a wait function; the error is a message and a note.
fn parse(text: &str) -> Result<Wait, (String, String)> {
    let fail = |message: String| (message, FORMS.to_owned());
    let call = text.trim().strip_suffix(')').and_then(|t| t.split_once('('));
    let Some((name, arguments)) = call else {
        let note = if units::parse_duration(text).is_ok() {
            format!("did you mean constant({})?", text.trim())
        } else {
            FORMS.into()
        };
        return Err((format!("{text:?} is not a wait time"), note));
    };
    let arguments: Vec<&str> = arguments.split(',').map(str::trim).collect();
    let duration = |t: &str| units::parse_duration(t).map_err(|e| fail(e.to_string()));
    match (name.trim(), arguments.as_slice()) {
        ("constant", [d]) => Ok(Wait::Constant(duration(d)?)),
        ("between", [low, high]) => {
            let (low, high) = (duration(low)?, duration(high)?);
            if low > high {
                return Err(fail(format!("{text:?}: the first time must not be longer than the second")));
            }
            Ok(Wait::Between(low, high))
        }
        ("constant_pacing", [d]) => match duration(d)? {
            d if d.is_zero() => Err(fail("constant_pacing needs a time above 0".to_owned())),
            d => Ok(Wait::Pacing(d)),
        },
        ("constant_throughput", [rate]) => match rate.parse::<f64>() {
            // Below this, a task would start less than once in the longest run.
            Ok(r) if (1e-7..=units::MAX_SPAWN_RATE).contains(&r) => Ok(Wait::throughput(PerSecond(r))),
            _ => Err(fail(format!("{rate:?} is not a number of tasks per second above 0"))),
        },
        (name @ ("constant" | "between" | "constant_pacing" | "constant_throughput"), given) => {
            let wanted = if name == "between" { 2 } else { 1 };
            Err(fail(format!(
                "{name} takes {wanted} argument{}, not {}",
                if wanted == 1 { "" } else { "s" },
                given.len()
            )))
        }
        (other, _) => {
            let known = ["constant", "between", "constant_pacing", "constant_throughput"];
            let note = nearest(other, known).map_or_else(|| FORMS.to_owned(), |n| format!("did you mean `{n}`?"));
            Err((format!("`{other}` is not a wait function"), note))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn all_wait_functions() {
        let s = Duration::from_secs;
        for (text, wait) in [
            ("constant(2s)", Wait::Constant(s(2))),
            ("between(1, 5s)", Wait::Between(s(1), s(5))),
            ("constant_pacing( 10s )", Wait::Pacing(s(10))),
            ("constant_throughput(0.5)", Wait::Pacing(s(2))),
        ] {
            assert_eq!(parse(text), Ok(wait), "{text}");
        }
    }

    #[test]
    fn invalid_waits() {
        for text in [
            "",
            "2s",
            "constant",
            "constant(",
            "constant()",
            "between(1s)",
            "between(5s, 1s)",
            "constant_pacing(0)",
            "constant_throughput(0)",
            "constant_throughput(1e-300)",
            "constant_throughput(nan)",
            "betwen(1s, 2s)",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert_eq!(parse("betwen(1s, 2s)").unwrap_err().1, "did you mean `between`?");
    }
}
