//! Sends the metrics of a run to Datadog: over HTTPS, or to the DogStatsD server of an agent.
//!
//! Metrics are sums and percentiles of ten seconds, never single requests. Their names are those of Locust's reporters
//! for Datadog, so that dashboards for Locust work.

mod dogstatsd;
mod intake;
mod metrics;
mod notice;
mod tags;

use std::pin::Pin;
use std::sync::Arc;

use reqwest::StatusCode;

use super::contract::Sink;
use super::feed::Feed;
use super::outbox::Statuses;
use super::push;
use super::status::Reporter;
use crate::settings::Settings;
pub use dogstatsd::not_a_socket;
use intake::Intake;
pub use tags::Tags;

/// Settings that have an effect only if metrics are sent.
const NEED_A_DESTINATION: [&str; 7] = [
    "datadog_app_key",
    "datadog_site",
    "datadog_environment",
    "datadog_service",
    "datadog_version",
    "datadog_tags",
    "datadog_prefix",
];

/// Creates the sink for the HTTPS intake if `datadog_api_key` is set.
pub fn build(settings: &Settings) -> Result<Option<Box<dyn Sink>>, String> {
    let Some(key) = &settings.datadog_api_key else { return without_destination(settings).map_or(Ok(None), Err) };
    if settings.dogstatsd.is_some() {
        return Err(BOTH.to_owned());
    }
    let intake = Intake::new(&settings.datadog_site.api, key, settings.datadog_app_key.as_deref())?;
    Ok(Some(Box::new(Https { intake, place: settings.datadog_site.name.clone(), tags: Tags::new(settings) })))
}

/// Why not both the API and an agent can receive metrics.
const BOTH: &str = "datadog_api_key and dogstatsd would count everything twice; set only one of them";

/// Creates the sink for an agent if `dogstatsd` is set.
pub fn build_dogstatsd(settings: &Settings) -> Result<Option<Box<dyn Sink>>, String> {
    let Some(address) = &settings.dogstatsd else { return Ok(None) };
    Ok(Some(Box::new(dogstatsd::Agent::new(address.clone(), Tags::new(settings)))))
}

/// Names a flag that has no effect. Variables may be set for other programs.
fn without_destination(settings: &Settings) -> Option<String> {
    let is_flag = |key: &&str| settings.is_flag(key);
    let key = NEED_A_DESTINATION.into_iter().find(is_flag).filter(|_| settings.dogstatsd.is_none())?;
    Some(format!("{key} has no effect without datadog_api_key or dogstatsd"))
}

fn advice(status: StatusCode) -> Option<&'static str> {
    let is_refused = matches!(status.as_u16(), 401 | 403);
    is_refused.then_some(
        "the API key is unknown there; sites do not share keys, so check datadog_site (datadoghq.com is US1, datadoghq.eu \
         is EU)",
    )
}

struct Https {
    intake: Intake,
    place: String,
    tags: Tags,
}

impl Sink for Https {
    fn name(&self) -> &'static str {
        "Datadog"
    }

    fn place(&self) -> String {
        self.place.clone()
    }

    fn run(self: Box<Self>, feed: Feed, reporter: Reporter) -> Pin<Box<dyn Future<Output = ()>>> {
        Box::pin(async move {
            let Self { intake, tags, .. } = *self;
            let meta = Arc::clone(feed.meta());
            let mut source = metrics::Source::new(tags.of_run(&meta), tags.prefix, meta);
            push::run(feed, reporter, Statuses { advice, ..Statuses::default() }, |event| {
                let mut requests = intake.metrics(&source.metrics(event), source.host());
                requests.extend(source.notice(event).map(|notice| intake.event(&notice, source.host())));
                requests
            })
            .await;
        })
    }
}
