//! Randomly damaged files: parser and templates neither panic nor take long.
//!
//! `KATYDID_FUZZ_SECONDS=3600 cargo test --test scenario_fuzz -- --nocapture` runs it for an hour.

use std::path::Path;
use std::time::{Duration, Instant};

use katydid::scenario::eval::template::Scope;
use katydid::scenario::plan::{Action, Body, HttpStep, Plan, Step, UrlTemplate};
use katydid::scenario::{Overrides, Scenario, estimate};

/// Maximum CPU time for a damaged file in a debug build, which does not depend on other load of the machine.
const PATIENCE: Duration = Duration::from_secs(20);
/// Maximum output of a template.
const MAX_TEXT: usize = 8 * 1024 * 1024;

const WORDS: &[&str] = &[
    "{{",
    "}}",
    "{% if %}",
    "{{ x }}",
    "{{ 'a' * 99999999 }}",
    "{{ range(100000) | list }}",
    "{{ [1] * 9999999 }}",
    "{{ user.id | nope }}",
    "{{ env.X | default(1) }}",
    "\"",
    "'",
    "[",
    "]",
    "{",
    "}",
    ": ",
    "- ",
    "\n",
    "  ",
    "\t",
    "&a ",
    "*a",
    "<<: *a",
    "!!int ",
    "|\n",
    "> ",
    "# ",
    "null",
    "~",
    "true",
    "-1",
    "0",
    "1e999",
    "99999999999999999999",
    "2xx",
    "< 1s",
    ">= ",
    "$..[?@.a == 1]",
    "$[",
    "((((((((",
    "(a{9999}){9999}",
    "get: /",
    "repeat: 1000000",
    "when: ",
    "steps:",
    "tasks:",
    "flows:",
    "call: a",
    "include: [a.yaml]",
    "profiles:",
    "shape:",
    "stages:",
    "users: 1000000",
    "\u{0}",
    "\u{feff}",
    "\u{202e}",
    "é",
    "🦗",
    "@data/accounts.csv",
    "@",
    "../../etc/passwd",
    "expect:",
    "capture:",
];

/// The files to damage, and how many of them, at the start of the list, are valid.
fn corpus() -> (Vec<String>, usize) {
    let (mut all, mut right) = (Vec::new(), 0);
    for folder in ["scenarios", "tests/fixtures/examples", "tests/fixtures/broken"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let mut paths: Vec<_> =
            std::fs::read_dir(&folder).expect("a readable file").map(|e| e.expect("a readable file").path()).collect();
        paths.retain(|path| path.extension().is_some_and(|e| e == "yaml"));
        paths.sort();
        if folder.ends_with("broken") {
            right = all.len();
        }
        all.extend(paths.iter().map(|path| std::fs::read_to_string(path).expect("a readable file")));
    }
    (all, right)
}

/// A random character boundary.
fn place(text: &str, rng: &mut fastrand::Rng) -> usize {
    text.floor_char_boundary(rng.usize(..=text.len()))
}

fn part<'t>(text: &'t str, rng: &mut fastrand::Rng) -> &'t str {
    let from = place(text, rng);
    let to = text.floor_char_boundary((from + rng.usize(..80)).min(text.len()));
    &text[from..to.max(from)]
}

fn damage(text: &mut String, corpus: &[String], rng: &mut fastrand::Rng) {
    let at = place(text, rng);
    match rng.u8(..7) {
        0 => {
            let end = text.floor_char_boundary((at + rng.usize(..40)).min(text.len())).max(at);
            text.replace_range(at..end, "");
        }
        1 => text.insert_str(at, WORDS[rng.usize(..WORDS.len())]),
        2 => {
            let copy = part(text, rng).to_owned();
            text.insert_str(at, &copy);
        }
        3 => {
            let other = &corpus[rng.usize(..corpus.len())];
            text.insert_str(at, part(other, rng));
        }
        4 => {
            let mut lines: Vec<&str> = text.lines().collect();
            if lines.len() > 1 {
                let (a, b) = (rng.usize(..lines.len()), rng.usize(..lines.len()));
                lines.swap(a, b);
                *text = lines.join("\n");
            }
        }
        5 => {
            let lines: Vec<&str> = text.lines().collect();
            if !lines.is_empty() {
                let line = lines[rng.usize(..lines.len())].repeat(rng.usize(1..4));
                text.insert_str(at, &format!("\n{line}\n"));
            }
        }
        _ => {
            let word = WORDS[rng.usize(..WORDS.len())].repeat(rng.usize(1..60));
            text.insert_str(at, &word);
        }
    }
}

fn run(text: &str, folder: &Path) -> bool {
    let Ok(scenario) = Scenario::parse_in("fuzz.yaml", text, Some(folder)) else { return false };
    let overrides = Overrides { host: Some("http://h".to_owned()), ..Overrides::default() };
    let Ok(plan) = scenario.plan(&overrides) else { return false };
    let _ = (estimate::words(&plan), plan.not_runnable());
    let mut scope = plan.scope(1, 1);
    for class in &plan.classes {
        let tasks = class.tasks.iter().flat_map(|task| &task.steps);
        for step in class.on_start.iter().chain(tasks).chain(&class.on_stop) {
            fill(&plan, step, &mut scope, 0);
        }
    }
    true
}

