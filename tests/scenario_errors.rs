//! Each broken scenario prints exactly the expected message, and no input makes the parser panic.

#[path = "common/authority.rs"]
mod authority;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use katydid::scenario::plan::{Action, Step};
use katydid::scenario::{Overrides, Plan, Scenario, ScenarioError, SelectOptions};
use proptest::prelude::*;

fn broken() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/broken")
}

#[test]
fn broken_files_print_the_expected_messages() {
    let folder = broken();
    let mut seen = 0;
    let mut wrong = Vec::new();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "yaml") {
            continue;
        }
        seen += 1;
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        // What flags could provide is checked only when a run is planned.
        let planned = Scenario::parse_in(&name, &text, Some(&folder)).and_then(|s| s.plan(&Overrides::default()));
        let got = match planned {
            Ok(_) => "no error".to_owned(),
            // Independent of the location of the repository.
            Err(error) => error.text.replace(&format!("{}/", folder.display()), "") + "\n",
        };
        let expected = path.with_extension("txt");
        // BLESS=1 updates the messages; review the difference before committing.
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&expected, &got).unwrap();
        }
        if got == "no error" || got != std::fs::read_to_string(&expected).unwrap_or_default() {
            wrong.push(format!("{name}:\n{got}"));
        }
    }
    assert!(seen >= 70, "only {seen} broken files");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_that_are_not_scenarios_are_rejected() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        Scenario::load(&path).unwrap_err().text
    };
    assert!(file("large.yaml", &vec![b'#'; 10_000_000]).contains("larger than 1 MB"));
    let latin = file("latin.yaml", b"host: http://h\nname: gr\xf6\xdfe\n");
    for wanted in ["0xf6", "latin.yaml:2:9", "2 | name: gr\u{fffd}", "save it as UTF-8"] {
        assert!(latin.contains(wanted), "{wanted}: {latin}");
    }
    std::fs::write(folder.path().join("part.yaml"), b"vars:\n  a: \xff\n").unwrap();
    let part = file("whole.yaml", b"host: http://h\ninclude: part.yaml\ntasks: [{ steps: [{ get: / }] }]\n");
    assert!(part.contains("part.yaml:2:6") && part.contains("save it as UTF-8"), "{part}");
    assert!(Scenario::load(folder.path()).unwrap_err().text.contains("directory"));
    assert!(Scenario::load(&folder.path().join("none.yaml")).unwrap_err().text.contains("none.yaml"));
}

/// Client certificates are checked before anything is sent.
#[test]
fn unusable_certificates_are_reported_with_their_position() {
    let folder = tempfile::tempdir().unwrap();
    authority::make_certificates(folder.path());
    let encrypted = "pkey -in server.key -aes128 -passout pass:x -out locked.key";
    let made = std::process::Command::new("openssl").current_dir(&folder).args(encrypted.split(' ')).output();
    assert!(made.unwrap().status.success());
    let torn = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    std::fs::write(folder.path().join("torn.pem"), torn).unwrap();
    std::fs::write(folder.path().join("torn.key"), torn.replace("CERTIFICATE", "PRIVATE KEY")).unwrap();
    for (tls, wanted) in [
        ("{ ca: ca.pem, cert: server.pem, key: server.key }", None),
        (
            "{ cert: server.pem, key: ca.key }",
            Some((":1:61", "ca.key does not belong to the certificate in server.pem")),
        ),
        ("{ cert: server.pem, key: locked.key }", Some((":1:61", "locked.key has a password"))),
        ("{ cert: torn.pem, key: server.key }", Some((":1:36", "cannot be used"))),
        ("{ cert: server.pem, key: torn.key }", Some((":1:36", "cannot be used"))),
        ("{ ca: torn.pem }", Some((":1:42", "torn.pem cannot be trusted"))),
        ("{ ca: server.key }", Some((":1:42", "no CERTIFICATE"))),
    ] {
        let text = format!("{{ host: http://h, defaults: {{ tls: {tls} }}, tasks: [{{ steps: [{{ get: / }}] }}] }}");
        match (Scenario::parse_in("a.yaml", &text, Some(folder.path())), wanted) {
            (Ok(_), None) => {}
            (Err(error), Some((place, wanted))) => {
                assert!(error.text.contains(wanted) && error.text.contains(place), "{tls}: {error}");
            }
            (got, _) => panic!("{tls}: {got:?}"),
        }
    }
}

