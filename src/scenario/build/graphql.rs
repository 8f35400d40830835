//! GraphQL steps: a document, its variables, and the request they make. Running them comes later.

use http::Method;
use http::header::ACCEPT;

use super::Builder;
use super::fields::Fields;
use super::http::Message;
use crate::scenario::diagnostic::nearest;
use crate::scenario::keys;
use crate::scenario::node::{Kind, Node};
use crate::scenario::plan::{Body, CONTENT_TYPE_JSON, ErrorPolicy, GraphqlStep, OperationKind, Persisted};
use crate::scenario::template::{self, JsonBuilder, Text};

/// What a client should accept, the first one first.
const ACCEPT_BOTH: &str = "application/graphql-response+json, application/json;q=0.9";

/// `graphql` at the top.
#[derive(Debug)]
pub(super) struct Settings {
    endpoint: String,
    errors: ErrorPolicy,
    accept: String,
    persisted: Persisted,
}

impl Default for Settings {
    fn default() -> Self {
        let (endpoint, accept) = ("/graphql".to_owned(), ACCEPT_BOTH.to_owned());
        Self { endpoint, errors: ErrorPolicy::Fail, accept, persisted: Persisted::Off }
    }
}

impl<'a> Builder<'a> {
    pub(super) fn graphql_settings(&mut self, fields: &Fields<'a>) {
        let Some(fields) = fields.get("graphql").and_then(|n| self.fields(n, "graphql", keys::GRAPHQL_SETTINGS)) else {
            return;
        };
        if let Some(endpoint) = fields.get("endpoint").and_then(|n| self.plain_text(n, "endpoint")) {
            self.graphql.endpoint = endpoint;
        }
        let policies =
            [("fail", ErrorPolicy::Fail), ("partial_ok", ErrorPolicy::PartialOk), ("ignore", ErrorPolicy::Ignore)];
        if let Some(errors) = fields.get("errors").and_then(|n| self.word(n, "errors", &policies)) {
            self.graphql.errors = errors;
        }
        if let Some(accept) = fields.get("accept").and_then(|n| self.constant_text(n, "accept")) {
            self.graphql.accept = accept;
        }
        if let Some(persisted) = fields.get("persisted").and_then(|n| self.persisted(n)) {
            self.graphql.persisted = persisted;
        }
    }

    fn persisted(&mut self, node: &Node) -> Option<Persisted> {
        self.word(node, "persisted", &[("apq", Persisted::Automatic), ("off", Persisted::Off)])
    }

    pub(super) fn graphql_step(&mut self, argument: &Node, fields: &Fields<'_>) -> Option<GraphqlStep> {
        self.warn(
            argument.at.clone(),
            "`graphql` steps are understood but not yet runnable",
            "a run of this scenario is refused",
        );
        let document = match self.at_file(argument) {
            Some(text) => text?,
            None => self.plain_text(argument, "graphql")?,
        };
        let operations = match operations(&document) {
            Ok(operations) => operations,
            Err(why) => {
                self.report(
                    argument.at.clone(),
                    format!("this is not a GraphQL document: {why}"),
                    "write query Name { … }, or @file.graphql",
                );
                return None;
            }
        };
        let wanted = fields.get("operation").and_then(|n| Some((self.plain_text(n, "operation")?, n)));
        let chosen = match &wanted {
            None => operations.first(),
            Some((name, node)) => {
                let found = operations.iter().find(|(_, own)| own.as_deref() == Some(name));
                if found.is_none() {
                    let known: Vec<&str> = operations.iter().filter_map(|(_, n)| n.as_deref()).collect();
                    let note = nearest(name, known.iter().copied())
                        .map_or_else(|| format!("it has {}", known.join(", ")), |n| format!("did you mean `{n}`?"));
                    self.report(node.at.clone(), format!("the document has no operation `{name}`"), note);
                }
                found
            }
        };
        let (kind, operation) = chosen?.clone();
        let body = self.graphql_body(&document, operation.as_deref(), fields);
        let name = fields.get("name").and_then(|n| self.plain_text(n, "name"));
        let name = name.or_else(|| operation.clone()).unwrap_or_else(|| "anonymous".to_owned());
        let method = match kind {
            OperationKind::Query => "QUERY",
            OperationKind::Mutation => "MUTATION",
            OperationKind::Subscription => "SUBSCRIPTION",
        };
        let row = self.endpoint(method, &name);
        let endpoint = template::text(&self.graphql.endpoint.clone(), &self.names);
        let endpoint = endpoint.map_err(|slip| self.slip(argument, slip)).unwrap_or_else(|_| Text::Fixed("/".into()));
        let url = self.url(argument, endpoint, Vec::new());
        let content_type = Some(CONTENT_TYPE_JSON);
        let message = url.zip(body).map(|(url, body)| Message { row, method: Method::POST, url, body, content_type });
        let mut http = self.carried(message, fields)?;
        if let Ok(value) = http::HeaderValue::from_str(&self.graphql.accept)
            && !http.headers.iter().any(|(name, _)| name == ACCEPT)
        {
            http.fixed_headers.entry(ACCEPT).or_insert(value);
        }
        let persisted = fields.get("persisted").and_then(|n| self.persisted(n)).unwrap_or(self.graphql.persisted);
        let errors = self.errors_expected(fields);
        let (document, operation) = (document.into(), operation.map(Into::into));
        Some(GraphqlStep { http, document, operation, kind, persisted, errors })
    }

