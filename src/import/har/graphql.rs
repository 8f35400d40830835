//! GraphQL operations of a recording, which become `graphql` steps.

use serde_json::{Map, Value};
use url::Url;

use super::entry::Entry;
use super::resource;
use super::sent::Sent;
use super::site::Site;
use crate::import::literal::literal;
use crate::scenario::graphql::document;
use crate::scenario::plan::OperationKind;

/// An operation in the body of a POST request.
#[derive(Debug)]
pub struct Operation {
    document: String,
    name: Option<String>,
}

impl Operation {
    /// The operation of a body that contains nothing else; not a batch, a subscription or a persisted query.
    pub fn of(body: &Sent<'_>) -> Option<Self> {
        let Sent::Text(text, _) = body else { return None };
        let body: Map<String, Value> = serde_json::from_str(text).ok()?;
        let empty = |value: &Value| value.is_null() || value.as_object().is_some_and(Map::is_empty);
        let only = body.iter().all(|(key, value)| match key.as_str() {
            "query" | "operationName" => true,
            "variables" => value.is_object() || value.is_null(),
            _ => empty(value),
        });
        let text = body.get("query")?.as_str().filter(|_| only)?;
        let name = body.get("operationName").and_then(Value::as_str).filter(|name| !name.is_empty());
        let operations = document::operations(text, &|_| None).ok()?;
        let sent = match name {
            Some(name) => operations.iter().find(|one| one.name.as_deref() == Some(name))?,
            None => operations.first().filter(|_| operations.len() == 1)?,
        };
        let plain = sent.kind != OperationKind::Subscription && !text.contains("{{") && !text.starts_with('@');
        plain.then(|| Self { document: text.to_owned(), name: name.map(str::to_owned) })
    }

    /// The resource of a bare id among the variables: the first field of the operation.
    pub fn resource(&self) -> Option<String> {
        let fields = self.document.split_once('{')?.1.trim_start();
        let end = fields.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(fields.len());
        Some(resource::normal(&fields[..end])).filter(|name| !name.is_empty())
    }

    /// True if the body of the step contains the document as it is: a document cannot contain a template.
    pub fn is_literal(&self, fields: &[(&'static str, Value)]) -> bool {
        let json = fields.iter().find(|(key, _)| *key == "json").map(|(_, value)| value);
        json.and_then(|json| json["query"].as_str()).is_some_and(|query| query == literal(&self.document))
    }

    /// The document, and the fields of the step instead of those with its body.
    pub fn into_step(self, fields: &[(&'static str, Value)]) -> (String, Vec<(&'static str, Value)>) {
        let json = fields.iter().find(|(key, _)| *key == "json").map(|(_, value)| value);
        let variables = json.map(|json| json["variables"].clone()).unwrap_or_default();
        let mut out = vec![("variables", variables)];
        out.extend(self.name.map(|name| ("operation", Value::from(name))));
        (self.document, out)
    }
}

/// Address of an endpoint, as in the scenario: a path, or a URL on another host. None if it has a query, which the
/// operations of an endpoint share.
pub fn address(url: &Url, site: &Site) -> Option<String> {
    let path = literal(url.path());
    url.query()
        .is_none()
        .then(|| if site.is_main(url) { path } else { format!("{}{path}", url.origin().ascii_serialization()) })
}

/// The endpoint of most operations: a scenario has one.
pub fn endpoint(kept: &[Vec<Entry<'_>>], site: &Site) -> Option<String> {
    let first = kept.iter().filter_map(|hops| hops.first());
    let posts =
        first.filter(|entry| entry.method.eq_ignore_ascii_case("post") && Operation::of(&entry.body()).is_some());
    super::site::first_of_most(posts.filter_map(|entry| address(&entry.url, site)))
}

/// True if a response contains GraphQL errors.
pub fn has_errors(entry: &Entry<'_>) -> bool {
    let body = entry.response_body().and_then(|text| serde_json::from_str::<Value>(&text).ok());
    body.is_some_and(|body| body["errors"].as_array().is_some_and(|errors| !errors.is_empty()))
}
