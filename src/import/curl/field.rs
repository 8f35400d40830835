//! A field of a form or query.

use crate::import::credential::Credentials;
use crate::import::literal::literal;

/// Name and value of a field in the scenario: secrets become environment variables.
pub(super) fn field(name: &str, value: &str, credentials: &mut Credentials) -> (String, String) {
    (name.to_owned(), credentials.found(name, value).unwrap_or_else(|| literal(value)))
}
