//! A field of a form or query.

use crate::import::credential::{self, Credentials};
use crate::import::literal::literal;

/// Name and value of a field in the scenario: secrets become environment variables.
pub(super) fn field(name: &str, value: &str, credentials: &mut Credentials) -> (String, String) {
    let value = if credential::is_secret_name(name) && !value.is_empty() {
        credentials.keep(name, value)
    } else {
        literal(value)
    };
    (name.to_owned(), value)
}
