//! Credentials: each becomes an environment variable, and its value is never written.

mod names;
mod nested;
mod shapes;

use serde_json::Value;

pub use self::names::is_secret_name;
pub use self::shapes::is_token;
use super::literal::{Assembled, literal, variable};

/// Minimum length of a value that is replaced in other texts: shorter ones could occur in them by chance.
const SHORTEST: usize = 8;
/// Minimum length of a whole value that is replaced wherever it occurs.
const SHORTEST_WHOLE: usize = 4;
/// Minimum length of a random value of a field whose name is vague, such as `key`.
const SHORTEST_RANDOM: usize = 16;

/// Credentials found in the input.
#[derive(Debug, Default)]
pub struct Credentials {
    known: Vec<KnownCredential>,
    /// Names of the user's variables in a value, if the input can contain some.
    pub variable: Option<fn(&str) -> Vec<String>>,
}

struct KnownCredential {
    name: String,
    value: String,
    /// What it means: equal values with another meaning are another credential.
    meaning: String,
}

impl std::fmt::Debug for KnownCredential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}

impl Credentials {
    /// Template for a credential. Equal values with the same meaning share a name; different values with the same hint
    /// are numbered.
    pub fn keep(&mut self, hint: &str, value: &str) -> String {
        // A variable of the user stays.
        if let Some(own) = self.variable {
            let names = own(value);
            if !names.is_empty() {
                for name in names {
                    self.declare(&name);
                }
                return literal(value);
            }
        }
        template(&self.name(hint, value))
    }

    /// Adds a variable of the user to the credentials.
    fn declare(&mut self, name: &str) {
        if !self.known.iter().any(|known| known.name == name) {
            let (value, meaning) = (String::new(), name.to_owned());
            self.known.push(KnownCredential { name: name.to_owned(), value, meaning });
        }
    }

    fn name(&mut self, hint: &str, value: &str) -> String {
        let base = variable(hint);
        let meaning = names::meaning(hint).or_else(|| names::vague_meaning(hint)).unwrap_or(&base);
        let same = |known: &&KnownCredential| known.value == value && known.meaning == meaning && !value.is_empty();
        if let Some(known) = self.known.iter().find(same) {
            return known.name.clone();
        }
        let mut name = base.clone();
        let mut number = 2u32;
        while self.known.iter().any(|known| known.name == name && !(value.is_empty() && known.value.is_empty())) {
            name = format!("{base}_{number}");
            number = number.saturating_add(1);
        }
        if !self.known.iter().any(|known| known.name == name) {
            let (value, meaning) = (value.to_owned(), meaning.to_owned());
            self.known.push(KnownCredential { name: name.clone(), value, meaning });
        }
        name
    }

    /// Names of the variables.
    pub fn names(&self) -> Vec<String> {
        self.known.iter().map(|known| known.name.clone()).collect()
    }

    /// Template for the value of a field, if it is a credential, or contains some.
    pub fn found(&mut self, name: &str, value: &str) -> Option<String> {
        if value.is_empty() {
            return None;
        }
        if is_secret_name(name) || is_vague(name, value) {
            return Some(self.keep(name, value));
        }
        match shapes::meaning(value) {
            Some(meaning) => {
                let hint =
                    if names::vague_meaning(name).is_some() { name.to_owned() } else { nested::by_form(meaning) };
                Some(self.keep(&hint, value))
            }
            None => self.nested(value),
        }
    }

    /// Template for a text that contains credentials.
    fn nested(&mut self, text: &str) -> Option<String> {
        let found = nested::find(text);
        if found.is_empty() {
            return None;
        }
        let mut out = Assembled::default();
        let mut end = 0;
        for one in found {
            out.literal(&text[end..one.at.start]);
            out.template(&self.keep(&one.name, &text[one.at.clone()]));
            end = one.at.end;
        }
        out.literal(&text[end..]);
        Some(out.into_text())
    }

    /// Template for a path (encoded): credentials in its parameters and segments are replaced.
    pub fn path(&mut self, path: &str) -> String {
        let mut before = String::new();
        let segments: Vec<String> = path.split('/').map(|segment| self.segment(segment, &mut before)).collect();
        segments.join("/")
    }

    /// Template for a path segment (encoded) after the segment `before`, which it replaces.
    pub fn segment(&mut self, segment: &str, before: &mut String) -> String {
        let (own, parameters) = segment.split_at(segment.find(';').unwrap_or(segment.len()));
        let named =
            is_secret_name(before) || ["hooks", "webhooks", "services", "invite", "verify"].contains(&before.as_str());
        let secret = shapes::is_secret_segment(own) || (named && own.len() >= SHORTEST_RANDOM && is_token(own));
        let hint = if is_secret_name(before) { before.clone() } else { "path_token".to_owned() };
        *before = own.to_ascii_lowercase();
        let own = if secret { self.keep(&hint, own) } else { literal(own) };
        let parameters = self.nested(parameters).unwrap_or_else(|| literal(parameters));
        format!("{own}{parameters}")
    }

