//! The servers that a plan sends requests to.

use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HOST, TRANSFER_ENCODING};
use url::Url;

use crate::scenario::DEMO_BASE;
use crate::scenario::eval::template::{Part, Text};
use crate::scenario::plan::{Action, ClientOptions, Connections, HttpStep, Plan, Step, UrlTemplate, walk};

/// Maximum number of servers that are checked.
const MAX_TARGETS: usize = 10;

/// A server, and how the scenario connects to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Base URL: `http` or `https`, host, port, and the path that precedes those of requests.
    pub url: Url,
    /// TLS settings and proxies.
    pub options: ClientOptions,
    /// Constant headers of the first request, without those about its body.
    pub headers: HeaderMap,
    /// The host of the run, not only an absolute URL in some step.
    pub is_host: bool,
}

impl Target {
    /// A server that no step names.
    pub fn of_url(url: Url, options: ClientOptions) -> Self {
        Self { url, options, headers: HeaderMap::new(), is_host: true }
    }

    /// True for TLS.
    pub fn is_secure(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Host without brackets, and port.
    pub fn host_port(&self) -> (&str, u16) {
        let host = self.url.host_str().unwrap_or_default();
        (host.trim_matches(['[', ']']), self.url.port_or_known_default().unwrap_or(80))
    }

    /// Host and port of the proxy that requests go through, if any.
    pub fn proxy(&self) -> Option<&Url> {
        let (host, port) = self.host_port();
        let proxies = &self.options.proxy;
        let proxy = if self.is_secure() { &proxies.https } else { &proxies.http };
        proxy.as_ref().filter(|_| !proxies.excepts(host, port))
    }

    fn is_same(&self, other: &Self) -> bool {
        // Options of requests do not change how a connection is opened.
        let of = |options: &ClientOptions| ClientOptions {
            follow_redirects: true,
            connections: Connections::PerUser,
            ..options.clone()
        };
        self.url.origin() == other.url.origin() && of(&self.options) == of(&other.options)
    }
}

/// The servers of a plan, the host of the run first. Without the demo target, and without addresses that are known only
/// during the run.
pub fn of(plan: &Plan) -> Vec<Target> {
    let mut all: Vec<Target> = Vec::new();
    let mut add = |action: &Action| {
        let http = match action {
            Action::Http(step) => step,
            Action::Graphql(step) => &step.http,
            Action::Subscription(step) => &step.http,
            _ => return,
        };
        let Some(target) = target(plan, http).filter(|target| !target.url.as_str().starts_with(DEMO_BASE)) else {
            return;
        };
        match all.iter_mut().find(|known| known.is_same(&target)) {
            Some(known) => known.is_host |= target.is_host,
            None => all.push(target),
        }
    };
    lists(plan).for_each(|steps| walk(steps, &mut add));
    all.sort_by_key(|target| !target.is_host);
    all.truncate(MAX_TARGETS);
    all
}

/// All step lists, in the order in which a user runs them.
pub fn lists(plan: &Plan) -> impl Iterator<Item = &[Step]> {
    let of_classes = plan.classes.iter().flat_map(|class| {
        let tasks = class.tasks.iter().filter(|task| task.weight > 0).map(|task| &*task.steps);
        std::iter::once(&*class.on_start).chain(tasks).chain(std::iter::once(&*class.on_stop))
    });
    of_classes.chain(plan.flows.iter().map(|flow| &*flow.steps))
}

fn target(plan: &Plan, step: &HttpStep) -> Option<Target> {
    let (mut url, is_host) = match &step.url {
        UrlTemplate::Fixed { url, path } => (base(url, path.as_ref().map(|path| &*path.path)), path.is_some()),
        UrlTemplate::Templated { base, path, .. } => {
            let start = match path {
                Text::Fixed(text) => text,
                Text::Parts(parts) => match parts.first() {
                    Some(Part::Literal(text)) => text,
                    _ => "/",
                },
            };
            match start.starts_with("http") {
                // The host is known only if it is complete before the first expression.
                true => (start.match_indices('/').nth(2).and_then(|_| Url::parse(start).ok())?, false),
                false => (Url::parse(base).ok()?, true),
            }
        }
    };
    if !is_host {
        url.set_path("/");
    }
    url.set_query(None);
    url.set_fragment(None);
    // Subscriptions are opened by a request to the same server.
    let scheme = if matches!(url.scheme(), "https" | "wss") { "https" } else { "http" };
    let url =
        if url.scheme() == scheme { url } else { Url::parse(&url.as_str().replacen(url.scheme(), scheme, 1)).ok()? };
    let options = plan.clients.get(step.client.0 as usize)?.clone();
    let mut headers = step.fixed_headers.clone();
    [CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HOST, TRANSFER_ENCODING].iter().for_each(|name| {
        headers.remove(name);
    });
    Some(Target { url, options, headers, is_host })
}

/// The base URL that a path was appended to.
fn base(url: &Url, path: Option<&str>) -> Url {
    let mut base = url.clone();
    let path = path.map(|path| path.split(['?', '#']).next().unwrap_or_default());
    let prefix = path.and_then(|path| url.path().strip_suffix(path)).unwrap_or_default().to_owned();
    base.set_path(&prefix);
    base
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Overrides, Scenario};

    #[test]
    fn servers_are_found_once_and_the_host_comes_first() {
        let text = "host: https://h.test:8443/v1\ndefaults: { tls: { insecure: true } }\n\
            on_start: [{ get: 'http://auth.test/token?x=1' }]\n\
            tasks:\n  - steps:\n      - get: /a?b=c\n      - get: /b/{{ random_int(1, 9) }}\n      - get: 'https://{{ random_int(1, 9) }}.test/'\n      \
            - get: 'http://cdn.test/{{ random_int(1, 9) }}'\n      - post: /c\n        headers: { X-Key: k1 }\n        json: { a: 1 }\n";
        let scenario = Scenario::parse("s.yaml", text).unwrap_or_else(|error| panic!("{error}"));
        let plan = scenario.plan(&Overrides::default()).expect("a plan");
        let found: Vec<_> = of(&plan).iter().map(|target| (target.url.to_string(), target.is_host)).collect();
        let found: Vec<_> = found.iter().map(|(url, is_host)| (url.as_str(), *is_host)).collect();
        assert_eq!(
            found,
            [("https://h.test:8443/v1", true), ("http://auth.test/", false), ("http://cdn.test/", false)]
        );
        assert!(of(&plan)[0].options.insecure);
    }

    #[test]
    fn the_demo_target_is_no_server_to_check() {
        let scenario =
            Scenario::parse("s.yaml", "host: demo\ntasks: [{ steps: [{ get: /a }, { get: 'http://b.test/' }] }]");
        let plan = scenario.unwrap_or_else(|error| panic!("{error}")).plan(&Overrides::default()).expect("a plan");
        let found: Vec<_> = of(&plan).into_iter().map(|target| target.url.to_string()).collect();
        assert_eq!(found, ["http://b.test/"]);
    }
}
