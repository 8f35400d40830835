//! Decides where requests of the embedded examples may go: to the demo shop, and to other hosts only if the user names
//! the example.

use std::path::Path;

use crate::scenario::{DEMO_HOST, Scenario};
use crate::settings::Settings;

/// Locust's default file.
const LOCUSTFILE: &str = "locustfile.py";
/// Environment variable that names another one.
const LOCUSTFILE_VARIABLE: &str = "LOCUST_LOCUSTFILE";

/// Reason why a run cannot start without a scenario file; `None` if it can, or has one.
pub(super) fn refusal(settings: &Settings) -> Option<String> {
    if settings.file.is_some() {
        return None;
    }
    let variable = std::env::var(LOCUSTFILE_VARIABLE).ok().filter(|name| !name.is_empty());
    let here = || Path::new(LOCUSTFILE).exists().then(|| LOCUSTFILE.to_owned());
    reason(variable.as_deref(), here().as_deref(), settings.host.as_deref())
}

fn reason(variable: Option<&str>, here: Option<&str>, host: Option<&str>) -> Option<String> {
    let convert = "docs/from-locust.md shows how to convert a locustfile";
    let found = match (variable, here) {
        (Some(name), _) => format!("{LOCUSTFILE_VARIABLE} names {name}, which katydid does not read; {convert}"),
        (None, Some(name)) => format!("{name} is Python, which katydid does not run; {convert}"),
        (None, None) if host.is_none_or(|host| host == DEMO_HOST) => return None,
        (None, None) => "Without one, only the embedded demo runs, and it is not sent to another host".to_owned(),
    };
    Some(format!(
        "no scenario file: name one with -f FILE. {found}. `katydid init` writes a first scenario, and -f demo runs the \
         embedded demo"
    ))
}

/// Reason why an unnamed example is not sent to the host from the command line or the environment.
pub(super) const NOT_NAMED: &str = "this embedded example has the requests of the demo shop, logins included, and --host \
                                    or KATYDID_HOST names another host. Choose a scenario of your own (`katydid init` \
                                    writes a first one), or name the example with -f to send it there";

/// True for an embedded example that would be sent to `host` instead of the demo shop.
pub(super) fn is_diverted(scenario: &Scenario, host: Option<&str>) -> bool {
    scenario.is_embedded() && scenario.host() == Some(DEMO_HOST) && host.is_some_and(|host| host != DEMO_HOST)
}

/// Warning for a named example that is sent to a host other than loopback, where demo targets listen.
pub(super) fn warning(scenario: &Scenario, host: Option<&str>) -> Option<String> {
    let is_far = host.and_then(|host| url::Url::parse(host).ok()).is_some_and(|url| match url.host() {
        Some(url::Host::Ipv4(address)) => !address.is_loopback(),
        Some(url::Host::Ipv6(address)) => !address.is_loopback(),
        Some(url::Host::Domain(name)) => name != "localhost",
        None => false,
    });
    (is_far && is_diverted(scenario, host)).then(|| {
        let name = scenario.name();
        format!(
            "{name} is an embedded example: its requests are made for the demo shop, and are sent to the given host"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_file_the_demo_runs_only_against_its_own_target() {
        for (variable, here, host, wanted) in [
            (None, None, None, None),
            (None, None, Some("demo"), None),
            (None, None, Some("http://staging"), Some("not sent to another host")),
            (None, None, Some("http://127.0.0.1:8089"), Some("not sent to another host")),
            (None, None, Some("redis://h"), Some("not sent to another host")),
            (Some("load.py"), None, None, Some("LOCUST_LOCUSTFILE names load.py")),
            (None, Some("locustfile.py"), None, Some("locustfile.py is Python")),
            (None, Some("locustfile.py"), Some("http://staging"), Some("docs/from-locust.md")),
        ] {
            let reason = reason(variable, here, host);
            assert_eq!(reason.is_some(), wanted.is_some(), "{variable:?} {here:?} {host:?}");
            if let (Some(reason), Some(wanted)) = (&reason, wanted) {
                assert!(
                    reason.contains(wanted) && reason.contains("-f FILE") && reason.contains("katydid init"),
                    "{reason}"
                );
                assert_eq!(reason.contains("locustfile"), variable.is_some() || here.is_some(), "{reason}");
            }
        }
    }

    #[test]
    fn another_host_diverts_only_examples() {
        let text = "host: demo\ntasks: [{ steps: [{ get: / }] }]";
        let embedded = Scenario::parse("e.yaml", text).unwrap();
        let file = Scenario::parse_in("f.yaml", text, Some(Path::new("."))).unwrap();
        let own = Scenario::parse("o.yaml", &text.replace("demo", "http://h")).unwrap();
        for (host, diverted, warned) in [
            (None, false, false),
            (Some("demo"), false, false),
            (Some("http://localhost:1"), true, false),
            (Some("http://127.0.0.1:1"), true, false),
            (Some("http://[::1]:1"), true, false),
            (Some("http://staging"), true, true),
            (Some("https://10.0.0.1"), true, true),
        ] {
            assert_eq!(
                (is_diverted(&embedded, host), warning(&embedded, host).is_some()),
                (diverted, warned),
                "{host:?}"
            );
            for other in [&file, &own] {
                assert!(!is_diverted(other, host) && warning(other, host).is_none(), "{host:?}");
            }
        }
    }
}
