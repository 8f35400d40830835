//! An HTTP endpoint that Prometheus scrapes.
//!
//! The endpoint is opened before the first run and stays open until the program ends, so it has a thread of its own.
//! During a run, the sink updates the figures on its page once per second.

mod buckets;
mod endpoint;
mod page;
mod request;
mod text;

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

pub use self::endpoint::cannot_listen;

use self::endpoint::Endpoint;
use super::contract::Sink;
use super::event::Event;
use super::feed::Feed;
use super::status::Reporter;
use crate::settings::Settings;

/// Creates the sink and opens its endpoint if `metrics` is set. The error says why the address cannot be used.
pub fn build(settings: &Settings) -> Result<Option<Box<dyn Sink>>, String> {
    let Some(address) = settings.metrics else { return Ok(None) };
    Ok(Some(Box::new(Prometheus { endpoint: Endpoint::open(address)? })))
}

/// The real address at which this process serves the metrics of `requested`, if it does already.
pub fn serves_metrics(requested: SocketAddr) -> Option<SocketAddr> {
    Endpoint::opened(requested).map(|endpoint| endpoint.address())
}

struct Prometheus {
    endpoint: Arc<Endpoint>,
}

impl Sink for Prometheus {
    fn name(&self) -> &'static str {
        "Prometheus"
    }

    fn place(&self) -> String {
        format!("http://{}/metrics", self.endpoint.address())
    }

    fn announcement(&self) -> String {
        format!("serves metrics for Prometheus at {}", self.place())
    }

    fn run(self: Box<Self>, feed: Feed, reporter: Reporter) -> Pin<Box<dyn Future<Output = ()>>> {
        Box::pin(async move {
            reporter.change(|status| status.is_pulled = true);
            // Every closed second is an interval.
            let mut feed = feed.every(Duration::ZERO);
            let page = self.endpoint.page();
            while let Some(event) = feed.next().await {
                match event {
                    Event::Started(snapshot) => page.start(Arc::clone(feed.meta()), snapshot, reporter.clone()),
                    Event::Interval(interval) => {
                        reporter.change(|status| status.missed += interval.missed);
                        page.update(|figures| figures.add(&interval));
                    }
                    Event::Ended(snapshot, _) => page.update(|figures| figures.update(&snapshot)),
                    Event::LoadChanged(_) | Event::Threshold(..) => {}
                }
            }
        })
    }
}
