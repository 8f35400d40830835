use super::plan::{Action, Body, HttpStep, Step, UrlTemplate, Wait};
use std::time::Duration;

use super::*;
use crate::units::Users;

fn plan(text: &str) -> Plan {
    Scenario::parse("t.yaml", text).unwrap().plan(&Overrides::default()).unwrap()
}

fn http(step: &Step) -> &HttpStep {
    match &step.action {
        Action::Http(http) => http,
        other => panic!("{other:?}"),
    }
}

#[test]
fn flat_file_has_defaults() {
    let plan =
        plan("host: http://h/api/\ntasks:\n  - steps: [{ get: /a?b=c }, { get: /a }, { post: /a, json: { n: 1 } }]\n");
    assert_eq!((&*plan.name, &*plan.host), ("t", "http://h/api"));
    assert_eq!(plan.load.users, Users(1));
    assert_eq!(plan.classes[0].wait, Wait::Constant(Duration::ZERO));
    assert_eq!(plan.endpoints.len(), 3);
    let first = http(&plan.classes[0].tasks[0].steps[0]);
    assert!(matches!(&first.url, UrlTemplate::Fixed { url, .. } if url.as_str() == "http://h/api/a?b=c"));
    let last = http(&plan.classes[0].tasks[0].steps[2]);
    assert!(matches!(&last.body, Body::Fixed(b) if &b[..] == b"{\"n\":1}"));
    assert_eq!(last.fixed_headers["content-type"], "application/json");
}

#[test]
fn host_is_required_and_overrides_are_validated() {
    let scenario = Scenario::parse("x.yaml", "tasks: [{ steps: [{ get: / }] }]").unwrap();
    let error = scenario.plan(&Overrides::default()).unwrap_err();
    assert!(error.text.contains("x.yaml") && error.text.contains("--host"), "{error}");
    let over = Overrides { host: Some("ftp://h".into()), ..Overrides::default() };
    assert!(scenario.plan(&over).is_err());
    let over = Overrides { host: Some("http://h".into()), users: Some(Users(u32::MAX)), ..Overrides::default() };
    assert!(scenario.plan(&over).is_err());
}

#[test]
fn all_errors_are_reported_at_once() {
    let error =
        Scenario::parse("x.yaml", "usrs: 3\ntasks:\n  - steps:\n      - get: /a\n        expct: 3\n").unwrap_err();
    assert!(error.text.contains("did you mean `users`?") && error.text.contains("x.yaml:5:9"), "{error}");
    assert_eq!(error.brief, "line 1:1: unknown field `usrs` (and 1 more)");
}

#[test]
fn profile_removes_the_keys_it_replaces() {
    let loaded = |text: &str, profile: &str| {
        let all = Scenario::parse("t.yaml", text).unwrap_or_else(|e| panic!("{e}"));
        let one = all.select(&SelectOptions { profile: Some(profile.to_owned()), ..SelectOptions::default() });
        let plan = |one: Scenario| one.plan(&Overrides::default()).unwrap_or_else(|e| panic!("{e}"));
        (plan(all), plan(one.unwrap_or_else(|e| panic!("{e}"))))
    };
    let flat = "host: http://h\nwait_time: constant(1s)\non_start: [{ get: /in }]\ntasks: [{ steps: [{ get: /a }] }]\n\
        profiles: { many: { user_classes: { A: { tasks: [{ steps: [{ get: /b }] }] }, B: { tasks: [{ steps: [{ get: /c }] }] } } } }\n";
    let (all, many) = loaded(flat, "many");
    assert_eq!((all.classes.len(), many.classes.len(), many.classes[0].on_start.len()), (1, 2, 0));
    let classes = "host: http://h\nuser_classes: { A: { tasks: [{ steps: [{ get: /b }] }] } }\n\
        profiles: { flat: { tasks: [{ steps: [{ get: /a }] }], sequential: true } }\n";
    let (all, flat) = loaded(classes, "flat");
    assert_eq!((&*all.classes[0].name, &*flat.classes[0].name), ("A", "User"));
    assert!(flat.classes[0].sequential);
}

