//! A field of a form or a query.

use crate::import::credential::{self, Credentials};
use crate::import::literal::literal;

/// Its name, and its value as the scenario writes it: a secret becomes a variable of the environment.
pub(super) fn field(name: &str, value: &str, credentials: &mut Credentials) -> (String, String) {
    let value = if credential::is_secret_name(name) && !value.is_empty() {
        credentials.keep(name, value)
    } else {
        literal(value)
    };
    (name.to_owned(), value)
}
