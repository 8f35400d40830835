//! Sending one request and reading its reply, along redirects, within the step's time-out.

use std::cell::Cell;
use std::pin::pin;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::HeaderValue;
use http::header::{LOCATION, SET_COOKIE};

use super::attempt::Again;
use super::connection::{Carrier, Connection};
use super::cookies::Jar;
use super::dial::{Dialer, Origin};
use super::draft::{self, Draft};
use super::encode::Outgoing;
use super::error::WireError;
use super::evaluator::{Costly, Evaluator};
use super::h1::{self, Head, Keep};
use super::lines::Lines;
use super::pool::ConnectionPool;
use super::reqwest_client::ReqwestClient;
use super::response::Response;
use super::settings::{Settings, Shared};
use super::trace::{fields, on_the_wire, received, unsent};
use super::transfer::Transfer;
use crate::protocol::context::{Expected, UserContext};
use crate::protocol::example::attach;
use crate::protocol::net::reason::example;
use crate::protocol::net::tls::{self, TlsError};
use crate::protocol::result::StepResult;
use crate::protocol::trace::{Trace, TraceEvent};
use crate::scenario::eval::capture;
use crate::scenario::eval::capture::Capture;
use crate::scenario::eval::response::Headers as _;
use crate::scenario::eval::template::{RenderError, Scope};
use crate::scenario::plan::{ClientId, Connections, EndpointId, HttpStep, Plan};
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
    /// A trace has shown the request.
    is_shown: bool,
    /// Set when a GraphQL server has said that it keeps no queries.
    pub sends_text: bool,
}

impl UserClient {
    /// Masks what servers write.
    pub fn secrets(&self) -> &Arc<Redactor> {
        &self.shared.secrets
    }

    /// Fills the step's templates, for [`transfer`](Self::transfer) to send.
    ///
    /// # Errors
    /// When a template fails, or what it renders is no URL or no header value.
    pub fn prepare(&mut self, step: &HttpStep, scope: &mut Scope) -> Result<(), RenderError> {
        self.remarks = Remarks::default();
        self.draft.fill(step, scope)
    }

