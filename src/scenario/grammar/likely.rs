//! The action that is meant where a step has several.

use super::actions::{ACTIONS, Action, ActionKind};

/// Keys of a request that is sent with a body.
const BODY: &[&str] = &["json", "form", "body", "files"];
/// Actions that come before the others of [`ACTIONS`], each with keys of which one must be there too.
const FIRST: [(&str, &[&str]); 4] = [("graphql", &[]), ("post", BODY), ("put", BODY), ("patch", BODY)];

/// The actions, the most likely first, with keys of which one must be there too; an action may be there twice.
pub(crate) fn by_likelihood() -> impl Iterator<Item = (&'static Action, &'static [&'static str])> {
    let named = |name: &str| ACTIONS.iter().find(|action| action.key.name == name);
    let first = FIRST.into_iter().filter_map(move |(name, keys)| Some((named(name)?, keys)));
    first.chain(ACTIONS.iter().map(|action| (action, &[][..])))
}

/// The most likely action of a step with these keys.
pub(crate) fn likely(has: impl Fn(&str) -> bool) -> Option<&'static Action> {
    let is_there = |keys: &[&str]| keys.is_empty() || keys.iter().any(|key| has(key));
    by_likelihood().find(|(action, keys)| has(action.key.name) && is_there(keys)).map(|(action, _)| action)
}

/// What to do with another action in a step.
pub(crate) fn beside(action: &Action, other: &Action) -> String {
    let (name, word) = (action.key.name, other.key.name);
    match other.kind {
        ActionKind::If => "a condition of one step is `when`; `if` contains steps: then: [ … ]".to_owned(),
        ActionKind::Repeat | ActionKind::ForEach | ActionKind::While => {
            format!("`{word}` contains the steps that it repeats: steps: [{{ {name}: … }}]")
        }
        ActionKind::Http if action.kind == ActionKind::Graphql => {
            "the address of GraphQL steps is the top-level graphql: { endpoint: /graphql }".to_owned()
        }
        _ => "a step has one action: start a new step with -".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_likely_action_is_found() {
        for (keys, wanted) in [
            (&["get", "wait"][..], Some("get")),
            (&["wait", "get"], Some("get")),
            (&["get", "post"], Some("get")),
            (&["get", "post", "json"], Some("post")),
            (&["post", "graphql"], Some("graphql")),
            (&["repeat", "get"], Some("get")),
            (&["repeat", "steps"], Some("repeat")),
            (&["name"], None),
        ] {
            assert_eq!(likely(|key| keys.contains(&key)).map(|action| action.key.name), wanted, "{keys:?}");
        }
    }
}
