//! A cluster of real servers on free ports.

use std::process::Command;

use super::server::Redis;
use crate::wait::until;

/// Masters, and then as many replicas; stops when dropped.
pub struct Cluster {
    pub nodes: Vec<Redis>,
}

impl Cluster {
    /// Starts three masters, each with this many replicas.
    pub fn start(replicas: usize) -> Self {
        let count = 3 * (1 + replicas);
        let options = "--cluster-enabled yes --cluster-node-timeout 1000 --cluster-replica-validity-factor 0 \
                       --repl-diskless-sync-delay 0";
        let nodes: Vec<Redis> = (0..count).map(|_| Redis::start_in_cluster(options)).collect();
        let cluster = Self { nodes };
        let addresses = cluster.nodes.iter().map(|node| format!("127.0.0.1:{}", node.port));
        let create = ["--cluster", "create"].map(str::to_owned).into_iter().chain(addresses);
        let create: Vec<String> = create.collect();
        cluster.cli(
            0,
            &[
                &create.iter().map(String::as_str).collect::<Vec<_>>()[..],
                &["--cluster-replicas", &replicas.to_string(), "--cluster-yes"],
            ]
            .concat(),
        );
        until("a cluster in service", || {
            cluster.nodes.iter().all(|node| {
                let info = node.tell("CLUSTER INFO");
                info.contains("cluster_state:ok") && info.contains(&format!("cluster_known_nodes:{count}"))
            })
        });
        until("replicas that follow", || {
            let is_up = |node: &&Redis| node.tell("INFO replication").contains("master_link_status:up");
            cluster.nodes.iter().filter(is_up).count() == 3 * replicas
        });
        // Replicas count as loading until the others have heard of them.
        until("replicas in service", || {
            let shards = cluster.cli(0, &["CLUSTER", "SHARDS"]);
            shards.matches("online").count() == count && !shards.contains("loading")
        });
        cluster
    }

    /// The URL of a node.
    pub fn url(&self, node: usize) -> String {
        self.nodes[node].url()
    }

    /// Runs redis-cli against a node; returns what it prints.
    pub fn cli(&self, node: usize, arguments: &[&str]) -> String {
        let port = self.nodes[node].port.to_string();
        let output =
            Command::new("redis-cli").args(["-p", &port]).args(arguments).output().expect("redis-cli is there");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{arguments:?}: {text}");
        text
    }

    /// Positions of the masters at this time.
    pub fn masters(&self) -> Vec<usize> {
        let is_master = |node: &usize| self.nodes[*node].is_up() && self.nodes[*node].tell("ROLE").contains("master");
        (0..self.nodes.len()).filter(is_master).collect()
    }

    /// Position of the master of a key.
    pub fn master_of(&self, key: &str) -> usize {
        let is_it = |node: &usize| !self.cli(*node, &["GET", key]).contains("MOVED");
        self.masters().into_iter().find(is_it).expect("a master")
    }

    /// Calls of a command, by node.
    pub fn calls(&self, command: &str) -> Vec<u64> {
        let calls = |node: &Redis| {
            let stats = node.tell_all("INFO commandstats");
            let line = stats
                .lines()
                .find_map(|line| line.strip_prefix(&format!("cmdstat_{command}:calls=")).map(str::to_owned));
            line.and_then(|line| line.split(',').next()?.parse().ok()).unwrap_or(0)
        };
        self.nodes.iter().map(calls).collect()
    }

    /// Begins to move the slot of a key to another node; returns the slot and where it was.
    pub fn begin_move(&self, key: &str, to: usize) -> (String, usize) {
        let from = self.master_of(key);
        let slot = self.cli(from, &["CLUSTER", "KEYSLOT", key]).trim().to_owned();
        self.cli(to, &["CLUSTER", "SETSLOT", &slot, "IMPORTING", &self.id(from)]);
        self.cli(from, &["CLUSTER", "SETSLOT", &slot, "MIGRATING", &self.id(to)]);
        (slot, from)
    }

    /// Moves the slot of a key to another node, as a cluster does that is rebalanced.
    pub fn move_slot(&self, key: &str, to: usize) {
        let (slot, from) = self.begin_move(key, to);
        let port = self.nodes[to].port.to_string();
        loop {
            let keys = self.cli(from, &["CLUSTER", "GETKEYSINSLOT", &slot, "10"]);
            let keys: Vec<&str> = keys.split_whitespace().collect();
            if keys.is_empty() {
                break;
            }
            for key in keys {
                self.cli(from, &["MIGRATE", "127.0.0.1", &port, key, "0", "5000"]);
            }
        }
        for node in self.masters() {
            self.cli(node, &["CLUSTER", "SETSLOT", &slot, "NODE", &self.id(to)]);
        }
    }

    fn id(&self, node: usize) -> String {
        self.cli(node, &["CLUSTER", "MYID"]).trim().to_owned()
    }

    /// Waits until a replica has taken over from a killed master.
    pub fn until_failover(&self) {
        until("three masters again", || {
            self.masters().len() == 3
                && self.masters().iter().all(|node| self.nodes[*node].tell("CLUSTER INFO").contains("cluster_state:ok"))
        });
    }
}