#[test]
fn tasks_with_weight_zero_are_not_enough() {
    let text = "host: http://h\nuser_classes:\n  A: { sequential: true, tasks: [{ weight: 0, tags: a, steps: [{ get: /a }] }, \
                { tags: b, steps: [{ get: /b }] }] }\n  B: { tasks: [{ tags: b, steps: [{ get: /c }] }] }\n";
    let all = Scenario::parse("t.yaml", text).unwrap_or_else(|e| panic!("{e}"));
    let tagged = |tags: &[&str]| {
        let tags = tags.iter().map(|&tag| tag.to_owned()).collect();
        all.select(&SelectOptions { tags, ..SelectOptions::default() })
    };
    for (tags, classes) in [(&["a", "b"][..], 2), (&["b"], 2)] {
        let plan = tagged(tags).unwrap().plan(&Overrides::default()).unwrap();
        assert_eq!(plan.classes.len(), classes, "{tags:?}");
    }
    let error = tagged(&["a"]).unwrap_err();
    assert!(error.text.contains("the weights of all selected tasks are 0"), "{error}");
    assert!(tagged(&["c"]).unwrap_err().text.contains("no task is selected"), "{error}");
}

#[test]
fn default_headers_are_merged_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let part = "defaults: { timeout: 5s, headers: { X-Part: part, x-both: part } }\n";
    std::fs::write(folder.path().join("part.yaml"), part).unwrap();
    let text = "host: http://h\ninclude: part.yaml\ndefaults: { headers: { X-Own: own, X-Both: own } }\n\
        tasks: [{ steps: [{ get: / }] }]\nprofiles: { p: { defaults: { headers: { X-OWN: profile, X-New: new } } } }\n";
    let all = Scenario::parse_in("t.yaml", text, Some(folder.path())).unwrap_or_else(|e| panic!("{e}"));
    let one = all.select(&SelectOptions { profile: Some("p".to_owned()), ..SelectOptions::default() }).unwrap();
    let headers = |scenario: &Scenario| {
        let plan = scenario.plan(&Overrides::default()).unwrap();
        let step = http(&plan.classes[0].tasks[0].steps[0]);
        let lines = step.fixed_headers.iter().map(|(n, v)| format!("{n}={}", v.to_str().unwrap()));
        let mut lines: Vec<String> = lines.filter(|line| line.starts_with("x-")).collect();
        lines.sort();
        (lines.join(" "), step.timeout)
    };
    assert_eq!(headers(&all), ("x-both=own x-own=own x-part=part".to_owned(), Duration::from_secs(5)));
    assert_eq!(headers(&one).0, "x-both=own x-new=new x-own=profile x-part=part");
}

#[test]
fn undeclared_passwords_are_masked_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    let lines = "REDIS_PASSWORD=env-pw-1\nREDIS_URL=redis://u:env-pw-2@h\n";
    std::fs::write(folder.path().join(".env"), lines).unwrap();
    let text = "host: http://u:host-pw@h/\ndefaults: { proxy: 'http://u:proxy-pw@p' }\n\
                redis: { url: 'redis://u:redis%2Dpw@h' }\n\
                tasks: [{ steps: [{ get: 'http://u:step-pw@other/x' }, { redis: PING },\n\
                { redis: ['{{ env.REDIS_PASSWORD }}', a] }, { redis: [set, 'x y', z] }] }]\n";
    let scenario = Scenario::parse_in("t.yaml", text, Some(folder.path())).unwrap();
    let host = |host: &str| Overrides { host: Some(host.to_owned()), ..Overrides::default() };
    let plan = scenario.plan(&host("redis://:flag-pw@h")).unwrap();
    for password in ["env-pw-1", "env-pw-2", "host-pw", "proxy-pw", "redis%2Dpw", "redis-pw", "step-pw", "flag-pw"] {
        assert_eq!(plan.secrets.mask(password), "***", "{password}");
    }
    assert_eq!(&*plan.host, "http://***@h");
    let names: Vec<&str> = plan.endpoints.iter().map(|row| &*row.name).collect();
    assert_eq!(names, ["http://***@other/x", "PING", "COMMAND", "SET"]);
    let plan = scenario.plan(&host("https://u:other-pw@h")).unwrap();
    assert_eq!((&*plan.host, &*plan.secrets.mask("other-pw")), ("https://***@h", "***"));
    let error = scenario.plan(&host("ftp://u:other-pw@h")).unwrap_err();
    assert!(!error.text.contains("other-pw") && !error.brief.contains("other-pw"), "{error}");
}

