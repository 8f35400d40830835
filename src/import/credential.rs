//! Credentials: each becomes an environment variable, and its value is never written.

use serde_json::Value;

use super::literal::{identifier, literal};

/// Minimum length: shorter values could occur in other words by chance.
const SHORTEST: usize = 8;
/// Minimum length of a whole value: shorter ones are not secrets.
const SHORTEST_WHOLE: usize = 4;

/// Credentials found in the input.
#[derive(Debug, Default)]
pub struct Credentials {
    known: Vec<KnownCredential>,
}

struct KnownCredential {
    name: String,
    value: String,
}

impl std::fmt::Debug for KnownCredential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}

impl Credentials {
    /// Template for a credential. Equal values share a name; different values with the same hint are numbered.
    pub fn keep(&mut self, hint: &str, value: &str) -> String {
        format!("{{{{ env.{} }}}}", self.name(hint, value))
    }

    fn name(&mut self, hint: &str, value: &str) -> String {
        let base = identifier(hint).to_ascii_uppercase();
        let same = |known: &&KnownCredential| known.value == value && !value.is_empty();
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
            self.known.push(KnownCredential { name: name.clone(), value: value.to_owned() });
        }
        name
    }

    /// Names of the variables.
    pub fn names(&self) -> Vec<String> {
        self.known.iter().map(|known| known.name.clone()).collect()
    }

    /// Replaces remaining credentials in a template.
    pub fn scrub(&self, template: &str) -> String {
        let whole = |known: &&KnownCredential| known.value.len() >= SHORTEST_WHOLE && literal(&known.value) == template;
        if let Some(known) = self.known.iter().find(whole) {
            return format!("{{{{ env.{} }}}}", known.name);
        }
        let mut out = template.to_owned();
        for known in self.known.iter().filter(|known| known.value.chars().count() >= SHORTEST) {
            let encoded: String = url::form_urlencoded::byte_serialize(known.value.as_bytes()).collect();
            for form in [literal(&known.value), encoded] {
                // Expressions in braces are generated and contain no credentials.
                out = outside(&out, &|text| text.replace(&form, &format!("{{{{ env.{} }}}}", known.name)));
            }
        }
        out
    }

    /// Like `scrub`, for all strings of a value.
    pub fn scrub_json(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.scrub(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.scrub_json(item)),
            Value::Object(map) => map.values_mut().for_each(|item| self.scrub_json(item)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Masks all credentials in a text.
    pub fn mask(&self, text: &str) -> String {
        let long = self.known.iter().filter(|known| known.value.chars().count() >= SHORTEST);
        long.fold(text.to_owned(), |text, known| text.replace(&known.value, "***"))
    }
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

/// True if the name of a field indicates a credential.
pub fn is_secret_name(name: &str) -> bool {
    let flat: String = name.to_ascii_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
    let parts = [
        "password",
        "passwd",
        "passphrase",
        "secret",
        "apikey",
        "accesskey",
        "privatekey",
        "authorization",
        "jwt",
        "credential",
        "sessionid",
        "accesstoken",
        "refreshtoken",
        "idtoken",
        "authtoken",
        "bearer",
        "cvv",
        "cvc",
        "cardnumber",
        "ssn",
    ];
    let whole = ["token", "pass", "pwd", "pw", "auth", "otp", "pin", "sid", "signature", "sig", "xauth", "session"];
    parts.iter().any(|part| flat.contains(part)) || whole.contains(&flat.as_str()) || flat.ends_with("token")
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
        assert_eq!(credentials.scrub("/a?p=hunter22&q={{ hunter22 }}"), "/a?p={{ env.PASSWORD }}&q={{ hunter22 }}");
        assert_eq!(credentials.mask("it is swordfish"), "it is ***");
        assert!(!format!("{credentials:?}").contains("hunter22"));
    }

    #[test]
    fn names_of_credentials() {
        for name in ["password", "newPassword", "X-Api-Key", "csrf_token", "client_secret", "sid", "Authorization"] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in ["author", "page", "design", "product_id", "pinned", "passenger", "tokens_used"] {
            assert!(!is_secret_name(name), "{name}");
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