    /// Fills the templates of `step`, sends it and evaluates the response; captures go into `scope`.
    #[expect(clippy::manual_async_fn, reason = "an async fn has room twice for its arguments, for every user")]
    pub fn execute<'a>(
        &'a mut self,
        step: &'a HttpStep,
        scope: &'a mut Scope,
        context: &'a dyn UserContext,
        result: &'a mut StepResult,
    ) -> impl Future<Output = ()> + 'a {
        async move {
            if let Err(error) = self.prepare(step, scope) {
                capture::none_taken(&step.captures, scope);
                result.outcome = error.into();
                return;
            }
            self.begin(step.endpoint, result, context);
            let whole = step.keeps_body || context.trace().is_some();
            let evaluator = Evaluator { step, context, whole, reach: scope.secrets.reach() };
            let mut transfer = Transfer::begin(result);
            self.transfer(&evaluator, &mut transfer).await;
            if let Err(Costly) = evaluator.conclude(&mut transfer, scope) {
                // Rare, and large: nothing of it is a part of what every user holds.
                Box::pin(evaluator.evaluate_elsewhere(&mut transfer, scope)).await;
            }
            attach(result, context, || self.example_request(&step.fixed_headers));
            context.answered();
            context.remark(step.endpoint, &self.remarks);
        }
    }

    /// What was prepared goes out.
    pub fn begin(&self, row: EndpointId, result: &StepResult, context: &dyn UserContext) {
        if let (Some(trace), Some(row)) = (context.trace(), context.endpoint(row)) {
            trace.trace(&TraceEvent::Request(&format!("{} {}", row.kind, row.name)));
        }
        context.sent(row, result.timings.late, Expected::Soon);
    }

    /// What was odd about what was sent and came since the last request was prepared.
    pub fn remarks(&self) -> &Remarks {
        &self.remarks
    }

    /// What was prepared, to be altered.
    pub fn draft(&mut self) -> &mut Draft {
        &mut self.draft
    }

    /// URL and body of what was sent last.
    pub fn sent(&self) -> (&str, &Bytes) {
        (&self.draft.url, &self.draft.body)
    }

    /// Sends what was prepared and reads the whole response, not later than the step's time-out after the first time that
    /// the request was sent. It fails when no response came.
    pub async fn transfer(&mut self, evaluator: &Evaluator<'_>, transfer: &mut Transfer<'_>) {
        let (started, limit, step) = (transfer.started, evaluator.step.timeout, evaluator.step);
        let is_apart = self.shared.client(step.client).options.connections == Connections::PerRequest;
        // Such a request neither uses nor ends the connections that the user keeps.
        let kept = is_apart.then(|| std::mem::take(&mut self.pool));
        let ended = {
            // Pinned where it is made: a time-out that held it would move it.
            let transferring = pin!(self.transfer_along(transfer, evaluator));
            tokio::time::timeout_at((started + limit).into(), transferring).await
        };
        let Transfer { result, response, .. } = transfer;
        result.timings.service = started.elapsed();
        if ended.is_err() {
            result.time_out(limit);
            *response = None;
        }
        if let Some(kept) = kept {
            self.pool = kept;
        }
        let Some(trace) = evaluator.context.trace() else { return };
        match response {
            Some(response) => trace.trace(&received(response, result)),
            None => self.show_unsent(evaluator, trace),
        }
    }

    /// Along redirects. Leaves a failure where it leaves no response.
    async fn transfer_along(&mut self, transfer: &mut Transfer<'_>, evaluator: &Evaluator<'_>) {
        let follows = self.shared.client(evaluator.step.client).options.follow_redirects;
        let reads_cookies = evaluator.step.captures.iter().any(Capture::reads_cookies);
        let mut cookies = Vec::new();
        for _ in 0..=MAX_REDIRECTS {
            transfer.response = None;
            let conversed = self.converse(transfer, evaluator).await;
            let Transfer { result, response, .. } = &mut *transfer;
            if let Err(error) = conversed {
                result.fail(error.reason(self.secrets()), example(&error));
                return;
            }
            let Some(response) = response else { return };
            let redirects = follows && draft::redirects(response.status);
            let location = redirects.then(|| response.headers.all().get(LOCATION)).flatten();
            // An empty one points nowhere.
            let Some(location) = location.and_then(|location| draft::location(location.as_bytes())) else {
                response.earlier = cookies;
                return;
            };
            let secrets = &self.shared.secrets;
            match self.draft.redirect((response.status, &location), (&evaluator.step.fixed_headers, secrets)) {
                Ok(None) => {}
                Ok(Some(draft::Abroad { withheld, body })) => {
                    self.remarks.withheld_headers += u64::from(withheld);
                    self.remarks.forwarded_bodies += u64::from(body);
                }
                Err(error) => {
                    // What the server wrote there may be long and new each time: it is for the example alone.
                    let reason = Reason::Malformed("redirected to no URL".into());
                    result.fail(reason, example(&error));
                    transfer.response = None;
                    return;
                }
            }
            if reads_cookies {
                cookies.extend(response.headers.all().get_all(SET_COOKIE).iter().cloned());
            }
            if let Some(trace) = evaluator.context.trace() {
                let (status, url) = (response.status, self.draft.url.as_str());
                trace.trace(&TraceEvent::Redirected { status, url, withheld: self.draft.withheld().collect() });
            }
        }
        transfer.result.fail(Reason::TooManyRedirects, Example::default());
        transfer.response = None;
    }

    /// Sends what was prepared, on a connection that is kept or on a new one; at most twice.
    async fn converse(&mut self, transfer: &mut Transfer<'_>, evaluator: &Evaluator<'_>) -> Result<(), WireError> {
        let Transfer { started, result, response: place } = transfer;
        let StepResult { timings, bytes, .. } = &mut **result;
        let cookies = self.cookies();
        // Noted at once: the rest of the response may never come.
        let first_byte = Cell::from_mut(&mut timings.first_byte);
        let keep = |head: &Head| {
            first_byte.set(Some(started.elapsed()));
            let keep = evaluator.keeps(head.status);
            Keep { head: keep.head || head.sets_cookie || draft::redirects(head.status), ..keep }
        };
        let settings = self.shared.client(evaluator.step.client);
        let (secure, authority) = (self.draft.route.secure, self.draft.route.authority(&self.draft.url));
        let is_simple = !secure && settings.options.is_plain();
        let origin = Origin { secure, authority, settings: (!is_simple).then_some(evaluator.step.client) };
        let proxy = if is_simple { None } else { settings.proxy(secure, origin.place()) };
        let outgoing = Outgoing { draft: &self.draft, fixed: &evaluator.step.fixed_headers, cookies: cookies.as_ref() };
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
                    let (connection, tls) = Box::pin(Connection::open(&origin, dialer)).await?;
                    timings.connect = Some(timings.connect.unwrap_or_default() + started.elapsed());
                    timings.tls = tls.map(|tls| timings.tls.unwrap_or_default() + tls).or(timings.tls);
                    connection
                }
            };
            let mut reply = h1::ResponseReader::new(self.draft.method == http::Method::HEAD, &keep);
            let trace = evaluator.context.trace().filter(|_| !std::mem::replace(&mut self.is_shown, true));
            let forwards = proxy.filter(|_| !secure).map(|proxy| &proxy.forward);
            let exchanged = match &mut connection.carrier {
                Carrier::H1(stream) => {
                    self.out.clear();
                    self.out.shrink_to(KEEP_BUFFER);
                    outgoing.write(&mut self.out, forwards);
                    if let Some(trace) = trace {
                        trace.trace(&TraceEvent::Sent(on_the_wire(&self.draft, &self.out)));
                    }
                    h1::exchange(stream, &self.out, &mut reply).await.map(|exchanged| (exchanged, None))
                }
                Carrier::H2(session) => {
                    let request = outgoing.fields().map_err(WireError::not_in_http_2)?;
                    if let Some(trace) = trace {
                        trace.trace(&TraceEvent::Sent(fields(&self.draft, &request)));
                    }
                    let exchanging = session.exchange((request, self.draft.body.clone()), &mut reply);
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
            *bytes = received.body.bytes;
            // A header that nobody asked for was not kept.
            let headers = headers.map_or_else(|| Lines::of(received.raw_head), Lines::from);
            if received.head.sets_cookie {
                self.remember(headers.all());
            }
            let Head { status, codings, .. } = received.head;
            let is_packed = codings.unknown();
            self.remarks.unknown_codings += u64::from(is_packed);
            let (bytes, body) = (*bytes, received.body.kept);
            *place = Some(Response { status, headers, body, bytes, earlier: Vec::new(), is_packed });
            return Ok(());
        }
    }

    /// Shows a request for which there never was a connection.
    fn show_unsent(&mut self, evaluator: &Evaluator<'_>, trace: &dyn Trace) {
        if self.is_shown {
            return;
        }
        let (cookies, fixed) = (self.cookies(), &evaluator.step.fixed_headers);
        let outgoing = Outgoing { draft: &self.draft, fixed, cookies: cookies.as_ref() };
        trace.trace(&TraceEvent::Sent(unsent(&self.draft, &outgoing.lines())));
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
