//! The screen in runs with Redis.

use std::sync::Arc;

use super::shown;
use crate::row_kind::RowKind;
use crate::scenario::Scenario;
use crate::scenario::catalog::{Entry, Origin};
use crate::stats::delivery::Tally;
use crate::stats::server::ServerFigures;
use crate::stats::snapshot::{RedisView, Row};
use crate::tui::cursor::Subject;
use crate::tui::model::{Item, Model, Overlay, ProbeResult};
use crate::tui::{ProbeError, fixture};

/// A run with Redis, with this many endpoints and kinds of failures.
pub(super) fn with_redis(endpoints: usize, failures: usize) -> Model {
    let mut model = fixture::dashboard();
    let snapshot = Arc::make_mut(&mut model.run.as_mut().unwrap().latest);
    let mut row = snapshot.endpoints[0].clone();
    row.kind = RowKind::Deliver;
    snapshot.endpoints = (0..endpoints).map(|i| Row { name: format!("channel-{i}").into(), ..row.clone() }).collect();
    snapshot.failures.rows.truncate(failures);
    let total = Tally { received: 1_234_567, sent_to: 1_234_567, published: 61_728, ..Tally::default() };
    let server = ServerFigures {
        version: "7.0.15".into(),
        clients: 210,
        max_clients: Some(10_000),
        memory_limit: Some(100),
        memory: 90,
        output_buffer_cuts: Some(3),
        ..ServerFigures::default()
    };
    snapshot.redis = Some(Arc::new(RedisView { total, server: Some(server), ..RedisView::default() }));
    model
}

#[test]
fn panes_share_the_height_with_redis() {
    for (width, height, endpoints, failures) in
        [(80, 24, 4, 0), (80, 24, 4, 1), (100, 30, 5, 1), (120, 35, 5, 0), (120, 35, 6, 3), (160, 45, 9, 3)]
    {
        let text = shown(&with_redis(endpoints, failures), width, height);
        for i in 0..endpoints {
            assert!(text.contains(&format!("channel-{i} ")), "channel {i} at {width}x{height}\n{text}");
        }
        for needle in ["1,234,567 delivered", "fan-out 20.0", "3 clients disconnected", "memory at 90 % of maxmemory"] {
            assert!(text.contains(needle), "{needle} at {width}x{height}\n{text}");
        }
        let lines: Vec<&str> = text.lines().collect();
        let redis = lines.iter().position(|line| line.contains(" Redis ")).unwrap();
        let empty = |line: &&&str| line.trim_matches(|c| "\"│ ".contains(c)).is_empty();
        assert_eq!(lines[redis..lines.len() - 2].iter().filter(empty).count(), 0, "{text}");
    }
}

#[test]
fn rows_stay_visible_if_everything_fails() {
    let mut model = with_redis(3, 1);
    let snapshot = Arc::make_mut(&mut model.run.as_mut().unwrap().latest);
    let kind = snapshot.failures.rows[0].clone();
    snapshot.failures.rows = vec![kind; 6];
    for (row, kind) in snapshot.endpoints.iter_mut().zip([RowKind::Publish, RowKind::Subscribe, RowKind::Deliver]) {
        row.kind = kind;
    }
    let mut view = (**snapshot.redis.as_ref().unwrap()).clone();
    if let Some(server) = &mut view.server {
        (server.clients, server.rejected) = (9_990, 12);
        server.stale = Some("the server's limit of clients (maxclients) is reached".to_owned());
    }
    snapshot.redis = Some(Arc::new(view));
    let text = shown(&model, 80, 24);
    for needle in ["PUBLISH channel-0", "SUBSCRIBE channel-1", "DELIVER channel-2", "Aggregated", " Redis "] {
        assert!(text.contains(needle), "{needle}\n{text}");
    }
}

#[test]
fn detail_pages_of_deliveries_show_losses() {
    let mut model = with_redis(1, 0);
    let snapshot = Arc::make_mut(&mut model.run.as_mut().unwrap().latest);
    let mut view = (**snapshot.redis.as_ref().unwrap()).clone();
    let name = Arc::clone(&snapshot.endpoints[0].name);
    let deliver = Tally { received: 198, lost_disconnected: 2, ..Tally::default() };
    let publish = Tally { published: 100, sent_to: 200, ..Tally::default() };
    view.rows = vec![(RowKind::Deliver, Arc::clone(&name), deliver), (RowKind::Publish, Arc::clone(&name), publish)];
    snapshot.redis = Some(Arc::new(view));
    let subject = Subject::Endpoint { kind: RowKind::Deliver, name };
    model.overlay = Some(Overlay::Detail { subject, scroll: 0 });
    for (width, height) in [(80, 60), (100, 30), (160, 45)] {
        let text = shown(&model, width, height);
        for needle in [" deliveries ", "2 lost (1.000 %): 0 in the stream, 2 while", "fan-out 2.0 of 100 published"] {
            assert!(text.contains(needle), "{needle} at {width}x{height}\n{text}");
        }
        assert!(!text.contains("not measured") && !text.contains("first byte") && !text.contains("0 failed"), "{text}");
    }
}

#[test]
fn the_launcher_shows_whether_redis_responds() {
    let text = "redis: { url: redis://127.0.0.1:6379 }\nusers: 2\ntasks: [{ steps: [{ publish: a }] }]\n";
    let mut model = fixture::launcher();
    model.launcher.items[0] = Item::new(Entry::known("r", Origin::Folder, Scenario::parse("r.yaml", text)));
    fixture::read(&mut model);
    let silent = |why: &str, reached| Err(ProbeError { why: why.to_owned(), reached });
    for (answer, wanted) in [
        (None, "connecting to Redis at 127.0.0.1:6379"),
        (Some(Ok(())), "Redis responds at 127.0.0.1:6379"),
        (
            Some(silent("connection refused", false)),
            "no Redis at 127.0.0.1:6379: start one with `redis-server` or `docker run -p 6379:6379 redis`",
        ),
        (
            Some(silent("the server requires a password (NOAUTH)", true)),
            "6379: the server requires a password (NOAUTH)",
        ),
    ] {
        model.launcher.probed =
            answer.map(|answer| ProbeResult { url: "redis://127.0.0.1:6379".into(), answer, at: model.now });
        for (width, height) in [(80, 24), (120, 35)] {
            let text = shown(&model, width, height);
            // Without frames and line breaks.
            let lines = text.lines().filter_map(|line| Some(line.rsplit_once("││")?.1.trim_matches(['│', '"', ' '])));
            let words = lines.collect::<Vec<_>>().join(" ");
            assert!(words.contains(wanted), "{wanted} at {width}x{height}\n{text}");
        }
    }
    // A result for another server is ignored.
    let url = "redis://elsewhere:1".into();
    model.launcher.probed = Some(ProbeResult { url, answer: Ok(()), at: model.now });
    assert!(shown(&model, 80, 24).contains("connecting to Redis"));
}