/// Variables of the environment that a selection of the file needs.
fn needed(text: &str, select: &SelectOptions) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("s.yaml");
    std::fs::write(&file, text).unwrap();
    let Err(error) = Scenario::load_selected(&file, select) else { return Vec::new() };
    let lines = error.text.lines().filter_map(|line| line.strip_prefix("error: the environment variable "));
    let mut names: Vec<String> =
        lines.map(|line| line.strip_suffix(" is not set").unwrap_or_else(|| panic!("{error}")).to_owned()).collect();
    names.sort();
    assert!(!names.is_empty(), "{error}");
    names
}

#[test]
fn only_variables_that_the_selection_uses_must_be_set() {
    let text = "host: http://h\nsecrets: [T_A, T_B, T_VAR, T_ADMIN]\nvars: { key: '{{ env.T_VAR }}', more: '{{ key }}x' }\n\
        profiles: { p: { host: '{{ env.T_HOST }}' } }\n\
        flows: { one: [{ call: two }], two: [{ get: '/{{ env.T_FLOW }}' }], never: [{ get: '/{{ env.T_NEVER }}' }] }\n\
        user_classes:\n  User:\n    tasks:\n    - { tags: a, steps: [{ get: '/{{ env.T_A }}' }] }\n    \
        - { tags: b, steps: [{ get: /, headers: { X: '{{ env.T_B }}' }, expect: { status: 200 } }] }\n    \
        - { tags: var, steps: [{ post: /, json: { deep: ['{{ more }}'] } }] }\n    \
        - { tags: flow, steps: [{ call: one }] }\n    - { tags: none, steps: [{ get: / }] }\n    \
        - { tags: steps, steps: [{ get: / }, { repeat: 2, steps: [{ get: '/{{ env.T_IN }}', tags: inner }] }] }\n    \
        - { tags: default, steps: [{ get: \"/{{ env.T_A | default('x') }}\" }] }\n  \
        Admin:\n    on_start: [{ get: '/{{ env.T_ADMIN }}' }]\n    tasks: [{ name: admin, tags: adm, steps: [{ get: / }] }]\n";
    let tags = |tags: &str| SelectOptions { tags: vec![tags.to_owned()], ..SelectOptions::default() };
    let classes = |class: &str| SelectOptions { classes: vec![class.to_owned()], ..SelectOptions::default() };
    let except =
        |tags: &str| SelectOptions { exclude_tags: tags.split(' ').map(str::to_owned).collect(), ..classes("User") };
    for (select, wanted) in [
        (tags("a"), "T_A"),
        (tags("b"), "T_B"),
        (tags("var"), "T_VAR"),
        (tags("flow"), "T_FLOW"),
        (tags("none"), ""),
        (tags("default"), ""),
        (tags("inner"), "T_IN"),
        (tags("adm"), "T_ADMIN"),
        (classes("Admin"), "T_ADMIN"),
        (classes("User"), "T_A T_B T_FLOW T_IN T_VAR"),
        (except("a b flow inner"), "T_VAR"),
        (except("a b flow steps var"), ""),
        (SelectOptions { profile: Some("p".to_owned()), ..tags("none") }, "T_HOST"),
        (SelectOptions::default(), "T_A T_ADMIN T_B T_FLOW T_IN T_VAR"),
    ] {
        assert_eq!(needed(text, &select).join(" "), wanted, "{select:?}");
    }
}

