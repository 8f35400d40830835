//! The introspection query: what a server's schema is asked for.
//!
//! Input: which parts of introspection the server has. Output: a query that it does not refuse.

use serde_json::Value;

/// Asks which parts of introspection a server has: those of 2016, or also deprecated arguments and `@oneOf`.
pub const SUPPORT: &str = "query IntrospectionSupport { type: __type(name: \"__Type\") { fields { name args { name } } } \
    value: __type(name: \"__InputValue\") { fields { name } } field: __type(name: \"__Field\") { fields { name args { \
    name } } } }";

/// The introspection query for a server, given its response to [`SUPPORT`]; the standard one, which every server has, if
/// that is not readable.
pub fn query(support: &str) -> String {
    let support: Value = serde_json::from_str(support.trim_start_matches('\u{feff}')).unwrap_or_default();
    let named = |list: &Value, name: &str| {
        list.as_array().and_then(|list| list.iter().find(|one| one["name"] == *name)).cloned().unwrap_or_default()
    };
    let field = |of: &str, name: &str| named(&support["data"][of]["fields"], name);
    let has_old = |of: &str, name: &str| !named(&field(of, name)["args"], "includeDeprecated").is_null();
    let all = |is: bool| if is { "(includeDeprecated: true)" } else { "" };
    let one_of = if field("type", "isOneOf").is_null() { "" } else { "isOneOf " };
    let has_reasons = !field("value", "isDeprecated").is_null();
    let reason = if has_reasons { "isDeprecated deprecationReason " } else { "" };
    let (args, inputs) = (all(has_old("field", "args")), all(has_old("type", "inputFields")));
    format!(
        "query IntrospectionQuery {{ __schema {{ queryType {{ name }} mutationType {{ name }} subscriptionType {{ name }} \
         types {{ kind name {one_of}fields(includeDeprecated: true) {{ name isDeprecated deprecationReason \
         args{args} {{ ...Input }} type {{ ...Ref }} }} inputFields{inputs} {{ ...Input }} interfaces {{ name }} \
         enumValues(includeDeprecated: true) {{ name isDeprecated deprecationReason }} possibleTypes {{ name }} }} \
         directives {{ name locations args {{ ...Input }} }} }} }} \
         fragment Input on __InputValue {{ name {reason}type {{ ...Ref }} defaultValue }} \
         fragment Ref on __Type {{ kind name ofType {{ kind name ofType {{ kind name ofType {{ kind name ofType {{ kind \
         name ofType {{ kind name }} }} }} }} }} }}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_contains_what_the_server_supports() {
        let new = r#"{"data":{"type":{"fields":[{"name":"isOneOf","args":[]},{"name":"inputFields","args":[{"name":
            "includeDeprecated"}]}]},"value":{"fields":[{"name":"isDeprecated"}]},"field":{"fields":[{"name":"args","args":[
            {"name":"includeDeprecated"}]}]}}}"#;
        let wanted = [
            "isOneOf",
            "args(includeDeprecated: true)",
            "inputFields(includeDeprecated: true)",
            "name isDeprecated deprecationReason type",
        ];
        for (support, has) in
            [(new, true), (r#"{"errors":[{"message":"no"}]}"#, false), ("nope", false), (r#"{"data":null}"#, false)]
        {
            let query = query(support);
            for word in wanted {
                assert_eq!(query.contains(word), has, "{support}: {word}: {query}");
            }
            assert!(crate::scenario::graphql::document::operations(&query, &|_| None).is_ok(), "{query}");
        }
    }
}
