//! Sending one request and reading its reply, along redirects, within the step's time-out.

use std::cell::Cell;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use http::HeaderValue;
use http::header::{LOCATION, SET_COOKIE};

use super::attempt::Again;
use super::connection::{Carrier, Connection};
use super::cookies::Jar;
use super::dial::{Dialer, Origin};
use super::draft::{self, Draft};
use super::encode::Outgoing;
use super::error::WireError;
use super::h1::{self, Head, Keep};
use super::judge::{Costly, Judge, Response};
use super::lines::Lines;
use super::pool::ConnectionPool;
use super::reqwest_client::ReqwestClient;
use super::settings::{Settings, Shared};
use super::transfer::Transfer;
use super::watch::{self, Sent, Sight, Watch};
use crate::protocol::net::reason::failure;
use crate::protocol::net::tls::{self, TlsError};
use crate::protocol::result::Exchange;
use crate::scenario::eval::capture;
use crate::scenario::eval::capture::Capture;
use crate::scenario::eval::response::Headers as _;
use crate::scenario::eval::template::{RenderError, Scope};
use crate::scenario::plan::{ClientId, Connections, HttpStep, Plan};
use crate::scenario::secrets::Redactor;
use crate::stats::{Example, Reason, Remarks};

/// Redirects followed before a request fails: Locust's number.
const MAX_REDIRECTS: usize = 30;
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
        let clients = plan.clients.iter().cloned().zip(tls).map(|(options, tls)| Settings::new(options, tls)).collect();
        Ok(Self(Arc::new(Shared { clients, resolver: Arc::default(), secrets: Arc::clone(&plan.secrets) })))
    }

    /// A client with no connection and no cookies yet.
    pub fn client(&self) -> UserClient {
        UserClient {
            shared: Arc::clone(&self.0),
            pool: ConnectionPool::default(),
            upgrading: Vec::new(),
            jar: None,
            draft: Draft::default(),
            out: Vec::new(),
            remarks: Remarks::default(),
            is_shown: false,
            sends_text: false,
            watch: None,
        }
    }
}

/// One user's connections and cookies, and the request being made.
#[derive(Debug)]
pub struct UserClient {
    shared: Arc<Shared>,
    pool: ConnectionPool,
    /// Opens WebSockets. Made when they are first needed: most users never need any.
    upgrading: Vec<ReqwestClient>,
    /// Made with the first cookie.
    jar: Option<Arc<Jar>>,
    pub(super) draft: Draft,
    out: Vec<u8>,
    remarks: Remarks,
    /// The watcher has seen the request.
    is_shown: bool,
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

    /// Masks what servers write.
    pub fn secrets(&self) -> &Arc<Redactor> {
        &self.shared.secrets
    }

    /// Fills the step's templates, for [`send`](Self::send) to send.
    ///
    /// # Errors
    /// When a template fails, or what it renders is no URL or no header value.
    pub fn prepare(&mut self, step: &HttpStep, scope: &mut Scope) -> Result<(), RenderError> {
        self.remarks = Remarks::default();
        self.draft.fill(step, scope)
    }

    /// What was odd about what was sent and came since the last request was prepared.
    pub fn remarks(&self) -> &Remarks {
        &self.remarks
    }

    /// What was prepared, to be altered.
    pub fn draft(&mut self) -> &mut Draft {
        &mut self.draft
    }

    /// Sends what was prepared, reads the whole reply and judges it; captures go into `scope`. `wants` tells whether
    /// an example of a failure is of use.
    pub async fn send(&mut self, step: &HttpStep, scope: &mut Scope, wants: impl Fn(&Reason) -> bool) -> Exchange {
        let whole = step.keeps_body || self.watch.is_some();
        let judge = Judge { step, wants: &wants, whole, reach: scope.secrets.reach() };
        let mut transfer = Transfer::begin();
        self.transfer(&judge, &mut transfer).await;
        if let Err(Costly) = self.verdict(&judge, &mut transfer, scope) {
            let Transfer { exchange, reply, .. } = &mut transfer;
            if let Some(reply) = reply.take() {
                // Rare, and large: nothing of it is a part of what every user holds.
                exchange.failure = Box::pin(judge.evaluate_elsewhere(reply, exchange.service, scope)).await;
            }
        }
        if let (Some(watch), Some((reason, example))) = (&self.watch, &transfer.exchange.failure) {
            watch.see(&Sight::Failed(reason, example));
        }
        transfer.exchange
    }

    /// Judges what came, if anything did.
    fn verdict(&self, judge: &Judge<'_>, transfer: &mut Transfer, scope: &mut Scope) -> Result<(), Costly> {
        let Transfer { exchange, reply, .. } = transfer;
        match (reply, &self.watch) {
            (None, _) => capture::none_taken(&judge.step.captures, scope),
            (Some(reply), None) => exchange.failure = judge.verdict(reply, exchange.service, scope)?,
            (Some(reply), Some(watch)) => {
                exchange.failure = watch::verdict(&**watch, judge, reply, (exchange.service, scope));
            }
        }
        Ok(())
    }

