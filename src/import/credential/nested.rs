//! Finds credentials inside of longer texts: pairs in addresses and forms, JSON, GraphQL and XML, and tokens.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::names::{meaning, vague_meaning};
use super::shapes;

/// Maximum length of a text that is searched, in bytes.
const LONGEST: usize = 4_000_000;

/// A credential in a text.
#[derive(Debug, PartialEq, Eq)]
pub struct Nested {
    /// Byte range of its value.
    pub at: Range<usize>,
    /// Name of its field, or what it means.
    pub name: String,
}

/// Patterns with the groups `name` and `value`.
static PAIRS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let all = [
        // name=value, in queries, forms, cookies and path parameters; also URL-encoded, once or twice.
        r#"(?P<name>(?:[\w.\-\[\]$]|%(?:25)?5[BbDd])+)=(?P<value>[^&;\s<>"'\#{}?]+)"#,
        r"(?:%(?:25)?[0-9A-Fa-f]{2})?(?P<name>(?:[\w.\-]|%(?:25)?5[BbDd])+)%(?:25)?3[Dd](?P<value>(?:[\w.\-~+/*!:@$]|%(?:25)?(?:2[BbCcFf0]|3[AaDd]|40))+)",
        // "name": "value" and name: "value", in JSON, GraphQL and code; also with escaped quotes.
        r#""(?P<name>[^"\\]{1,200})"\s*:\s*"(?P<value>(?:[^"\\]|\\.)+)""#,
        r#"(?P<name>[\w.\-$]+)'?\s*:\s*"(?P<value>(?:[^"\\]|\\.)+)""#,
        r#"\\+"(?P<name>[^"\\]{1,200})\\+"\s*:\s*\\+"(?P<value>.+?)\\+"\s*[,}\]]"#,
        r"(?P<name>[\w.\-$]+)'?\s*:\s*'(?P<value>[^'\\]+)'",
        // <name>value</name>, and name="value" in tags.
        r"<(?:[\w.\-]+:)?(?P<name>[\w.\-]+)(?:\s[^<>]*)?>(?P<value>[^<>]+)</",
        r#"(?P<name>[\w.\-:]+)\s*=\s*"(?P<value>[^"<>]+)""#,
        // Name: value, a line of headers.
        r"(?m)^(?P<name>[A-Za-z][\w\-]*):[ \t]*(?:Bearer |Basic |Token )?(?P<value>[^\s{}\[\]\x22']+)[ \t]*\r?$",
        // Schemes of the Authorization header.
        r"\b(?P<name>Bearer)\s+(?P<value>[\w.\-~+/=]{8,})",
    ];
    all.iter().filter_map(|pattern| Regex::new(pattern).ok()).collect()
});
/// User and password in an address.
static USER_INFO: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"://(?P<name>[^/\s:@?#]*):(?P<value>[^/\s@?#]+)@").ok());
static WORDS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"[\w.\-~+=:]{12,}").ok());

/// Values that stand for nothing.
const EMPTY: [&str; 9] = ["true", "false", "null", "none", "undefined", "0", "1", "***", "string"];

