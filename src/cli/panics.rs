//! Masks the secrets of the scenario in panic messages.

use std::borrow::Cow;
use std::panic::PanicHookInfo;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::headless::console;
use crate::scenario::secrets::Redactor;
use crate::settings::Settings;

/// The secrets of the scenario to mask. A panic hook gets no other arguments, so they are static.
static SECRETS: Mutex<Option<Arc<Redactor>>> = Mutex::new(None);

/// Secrets of the settings, which remain when another scenario is chosen.
static OF_SETTINGS: OnceLock<Redactor> = OnceLock::new();

/// Installs the hook. Without secrets it calls the previous hook.
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
    let _ = OF_SETTINGS.set(Redactor::new(settings.secrets().iter().map(String::as_str)));
}

/// Adds secrets to mask.
pub(super) fn protect_also(more: &Redactor) {
    let known = secrets().unwrap_or_default();
    protect(&known.with(more.values().iter().map(String::as_str)));
}

/// Masks secrets in a string such as a panic message or a path from the command line.
pub(super) fn masked(text: &str) -> String {
    let text = of_settings(text);
    secrets().map_or_else(|| text.clone().into_owned(), |secrets| secrets.mask(&text).into_owned())
}

/// Masks the secrets of the settings and of the scenario.
pub(super) fn of_run() -> Arc<Redactor> {
    let of_settings = OF_SETTINGS.get().map(Redactor::values).unwrap_or_default();
    secrets().unwrap_or_default().with(of_settings.iter().map(String::as_str))
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
    fn panic_messages_show_no_secrets() {
        assert_eq!(masked("of tok-4815"), "of tok-4815");
        protect(&Arc::new(Redactor::new(["tok-4815"])));
        assert_eq!(masked("a panic of tok-4815"), "a panic of ***");
        protect_also(&Redactor::new(["tok-1623"]));
        assert_eq!(masked("of tok-4815 and tok-1623"), "of *** and ***");
        protect(&Arc::default());
        assert!(secrets().is_none());
    }
}
