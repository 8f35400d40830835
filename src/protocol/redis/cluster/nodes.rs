//! What is known of the servers of a target.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use super::topology::{Shard, Topology};
use crate::scenario::plan::ServerAddress;

/// Where a command goes.
#[derive(Debug, Clone, Copy)]
pub enum Route<'a> {
    /// To any node: it has no keys.
    Any,
    /// To the master of this key.
    Master(&'a [u8]),
    /// To a replica of this key, if it has one.
    Replica(&'a [u8]),
}

/// What the servers of a target are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One server.
    Single,
    /// Each server has a part of the keys.
    Cluster,
    /// A master with replicas, which the seeds watch over: it is a shard with all slots.
    Sentinel,
}

/// The servers of a target; shared by all users.
#[derive(Debug)]
pub struct Nodes {
    /// Asked for the topology, or the only server.
    seeds: Vec<ServerAddress>,
    /// Incremented with each change of `known`.
    version: AtomicU64,
    known: RwLock<Known>,
    is_learning: AtomicBool,
}

#[derive(Debug, Clone, Default)]
struct Known {
    /// `None` if no server has been asked yet.
    kind: Option<Kind>,
    topology: Option<Arc<Topology>>,
}

impl Nodes {
    /// With these seeds, at least one. `kind` is `None` if the server will say.
    pub fn new(seeds: Vec<ServerAddress>, kind: Option<Kind>) -> Self {
        let known = Known { kind, topology: None };
        // Views begin with 0, so that they look at this once.
        let (version, is_learning) = (AtomicU64::new(1), AtomicBool::new(false));
        Self { seeds, version, known: RwLock::new(known), is_learning }
    }

    /// True until a server has said whether it is part of a cluster, and of which.
    pub fn are_unknown(&self) -> bool {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.kind.is_none_or(|kind| kind != Kind::Single && known.topology.is_none())
    }

    /// True if the servers must be asked before one of them can be used: Sentinels have no data, and one of several
    /// seeds may be down.
    pub fn must_learn(&self) -> bool {
        self.are_unknown() && (self.seeds.len() > 1 || self.kind() == Some(Kind::Sentinel))
    }

    /// What the scenario or a server says; `None` if none has yet.
    pub fn kind(&self) -> Option<Kind> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).kind
    }

    /// True if this is known to be a cluster.
    pub fn is_cluster(&self) -> bool {
        self.kind() == Some(Kind::Cluster)
    }

    /// The server is not part of a cluster.
    pub fn set_single(&self) {
        self.set(Known { kind: Some(Kind::Single), topology: None });
    }

    /// The shards of the cluster, or the master and the replicas that Sentinel names.
    pub fn set_topology(&self, kind: Kind, topology: Topology) {
        // Every user would look at an equal one again.
        if self.topology().is_some_and(|known| known.shards == topology.shards) {
            return;
        }
        self.set(Known { kind: Some(kind), topology: Some(Arc::new(topology)) });
    }

    fn set(&self, known: Known) {
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = known;
        self.version.fetch_add(1, Ordering::Release);
    }

    /// The shards, if this is a cluster and they are known.
    pub fn topology(&self) -> Option<Arc<Topology>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).topology.clone()
    }

    /// Servers to ask for the topology: those that are known to be in service, then the seeds. Of Sentinels only the
    /// seeds.
    pub fn to_ask(&self) -> Vec<ServerAddress> {
        let topology = self.topology().filter(|_| self.is_cluster());
        let shards = topology.iter().flat_map(|topology| &topology.shards);
        let mut all: Vec<ServerAddress> =
            shards.flat_map(|shard| std::iter::once(&shard.master).chain(&shard.replicas)).cloned().collect();
        fastrand::shuffle(&mut all);
        all.extend(self.seeds.iter().cloned());
        all
    }

    /// True for the one who may learn the topology now; [`learned`](Self::learned) must follow.
    pub fn may_learn(&self) -> bool {
        !self.is_learning.swap(true, Ordering::AcqRel)
    }

    /// Somebody else may learn the topology again.
    pub fn learned(&self) {
        self.is_learning.store(false, Ordering::Release);
    }
}

/// What one user knows of the servers.
#[derive(Debug, Clone)]
pub struct View {
    version: u64,
    kind: Option<Kind>,
    topology: Option<Arc<Topology>>,
    /// Chooses among equal servers, differently for each user.
    draw: usize,
}

impl Default for View {
    fn default() -> Self {
        Self { version: 0, kind: None, topology: None, draw: fastrand::usize(..) }
    }
}

