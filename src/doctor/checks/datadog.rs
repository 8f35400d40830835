//! Datadog: name, TCP, TLS of the site, and one request that validates the key; or the address of an agent.

use std::net::IpAddr;
use std::path::Path;

use http::HeaderValue;

use super::connection::silent;
use super::receiver;
use crate::doctor::line::{Level, Line};
use crate::doctor::request;
use crate::doctor::subject::{Mode, Subject};
use crate::settings::StatsdAddress;
use crate::sink::not_a_socket;

/// What to do where the site does not respond.
const NETWORK: &str = "Check network and proxy.";

/// Lines of Datadog.
pub async fn check(subject: &Subject) -> Vec<Line> {
    if let Some(refused) = receiver::refused(subject, "datadog") {
        return refused;
    }
    let settings = &subject.settings;
    let Some(key) = &settings.datadog_api_key else {
        return match &settings.dogstatsd {
            Some(address) => vec![receiver::side_line(subject, agent(subject, address).await)],
            None => receiver::off(subject, "datadog_api_key"),
        };
    };
    let mut lines = receiver::lines(subject, &settings.datadog_site.api).await;
    if subject.mode == Mode::Full && lines.iter().all(|line| line.level < Level::Error) {
        let is_proxied = receiver::target(&settings.datadog_site.api).is_some_and(|target| target.proxy().is_some());
        let validated = tokio::time::timeout_at(subject.deadline.into(), validate(subject, key)).await;
        lines.push(match validated {
            Ok(Ok(status)) => verdict(status, &settings.datadog_site.name),
            Ok(Err(why)) => Line::warning(subject.excerpt(&why), silent(&why, is_proxied, NETWORK)),
            Err(_) => Line::warning("no response to the validation of the key in time", NETWORK),
        });
    }
    lines
}

/// Status of the response to the validation of the key, whose characters the sink has checked.
async fn validate(subject: &Subject, key: &str) -> Result<u16, String> {
    let mut key = HeaderValue::from_str(key.trim()).map_err(|_| "the key has characters that no key has".to_owned())?;
    key.set_sensitive(true);
    let client = request::client(&request::environment(), subject)?;
    let url = format!("{}/api/v1/validate", subject.settings.datadog_site.api);
    let response = client.get(url).header("dd-api-key", key).send().await.map_err(request::words)?;
    Ok(response.status().as_u16())
}

fn verdict(status: u16, site: &str) -> Line {
    match status {
        200 => Line::ok(format!("the key is valid on {site}")),
        401 | 403 => Line::error(
            format!("{site} does not know the key ({status})"),
            "Set datadog_site to the site in the URL of your Datadog, such as datadoghq.eu: each has keys of its own.",
        ),
        429 => Line::warning(format!("{site} limits requests (429), the key was not checked"), "Try again later."),
        status => Line::warning(format!("{site} answers {status}, the key was not checked"), "Check datadog_site."),
    }
}

/// An agent does not confirm what it receives.
async fn agent(subject: &Subject, address: &StatsdAddress) -> Line {
    let reachable = Line::ok(format!("agent at {address}, which does not confirm what it receives"));
    match address {
        StatsdAddress::Unix(path) => socket(path),
        StatsdAddress::Udp(host, _) => {
            if host.parse::<IpAddr>().is_ok() {
                return reachable;
            }
            let found = tokio::time::timeout_at(subject.deadline.into(), subject.resolver.addresses(host)).await;
            match found {
                Ok(Ok(_)) => reachable,
                Ok(Err(why)) => Line::error(format!("{host}: {why}"), "Correct the address of dogstatsd."),
                Err(_) => Line::error(format!("{host}: timed out during the name lookup"), "Check the network."),
            }
        }
    }
}

fn socket(path: &Path) -> Line {
    let advice = "Start the agent with this socket, or correct dogstatsd.";
    match not_a_socket(path) {
        None => Line::ok(format!("agent at {}", path.display())),
        Some(why) => Line::error(why, advice),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_key_points_to_the_site() {
        for (status, level) in [(200, Level::Ok), (403, Level::Error), (429, Level::Warning), (502, Level::Warning)] {
            assert_eq!(verdict(status, "datadoghq.com").level, level, "{status}");
        }
        let line = verdict(403, "datadoghq.com");
        assert!(
            line.advice.is_some_and(|words| words.contains("datadog_site")) && line.found.contains("datadoghq.com")
        );
    }

    #[test]
    fn sockets_are_not_files() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("dsd.socket");
        assert_eq!(socket(&path).level, Level::Error);
        std::fs::write(&path, "").expect("a file");
        assert!(socket(&path).found.ends_with("is not a socket"));
        std::fs::remove_file(&path).expect("removed");
        let _bound = std::os::unix::net::UnixDatagram::bind(&path).expect("a socket");
        assert_eq!(socket(&path).level, Level::Ok);
    }
}
