//! Compiles GraphQL steps: document, variables and request.

use std::sync::Arc;

use http::Method;
use http::header::ACCEPT;

use super::http::Message;
use crate::row_kind::RowKind;
use crate::scenario::compile::builder::Builder;
use crate::scenario::compile::fields::Fields;
use crate::scenario::compile::interner::Counted;
use crate::scenario::compile::lookalike::is_template;
use crate::scenario::compile::operations::anonymous;
use crate::scenario::eval::path::Path;
use crate::scenario::eval::template;
use crate::scenario::eval::template::{JsonBuilder, Text};
use crate::scenario::grammar::keys;
use crate::scenario::graphql::document;
use crate::scenario::graphql::document::Operation;
use crate::scenario::graphql::endpoint::SentDocument;
use crate::scenario::graphql::values::VariableValue;
use crate::scenario::plan::{
    Action, Body, CONTENT_TYPE_JSON, ErrorPolicy, GraphqlStep, HttpStep, OperationKind, Persisted, UrlTemplate,
};
use crate::scenario::syntax::diagnostic::nearest;
use crate::scenario::syntax::node::{Kind, Node};

/// The operation that a step sends.
pub(super) struct Chosen {
    pub kind: OperationKind,
    pub name: Option<String>,
    pub document: String,
    /// Name of its row in the statistics.
    pub row: String,
}

/// True if the document contains a template. Double braces have no meaning in GraphQL; comments are ignored.
fn is_filled(document: &str) -> bool {
    document.lines().any(|line| {
        let in_string = |at: usize| line[..at].matches('"').count() % 2 == 1;
        let comment = line.match_indices('#').map(|(at, _)| at).find(|at| !in_string(*at));
        is_template(&line[..comment.unwrap_or(line.len())])
    })
}

impl<'a> Builder<'a> {
    pub(in crate::scenario::compile) fn graphql_settings(&mut self, fields: &Fields<'a>) {
        let keys = keys::GRAPHQL_SETTINGS.keys;
        let fields = fields.get("graphql").and_then(|n| self.fields(n, &keys::GRAPHQL_SETTINGS)).unwrap_or(Fields(&[]));
        if let Some(endpoint) = self.or_default(fields.get("endpoint"), keys, "endpoint", Self::plain_text) {
            self.settings.graphql.endpoint = endpoint;
        }
        let policies =
            [("fail", ErrorPolicy::Fail), ("partial_ok", ErrorPolicy::PartialOk), ("ignore", ErrorPolicy::Ignore)];
        if let Some(errors) =
            self.or_default(fields.get("errors"), keys, "errors", |b, n, key| b.word(n, key, &policies))
        {
            self.settings.graphql.errors = errors;
        }
        self.settings.graphql.business_errors = self.business_errors(&fields);
        if let Some(accept) = self.or_default(fields.get("accept"), keys, "accept", Self::constant_text) {
            self.settings.graphql.accept = accept;
        }
        if let Some(persisted) = self.or_default(fields.get("persisted"), keys, "persisted", Self::persisted) {
            self.settings.graphql.persisted = persisted;
        }
        if let Some(by_get) = self.or_default(fields.get("method"), keys, "method", Self::sends_by_get) {
            self.settings.graphql.by_get = by_get;
        }
        self.settings.graphql.subscriptions =
            fields.get("subscriptions").and_then(|n| self.plain_text(n, "subscriptions"));
        self.settings.graphql.params = fields.get("connection_params");
        if let Some(node) = self.settings.graphql.params {
            self.map(node, "connection_params");
        }
    }

    /// True if queries are sent with GET.
    fn sends_by_get(&mut self, node: &Node, key: &str) -> Option<bool> {
        self.word(node, key, &[("post", false), ("get", true)])
    }

