//! Names, functions, methods and operators in templates of other tools.

/// Names, and what to write instead; `{}` is the member that follows the name.
const NAMES: &[(&[&str], &str)] = &[
    (&["null", "nil", "NULL", "Null"], "write none"),
    (&["undefined"], "write value is not defined"),
    (&["TRUE"], "write true"),
    (&["FALSE"], "write false"),
    (
        &[
            "__ENV",
            "process.env",
            "$processEnvironment",
            "$env",
            "$environment",
            "ENV",
            "Env",
            "environ",
            "os.environ",
            "environment",
            "secrets",
            "System.env",
        ],
        "write env.{}",
    ),
    (&["getenv", "os.getenv", "lookup", "env_var"], "write env.{}"),
    (
        &["github", "inputs", "matrix", "runner", "needs", "steps"],
        "only the environment is available: write env.{}, and set it in `env` of the workflow",
    ),
    (
        &[
            "__VU",
            "__vu",
            "vu",
            "$vu",
            "userId",
            "user_id",
            "ctx.userId",
            "thread",
            "threadNum",
            "__threadNum",
            "exec.vu.idInTest",
        ],
        "write user.id",
    ),
    (
        &[
            "__ITER",
            "__iter",
            "$loopCount",
            "$loopElement",
            "iter",
            "iteration_number",
            "counter",
            "__counter",
            "exec.scenario.iterationInTest",
        ],
        "write iteration",
    ),
    (
        &[
            "$guid",
            "$randomUUID",
            "$uuid",
            "uuidv4",
            "uuid4",
            "uuid.uuid4",
            "guid",
            "randomUUID",
            "__UUID",
            "crypto.randomUUID",
        ],
        "write uuid()",
    ),
    (
        &["$timestamp", "timestamp", "__time", "time", "Date.now", "epoch", "System.currentTimeMillis"],
        "write now('unix'), or now('unix_ms')",
    ),
    (&["$isoTimestamp", "Date", "datetime", "date", "strftime", "$localDatetime"], "write now(), or now('%F')"),
    (
        &[
            "$randomInt",
            "$randomNumber",
            "randomInt",
            "randomIntBetween",
            "randint",
            "random.randint",
            "randomNumber",
            "rand",
            "__Random",
            "$random.int",
            "Math.random",
            "Math.floor",
            "random.uniform",
            "random",
        ],
        "write random_int(1, 100), or random_float(0, 1)",
    ),
    (
        &["$randomString", "randomString", "__RandomString", "$randomAlphaNumeric", "$randomPassword"],
        "write random_string(8)",
    ),
    (&["randomItem", "sample", "random.choice", "pick", "oneOf"], "write choice(['a', 'b'])"),
    (
        &[
            "faker",
            "$faker",
            "Faker",
            "$randomEmail",
            "$randomFullName",
            "$randomFirstName",
            "$randomLastName",
            "$randomUserName",
        ],
        "write fake.email(), fake.name() or another of `fake`",
    ),
    (&["session", "self", "this", "ctx", "context", "vars_store", "pm", "globals"], "write the name alone: {}"),
    (
        &["response", "res", "resp", "body", "responseBody", "jsonData"],
        "capture the value in the step before: capture: { id: $.id }, and write id",
    ),
    (&["JSON.stringify", "JSON", "json.dumps", "json"], "write value | tojson"),
    (&["str", "String"], "write value | string"),
    (&["parseInt", "Number", "Integer"], "write value | int"),
    (&["encodeURIComponent", "quote", "urlencode"], "values in `query` and `form` are encoded automatically"),
    (&["base64", "btoa", "Base64"], "write value | b64encode"),
    (&["md5", "sha1", "hmac", "crypto"], "write value | sha256, or value | hmac_sha256('key')"),
];

/// Filters of other languages, and what to write instead.
const FILTERS: &[(&[&str], &str)] = &[
    (
        &["base64", "base64encode", "base64_encode", "b64enc", "btoa", "encode_base64", "to_base64"],
        "write value | b64encode",
    ),
    (&["base64decode", "base64_decode", "b64dec", "atob"], "write value | b64decode"),
    (&["json", "to_json", "stringify", "json_encode", "toJson"], "write value | tojson"),
    (&["uppercase", "upcase", "toupper"], "write value | upper"),
    (&["lowercase", "downcase", "tolower"], "write value | lower"),
    (&["str", "to_s", "tostring", "toString"], "write value | string"),
    (&["to_i", "toint", "integer", "number"], "write value | int"),
    (&["strip", "chomp"], "write value | trim"),
    (&["len", "size", "strlen"], "write value | length"),
    (&["random", "sample", "shuffle"], "write choice(list)"),
    (&["date", "strftime", "datetime", "dateformat", "time"], "write now('%F')"),
    (&["substring", "substr", "truncate", "slice_string"], "write value[0:3]"),
    (&["md5", "sha1", "hash", "sha512"], "write value | sha256"),
    (
        &["urlencode", "url_encode", "escape", "e", "safe"],
        "values in `query` and `form` are encoded automatically, and nothing is escaped elsewhere",
    ),
    (&["default_value", "or", "fallback"], "write value | default('…')"),
];

/// Operators of other languages, the longer ones first, and what to write instead.
const SIGNS: [(&str, &str); 8] = [
    ("!==", "write != instead of !=="),
    ("===", "write == instead of ==="),
    ("&&", "write and instead of &&"),
    ("||", "write or instead of ||"),
    ("<>", "write != instead of <>"),
    ("??", "write a | default(b) instead of a ?? b"),
    ("=>", "functions are not supported; write a filter: list | map(attribute='id')"),
    ("?.", "write (a | default({})).b instead of a?.b"),
];

