//! What a server says that an operation cost: `extensions.cost` as Shopify and others write it, else
//! `extensions.complexity`.

use serde_json::Value;

use super::envelope::members;
use crate::stats::operation::Cost;

/// The cost in the extensions of a reply; what is not written as expected is left out.
pub(super) fn read(extensions: &str) -> Option<Cost> {
    let found = members(extensions, ["cost", "complexity"]).ok()?;
    let [cost, complexity] =
        found.map(|text| text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Value::Null));
    let points = |name: &str| cost.get(name).and_then(Value::as_f64);
    let available = cost.get("throttleStatus").and_then(|status| status.get("currentlyAvailable"));
    let found = Cost {
        // Some send the bare number.
        requested: points("requestedQueryCost").or(cost.as_f64()).or(complexity.as_f64()),
        actual: points("actualQueryCost"),
        available: available.and_then(Value::as_f64),
    };
    (found != Cost::default()).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_are_read_where_they_are_written_as_expected() {
        let shopify = r#"{"cost":{"requestedQueryCost":101,"actualQueryCost":46,"throttleStatus":{"maximumAvailable":1000.0,"currentlyAvailable":954,"restoreRate":50.0}}}"#;
        let all = Cost { requested: Some(101.0), actual: Some(46.0), available: Some(954.0) };
        for (extensions, wanted) in [
            (shopify, Some(all)),
            (r#"{"cost":12.5}"#, Some(Cost { requested: Some(12.5), ..Cost::default() })),
            (r#"{"complexity":7,"tracing":{"a":[1]}}"#, Some(Cost { requested: Some(7.0), ..Cost::default() })),
            (r#"{"cost":{"actualQueryCost":null,"requestedQueryCost":"many"}}"#, None),
            (r#"{"tracing":{}}"#, None),
            ("[1]", None),
            ("null", None),
        ] {
            assert_eq!(read(extensions), wanted, "{extensions}");
        }
    }
}