    /// The operation selected by the step, by default the first.
    fn operation(&mut self, argument: &Node, fields: &Fields<'_>, document: &str) -> Option<Operation> {
        // Numbers are known; values set by templates are not.
        let variables = fields.get("variables").map(Node::entries).map(Fields);
        let known = |name: &str| match &variables.as_ref()?.get(name)?.kind {
            Kind::Number(number, _) => number.as_u64(),
            _ => None,
        };
        let operations = match document::operations(document, &known) {
            Ok(operations) => operations,
            Err(error) => {
                let place = match error.line {
                    0 => String::new(),
                    line => format!(", in line {line}, column {} of the document", error.column),
                };
                let (message, advice) = if error.is_unsupported {
                    (format!("{error}{place}"), "remove it, or send what it delays as an operation of its own")
                } else {
                    let message = format!("this is not a GraphQL document: {error}{place}");
                    (message, "write query Name { … }, or @file.graphql")
                };
                self.report(argument.at.clone(), message, advice);
                return None;
            }
        };
        let (short, long) = (fields.get("operation"), fields.get("operation_name"));
        let Some(node) = short.or(long) else { return operations.into_iter().next() };
        let wanted = self.plain_text(node, "operation")?;
        let names: Vec<String> = operations.iter().filter_map(|one| one.name.clone()).collect();
        let found = operations.into_iter().find(|one| one.name.as_deref() == Some(&*wanted));
        if found.is_none() {
            let note = nearest(&wanted, names.iter().map(String::as_str))
                .map_or_else(|| format!("it has {}", names.join(", ")), |near| format!("did you mean `{near}`?"));
            self.report(node.at.clone(), format!("the document has no operation `{wanted}`"), note);
        }
        found
    }

    fn persisted(&mut self, node: &Node, key: &str) -> Option<Persisted> {
        self.word(node, key, &[("apq", Persisted::Automatic), ("off", Persisted::Off)])
    }

    pub(super) fn graphql_step(&mut self, argument: &Node, fields: &Fields<'_>) -> Option<Action> {
        let document = match self.at_file(argument) {
            Some(text) => text?,
            None => self.plain_text(argument, "graphql")?,
        };
        if is_filled(&document) {
            let note = "declare a variable and give it a value: query Q($NAME: Int) { … }, with variables: { NAME: \"{{ … }}\" }";
            self.report(
                argument.at.clone(),
                "a GraphQL document cannot contain a template: it would be sent as written",
                note,
            );
            return None;
        }
        let Operation { kind, name: operation, size } = self.operation(argument, fields, &document)?;
        let name = self.row_name(fields);
        let named = name.is_some();
        let row = name.or_else(|| operation.clone()).unwrap_or_else(|| anonymous(&document));
        let chosen = Chosen { kind, name: operation, document, row };
        let action = if kind == OperationKind::Subscription {
            self.subscription(argument, fields, &chosen).map(|step| Action::Subscription(Box::new(step)))
        } else {
            self.request_response(argument, fields, &chosen).map(|step| Action::Graphql(Box::new(step)))
        };
        let row = match action.as_ref()? {
            Action::Subscription(step) => step.http.endpoint,
            Action::Graphql(step) => step.http.endpoint,
            _ => return action,
        };
        self.interner.operations.push(Counted { row, size, at: argument.at.clone(), named });
        action
    }

