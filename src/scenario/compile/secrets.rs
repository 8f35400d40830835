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

    /// Checks that the variables in `secrets` are set and can be masked.
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
                None => {
                    let message = format!("the environment variable {name} is not set");
                    self.report(node.at.clone(), message, format!("set it, or write {name}=… into .env"));
                }
            }
        }
    }
}