    /// Sends what was prepared and reads the whole reply, not later than the step's time-out after the first time that
    /// the request was sent. The failure is set when no reply came.
    pub async fn transfer(&mut self, judge: &Judge<'_>, transfer: &mut Transfer) {
        let (started, limit, step) = (transfer.started, judge.step.timeout, judge.step);
        let is_apart = self.shared.client(step.client).options.connections == Connections::PerRequest;
        // Such a request neither uses nor ends the connections that the user keeps.
        let kept = is_apart.then(|| std::mem::take(&mut self.pool));
        let ended = {
            // Pinned where it is made: a time-out that held it would move it.
            let transferring = pin!(self.transfer_along(transfer, judge));
            tokio::time::timeout_at((started + limit).into(), transferring).await
        };
        let Transfer { exchange, reply, .. } = transfer;
        exchange.service = started.elapsed();
        if ended.is_err() {
            // Leaving time-outs out would flatter the tail, so they count with their full length.
            exchange.service = exchange.service.max(limit);
            exchange.failure = Some((Reason::Timeout(limit), Example::default()));
            *reply = None;
        }
        if let Some(kept) = kept {
            self.pool = kept;
        }
        match (reply, &self.watch) {
            (Some(reply), Some(watch)) => watch.see(&Sight::Replied(reply, exchange)),
            (Some(_), None) => {}
            (None, _) => self.show_unsent(judge),
        }
    }

    /// Along redirects. Leaves a failure where it leaves no response.
    async fn transfer_along(&mut self, transfer: &mut Transfer, judge: &Judge<'_>) {
        let follows = self.shared.client(judge.step.client).options.follow_redirects;
        let reads_cookies = judge.step.captures.iter().any(Capture::reads_cookies);
        let mut cookies = Vec::new();
        for _ in 0..=MAX_REDIRECTS {
            transfer.reply = None;
            let conversed = self.converse(transfer, judge).await;
            let Transfer { exchange, reply, .. } = &mut *transfer;
            if let Err(error) = conversed {
                exchange.failure = Some(failure(error.reason(self.secrets()), &error));
                return;
            }
            let Some(reply) = reply else { return };
            let redirects = follows && draft::redirects(reply.status);
            let location = redirects.then(|| reply.headers.all().get(LOCATION)).flatten();
            // An empty one points nowhere.
            let Some(location) = location.and_then(|location| draft::location(location.as_bytes())) else {
                reply.earlier = cookies;
                return;
            };
            let secrets = &self.shared.secrets;
            match self.draft.redirect((reply.status, &location), (&judge.step.fixed_headers, secrets)) {
                Ok(None) => {}
                Ok(Some(draft::Abroad { withheld, body })) => {
                    self.remarks.withheld_headers += u64::from(withheld);
                    self.remarks.forwarded_bodies += u64::from(body);
                }
                Err(error) => {
                    // What the server wrote there may be long and new each time: it is for the example alone.
                    let reason = Reason::Malformed("redirected to no URL".into());
                    exchange.failure = Some(failure(reason, &error));
                    transfer.reply = None;
                    return;
                }
            }
            if reads_cookies {
                cookies.extend(reply.headers.all().get_all(SET_COOKIE).iter().cloned());
            }
            if let Some(watch) = &self.watch {
                let (status, url) = (reply.status, self.draft.url.as_str());
                watch.see(&Sight::Redirected { status, url, withheld: self.draft.withheld().collect() });
            }
        }
        transfer.exchange.failure = Some((Reason::TooManyRedirects, Example::default()));
        transfer.reply = None;
    }

