//! What people write who come from other tools: each wrong form is an error that names the place and the right form.

use katydid::scenario::{Overrides, Scenario};

/// All errors and warnings of a file.
fn said(text: &str) -> String {
    match Scenario::parse("s.yaml", text) {
        Ok(scenario) => {
            let unset = scenario.plan(&Overrides::default()).err().map(|error| error.text);
            format!("{}\n{}", scenario.warnings(), unset.unwrap_or_default())
        }
        Err(error) => error.text,
    }
}

/// A step with ¦ before the wrong form, and the note.
#[test]
fn wrong_forms_in_steps_name_the_right_form() {
    let mut wrong = Vec::new();
    for (step, wanted) in [
        ("get: /, ¦data: { a: 1 }", "use json: { … } for JSON, form: { … } for form fields, or body"),
        ("post: /, ¦payload: a", "use json: { … } for JSON"),
        ("get: /, expect: ¦200", "write expect: { status: 200 }"),
        ("get: /, expect: ¦2xx", "write expect: { status: 2xx }"),
        ("get: /, expect: ¦'< 1s'", "write expect: { time: < 1s }"),
        ("get: /, expect: ¦[200, 201]", "write a map: expect: { status: [200, 201], time: < 1s }"),
        ("get: /, expect: { ¦statusCode: 200 }", "use status: 200"),
        ("get: /, expect: { ¦responseTime: 500 }", "use time: < 1s"),
        ("get: /, expect: { body: { ¦toContain: a } }", "use contains: text"),
        ("get: /, expect: { json: { $.a: { ¦greaterThan: 1 } } }", "use gt: 1"),
        ("get: /, expect: { json: { $.items.length¦(): 3 } }", "$.items: { length: 3 }"),
        ("get: /, expect: { json: { ¦items.0.id: 3 } }", "write $.items[0].id"),
        ("get: /, capture: { n: '$.items.length¦()' }", "capture x: $.items and write {{ x | length }}"),
        ("get: /, capture: { n: '$.prices.max¦()' }", "capture x: $.prices and write {{ x | max }}"),
        ("get: /, capture: { id: ¦token }", "write $.token"),
        ("get: /, capture: { id: ¦'response.body.items[0].id' }", "write $.items[0].id"),
        ("get: /, capture: { id: { ¦jsonpath: $.id } }", "use json: $.id"),
        ("get: /, capture: { id: { ¦xpath: //a } }", "use css:"),
        ("get: /, capture: ¦$.data.token", "write capture: { token: $.data.token }"),
        ("get: /, capture: ¦[{ json: $.id, as: id }]", "write a map of names: capture: { id: $.id"),
        ("get: /, ¦params: { a: 1 }", "use query: { page: 1 }"),
        ("get: /, query: ¦'a=1&b=2'", "add ?a=1&b=2 to the address"),
        ("get: /, headers: ¦['A: b']", "write a map: headers:"),
        ("get: /, ¦cookies: { a: b }", "headers: { Cookie: \"a=1\" }"),
        ("get: /, auth: ¦ada:pw", "auth: { basic: { username: …, password: … } }"),
        ("get: /, auth: { ¦token: a }", "use auth: { bearer: TOKEN }"),
        ("get: /, ¦verify: false", "use tls: { insecure: true }"),
        ("get: /, ¦allow_redirects: false", "use follow_redirects: false"),
        ("get: /, ¦checks: { status: 200 }", "use expect: { status: 200 }"),
        ("get: /, ¦method: POST", "write the method as the action: - post: /path"),
        ("get: /, ¦retries: 3", "use a step - while: EXPRESSION"),
        ("¦think: 5", "use a separate step: - wait: 3s"),
        ("¦sleep: 1", "use a separate step: - wait: 3s"),
        ("¦run: echo", "- get: /path"),
        ("graphql: '{ a }', ¦operationName: A", "use operation: NAME"),
        ("graphql: '{ a }', ¦query: '{ a }'", "the document is the value of `graphql`"),
        ("publish: c, ¦message: a", "use payload: text"),
        ("redis: ¦'SET k \"a b\"'", "redis: [SET, key, \"a value\"]"),
        ("repeat: 2, ¦do: [{ get: / }]", "use steps: [{ get: / }]"),
        ("repeat: 2, steps: ¦{ get: / }", "write a list, with - before each step"),
        ("set: ¦[a]", "write a map: set: { id: 1 }"),
        ("wait: ¦{ min: 1 }", "wait: between(1s, 3s)"),
        // Templates.
        ("get: '/{{ ¦TOKEN }}'", "write {{ env.TOKEN }} for the environment variable TOKEN"),
        ("get: ¦'/${TOKEN}'", "write {{ env.TOKEN }}"),
        ("post: /, json: { a: { b: ¦'${TOKEN}' } }", "for the text itself write {{ '${' }}TOKEN}"),
        ("get: ¦'/${__ENV.TOKEN}'", "write {{ env.TOKEN }}"),
        ("get: ¦'/${__UUID()}'", "write {{ uuid() }}"),
        ("get: ¦'/${__Random(1,10)}'", "write random_int(1, 100)"),
        ("get: ¦'/#{id}'", "write {{ id }}"),
        ("get: '/{{ ¦__ENV.TOKEN }}'", "write env.TOKEN"),
        ("get: '/{{ ¦process.env.TOKEN }}'", "write env.TOKEN"),
        ("get: '/{{ ¦secrets.TOKEN }}'", "write env.TOKEN"),
        ("get: \"/{{ ¦os.environ['TOKEN'] }}\"", "write env.TOKEN"),
        ("get: \"/{{ ¦env('TOKEN') }}\"", "write env.TOKEN"),
        ("get: '/{{ ¦$processEnvironment.TOKEN }}'", "write env.TOKEN"),
        ("get: '/{{¦$guid}}'", "write uuid()"),
        ("get: '/{{ ¦$randomInt }}'", "write random_int(1, 100)"),
        ("get: '/{{ ¦random.randint(1, 5) }}'", "write random_int(1, 100)"),
        ("get: '/{{ ¦__VU }}'", "write user.id"),
        ("get: '/{{ ¦session.token }}'", "write the name alone: token"),
        ("get: '/{{ ¦.token }}'", "write token"),
        ("get: '/{{ ¦$.items.length() }}'", "write {{ x | length }}"),
        ("get: '/{{ id | ¦base64 }}'", "write value | b64encode"),
        ("get: '/{{ id | ¦json }}'", "write value | tojson"),
        ("get: '/{{ id ¦?? 1 }}'", "write a | default(b)"),
    ] {
        let column = step.find('¦').map(|at| step[..at].chars().count() + 12).unwrap_or_default();
        let step = step.replace('¦', "");
        let text = format!("host: http://h\ntasks:\n  - steps: [{{ set: {{ id: 1 }} }},\n         {{ {step} }}]\n");
        let said = said(&text);
        let start = said.find(&format!("--> s.yaml:4:{column}\n"));
        let message = start.map_or("", |start| said[start..].split("\n\n").next().unwrap_or_default());
        if !message.contains(wanted) || !said.starts_with("error: ") {
            wrong.push(format!("{step}: {wanted} at {column}:\n{said}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn wrong_forms_at_the_top_name_the_right_form() {
    for (line, wanted) in [
        ("vus: 10", "use users: 10"),
        ("maxVUs: 10", "use users: 10"),
        ("duration: 30s", "use run_time: 1m"),
        ("iterations: 5", "a run ends after run_time: 1m"),
        ("hatch_rate: 5", "use spawn_rate: 5"),
        ("stages: []", "use shape: { stages:"),
        ("phases: []", "use shape: { stages:"),
        ("target: http://h", "use host:"),
        ("baseUrl: http://h", "use host:"),
        ("scenarios: {}", "use tasks:"),
        ("jobs: {}", "use tasks:"),
        ("env: { A: b }", "{{ env.NAME }}"),
        ("variables: { a: 1 }", "use vars: { id: 1 }"),
        ("payload: { path: a.csv }", "use data:"),
        ("before: []", "use on_start:"),
        ("think_time: 5", "use wait_time: between(1s, 3s)"),
        ("min_wait: 1000", "use wait_time: between(1s, 3s)"),
        ("ensure: {}", "use thresholds:"),
        ("headers: { A: b }", "write it in `defaults` for all requests, or in a step: defaults: { headers: … }"),
        ("timeout: 5s", "defaults: { timeout: … }"),
        ("get: /", "it is a step: tasks: [{ steps: [{ get: … }] }]"),
        ("version: '1'", "a scenario has no version"),
        ("$schema: a.json", "# yaml-language-server: $schema=katydid.schema.json"),
        ("data: accounts.csv", "write data: { accounts: { file: accounts.csv } }"),
        ("data: [{ a: 1 }]", "write data: { accounts: { file: accounts.csv } }"),
        ("vars: [a]", "write a map: vars: { id: 1 }"),
        ("flows: [{ get: / }]", "write a map of names: flows:"),
        ("user_classes: [{ name: a }]", "write a map of names: user_classes:"),
        ("shape: [{ duration: 1s, users: 1 }]", "write shape: { stages: […] }"),
        ("shape: { stages: [{ duration: 1m, target: 5 }] }", "use users: 100, or rate: 50/s"),
        ("arrivals: 50/s", "write arrivals: { rate: 50/s }"),
        ("arrivals: { rate: 5, timeUnit: 1m }", "write the unit into the rate"),
        ("redis: redis://h", "write redis: { url: redis://h }"),
        ("redis: { host: h, port: 6379 }", "use url: redis://"),
        ("graphql: /graphql", "write graphql: { endpoint: /graphql }"),
        ("report: out.html", "write report: { html: out.html }"),
        ("thresholds: { http_req_duration: ['p(95)<500'] }", "write a list: thresholds:"),
        ("thresholds: ['p(95)<500']", "write p95 < 500ms"),
        ("thresholds: ['http_req_failed < 1%']", "write fail_ratio < 1%"),
        ("thresholds: [{ metric: p95, abortOnFail: true }]", "use check: p95 < 400ms"),
        ("host: '${HOST}'", "write {{ env.HOST }}"),
        ("profiles: { ci: { vus: 5 } }", "use users: 10"),
    ] {
        let host = if line.starts_with("host:") { "" } else { "host: http://h\n" };
        let text = format!("{host}tasks: [{{ steps: [{{ get: / }}] }}]\n{line}\n");
        let said = said(&text);
        let place = format!("--> s.yaml:{}:", text.lines().count());
        assert!(said.starts_with("error: ") && said.contains(&place) && said.contains(wanted), "{line}:\n{said}");
    }
}

#[test]
fn text_that_only_looks_like_a_template_is_a_warning_or_nothing() {
    for (step, wanted) in [
        ("post: /, body: 'const x = `${count}`'", "warning: `${count}` is not a template"),
        ("get: '/${{ id }}'", "warning: the $ before `{{` is sent"),
        ("get: /, headers: { A: $HOME }", "warning: `$HOME` is not a template"),
        ("post: /, body: 'costs $5 or $ 7, {a} and #{'", ""),
        ("post: /, body: \"{{ '${' }}TOKEN}\"", ""),
        ("redis: \"SET k it's\"", ""),
    ] {
        let text = format!(
            "host: http://h\nredis: {{ url: redis://h }}\ntasks: [{{ steps: [{{ set: {{ id: 1 }} }}, {{ log: '{{{{ id }}}}' }}, {{ {step} }}] }}]\n"
        );
        let said = said(&text);
        assert!(said.starts_with(wanted) && said.trim().is_empty() == wanted.is_empty(), "{step}: {said}");
    }
}

#[test]
fn blanks_in_templates_do_not_split_redis_commands() {
    use katydid::scenario::plan::Action;
    for (command, wanted) in [
        ("GET cart:{{ user.id }}", 2),
        ("SET {{ user.id }}:{{ 'a b' ~ user.id }} {{ user.id + 1 }}", 3),
        ("'HSET k {{ {\"a b\": user.id} | tojson }} 1'", 4),
    ] {
        let text = format!(
            "redis: {{ url: redis://h }}\ntasks: [{{ steps: [{{ redis: \"{}\" }}] }}]\n",
            command.trim_matches('\'').replace('"', "\\\"")
        );
        let scenario = Scenario::parse("s.yaml", &text).unwrap_or_else(|e| panic!("{e}"));
        let plan = scenario.plan(&Overrides::default()).unwrap_or_else(|e| panic!("{e}"));
        let Action::Redis(step) = &plan.classes[0].tasks[0].steps[0].action else { panic!("{command}") };
        assert_eq!(step.command.len(), wanted, "{command}");
    }
    let open = said("redis: { url: redis://h }\ntasks: [{ steps: [{ redis: 'GET {{ user.id' }] }]\n");
    assert!(open.contains("this template is not closed"), "{open}");
}

#[test]
fn a_login_under_default_authentication_is_told_to_send_none() {
    let file = |defaults: &str, login: &str| {
        format!(
            "host: http://h\ndefaults: {defaults}\non_start:\n  - post: /login\n{login}    capture: {{ token: $.t }}\ntasks: [{{ steps: [{{ get: / }}] }}]\n"
        )
    };
    let bearer = "{ auth: { bearer: \"{{ token }}\" } }";
    let said_of = |defaults: &str, login: &str| said(&file(defaults, login));
    let found = said_of(bearer, "");
    for wanted in [
        "warning: `token` is used before it is set: by `defaults.auth` (s.yaml:2)",
        "--> s.yaml:4:5\n",
        "write auth: none in it",
    ] {
        assert!(found.contains(wanted), "{wanted}: {found}");
    }
    assert!(!found.contains("default(") && found.matches("warning").count() == 1, "{found}");
    assert_eq!(said_of(bearer, "    auth: none\n").trim(), "");
    let header = "{ headers: { X-Token: \"{{ token }}\" } }";
    assert!(said_of(header, "").contains("write headers: { X-Token: null } in it"), "{}", said_of(header, ""));
    assert_eq!(said_of(header, "    headers: { X-Token: null }\n").trim(), "");
}