impl View {
    /// Takes over what is known now; true if that has changed.
    pub fn update(&mut self, nodes: &Nodes) -> bool {
        let version = nodes.version.load(Ordering::Acquire);
        if version == self.version {
            return false;
        }
        let known = nodes.known.read().unwrap_or_else(PoisonError::into_inner).clone();
        (self.version, self.kind, self.topology) = (version, known.kind, known.topology);
        true
    }

    /// True if this is known to be a cluster.
    pub fn is_cluster(&self) -> bool {
        self.kind == Some(Kind::Cluster)
    }

    /// True if another server may take over from one that fails.
    pub fn can_change(&self) -> bool {
        self.topology.is_some()
    }

    /// True if the user may still need this server.
    pub fn has(&self, server: &ServerAddress) -> bool {
        let of = |shard: &Shard| shard.master == *server || shard.replicas.contains(server);
        self.topology.as_ref().is_none_or(|topology| topology.shards.iter().any(of))
    }

    /// The next seed or node, for commands that any can execute, after one did not respond.
    pub fn turn(&mut self) {
        self.draw = self.draw.wrapping_add(1);
    }

    /// A server for a command without keys.
    pub fn any<'a>(&'a self, nodes: &'a Nodes) -> &'a ServerAddress {
        match &self.topology {
            Some(topology) => &topology.shards[self.draw % topology.shards.len()].master,
            None => &nodes.seeds[self.draw % nodes.seeds.len()],
        }
    }

    /// The server for a command, and whether it is a replica. `None` if no node serves the slot of the key.
    pub fn server<'a>(&'a self, nodes: &'a Nodes, route: Route<'_>) -> Option<(&'a ServerAddress, bool)> {
        let Some(topology) = &self.topology else { return Some((self.any(nodes), false)) };
        match route {
            Route::Any => Some((self.any(nodes), false)),
            Route::Master(key) => Some((&topology.shard(key)?.master, false)),
            Route::Replica(key) => {
                let Shard { master, replicas, .. } = topology.shard(key)?;
                let replica = replicas.get(self.draw.checked_rem(replicas.len()).unwrap_or(0));
                Some(replica.map_or((master, false), |replica| (replica, true)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp(port: u16) -> ServerAddress {
        ServerAddress::Tcp { host: "h".into(), port }
    }

    #[test]
    fn commands_go_to_the_node_of_their_key() {
        let nodes = Nodes::new(vec![tcp(1)], None);
        let mut view = View::default();
        assert!(nodes.are_unknown() && view.update(&nodes) && !view.update(&nodes));
        assert_eq!(view.server(&nodes, Route::Master(b"a")), Some((&tcp(1), false)));
        let shard = |port, replicas, slots| Shard { master: tcp(port), replicas, slots: vec![slots] };
        // CRC16 gives `a` slot 15495 and `b` slot 3300.
        let shards = vec![shard(2, Vec::new(), 0..=8_191), shard(3, vec![tcp(4)], 8_192..=15_999)];
        nodes.set_topology(Kind::Cluster, Topology::new(shards).expect("a topology"));
        assert!(!nodes.are_unknown() && view.update(&nodes) && view.is_cluster());
        nodes.set_topology(Kind::Cluster, Topology::new(nodes.topology().expect("one").shards.clone()).expect("one"));
        assert!(!view.update(&nodes), "nothing has changed");
        for (route, server) in [
            (Route::Master(b"a"), Some((tcp(3), false))),
            (Route::Replica(b"a"), Some((tcp(4), true))),
            (Route::Master(b"b"), Some((tcp(2), false))),
            (Route::Replica(b"b"), Some((tcp(2), false))),
            (Route::Replica(b"x{b}y"), Some((tcp(2), false))),
            // Slot 16058 is served by nobody.
            (Route::Master(b"k24"), None),
        ] {
            let found = view.server(&nodes, route).map(|(server, is_replica)| (server.clone(), is_replica));
            assert_eq!(found, server, "{route:?}");
        }
        let any: std::collections::HashSet<u16> = (0..2)
            .filter_map(|_| {
                view.turn();
                match view.server(&nodes, Route::Any)? {
                    (ServerAddress::Tcp { port, .. }, false) => Some(*port),
                    _ => None,
                }
            })
            .collect();
        assert_eq!(any, [2, 3].into());
        assert_eq!(nodes.to_ask().last(), Some(&tcp(1)));
    }
}
