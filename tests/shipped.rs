//! Every shipped scenario runs against the demo target, and fails only by the demo's random faults.

#[expect(dead_code, reason = "shared by several test programs, none of which uses all of it")]
mod common;

use std::path::Path;
use std::sync::Arc;

use common::{stop, until};
use katydid::demo::DemoTarget;
use katydid::engine::{self, Command, EngineOptions};
use katydid::scenario::{Overrides, catalog};
use katydid::units::Users;

/// Random faults of the demo.
const BAD_MOMENTS: [&str; 4] = ["expected status", "HTTP 500", "HTTP 503", "GraphQL "];

#[tokio::test]
async fn every_shipped_scenario_runs_against_the_demo_target() {
    let demo = DemoTarget::start(0).expect("a free port");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut ran = Vec::new();
    for entry in catalog::discover(&folder, None) {
        // These need a Redis server; they are run by the Redis tests.
        if entry.name.starts_with("redis-") {
            continue;
        }
        let overrides = Overrides { host: Some(demo.url()), ..Overrides::default() };
        let plan = entry.load().expect("a valid file").plan(&overrides).expect("a valid plan");
        let is_open = plan.schedule.is_open();
        let rows = plan.endpoints.len();
        let handle = engine::start(Arc::new(plan), EngineOptions { threads: 1, seed: 1 }).expect("an engine");
        if !is_open {
            handle.send(Command::SetUsers(Users(40))).expect("a live run");
            handle.send(Command::SetSpawnRate(katydid::units::PerSecond(100.0))).expect("a live run");
        }
        let what = format!("40 requests of {}", entry.name);
        until(&handle, &what, |s| s.total.total.requests >= 40).await;
        let last = stop(handle).await;
        assert!(last.endpoints.len() == rows && last.exceptions.is_empty(), "{}: {:?}", entry.name, last.exceptions);
        for failure in &last.failures.rows {
            let reason = failure.reason.to_string();
            assert!(BAD_MOMENTS.iter().any(|known| reason.starts_with(known)), "{}: {reason}", entry.name);
        }
        ran.push(entry.name);
    }
    assert_eq!(ran.len(), 7, "{ran:?}");
}
