//! What `--full` shows, and what a trial cannot judge.

use super::{SECRET, run, server};

#[test]
fn nothing_is_shortened_in_full() {
    let folder = tempfile::tempdir().expect("a folder");
    let demo = katydid::demo::DemoTarget::start(0).expect("the demo");
    let (long, redis) = ("long".repeat(300), server::Redis::start(""));
    redis.tell(&format!("SET long {long}end"));
    redis.tell("RPUSH list a b c d e f g h i j k l m n o p q r s t u v w x y z");
    let text = format!(
        "
redis: {{ url: 'redis://127.0.0.1:{}' }}
secrets: [TRY_SECRET]
tasks:
  - steps:
      - set: {{ v: '{long}end' }}
      - post: /api/login
        headers: {{ X-Long: '{long}end' }}
        json: {{ password: '{{{{ env.TRY_SECRET }}}}', list: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, end] }}
        expect: {{ header: {{ X-None: a }}, body: '{long}' }}
      - redis: GET long
        expect: {{ body: short }}
      - redis: [LRANGE, list, 0, -1]
      - redis: [SET, other, '{long}end']
",
        redis.port
    );
    let (out, error, _) = run(folder.path(), &text, &["-H", &demo.url(), "--full"]);
    let whole = format!("{long}end");
    for wanted in [
        format!("= v = \"{whole}\""),
        format!("> x-long: {whole}"),
        ">     \"end\"".to_owned(),
        format!("✗ expected body \"{long}\""),
        format!("< {whole}"),
        format!("got {whole}"),
        "<   \"z\"".to_owned(),
        format!("SET other {whole}"),
    ] {
        assert!(out.contains(&wanted), "{wanted}:\n{out}{error}");
    }
    assert!(!out.contains('…') && !out.contains(SECRET), "{out}");
    let (short, ..) = run(folder.path(), &text, &["-H", &demo.url()]);
    assert!(!short.contains(&whole) && short.lines().all(|line| line.chars().count() <= 80), "{short}");
}

#[test]
fn receivers_are_not_judged_without_a_subscriber() {
    let folder = tempfile::tempdir().expect("a folder");
    let redis = server::Redis::start("");
    let text = format!(
        "
redis: {{ url: 'redis://127.0.0.1:{}' }}
user_classes:
  Publisher:
    tasks: [{{ steps: [{{ publish: orders, expect: {{ receivers: {{ gte: 1 }} }} }}] }}]
  Subscriber:
    on_start: [{{ subscribe: orders, measure: delivery }}]
    tasks: [{{ steps: [{{ publish: other, expect: {{ receivers: 1 }} }}] }}]
",
        redis.port
    );
    let (out, error, code) = run(folder.path(), &text, &[]);
    assert_eq!(code, Some(0), "{out}{error}");
    for wanted in ["- not judged: receivers >= 1, got 0", "a trial runs one user, and no subscriber", "1 not judged"] {
        assert!(out.contains(wanted), "{wanted}:\n{out}");
    }
    // This user subscribes, so that the number says something.
    let (out, error, code) = run(folder.path(), &text, &["--class", "Subscriber"]);
    assert!(code == Some(1) && out.contains("✗ expected receivers 1") && !out.contains("judged"), "{out}{error}");
}

#[test]
fn the_length_of_a_list_is_explained() {
    let folder = tempfile::tempdir().expect("a folder");
    let demo = katydid::demo::DemoTarget::start(0).expect("the demo");
    let text = "tasks: [{ steps: [{ get: /api/products, capture: { n: $.items.length } }] }]\n";
    let (out, _, code) = run(folder.path(), text, &["-H", &demo.url(), "--full"]);
    assert_eq!(code, Some(1), "{out}");
    assert!(out.contains("$.items.length is not in the JSON; write the length in expect"), "{out}");
    assert!(out.contains("capture x: $.items and write {{ x | length }}"), "{out}");
}
