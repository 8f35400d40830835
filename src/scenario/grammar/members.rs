//! Kinds of the members of each kind of value, for traversals of a tree.

use super::actions::ANY_STEP;
use super::keys::{SCENARIO, TABLES};
use super::kind::ValueKind as K;
use super::likely::likely;
use super::table::Key;

/// Kind of the value of `key` in a map of this kind; [`Any`](K::Any) for unknown keys.
///
/// `has` returns whether the map has a key: the action of a step determines its other keys.
pub(crate) fn member(kind: K, key: &str, has: impl Fn(&str) -> bool) -> K {
    let of = |keys: &[Key]| keys.iter().find(|known| known.name == key).map(|key| key.kind);
    match kind {
        K::Step => {
            let action = likely(has);
            let own = action.filter(|action| action.key.name == key).map(|action| action.key.kind);
            let mut groups = action.map_or(&[][..], |action| action.modifiers).iter().copied().chain([ANY_STEP]);
            own.or_else(|| groups.find_map(of)).unwrap_or(K::Any)
        }
        K::Classes => K::Class,
        K::Flows => K::Steps,
        K::Data => K::DataFile,
        K::Profiles => K::Profile,
        K::Sizes | K::SizeWeights => K::Whole,
        K::Files => K::Uploads,
        K::Capture => K::CaptureOne,
        K::Pairs => K::Pair,
        K::HeaderLines => K::HeaderLine,
        K::HeaderMatchers | K::PathMatchers => K::Matcher,
        _ => {
            let kind = table_of(kind);
            let table = TABLES.iter().copied().chain([&SCENARIO]).find(|table| table.kind == kind);
            table.and_then(|table| of(table.keys)).unwrap_or(K::Any)
        }
    }
}

/// Kind of the items of a list of this kind.
pub(crate) fn item(kind: K) -> K {
    match kind {
        K::Steps => K::Step,
        K::Tasks => K::Task,
        K::Stages => K::Stage,
        K::Thresholds => K::Threshold,
        K::Texts | K::On => K::Text,
        K::Tags => K::Tag,
        K::Command => K::Argument,
        K::Prefills => K::Prefill,
        K::Pair => K::HeaderLine,
        K::Uploads => K::Upload,
        K::Status => K::StatusOne,
        _ => K::Any,
    }
}

/// Kind of the table with the keys of a map of this kind.
fn table_of(kind: K) -> K {
    match kind {
        K::Auth => K::AuthFull,
        K::CaptureOne => K::CaptureFull,
        K::Upload | K::Uploads => K::File,
        K::Threshold => K::ThresholdFull,
        K::On => K::OnFull,
        K::Matcher => K::Operators,
        K::Argument => K::Bytes,
        K::Prefills => K::Prefill,
        K::Profile => K::Scenario,
        kind => kind,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::kind::ALL;
    use super::super::schema::schema;
    use super::*;

    /// All forms of a definition, with references resolved.
    fn forms<'s>(definitions: &'s Value, definition: &'s Value) -> Vec<&'s Value> {
        let referred = definition["$ref"].as_str().map(|name| &definitions[name.trim_start_matches("#/$defs/")]);
        let branches = ["anyOf", "allOf", "oneOf"].into_iter().filter_map(|key| definition[key].as_array()).flatten();
        let chosen = ["then", "else"].into_iter().map(|key| &definition[key]).filter(|branch| branch.is_object());
        let more = referred.into_iter().chain(branches).chain(chosen).flat_map(|inner| forms(definitions, inner));
        [definition].into_iter().chain(more).collect()
    }

    #[test]
    fn json_schema_has_the_same_members() {
        let schema = schema();
        let definitions = &schema["$defs"];
        let reference = |kind: K| Value::from(format!("#/$defs/{}", kind.name()));
        let mut compared = 0;
        // What a number must be has no text inside that could be a template of another tool.
        let numbers = [K::TimeMatcher, K::SizeMatcher, K::CountMatcher, K::Status];
        for kind in ALL.iter().copied().filter(|kind| !numbers.contains(kind)) {
            for form in forms(definitions, &definitions[kind.name()]) {
                let mut same = |found: &Value, of: K| {
                    compared += usize::from(!found.is_null());
                    assert!(found.is_null() || *found == reference(of), "{kind:?}: {found}, not {of:?}");
                };
                same(&form["additionalProperties"]["$ref"], member(kind, "x", |_| true));
                same(&form["items"]["$ref"], item(kind));
                for (key, value) in form["properties"].as_object().into_iter().flatten() {
                    let has = |name: &str| {
                        name == key || form["required"].as_array().is_some_and(|all| all.contains(&name.into()))
                    };
                    same(&value["anyOf"][0]["$ref"], member(kind, key, has));
                }
            }
        }
        assert!(compared > 300, "{compared}");
    }
}