fn check(file: &Path) -> (Option<i32>, String) {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_katydid"))
        .env_remove("GITHUB_ACTIONS")
        .arg("check")
        .arg(file)
        .output()
        .expect("the command runs");
    (output.status.code(), String::from_utf8(output.stdout).expect("UTF-8"))
}

#[test]
fn check_exits_2_on_errors_and_0_on_warnings() {
    let (code, text) = check(&broken().join("several.yaml"));
    assert_eq!(code, Some(2));
    assert!(text.contains("several.yaml:2:11") && text.contains("several.yaml:1:1"), "{text}");
    // Baselines are not compared yet, but the file is checked.
    let refused = "`baseline` is not supported yet";
    for (name, wanted, expected) in [
        ("shop.yaml", "50 users at the peak", Some(0)),
        ("shapes.yaml", "5 stages, 12m30s", Some(2)),
        ("graphql.yaml", "asks for depth 3, 4 fields, ~10 nodes", Some(0)),
        ("redis.yaml", "before the others", Some(0)),
    ] {
        let (code, text) = check(&broken().with_file_name("examples").join(name));
        assert_eq!((code, text.contains(refused)), (expected, expected == Some(2)), "{name}: {text}");
        assert!(text.contains(wanted), "{name}: {text}");
    }
}

#[test]
fn likely_mistakes_are_warnings() {
    let text = "host: http://h\nusers: 3\nspawn_rate: 1\nrun_time: 1s\nvars: { a: 1, b: 2 }\n\
        flows: { f: [{ get: '/{{ b }}' }], g: [{ get: / }] }\n\
        user_classes:\n  A: { weight: 0, tasks: [{ steps: [{ call: g }] }] }\n  B: { fixed_count: 9, tasks: [{ steps: [{ get: / }] }] }\n";
    let warnings = Scenario::parse("w.yaml", text).unwrap().warnings().to_owned();
    for wanted in [
        "the run ends with 1 of 3 users",
        "the variable `a` is never used",
        "the flow `f` is never called",
        "user class `A` has weight 0",
        "the classes have 9 users by `fixed_count`, but `users` is 3",
    ] {
        assert!(warnings.contains(wanted), "{wanted}:\n{warnings}");
    }
    assert_eq!(warnings.matches("warning: ").count(), 5, "{warnings}");
    let stages = "host: http://h\ntasks: [{ steps: [{ get: / }] }]\nshape: { stages: [{ duration: 10s, users: 100, spawn_rate: 1 }] }\n";
    let warnings = Scenario::parse("w.yaml", stages).unwrap().warnings().to_owned();
    assert!(warnings.contains("stage `stage 1` ends with 10 users, not 100"), "{warnings}");
}

