//! Sending one request and reading its reply, along redirects, within the step's time-out.

use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::HeaderValue;
use http::header::{LOCATION, SET_COOKIE};
use reqwest::Url;
use reqwest::cookie::{CookieStore as _, Jar};

use super::address::Route;
use super::draft::{self, Draft};
use super::general::General;
use super::judge::{Judge, Reply};
use super::lean::{self, Head, Keep, Links};
use super::watch::{self, Sent, Sight, Watch};
use super::{Exchange, MAX_REDIRECTS, Shared, TlsError, classify, encode, tls};
use crate::scenario::plan::{ClientId, Connections, HttpStep, Plan};
use crate::scenario::template::{RenderError, Scope};
use crate::stats::{Example, Reason};

/// Bytes of a request buffer that a user keeps between requests, at most.
const KEEP_BUFFER: usize = 16 * 1024;

/// Makes clients. Holds what they share.
#[derive(Debug, Clone)]
pub struct Factory(Arc<Shared>);

impl Factory {
    /// Loads the root certificates, and what `plan` says of its connections.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(plan: &Plan) -> Result<Self, TlsError> {
        let tls = tls::configurations(&plan.clients)?;
        let clients = plan.clients.iter().cloned().zip(tls).collect();
        Ok(Self(Arc::new(Shared { clients, resolver: Arc::default() })))
    }

    /// A client with no connection and no cookies yet.
    pub fn client(&self) -> UserClient {
        UserClient {
            shared: Arc::clone(&self.0),
            links: Links::default(),
            general: Vec::new(),
            upgrading: Vec::new(),
            jar: None,
            draft: Draft::default(),
            out: Vec::new(),
            sends_text: false,
            watch: None,
        }
    }
}

/// One user's connections and cookies, and the request being made.
#[derive(Debug)]
pub struct UserClient {
    shared: Arc<Shared>,
    links: Links,
    /// Made when they are first needed: most users never need any.
    general: Vec<General>,
    /// The same for WebSockets.
    upgrading: Vec<General>,
    /// Made with the first cookie.
    jar: Option<Arc<Jar>>,
    pub(super) draft: Draft,
    out: Vec<u8>,
    /// Set when a GraphQL server has said that it keeps no queries.
    pub sends_text: bool,
    /// Only a trial has one.
    pub(super) watch: Option<Rc<dyn Watch>>,
}

impl UserClient {
    /// Lets `watch` see every request from now on.
    pub fn watched_by(&mut self, watch: Rc<dyn Watch>) {
        self.watch = Some(watch);
    }

    /// Fills the step's templates, for [`send`](Self::send) to send.
    ///
    /// # Errors
    /// When a template fails, or what it renders is no URL or no header value.
    pub fn prepare(&mut self, step: &HttpStep, scope: &mut Scope) -> Result<(), RenderError> {
        self.draft.fill(step, scope)
    }

    /// What was prepared, to be altered.
    pub fn draft(&mut self) -> &mut Draft {
        &mut self.draft
    }

    /// Sends what was prepared, reads the whole reply and judges it; captures go into `scope`. `wants` tells whether
    /// an example of a failure is of use.
    pub async fn send(&mut self, step: &HttpStep, scope: &mut Scope, wants: impl Fn(&Reason) -> bool) -> Exchange {
        let judge = Judge { step, wants: &wants, whole: step.keeps_body || self.watch.is_some() };
        let (mut exchange, reply) = self.transfer(&judge, Instant::now()).await;
        if let Some(reply) = reply {
            exchange.failure = match &self.watch {
                None => judge.verdict(&reply, exchange.service, scope),
                Some(watch) => watch::verdict(&**watch, &judge, &reply, (exchange.service, scope)),
            };
        }
        if let (Some(watch), Some((reason, example))) = (&self.watch, &exchange.failure) {
            watch.see(&Sight::Failed(reason, example));
        }
        exchange
    }

    /// Sends what was prepared and reads the whole reply, not later than the step's time-out after `started`. The
    /// failure is set when no reply came.
    pub async fn transfer(&mut self, judge: &Judge<'_>, started: Instant) -> (Exchange, Option<Reply>) {
        let mut exchange =
            Exchange { service: Duration::ZERO, connect: None, first_byte: None, bytes: 0, failure: None };
        let (limit, step) = (judge.step.timeout, judge.step);
        let is_apart = self.shared.client(step.client).0.connections == Connections::PerRequest;
        // Such a request neither uses nor ends the connections that the user keeps.
        let kept = is_apart.then(|| std::mem::take(&mut self.links));
        let transferring = self.transfer_along((started, &mut exchange), judge);
        let reply = tokio::time::timeout_at((started + limit).into(), transferring).await;
        exchange.service = started.elapsed();
        if reply.is_err() {
            // Leaving time-outs out would flatter the tail, so they count with their full length.
            exchange.service = exchange.service.max(limit);
            exchange.failure = Some((Reason::Timeout(limit), Example::default()));
        }
        if let Some(kept) = kept {
            self.links = kept;
        }
        let reply = reply.ok().flatten();
        if let (Some(watch), Some(reply)) = (&self.watch, &reply) {
            watch.see(&Sight::Replied(reply, &exchange));
        }
        (exchange, reply)
    }

