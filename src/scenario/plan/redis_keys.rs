//! Where the keys are in a Redis command: a cluster needs them to find the node.
//!
//! From the `keyspecs` of <https://redis.io/docs/latest/commands/command-docs/>, as Redis 8 has them.

use std::ops::Range;

/// Where the keys of a command are; words are counted from the command's name, which is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keys {
    /// It has none.
    None,
    /// All words from `from`, each `step`-th, but the last `without` words.
    Every { from: usize, step: usize, without: usize },
    /// `count` words from `from`.
    Some { from: usize, count: usize },
    /// As many as word `at` says, after it.
    Counted { at: usize },
    /// The first half of the words after `STREAMS`.
    Streams,
}

const ALL: Keys = Keys::Every { from: 1, step: 1, without: 0 };
const FIRST_TWO: Keys = Keys::Some { from: 1, count: 2 };
const SECOND: Keys = Keys::Some { from: 2, count: 1 };

/// Commands whose keys are not just their first argument.
const COMMANDS: &[(Keys, &[&str])] = &[
    (
        Keys::None,
        &[
            "ACL",
            "ASKING",
            "AUTH",
            "BGREWRITEAOF",
            "BGSAVE",
            "CLIENT",
            "CLUSTER",
            "COMMAND",
            "CONFIG",
            "DBSIZE",
            "DEBUG",
            "DISCARD",
            "ECHO",
            "EXEC",
            "FAILOVER",
            "FLUSHALL",
            "FLUSHDB",
            "FUNCTION",
            "HELLO",
            "INFO",
            "KEYS",
            "LASTSAVE",
            "LATENCY",
            "LOLWUT",
            "MODULE",
            "MULTI",
            "PING",
            "PUBLISH",
            "PUBSUB",
            "QUIT",
            "RANDOMKEY",
            "READONLY",
            "READWRITE",
            "REPLICAOF",
            "RESET",
            "ROLE",
            "SAVE",
            "SCAN",
            "SCRIPT",
            "SELECT",
            "SHUTDOWN",
            "SLAVEOF",
            "SLOWLOG",
            "SWAPDB",
            "TIME",
            "UNWATCH",
            "WAIT",
            "WAITAOF",
        ],
    ),
    (
        ALL,
        &[
            "DEL",
            "EXISTS",
            "MGET",
            "PFCOUNT",
            "PFMERGE",
            "SDIFF",
            "SDIFFSTORE",
            "SINTER",
            "SINTERSTORE",
            "SSUBSCRIBE",
            "SUNION",
            "SUNIONSTORE",
            "TOUCH",
            "UNLINK",
            "WATCH",
        ],
    ),
    (Keys::Every { from: 1, step: 2, without: 0 }, &["MSET", "MSETNX"]),
    (Keys::Every { from: 1, step: 1, without: 1 }, &["BLPOP", "BRPOP", "BZPOPMAX", "BZPOPMIN"]),
    (Keys::Every { from: 2, step: 1, without: 0 }, &["BITOP"]),
    (
        FIRST_TWO,
        &[
            "BLMOVE",
            "BRPOPLPUSH",
            "COPY",
            "GEOSEARCHSTORE",
            "LCS",
            "LMOVE",
            "RENAME",
            "RENAMENX",
            "RPOPLPUSH",
            "SMOVE",
            "ZRANGESTORE",
        ],
    ),
    (SECOND, &["MEMORY", "OBJECT", "XGROUP", "XINFO"]),
    (Keys::Counted { at: 1 }, &["LMPOP", "SINTERCARD", "ZDIFF", "ZINTER", "ZINTERCARD", "ZMPOP", "ZUNION"]),
    (
        Keys::Counted { at: 2 },
        &[
            "BLMPOP",
            "BZMPOP",
            "EVAL",
            "EVALSHA",
            "EVALSHA_RO",
            "EVAL_RO",
            "FCALL",
            "FCALL_RO",
            "ZDIFFSTORE",
            "ZINTERSTORE",
            "ZUNIONSTORE",
        ],
    ),
    (Keys::Streams, &["XREAD", "XREADGROUP"]),
];