#[test]
fn variables_read_before_they_are_set_are_warnings() {
    let early = |steps: &str| {
        let text = format!("host: http://h\nflows: {{ login: [{{ get: /l, capture: {{ token: $.t }} }}] }}\n{steps}\n");
        let warnings = Scenario::parse("w.yaml", &text).unwrap().warnings().to_owned();
        let unset =
            |line: &str| line.strip_prefix("warning: `")?.strip_suffix("` is used before it is set").map(str::to_owned);
        let names = warnings.lines().filter_map(unset);
        let places = warnings.lines().filter_map(|line| line.trim().strip_prefix("--> w.yaml:"));
        names.zip(places).map(|(name, place)| format!("{name}@{place}")).collect::<Vec<_>>().join(" ")
    };
    for (steps, wanted) in [
        ("on_start: [{ get: '/{{ id }}', capture: { id: $.id } }]\ntasks: [{ steps: [{ call: login }] }]", "id@3:24"),
        ("on_start: [{ call: login }]\ntasks: [{ steps: [{ get: '/{{ token }}' }] }]", ""),
        ("on_start: [{ get: '/{{ token }}' }, { call: login }]\ntasks: [{ steps: [{ get: / }] }]", "token@3:24"),
        (
            "tasks: [{ steps: [{ set: { a: 1, b: '{{ a + c }}', c: 2 } }, { get: '/{{ b + c }}' }, { call: login }] }]",
            "c@3:45",
        ),
        ("tasks: [{ steps: [{ for_each: [1], as: n, steps: [{ get: '/{{ n }}' }] }, { call: login }] }]", ""),
        ("tasks: [{ steps: [{ get: '/{{ token }}', when: token is defined }, { call: login }] }]", ""),
        ("tasks: [{ steps: [{ get: '/{{ token | default(1) }}' }, { call: login }] }]", ""),
        ("tasks: [{ steps: [{ get: /, when: token > 1 }, { call: login }] }]", "token@3:35"),
        // The other task may not have run.
        ("tasks: [{ steps: [{ call: login }] }, { steps: [{ get: '/{{ token }}' }] }]", "token@3:61"),
        ("sequential: true\ntasks: [{ steps: [{ call: login }] }, { steps: [{ get: '/{{ token }}' }] }]", ""),
        ("tasks: [{ steps: [{ call: login }] }]\non_stop: [{ get: '/{{ token }}' }]", ""),
    ] {
        assert_eq!(early(steps), wanted, "{steps}");
    }
    // A step that is filtered out sets nothing.
    let text =
        "host: http://h\ntasks: [{ steps: [{ get: /, tags: slow, capture: { id: $.id } }, { get: '/{{ id }}' }] }]\n";
    let all = Scenario::parse("w.yaml", text).unwrap();
    assert_eq!(all.warnings(), "");
    let select = SelectOptions { exclude_tags: vec!["slow".to_owned()], ..SelectOptions::default() };
    assert!(all.select(&select).unwrap().warnings().contains("`id` is used before it is set"));
}

#[test]
fn scenarios_can_be_filtered_by_tags() {
    let text = "host: http://h\nusers: 9\nprofiles: { small: { users: 1 } }\nuser_classes:\n  \
        A: { tasks: [{ name: r, tags: [read], steps: [{ get: /r }, { get: /rr, tags: slow }] }, { name: w, tags: write, steps: [{ get: /w }] }] }\n  \
        B: { tasks: [{ name: x, steps: [{ get: /x }] }] }\n";
    let all = Scenario::parse("s.yaml", text).unwrap();
    let rows = |profile: Option<&str>, tags: &[&str], exclude: &[&str], classes: &[&str]| {
        let own = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect();
        let select = SelectOptions {
            profile: profile.map(str::to_owned),
            tags: own(tags),
            exclude_tags: own(exclude),
            classes: own(classes),
        };
        let plan = all.select(&select)?.plan(&Overrides::default())?;
        let rows = plan.endpoints.iter().map(|e| e.name.to_string()).collect::<Vec<_>>().join(" ");
        Ok::<_, ScenarioError>(format!("{} {} {rows}", plan.load.users, plan.classes.len()))
    };
    assert_eq!(rows(None, &[], &[], &[]).unwrap(), "9 2 /r /rr /w /x");
    assert_eq!(rows(Some("small"), &["read"], &[], &[]).unwrap(), "1 1 /r /rr");
    assert_eq!(rows(None, &[], &["slow", "write"], &[]).unwrap(), "9 2 /r /x");
    assert_eq!(rows(None, &["write"], &[], &["A"]).unwrap(), "9 1 /w");
    // A step's own tag is enough.
    assert_eq!(rows(None, &["slow"], &[], &[]).unwrap(), "9 1 /rr");
    let nested = "host: http://h\ntasks: [{ steps: [{ repeat: 2, steps: [{ get: /in, tags: deep }, { get: /out }] }, \
        { repeat: 2, steps: [{ get: /none }] }, { get: /plain }] }]\n";
    let deep = SelectOptions { tags: vec!["deep".to_owned()], ..SelectOptions::default() };
    let plan = Scenario::parse("n.yaml", nested).unwrap().select(&deep).unwrap().plan(&Overrides::default()).unwrap();
    let names: Vec<_> = plan.endpoints.iter().map(|row| &*row.name).collect();
    assert_eq!((names, plan.classes[0].tasks[0].steps.len()), (vec!["/in"], 1));
    for (error, hint) in [
        (rows(Some("smal"), &[], &[], &[]), "did you mean `small`?"),
        (rows(None, &["none"], &[], &[]), "no task is selected"),
        (rows(None, &[], &[], &["C"]), "unknown user class `C`"),
    ] {
        let text = error.unwrap_err().text;
        assert!(text.contains(hint), "{text}");
    }
}