    fn graphql_body(&mut self, document: &str, operation: Option<&str>, fields: &Fields<'_>) -> Option<Body> {
        let mut json = JsonBuilder::default();
        json.raw(b"{\"query\":");
        json.value(&document);
        if let Some(operation) = operation {
            json.raw(b",\"operationName\":");
            json.value(&operation);
        }
        if let Some(variables) = fields.get("variables") {
            self.map(variables, "variables")?;
            json.raw(b",\"variables\":");
            self.json_into(&mut json, variables)?;
        }
        json.raw(b"}");
        let json = json.finish();
        Some(match json.fixed() {
            Some(bytes) => Body::Fixed(bytes::Bytes::copy_from_slice(bytes)),
            None => Body::Json(json),
        })
    }

    /// `expect: { errors: none }` is stricter than the policy of the file, `any` milder.
    fn errors_expected(&mut self, fields: &Fields<'_>) -> ErrorPolicy {
        let expect = fields.get("expect").map(Node::entries).map(Fields);
        let node = expect.and_then(|e| e.get("errors"));
        let words = [("none", ErrorPolicy::Fail), ("any", ErrorPolicy::Ignore)];
        node.and_then(|n| self.word(n, "errors", &words)).unwrap_or(self.graphql.errors)
    }

    /// `errors` is of GraphQL alone.
    pub(super) fn no_errors_key(&mut self, fields: &Fields<'_>) {
        if let Some(node) = fields.get("expect")
            && let Kind::Map(entries) = &node.kind
            && let Some((key, _)) = entries.iter().find(|(k, _)| k.name == "errors")
        {
            self.report(
                key.at.clone(),
                "`errors` goes with `graphql`",
                "an HTTP reply has a status: expect: { status: 200 }",
            );
        }
    }
}

/// The kind and name of every operation: enough of the grammar to find them and to see that brackets match.
fn operations(document: &str) -> Result<Vec<(OperationKind, Option<String>)>, String> {
    let mut found = Vec::new();
    let mut open: Vec<char> = Vec::new();
    // The keyword of the definition at hand, and whether its name is still to come.
    let mut definition: Option<(OperationKind, Option<String>)> = None;
    let (mut fragment, mut naming) = (false, false);
    let mut rest = document;
    while let Some(c) = rest.chars().next() {
        let mut length = c.len_utf8();
        match c {
            '#' => length = rest.find('\n').unwrap_or(rest.len()),
            '"' => length = string_length(rest).ok_or("a text is not closed")?,
            '{' | '(' | '[' => {
                if c == '{' && open.is_empty() && !fragment {
                    found.push(definition.take().unwrap_or((OperationKind::Query, None)));
                }
                if c == '{' && open.is_empty() {
                    fragment = false;
                }
                naming = false;
                open.push(c);
            }
            '}' | ')' | ']' => {
                let wanted = match c {
                    '}' => '{',
                    ')' => '(',
                    _ => '[',
                };
                if open.pop() != Some(wanted) {
                    return Err(format!("`{c}` closes nothing"));
                }
            }
            c if c.is_ascii_alphabetic() || c == '_' => {
                length = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
                if open.is_empty() {
                    let word = &rest[..length];
                    match word {
                        _ if naming => {
                            if let Some((_, name)) = &mut definition {
                                *name = Some(word.to_owned());
                            }
                            naming = false;
                        }
                        "query" => definition = Some((OperationKind::Query, None)),
                        "mutation" => definition = Some((OperationKind::Mutation, None)),
                        "subscription" => definition = Some((OperationKind::Subscription, None)),
                        "fragment" => fragment = true,
                        _ if fragment => {}
                        // The name of a directive stands behind its @.
                        _ if definition.is_some() => {}
                        _ => return Err(format!("`{word}` begins no operation")),
                    }
                    if ["query", "mutation", "subscription"].contains(&word) && !fragment {
                        naming = true;
                    }
                }
            }
            '@' => naming = false,
            _ => {}
        }
        rest = &rest[length..];
    }
    if let Some(bracket) = open.last() {
        return Err(format!("`{bracket}` is not closed"));
    }
    if found.is_empty() { Err("it has no operation".to_owned()) } else { Ok(found) }
}

/// The length of the text, quotes included, that begins here.
fn string_length(text: &str) -> Option<usize> {
    if let Some(block) = text.strip_prefix("\"\"\"") {
        return block.find("\"\"\"").map(|end| end + 6);
    }
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(at + 1),
            '\n' => return None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_have_a_kind_and_a_name() {
        use OperationKind::*;
        for (document, wanted) in [
            ("{ a }", vec![(Query, None)]),
            ("query { a }", vec![(Query, None)]),
            ("query Q($a: Int = 3) @live { a(b: \"}\") { c } }", vec![(Query, Some("Q"))]),
            (
                "# mutation X {\nmutation M { a } fragment F on T { b } query N { c }",
                vec![(Mutation, Some("M")), (Query, Some("N"))],
            ),
            ("subscription S { a(t: \"\"\"x } \" y\"\"\") }", vec![(Subscription, Some("S"))]),
        ] {
            let got = operations(document).unwrap();
            let got: Vec<_> = got.iter().map(|(kind, name)| (*kind, name.as_deref())).collect();
            assert_eq!(got, wanted, "{document}");
        }
        for document in ["", "query Q", "query { a", "query { a ] }", "hello { a }", "{ a(b: \"x) }"] {
            assert!(operations(document).is_err(), "{document}");
        }
    }
}
