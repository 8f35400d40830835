//! Paths of other dialects of JSONPath, of jq, JMESPath and gjson, which RFC 9535 does not have.

/// Functions at the end of a path, and what to write instead; `{}` is the path before it.
const FUNCTIONS: &[(&[&str], &str)] = &[
    (
        &["length", "size", "count"],
        "write the length in expect: { json: { {}: { length: 3 } } }; in templates, capture x: {} and write {{ x | length }}",
    ),
    (&["first"], "write {}[0], or capture it with pick: first"),
    (&["last"], "write {}[-1], or capture it with pick: last"),
    (&["min", "max", "sum"], "capture x: {} and write {{ x | FUNCTION }} in a template"),
    (&["avg", "average"], "capture x: {} and write {{ (x | sum) / (x | length) }} in a template"),
    (&["keys"], "capture x: {} and write {{ x | list }} in a template"),
    (
        &["concat", "append", "stddev", "index", "type", "match", "toarray"],
        "capture {} and calculate in a template: {{ x | length }}",
    ),
];

/// What to write instead of a path that is invalid.
pub(crate) fn path(text: &str) -> Option<String> {
    let text = text.trim();
    if let Some((before, name)) = call_at_end(text) {
        let name = name.to_ascii_lowercase();
        let (_, note) = FUNCTIONS.iter().find(|(names, _)| names.contains(&&*name))?;
        return Some(note.replace("{}", before).replace("FUNCTION", &name));
    }
    if text.contains("(@.length-1)") || text.contains("(@.length - 1)") {
        return Some(format!("write {}", text.replace("(@.length - 1)", "-1").replace("(@.length-1)", "-1")));
    }
    if text.contains("=~") {
        return Some("write $.items[?search(@.name, 'pattern')], or match(…) for the whole string".to_owned());
    }
    if text.ends_with('~') {
        return Some(
            "names of keys cannot be selected; capture the map and write {{ x | list }} in a template".to_owned(),
        );
    }
    if text.contains("[]") {
        return Some(format!("write {}", rooted(&text.replace("[]", "[*]"))));
    }
    if text.contains(".#") || text.ends_with('#') {
        return Some(format!("write {}", rooted(&text.replace(".#", "[*]").replace('#', "*"))));
    }
    if text.contains(" in ") || text.contains(" nin ") {
        return Some("write $.items[?@.a == 'x' || @.a == 'y']".to_owned());
    }
    if let Some(fixed) = indices(text) {
        return Some(format!("write {}", rooted(&fixed)));
    }
    if let Some(fixed) = quoted(text) {
        return Some(format!("write {}", rooted(&fixed)));
    }
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_.[]*'\"".contains(c);
    let is_without_root = text.starts_with(|c: char| c.is_ascii_alphabetic() || "_.[@".contains(c));
    (is_without_root && text.trim_start_matches('@').chars().all(is_plain)).then(|| format!("write {}", rooted(text)))
}

/// What to write instead of `$.items.length`, which is valid, but selects a key called `length`.
pub(crate) fn length(text: &str) -> Option<String> {
    let is_length = [".length", ".size", ".count"].into_iter().any(|name| text.ends_with(name));
    is_length.then(|| path(&format!("{text}()"))).flatten()
}

/// The path without the objects that scripts of other tools read it from.
fn rooted(text: &str) -> String {
    if text.starts_with('$') {
        return text.to_owned();
    }
    let mut text = text.trim_start_matches(['@', '.']);
    for object in [
        "response.json",
        "response.body",
        "response.data",
        "res.body",
        "resp.body",
        "response",
        "res",
        "json",
        "body",
        "data.body",
    ] {
        if let Some(rest) = text.strip_prefix(object).filter(|rest| rest.starts_with(['.', '['])) {
            text = rest.trim_start_matches('.');
            break;
        }
    }
    if text.starts_with('[') { format!("${text}") } else { format!("$.{text}") }
}

/// Path and name of `path.name()`.
fn call_at_end(text: &str) -> Option<(&str, &str)> {
    let (before, name) = text.strip_suffix("()")?.rsplit_once('.')?;
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphabetic());
    is_name.then_some((if before.is_empty() { "$" } else { before }, name))
}

/// `$.items.0.id` with brackets, or `None` without such an index.
fn indices(text: &str) -> Option<String> {
    if text.contains('?') || text.contains('\'') || text.contains('"') {
        return None;
    }
    let is_index = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
    let parts: Vec<&str> = text.split('.').collect();
    if !parts.iter().skip(1).any(|part| is_index(part)) {
        return None;
    }
    let mut out = String::new();
    for (at, part) in parts.into_iter().enumerate() {
        if at > 0 && is_index(part) {
            out.extend(["[", part, "]"]);
        } else {
            out.extend([if at > 0 { "." } else { "" }, part]);
        }
    }
    Some(out)
}

/// `$.user-id` with brackets and quotes, or `None` without such a name.
fn quoted(text: &str) -> Option<String> {
    if text.contains(['?', '\'', '"', '(']) || !text.contains(['-', ' ', ':', '@']) {
        return None;
    }
    let mut out = String::new();
    for (at, part) in text.split('.').enumerate() {
        let (name, rest) = part.split_at(part.find('[').unwrap_or(part.len()));
        if at > 0 && name.contains(['-', ' ', ':', '@']) {
            out.extend(["['", name, "']", rest]);
        } else {
            out.extend([if at > 0 { "." } else { "" }, part]);
        }
    }
    (out != text).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_other_dialects_are_translated() {
        for (text, wanted) in [
            (
                "$.items.length()",
                "write the length in expect: { json: { $.items: { length: 3 } } }; in templates, capture x: $.items and write {{ x | length }}",
            ),
            (
                "$.items.size()",
                "write the length in expect: { json: { $.items: { length: 3 } } }; in templates, capture x: $.items and write {{ x | length }}",
            ),
            ("$.prices.max()", "capture x: $.prices and write {{ x | max }} in a template"),
            ("$.items.last()", "write $.items[-1], or capture it with pick: last"),
            ("$.items[(@.length-1)].id", "write $.items[-1].id"),
            ("$.items.0.id", "write $.items[0].id"),
            ("items.0.id", "write $.items[0].id"),
            ("token", "write $.token"),
            ("data.token", "write $.data.token"),
            (".data[0].id", "write $.data[0].id"),
            ("response.json.token", "write $.token"),
            ("body.items[0]", "write $.items[0]"),
            ("[0].id", "write $[0].id"),
            (".items[].id", "write $.items[*].id"),
            ("items.#.id", "write $.items[*].id"),
            ("@.id", "write $.id"),
            ("$.user-id", "write $['user-id']"),
            ("$.a.user-id[0].b", "write $.a['user-id'][0].b"),
            (
                "$.items[?(@.name =~ /a.*/)]",
                "write $.items[?search(@.name, 'pattern')], or match(…) for the whole string",
            ),
            ("$.a~", "names of keys cannot be selected; capture the map and write {{ x | list }} in a template"),
        ] {
            assert_eq!(path(text).as_deref(), Some(wanted), "{text}");
        }
        assert_eq!(length("$.items.length"), path("$.items.length()"));
        assert_eq!((length("$.items.max"), length("$.length_of"), length("$")), (None, None, None));
        for text in ["$.items[", "$.items[*.id", "a b", "", "$.a.unknown()"] {
            assert_eq!(path(text), None, "{text}");
        }
    }
}
