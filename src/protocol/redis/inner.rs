//! Errors inside a response: `EXEC`, scripts and functions return a list whose elements may be errors, nested as
//! deeply as a script likes. Also which commands a transaction has, so that the one that failed can be named.

use super::error::WireError;
use super::resp::Value;
use crate::scenario::secrets::Redactor;
use crate::stats::{Example, Reason};

/// Most errors that the example of a failure lists.
const LISTED: usize = 10;
/// Most commands of a transaction that are remembered by name.
const NAMED: usize = 1_000;

/// The transaction of a connection: the names of the commands that wait for `EXEC`.
#[derive(Debug, Default)]
pub struct Transaction(Option<Vec<Box<str>>>);

impl Transaction {
    /// A new connection has none.
    pub fn reset(&mut self) {
        self.0 = None;
    }

    /// Notes the response to a command, whose name is in upper case; `None` is an error. Returns the commands that an
    /// `EXEC` has run.
    pub fn note(&mut self, verb: &str, response: Option<&Value>) -> Vec<Box<str>> {
        match (verb, response) {
            ("MULTI", Some(_)) => self.0 = Some(Vec::new()),
            ("EXEC", _) => return self.0.take().unwrap_or_default(),
            ("DISCARD" | "RESET", Some(_)) => self.0 = None,
            (_, Some(Value::Text(text))) if text == b"QUEUED" => {
                if let Some(queued) = self.0.as_mut().filter(|queued| queued.len() < NAMED) {
                    queued.push(verb.into());
                }
            }
            _ => {}
        }
        Vec::new()
    }
}

/// Why a response that is no error itself is a failure: the first error inside it, and where that is. `queued` are the
/// commands of a transaction.
pub fn failure(verb: &str, value: &Value, queued: &[Box<str>], secrets: &Redactor) -> Option<(Reason, Example)> {
    let mut found = Vec::new();
    collect(value, &mut Vec::new(), &mut found);
    let (path, text) = found.first()?;
    let error = WireError::Refused((*text).to_owned());
    let reason = format!("{}: {}", secrets.mask(&place(verb, path, queued)), error.reason(secrets));
    let listed = found.iter().take(LISTED).map(|(path, text)| format!("{}: {text}", place(verb, path, queued)));
    let mut detail = listed.collect::<Vec<_>>().join("; ");
    if found.len() > LISTED {
        detail.push_str(&format!("; and {} more", found.len() - LISTED));
    }
    let detail = crate::clean::line(&secrets.mask(&detail)).into_owned();
    Some((Reason::Other(reason.into()), Example { detail, ..Example::default() }))
}

/// Every error, with the positions that lead to it, counted from 1.
fn collect<'a>(value: &'a Value, path: &mut Vec<usize>, found: &mut Vec<(Vec<usize>, &'a str)>) {
    let mut inside = |at: usize, value: &'a Value| {
        path.push(at + 1);
        collect(value, path, found);
        path.pop();
    };
    match value {
        Value::List(items) => items.iter().enumerate().for_each(|(at, item)| inside(at, item)),
        Value::Map(pairs) => pairs.iter().enumerate().for_each(|(at, (key, value))| {
            inside(at, key);
            inside(at, value);
        }),
        Value::Error(text) => found.push((path.clone(), text)),
        Value::Null | Value::Int(_) | Value::Double(_) | Value::Bool(_) | Value::Text(_) => {}
    }
}

/// `EXEC: command 2 (INCR)`, `EVAL: element 1.3`, or both.
fn place(verb: &str, path: &[usize], queued: &[Box<str>]) -> String {
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

    fn reason(verb: &str, response: &str, queued: &[&str]) -> String {
        let queued: Vec<Box<str>> = queued.iter().map(|name| (*name).into()).collect();
        let value = Value::read(response.as_bytes()).expect("a response");
        let failure = failure(verb, &value, &queued, &Redactor::new(["s3cret"]));
        failure.map_or_else(|| "ok".to_owned(), |(reason, _)| reason.to_string())
    }

    #[test]
    fn errors_are_found_wherever_they_are_and_named_by_their_place() {
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
        let value = Value::read(many.as_bytes()).expect("a response");
        let (_, example) = failure("TS.MADD", &value, &[], &Redactor::default()).expect("a failure");
        assert!(example.detail.ends_with("; TS.MADD: element 10: ERR no; and 2 more"), "{}", example.detail);
    }

    #[test]
    fn a_transaction_knows_its_commands() {
        let mut transaction = Transaction::default();
        let queued = Value::Text(b"QUEUED".to_vec());
        let ok = Value::Text(b"OK".to_vec());
        assert!(transaction.note("GET", Some(&queued)).is_empty(), "a value that is that word");
        transaction.note("MULTI", Some(&ok));
        transaction.note("SET", Some(&queued));
        transaction.note("NOPE", None);
        transaction.note("INCR", Some(&queued));
        assert_eq!(transaction.note("EXEC", Some(&ok)), ["SET".into(), "INCR".into()]);
        assert!(transaction.note("EXEC", None).is_empty());
        transaction.note("MULTI", Some(&ok));
        transaction.note("SET", Some(&queued));
        transaction.note("DISCARD", Some(&ok));
        assert!(transaction.note("EXEC", None).is_empty());
    }
}
