//! Memory of a run that subscribes to very many names.

use std::process::{Command, Stdio};

use super::server::Redis;
use crate::wait::found;

/// Peak memory of a process in MB, from `/proc`; `None` once it has ended.
fn peak(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse::<u64>().ok().map(|kilobytes| kilobytes / 1_000)
}

#[test]
fn ten_thousand_names_need_little_memory() {
    let redis = Redis::start("");
    let folder = tempfile::tempdir().expect("a folder");
    let names: Vec<String> = (0..10_000).map(|n| format!("'c:{n}'")).collect();
    // Every name gets messages, so that a row for each would be filled.
    let text = format!(
        "redis: {{ url: '{}' }}\nusers: 2\nspawn_rate: 1000\nuser_classes:\n  S: {{ fixed_count: 1, start: before_others, \
         on_start: [{{ subscribe: [{}], measure: delivery }}], tasks: [{{ steps: [{{ wait: 100ms }}] }}] }}\n  \
         P: {{ tasks: [{{ steps: [{{ repeat: 10000, as: n, steps: [{{ publish: 'c:{{{{ n }}}}' }}] }}, {{ stop: run }}] }}] }}\n",
        redis.url(),
        names.join(", ")
    );
    std::fs::write(folder.path().join("s.yaml"), text).expect("a written file");
    let mut child = Command::new(env!("CARGO_BIN_EXE_katydid"))
        .args(["-f", "s.yaml", "--headless", "--csv", "run"])
        .current_dir(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the command runs");
    let mut most = 0;
    let status = found("the end of the run", || {
        most = most.max(peak(child.id()).unwrap_or(0));
        child.try_wait().ok().flatten().ok_or_else(|| "still running".to_owned())
    });
    assert!(status.success(), "{status}");
    let rows = std::fs::read_to_string(folder.path().join("run_redis.csv")).expect("a table");
    assert!(rows.contains("DELIVER,c:0 … c:9999 (10000 names),0,0,10000,10000,0"), "{rows}");
    assert_eq!(rows.lines().count(), 4, "{rows}");
    // With a row for each it is several hundred.
    assert!((1..200).contains(&most), "{most} MB");
}