    /// Replaces remaining credentials in the template of a field.
    pub fn scrub(&mut self, field: &str, text: &str) -> String {
        let whole = |known: &&KnownCredential| known.value.len() >= SHORTEST_WHOLE && literal(&known.value) == text;
        if let Some(value) = self.known.iter().find(whole).map(|known| known.value.clone()) {
            // The value may mean something else here: a user name that equals the password.
            return self.keep(field, &value);
        }
        let mut out = text.to_owned();
        for known in self.known.iter().filter(|known| is_distinct(&known.value)) {
            let encoded: String = url::form_urlencoded::byte_serialize(known.value.as_bytes()).collect();
            for form in [literal(&known.value), encoded] {
                // Expressions in braces are generated and contain no credentials.
                out = outside(&out, &|text| replace_word(text, &form, &template(&known.name)));
            }
        }
        out
    }

    /// Like `scrub`, for all strings of a value.
    pub fn scrub_json(&mut self, field: &str, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.scrub(field, text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.scrub_json(field, item)),
            Value::Object(map) => map.iter_mut().for_each(|(key, item)| self.scrub_json(key, item)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Masks all credentials in a text.
    pub fn mask(&self, text: &str) -> String {
        let mut out = text.to_owned();
        for known in self.known.iter().filter(|known| is_distinct(&known.value)) {
            out = replace_word(&out, &known.value, "***");
        }
        for one in nested::find(&out).into_iter().rev() {
            out.replace_range(one.at, "***");
        }
        out
    }
}

fn template(name: &str) -> String {
    format!("{{{{ env.{name} }}}}")
}

fn is_vague(name: &str, value: &str) -> bool {
    names::vague_meaning(name).is_some() && value.len() >= SHORTEST_RANDOM && is_token(value)
}

/// True if a value occurs in other texts only because it is the same: `password` is also a word.
fn is_distinct(value: &str) -> bool {
    let kinds: [fn(&char) -> bool; 4] =
        [char::is_ascii_lowercase, char::is_ascii_uppercase, char::is_ascii_digit, |c| {
            !c.is_ascii_alphanumeric() && !"-_.@ ".contains(*c)
        }];
    let length = value.chars().count();
    length >= SHORTEST && (length >= 20 || kinds.iter().filter(|kind| value.chars().any(|c| kind(&c))).count() >= 2)
}

/// Replaces a word that is not a part of a longer one.
fn replace_word(text: &str, word: &str, by: &str) -> String {
    let part = |c: char| c.is_ascii_alphanumeric();
    let mut out = String::with_capacity(text.len());
    let mut end = 0;
    for (at, _) in text.match_indices(word) {
        if at >= end && !text[..at].ends_with(part) && !text[at + word.len()..].starts_with(part) {
            out.push_str(&text[end..at]);
            out.push_str(by);
            end = at + word.len();
        }
    }
    out.push_str(&text[end..]);
    out
}

/// Applies `change` to the text outside `{{ … }}`.
fn outside(template: &str, change: &dyn Fn(&str) -> String) -> String {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(open) = rest.find("{{") {
        let Some(close) = rest[open..].find("}}").map(|at| open + at + 2) else { break };
        out.push_str(&change(&rest[..open]));
        out.push_str(&rest[open..close]);
        rest = &rest[close..];
    }
    out.push_str(&change(rest));
    out
}

/// Converts an `Authorization` header, with its secrets as variables.
pub fn authorization(value: &str, credentials: &mut Credentials) -> (&'static str, Value) {
    let (scheme, rest) = value.trim().split_once(' ').unwrap_or(("", value.trim()));
    let rest = rest.trim();
    match scheme.to_ascii_lowercase().as_str() {
        "bearer" => ("auth", serde_json::json!({ "bearer": credentials.keep("access_token", rest) })),
        "basic" => {
            use base64::Engine as _;
            let pair = base64::engine::general_purpose::STANDARD.decode(rest).ok();
            let pair = pair.and_then(|bytes| String::from_utf8(bytes).ok());
            match pair.as_deref().and_then(|pair| pair.split_once(':')) {
                Some((name, password)) => ("auth", basic(name, password, credentials)),
                None => ("headers", serde_json::json!({ "Authorization": credentials.keep("authorization", value) })),
            }
        }
        _ => ("headers", serde_json::json!({ "Authorization": credentials.keep("authorization", value) })),
    }
}

/// `auth: { basic: … }`
pub fn basic(name: &str, password: &str, credentials: &mut Credentials) -> Value {
    let username = credentials.keep("basic_username", name);
    let password = credentials.keep("basic_password", password);
    serde_json::json!({ "basic": { "username": username, "password": password } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_credentials_share_a_name_and_others_are_numbered() {
        let mut credentials = Credentials::default();
        let names: Vec<String> =
            ["hunter22", "hunter22", "swordfish"].iter().map(|value| credentials.keep("password", value)).collect();
        assert_eq!(names, ["{{ env.PASSWORD }}", "{{ env.PASSWORD }}", "{{ env.PASSWORD_2 }}"]);
        assert_eq!(credentials.names(), ["PASSWORD", "PASSWORD_2"]);
        let scrubbed = credentials.scrub("", "/a?p=hunter22&q={{ hunter22 }}&r=hunter22x");
        assert_eq!(scrubbed, "/a?p={{ env.PASSWORD }}&q={{ hunter22 }}&r=hunter22x");
        assert_eq!(credentials.mask("it is hunter22, api_key=x"), "it is ***, api_key=***");
        assert!(!format!("{credentials:?}").contains("hunter22"));
    }

    #[test]
    fn equal_values_with_another_meaning_are_other_credentials() {
        let mut credentials = Credentials::default();
        for (name, value, wanted) in [
            ("password", "admin123", "{{ env.PASSWORD }}"),
            ("password_confirmation", "admin123", "{{ env.PASSWORD }}"),
            ("api_key", "admin123", "{{ env.API_KEY }}"),
            ("pin", "1234", "{{ env.PIN }}"),
            ("cvv", "1234", "{{ env.CVV }}"),
            ("_csrf", "c1c2c3c4", "{{ env.CSRF }}"),
            ("X-XSRF-TOKEN", "c1c2c3c4", "{{ env.CSRF }}"),
        ] {
            assert_eq!(credentials.keep(name, value), wanted, "{name}");
        }
        assert_eq!(credentials.scrub("username", "admin123"), "{{ env.USERNAME }}");
        assert_eq!(credentials.keep("password", "password"), "{{ env.PASSWORD_2 }}");
        assert_eq!(credentials.scrub("", "/reset-password"), "/reset-password");
    }

    #[test]
    fn credentials_are_found_in_values_and_paths() {
        let mut credentials = Credentials::default();
        for (name, value, wanted) in [
            ("key", "AIzaSyA-1234567890abcdefghijklmnopqrstu", Some("{{ env.KEY }}")),
            ("key", "color", None),
            ("q", "AIzaSyB-1234567890abcdefghijklmnopqrstu", Some("{{ env.API_KEY }}")),
            (
                "redirect_uri",
                "https://h/?access_token=a1&b={{",
                Some("https://h/?access_token={{ env.ACCESS_TOKEN }}&b={{ '{{' }}"),
            ),
            ("body", "{password:\"x\"}", Some("{password:\"{{ env.PASSWORD }}\"}")),
            ("note", "nothing", None),
        ] {
            assert_eq!(credentials.found(name, value).as_deref(), wanted, "{name}: {value}");
        }
        for (path, wanted) in [
            ("/a/b;jsessionid=AB12/c;v=1", "/a/b;jsessionid={{ env.JSESSIONID }}/c;v=1"),
            ("/hooks/kJ7dPq2LmZ9xWv4T", "/hooks/{{ env.PATH_TOKEN }}"),
            ("/bot123456:AAExxxxxxxxxxxxxxxxxxxxxx/send", "/{{ env.PATH_TOKEN_2 }}/send"),
            ("/reset-password/0a1b2c3d4e5f60718293", "/reset-password/{{ env.RESET_PASSWORD }}"),
            ("/users/550e8400-e29b-41d4-a716-446655440000", "/users/550e8400-e29b-41d4-a716-446655440000"),
        ] {
            assert_eq!(credentials.path(path), wanted, "{path}");
        }
    }

    #[test]
    fn the_authorization_header_keeps_its_form() {
        let mut credentials = Credentials::default();
        assert_eq!(authorization("Bearer abc", &mut credentials).1["bearer"], "{{ env.ACCESS_TOKEN }}");
        let (key, value) = authorization("Basic YWRhOnNlY3JldA==", &mut credentials);
        assert_eq!((key, &value["basic"]["password"]), ("auth", &Value::from("{{ env.BASIC_PASSWORD }}")));
        assert_eq!(authorization("Digest x=1", &mut credentials).1["Authorization"], "{{ env.AUTHORIZATION }}");
        assert_eq!(authorization("Basic ???", &mut credentials).0, "headers");
    }
}
