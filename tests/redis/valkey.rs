//! A real Valkey: its address, its name, and that everything published arrives.

use katydid::engine::{EngineOptions, start};
use katydid::report::text;

use super::server::Redis;
use crate::scenarios::scenario;
use crate::wait::end_of;

#[tokio::test]
async fn valkey_is_shown_by_its_own_name_and_version() {
    let valkey = Redis::valkey();
    let told = valkey.tell("INFO server");
    let version = told.lines().find_map(|line| line.trim_end().strip_prefix("valkey_version:")).expect("its version");
    let plan = scenario(
        &format!("valkey://127.0.0.1:{}/1", valkey.port),
        r#"
run_time: 3s
users: 2
spawn_rate: 1000
user_classes:
  Subscriber: { fixed_count: 1, start: before_others, on_start: [{ subscribe: [orders], measure: delivery }], tasks: [{ steps: [{ wait: 100ms }] }] }
  Publisher: { wait_time: constant(20ms), tasks: [{ steps: [{ publish: orders, payload: text }, { redis: [SELECT, 1] }] }] }
"#,
    );
    assert_eq!(&*plan.host, &format!("valkey://127.0.0.1:{}", valkey.port));
    let mut handle = start(std::sync::Arc::new(plan), EngineOptions { threads: 2, seed: 1 }).expect("an engine");
    let last = end_of("the end of the run", handle.finished()).await;
    let redis = last.redis.as_ref().expect("a run with Redis");
    assert!(redis.total.published > 10 && redis.total.lost() == 0, "{:?}", redis.total);
    assert_eq!(last.failures.rows.len(), 0, "{:?}", last.failures.rows);
    let server = redis.server.as_ref().expect("its figures");
    assert_eq!((server.product.as_str(), server.version.as_str()), ("Valkey", version));
    let sentences = text::redis(&last).join("\n");
    assert!(sentences.contains(&format!("Valkey {version}: ")), "{sentences}");
    assert!(sentences.contains("Valkey: 0 lost") && !sentences.contains("Redis"), "{sentences}");
}

#[test]
fn reports_name_valkey() {
    let valkey = Redis::valkey();
    let folder = tempfile::tempdir().expect("a folder");
    let text = format!(
        "redis: {{ url: 'valkey://127.0.0.1:{}' }}\nusers: 1\nrun_time: 3s\ntasks: [{{ steps: [{{ redis: PING }}, {{ wait: 50ms }}] }}]\n",
        valkey.port
    );
    std::fs::write(folder.path().join("s.yaml"), text).expect("a written file");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_katydid"));
    command.args(["-f", "s.yaml", "--headless", "--no-record", "--html", "r.html"]).current_dir(folder.path());
    assert!(command.output().expect("the command runs").status.success());
    let page = std::fs::read_to_string(folder.path().join("r.html")).expect("the report");
    assert!(page.contains(">Valkey</h2>") && !page.contains(">Redis</h2>"), "the title of the section");
}

#[test]
fn doctor_names_valkey() {
    let valkey = Redis::valkey();
    let folder = tempfile::tempdir().expect("a folder");
    let text =
        format!("redis: {{ url: 'valkey://127.0.0.1:{}' }}\ntasks: [{{ steps: [{{ redis: PING }}] }}]\n", valkey.port);
    std::fs::write(folder.path().join("s.yaml"), text).expect("a written file");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_katydid"));
    let output =
        command.args(["doctor", "-f", "s.yaml"]).current_dir(folder.path()).output().expect("the command runs");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(printed.contains(&format!("valkey://127.0.0.1:{}: PONG from Valkey 9.", valkey.port)), "{printed}");
}
