//! A run in which every text is an attack.

use std::sync::Arc;

use katydid::row_kind::RowKind;
use katydid::stats::sample::{Example, ExampleRequest};
use katydid::store::{Machine, Run};

use super::with_protocols;

/// What a scenario or a server could say to reach whoever reads the report.
pub const HOSTILE: &str = "</script><script>window.hacked=1</script><img src=x onerror=window.hacked=1>\"'`{{7*7}}\
                           \u{1b}[2J\u{202e}\u{2028}]]>|@all #1 [x](http://evil.example) <!-- --> \u{0}\r\n# big\r\n&amp;";

/// Every text of a run replaced by hostile ones.
pub fn run() -> Run {
    let mut snapshot = with_protocols();
    let last = Arc::make_mut(&mut snapshot.last);
    for row in &mut last.endpoints {
        row.name = format!("{}{HOSTILE}", row.name).into();
        if let RowKind::Http(method) = &mut row.kind {
            *method = format!("{method}{HOSTILE}").into();
        }
    }
    let bad = || Arc::<str>::from(HOSTILE);
    for failure in &mut last.failures.rows {
        (failure.name, failure.reason) = (bad(), bad());
        let text = || HOSTILE.to_owned();
        let request = Some(ExampleRequest { line: text(), headers: text(), body: text() });
        failure.example = Some(Arc::new(Example {
            request,
            status: Some(200),
            headers: HOSTILE.to_owned(),
            body: HOSTILE.to_owned(),
            detail: HOSTILE.to_owned(),
            trace: None,
        }));
    }
    for row in &mut last.exceptions {
        (row.message, row.place) = (bad(), bad());
    }
    for judgement in Arc::make_mut(&mut last.judgements) {
        (judgement.check, judgement.words, judgement.place) = (bad(), bad(), bad());
        judgement.value = Some(bad());
    }
    for event in Arc::make_mut(&mut last.events) {
        event.text = bad();
    }
    last.health.why = Some(bad());
    let info = Arc::make_mut(&mut last.run);
    (info.scenario, info.host) = (bad(), bad());
    let redis = Arc::make_mut(last.redis.as_mut().expect("it has one"));
    redis.rows.iter_mut().for_each(|row| row.1 = bad());
    redis.lookups.iter_mut().for_each(|row| row.1 = bad());
    redis.server.as_mut().expect("it has one").version = HOSTILE.to_owned();
    let meta = Arc::make_mut(&mut snapshot.meta);
    let bad = || HOSTILE.to_owned();
    for text in [&mut meta.id, &mut meta.scenario, &mut meta.file, &mut meta.text, &mut meta.plan_hash, &mut meta.host]
    {
        *text = bad();
    }
    (meta.profile, meta.note, meta.tags, meta.arguments) = (Some(bad()), Some(bad()), vec![bad()], vec![bad()]);
    meta.version = bad();
    meta.machine = Machine { name: bad(), system: bad(), processor: bad(), ..meta.machine.clone() };
    let outcome = meta.outcome.as_mut().expect("it has one");
    (outcome.verdict, outcome.reason) = (bad(), bad());
    snapshot
}
