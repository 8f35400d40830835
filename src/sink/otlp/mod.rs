//! Exports the metrics of a run to OpenTelemetry, with OTLP over HTTP: every ten seconds, at the end of a stage and at the end
//! of the run.
//!
//! Protocol: <https://opentelemetry.io/docs/specs/otlp/#otlphttp>

mod export;
mod histogram;
mod proto;

use std::io::Write as _;
use std::pin::Pin;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use prost::Message as _;
use reqwest::StatusCode;
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};

use self::export::Exporter;
use self::histogram::Exponential;
use self::proto::ExportResponse;
use super::contract::Sink;
use super::event::Event;
use super::feed::Feed;
use super::figures::Figures;
use super::http::{self, Outgoing};
use super::outbox::{Next, Rejected, Statuses};
use super::push;
use super::status::Reporter;
use crate::settings::{Settings, Temporality};
use crate::stats::Snapshot;
use crate::store::Meta;

/// Settings that have an effect only with `otel`.
const NEED_OTEL: [&str; 7] = [
    "otlp_endpoint",
    "otlp_metrics_endpoint",
    "otlp_headers",
    "otlp_protocol",
    "otlp_temporality",
    "otel_service_name",
    "otel_resource_attributes",
];
/// The only supported protocol.
const PROTOCOL: &str = "http/protobuf";

/// Creates the sink if `otel` is set.
pub fn build(settings: &Settings) -> Result<Option<Box<dyn Sink>>, String> {
    if !settings.otel {
        let useless = NEED_OTEL.into_iter().find(|key| settings.is_flag(key));
        return useless.map_or(Ok(None), |key| Err(format!("{key} has no effect without otel")));
    }
    if settings.otlp_protocol != PROTOCOL {
        return Err(format!(
            "otlp_protocol: only {PROTOCOL} is supported, found {:?}; collectors receive it at port 4318",
            settings.otlp_protocol
        ));
    }
    let url = settings.otlp_url();
    let mut headers = HeaderMap::new();
    for pair in &settings.otlp_headers {
        let (name, value) = header(pair).ok_or("otlp_headers: expected NAME=VALUE, separated by commas")?;
        headers.insert(name, value);
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"));
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    let mut resource = vec![("service.name".to_owned(), settings.otel_service_name.clone())];
    for pair in &settings.otel_resource_attributes {
        let (key, value) = pair.split_once('=').ok_or("otel_resource_attributes: expected NAME=VALUE,…")?;
        resource.push((key.trim().to_owned(), decoded(value)));
    }
    Ok(Some(Box::new(Otlp { url, headers, resource, temporality: settings.otlp_temporality })))
}

/// A header from `NAME=VALUE`; the value may be percent-encoded.
fn header(pair: &str) -> Option<(HeaderName, HeaderValue)> {
    let (name, value) = pair.split_once('=')?;
    let mut value = HeaderValue::from_str(&decoded(value)).ok()?;
    value.set_sensitive(true);
    Some((name.trim().parse().ok()?, value))
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text.trim()).decode_utf8_lossy().into_owned()
}

struct Otlp {
    url: String,
    headers: HeaderMap,
    resource: Vec<(String, String)>,
    temporality: Temporality,
}

impl Sink for Otlp {
    fn name(&self) -> &'static str {
        "OpenTelemetry"
    }

    fn place(&self) -> String {
        http::host(&self.url)
    }

    fn run(self: Box<Self>, feed: Feed, reporter: Reporter) -> Pin<Box<dyn Future<Output = ()>>> {
        Box::pin(async move {
            let mut source = Source::new(*self, feed.meta());
            let statuses = Statuses { classify, rejected, ..Statuses::default() };
            push::run(feed, reporter, statuses, |event| source.request(event).into_iter().collect()).await;
        })
    }
}

/// Only these statuses may be retried.
fn classify(status: StatusCode) -> Next {
    match status.as_u16() {
        200..=299 => Next::Accepted,
        429 | 502 | 503 | 504 => Next::Retry,
        401 | 403 | 404 => Next::Stop,
        _ => Next::Drop,
    }
}

/// Points of an accepted request that the receiver did not keep. They must not be sent again.
fn rejected(body: &[u8]) -> Option<Rejected> {
    let partial = ExportResponse::decode(body).ok()?.partial_success?;
    let points = u64::try_from(partial.rejected_data_points).unwrap_or_default();
    (points > 0).then_some(Rejected { points, why: partial.error_message })
}

/// The figures of a run, as requests.
struct Source {
    url: String,
    headers: HeaderMap,
    exporter: Exporter,
    figures: Option<Figures<Exponential>>,
    resets: u32,
}

impl Source {
    fn new(sink: Otlp, meta: &Meta) -> Self {
        let Otlp { url, headers, mut resource, temporality } = sink;
        let of_run = [
            ("service.version", Some(&meta.version)),
            ("host.name", Some(&meta.machine.name)),
            ("katydid.run", Some(&meta.id)),
            ("katydid.scenario", Some(&meta.scenario)),
            ("katydid.profile", meta.profile.as_ref()),
            ("vcs.ref.head.name", meta.branch.as_ref()),
            ("vcs.ref.head.revision", meta.commit.as_ref()),
        ];
        let of_run = of_run.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?.clone())));
        for (key, value) in of_run.filter(|(_, value)| !value.is_empty()) {
            if !resource.iter().any(|(known, _)| *known == key) {
                resource.push((key, value));
            }
        }
        let exporter = Exporter { resource, temporality, since: meta.started.into() };
        Self { url, headers, exporter, figures: None, resets: 0 }
    }

    fn request(&mut self, event: &Event) -> Option<Outgoing> {
        match event {
            Event::Started(snapshot) => {
                self.figures = Some(Figures::new(Arc::clone(snapshot)));
                None
            }
            Event::Interval(interval) => {
                self.restart(&interval.snapshot);
                self.figures.as_mut()?.add(interval);
                self.outgoing(interval.at())
            }
            Event::Ended(last, _) => {
                self.restart(last);
                self.figures.as_mut()?.update(last);
                self.outgoing(last.at)
            }
            Event::LoadChanged(_) | Event::Threshold(..) => None,
        }
    }

    /// After a reset of the statistics, counts start again.
    fn restart(&mut self, snapshot: &Snapshot) {
        if std::mem::replace(&mut self.resets, snapshot.resets) != snapshot.resets {
            self.exporter.since = snapshot.at.checked_sub(snapshot.measured).unwrap_or(snapshot.at);
        }
    }

    fn outgoing(&mut self, at: std::time::SystemTime) -> Option<Outgoing> {
        let figures = self.figures.as_mut()?;
        let (body, points) = self.exporter.body(figures, at);
        if self.exporter.temporality == Temporality::Delta {
            figures.clear();
            self.exporter.since = at;
        }
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        // Writing into memory does not fail.
        let body = encoder.write_all(&body).and_then(|()| encoder.finish()).unwrap_or_default().into();
        Some(Outgoing { url: self.url.clone(), headers: self.headers.clone(), body, points, split: None })
    }
}
