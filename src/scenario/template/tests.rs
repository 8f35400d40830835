use super::*;

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
fn what_cannot_vary_is_filled_once() {
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
fn what_is_wrong_is_found_before_the_run() {
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
    // Also where something else in it varies.
    let varying = text("{{ env.A_KEY ~ user.id }}", &names).unwrap();
    let (mut scope, mut out) = (Scope::with_slots(1, 7, names.vars.clone(), names.slots.clone()), String::new());
    varying.render(&mut scope, &mut out).unwrap();
    assert_eq!(out, "secret7");
}

#[test]
fn names_that_change_are_read_from_their_slots() {
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
    assert_eq!(fill("{{ id }}", &mut scope).unwrap_err().0, "`id` has no value yet");
    assert_eq!(fill("{{ id | default('none') }}{{ n }}", &mut scope).unwrap(), "none3");
    scope.set(id, Value::from("a"));
    scope.set(row, Value::from_pairs([("email", Value::from("e@x"))]));
    assert_eq!(fill("/{{ id }}/{{ row.email }}/{{ id ~ 1 }}", &mut scope).unwrap(), "/a/e@x/a1");
    assert_eq!(fill("{{ row.nope }}", &mut scope).unwrap_err().0, "`row` has no `nope`");
    let holds = |source: &str, scope: &mut Scope| condition(source, &names).unwrap().holds(scope);
    assert_eq!((holds("id == 'a' and n > 2", &mut scope), holds("not id", &mut scope)), (Ok(true), Ok(false)));
    let whole = template("{{ n }}", &names).unwrap().value(&mut scope).unwrap();
    assert_eq!(whole, Value::from(3));
}

#[test]
fn a_text_that_is_wholly_a_list_stands_for_its_items() {
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
fn an_expression_that_never_ends_is_stopped() {
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
            // What needs nothing from the run is mostly stopped before it.
            let made = text(&source.replace("NAME", name), &names);
            assert!(made.is_err() || made.unwrap().render(&mut scope, &mut out).is_err(), "{source}");
        }
    }
}

#[test]
fn an_expression_without_end_is_refused_and_not_followed() {
    for piece in ["not ", "-", "n.", "n|", "n and ", "1 ~ ", "n if n else ", "n[", "(", "n == "] {
        let deep = format!("{{{{ {}n }}}}", piece.repeat(20_000));
        assert!(text(&deep, &names()).is_err(), "{piece}");
        // As much as is allowed has to fit on the stack of a test's thread.
        let _ = text(&format!("{{{{ {}n }}}}", piece.repeat(100 / piece.trim().split(' ').count())), &names());
    }
    let list = format!("{{{{ choice([{}'x.y|z']) }}}}", "'a.b', ".repeat(2_000));
    assert!(text(&list, &names()).is_ok());
}
