use std::sync::Arc;

use minijinja::Value;

use super::*;

mod growth;

fn names() -> Names {
    Names::new(Value::from_pairs([("word", Value::from("hi")), ("n", Value::from(3))]))
}

fn fill(source: &str, seed: u64) -> String {
    let names = names();
    let mut scope = Scope::new(seed, 7, names.vars.clone());
    let mut out = String::new();
    text(source, &names).unwrap().render(&mut scope, &mut out).unwrap();
    out
}

#[test]
fn constant_templates_are_rendered_at_load_time() {
    for source in ["plain", "{{ vars.word }} {{ n + 1 }}", "{{ '}}' }}"] {
        assert!(text(source, &names()).unwrap().fixed().is_some(), "{source}");
    }
    assert_eq!(fill("{{ vars.word }}-{{ n + 1 }}-{{ user.id }}-{{ iteration }}", 1), "hi-4-7-0");
}

#[test]
fn equal_seeds_draw_equal_values() {
    let source = "{{ uuid() }} {{ random_int(1, n) }} {{ random_int(1, 1000000) }} {{ choice([1, 2, 3]) }}";
    assert_eq!(fill(source, 5), fill(source, 5));
    assert_ne!(fill(source, 5), fill(source, 6));
    let id = fill("{{ uuid() }}", 1);
    assert_eq!((id.len(), &id[14..15]), (36, "4"));
}

#[test]
fn keys_are_drawn_like_other_random_values() {
    // Alone, with the arguments of `vars`, and inside of an expression, which the template library evaluates.
    for source in ["{{ zipf(100) }}", "{{ zipf(n * 30 + 10, 0.99) }}", "{{ 0 + zipf(100) }}"] {
        assert_eq!(fill(source, 5), fill("{{ zipf(100) }}", 5), "{source}");
    }
    for source in [
        "{{ gaussian(1, 99, 20.5, 4) }}",
        "{{ gaussian(1, 99, mean=20.5, stddev=4) }}",
        "{{ 0 + gaussian(1, 99, 20.5, 4) }}",
    ] {
        assert_eq!(fill(source, 5), fill("{{ gaussian(1, 99, 20.5, 4) }}", 5), "{source}");
    }
    let drawn = |source: &str| (0..200).map(|seed| fill(source, seed).parse().unwrap()).collect::<Vec<i64>>();
    assert!(drawn("{{ zipf(10) }}").iter().all(|key| (0..10).contains(key)));
    assert!(drawn("{{ gaussian(1, 9) }}").iter().all(|key| (1..=9).contains(key)));
    let names = names();
    let forms = |source: &str| format!("{:?}", text(source, &names).unwrap());
    for source in
        ["{{ zipf(n * 30) }}", "{{ gaussian(1, vars.n, 2, 1) }}", "{{ sequence(n) }}", "{{ random_int(1, n) }}"]
    {
        assert!(!forms(source).contains("Compiled"), "computed once: {}", forms(source));
    }
    for (source, wanted) in [
        ("{{ zipf(0) }}", "expected a number of keys from 1"),
        ("{{ zipf(n, -1) }}", "expected an exponent from 0"),
        ("{{ gaussian(9, 1) }}", "the first number must not be above the second"),
        ("{{ gaussian(1, 9, median=3) }}", "median"),
        ("{{ sequence(0) }}", "at least 1"),
        ("{{ sequence('x') }}", "found a string"),
        ("{{ zipf }}", "`zipf` is a function"),
    ] {
        let error = text(source, &names).unwrap_err();
        assert!(error.message.contains(wanted), "{source}: {}", error.message);
    }
}

#[test]
fn sequences_are_shared_by_the_users_of_a_run() {
    let names = names();
    let sequences: Arc<Sequences> = Arc::default();
    let users = [1, 2].map(|user| {
        let mut scope = Scope::new(1, user, names.vars.clone());
        scope.sequences = Some(Arc::clone(&sequences));
        scope
    });
    let next = |user: usize, source: &str| {
        let mut out = String::new();
        text(source, &names).unwrap().render(&mut users[user].clone(), &mut out).unwrap();
        out
    };
    assert_eq!([0, 1, 0, 1].map(|user| next(user, "{{ sequence(3) }}")), ["0", "1", "2", "0"]);
    assert_eq!(next(1, "k:{{ sequence(vars.n) }}"), "k:1", "the same numbers");
    assert_eq!(next(0, "{{ 'k' ~ sequence(3, name='other') }}"), "k0");
    assert_eq!([0, 1].map(|user| next(user, "{{ sequence(5, 6) }}")), ["5", "6"]);
    // Outside of a run.
    assert_eq!(fill("{{ sequence(7, 9) }}{{ sequence(7, 9) }}", 1), "77");
}

