//! Values that grow from step to step.

use minijinja::Value;
use minijinja::value::ValueKind;

use super::*;

/// Runs `set: { a: SOURCE }` repeatedly; returns the number of rounds that succeeded, and the last value or error.
fn rounds(source: &str, first: Value, rounds: usize) -> (usize, Result<Value, String>) {
    let mut table = SlotTable::default();
    let slot = table.insert("a", Value::UNDEFINED);
    let mut names = names();
    names.slots = table.into();
    let template = template(source, &names).unwrap_or_else(|error| panic!("{source}: {}", error.message));
    let mut scope = Scope::with_slots(1, 7, names.vars.clone(), names.slots.clone());
    scope.set(slot, first);
    for round in 0..rounds {
        match template.materialize(&mut scope) {
            Ok(value) => scope.set(slot, value),
            Err(error) => return (round, Err(error.0)),
        }
    }
    (rounds, Ok(scope.get(slot).clone()))
}

#[test]
fn growing_values_are_limited() {
    for (source, first) in [
        ("{{ a + a }}", Value::from("x")),
        ("{{ a ~ a }}", Value::from("x")),
        ("{{ a }}{{ a }}", Value::from("x")),
        ("{{ a * 2 }}", Value::from("x")),
        ("{{ a | replace('x', 'xx') }}", Value::from("x")),
        ("{{ [a, a] | join }}", Value::from("x")),
        ("{{ a + a }}", Value::from(vec![1])),
        ("{{ a * 2 }}", Value::from(vec![1])),
        ("{{ (a + a) | list }}", Value::from(vec![1])),
        ("{{ [a, a] }}", Value::from(vec![1])),
        ("{{ {'b': a, 'c': a} }}", Value::from(vec![1])),
    ] {
        let (done, last) = rounds(source, first, 40);
        assert!((10..25).contains(&done) && last.is_err(), "{source}: {done} {last:?}");
    }
    // Deep nesting and lazy lists would overflow the stack.
    for source in ["{{ [a] }}", "{{ {'a': a} }}", "{{ [[a * 1]] }}"] {
        let (done, last) = rounds(source, Value::from(vec![1]), 1_000);
        assert!(done < 130 && last.clone().unwrap_err().contains("128 nested levels"), "{source}: {done} {last:?}");
    }
    for (source, length) in [("{{ a + [1] }}", 501), ("{{ a * 1 }}", 1), ("{{ a[0:] }}", 1), ("{{ [a[0] * 1] }}", 1)] {
        let first = Value::from(vec![Value::from(if source.contains("[0] ") { vec![1] } else { vec![] })]);
        let (done, last) = rounds(source, first, 500);
        assert_eq!((done, last.clone().unwrap().len()), (500, Some(length)), "{source} {last:?}");
        assert_eq!(last.unwrap().kind(), ValueKind::Seq, "{source}");
    }
    let map = "{{ {'b': a, 'c': 'x' ~ a.b | default(1)} }}";
    assert_eq!(rounds(map, Value::from_pairs([("b", 7)]), 1).1.unwrap().to_string(), "{'b': {'b': 7}, 'c': 'x7'}");
}
