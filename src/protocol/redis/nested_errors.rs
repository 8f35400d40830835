//! Errors inside a response: `EXEC`, scripts and functions return lists whose elements may be errors, nested to any
//! depth.
//! Also tracks the commands of a transaction, so that the one that failed can be named.

use ::redis::{ServerError, Value};

use super::error::RedisError;
use super::value::{bytes, error_text};
use crate::scenario::secrets::Redactor;
use crate::stats::{Example, Reason};

/// Maximum errors listed in the example of a failure.
const MAX_LISTED: usize = 10;
/// Maximum commands of a transaction that are tracked by name.
const MAX_NAMED: usize = 1_000;

/// The transaction of a connection: names of the commands queued for `EXEC`.
#[derive(Debug, Default)]
pub struct Transaction(Option<Vec<Box<str>>>);

impl Transaction {
    /// Forgets the transaction, for a new connection.
    pub fn reset(&mut self) {
        self.0 = None;
    }

    /// True between `MULTI` and `EXEC`.
    pub fn is_open(&self) -> bool {
        self.0.is_some()
    }

    /// Tracks the response to a command, whose name is in upper case; `None` is an error. Returns the commands that an
    /// `EXEC` ran.
    pub fn track(&mut self, verb: &str, response: Option<&Value>) -> Vec<Box<str>> {
        match (verb, response) {
            ("MULTI", Some(_)) => self.0 = Some(Vec::new()),
            ("EXEC", _) => return self.0.take().unwrap_or_default(),
            ("DISCARD" | "RESET", Some(_)) => self.0 = None,
            (_, Some(value)) if bytes(value) == Some(b"QUEUED") => {
                if let Some(queued) = self.0.as_mut().filter(|queued| queued.len() < MAX_NAMED) {
                    queued.push(verb.into());
                }
            }
            _ => {}
        }
        Vec::new()
    }
}

/// The failure of a response that contains errors: the first one, and its position. `queued` are the commands of a
/// transaction.
pub fn failure(verb: &str, value: &Value, queued: &[Box<str>], secrets: &Redactor) -> Option<(Reason, Example)> {
    let mut found = Vec::new();
    collect(value, &mut Vec::new(), &mut found);
    let (path, error) = found.first()?;
    let error = RedisError::Refused((*error).clone());
    let reason = format!("{}: {}", secrets.mask(&location(verb, path, queued)), error.reason(secrets));
    let listed = found
        .iter()
        .take(MAX_LISTED)
        .map(|(path, error)| format!("{}: {}", location(verb, path, queued), error_text(error)));
    let mut detail = listed.collect::<Vec<_>>().join("; ");
    if found.len() > MAX_LISTED {
        detail.push_str(&format!("; and {} more", found.len() - MAX_LISTED));
    }
    let detail = crate::clean::line(&secrets.mask(&detail)).into_owned();
    Some((Reason::Other(reason.into()), Example { detail, ..Example::default() }))
}

/// Collects all errors with their positions, counted from 1 at each level.
fn collect<'a>(value: &'a Value, path: &mut Vec<usize>, found: &mut Vec<(Vec<usize>, &'a ServerError)>) {
    let mut inside = |at: usize, value: &'a Value| {
        path.push(at + 1);
        collect(value, path, found);
        path.pop();
    };
    match value {
        Value::Array(items) | Value::Set(items) => items.iter().enumerate().for_each(|(at, item)| inside(at, item)),
        Value::Map(pairs) => pairs.iter().enumerate().for_each(|(at, (key, value))| {
            inside(at, key);
            inside(at, value);
        }),
        Value::Attribute { data, .. } => collect(data, path, found),
        Value::ServerError(error) => found.push((path.clone(), error)),
        _ => {}
    }
}