#[test]
fn errors_are_found_before_the_run() {
    for source in [
        "{{ wrd }}",
        "{{ vars.nope }}",
        "{{ user.name }}",
        "{{ env.KATYDID_NOT_SET_ANYWHERE }}",
        "{{ }}",
        "{{ a",
        "{% if x %}",
        "{# c #}",
        "{{ 1 + }}",
        "{{ vars['nope'] }}",
    ] {
        assert!(text(source, &names()).is_err(), "{source}");
    }
    assert_eq!(fill("{{ env.KATYDID_NOT_SET_ANYWHERE | default('x') }}", 1), "x");
}

#[test]
fn json_keeps_types() {
    let names = names();
    let mut json = JsonBuilder::default();
    json.raw(b"[");
    json.string("{{ user.id }}", &names).unwrap();
    json.raw(b",");
    json.string("a {{ user.id }}\"", &names).unwrap();
    json.raw(b"]");
    let mut out = Vec::new();
    json.finish().render(&mut Scope::new(1, 7, names.vars.clone()), &mut out).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), r#"[7,"a 7\""]"#);
}

#[test]
fn the_environment_is_read() {
    let environment = std::collections::BTreeMap::from([("A_KEY".to_owned(), "secret".to_owned())]);
    let names = Names::with_environment(Value::from_pairs(Vec::<(String, Value)>::new()), Arc::new(environment));
    for source in ["{{ env.A_KEY }}", "{{ env['A_KEY'] }}", "{{ (env.NOT_SET) | default(env.A_KEY) }}"] {
        assert_eq!(text(source, &names).unwrap().fixed().map(|t| &**t), Some("secret"), "{source}");
    }
    // Also in an expression that varies.
    let varying = text("{{ env.A_KEY ~ user.id }}", &names).unwrap();
    let (mut scope, mut out) = (Scope::with_slots(1, 7, names.vars.clone(), names.slots.clone()), String::new());
    varying.render(&mut scope, &mut out).unwrap();
    assert_eq!(out, "secret7");
}

#[test]
fn variables_are_read_from_their_slots() {
    let mut names = names();
    let mut table = SlotTable::default();
    let (id, row) = (table.insert("id", Value::UNDEFINED), table.insert("row", Value::UNDEFINED));
    table.insert("n", Value::from(3));
    names.slots = Arc::new(table);
    let mut scope = Scope::with_slots(1, 7, names.vars.clone(), names.slots.clone());
    let fill = |source: &str, scope: &mut Scope| {
        let mut out = String::new();
        text(source, &names).unwrap().render(scope, &mut out).map(|()| out)
    };
    assert_eq!(
        fill("{{ id }}", &mut scope).unwrap_err().0,
        "`id` has no value: nothing has set it, or what captures it found nothing"
    );
    assert_eq!(fill("{{ id | default('none') }}{{ n }}", &mut scope).unwrap(), "none3");
    scope.set(id, Value::from("a"));
    scope.set(row, Value::from_pairs([("email", Value::from("e@x"))]));
    assert_eq!(fill("/{{ id }}/{{ row.email }}/{{ id ~ 1 }}", &mut scope).unwrap(), "/a/e@x/a1");
    assert_eq!(fill("{{ row.nope }}", &mut scope).unwrap_err().0, "`row` has no `nope`");
    let holds = |source: &str, scope: &mut Scope| condition(source, &names).unwrap().is_true(scope);
    assert_eq!((holds("id == 'a' and n > 2", &mut scope), holds("not id", &mut scope)), (Ok(true), Ok(false)));
    let whole = template("{{ n }}", &names).unwrap().value(&mut scope).unwrap();
    assert_eq!(whole, Value::from(3));
}

