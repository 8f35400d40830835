//! Compiles GraphQL subscriptions, which use a WebSocket.

use std::time::Duration;

use http::Method;

use super::graphql::Chosen;
use super::http::Message;
use crate::row_kind::RowKind;
use crate::scenario::compile::builder::Builder;
use crate::scenario::compile::fields::Fields;
use crate::scenario::eval::capture::CaptureSource;
use crate::scenario::eval::template;
use crate::scenario::eval::template::{Part, Text};
use crate::scenario::plan::{Limit, MAX_EVENTS, OperationKind, SubscriptionStep, UrlTemplate};
use crate::scenario::syntax::node::Node;

/// Keys that only subscriptions have.
const OWN: [&str; 2] = ["events", "listen_for"];
/// Keys that subscriptions cannot have, and the reason.
const NOT_ALLOWED: [(&str, &str); 3] = [
    ("persisted", "a subscription is sent as text; the setting of the file applies to queries and mutations"),
    ("method", "a subscription uses a WebSocket; the setting of the file applies to queries"),
    ("http_version", "a WebSocket is opened with HTTP/1.1"),
];

impl Builder<'_> {
    /// Reports keys of subscriptions in other operations.
    pub(super) fn only_in_subscriptions(&mut self, fields: &Fields<'_>, kind: OperationKind) {
        let what = if kind == OperationKind::Query { "query" } else { "mutation" };
        for key in OWN {
            if let Some(at) = fields.key(key) {
                let message = format!("`{key}` requires a subscription, found a {what}");
                self.report(at, message, "a query or mutation has one response");
            }
        }
    }

    pub(super) fn subscription(
        &mut self,
        argument: &Node,
        fields: &Fields<'_>,
        chosen: &Chosen,
    ) -> Option<SubscriptionStep> {
        let before = self.diagnostics.errors.len();
        for (key, why) in NOT_ALLOWED {
            if let Some(at) = fields.key(key) {
                self.report(at, format!("`{key}` is not allowed with a subscription"), why);
            }
        }
        self.events_have_no_status(fields);
        let connect = self.endpoint(RowKind::Connect, &chosen.row);
        let row = self.endpoint(RowKind::Subscription, &chosen.row);
        let event = self.endpoint(RowKind::Event, &chosen.row);
        let body = self.graphql_body(fields, chosen);
        let url = self.stream_url(argument);
        let message =
            url.zip(body).map(|(url, body)| Message { row, method: Method::GET, url, body, content_type: None });
        let http = self.carried(message, fields);
        let params = match self.settings.graphql.params {
            Some(node) => Some(self.json(node)?),
            None => None,
        };
        let errors = self.errors_expected(fields);
        let business_errors = self.business_errors(fields);
        let events = fields.get("events").and_then(|n| self.event_limit(n));
        let listen_for = fields.get("listen_for").and_then(|n| self.time_limit(n));
        let http = http?;
        let strange = |source: &CaptureSource| {
            matches!(source, CaptureSource::Header(_) | CaptureSource::Cookie(_) | CaptureSource::Status)
        };
        if let Some(node) = fields.get("capture")
            && let Some(capture) = http.captures.iter().find(|capture| strange(&capture.source))
        {
            let message = format!("`{}` cannot be captured: an event has only JSON", capture.words);
            self.report(node.at.clone(), message, "write capture: { name: $.data.field }");
        }
        self.asked(argument, fields, chosen, &http);
        let step = SubscriptionStep { http, connect, event, params, errors, business_errors, events, listen_for };
        (self.diagnostics.errors.len() == before).then_some(step)
    }

    fn events_have_no_status(&mut self, fields: &Fields<'_>) {
        let expect = fields.get("expect").map(Node::entries).map(Fields);
        for key in ["status", "header"] {
            if let Some(at) = expect.and_then(|expect| expect.key(key)) {
                let message = format!("`{key}` cannot be expected of a subscription: its events have only JSON");
                self.report(at, message, "write expect: { json: { $.data.field: value } }");
            }
        }
    }

    /// Address of the WebSocket, as the HTTP request that opens it.
    fn stream_url(&mut self, argument: &Node) -> Option<UrlTemplate> {
        let address = self.settings.graphql.subscriptions.as_ref().unwrap_or(&self.settings.graphql.endpoint);
        let text = match template::text(address, &self.names) {
            Ok(Text::Fixed(text)) => Text::Fixed(as_http(&text).into()),
            Ok(Text::Parts(mut parts)) => {
                if let Some(Part::Literal(first)) = parts.first_mut() {
                    *first = as_http(first).into();
                }
                Text::Parts(parts)
            }
            Err(error) => {
                self.template_error(argument, error);
                return None;
            }
        };
        self.url(argument, text, Vec::new())
    }

    fn event_limit(&mut self, node: &Node) -> Option<Limit<u32>> {
        if node.scalar().is_some_and(|text| text.contains("{{")) {
            return self.template(node).map(Limit::Computed);
        }
        let events = self.whole(node, "events", MAX_EVENTS)?;
        if events == 0 {
            self.error(node, "`events` must be at least 1");
        }
        Some(Limit::Fixed(events))
    }

    fn time_limit(&mut self, node: &Node) -> Option<Limit<Duration>> {
        if node.scalar().is_some_and(|text| text.contains("{{")) {
            return self.template(node).map(Limit::Computed);
        }
        self.some_time(node, "listen_for").map(Limit::Fixed)
    }
}

/// HTTP address of the request that opens the WebSocket at `address`.
fn as_http(address: &str) -> String {
    for (ws, http) in [("ws://", "http://"), ("wss://", "https://")] {
        if let Some(rest) = address.strip_prefix(ws) {
            return format!("{http}{rest}");
        }
    }
    address.to_owned()
}
