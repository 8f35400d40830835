//! Values to mask: those of `secrets`, and passwords that need not be declared.

use std::sync::Arc;

use super::builder::Builder;
use super::fields::Fields;
use crate::scenario::secrets::{Redactor, userinfo};

impl Builder<'_> {
    /// Adds the password in the Redis URL of the environment.
    pub(super) fn known_passwords(&mut self) {
        let environment = Arc::clone(&self.names.environment);
        if let Some(url) = environment.get("REDIS_URL") {
            self.password_of(url);
        }
    }

    /// Adds the password of a URL, decoded and as written.
    pub(super) fn password_of(&mut self, url: &str) {
        self.uses.passwords.extend(userinfo::passwords(url));
    }

    /// Checks that the variables in `secrets` can be masked. A template that uses one that is not set reports it.
    pub(super) fn check_secrets(&mut self, fields: &Fields<'_>) {
        for node in fields.get("secrets").map(|n| n.one_or_more()).unwrap_or_default() {
            let Some(name) = self.plain_text(node, "secrets") else { continue };
            match self.names.environment.get(&name).cloned() {
                Some(value) => {
                    if !Redactor::takes(&value) {
                        let message = format!("the value of {name} is too short to be masked");
                        self.warn(node.at.clone(), message, "only values of at least four characters are masked");
                    }
                }
                None if uses(self.sources.text(), &name) || KNOWN.contains(&name.as_str()) => {}
                None => {
                    let message = format!("the environment variable {name} is not set, and no template uses it");
                    self.warn(
                        node.at.clone(),
                        message,
                        "nothing is masked because of it: remove it, or correct its name",
                    );
                }
            }
        }
    }
}

/// Variables that have an effect without a template.
const KNOWN: [&str; 2] = ["REDIS_URL", "REDIS_PASSWORD"];

/// True if a text contains `env.NAME`.
fn uses(text: &str, name: &str) -> bool {
    let written = format!("env.{name}");
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(&written).any(|(at, _)| !text[at + written.len()..].starts_with(is_word))
}
