//! What is masked: the values of `secrets`, and passwords that need no declaration.

use std::sync::Arc;

use super::builder::Builder;
use super::fields::Fields;
use crate::scenario::secrets::{Redactor, userinfo};

impl Builder<'_> {
    /// The password in the URL of the Redis in the environment.
    pub(super) fn known_passwords(&mut self) {
        let environment = Arc::clone(&self.names.environment);
        if let Some(url) = environment.get("REDIS_URL") {
            self.password_of(url);
        }
    }

    /// Notes the password in a URL, so that it is masked wherever it comes up; also as it is written there.
    pub(super) fn password_of(&mut self, url: &str) {
        self.uses.passwords.extend(userinfo::passwords(url));
    }

    /// Whether what `secrets` names is there, and can be masked.
    pub(super) fn check_secrets(&mut self, fields: &Fields<'_>) {
        for node in fields.get("secrets").map(|n| n.one_or_more()).unwrap_or_default() {
            let Some(name) = self.plain_text(node, "secrets") else { continue };
            match self.names.environment.get(&name).cloned() {
                Some(value) => {
                    if !Redactor::takes(&value) {
                        let message = format!("the value of {name} is too short to be masked");
                        self.warn(node.at.clone(), message, "a secret has at least four characters");
                    }
                }
                None => {
                    let message = format!("the environment variable {name} is not set");
                    self.report(node.at.clone(), message, format!("set it, or write {name}=… into .env"));
                }
            }
        }
    }
}
