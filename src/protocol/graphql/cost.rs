//! What a server says that an operation cost: `extensions.cost` as Shopify and others write it, else
//! `extensions.complexity`.

use serde_json::Value;

use super::envelope::members;
use crate::stats::operation::Cost;

/// No server charges more: beyond it sums would be of no use (2^53, where numbers of JavaScript end).
const MOST: f64 = 9_007_199_254_740_992.0;

/// The cost in the extensions of a reply; what is not written as expected is left out.
pub(super) fn read(extensions: &str) -> Option<Cost> {
    let found = members(extensions, ["cost", "complexity"]).ok()?;
    let [cost, complexity] =
        found.map(|text| text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Value::Null));
    let number = |value: &Value| value.as_f64().filter(|points| points.abs() <= MOST);
    let points = |name: &str| cost.get(name).and_then(number);
    let available = cost.get("throttleStatus").and_then(|status| status.get("currentlyAvailable"));
    let found = Cost {
        // Some send the bare number.
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
    fn costs_are_read_where_they_are_written_as_expected() {
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