/// Positions of the keys in the words of a command: a range and a step. Empty without keys; words that are not known are
/// `None`, and then a count cannot be read.
pub fn positions<'a>(words: impl Fn(usize) -> Option<&'a [u8]>, length: usize) -> std::iter::StepBy<Range<usize>> {
    let name = words(0).unwrap_or_default();
    let row = COMMANDS.iter().find(|(_, names)| names.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes())));
    let keys = row.map_or(Keys::Some { from: 1, count: 1 }, |(keys, _)| *keys);
    let (range, step) = match keys {
        Keys::None => (0..0, 1),
        Keys::Every { from, step, without } => (from..length.saturating_sub(without), step),
        Keys::Some { from, count } => (from..(from + count).min(length), 1),
        Keys::Counted { at } => {
            let count = words(at).and_then(|word| std::str::from_utf8(word).ok()?.parse().ok()).unwrap_or(0);
            (at + 1..length.min((at + 1).saturating_add(count)), 1)
        }
        Keys::Streams => {
            let at = (1..length).find(|at| words(*at).is_some_and(|word| word.eq_ignore_ascii_case(b"STREAMS")));
            at.map_or((0..0, 1), |at| (at + 1..at + 1 + (length - at - 1) / 2, 1))
        }
    };
    // A range that ends before it begins is empty.
    (range.start..range.end.max(range.start)).step_by(step)
}

/// Commands that only read, as far as they have keys: a replica executes them.
const READING: &[&str] = &[
    "BITCOUNT",
    "BITFIELD_RO",
    "BITPOS",
    "EVALSHA_RO",
    "EVAL_RO",
    "EXISTS",
    "EXPIRETIME",
    "FCALL_RO",
    "GEODIST",
    "GEOHASH",
    "GEOPOS",
    "GEORADIUSBYMEMBER_RO",
    "GEORADIUS_RO",
    "GEOSEARCH",
    "GET",
    "GETBIT",
    "GETRANGE",
    "HEXISTS",
    "HEXPIRETIME",
    "HGET",
    "HGETALL",
    "HKEYS",
    "HLEN",
    "HMGET",
    "HPEXPIRETIME",
    "HPTTL",
    "HRANDFIELD",
    "HSCAN",
    "HSTRLEN",
    "HTTL",
    "HVALS",
    "LCS",
    "LINDEX",
    "LLEN",
    "LPOS",
    "LRANGE",
    "MGET",
    "OBJECT",
    "PEXPIRETIME",
    "PFCOUNT",
    "PTTL",
    "SCARD",
    "SDIFF",
    "SINTER",
    "SINTERCARD",
    "SISMEMBER",
    "SMEMBERS",
    "SMISMEMBER",
    "SORT_RO",
    "SRANDMEMBER",
    "SSCAN",
    "STRLEN",
    "SUBSTR",
    "SUNION",
    "TOUCH",
    "TTL",
    "TYPE",
    "XINFO",
    "XLEN",
    "XPENDING",
    "XRANGE",
    "XREAD",
    "XREVRANGE",
    "ZCARD",
    "ZCOUNT",
    "ZDIFF",
    "ZINTER",
    "ZINTERCARD",
    "ZLEXCOUNT",
    "ZMSCORE",
    "ZRANDMEMBER",
    "ZRANGE",
    "ZRANGEBYLEX",
    "ZRANGEBYSCORE",
    "ZRANK",
    "ZREVRANGE",
    "ZREVRANGEBYLEX",
    "ZREVRANGEBYSCORE",
    "ZREVRANK",
    "ZSCAN",
    "ZSCORE",
    "ZUNION",
];

/// True for commands that a replica executes; the name is in upper case.
pub fn only_reads(name: &str) -> bool {
    READING.binary_search(&name).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_commands_are_found() {
        assert!(READING.is_sorted());
        assert!(only_reads("GET") && only_reads("ZUNION") && !only_reads("GETDEL") && !only_reads("SET"));
    }

    #[test]
    fn keys_of_commands_are_found() {
        for (command, keys) in [
            ("GET a", &["a"][..]),
            ("set a 1 EX 5", &["a"]),
            ("DEL a b c", &["a", "b", "c"]),
            ("MSET a 1 b 2", &["a", "b"]),
            ("BLPOP a b 5", &["a", "b"]),
            ("RENAME a b", &["a", "b"]),
            ("BITOP AND a b c", &["a", "b", "c"]),
            ("EVAL code 2 a b c", &["a", "b"]),
            ("EVAL code 0 a", &[]),
            ("EVAL code x a", &[]),
            ("EVAL code 99999999999999999999 a", &[]),
            ("EVAL code 18446744073709551615 a", &["a"]),
            ("ZUNION 2 a b WEIGHTS 1 2", &["a", "b"]),
            ("XREADGROUP GROUP g c COUNT 1 STREAMS a b > >", &["a", "b"]),
            ("XREAD COUNT 1", &[]),
            ("OBJECT ENCODING a", &["a"]),
            ("PING", &[]),
            ("PUBLISH channel text", &[]),
            ("SPUBLISH channel text", &["channel"]),
            ("BLPOP", &[]),
            ("", &[]),
        ] {
            let words: Vec<&str> = command.split_whitespace().collect();
            let word = |at: usize| words.get(at).map(|word| word.as_bytes());
            let found: Vec<&str> = positions(word, words.len()).map(|at| words[at]).collect();
            assert_eq!(found, keys, "{command}");
        }
    }
}