/// Methods of other languages, and what to write instead: values have no methods.
const METHODS: &[(&[&str], &str)] = &[
    (&["upper", "toUpperCase", "to_uppercase"], "write value | upper"),
    (&["lower", "toLowerCase", "to_lowercase"], "write value | lower"),
    (&["strip"], "write value | trim"),
    (&["len", "size", "count"], "write value | length"),
    (&["toString", "to_string"], "write value | string"),
    (&["startswith", "startsWith"], "write value is startingwith(\"…\")"),
    (&["endswith", "endsWith"], "write value is endingwith(\"…\")"),
    (&["contains", "includes"], "write \"…\" in value"),
    (&["substring", "substr"], "write value[0:3]"),
    (&["get"], "write value.name or value[\"name\"]"),
    (&["keys"], "write value | list"),
    (&["split"], "write value | split(\",\")"),
    (&["join"], "write value | join(\",\")"),
    (&["replace"], "write value | replace(\"…\", \"…\")"),
    (&["format"], "write a ~ \" and \" ~ b"),
    (&["stringify", "dumps"], "write value | tojson"),
    (&["toFixed"], "write value | round(2)"),
];

/// What to write instead of a name that is not defined: `__ENV.TOKEN`, `$guid`, `env('TOKEN')`.
pub(crate) fn name(written: &str) -> Option<String> {
    let written = written.trim();
    if let Some(rest) = written.strip_prefix('.').filter(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic())) {
        return Some(format!("write {rest}"));
    }
    let end = |name: &str| written.strip_prefix(name).filter(|rest| !rest.starts_with(is_word));
    let found = NAMES.iter().flat_map(|(names, note)| names.iter().map(move |name| (*name, *note)));
    let Some((rest, note)) =
        found.filter_map(|(name, note)| Some((end(name)?, note))).min_by_key(|(rest, _)| rest.len())
    else {
        // `env "TOKEN"` and `env('TOKEN')`.
        let rest = end("env").filter(|rest| rest.contains(['"', '\'']))?;
        return Some(format!("write env.{}", member(rest)?));
    };
    Some(note.replace("{}", member(rest).unwrap_or("NAME")))
}

/// First name after `.`, or in brackets and quotes.
fn member(rest: &str) -> Option<&str> {
    let is_direct = rest.starts_with(['.', '[', '(']) || rest.trim_start().starts_with(['"', '\'']);
    let names = rest.split(|c: char| !is_word(c)).filter(|part| part.starts_with(|c: char| !c.is_ascii_digit()));
    // `lookup('env', 'TOKEN')` and `environ.get('TOKEN')`.
    names.into_iter().find(|name| !["get", "env"].contains(name)).filter(|_| is_direct)
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '$'
}

/// True for a name that is written like those of environment variables: `TOKEN`, `API_KEY`.
pub(crate) fn is_of_environment(name: &str) -> bool {
    name.len() > 1
        && name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

/// What to write instead of a filter that does not exist.
pub(crate) fn filter(word: &str) -> Option<&'static str> {
    find(FILTERS, word)
}

/// What to write instead of a method.
pub(crate) fn method(word: &str) -> Option<&'static str> {
    find(METHODS, word)
}

/// An operator of another language in an expression without its strings, and what to write instead.
pub(crate) fn sign(bare: &str) -> Option<(&'static str, &'static str)> {
    SIGNS.into_iter().find(|(sign, _)| bare.contains(sign))
}

fn find(table: &[(&[&str], &'static str)], word: &str) -> Option<&'static str> {
    table.iter().find(|(words, _)| words.contains(&word)).map(|(_, note)| *note)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_other_tools_are_translated() {
        for (written, wanted) in [
            ("__ENV.TOKEN", Some("write env.TOKEN")),
            ("process.env.API_KEY", Some("write env.API_KEY")),
            ("$processEnvironment.TOKEN", Some("write env.TOKEN")),
            ("secrets.TOKEN", Some("write env.TOKEN")),
            ("os.environ['TOKEN']", Some("write env.TOKEN")),
            ("environ.get('TOKEN')", Some("write env.TOKEN")),
            ("lookup('env', 'TOKEN')", Some("write env.TOKEN")),
            ("env \"TOKEN\"", Some("write env.TOKEN")),
            ("env('TOKEN')", Some("write env.TOKEN")),
            ("$guid", Some("write uuid()")),
            ("$randomUUID()", Some("write uuid()")),
            ("uuid.uuid4()", Some("write uuid()")),
            ("__VU", Some("write user.id")),
            ("__ITER", Some("write iteration")),
            ("session.token", Some("write the name alone: token")),
            ("session", Some("write the name alone: NAME")),
            (".token", Some("write token")),
            ("Math.random()", Some("write random_int(1, 100), or random_float(0, 1)")),
            ("session ~ token", Some("write the name alone: NAME")),
            ("null", Some("write none")),
            ("nullable", None),
            ("env.TOKEN", None),
            ("token", None),
        ] {
            assert_eq!(name(written).as_deref(), wanted, "{written}");
        }
        for (word, wanted) in [("TOKEN", true), ("API_KEY2", true), ("token", false), ("A", false), ("_X", false)] {
            assert_eq!(is_of_environment(word), wanted, "{word}");
        }
    }
}
