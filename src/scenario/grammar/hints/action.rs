//! Keys that people write beside an action.

use super::spelling::has;

/// Keys of one action: what people write beside it.
const OF_ACTIONS: &[(&str, &str, &str)] = &[
    (
        "graphql",
        "query document mutation body json gql subscription",
        "the document is the value of `graphql`: - graphql: \"{ shop { name } }\"",
    ),
    ("graphql", "operation_name", "use operation: NAME"),
    ("publish", "message data value body json content text", "use payload: text, or payload: { id: 1 }"),
    (
        "publish subscribe unsubscribe",
        "channel channels topic topics",
        "the channel is the value of the action: - publish: orders",
    ),
    (
        "redis",
        "command args arguments key value field",
        "the command is the value of `redis`: - redis: [SET, key, value]",
    ),
    ("repeat for_each while", "do actions flow tasks then body loop requests", "use steps: [{ get: / }]"),
    ("repeat for_each", "count times index loop_value loopelement name", "use as: item for the name of the variable"),
    ("if", "steps do true", "use then: [{ get: / }]"),
    ("if", "false otherwise else_if elif", "use else: [{ get: / }]"),
    ("call", "args params vars parameters variables inputs", "use with: { id: 1 }"),
];

/// What to write instead of this key in a step with this action.
pub(crate) fn key_of_action(action: &str, word: &str) -> Option<&'static str> {
    let is_of = |actions: &str| actions.split(' ').any(|known| known == action);
    let note = OF_ACTIONS.iter().find(|(actions, words, _)| is_of(actions) && has(words, word));
    note.map(|(.., note)| *note)
}
