//! Requests for Datadog's HTTPS intake.
//!
//! Formats: [series](https://docs.datadoghq.com/api/latest/metrics/#submit-metrics) (v2),
//! [distribution points](https://docs.datadoghq.com/api/latest/metrics/#submit-distribution-points) (v1),
//! [events](https://docs.datadoghq.com/api/latest/events/#post-an-event) (v1).

use std::io::Write as _;
use std::rc::Rc;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue};
use serde_json::{Value as Json, json};

use super::metrics::{Metric, Value};
use super::notice::Notice;
use crate::sink::http::{Outgoing, Split};

/// Maximum size of a body: below the limits of 512,000 bytes compressed and 5,242,880 bytes uncompressed.
const MAX_COMPRESSED: usize = 400_000;
const MAX_RAW: usize = 4_000_000;

/// The intake of a site.
#[derive(Clone)]
pub struct Intake {
    api: String,
    headers: HeaderMap,
    application_key: Option<HeaderValue>,
}

/// A kind of requests with metrics.
#[derive(Debug, Clone, Copy)]
enum Format {
    Series,
    Distributions,
}

impl Intake {
    /// Creates an intake; `api` is the base URL.
    pub fn new(api: &str, key: &str, application_key: Option<&str>) -> Result<Self, String> {
        let secret = |name: &str, key: &str| {
            let key = Some(key.trim()).filter(|key| key.bytes().all(|byte| byte.is_ascii_graphic()));
            let value = key.and_then(|key| HeaderValue::from_str(key).ok());
            let mut value =
                value.ok_or_else(|| format!("{name}: expected letters and digits, found other characters"))?;
            value.set_sensitive(true);
            Ok::<_, String>(value)
        };
        let mut headers = HeaderMap::new();
        headers.insert("dd-api-key", secret("datadog_api_key", key)?);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let application_key = application_key.map(|key| secret("datadog_app_key", key)).transpose()?;
        Ok(Self { api: api.to_owned(), headers, application_key })
    }

    /// Requests for these metrics, as few as their size allows.
    pub fn metrics(&self, metrics: &[Metric], host: &str) -> Vec<Outgoing> {
        let (mut series, mut distributions) = (Vec::new(), Vec::new());
        for metric in metrics {
            match &metric.value {
                Value::Count(count) => series.push(one_series(metric, 1, *count as f64, host)),
                Value::Gauge(value) => series.push(one_series(metric, 3, *value, host)),
                Value::Distribution(values) => distributions.push(one_distribution(metric, values, host)),
            }
        }
        let both = [(Format::Series, series), (Format::Distributions, distributions)];
        both.into_iter().flat_map(|(format, items)| self.batches(format, items)).collect()
    }

    /// The request for an entry of the event stream.
    pub fn event(&self, notice: &Notice, host: &str) -> Outgoing {
        let mut body = json!({
            "title": notice.title,
            "text": notice.text,
            "alert_type": notice.kind,
            "date_happened": notice.at,
            "host": host,
            "priority": "normal",
            "tags": notice.tags,
        });
        if let Some(key) = &notice.key {
            body["aggregation_key"] = json!(key);
        }
        let mut headers = self.headers.clone();
        if let Some(key) = &self.application_key {
            headers.insert("dd-application-key", key.clone());
        }
        let url = format!("{}/api/v1/events", self.api);
        Outgoing { url, headers, body: body.to_string().into(), points: 0, split: None }
    }

    fn batches(&self, format: Format, items: Vec<String>) -> Vec<Outgoing> {
        let mut batches = Vec::new();
        let (mut batch, mut size) = (Vec::new(), 0);
        for item in items {
            if size + item.len() > MAX_RAW && !batch.is_empty() {
                self.batch(format, std::mem::take(&mut batch), &mut batches);
                size = 0;
            }
            size += item.len() + 1;
            batch.push(item);
        }
        if !batch.is_empty() {
            self.batch(format, batch, &mut batches);
        }
        batches
    }

