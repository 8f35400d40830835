//! Masks the secrets of the scenario in messages of panics.

use std::borrow::Cow;
use std::panic::PanicHookInfo;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::headless::console;
use crate::scenario::secrets::Redactor;
use crate::settings::Settings;

/// The secrets of the scenario to mask. A panic hook gets no other arguments, so they are static.
static SECRETS: Mutex<Option<Arc<Redactor>>> = Mutex::new(None);

/// Those of the settings, which stay when another scenario is chosen.
static OF_SETTINGS: OnceLock<Redactor> = OnceLock::new();

/// Installs the hook. While there are no secrets it calls the previous one.
pub(super) fn install() {
    let previous = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| match secrets() {
        Some(secrets) => console::warn(&words(info, &secrets)),
        None => previous(info),
    }));
}

/// Replaces the secrets to mask.
pub(super) fn protect(secrets: &Arc<Redactor>) {
    let secrets = Some(Arc::clone(secrets)).filter(|secrets| !secrets.is_empty());
    *SECRETS.lock().unwrap_or_else(PoisonError::into_inner) = secrets;
}

/// Masks the values of settings that are secrets, from now on.
pub(super) fn protect_settings(settings: &Settings) {
    // There is one set of settings in a process.
    let _ = OF_SETTINGS.set(Redactor::new(settings.secrets()));
}

/// Adds secrets to mask.
pub(super) fn protect_also(more: &Redactor) {
    let known = secrets().unwrap_or_default();
    protect(&known.with(more.values().iter().map(String::as_str)));
}

/// A string that may contain a secret, such as the message of a panic or a path from the command line.
pub(super) fn masked(text: &str) -> String {
    let text = of_settings(text);
    secrets().map_or_else(|| text.clone().into_owned(), |secrets| secrets.mask(&text).into_owned())
}

fn of_settings(text: &str) -> Cow<'_, str> {
    OF_SETTINGS.get().map_or(Cow::Borrowed(text), |secrets| secrets.mask(text))
}

fn secrets() -> Option<Arc<Redactor>> {
    SECRETS.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

fn words(info: &PanicHookInfo<'_>, secrets: &Redactor) -> String {
    let place = info.location().map(|at| format!(" at {}:{}", at.file(), at.line())).unwrap_or_default();
    format!("panicked{place}: {}", secrets.mask(&of_settings(info.payload_as_str().unwrap_or("no message"))))
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
