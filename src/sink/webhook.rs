//! Sends the events of a run as JSON to a URL.
//!
//! Each request has the headers `X-Katydid-Event` (name of the event) and `X-Katydid-Delivery` (unique id, unchanged in
//! retries). With a secret, `X-Katydid-Signature-256` is `sha256=` and the HMAC-SHA256 of the body in hexadecimal, as
//! in GitHub webhooks.

use std::pin::Pin;

use jiff::Timestamp;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use ring::hmac;
use serde_json::{Value, json};

use super::contract::Sink;
use super::event::Event;
use super::feed::Feed;
use super::http::{self, Outgoing};
use super::interval::Interval;
use super::outbox::Statuses;
use super::push;
use super::status::Reporter;
use crate::settings::Settings;
use crate::stats::Snapshot;
use crate::stats::snapshot::{Judged, Judgement};
use crate::store::{Meta, Totals};
use crate::units;

/// Creates the sink if `webhook_url` is set.
pub fn build(settings: &Settings) -> Result<Option<Box<dyn Sink>>, String> {
    let Some(url) = &settings.webhook_url else {
        let error = "webhook_secret has no effect without webhook_url";
        return if settings.webhook_secret.is_some() { Err(error.to_owned()) } else { Ok(None) };
    };
    let key = settings.webhook_secret.as_ref().map(|secret| hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()));
    Ok(Some(Box::new(Webhook { url: url.clone(), key })))
}

struct Webhook {
    url: String,
    key: Option<hmac::Key>,
}

impl Sink for Webhook {
    fn name(&self) -> &'static str {
        "webhook"
    }

    fn place(&self) -> String {
        http::host(&self.url)
    }

    fn run(self: Box<Self>, feed: Feed, reporter: Reporter) -> Pin<Box<dyn Future<Output = ()>>> {
        Box::pin(async move {
            let meta = std::sync::Arc::clone(feed.meta());
            push::run(feed, reporter, Statuses::default(), |event| self.request(&meta, event).into_iter().collect())
                .await;
        })
    }
}

impl Webhook {
    fn request(&self, meta: &Meta, event: &Event) -> Option<Outgoing> {
        let (name, details) = name_and_details(event)?;
        let mut document = json!({
            "event": name,
            "at": Timestamp::now().to_string(),
            "run": {
                "id": meta.id,
                "scenario": meta.scenario,
                "host": meta.host,
                "profile": meta.profile,
                "started": meta.started.to_string(),
                "users": meta.users,
                "spawn_rate": (!meta.is_shaped).then_some(meta.spawn_rate),
                "run_time_s": meta.run_time,
                "tags": meta.tags,
                "katydid": meta.version,
            },
        });
        if let (Some(all), Value::Object(details)) = (document.as_object_mut(), details) {
            all.extend(details);
        }
        let body = document.to_string();
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert("x-katydid-event", HeaderValue::from_static(name));
        headers.insert("x-katydid-delivery", ascii(&format!("{:032x}", fastrand::u128(..))));
        if let Some(key) = &self.key {
            headers.insert("x-katydid-signature-256", ascii(&format!("sha256={}", hex(key, body.as_bytes()))));
        }
        Some(Outgoing { url: self.url.clone(), headers, body: body.into(), points: 0, split: None })
    }
}

/// Name and event-specific members of an event; `None` if it is not sent.
fn name_and_details(event: &Event) -> Option<(&'static str, Value)> {
    Some(match event {
        Event::Started(snapshot) => ("started", json!({ "totals": totals(snapshot) })),
        Event::Interval(interval) => ("interval", json!({ "interval": figures(interval) })),
        Event::LoadChanged(change) => {
            ("load_changed", json!({ "text": change.text, "run_time_s": change.elapsed.as_secs_f64() }))
        }
        Event::Threshold(judgement, _) => {
            let name = if judgement.judged == Judged::Passes { "threshold_recovered" } else { "threshold_failed" };
            (name, json!({ "threshold": threshold(judgement) }))
        }
        Event::Ended(snapshot, verdict) => {
            let thresholds: Vec<Value> = snapshot.judgements.iter().map(threshold).collect();
            let verdict = json!({ "word": verdict.conclusion.word(), "reason": verdict.reason });
            ("ended", json!({ "verdict": verdict, "totals": totals(snapshot), "thresholds": thresholds }))
        }
    })
}

fn totals(snapshot: &Snapshot) -> Value {
    let Totals { seconds, vu_hours, requests, failures, p95_ms, .. } = Totals::of(snapshot);
    json!({ "run_time_s": seconds, "vu_hours": vu_hours, "requests": requests, "failures": failures, "p95_ms": p95_ms })
}

fn figures(interval: &Interval) -> Value {
    let total = interval.total();
    let times = total.response.latency();
    let ms = |p: f64| (times.count > 0).then(|| units::millis(times.p(p)));
    json!({
        "length_s": interval.length().as_secs_f64(),
        "users": interval.seconds.last().map(|second| second.users),
        "requests": total.sums.requests,
        "failures": total.sums.failures,
        "p50_ms": ms(50.0),
        "p95_ms": ms(95.0),
        "p99_ms": ms(99.0),
    })
}

fn threshold(judgement: &Judgement) -> Value {
    let word = match &judgement.judged {
        Judged::Passes => "passes",
        Judged::Violated | Judged::Failed => "failed",
        Judged::CannotTell(_) => "undecided",
    };
    json!({ "check": judgement.words, "result": word, "value": judgement.value, "at": judgement.place })
}

/// Creates a header value from hexadecimal digits or an identifier, which are always valid.
fn ascii(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}

/// HMAC of `body`, in hexadecimal.
fn hex(key: &hmac::Key, body: &[u8]) -> String {
    hmac::sign(key, body).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
