//! The JUnit schema that Jenkins, GitLab and GitHub Actions accept: elements, their parents and attributes.
//! attributes.

use roxmltree::{Document, Node};

type Names = &'static [&'static str];

/// An element: required and optional attributes, and children.
const ELEMENTS: &[(&str, Names, Names, Names)] = &[
    ("testsuites", &[], &["name", "tests", "failures", "errors", "time"], &["testsuite"]),
    (
        "testsuite",
        &["name", "tests", "failures", "errors"],
        &["skipped", "time", "timestamp", "hostname", "id", "package"],
        &["properties", "testcase", "system-out", "system-err"],
    ),
    ("properties", &[], &[], &["property"]),
    ("property", &["name", "value"], &[], &[]),
    ("testcase", &["name"], &["classname", "time"], &["skipped", "error", "failure", "system-out", "system-err"]),
    ("skipped", &[], &["message", "type"], &[]),
    ("error", &[], &["message", "type"], &[]),
    ("failure", &[], &["message", "type"], &[]),
    ("system-out", &[], &[], &[]),
];

pub fn check(document: &Document<'_>) {
    assert!(document.root_element().has_tag_name("testsuites"));
    for node in document.descendants().filter(Node::is_element) {
        let name = node.tag_name().name();
        let (_, must, may, _) = ELEMENTS.iter().find(|element| element.0 == name).unwrap_or_else(|| panic!("{name}"));
        let has: Vec<&str> = node.attributes().map(|attribute| attribute.name()).collect();
        assert!(must.iter().all(|attribute| has.contains(attribute)), "{name} has {has:?}");
        assert!(has.iter().all(|attribute| must.contains(attribute) || may.contains(attribute)), "{name} has {has:?}");
        if let Some(parent) = node.parent_element() {
            let parent = parent.tag_name().name();
            let (.., children) = ELEMENTS.iter().find(|element| element.0 == parent).expect("a known parent");
            assert!(children.contains(&name), "{name} in {parent}");
        }
        counts(node);
    }
}

/// The counts of a suite are those of its cases.
fn counts(suite: Node<'_, '_>) {
    let Some(tests) = suite.attribute("tests") else { return };
    let cases: Vec<Node<'_, '_>> = suite.descendants().filter(|node| node.has_tag_name("testcase")).collect();
    assert_eq!(tests.parse(), Ok(cases.len()));
    for (attribute, element) in [("failures", "failure"), ("errors", "error"), ("skipped", "skipped")] {
        let Some(count) = suite.attribute(attribute) else { continue };
        let ended = cases.iter().filter(|case| case.children().any(|child| child.has_tag_name(element)));
        assert_eq!(count.parse(), Ok(ended.count()), "{attribute}");
    }
    let time: f64 = suite.attribute("time").expect("a time").parse().expect("seconds");
    assert!(time >= 0.0);
}
