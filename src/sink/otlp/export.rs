//! Figures as a request of OTLP.

use std::time::{SystemTime, UNIX_EPOCH};

use prost::Message as _;

use super::histogram::Exponential;
use super::proto::{
    AnyValue, Data, ExponentialHistogram, ExportRequest, Gauge, HistogramPoint, KeyValue, Metric, NumberPoint,
    Resource, ResourceMetrics, Scope, ScopeMetrics, Sum,
};
use crate::settings::Temporality;
use crate::sink::figures::{Family, Figures, Labels, Unit, Value, families};

/// Prefix of the names of metrics.
const PREFIX: &str = "katydid.";

/// What is the same in all requests of a run.
pub struct Exporter {
    /// Attributes of the resource: names and values.
    pub resource: Vec<(String, String)>,
    /// How counts and histograms are sent.
    pub temporality: Temporality,
    /// Start of the counts.
    pub since: SystemTime,
}

impl Exporter {
    /// The body of a request, and the number of its points.
    pub fn body(&self, figures: &Figures<Exponential>, at: SystemTime) -> (Vec<u8>, u64) {
        let metrics: Vec<Metric> = families(figures).iter().map(|family| self.metric(family, at)).collect();
        let points = metrics.iter().map(|metric| points(metric) as u64).sum();
        let attributes = self.resource.iter().map(|(key, value)| attribute(key, value)).collect();
        let scope = Scope { name: "katydid".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() };
        let resource_metrics = vec![ResourceMetrics {
            resource: Some(Resource { attributes }),
            scope_metrics: vec![ScopeMetrics { scope: Some(scope), metrics }],
        }];
        (ExportRequest { resource_metrics }.encode_to_vec(), points)
    }

    fn metric(&self, family: &Family<'_, Exponential>, at: SystemTime) -> Metric {
        let aggregation_temporality = match self.temporality {
            Temporality::Delta => 1,
            Temporality::Cumulative => 2,
        };
        let time = nanos(at);
        let number = |labels: &Labels<'_>, as_double, as_int, start_time_unix_nano| NumberPoint {
            start_time_unix_nano,
            time_unix_nano: time,
            as_double,
            as_int,
            attributes: attributes(labels),
        };
        let (mut gauges, mut counts, mut histograms) = (Vec::new(), Vec::new(), Vec::new());
        for point in &family.points {
            match point.value {
                Value::Gauge(value) => gauges.push(number(&point.labels, Some(value), None, 0)),
                Value::Counter(count) => {
                    let count = i64::try_from(count).unwrap_or(i64::MAX);
                    counts.push(number(&point.labels, None, Some(count), nanos(self.since)));
                }
                Value::Histogram(times) => histograms.push(HistogramPoint {
                    attributes: attributes(&point.labels),
                    start_time_unix_nano: nanos(self.since),
                    time_unix_nano: time,
                    ..times.point()
                }),
            }
        }
        let data = if !histograms.is_empty() {
            Data::Histogram(ExponentialHistogram { data_points: histograms, aggregation_temporality })
        } else if !counts.is_empty() {
            Data::Sum(Sum { data_points: counts, aggregation_temporality, is_monotonic: true })
        } else {
            Data::Gauge(Gauge { data_points: gauges })
        };
        let unit = match family.unit {
            Unit::None | Unit::Ratio => "1",
            Unit::Seconds => "s",
            Unit::Bytes => "By",
        };
        Metric {
            name: format!("{PREFIX}{}", family.name),
            description: family.help.to_owned(),
            unit: unit.to_owned(),
            data: Some(data),
        }
    }
}

fn points(metric: &Metric) -> usize {
    match &metric.data {
        Some(Data::Gauge(gauge)) => gauge.data_points.len(),
        Some(Data::Sum(sum)) => sum.data_points.len(),
        Some(Data::Histogram(histogram)) => histogram.data_points.len(),
        None => 0,
    }
}

fn attributes(labels: &Labels<'_>) -> Vec<KeyValue> {
    labels.iter().map(|(key, value)| attribute(key, value)).collect()
}

fn attribute(key: &str, value: &str) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { string_value: Some(value.to_owned()) }) }
}

fn nanos(at: SystemTime) -> u64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
