//! Options of Locust that katydid does not take: what to do instead, in one sentence.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};

const ONE_PROCESS: &str = "one process uses all cores, so there are no workers to connect: leave it out, or limit the \
                           cores with --threads N";
const TERMINAL: &str = "there is no web page, the screen is in the terminal: run without --headless to see it";

/// Options with their environment variable, if they have one, and what to do instead.
const REFUSED: &[(&[(&str, &str)], &str)] = &[
    (
        &[
            ("--master", "LOCUST_MODE_MASTER"),
            ("--master-bind-host", "LOCUST_MASTER_BIND_HOST"),
            ("--master-bind-port", "LOCUST_MASTER_BIND_PORT"),
            ("--master-host", "LOCUST_MASTER_NODE_HOST"),
            ("--master-port", "LOCUST_MASTER_NODE_PORT"),
            ("--worker", "LOCUST_MODE_WORKER"),
            ("--expect-workers", "LOCUST_EXPECT_WORKERS"),
            ("--expect-workers-max-wait", "LOCUST_EXPECT_WORKERS_MAX_WAIT"),
            ("--enable-rebalancing", ""),
            ("--slave", ""),
            ("--expect-slaves", ""),
        ],
        ONE_PROCESS,
    ),
    (
        &[
            ("--web-host", "LOCUST_WEB_HOST"),
            ("--web-host-display-name", "LOCUST_WEB_HOST_DISPLAY_NAME"),
            ("--web-port", "LOCUST_WEB_PORT"),
            ("-P", ""),
            ("--web-login", "LOCUST_WEB_LOGIN"),
            ("--web-auth", "LOCUST_WEB_AUTH"),
            ("--web-base-path", "LOCUST_WEB_BASE_PATH"),
            ("--tls-cert", "LOCUST_TLS_CERT"),
            ("--tls-key", "LOCUST_TLS_KEY"),
            ("--build-path", "LOCUST_BUILD_PATH"),
            ("--legacy-ui", "LOCUST_LEGACY_UI"),
            ("--modern-ui", "LOCUST_MODERN_UI"),
        ],
        TERMINAL,
    ),
    (&[("--class-picker", "LOCUST_USERCLASS_PICKER")], "choose user classes with --classes NAME,…"),
    (
        &[("--config-users", "LOCUST_CONFIG_USERS")],
        "user classes are in the scenario file; choose some with --classes NAME,…",
    ),
    (
        &[("--skip-log-setup", "LOCUST_SKIP_LOG_SETUP")],
        "write the log to a file with --logfile FILE, or less of it with --loglevel ERROR",
    ),
    (&[("--iterations", "LOCUST_ITERATIONS"), ("-i", "")], "end a run with --run-time TIME"),
    (
        &[("--cloud", ""), ("--login", ""), ("--logout", "")],
        "Locust Cloud no longer exists; the load is made on this machine",
    ),
];

/// Warnings for variables of options that only Locust has, if they are set.
pub(super) fn variables(find: impl Fn(&str) -> Option<OsString>) -> Vec<String> {
    let set = |name: &str| !name.is_empty() && find(name).is_some_and(|value| !value.is_empty());
    let all = REFUSED.iter().flat_map(|(options, words)| options.iter().map(move |(_, name)| (*name, *words)));
    let all = all.filter(|(name, _)| set(name));
    all.map(|(name, words)| format!("{name} of Locust has no effect: {words}")).collect()
}

/// The sentence for an option that only Locust has; `None` for every other error.
pub(super) fn instead(error: &clap::Error) -> Option<String> {
    if error.kind() != ErrorKind::UnknownArgument {
        return None;
    }
    let Some(ContextValue::String(option)) = error.get(ContextKind::InvalidArg) else { return None };
    let name = option.split('=').next().unwrap_or(option);
    let (_, words) = REFUSED.iter().find(|(names, _)| names.iter().any(|(known, _)| *known == name))?;
    Some(format!("{name} is an option of Locust that katydid does not have: {words}"))
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    fn refusal(option: &str) -> Option<String> {
        let parsed = parse(["katydid", option].map(OsString::from).into_iter());
        parsed.err().and_then(|error| instead(&error))
    }

    #[test]
    fn each_is_refused_with_what_to_do_instead() {
        for (names, words) in REFUSED {
            for (name, _) in *names {
                assert!(refusal(name).is_some_and(|text| text.contains(words)), "{name}");
            }
        }
        assert!(refusal("--web-port=8090").is_some_and(|text| text.starts_with("--web-port is")));
        assert_eq!(refusal("--nonsense"), None);
    }

    #[test]
    fn variables_are_not_ignored_in_silence() {
        let said = variables(|name| match name {
            "LOCUST_MODE_WORKER" => Some("true".into()),
            "LOCUST_WEB_PORT" => Some("".into()),
            _ => None,
        });
        assert_eq!(said, [format!("LOCUST_MODE_WORKER of Locust has no effect: {ONE_PROCESS}")]);
    }
}