    /// Sends what was prepared, on a connection that is kept or on a new one; at most twice.
    async fn converse(&mut self, transfer: &mut Transfer, judge: &Judge<'_>) -> Result<(), WireError> {
        let Transfer { started, exchange, reply: place } = transfer;
        let cookies = self.cookies();
        // Noted at once: the rest of the response may never come.
        let first_byte = Cell::from_mut(&mut exchange.first_byte);
        let keep = |head: &Head| {
            first_byte.set(Some(started.elapsed()));
            let keep = judge.keeps(head.status);
            Keep { head: keep.head || head.sets_cookie || draft::redirects(head.status), ..keep }
        };
        let settings = self.shared.client(judge.step.client);
        let (secure, authority) = (self.draft.route.secure, self.draft.route.authority(&self.draft.url));
        let is_simple = !secure && settings.options.is_plain();
        let origin = Origin { secure, authority, settings: (!is_simple).then_some(judge.step.client) };
        let proxy = if is_simple { None } else { settings.proxy(secure, origin.place()) };
        let outgoing = Outgoing { draft: &self.draft, fixed: &judge.step.fixed_headers, cookies: cookies.as_ref() };
        let mut kept = self.pool.take(&origin, &self.draft.method);
        self.is_shown = false;
        let mut is_first = true;
        loop {
            let is_kept = kept.is_some();
            let mut connection = match kept.take() {
                Some(connection) => connection,
                None => {
                    let started = Instant::now();
                    let dialer = Dialer { settings, proxy, resolver: &self.shared.resolver };
                    // Rare, and large: not a part of what every user holds.
                    let connection = Box::pin(Connection::open(&origin, dialer)).await?;
                    exchange.connect = Some(exchange.connect.unwrap_or_default() + started.elapsed());
                    connection
                }
            };
            let mut reply = h1::ResponseReader::new(self.draft.method == http::Method::HEAD, &keep);
            let watch = self.watch.as_deref().filter(|_| !std::mem::replace(&mut self.is_shown, true));
            let forwards = proxy.filter(|_| !secure).map(|proxy| &proxy.forward);
            let exchanged = match &mut connection.carrier {
                Carrier::H1(stream) => {
                    self.out.clear();
                    self.out.shrink_to(KEEP_BUFFER);
                    outgoing.write(&mut self.out, forwards);
                    if let Some(watch) = watch {
                        watch.see(&Sight::Sent(Sent::on_the_wire(&self.draft, &self.out)));
                    }
                    h1::exchange(stream, &self.out, &mut reply).await.map(|exchanged| (exchanged, None))
                }
                Carrier::H2(session) => {
                    let fields = outgoing.fields().map_err(WireError::not_in_http_2)?;
                    if let Some(watch) = watch {
                        watch.see(&Sight::Sent(Sent::fields(&self.draft, &fields)));
                    }
                    let exchanging = session.exchange((fields, self.draft.body.clone()), &mut reply);
                    Box::pin(exchanging).await.map(|(exchanged, headers)| (exchanged, Some(Box::new(headers))))
                }
            };
            let (exchanged, headers) = match exchanged {
                Ok(exchanged) => exchanged,
                Err(broken) if is_first && broken.again.allows(&self.draft.method, is_kept) => {
                    is_first = false;
                    // Where not a byte has left, nothing was sent before.
                    self.remarks.sent_again += u64::from(broken.again != Again::Unsent);
                    continue;
                }
                Err(broken) => return Err(broken.error),
            };
            let received = reply.finish()?;
            self.remarks.unclosed += u64::from(exchanged.unclosed);
            self.remarks.ignored_lines += u64::from(received.head.ignored);
            if exchanged.clean && received.head.keep_alive {
                connection.kept_by(&received.head);
                self.pool.keep(connection);
            }
            exchange.bytes = received.body.bytes;
            // A header that nobody asked for was not kept.
            let headers = headers.map_or_else(|| Lines::of(received.raw_head), Lines::from);
            if received.head.sets_cookie {
                self.remember(headers.all());
            }
            let Head { status, codings, .. } = received.head;
            let is_packed = codings.unknown();
            self.remarks.unknown_codings += u64::from(is_packed);
            let (bytes, body) = (received.body.bytes, received.body.kept);
            *place = Some(Response { status, headers, body, bytes, earlier: Vec::new(), is_packed });
            return Ok(());
        }
    }

    /// Lets the watcher see a request for which there never was a connection.
    fn show_unsent(&mut self, judge: &Judge<'_>) {
        let Some(watch) = self.watch.as_ref().filter(|_| !self.is_shown) else { return };
        let cookies = self.cookies();
        let outgoing = Outgoing { draft: &self.draft, fixed: &judge.step.fixed_headers, cookies: cookies.as_ref() };
        let mut out = Vec::new();
        outgoing.write(&mut out, None);
        watch.see(&Sight::Sent(Sent::on_the_wire(&self.draft, &out)));
    }

    /// The client that opens WebSockets with these options, and what is to be sent.
    pub(super) fn upgrading(&mut self, id: ClientId) -> reqwest::Result<(&ReqwestClient, &Draft)> {
        let jar = Arc::clone(self.jar.get_or_insert_default());
        let general = made(&mut self.upgrading, id, |id| ReqwestClient::upgrading(&self.shared, id, jar))?;
        Ok((general, &self.draft))
    }

    pub(super) fn cookies(&self) -> Option<HeaderValue> {
        // Only who has cookies pays for finding out which of them apply.
        self.jar.as_ref()?.header(&self.draft.url)
    }

    fn remember(&mut self, headers: &http::HeaderMap) {
        let lines = headers.get_all(SET_COOKIE).iter().map(HeaderValue::as_bytes);
        self.jar.get_or_insert_default().set(lines, &self.draft.url);
    }
}

/// The client of these options; made when it is first needed.
fn made(
    all: &mut Vec<ReqwestClient>,
    id: ClientId,
    make: impl FnOnce(ClientId) -> reqwest::Result<ReqwestClient>,
) -> reqwest::Result<&ReqwestClient> {
    let at = match all.iter().position(|general| general.id == id) {
        Some(at) => at,
        None => {
            all.push(make(id)?);
            all.len() - 1
        }
    };
    Ok(&all[at])
}
