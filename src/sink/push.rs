//! Runs a sink that sends HTTP requests for events.

use super::event::Event;
use super::feed::Feed;
use super::http::{self, Outgoing};
use super::outbox::{Outbox, Statuses};
use super::status::Reporter;

/// Sends the requests that `requests` creates for each event. Reads events and sends requests concurrently.
pub async fn run(
    mut feed: Feed,
    reporter: Reporter,
    statuses: Statuses,
    mut requests: impl FnMut(&Event) -> Vec<Outgoing>,
) {
    let client = match http::client() {
        Ok(client) => client,
        Err(why) => return reporter.change(|status| status.stopped = Some(why.into())),
    };
    let outbox = Outbox::new(reporter.clone());
    let read = async {
        while let Some(event) = feed.next().await {
            if let Event::Interval(interval) = &event {
                reporter.change(|status| status.missed += interval.missed);
            }
            requests(&event).into_iter().for_each(|request| outbox.push(request));
        }
        outbox.close();
    };
    tokio::join!(read, outbox.send(&client, statuses));
}
