//! A field of a form or a query.

use crate::import::credential::{self, Vault};
use crate::import::literal::literal;

/// Its name, and its value as the scenario writes it: a secret becomes a variable of the environment.
pub(super) fn field(name: &str, value: &str, vault: &mut Vault) -> (String, String) {
    let value =
        if credential::is_secret_name(name) && !value.is_empty() { vault.keep(name, value) } else { literal(value) };
    (name.to_owned(), value)
}
