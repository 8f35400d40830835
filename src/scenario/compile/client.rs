//! Connection settings of a step; equal settings share one entry in the plan.

use url::Url;

use super::builder::Builder;
use super::fields::Fields;
use crate::scenario::grammar::actions::CONNECTION;
use crate::scenario::grammar::keys;
use crate::scenario::plan::{ClientId, ClientOptions, Connections, HttpVersion, Proxies, ProxyError};
use crate::scenario::syntax::node::Node;

impl Builder<'_> {
    pub(super) fn client(&mut self, fields: &Fields<'_>) -> ClientId {
        let mut options = ClientOptions::default();
        let given = self.either(fields, "follow_redirects");
        if let Some(follow) = self.or_default(given, CONNECTION, "follow_redirects", Self::truth) {
            options.follow_redirects = follow;
        }
        if let Some(node) = self.either(fields, "tls") {
            self.tls(node, &mut options);
        }
        if let Some(node) = self.either(fields, "proxy") {
            options.proxy = self.proxy(node).unwrap_or_default();
        }
        let versions =
            [("any", HttpVersion::Any), ("1.1", HttpVersion::One), ("2", HttpVersion::Two), ("1", HttpVersion::One)];
        let given = self.either(fields, "http_version");
        if let Some(version) = self.or_default(given, CONNECTION, "http_version", |b, n, key| b.word(n, key, &versions))
        {
            options.http_version = version;
        }
        let lives = [("per_user", Connections::PerUser), ("per_request", Connections::PerRequest)];
        let given = self.either(fields, "connections");
        if let Some(connections) = self.or_default(given, CONNECTION, "connections", |b, n, key| b.word(n, key, &lives))
        {
            options.connections = connections;
        }
        self.interner.client(options)
    }

    pub(super) fn tls(&mut self, node: &Node, options: &mut ClientOptions) {
        let Some(fields) = self.fields(node, &keys::TLS) else { return };
        options.ca = fields.get("ca").and_then(|n| self.authority(n));
        options.identity = self.identity(node, &fields);
        if let Some(insecure) = self.or_default(fields.get("insecure"), keys::TLS.keys, "insecure", Self::truth) {
            options.insecure = insecure;
        }
    }

    fn proxy(&mut self, node: &Node) -> Option<Proxies> {
        let text = self.constant_text(node, "proxy")?;
        if text == "env" {
            return self.proxies_of_environment(node);
        }
        match Url::parse(&text) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => {
                self.password_of(&text);
                Some(Proxies::always(url))
            }
            // The value is not shown: it may contain a password.
            _ => {
                self.report(node.at.clone(), "this is not a valid proxy address", "write http://host:port, or `env`");
                None
            }
        }
    }

    fn proxies_of_environment(&mut self, node: &Node) -> Option<Proxies> {
        let environment = &self.names.environment;
        match Proxies::from_environment(|name| environment.get(name).map(|value| &**value)) {
            Ok(proxies) => {
                for url in proxies.http.iter().chain(&proxies.https) {
                    self.password_of(url.as_str());
                }
                Some(proxies)
            }
            Err(ProxyError { name, why }) => {
                let message = format!("the environment variable {name} cannot be used: {why}");
                self.report(node.at.clone(), message, "set it to http://host:port");
                None
            }
        }
    }
}