#[test]
fn lines_of_dotenv_that_cannot_be_read_are_errors_where_they_are_used() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(".env"), "T_OPTS=-Xmx1g hunter2\nT_OK=1\n<<<<\n").unwrap();
    let load = |path: &str| {
        let text = format!("host: http://h\ntasks: [{{ steps: [{{ get: '/{{{{ env.{path} }}}}' }}] }}]\n");
        Scenario::parse_in("t.yaml", &text, Some(folder.path()))
    };
    let warnings = load("T_OK").unwrap().warnings().to_owned();
    assert!(warnings.contains(".env line 1:8: a value with spaces must be quoted (and 1 more)"), "{warnings}");
    let error = load("T_OPTS").unwrap_err().text;
    assert!(error.contains("T_OPTS cannot be read") && error.contains(".env line 1:8: a value with spaces"), "{error}");
    assert!(!warnings.contains("hunter2") && !error.contains("hunter2"), "{error}");
}

#[test]
fn a_secret_that_nothing_uses_is_a_warning() {
    let text = "host: http://h\nsecrets: [T_TYPO, REDIS_PASSWORD]\ntasks: [{ steps: [{ get: / }] }]\n";
    let warnings = Scenario::parse("t.yaml", text).unwrap().warnings().to_owned();
    assert!(warnings.contains("T_TYPO is not set, and no template uses it"), "{warnings}");
    assert!(!warnings.contains("REDIS_PASSWORD is"), "{warnings}");
}

#[test]
fn host_of_the_wrong_kind_is_rejected() {
    let plan = |text: &str, host: &str, demo: Option<&str>| {
        let (host, demo) = (Some(host.to_owned()), demo.map(str::to_owned));
        let scenario = Scenario::parse("t.yaml", text).map_err(|error| error.text)?;
        scenario.plan(&Overrides { host, demo, ..Overrides::default() }).map_err(|error| error.text)
    };
    let demo = Some("http://127.0.0.1:9");
    let (http, redis) = ("host: demo\ntasks: [{ steps: [{ get: / }] }]", "tasks: [{ steps: [{ redis: PING }] }]");
    let both = "host: demo\nredis: { url: redis://file }\ntasks: [{ steps: [{ get: / }, { redis: PING }] }]";
    assert!(plan(http, "redis://h", demo).unwrap_err().contains("this scenario has no `redis`"));
    let error = plan(&format!("redis: {{ url: redis://file }}\n{redis}"), "http://h", None).unwrap_err();
    assert!(error.contains("sends only to Redis"), "{error}");
    for (host, base, target) in
        [("redis://flag", "http://127.0.0.1:9", "redis://flag"), ("http://flag", "http://flag", "redis://file")]
    {
        let plan = plan(both, host, demo).unwrap();
        assert_eq!((&*plan.host, &*plan.redis.expect("a target").urls[0]), (base, target));
    }
}

/// First step of a file with these lines before its tasks.
fn step(top: &str, step: &str) -> Result<Plan, String> {
    let text = format!("host: http://h\n{top}\ntasks: [{{ steps: [{step}] }}]\n");
    let scenario = Scenario::parse("t.yaml", &text).map_err(|error| error.text)?;
    scenario.plan(&Overrides::default()).map_err(|error| error.text)
}

#[test]
fn default_row_name_is_the_address_as_written() {
    let plan =
        step("vars: { x: 1 }", "{ get: '/q?a=1&b={{ x }}' }, { get: /q }, { get: 'http://u:p@h/?c=d' }").unwrap();
    let names: Vec<&str> = plan.endpoints.iter().map(|row| &*row.name).collect();
    assert_eq!(names, ["/q?a=1&b={{ x }}", "/q", "http://***@h/?c=d"]);
    let error = step("", "{ get: /, name: 'n {{ user.id }}' }").unwrap_err();
    assert!(error.contains("`name` cannot contain a template"), "{error}");
}

