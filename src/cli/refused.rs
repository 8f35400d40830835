//! Options of Locust that katydid does not take: what to do instead, in one sentence.

use clap::error::{ContextKind, ContextValue, ErrorKind};

const ONE_PROCESS: &str = "one process uses all cores, so there are no workers to connect: leave it out, or limit the \
                           cores with --threads N";
const TERMINAL: &str = "there is no web page, the screen is in the terminal: run without --headless to see it";

/// Options, and what to do instead.
const REFUSED: &[(&[&str], &str)] = &[
    (
        &[
            "--master",
            "--master-bind-host",
            "--master-bind-port",
            "--master-host",
            "--master-port",
            "--worker",
            "--expect-workers",
            "--expect-workers-max-wait",
            "--enable-rebalancing",
            "--slave",
            "--expect-slaves",
        ],
        ONE_PROCESS,
    ),
    (
        &[
            "--web-host",
            "--web-host-display-name",
            "--web-port",
            "-P",
            "--web-login",
            "--web-auth",
            "--web-base-path",
            "--tls-cert",
            "--tls-key",
            "--build-path",
            "--legacy-ui",
        ],
        TERMINAL,
    ),
    (&["--class-picker"], "choose user classes with --classes NAME,…"),
    (&["--config-users"], "user classes are in the scenario file; choose some with --classes NAME,…"),
    (&["--skip-log-setup"], "write the log to a file with --logfile FILE, or less of it with --loglevel ERROR"),
    (&["--cloud", "--login", "--logout"], "Locust Cloud no longer exists; the load is made on this machine"),
];

/// The sentence for an option that only Locust has; `None` for every other error.
pub(super) fn instead(error: &clap::Error) -> Option<String> {
    if error.kind() != ErrorKind::UnknownArgument {
        return None;
    }
    let Some(ContextValue::String(option)) = error.get(ContextKind::InvalidArg) else { return None };
    let name = option.split('=').next().unwrap_or(option);
    let (_, words) = REFUSED.iter().find(|(names, _)| names.contains(&name))?;
    Some(format!("{name} is an option of Locust that katydid does not have: {words}"))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::super::parse;
    use super::*;

    fn refusal(option: &str) -> Option<String> {
        let parsed = parse(["katydid", option].map(OsString::from).into_iter());
        parsed.err().and_then(|error| instead(&error))
    }

    #[test]
    fn each_is_refused_with_what_to_do_instead() {
        for (names, words) in REFUSED {
            for name in *names {
                assert!(refusal(name).is_some_and(|text| text.contains(words)), "{name}");
            }
        }
        assert!(refusal("--web-port=8090").is_some_and(|text| text.starts_with("--web-port is")));
        assert_eq!(refusal("--nonsense"), None);
    }
}