#[test]
fn tags_apply_through_flows() {
    let steps = "{ get: /a }, { get: /b, tags: slow }, { repeat: 2, tags: odd, steps: [{ get: /c }] }, { call: deep }";
    let deep = "deep: [{ get: /d }, { get: /e, tags: slow }]";
    let flow = format!("flows: {{ {deep}, f: [{steps}], lone: [{{ get: /lone }}] }}");
    let around = |inner: &str| {
        format!(
            "host: http://h\n{flow}\non_start: [{inner}]\ntasks:\n  - {{ name: r, tags: read, steps: [{{ get: /r }}, \
             {inner}] }}\n  - {{ name: w, steps: [{{ get: /w }}, {{ repeat: 3, steps: [{inner}] }}] }}\n"
        )
    };
    // `deep` is always called: its steps are filtered, and its rows are the same.
    let texts = [around("{ call: f }"), around(steps)];
    let rows = |text: &str, tags: &[&str], exclude: &[&str]| {
        let own = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect();
        let select = SelectOptions { tags: own(tags), exclude_tags: own(exclude), ..SelectOptions::default() };
        let plan = Scenario::parse("f.yaml", text)?.select(&select)?.plan(&Overrides::default())?;
        let mut sent: Vec<String> = Vec::new();
        for (name, steps) in plan.classes[0].tasks.iter().map(|task| (&task.name, &task.steps)) {
            in_order(&plan, steps, &mut |row| sent.push(format!("{name}{}", plan.endpoints[row].name)));
        }
        in_order(&plan, &plan.classes[0].on_start, &mut |row| sent.push(format!("s{}", plan.endpoints[row].name)));
        let used: BTreeSet<&str> = sent.iter().map(|row| &row[1..]).collect();
        let mut all: Vec<&str> = plan.endpoints.iter().map(|row| &*row.name).collect();
        // Without tags, the rows of flows that are never called exist too.
        all.retain(|row| *row != "/lone" || !tags.is_empty());
        assert_eq!(used, all.into_iter().collect(), "{tags:?} {exclude:?}: no row that nothing uses");
        Ok::<_, ScenarioError>(sent.join(" "))
    };
    for (tags, exclude, wanted) in [
        (&["slow"][..], &[][..], "r/b r/e w/b w/e s/a s/b s/d s/e"),
        (&["read"], &[], "r/r r/a r/b r/c r/d r/e s/a s/d"),
        (&["read"], &["slow"], "r/r r/a r/c r/d s/a s/d"),
        (&["odd"], &[], "r/c w/c s/a s/c s/d"),
        (&[], &["slow"], "r/r r/a r/c r/d w/w w/a w/c w/d s/a s/c s/d"),
    ] {
        for text in &texts {
            assert_eq!(rows(text, tags, exclude).unwrap_or_else(|e| panic!("{e}")), wanted, "{tags:?} {text}");
        }
    }
}

