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
