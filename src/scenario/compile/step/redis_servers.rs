//! The servers of Redis steps: one address, or several nodes of a cluster.

use std::sync::Arc;

use crate::scenario::compile::builder::Builder;
use crate::scenario::compile::fields::Fields;
use crate::scenario::grammar::keys;
use crate::scenario::plan::{Address, Argument, ClientOptions, RedisTarget, Sentinel, redis_keys};
use crate::scenario::syntax::diagnostic::Diagnostic;
use crate::scenario::syntax::node::Node;

impl Builder<'_> {
    /// The servers of `redis`, without the other settings; `environment` is the address where the file has none.
    pub(super) fn redis_servers(
        &mut self,
        node: &Node,
        fields: Fields<'_>,
        environment: Option<Arc<str>>,
    ) -> RedisTarget {
        let sentinel = fields.get("sentinel").and_then(|node| self.sentinel(node));
        if let Some((urls, sentinel)) = sentinel {
            let reads_replicas = self.reads_replicas(fields);
            return RedisTarget { urls, sentinel: Some(sentinel), reads_replicas, ..RedisTarget::of_url("") };
        }
        let given = fields.get("url").or(fields.get("urls")).or(fields.get("sentinel"));
        let mut urls: Vec<Arc<str>> = match given {
            // Its errors are reported.
            Some(_) if fields.get("sentinel").is_some() => Vec::new(),
            Some(node) => node.one_or_more().iter().filter_map(|node| self.redis_url(node)).collect(),
            None => environment.into_iter().collect(),
        };
        if given.is_none() && urls.is_empty() {
            let advice = "write url: redis://127.0.0.1:6379, or give --host redis://HOST, or set REDIS_HOST";
            self.uses.no_redis = Some(Diagnostic::new(node.at.clone(), "`redis` requires `url`").note(advice));
        }
        let cluster = match fields.get("cluster") {
            Some(node) => self.truth(node, "cluster"),
            None => (urls.len() > 1).then_some(true),
        };
        let reads_replicas = self.reads_replicas(fields);
        if let (Some(false), Some(node)) = (cluster, fields.get("urls")) {
            self.report(node.at.clone(), "several servers are a cluster", "remove `cluster: false`, or give one `url`");
        }
        if let (Some(false), true, Some(node)) = (cluster, reads_replicas, fields.get("read_from")) {
            self.report(node.at.clone(), "`read_from` is for clusters", "remove it, or write the address of a replica");
        }
        let addresses: Vec<Address> = urls.iter().filter_map(|url| Address::parse(url).ok()).collect();
        if let (Some(true), Some(node)) = (cluster, given) {
            self.cluster_addresses(node, &addresses);
        }
        urls.dedup();
        let tls = ClientOptions::default();
        RedisTarget { urls, cluster, reads_replicas, tls, ..RedisTarget::of_url("") }
    }

    fn reads_replicas(&mut self, fields: Fields<'_>) -> bool {
        let sources = [("master", false), ("replica", true)];
        let keys = keys::REDIS_SETTINGS.keys;
        self.or_default(fields.get("read_from"), keys, "read_from", |b, node, key| b.word(node, key, &sources))
            .unwrap_or_default()
    }

    /// The addresses of the Sentinels, and their master.
    fn sentinel(&mut self, node: &Node) -> Option<(Vec<Arc<str>>, Sentinel)> {
        let fields = self.fields(node, &keys::SENTINEL)?;
        let urls = fields.get("urls")?.one_or_more().iter().filter_map(|node| self.redis_url(node));
        let urls: Vec<Arc<str>> = urls.collect();
        let text = |b: &mut Self, name| Some(b.constant_text(fields.get(name)?, name)?.into());
        let (master, user, password) = (text(self, "master"), text(self, "username"), text(self, "password"));
        self.uses.passwords.extend(password.as_deref().map(str::to_owned));
        let database = self.or_default(fields.get("database"), keys::SENTINEL.keys, "database", |b, node, key| {
            b.whole(node, key, u32::MAX)
        })?;
        (!urls.is_empty()).then_some((urls, Sentinel { master: master?, user, password, database }))
    }

    /// Reports addresses that nodes of one cluster cannot have.
    fn cluster_addresses(&mut self, node: &Node, addresses: &[Address]) {
        if addresses.iter().any(|address| address.database > 0) {
            self.error(node, "a cluster has only database 0");
        }
        if addresses.iter().any(|address| address.tls != addresses[0].tls) {
            self.error(node, "nodes of a cluster are all reached over TLS, or none of them");
        }
        let credentials = |address: &Address| (address.user.clone(), address.password.clone());
        let first = addresses.first().map(credentials);
        let differ = |address: &&Address| (address.password.is_some()) && Some(credentials(address)) != first;
        if addresses.iter().skip(1).any(|address| differ(&address)) {
            self.error(node, "all nodes of a cluster have the user and the password of the first address");
        }
    }

    /// Reports a command of a cluster that no node can execute, as far as its keys are known.
    pub(super) fn one_slot(&mut self, node: &Node, command: &[Argument]) {
        let word = |at: usize| command.get(at)?.fixed().map(|word| word.as_bytes());
        let mut slots = redis_keys::positions(word, command.len()).filter_map(|at| Some((at, slot(word(at)?))));
        let Some((first, slot)) = slots.next() else { return };
        if let Some((other, _)) = slots.find(|(_, other)| *other != slot) {
            let name = |at: usize| command[at].fixed().map_or("", |word| &**word);
            self.uses.cross_slot.push(Diagnostic::new(
                node.at.clone(),
                format!("{:?} and {:?} are in different slots, and a cluster executes no command across slots", name(first), name(other)),
            )
            .note("give the keys a common part in braces, such as {user:7}:cart and {user:7}:name, or use several steps"));
        }
    }
}

fn slot(key: &[u8]) -> redis::cluster_routing::Slot {
    redis::cluster_routing::Slot::for_key(key)
}
