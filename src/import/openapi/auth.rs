//! Converts `security` and `securitySchemes`: credentials of an operation become environment variables.

use serde_json::{Map, Value, json};

use super::reference::resolve;
use crate::import::credential::{self, Credentials};

/// Credentials of an operation.
#[derive(Debug, Default)]
pub struct Auth {
    /// `auth`.
    pub auth: Value,
    /// Entries of `headers`.
    pub headers: Map<String, Value>,
    /// Entries of `query`.
    pub query: Map<String, Value>,
}

impl Auth {
    /// Uses the first of the alternatives accepted by an operation.
    pub fn read(&mut self, document: &Value, operation: &Value, credentials: &mut Credentials) {
        let security = operation.get("security").unwrap_or(&document["security"]);
        let Some(first) = security.as_array().and_then(|all| all.first()).and_then(Value::as_object) else { return };
        for name in first.keys().take(10) {
            let scheme = resolve(document, &document["components"]["securitySchemes"][name.as_str()]);
            self.scheme(name, scheme, credentials);
        }
    }

    /// True if the `Authorization` header is set.
    pub fn is_authorized(&self) -> bool {
        !self.auth.is_null() || self.headers.keys().any(|name| name.eq_ignore_ascii_case("authorization"))
    }

    fn scheme(&mut self, name: &str, scheme: &Value, credentials: &mut Credentials) {
        let field = scheme["name"].as_str().unwrap_or(name);
        match (scheme["type"].as_str().unwrap_or_default(), scheme["in"].as_str().unwrap_or_default()) {
            ("apiKey", "query") => drop(self.query.insert(field.to_owned(), credentials.keep(name, "").into())),
            ("apiKey", "cookie") => {
                let value = format!("{field}={}", credentials.keep(name, ""));
                self.headers.insert("Cookie".to_owned(), value.into());
            }
            ("apiKey", _) if field.eq_ignore_ascii_case("authorization") && !self.auth.is_null() => {}
            ("apiKey", _) if http::HeaderName::try_from(field).is_ok() => {
                self.headers.insert(field.to_owned(), credentials.keep(name, "").into());
            }
            // A header of another scheme sets it already.
            ("http" | "oauth2" | "openIdConnect", _) if self.is_authorized() => {}
            ("http", _) if scheme["scheme"].as_str().is_some_and(|s| s.eq_ignore_ascii_case("basic")) => {
                // Both are unknown, and they differ.
                self.auth = credential::basic("", "", credentials);
            }
            ("http" | "oauth2" | "openIdConnect", _) => {
                self.auth = json!({ "bearer": credentials.keep("access_token", "") })
            }
            _ => {}
        }
    }
}