/// Renders every template of a step once; errors are ignored.
fn fill(plan: &Plan, step: &Step, scope: &mut Scope, depth: usize) {
    if step.when.as_ref().is_some_and(|when| when.is_true(scope) == Ok(false)) || depth > 8 {
        return;
    }
    let all = |steps: &[Step], scope: &mut Scope| steps.iter().for_each(|s| fill(plan, s, scope, depth + 1));
    match &step.action {
        Action::Http(http) => request(http, scope),
        Action::Graphql(graphql) => request(&graphql.http, scope),
        Action::Subscription(subscription) => {
            request(&subscription.http, scope);
            let _ = subscription.events.as_ref().map(|events| events.draw(scope));
            let _ = subscription.listen_for.as_ref().map(|length| length.draw(scope));
            let mut out = Vec::new();
            let _ = subscription.params.as_ref().map(|params| params.render(scope, &mut out));
            assert!(out.len() <= MAX_TEXT);
        }
        Action::Publish(publish) => {
            let mut out = Vec::new();
            let _ = publish.payload.render(scope, &mut out);
            assert!(out.len() <= MAX_TEXT);
        }
        Action::Set(values) => values.iter().for_each(|(slot, value)| {
            if let Ok(value) = value.value(scope) {
                scope.set(*slot, value);
            }
        }),
        Action::Wait(pause) => drop(pause.draw(scope)),
        Action::Log(text) => {
            let mut out = String::new();
            let _ = text.render(scope, &mut out);
            assert!(out.len() <= MAX_TEXT);
        }
        Action::Repeat { count, steps, .. } => {
            let _ = count.iterations(scope);
            all(steps, scope);
        }
        Action::ForEach { list, item, steps } => {
            if let Some(first) = list.items(scope).ok().and_then(|items| items.into_iter().next()) {
                scope.set(*item, first);
            }
            all(steps, scope);
        }
        Action::While { condition, steps, .. } => {
            let _ = condition.is_true(scope);
            all(steps, scope);
        }
        Action::If { condition, then, otherwise } => {
            let _ = condition.is_true(scope);
            all(then, scope);
            all(otherwise, scope);
        }
        Action::Call { flow, .. } => all(&plan.flows[flow.0 as usize].steps, scope),
        Action::Subscribe(_) | Action::Unsubscribe(_) | Action::Redis(_) | Action::Stop(_) => {}
    }
}

fn request(http: &HttpStep, scope: &mut Scope) {
    let (mut text, mut bytes) = (String::new(), Vec::new());
    if let UrlTemplate::Templated { path, query, .. } = &http.url {
        let _ = path.render(scope, &mut text);
        query.iter().for_each(|(_, value)| drop(value.render(scope, &mut text)));
    }
    http.headers.iter().for_each(|(_, value)| drop(value.render(scope, &mut text)));
    let _ = http.auth.as_ref().map(|auth| auth.header(scope));
    match &http.body {
        Body::Text(body) => drop(body.render(scope, &mut text)),
        Body::Json(json) => drop(json.render(scope, &mut bytes)),
        Body::Form(pairs) => pairs.iter().for_each(|(_, value)| drop(value.render(scope, &mut text))),
        Body::Multipart(upload) => drop(upload.encode(scope)),
        Body::Empty | Body::Fixed(_) => {}
    }
    assert!(text.len() + bytes.len() <= 40 * MAX_TEXT);
}

/// CPU time of this thread.
fn cpu() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or_default())
}

#[test]
fn damaged_files_never_panic() {
    let seconds = std::env::var("KATYDID_FUZZ_SECONDS").ok().and_then(|text| text.parse::<u64>().ok());
    let seed = std::env::var("KATYDID_FUZZ_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(7);
    let ((corpus, right), folder) = (corpus(), Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/examples"));
    let mut rng = fastrand::Rng::with_seed(seed);
    let started = Instant::now();
    let (mut runs, mut whole, mut slowest) = (0u64, 0u64, Duration::ZERO);
    let go_on = |runs: u64| match seconds {
        Some(seconds) => started.elapsed() < Duration::from_secs(seconds),
        None => runs < 400,
    };
    while go_on(runs) {
        // Mostly valid files, because broken ones fail before their templates are evaluated.
        let from = if rng.u8(..4) > 0 { right } else { corpus.len() };
        let mut text = corpus[rng.usize(..from)].clone();
        for _ in 0..rng.usize(1..4) {
            damage(&mut text, &corpus, &mut rng);
        }
        if seconds.is_some() {
            // A stack overflow cannot be caught; its cause is then in this file.
            std::fs::write(std::env::temp_dir().join("katydid-fuzz.yaml"), &text).expect("a writable folder");
        }
        let begun = cpu();
        whole += u64::from(run(&text, &folder));
        let took = cpu().saturating_sub(begun);
        assert!(took < PATIENCE, "{took:?} for:\n{text}");
        if took > slowest && seconds.is_some() {
            println!("{took:?} for:\n{text}\n");
        }
        slowest = slowest.max(took);
        runs += 1;
    }
    println!("{runs} executions, {whole} of them still ran, the slowest took {slowest:?}");
    assert!(whole > 0, "the damage is so great that nothing is tested behind the reader");
}
