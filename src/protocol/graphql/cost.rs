//! The cost of an operation as reported by the server: `extensions.cost` as Shopify and others write it, else
//! `extensions.complexity`.

use serde_json::Value;

use super::envelope::members;
use crate::stats::operation::Cost;

/// Larger values are ignored: sums beyond 2^53, where integers of JavaScript end, would be meaningless.
const MAX_POINTS: f64 = 9_007_199_254_740_992.0;

/// Reads the cost from the extensions of a response; ignores values of an unexpected type.
pub(super) fn read(extensions: &str) -> Option<Cost> {
    let found = members(extensions, ["cost", "complexity"]).ok()?;
    let [cost, complexity] =
        found.map(|text| text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Value::Null));
    let number = |value: &Value| value.as_f64().filter(|points| points.abs() <= MAX_POINTS);
    let points = |name: &str| cost.get(name).and_then(number);
    let available = cost.get("throttleStatus").and_then(|status| status.get("currentlyAvailable"));
    let found = Cost {
        // Some servers send the bare number.
        requested: points("requestedQueryCost").or(number(&cost)).or(number(&complexity)),
        actual: points("actualQueryCost"),
        available: available.and_then(number),
    };
    (found != Cost::default()).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_of_unexpected_types_are_ignored() {
        let shopify = r#"{"cost":{"requestedQueryCost":101,"actualQueryCost":46,"throttleStatus":{"maximumAvailable":1000.0,"currentlyAvailable":954,"restoreRate":50.0}}}"#;
        let all = Cost { requested: Some(101.0), actual: Some(46.0), available: Some(954.0) };
        for (extensions, wanted) in [
            (shopify, Some(all)),
            (r#"{"cost":12.5}"#, Some(Cost { requested: Some(12.5), ..Cost::default() })),
            (r#"{"complexity":7,"tracing":{"a":[1]}}"#, Some(Cost { requested: Some(7.0), ..Cost::default() })),
            (r#"{"cost":{"actualQueryCost":null,"requestedQueryCost":"many"}}"#, None),
            (r#"{"cost":{"requestedQueryCost":1e308,"actualQueryCost":-1e300}}"#, None),
            (r#"{"tracing":{}}"#, None),
            ("[1]", None),
            ("null", None),
        ] {
            assert_eq!(read(extensions), wanted, "{extensions}");
        }
    }
}
