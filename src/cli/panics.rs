//! What a panic says, which is whatever the program had in its hands: without the secrets of the scenario.

use std::panic::PanicHookInfo;
use std::sync::{Arc, Mutex, PoisonError};

use crate::headless::console;
use crate::scenario::secrets::Redactor;

/// A hook is given nothing but the panic: what it must not show is kept where it finds it.
static SECRETS: Mutex<Option<Arc<Redactor>>> = Mutex::new(None);

/// Installs the hook; until there are secrets it is the one that was there.
pub(super) fn install() {
    let previous = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| match secrets() {
        Some(secrets) => console::warn(&words(info, &secrets)),
        None => previous(info),
    }));
}

/// What is not to be shown from now on.
pub(super) fn protect(secrets: &Arc<Redactor>) {
    let secrets = Some(Arc::clone(secrets)).filter(|secrets| !secrets.is_empty());
    *SECRETS.lock().unwrap_or_else(PoisonError::into_inner) = secrets;
}

/// What is not to be shown either from now on.
pub(super) fn protect_also(more: &Redactor) {
    let known = secrets().unwrap_or_default();
    protect(&known.with(more.values().iter().map(String::as_str)));
}

/// A text that may hold a secret, such as the message of a panic or a path from the command line.
pub(super) fn masked(text: &str) -> String {
    secrets().map_or_else(|| text.to_owned(), |secrets| secrets.mask(text).into_owned())
}

fn secrets() -> Option<Arc<Redactor>> {
    SECRETS.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

fn words(info: &PanicHookInfo<'_>, secrets: &Redactor) -> String {
    let place = info.location().map(|at| format!(" at {}:{}", at.file(), at.line())).unwrap_or_default();
    format!("panicked{place}: {}", secrets.mask(info.payload_as_str().unwrap_or("no message")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_of_a_panic_shows_no_secret() {
        assert_eq!(masked("of tok-4815"), "of tok-4815");
        protect(&Arc::new(Redactor::new(["tok-4815"])));
        assert_eq!(masked("a panic of tok-4815"), "a panic of ***");
        protect_also(&Redactor::new(["tok-1623"]));
        assert_eq!(masked("of tok-4815 and tok-1623"), "of *** and ***");
        protect(&Arc::default());
        assert!(secrets().is_none());
    }
}