#[test]
fn a_list_is_rendered_as_its_items() {
    let mut table = SlotTable::default();
    let slot = table.insert("ids", Value::UNDEFINED);
    let mut names = names();
    names.slots = table.into();
    let each = |source: &str, value: Value| {
        let mut scope = Scope::with_slots(1, 7, names.vars.clone(), names.slots.clone());
        scope.set(slot, value);
        let mut all = Vec::new();
        text(source, &names).unwrap().each(&mut scope, |one| all.push(one.to_owned())).map(|()| all)
    };
    let list = || Value::from(vec![Value::from(1), Value::from("b"), Value::from(2.5)]);
    for (source, value, wanted) in [
        ("{{ ids }}", list(), vec!["1", "b", "2.5"]),
        ("{{ ids | reverse }}", list(), vec!["2.5", "b", "1"]),
        ("{{ ids }}", Value::from(Vec::<Value>::new()), vec![]),
        ("{{ ids }}", Value::from("[1]"), vec!["[1]"]),
        ("{{ ids | join('-') }}", list(), vec!["1-b-2.5"]),
        ("a{{ ids }}", Value::from(3), vec!["a3"]),
        ("plain", list(), vec!["plain"]),
    ] {
        assert_eq!(each(source, value).unwrap(), wanted, "{source}");
    }
    assert!(each("{{ ids * 9999999 }}", list()).is_err());
}

#[test]
fn endless_expressions_are_aborted() {
    let mut table = SlotTable::default();
    let slot = table.insert("n", Value::UNDEFINED);
    let mut names = names();
    names.slots = table.into();
    for source in
        ["{{ NAME ~ 'x' * 99999999 }}", "{{ [NAME] * 9999999 }}", "{{ range(100000) | map('string') | join(NAME) }}"]
    {
        for name in ["user.id", "n"] {
            let mut out = String::new();
            let mut scope = Scope::with_slots(1, 7, names.vars.clone(), names.slots.clone());
            scope.set(slot, Value::from(3));
            // Constant expressions usually fail at load time.
            let made = text(&source.replace("NAME", name), &names);
            assert!(made.is_err() || made.unwrap().render(&mut scope, &mut out).is_err(), "{source}");
        }
    }
}

#[test]
fn very_long_expressions_are_rejected() {
    for piece in ["not ", "-", "n.", "n|", "n and ", "1 ~ ", "n if n else ", "n[", "(", "n == "] {
        let deep = format!("{{{{ {}n }}}}", piece.repeat(20_000));
        assert!(text(&deep, &names()).is_err(), "{piece}");
        // The maximum allowed depth must fit on the stack of a test thread.
        let _ = text(&format!("{{{{ {}n }}}}", piece.repeat(100 / piece.trim().split(' ').count())), &names());
    }
    let list = format!("{{{{ choice([{}'x.y|z']) }}}}", "'a.b', ".repeat(2_000));
    assert!(text(&list, &names()).is_ok());
}

/// Renders the source with `a` set to this value.
fn with_a(source: &str, value: Value) -> Result<String, String> {
    let mut table = SlotTable::default();
    let slot = table.insert("a", Value::UNDEFINED);
    let mut names = names();
    names.slots = table.into();
    let text = text(source, &names).map_err(|error| error.message)?;
    let mut scope = Scope::with_slots(1, 7, names.vars.clone(), names.slots.clone());
    scope.set(slot, value);
    let mut out = String::new();
    text.render(&mut scope, &mut out).map(|()| out).map_err(|error| error.0)
}

#[test]
fn variables_can_be_sliced() {
    for (source, wanted) in [
        ("{{ a[:4] }}", "x,y,"),
        ("{{ (a ~ '')[:3] }}", "x,y"),
        ("{{ (a | string)[:3] }}", "x,y"),
        ("{{ a[:6] | default('x') }}", "x,y,z"),
        ("{{ (a | split(','))[1:] | join('-') }}", "y-z"),
        ("{{ a[user.id - 5:] }}", "y,z"),
        ("{{ word[1:] ~ a[:1] }}", "ix"),
    ] {
        assert_eq!(with_a(source, Value::from("x,y,z")).as_deref(), Ok(wanted), "{source}");
    }
    assert!(with_a("{{ a.none | string }}", Value::from_pairs([("k", 1)])).is_err());
    // Slices that always fail, and undefined names in slices, are still reported.
    for source in ["{{ 5[:1] }}", "{{ b[:1] }}", "{{ a[:c] }}"] {
        assert!(with_a(source, Value::from("x")).is_err(), "{source}");
    }
}

#[test]
fn random_expressions_that_sometimes_succeed_are_accepted() {
    // Fails for nine of ten values.
    assert!(text("{{ ['a'][random_int(0, 9)] | upper }}", &names()).is_ok());
    assert!(text("{{ [][random_int(0, 9)] | upper }}", &names()).is_err());
}