/// Credentials in a text, in order, without overlaps.
pub fn find(text: &str) -> Vec<Nested> {
    let text = &text[..text.floor_char_boundary(LONGEST)];
    let mut all: Vec<Nested> = Vec::new();
    for pattern in PAIRS.iter() {
        // A value that is not secret may contain a pair, so the search goes on inside of it.
        let mut from = 0;
        while let Some(found) = pattern.captures_at(text, from) {
            let (Some(name), Some(value)) = (found.name("name"), found.name("value")) else { break };
            let name = bracketed(name.as_str());
            let secret = is_pair(&name, value.as_str());
            from = if secret { value.end() } else { value.start().max(from + 1) };
            from = text.ceil_char_boundary(from);
            if secret {
                all.push(Nested { at: value.range(), name: hint(&name) });
            }
        }
    }
    for found in USER_INFO.iter().flat_map(|pattern| pattern.captures_iter(text)) {
        all.extend(found.name("value").map(|value| Nested { at: value.range(), name: "url_password".to_owned() }));
    }
    for found in WORDS.iter().flat_map(|pattern| pattern.find_iter(text)) {
        // A colon, an equals sign or the rest of an encoded character may come before the token.
        let word = found.as_str();
        let encoded = [2, 4].into_iter().filter(|_| text[..found.start()].ends_with('%'));
        let starts = [0].into_iter().chain(encoded).chain(word.match_indices([':', '=']).map(|(at, _)| at + 1));
        let token = starts.filter_map(|at| Some((at, shapes::meaning(word.get(at..)?)?))).next();
        all.extend(token.map(|(at, meaning)| Nested { at: found.start() + at..found.end(), name: by_form(meaning) }));
    }
    all.sort_by_key(|one| (one.at.start, std::cmp::Reverse(one.at.end)));
    let mut end = 0;
    all.retain(|one| {
        let free = one.at.start >= end;
        end = if free { one.at.end } else { end };
        free
    });
    all
}

/// Name of a credential that was recognized by its form.
pub fn by_form(meaning: &str) -> String {
    if meaning == "key" { "api_key".to_owned() } else { "access_token".to_owned() }
}

/// A name with its encoded brackets.
fn bracketed(name: &str) -> String {
    let name = name.replace("%25", "%");
    name.replace("%5B", "[").replace("%5b", "[").replace("%5D", "]").replace("%5d", "]")
}

fn hint(name: &str) -> String {
    if name == "Bearer" { "access_token".to_owned() } else { name.to_owned() }
}

fn is_pair(name: &str, value: &str) -> bool {
    let empty =
        EMPTY.contains(&value.to_ascii_lowercase().as_str()) || value.starts_with('$') || value.starts_with("{{ env.");
    let secret =
        meaning(name).is_some() || (vague_meaning(name).is_some() && shapes::is_token(value) && value.len() >= 16);
    secret && !empty
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_in_texts() {
        for (text, wanted) in [
            ("https://x/cb?a=1&access_token=abc12&b=2", vec![("access_token", "abc12")]),
            ("https://x/cb?next=https%3A%2F%2Fy%2F%3Fapi_key%3Dabc%26c%3Dd", vec![("api_key", "abc")]),
            ("u=/x%3Fpassword%3Da%2Bb%26x%3D1", vec![("password", "a%2Bb")]),
            ("/cart;jsessionid=AB12.node1?x=1", vec![("jsessionid", "AB12.node1")]),
            (r#"{"user":"ada","password":"x \" y","n":1}"#, vec![("password", r#"x \" y"#)]),
            (r#"{\"a\":{\"apiKey\":\"k1\"}}"#, vec![("apiKey", "k1")]),
            (r#"mutation { login(email: "a", password: "b c") { ok } }"#, vec![("password", "b c")]),
            ("<s:Password Type=\"x\">hunter2</s:Password>", vec![("Password", "hunter2")]),
            ("https://ada:pw1@h/x", vec![("url_password", "pw1")]),
            (
                "see AIzaSyA-1234567890abcdefghijklmnopqrstu.",
                vec![("api_key", "AIzaSyA-1234567890abcdefghijklmnopqrstu.")],
            ),
            ("Authorization: Bearer abcdefgh12\nX: y", vec![("Authorization", "abcdefgh12")]),
            ("sid=1a; theme=dark; PHPSESSID=xyz", vec![("sid", "1a"), ("PHPSESSID", "xyz")]),
            ("key=0123456789abcdef0", vec![("key", "0123456789abcdef0")]),
            ("key=color&token_type=bearer&password=", vec![]),
            ("the password is required: yes", vec![]),
            ("", vec![]),
        ] {
            let found: Vec<(String, &str)> = find(text).into_iter().map(|one| (one.name, &text[one.at])).collect();
            let found: Vec<(&str, &str)> = found.iter().map(|(name, value)| (name.as_str(), *value)).collect();
            assert_eq!(found, wanted, "{text}");
        }
    }
}