/// `EXEC: command 2 (INCR)`, `EVAL: element 1.3`, or both.
fn location(verb: &str, path: &[usize], queued: &[Box<str>]) -> String {
    let Some((first, rest)) = path.split_first() else { return verb.to_owned() };
    let dotted = |path: &[usize]| path.iter().map(usize::to_string).collect::<Vec<_>>().join(".");
    if verb != "EXEC" {
        return format!("{verb}: element {}", dotted(path));
    }
    let name = queued.get(first - 1).map_or_else(String::new, |name| format!(" ({name})"));
    let inside = if rest.is_empty() { String::new() } else { format!(", element {}", dotted(rest)) };
    format!("{verb}: command {first}{name}{inside}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::redis::example_responses::value;

    fn reason(verb: &str, response: &str, queued: &[&str]) -> String {
        let queued: Vec<Box<str>> = queued.iter().map(|name| (*name).into()).collect();
        let failure = failure(verb, &value(response), &queued, &Redactor::new(["s3cret"]));
        failure.map_or_else(|| "ok".to_owned(), |(reason, _)| reason.to_string())
    }

    #[test]
    fn nested_errors_are_found_and_located() {
        for (verb, response, queued, expected) in [
            ("EXEC", "*2\r\n+OK\r\n:1\r\n", &["SET", "INCR"][..], "ok"),
            ("EXEC", "*0\r\n", &[], "ok"),
            (
                "EXEC",
                "*3\r\n+OK\r\n-ERR value is not an integer\r\n-WRONGTYPE x\r\n",
                &["SET", "INCR", "LPUSH"],
                "EXEC: command 2 (INCR): ERR value is not an integer",
            ),
            (
                "EXEC",
                "*2\r\n:1\r\n!5\r\nOOM x\r\n",
                &[],
                "EXEC: command 2: the server is out of memory: maxmemory is reached (OOM)",
            ),
            ("EXEC", "*1\r\n*2\r\n:1\r\n-ERR no\r\n", &["EVAL"], "EXEC: command 1 (EVAL), element 2: ERR no"),
            ("EVAL", "*2\r\n$6\r\n-ERR x\r\n*2\r\n_\r\n*1\r\n-ERR row 17\r\n", &[], "EVAL: element 2.2.1: ERR row N"),
            ("FCALL", "%2\r\n+a\r\n:1\r\n+b\r\n-ERR in a map\r\n", &[], "FCALL: element 2: ERR in a map"),
            ("EVALSHA", "~1\r\n-ERR in a set\r\n", &[], "EVALSHA: element 1: ERR in a set"),
            ("MGET", "*2\r\n$7\r\n-ERR no\r\n$-1\r\n", &[], "ok"),
            ("EVAL", "*1\r\n-ERR has s3cret 7\r\n", &[], "EVAL: element 1: ERR has *** N"),
        ] {
            assert_eq!(reason(verb, response, queued), expected, "{response:?}");
        }
        let many = format!("*12\r\n{}", "-ERR no\r\n".repeat(12));
        let (_, example) = failure("TS.MADD", &value(&many), &[], &Redactor::default()).expect("a failure");
        assert!(example.detail.ends_with("; TS.MADD: element 10: ERR no; and 2 more"), "{}", example.detail);
    }

    #[test]
    fn transactions_track_queued_commands() {
        let mut transaction = Transaction::default();
        let queued = Value::SimpleString("QUEUED".into());
        let ok = Value::Okay;
        assert!(transaction.track("GET", Some(&queued)).is_empty(), "a value that equals QUEUED");
        transaction.track("MULTI", Some(&ok));
        transaction.track("SET", Some(&queued));
        transaction.track("NOPE", None);
        transaction.track("INCR", Some(&queued));
        assert_eq!(transaction.track("EXEC", Some(&ok)), ["SET", "INCR"].map(Box::<str>::from));
        assert!(transaction.track("EXEC", None).is_empty());
        transaction.track("MULTI", Some(&ok));
        transaction.track("SET", Some(&queued));
        transaction.track("DISCARD", Some(&ok));
        assert!(transaction.track("EXEC", None).is_empty());
    }
}
