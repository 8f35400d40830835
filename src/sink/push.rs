//! Runs a sink that turns news into HTTP requests.

use reqwest::StatusCode;

use super::feed::Feed;
use super::http::{self, Outgoing};
use super::news::News;
use super::outbox::{Next, Outbox};
use super::status::Reporter;

/// Sends the requests that `requests` makes of each piece of news, and reads on while it sends.
pub async fn run(
    mut feed: Feed,
    reporter: Reporter,
    judge: fn(StatusCode) -> Next,
    mut requests: impl FnMut(&News) -> Vec<Outgoing>,
) {
    let client = match http::client() {
        Ok(client) => client,
        Err(why) => return reporter.change(|status| status.stopped = Some(why.into())),
    };
    let outbox = Outbox::new(reporter.clone());
    let read = async {
        while let Some(news) = feed.next().await {
            if let News::Interval(interval) = &news {
                reporter.change(|status| status.missed += interval.missed);
            }
            requests(&news).into_iter().for_each(|request| outbox.push(request));
        }
        outbox.close();
    };
    tokio::join!(read, outbox.send(&client, judge));
}
