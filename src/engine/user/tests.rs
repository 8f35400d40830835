use std::rc::Rc;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::*;
use crate::engine::heartbeat::Heartbeat;
use crate::engine::peers::Peers;
use crate::engine::shard_setup::ShardSetup;
use crate::protocol::sessions::Factories;
use crate::scenario::{Overrides, Scenario};

/// There may be a hundred thousand users, and each future has room for its largest step.
#[tokio::test]
async fn future_of_a_user_is_small() {
    let text = "host: http://h\ntasks: [{ steps: [{ get: / }] }]";
    let plan = Arc::new(Scenario::parse("t.yaml", text).unwrap().plan(&Overrides::default()).unwrap());
    let setup = ShardSetup {
        index: 0,
        shards: 1,
        plan: Arc::clone(&plan),
        seed: 1,
        feeders: Arc::new([]),
        sequences: Arc::default(),
        factories: Factories::new(&plan).unwrap(),
        others: Arc::default(),
        commands: mpsc::unbounded_channel().1,
        peers: Peers::none(),
        heartbeat: Arc::new(Heartbeat::start()),
        intervals: mpsc::channel(1).0,
        spares: mpsc::channel(1).1,
    };
    let shard = Rc::new(ShardState::new(&setup));
    let sessions = setup.factories.sessions(Rc::<ShardState>::clone(&shard));
    let mut user = User::new(shard, Identity { number: 0, class: 0 }, Signal::with_arrival(None), sessions);
    let size = size_of_val(&user.live());
    assert!(size <= 2_256, "{size} bytes");
}