#[test]
fn values_are_formatted_as_json() {
    let map = Value::from(minijinja::value::Serde(serde_json::json!({ "k": [1, true, null], "t": "x" })));
    for (source, value, wanted) in [
        ("/v/{{ a }}", Value::from(true), "/v/true"),
        ("/v/{{ a }}", Value::from(()), "/v/null"),
        ("/v/{{ a }}", map.clone(), r#"/v/{"k":[1,true,null],"t":"x"}"#),
        ("{{ a.k }}", map.clone(), "[1,true,null]"),
        ("{{ a | string }}", Value::from(false), "false"),
        ("{{ a.k | join(' ') }}", map.clone(), "1 true null"),
        ("{{ a.k | join(d='-') }}", map, "1-true-null"),
        ("{{ 'abc' | join('-') }}", Value::from(0), "a-b-c"),
        ("{{ [dict(n=1), dict(n=2)] | join('-', attribute='n') }}", Value::from(0), "1-2"),
        ("{{ a }}", Value::from("é\"x"), "é\"x"),
        ("{{ a }}", Value::from(2.5), "2.5"),
        ("{{ true }}{{ none }}{{ [false] }}", Value::from(0), "truenull[false]"),
    ] {
        assert_eq!(with_a(source, value).as_deref(), Ok(wanted), "{source}");
    }
}

#[test]
fn braces_in_conditions_are_reported() {
    for (source, wanted) in [
        ("{{ n }}", "n"),
        ("{{ n > 1 }}", "n > 1"),
        ("n == {{ n }}", "n == n"),
        ("n > {{ n }} and word", "n > n and word"),
        ("{{ n }} == {{ n }}", "n == n"),
        ("word == '{{ word }}'", "word == word"),
        ("\"{{ word }}\" == \"it's\"", "word == \"it's\""),
        ("word == 'a-{{ n }}-b'", "word == 'a-' ~ n ~ '-b'"),
        ("word == '{{ n }}{{ word }}'", "word == n ~ word"),
        ("word == {{ n or word }}", "word == (n or word)"),
        ("n > {{ n", "n >  n"),
    ] {
        let error = condition(source, &names()).expect_err(source);
        assert_eq!(error.notes, [format!("write {wanted}")], "{source}");
        assert!(condition(wanted, &names()).is_ok(), "{wanted}");
    }
}

#[test]
fn choice_requires_a_list() {
    for (argument, kind) in
        [("'lamp'", "a string"), ("{'a': 1}", "a map"), ("none", "none"), ("7", "a number"), ("true", "true or false")]
    {
        let error = condition(&format!("choice({argument})"), &names()).expect_err(argument);
        let wanted = format!("expected a list, found {kind}: write choice([\"a\", \"b\"])");
        assert!(error.message.contains(&wanted), "{error:?}");
    }
    for list in ["[1, 2]", "range(3)", "(1, 2)"] {
        assert!(condition(&format!("choice({list})"), &names()).is_ok(), "{list}");
    }
}

#[test]
fn syntax_of_other_languages_is_explained() {
    for (source, message, note) in [
        ("n = 1", "there is no `=`", "write == to compare"),
        ("n && word", "there is no `&&`", "write and instead of &&"),
        ("n || word", "there is no `||`", "write or instead of ||"),
        ("!n", "there is no `!`", "write not instead of !"),
        ("n === 1", "there is no `===`", "write == instead of ==="),
        ("n == null", "`null` is not defined", "write none"),
        ("word.upper()", "method calls are not supported", "write word | upper"),
        ("random_string('x')", "expected a non-negative integer, found a string", ""),
        ("word | int", "the string is not a number", ""),
    ] {
        let error = condition(source, &names()).expect_err(source);
        let note = note.replace("word |", "value |");
        assert!(error.message.contains(message) && error.notes.join(" ").contains(&note), "{source}: {error:?}");
    }
    // These remain valid.
    for source in ["n is not none", "word is string and n >= 1 and n != 2", "not n", "word is startingwith('h')"] {
        assert!(condition(source, &names()).is_ok(), "{source}");
    }
}

#[test]
fn the_documented_tests_exist() {
    let page = include_str!("../../../../../docs/scenario-language.md");
    for test in super::vocabulary::TESTS {
        assert_eq!(super::environment::unknown_word(&format!("1 is {test}")), None, "{test}");
        assert!(page.contains(&format!("`{test}`")) || page.contains(&format!("`{test}(")), "{test}");
    }
    let error = condition("n is nunber", &names()).expect_err("no such test");
    assert_eq!(error.notes, ["did you mean `number`?"]);
}
