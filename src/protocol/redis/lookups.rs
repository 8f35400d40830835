//! Hits and misses of commands that look something up.
//!
//! A result is a miss if the response says that there is nothing: nil, 0 for a test of existence, or an empty
//! collection, because Redis keeps no empty ones. For commands that read a key, these are the server's `keyspace_hits`
//! and `keyspace_misses`; a missing field of a hash that exists is a miss here, and a hit of its key there.

use ::redis::Value;

use crate::stats::Lookups;
use crate::stats::by_row::Merge as _;

/// How a response says what was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// The value, or nil.
    Value,
    /// 1 or 0.
    Flag,
    /// A list of values and nil.
    Values,
    /// A list of 1 and 0.
    Flags,
    /// The number of keys that exist, of those in the command.
    Count,
    /// All items of a collection.
    Items,
}

/// The form of the response to a command, named in upper case; `None` if it looks nothing up.
fn form(command: &str) -> Option<Form> {
    Some(match command {
        "GET" | "GETEX" | "GETDEL" | "HGET" | "LINDEX" | "ZSCORE" | "ZRANK" | "ZREVRANK" | "DUMP" | "JSON.GET" => {
            Form::Value
        }
        "HEXISTS" | "SISMEMBER" => Form::Flag,
        "MGET" | "HMGET" | "HGETEX" | "HGETDEL" | "ZMSCORE" | "GEOPOS" | "GEOHASH" | "JSON.MGET" => Form::Values,
        "SMISMEMBER" => Form::Flags,
        "EXISTS" => Form::Count,
        "HGETALL" | "HKEYS" | "HVALS" | "SMEMBERS" => Form::Items,
        _ => return None,
    })
}

/// Counts the results of a command with this many arguments.
pub(super) fn of(command: &str, arguments: usize, response: &Value) -> Lookups {
    let is_set = |value: &Value| !matches!(value, Value::Int(0) | Value::Boolean(false));
    match (form(command), response) {
        (None, _) | (_, Value::ServerError(_)) => Lookups::default(),
        (Some(Form::Values), Value::Array(items)) => each(items.iter().map(|item| *item != Value::Nil)),
        (Some(Form::Flags), Value::Array(items)) => each(items.iter().map(is_set)),
        (Some(Form::Count), Value::Int(found)) => {
            let hits = u64::try_from(*found).unwrap_or(0).min(arguments as u64);
            Lookups { hits, misses: arguments as u64 - hits }
        }
        (Some(Form::Items), Value::Array(items) | Value::Set(items)) => Lookups::one(!items.is_empty()),
        (Some(Form::Items), Value::Map(pairs)) => Lookups::one(!pairs.is_empty()),
        (Some(Form::Flag), value) => Lookups::one(is_set(value)),
        (Some(Form::Value | Form::Values), value) => Lookups::one(*value != Value::Nil),
        (Some(Form::Flags | Form::Count | Form::Items), _) => Lookups::default(),
    }
}

/// Counts the results of the commands that an `EXEC` ran; not those of `EXISTS`, whose arguments are no longer known.
pub(super) fn of_transaction(commands: &[Box<str>], response: &Value) -> Lookups {
    let mut sum = Lookups::default();
    if let Value::Array(items) = response {
        commands.iter().zip(items).for_each(|(command, item)| sum.merge(&of(command, 0, item)));
    }
    sum
}

fn each(found: impl Iterator<Item = bool>) -> Lookups {
    found.fold(Lookups::default(), |mut sum, is_hit| {
        sum.merge(&Lookups::one(is_hit));
        sum
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::redis::example_responses::value;

    fn counts(response: &str, count: impl Fn(&Value) -> Lookups) -> (u64, u64) {
        let Lookups { hits, misses } = count(&value(response));
        (hits, misses)
    }

    #[test]
    fn responses_are_hits_or_misses() {
        for (command, arguments, response, wanted) in [
            ("GET", 1, "$1\r\na\r\n", (1, 0)),
            ("GET", 1, "$0\r\n\r\n", (1, 0)),
            ("GET", 1, "$-1\r\n", (0, 1)),
            ("GET", 1, "_\r\n", (0, 1)),
            ("HGET", 2, "_\r\n", (0, 1)),
            ("MGET", 3, "*3\r\n$1\r\na\r\n$-1\r\n_\r\n", (1, 2)),
            ("HGETEX", 3, "_\r\n", (0, 1)),
            ("EXISTS", 3, ":2\r\n", (2, 1)),
            ("EXISTS", 1, ":0\r\n", (0, 1)),
            ("EXISTS", 1, ":9\r\n", (1, 0)),
            ("HEXISTS", 2, ":1\r\n", (1, 0)),
            ("SISMEMBER", 2, "#f\r\n", (0, 1)),
            ("SMISMEMBER", 3, "*2\r\n:1\r\n:0\r\n", (1, 1)),
            // The first of a set.
            ("ZRANK", 2, ":0\r\n", (1, 0)),
            ("ZSCORE", 2, ",0\r\n", (1, 0)),
            ("HGETALL", 1, "%0\r\n", (0, 1)),
            ("HGETALL", 1, "*2\r\n$1\r\na\r\n$1\r\n1\r\n", (1, 0)),
            ("SMEMBERS", 1, "~0\r\n", (0, 1)),
            ("SET", 2, "$-1\r\n", (0, 0)),
            ("INCR", 1, ":0\r\n", (0, 0)),
            // Unexpected ones are not counted.
            ("EXISTS", 1, "$1\r\na\r\n", (0, 0)),
            ("HGETALL", 1, ":1\r\n", (0, 0)),
        ] {
            assert_eq!(counts(response, |value| of(command, arguments, value)), wanted, "{command} {response:?}");
        }
    }

    #[test]
    fn commands_of_a_transaction_are_counted_at_its_end() {
        let commands = ["GET", "SET", "GET", "EXISTS"].map(Box::from);
        let response = "*4\r\n$1\r\na\r\n+OK\r\n$-1\r\n:1\r\n";
        assert_eq!(counts(response, |value| of_transaction(&commands, value)), (1, 1));
        assert_eq!(counts("*1\r\n-ERR no\r\n", |value| of_transaction(&commands, value)), (0, 0));
        assert_eq!(counts("$-1\r\n", |value| of_transaction(&commands, value)), (0, 0));
    }
}
