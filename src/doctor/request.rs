//! Requests of the checks. The target gets only one: a `GET` of the base URL, whose response several checks read.

use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;

use super::response::{Received, TargetResponse};
use super::subject::Subject;
use super::targets::{self, Target};
use crate::protocol::http::{library_reason, proxies};
use crate::protocol::net::tls;
use crate::scenario::plan::host::base_url;
use crate::scenario::plan::{ClientOptions, HttpVersion, Proxies};
use crate::scenario::secrets::Redactor;
use crate::scenario::{DEMO_HOST, is_redis};

/// The servers to check. Without a plan, the host of the settings.
pub fn targets(subject: &Subject) -> Vec<Target> {
    if let Some(plan) = &subject.plan {
        return targets::of(plan);
    }
    let given = subject.given_host().filter(|host| *host != DEMO_HOST && !is_redis(host));
    // The settings have validated it.
    let host = given.and_then(|host| base_url(host).ok());
    let url = host.and_then(|host| url::Url::parse(&host).ok());
    url.map(|url| Target::of_url(url, environment())).into_iter().collect()
}

/// Connection settings without a scenario: the proxies of the environment.
pub fn environment() -> ClientOptions {
    let variables: Vec<(String, String)> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let variable = |wanted: &str| variables.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
    // Invalid proxies are an error of the run, with a message of its own.
    ClientOptions { proxy: Proxies::from_environment(variable).unwrap_or_default(), ..ClientOptions::default() }
}

impl Subject {
    /// Requests the host of the run once, whichever checks need it; `None` without such a host.
    pub(super) async fn response(&self) -> Option<&TargetResponse> {
        let get = || async {
            let target = targets(self).into_iter().find(|target| target.is_host)?;
            let result = tokio::time::timeout_at(self.deadline.into(), get(&target, self)).await;
            let result = result.unwrap_or_else(|_| Err(format!("no response to GET {} in time", target.url.path())));
            Some(TargetResponse { target, result })
        };
        self.response.get_or_init(get).await.as_ref()
    }
}

/// A client that connects with these options. Redirects are reported, not followed.
pub fn client(options: &ClientOptions, subject: &Subject) -> Result<reqwest::Client, String> {
    let mut builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls::of(options).map_err(|error| error.to_string())?)
        .redirect(reqwest::redirect::Policy::none())
        .dns_resolver(Arc::new(subject.resolver.clone()))
        .no_proxy()
        .user_agent(concat!("katydid/", env!("CARGO_PKG_VERSION")));
    if !options.proxy.is_none() {
        builder = builder.proxy(proxies(&options.proxy));
    }
    builder = match options.http_version {
        HttpVersion::Any => builder,
        HttpVersion::One => builder.http1_only(),
        HttpVersion::Two => builder.http2_prior_knowledge(),
    };
    builder.build().map_err(words)
}

/// The cause of an error, without the URL, which may contain secrets.
pub fn words(error: reqwest::Error) -> String {
    library_reason(&error.without_url(), &Redactor::default()).to_string()
}

async fn get(target: &Target, subject: &Subject) -> Result<Received, String> {
    let client = client(&target.options, subject)?;
    let (started, before) = (Instant::now(), Timestamp::now());
    let response = client.get(target.url.clone()).headers(target.headers.clone()).send().await.map_err(words)?;
    let took = started.elapsed();
    let at = before.checked_add(took / 2).unwrap_or(before);
    Ok(Received { status: response.status(), headers: response.headers().clone(), took, at })
}
