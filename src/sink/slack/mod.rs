//! Sends messages about a run to an incoming webhook of Slack: start, end, early end, failed and recovered thresholds.
//!
//! A webhook accepts about one message per second, so changes of thresholds are collected, and a threshold that fails
//! and recovers in between is not mentioned.

mod content;
mod message;

use std::path::PathBuf;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};

use self::content::Previous;
use self::message::Message;
use super::contract::Sink;
use super::event::Event;
use super::feed::Feed;
use super::http::{self, Outgoing, Split};
use super::outbox::{self, Next, Statuses};
use super::push;
use super::status::Reporter;
use crate::settings::{Settings, SlackEvent};
use crate::stats::Snapshot;
use crate::stats::snapshot::{Judged, Judgement};
use crate::store::catalog::Catalog;
use crate::store::{Meta, folder};

/// Minimum run time between two messages about thresholds.
const QUIET: Duration = Duration::from_secs(60);

/// Creates the sink if `slack_webhook_url` is set.
pub fn build(settings: &Settings) -> Result<Option<Box<dyn Sink>>, String> {
    let Some(url) = settings.slack_webhook_url.clone() else {
        let error = "slack_events has no effect without slack_webhook_url";
        return if settings.is_flag("slack_events") { Err(error.to_owned()) } else { Ok(None) };
    };
    let runs = settings.runs_dir.clone().or_else(folder::default_root);
    Ok(Some(Box::new(Slack { url, wanted: settings.slack_events.clone(), runs })))
}

struct Slack {
    url: String,
    wanted: Vec<SlackEvent>,
    /// Folder of the recorded runs.
    runs: Option<PathBuf>,
}

impl Sink for Slack {
    fn name(&self) -> &'static str {
        "Slack"
    }

    fn place(&self) -> String {
        http::host(&self.url)
    }

    fn run(self: Box<Self>, feed: Feed, reporter: Reporter) -> Pin<Box<dyn Future<Output = ()>>> {
        Box::pin(async move {
            let meta = Arc::clone(feed.meta());
            let previous = self.runs.clone().map(|runs| read_previous(runs, &meta)).unwrap_or_default();
            let mut report = Report::new(meta, self.wanted.clone(), previous);
            push::run(feed, reporter, Statuses { classify, advice, ..Statuses::default() }, |event| {
                report.message(event).map(|message| outgoing(&self.url, &message)).into_iter().collect()
            })
            .await;
        })
    }
}

/// Reads the previous run on a thread that may block.
fn read_previous(runs: PathBuf, meta: &Arc<Meta>) -> Arc<OnceLock<Previous>> {
    let found = Arc::new(OnceLock::new());
    let (slot, meta) = (Arc::clone(&found), Arc::clone(meta));
    tokio::task::spawn_blocking(move || {
        let previous = Catalog::load(&runs).ok().and_then(|catalog| {
            let (id, totals) = catalog.previous(&meta)?;
            Some(Previous { id: id.to_owned(), totals })
        });
        previous.map(|previous| slot.set(previous))
    });
    found
}

/// Slack answers 400 where it does not accept the blocks: then the text is sent without them.
fn classify(status: StatusCode) -> Next {
    if status == StatusCode::BAD_REQUEST { Next::Split } else { outbox::classify(status) }
}

fn advice(status: StatusCode) -> Option<&'static str> {
    let is_gone = matches!(status.as_u16(), 403 | 404 | 410);
    is_gone.then_some("the webhook or its channel is gone, or may not be posted to; create a new one in Slack")
}

fn outgoing(url: &str, message: &Message) -> Outgoing {
    let request = |body: String, split: Option<Split>| {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        Outgoing { url: url.to_owned(), headers, body: body.into(), points: 0, split }
    };
    let plain = request(message.plain_body(), None);
    request(message.body(), Some(Rc::new(move || vec![plain.clone()])))
}

/// What was said of a run, and what is to be said.
struct Report {
    meta: Arc<Meta>,
    wanted: Vec<SlackEvent>,
    previous: Arc<OnceLock<Previous>>,
    /// Thresholds that changed since the last message.
    changed: Vec<Judgement>,
    /// Thresholds that failed according to the last message, by their text and place.
    failing: Vec<Judgement>,
    /// Run time of the last message about thresholds.
    said_at: Option<Duration>,
}

impl Report {
    fn new(meta: Arc<Meta>, wanted: Vec<SlackEvent>, previous: Arc<OnceLock<Previous>>) -> Self {
        Self { meta, wanted, previous, changed: Vec::new(), failing: Vec::new(), said_at: None }
    }

    fn wants(&self, event: SlackEvent) -> bool {
        self.wanted.contains(&event)
    }

    /// The message to send now.
    fn message(&mut self, event: &Event) -> Option<Message> {
        match event {
            Event::Started(_) => self.wants(SlackEvent::Start).then(|| content::started(&self.meta)),
            Event::Threshold(judgement, _) => {
                self.changed.retain(|known| !is_same(known, judgement));
                self.changed.push(judgement.clone());
                None
            }
            Event::Interval(interval) => self.thresholds(&interval.snapshot),
            Event::LoadChanged(_) => None,
            Event::Ended(last, verdict) => {
                let kind = if content::early(last).is_some() { SlackEvent::Abort } else { SlackEvent::End };
                let ended = || content::ended(&self.meta, last, verdict, self.previous.get());
                self.wants(kind).then(ended)
            }
        }
    }

    /// A message about thresholds, unless the last one was sent only just before. At the end of the run the last message
    /// has them.
    fn thresholds(&mut self, snapshot: &Snapshot) -> Option<Message> {
        let is_early = self.said_at.is_some_and(|said| snapshot.elapsed < said + QUIET);
        if is_early || snapshot.state.is_done() {
            return None;
        }
        let mut news = Vec::new();
        for judgement in std::mem::take(&mut self.changed) {
            let is_failing = judgement.judged != Judged::Passes;
            let was_failing = self.failing.iter().any(|known| is_same(known, &judgement));
            self.failing.retain(|known| !is_same(known, &judgement));
            if is_failing {
                self.failing.push(judgement.clone());
            }
            let event = if is_failing { SlackEvent::Failure } else { SlackEvent::Recovery };
            if is_failing != was_failing && self.wants(event) {
                news.push(judgement);
            }
        }
        if news.is_empty() {
            return None;
        }
        self.said_at = Some(snapshot.elapsed);
        Some(content::thresholds(&self.meta, snapshot, &news))
    }
}

/// Whether they are of the same threshold.
fn is_same(a: &Judgement, b: &Judgement) -> bool {
    a.words == b.words && a.place == b.place
}

#[cfg(test)]
mod tests;