    /// Compiles a query or mutation.
    fn request_response(&mut self, argument: &Node, fields: &Fields<'_>, chosen: &Chosen) -> Option<GraphqlStep> {
        self.only_in_subscriptions(fields, chosen.kind);
        let kind = chosen.kind;
        let row =
            self.endpoint(if kind == OperationKind::Query { RowKind::Query } else { RowKind::Mutation }, &chosen.row);
        let body = self.graphql_body(fields, chosen);
        let by_get =
            fields.get("method").and_then(|n| self.sends_by_get(n, "method")).unwrap_or(self.settings.graphql.by_get);
        // Servers reject mutations sent with GET.
        let by_get = by_get && kind == OperationKind::Query;
        let verb = if by_get { Method::GET } else { Method::POST };
        let endpoint = template::text(&self.settings.graphql.endpoint.clone(), &self.names);
        let endpoint =
            endpoint.map_err(|error| self.template_error(argument, error)).unwrap_or_else(|_| Text::Fixed("/".into()));
        let url = self.url(argument, endpoint, Vec::new());
        let content_type = (!by_get).then_some(CONTENT_TYPE_JSON);
        let message = url.zip(body).map(|(url, body)| Message { row, method: verb, url, body, content_type });
        let mut http = self.carried(message, fields)?;
        if let Ok(value) = http::HeaderValue::from_str(&self.settings.graphql.accept)
            && !http.headers.iter().any(|(name, _)| name == ACCEPT)
        {
            http.fixed_headers.entry(ACCEPT).or_insert(value);
        }
        let persisted = fields
            .get("persisted")
            .and_then(|n| self.persisted(n, "persisted"))
            .unwrap_or(self.settings.graphql.persisted);
        let errors = self.errors_expected(fields);
        let business_errors = self.business_errors(fields);
        self.asked(argument, fields, chosen, &http);
        let (document, operation) = (chosen.document.as_str().into(), chosen.name.as_deref().map(Into::into));
        Some(GraphqlStep { http, document, operation, kind, persisted, errors, business_errors, by_get })
    }

    /// Collects the document for schema validation. `http`: where the schema can be fetched.
    pub(super) fn asked(&mut self, argument: &Node, fields: &Fields<'_>, chosen: &Chosen, http: &HttpStep) {
        let given = fields.get("variables").map(Node::entries).unwrap_or_default();
        // The address for subscriptions may not support introspection.
        let is_elsewhere = chosen.kind == OperationKind::Subscription && self.settings.graphql.subscriptions.is_some();
        self.uses.documents.push(SentDocument {
            at: argument.at.clone(),
            document: chosen.document.as_str().into(),
            operation: chosen.name.as_deref().map(Into::into),
            given: given
                .iter()
                .map(|(key, value)| VariableValue { name: key.name.clone(), at: key.at.clone(), value: value.clone() })
                .collect(),
            url: matches!(&http.url, UrlTemplate::Fixed { .. } if !is_elsewhere).then(|| http.url.clone()),
            headers: http.fixed_headers.clone(),
            client: self.interner.clients.get(http.client.0 as usize).cloned().unwrap_or_default(),
        });
    }

    /// Request body of the operation.
    pub(super) fn graphql_body(&mut self, fields: &Fields<'_>, chosen: &Chosen) -> Option<Body> {
        let mut json = JsonBuilder::default();
        json.raw(b"{\"query\":");
        json.value(&chosen.document);
        if let Some(operation) = &chosen.name {
            json.raw(b",\"operationName\":");
            json.value(operation);
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

    /// `expect: { errors: none }` or `any` overrides the policy of the file.
    pub(super) fn errors_expected(&mut self, fields: &Fields<'_>) -> ErrorPolicy {
        let expect = fields.get("expect").map(Node::entries).map(Fields);
        let node = expect.and_then(|e| e.get("errors"));
        let words = [("none", ErrorPolicy::Fail), ("any", ErrorPolicy::Ignore)];
        node.and_then(|n| self.word(n, "errors", &words)).unwrap_or(self.settings.graphql.errors)
    }

    /// Path of errors that are returned as data: that of the step, or else of the file.
    pub(super) fn business_errors(&mut self, fields: &Fields<'_>) -> Option<Arc<Path>> {
        let Some(node) = fields.get("business_errors") else { return self.settings.graphql.business_errors.clone() };
        let text = self.constant_text(node, "business_errors")?;
        self.path(&text, node.at.clone()).map(Arc::new)
    }

    /// `errors` is only allowed in GraphQL steps.
    pub(super) fn no_errors_key(&mut self, fields: &Fields<'_>) {
        if let Some(node) = fields.get("expect")
            && let Kind::Map(entries) = &node.kind
            && let Some((key, _)) = entries.iter().find(|(k, _)| k.name == "errors")
        {
            self.report(
                key.at.clone(),
                "`errors` is only allowed in `graphql` steps",
                "an HTTP response has a status: expect: { status: 200 }",
            );
        }
    }
}