    /// Appends a request for these items, or several if it is too large.
    fn batch(&self, format: Format, items: Vec<String>, batches: &mut Vec<Outgoing>) {
        let body = encode(format, &items);
        if body.len() > MAX_COMPRESSED && items.len() > 1 {
            let (first, second) = items.split_at(items.len() / 2);
            self.batch(format, first.to_vec(), batches);
            return self.batch(format, second.to_vec(), batches);
        }
        batches.push(self.request(format, items, body));
    }

    fn request(&self, format: Format, items: Vec<String>, body: Bytes) -> Outgoing {
        let (path, encoding) = match format {
            Format::Series => ("/api/v2/series", "gzip"),
            Format::Distributions => ("/api/v1/distribution_points", "deflate"),
        };
        let mut headers = self.headers.clone();
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
        let points = items.len() as u64;
        let intake = self.clone();
        let split = (items.len() > 1).then(|| -> Split {
            Rc::new(move || {
                let (first, second) = items.split_at(items.len() / 2);
                let half = |half: &[_]| intake.request(format, half.to_vec(), encode(format, half));
                vec![half(first), half(second)]
            })
        });
        Outgoing { url: format!("{}{path}", self.api), headers, body, points, split }
    }
}

fn one_series(metric: &Metric, kind: u8, value: f64, host: &str) -> String {
    let mut series = json!({
        "metric": metric.name,
        "type": kind,
        "points": [{ "timestamp": metric.at, "value": value }],
        "tags": metric.tags,
        "resources": [{ "type": "host", "name": host }],
    });
    if kind == 1 {
        series["interval"] = json!(metric.interval);
    }
    if let Some(unit) = metric.unit {
        series["unit"] = json!(unit);
    }
    series.to_string()
}

fn one_distribution(metric: &Metric, values: &[f64], host: &str) -> String {
    let points: [(u64, &[f64]); 1] = [(metric.at, values)];
    let series: Json = json!({
        "metric": metric.name,
        "type": "distribution",
        "points": points,
        "tags": metric.tags,
        "host": host,
    });
    series.to_string()
}

/// `{"series": […]}`, compressed.
fn encode(format: Format, items: &[String]) -> Bytes {
    let body = format!("{{\"series\":[{}]}}", items.join(","));
    // Writing into memory does not fail.
    let compressed = match format {
        Format::Series => {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(body.as_bytes()).and_then(|()| encoder.finish())
        }
        Format::Distributions => {
            let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(body.as_bytes()).and_then(|()| encoder.finish())
        }
    };
    compressed.unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn metric(n: usize) -> Metric {
        Metric {
            name: "locust.request.count".to_owned(),
            value: Value::Count(n as u64),
            unit: None,
            tags: vec![format!("endpoint:{:x}", fastrand::u128(..)), "x".repeat(180)],
            at: 1_790_000_000,
            interval: 10,
        }
    }

    fn points(outgoing: &Outgoing) -> Vec<f64> {
        let mut text = String::new();
        flate2::read::GzDecoder::new(&*outgoing.body).read_to_string(&mut text).expect("gzip");
        assert!(text.len() < 5_242_880 && outgoing.body.len() < 512_000);
        let body: Json = serde_json::from_str(&text).expect("JSON");
        let series = body["series"].as_array().expect("a list");
        assert_eq!(series.len() as u64, outgoing.points);
        series.iter().map(|one| one["points"][0]["value"].as_f64().expect("a number")).collect()
    }

    #[test]
    fn large_batches_are_split_and_can_be_halved() {
        let intake = Intake::new("http://h", "key", None).expect("an intake");
        let metrics: Vec<Metric> = (0..30_000).map(metric).collect();
        let requests = intake.metrics(&metrics, "h");
        assert!(requests.len() > 2, "{}", requests.len());
        let all: Vec<f64> = requests.iter().flat_map(points).collect();
        assert_eq!(all, (0..30_000).map(f64::from).collect::<Vec<_>>());

        let first = &requests[0];
        let halves = first.split.as_ref().expect("it can be halved")();
        assert_eq!(halves.iter().flat_map(points).collect::<Vec<_>>(), points(first));
        assert!(intake.metrics(&metrics[..1], "h")[0].split.is_none());
    }
}
