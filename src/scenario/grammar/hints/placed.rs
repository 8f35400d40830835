//! Keys of katydid in the wrong place.

use crate::scenario::grammar::actions::{ACTIONS, CONNECTION};
use crate::scenario::grammar::keys::{CLASS, SCENARIO, TASK};
use crate::scenario::grammar::kind::ValueKind as K;
use crate::scenario::grammar::table::Key;

/// Keys that belong elsewhere than into a map of this kind, and where.
pub(super) fn placed(kind: K) -> Vec<(&'static str, String)> {
    let own: &[Key] = match kind {
        K::Scenario => SCENARIO.keys,
        K::Class => CLASS.keys,
        K::Task => TASK.keys,
        _ => return Vec::new(),
    };
    let actions = ACTIONS.iter().map(|action| action.key.name).map(|name| match kind {
        K::Task => (name, format!("it is a step: steps: [{{ {name}: … }}]")),
        _ => (name, format!("it is a step: tasks: [{{ steps: [{{ {name}: … }}] }}]")),
    });
    let defaults = CONNECTION.iter().map(|key| {
        let where_to = "write it in `defaults` for all requests, or in a step";
        (key.name, format!("{where_to}: defaults: {{ {}: … }}", key.name))
    });
    let top = SCENARIO.keys.iter().filter(|_| kind == K::Class);
    let top = top.map(|key| (key.name, "write it at the top level, for all classes".to_owned()));
    let mut all: Vec<(&'static str, String)> = Vec::new();
    for (name, note) in top.chain(defaults).chain(actions) {
        if !own.iter().any(|key| key.name == name) && !all.iter().any(|(known, _)| *known == name) {
            all.push((name, note));
        }
    }
    all
}