    /// Along redirects, each hop by the client that its address needs.
    async fn transfer_along(
        &mut self,
        (started, exchange): (Instant, &mut Exchange),
        judge: &Judge<'_>,
    ) -> Option<Reply> {
        let options = &self.shared.client(judge.step.client).0;
        let (is_plain, follows) = (options.is_plain(), options.follow_redirects);
        for _ in 0..=MAX_REDIRECTS {
            let reply = match self.draft.route {
                Route::Plain(target) if is_plain => self.transfer_lean(target, (started, exchange), judge).await?,
                Route::Plain(_) | Route::General => self.transfer_generally((started, exchange), judge).await?,
            };
            let location = reply.headers.get(LOCATION).filter(|_| follows && draft::redirects(reply.status));
            let Some(location) = location else { return Some(reply) };
            let location = String::from_utf8_lossy(location.as_bytes());
            if let Err(error) = self.draft.redirect(reply.status, &location) {
                // What the server wrote there may be long and new each time: it is for the example alone.
                exchange.failure = Some(classify::failure(Reason::Malformed("redirected to no URL".into()), &error));
                return None;
            }
            if let Some(watch) = &self.watch {
                watch.see(&Sight::Redirected { status: reply.status, url: &self.draft.url });
            }
        }
        exchange.failure = Some((Reason::TooManyRedirects, Example::default()));
        None
    }

    async fn transfer_lean(
        &mut self,
        target: usize,
        (started, exchange): (Instant, &mut Exchange),
        judge: &Judge<'_>,
    ) -> Option<Reply> {
        let lean::Answer { received, head_at } = match self.converse(target, exchange, judge).await {
            Ok(answer) => answer,
            Err(error) => {
                exchange.failure = Some(classify::failure(classify::lean(&error), &error));
                return None;
            }
        };
        exchange.first_byte = Some(head_at - started);
        exchange.bytes = received.body.bytes;
        // A header that nobody asked for was not kept.
        let headers = lean::headers(&received.raw_head);
        if received.head.sets_cookie {
            self.remember(&headers);
        }
        let status = received.head.status;
        Some(Reply { status, headers, body: received.body.kept, bytes: received.body.bytes })
    }

    async fn converse(
        &mut self,
        target: usize,
        exchange: &mut Exchange,
        judge: &Judge<'_>,
    ) -> Result<lean::Answer, lean::WireError> {
        let cookies = self.cookies();
        self.out.clear();
        self.out.shrink_to(KEEP_BUFFER);
        encode::request(&mut self.out, &self.draft, target, &judge.step.fixed_headers, cookies.as_ref());
        if let Some(watch) = &self.watch {
            watch.see(&Sight::Sent(Sent::on_the_wire(&self.draft, &self.out)));
        }
        let keep = |head: &Head| {
            let keep = judge.keeps(head.status);
            Keep { head: keep.head || head.sets_cookie || draft::redirects(head.status), ..keep }
        };
        let reply = lean::Reply::new(self.draft.method == http::Method::HEAD, &keep);
        let authority = Route::authority(&self.draft.url, target);
        self.links.exchange((authority, &self.out), reply, &self.shared.resolver, &mut exchange.connect).await
    }

    async fn transfer_generally(
        &mut self,
        (started, exchange): (Instant, &mut Exchange),
        judge: &Judge<'_>,
    ) -> Option<Reply> {
        if let Some(watch) = &self.watch {
            let cookies = self.cookies();
            watch.see(&Sight::Sent(Sent::general(&self.draft, &judge.step.fixed_headers, cookies.as_ref())));
        }
        let jar = Arc::clone(self.jar.get_or_insert_default());
        match made(&mut self.general, judge.step.client, |id| General::new(&self.shared, id, jar)) {
            Ok(general) => general.exchange(&self.draft, (started, exchange), judge).await,
            Err(error) => {
                exchange.failure = Some(classify::failure(classify::general(&error), &error));
                None
            }
        }
    }

    /// The client that opens WebSockets with these options, and what is to be sent.
    pub(super) fn upgrading(&mut self, id: ClientId) -> reqwest::Result<(&General, &Draft)> {
        let jar = Arc::clone(self.jar.get_or_insert_default());
        let general = made(&mut self.upgrading, id, |id| General::upgrading(&self.shared, id, jar))?;
        Ok((general, &self.draft))
    }

    pub(super) fn cookies(&self) -> Option<HeaderValue> {
        // Only who has cookies pays for finding out which of them apply.
        let jar = self.jar.as_ref()?;
        jar.cookies(&Url::parse(&self.draft.url).ok()?)
    }

    fn remember(&mut self, headers: &http::HeaderMap) {
        if let Ok(url) = Url::parse(&self.draft.url) {
            self.jar.get_or_insert_default().set_cookies(&mut headers.get_all(SET_COOKIE).iter(), &url);
        }
    }
}

/// The client of these options; made when it is first needed.
fn made(
    all: &mut Vec<General>,
    id: ClientId,
    make: impl FnOnce(ClientId) -> reqwest::Result<General>,
) -> reqwest::Result<&General> {
    let at = match all.iter().position(|general| general.id == id) {
        Some(at) => at,
        None => {
            all.push(make(id)?);
            all.len() - 1
        }
    };
    Ok(&all[at])
}