#[test]
fn name_clashes_are_rejected() {
    for (top, steps, wanted) in [
        ("vars: { uuid: 1 }", "{ get: / }", "`uuid` is a function"),
        ("", "{ get: /, capture: { range: $.a } }", "`range` is a function"),
        ("vars: { d: 1 }\ndata: { d: { file: d.csv } }", "{ get: / }", "`d` is defined in both `data` and `vars`"),
        ("data: { d: { file: d.csv } }", "{ set: { d: 1 } }", "`d` is a data file: a step cannot set it"),
        ("flows: { f: [{ get: '/{{ w }}' }] }", "{ call: f }", "{ call: f, with: { w: … } }"),
        ("include: [http://h/a.yaml]", "{ get: / }", "remote includes are not supported"),
        ("", "{ while: 'true', limit: '{{ user.id }}', steps: [{ get: / }] }", "templates are not allowed here"),
        ("", "{ get: /, capture: { f: { body: false } } }", "`body: false` captures nothing"),
        ("sequential: yes", "{ get: / }", "write true"),
        ("", "{ think: 3 }", "- wait: 3s"),
        ("", "{ get: /, sleep: 3 }", "- wait: 3s"),
        ("", "{ pause: 3 }", "- wait: 3s"),
        ("", "{ loop: 3 }", "- repeat: 3"),
        ("", "{ get: /, assert: 1 }", "expect: { status: 200 }"),
        ("", "{ get: /, check: 1 }", "expect: { status: 200 }"),
        ("", "{ request: { url: / } }", "- get: /path"),
    ] {
        let error = step(top, steps).expect_err(steps);
        assert!(error.contains(wanted), "{top} {steps}: {error}");
    }
    let text = "host: http://h\ntasks: [{ name: task 2, steps: [{ get: / }] }, { steps: [{ get: /b }] }]\n";
    let error = Scenario::parse("t.yaml", text).unwrap_err().text;
    assert!(error.contains("`task 2` is the default name of another task"), "{error}");
}

#[test]
fn probable_mistakes_are_reported() {
    for (step, wanted) in [
        ("{ get: /, expect: { time: '< 800' } }", "write 800ms or 800s"),
        ("{ get: /, expect: { time: '< 59' } }", ""),
        ("{ post: /, json: '@' }", "not a file name"),
        ("{ post: /, body: '@{{ user.id }}' }", "the name of a file cannot vary"),
        ("{ post: /, body: \"{{ '@' }}x{{ user.id }}\" }", ""),
    ] {
        let text = format!("host: http://h\ntasks: [{{ steps: [{step}] }}]\n");
        let scenario = Scenario::parse("t.yaml", &text).unwrap();
        let warnings = scenario.warnings();
        assert!(if wanted.is_empty() { warnings.is_empty() } else { warnings.contains(wanted) }, "{step}: {warnings}");
    }
    let text = "host: http://h\nthresholds: [p95 < 400, p95 < 30, rps > 400]\ntasks: [{ steps: [{ get: / }] }]\n";
    let warnings = Scenario::parse("t.yaml", text).unwrap().warnings().to_owned();
    assert!(warnings.contains("write 400ms or 400s") && warnings.matches("warning").count() == 1, "{warnings}");
}

#[test]
fn plan_does_not_compile_again() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("body.json"), "{}").unwrap();
    let text = "tasks: [{ steps: [{ post: '/a/../b?x=1', query: { y: 'z z' }, body: '@body.json' },\n\
                { repeat: 2, steps: [{ get: '/{{ user.id }}' }] }, { get: http://own/x }] }]\n";
    let scenario = Scenario::parse_in("t.yaml", text, Some(folder.path())).unwrap();
    // Compiling again would fail without this file.
    std::fs::remove_file(folder.path().join("body.json")).unwrap();
    for (host, first) in [("http://h", "http://h/b?x=1&y=z+z"), ("https://g:1/api/", "https://g:1/api/b?x=1&y=z+z")] {
        let plan = scenario.plan(&Overrides { host: Some(host.to_owned()), ..Overrides::default() }).unwrap();
        let steps = &plan.classes[0].tasks[0].steps;
        assert!(matches!(&http(&steps[0]).url, UrlTemplate::Fixed { url, .. } if url.as_str() == first), "{steps:?}");
        let Action::Repeat { steps: inner, .. } = &steps[1].action else { panic!("a loop") };
        let base = host.trim_end_matches('/');
        assert!(matches!(&http(&inner[0]).url, UrlTemplate::Templated { base: own, .. } if **own == *base));
        assert!(matches!(&http(&steps[2]).url, UrlTemplate::Fixed { url, .. } if url.as_str() == "http://own/x"));
    }
}
