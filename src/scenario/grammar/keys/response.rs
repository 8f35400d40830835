//! Keys of expectations and captures.

use crate::scenario::grammar::kind::ValueKind as K;
use crate::scenario::grammar::table::{Rule, Table, key};

/// The operators of an expectation.
pub(crate) const OPERATORS: Table = Table {
    kind: K::Operators,
    what: "an expectation",
    keys: &[
        key("eq", K::Any, "Equal"),
        key("ne", K::Any, "Not equal"),
        key("gt", K::Ordered, "Above"),
        key("gte", K::Ordered, "At least"),
        key("lt", K::Ordered, "Below"),
        key("lte", K::Ordered, "At most"),
        key("in", K::ListOrTemplate, "One of these"),
        key("contains", K::Any, "A part of a string, an item of a list, a key of a map"),
        key("starts_with", K::Text, "The beginning of a string").eg(&["L"]),
        key("ends_with", K::Text, "The end of a string").eg(&["n"]),
        key("matches", K::Regex, "A regular expression"),
        key("exists", K::Bool, "Whether it exists"),
        key("length", K::CountMatcher, "Characters, items or keys"),
        key("not", K::Matcher, "The opposite"),
    ],
    rules: &[Rule::NotEmpty("write a value, or { gte: 1 }")],
};

/// `expect` of a request.
pub(crate) const EXPECT: Table = Table {
    kind: K::Expect,
    what: "expect",
    keys: &[
        key("status", K::Status, "200, 2xx, a list, or a comparison"),
        key("time", K::TimeMatcher, "Such as < 1s"),
        key("header", K::HeaderMatchers, "Headers by name"),
        key("body", K::Matcher, "The body as a string"),
        key("json", K::PathMatchers, "Values by JSONPath"),
        key("size", K::SizeMatcher, "Bytes of the body"),
        key("errors", K::ErrorsExpected, "GraphQL: none or any"),
    ],
    rules: &[Rule::NotEmpty("write expect: { time: < 1s }")],
};

/// `expect` of a publish.
pub(crate) const EXPECT_PUBLISH: Table = Table {
    kind: K::ExpectPublish,
    what: "expect",
    keys: &[key("receivers", K::CountMatcher, "Number of receivers")],
    rules: &[Rule::Required("receivers", "write expect: { receivers: { gte: 1 } }")],
};

/// `expect` of a Redis command.
pub(crate) const EXPECT_REDIS: Table = Table {
    kind: K::ExpectRedis,
    what: "expect",
    keys: &[
        key("json", K::PathMatchers, "Values of the response by JSONPath"),
        key("body", K::Matcher, "The response as a string"),
        key("time", K::TimeMatcher, "Such as < 10ms"),
    ],
    rules: &[Rule::NotEmpty("write expect: { time: < 10ms }")],
};

/// Sources of captured values.
pub(crate) const CAPTURE_SOURCES: &[&str] = &["json", "header", "cookie", "regex", "css", "body", "status"];

/// Short forms of a capture.
pub(crate) const CAPTURE_FORMS: &str = "write $.path, header: NAME, cookie: NAME, regex: PATTERN or css: SELECTOR";

/// A capture in full form.
pub(crate) const CAPTURE: Table = Table {
    kind: K::CaptureFull,
    what: "a capture",
    keys: &[
        key("json", K::Text, "A JSONPath").eg(&["$.token"]),
        key("header", K::Text, "A header").eg(&["Location"]),
        key("cookie", K::Text, "A cookie set by the response").eg(&["sid"]),
        key("regex", K::Text, "A pattern; captures its first group").eg(&["page=(\\d+)"]),
        key("css", K::Text, "A CSS selector").eg(&["form input[name=csrf]"]),
        key("body", K::Yes, "The whole body"),
        key("status", K::Yes, "The status code"),
        key("attribute", K::Text, "With css: an attribute instead of the element's text").eg(&["value"]),
        key("pick", K::Pick, "first, last, random or all").or_text("first"),
        key("default", K::Any, "Value if nothing is found"),
    ],
    rules: &[
        Rule::OneOf(CAPTURE_SOURCES, CAPTURE_FORMS),
        Rule::Needs("attribute", "css", "only an element has attributes"),
    ],
};
