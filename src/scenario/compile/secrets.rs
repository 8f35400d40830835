//! What is masked: the values of `secrets`, passwords that nobody has to name, and either of them in a name.

use std::borrow::Cow;
use std::sync::Arc;

use super::Builder;
use super::fields::Fields;
use crate::scenario::plan::Class;
use crate::scenario::secrets::Redactor;

impl Builder<'_> {
    /// Passwords in the URLs of the host and of the Redis in the environment.
    pub(super) fn known_passwords(&mut self) {
        let base = Arc::clone(&self.base);
        self.password_of(&base);
        let environment = Arc::clone(&self.names.environment);
        if let Some(url) = environment.get("REDIS_URL") {
            self.password_of(url);
        }
    }

    /// Notes the password in a URL, so that it is masked wherever it comes up; also as it is written there.
    pub(super) fn password_of(&mut self, url: &str) {
        let Some(url) = url::Url::parse(url.trim()).ok() else { return };
        let Some(written) = url.password() else { return };
        self.private.push(percent_encoding::percent_decode_str(written).decode_utf8_lossy().into_owned());
        self.private.push(written.to_owned());
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

    /// A secret may stand in a name as it is: names are shown and written everywhere.
    pub(super) fn mask_names(&mut self, secrets: &Redactor, classes: &mut [Class]) {
        let names = classes.iter_mut().flat_map(|class| {
            std::iter::once(&mut class.name).chain(class.tasks.iter_mut().map(|task| &mut task.name))
        });
        for name in names.chain(self.endpoints.iter_mut().map(|row| &mut row.name)) {
            if let Cow::Owned(masked) = secrets.mask(name) {
                *name = masked.into();
            }
        }
    }
}