#[test]
fn tag_thresholds_include_rows_of_called_flows() {
    let text = "host: http://h\nflows: { f: [{ get: /f }, { call: g }], g: [{ get: /g }], h: [{ get: /h }] }\n\
                thresholds: [{ check: p95 < 1s, on: { tags: [read] } }, { check: p95 < 1s, stage: late }]\n\
                profiles: { p: { shape: { stages: [{ name: late, duration: 1m, users: 1 }] } } }\n\
                tasks: [{ tags: read, steps: [{ call: f }, { get: /a }] }, { steps: [{ call: h }] }]\n";
    let all = Scenario::parse("t.yaml", text).unwrap_or_else(|e| panic!("{e}"));
    for (tags, profile) in [(&[][..], None), (&["read"], None), (&[], Some("p"))] {
        let tags = tags.iter().map(|&tag: &&str| tag.to_owned()).collect();
        let part = SelectOptions { tags, profile: profile.map(str::to_owned), ..SelectOptions::default() };
        let scenario = all.select(&part).unwrap_or_else(|e| panic!("{e}"));
        let plan = scenario.plan(&Overrides::default()).unwrap();
        let on = plan.thresholds[0].on.as_ref().expect("rows");
        let names: BTreeSet<&str> = on.endpoints().iter().map(|row| &*plan.endpoints[row.0 as usize].name).collect();
        assert_eq!(names, BTreeSet::from(["/a", "/f", "/g"]), "{part:?}");
        // A threshold for a stage of a profile is not dropped silently.
        let printed = scenario.warnings().contains("no stage `late`: this threshold is skipped");
        assert_eq!((plan.thresholds.len(), printed), if profile.is_some() { (2, false) } else { (1, true) });
    }
}

/// The rows of steps in order, with those of flows at their calls.
fn in_order(plan: &Plan, steps: &[Step], see: &mut dyn FnMut(usize)) {
    for step in steps {
        match &step.action {
            Action::Call { flow, .. } => in_order(plan, &plan.flows[flow.0 as usize].steps, see),
            Action::Repeat { steps, .. } => in_order(plan, steps, see),
            action => see(action.endpoint().expect("a request").0 as usize),
        }
    }
}

#[test]
fn files_with_a_thousand_steps_load_fast() {
    let step = "      - post: \"/items/{{ id }}/{{ user.id }}\"\n        json: { n: \"{{ random_int(1, 9) }}\", w: \"{{ uuid() }}\" }\n        \
        capture: { id: $.id }\n        expect: { status: 200, json: { $.items: { length: { gte: 1 } } } }\n";
    let text = format!("host: http://h\ntasks:\n  - steps:\n{}", step.repeat(1_000));
    let started = std::time::Instant::now();
    let plan = Scenario::parse("large.yaml", &text).unwrap().plan(&Overrides::default()).unwrap();
    let took = started.elapsed();
    assert_eq!(plan.classes[0].tasks[0].steps.len(), 1_000);
    // A debug build on a busy machine; detects load times that grow quadratically.
    assert!(took < std::time::Duration::from_secs(10), "{took:?}");
}

fn no_panic(text: &str) {
    if let Ok(scenario) = Scenario::parse("p.yaml", text) {
        let _ = scenario.plan(&Overrides { host: Some("http://h".to_owned()), ..Overrides::default() });
    }
}

const VALID: &str = include_str!("../scenarios/demo.yaml");

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    #[test]
    fn random_text_never_panics(text in "\\PC{0,200}") {
        no_panic(&text);
    }

    #[test]
    fn a_mutated_file_never_panics(at in 0..VALID.len(), cut in 0..40usize, put in "[{}\\[\\]:|&*!%'\"\\- \n\ta0é]{0,6}") {
        let chars: Vec<char> = VALID.chars().collect();
        let at = at.min(chars.len());
        let end = (at + cut).min(chars.len());
        let text: String = chars[..at].iter().copied().chain(put.chars()).chain(chars[end..].iter().copied()).collect();
        no_panic(&text);
    }
}

#[test]
fn deep_nesting_is_rejected_before_the_stack_overflows() {
    for deep in [20, 60, 5_000] {
        for (open, close) in [("[", "]"), ("{ a: ", "}"), ("- ", "")] {
            let value = format!("\n    {}1{}", open.repeat(deep), close.repeat(deep));
            let text =
                format!("host: http://h\nvars:\n  v:{value}\ntasks: [{{ steps: [{{ log: '{{{{ v }}}}' }}] }}]\n");
            let loaded = Scenario::parse("deep.yaml", &text);
            assert_eq!(loaded.is_ok(), deep == 20, "{open} {deep}: {:?}", loaded.err().map(|error| error.text));
        }
    }
}
