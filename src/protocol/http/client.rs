//! Sends a request, follows redirects and reads the response, within the step's time-out.

use std::cell::Cell;
use std::pin::pin;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::HeaderValue;
use http::header::{LOCATION, SET_COOKIE};

use super::attempt::Retry;
use super::connection::{Carrier, HttpConnection};
use super::cookies::Jar;
use super::dial::{HttpDialer, Origin};
use super::draft::{self, RequestDraft};
use super::encode::Outgoing;
use super::error::WireError;
use super::evaluator::{Evaluator, TooExpensive};
use super::h1::{self, Head, KeptParts};
use super::lazy_headers::LazyHeaders;
use super::pool::ConnectionPool;
use super::reqwest_client::ReqwestClient;
use super::response::Response;
use super::settings::{ConnectionSettings, HttpShared};
use super::trace::{fields, on_the_wire, received, unsent};
use super::traceparent;
use super::transfer::Transfer;
use crate::protocol::context::{Awaiting, UserContext};
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

/// Redirects followed before a request fails; the same as Locust's.
const MAX_REDIRECTS: usize = 30;
/// Maximum bytes of a request buffer that a user keeps between requests.
const MAX_IDLE_BUFFER: usize = 16 * 1024;

/// Creates clients, and holds what they share.
#[derive(Debug, Clone)]
pub struct HttpClientFactory(Arc<HttpShared>);

impl HttpClientFactory {
    /// Loads the root certificates and the connection settings of `plan`.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(plan: &Plan) -> Result<Self, TlsError> {
        let tls = tls::configurations(&plan.clients)?;
        let clients =
            plan.clients.iter().cloned().zip(tls).map(|(options, tls)| ConnectionSettings::new(options, tls)).collect();
        let (secrets, traces) = (Arc::clone(&plan.secrets), plan.traces.is_some().then(traceparent::first_half));
        Ok(Self(Arc::new(HttpShared { clients, resolver: Arc::default(), secrets, traces })))
    }

    /// A client without connections and cookies.
    pub fn client(&self) -> HttpClient {
        HttpClient {
            shared: Arc::clone(&self.0),
            pool: ConnectionPool::default(),
            websocket_client: Vec::new(),
            jar: None,
            draft: RequestDraft::new(self.0.traces),
            out: Vec::new(),
            remarks: Remarks::default(),
            is_shown: false,
            sends_text: false,
        }
    }
}

/// The connections and cookies of one user, and the request in progress.
#[derive(Debug)]
pub struct HttpClient {
    shared: Arc<HttpShared>,
    pool: ConnectionPool,
    /// Clients that open WebSockets. Created on first use: most users never need one.
    websocket_client: Vec<ReqwestClient>,
    /// Created with the first cookie.
    jar: Option<Arc<Jar>>,
    pub(super) draft: RequestDraft,
    out: Vec<u8>,
    remarks: Remarks,
    /// The request was already traced.
    is_shown: bool,
    /// Set once a GraphQL server reports that it does not support persisted queries.
    pub sends_text: bool,
}

impl HttpClient {
    /// For masking what servers send.
    pub fn secrets(&self) -> &Arc<Redactor> {
        &self.shared.secrets
    }

    /// Renders the templates of the step; [`transfer`](Self::transfer) sends the request.
    ///
    /// # Errors
    /// When a template fails, or renders an invalid URL or header value.
    pub fn prepare(&mut self, step: &HttpStep, scope: &mut Scope) -> Result<(), RenderError> {
        self.remarks = Remarks::default();
        self.draft.fill(step, scope)
    }

    /// Renders the templates of `step`, sends the request and evaluates the response; captures go into `scope`.
    #[expect(clippy::manual_async_fn, reason = "the future of an async fn stores its arguments twice, for every user")]
    pub fn execute<'a>(
        &'a mut self,
        step: &'a HttpStep,
        scope: &'a mut Scope,
        context: &'a dyn UserContext,
        result: &'a mut StepResult,
    ) -> impl Future<Output = ()> + 'a {
        async move {
            if let Err(error) = self.prepare(step, scope) {
                capture::reset(&step.captures, scope);
                result.outcome = error.into();
                return;
            }
            self.begin(step.endpoint, result, context);
            let whole = step.keeps_body || context.trace().is_some();
            let evaluator = Evaluator { step, context, whole, reach: scope.secrets.reach() };
            let mut transfer = Transfer::begin(result);
            self.transfer(&evaluator, &mut transfer).await;
            if let Err(TooExpensive) = evaluator.conclude(&mut transfer, scope) {
                // Boxed: rare and large, and would otherwise grow the future of every user.
                Box::pin(evaluator.evaluate_offloaded(&mut transfer, scope)).await;
            }
            attach(result, context, || self.example_request(&step.fixed_headers));
            context.request_finished();
            context.record_remarks(step.endpoint, &self.remarks);
        }
    }

    /// Marks the prepared request as sent.
    pub fn begin(&self, row: EndpointId, result: &StepResult, context: &dyn UserContext) {
        if let (Some(trace), Some(row)) = (context.trace(), context.endpoint(row)) {
            trace.trace(&TraceEvent::Request(&format!("{} {}", row.kind, row.name)));
        }
        context.request_sent(row, result.timings.late, Awaiting::Response);
    }

    /// What was unusual about the exchange since the last request was prepared.
    pub fn remarks(&mut self) -> &mut Remarks {
        &mut self.remarks
    }

    /// The prepared request.
    pub fn draft(&mut self) -> &mut RequestDraft {
        &mut self.draft
    }

    /// URL and body of the last request.
    pub fn sent(&self) -> (&str, &Bytes) {
        (&self.draft.url, &self.draft.body)
    }

    /// Sends the prepared request and reads the whole response, within the step's time-out, counted from the first
    /// attempt. Sets a failure if there is no response.
    pub async fn transfer(&mut self, evaluator: &Evaluator<'_>, transfer: &mut Transfer<'_>) {
        let (started, limit, step) = (transfer.started, evaluator.step.timeout, evaluator.step);
        transfer.result.trace = self.draft.start_trace(&step.fixed_headers);
        let is_per_request = self.shared.client(step.client).options.connections == Connections::PerRequest;
        // Such a request neither uses nor closes the pooled connections of the user.
        let kept = is_per_request.then(|| std::mem::take(&mut self.pool));
        let ended = {
            // Pinned here: passing the future to the time-out by value would move it.
            let transferring = pin!(self.follow_redirects(transfer, evaluator));
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

    /// Sends the request and follows redirects. Stores the failure in the result if there is no response.
    async fn follow_redirects(&mut self, transfer: &mut Transfer<'_>, evaluator: &Evaluator<'_>) {
        let follows = self.shared.client(evaluator.step.client).options.follow_redirects;
        let reads_cookies = evaluator.step.captures.iter().any(Capture::reads_cookies);
        let mut cookies = Vec::new();
        for _ in 0..=MAX_REDIRECTS {
            transfer.response = None;
            let conversed = self.send_with_retry(transfer, evaluator).await;
            let Transfer { result, response, .. } = &mut *transfer;
            if let Err(error) = conversed {
                result.fail(error.reason(self.secrets()), example(&error));
                return;
            }
            let Some(response) = response else { return };
            let redirects = follows && draft::redirects(response.status);
            let location = redirects.then(|| response.headers.all().get(LOCATION)).flatten();
            // An empty Location is ignored.
            let Some(location) = location.and_then(|location| draft::location(location.as_bytes())) else {
                response.redirect_cookies = cookies;
                return;
            };
            let secrets = &self.shared.secrets;
            match self.draft.redirect(response.status, &location, &evaluator.step.fixed_headers, secrets) {
                Ok(None) => {}
                Ok(Some(draft::CrossOriginRedirect { withheld, body })) => {
                    self.remarks.withheld_headers += u64::from(withheld);
                    self.remarks.forwarded_bodies += u64::from(body);
                }
                Err(error) => {
                    // The value may be long and different each time, so it is in the example only.
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

    /// Sends the request over a pooled or a new connection, and retries once where that is safe.
    async fn send_with_retry(
        &mut self,
        transfer: &mut Transfer<'_>,
        evaluator: &Evaluator<'_>,
    ) -> Result<(), WireError> {
        let Transfer { started, result, response: slot } = transfer;
        let StepResult { timings, bytes, details, .. } = &mut **result;
        let cookies = self.cookies();
        // Stored right away: the rest of the response may never arrive.
        let first_byte = Cell::from_mut(&mut timings.first_byte);
        let has_example = Cell::new(false);
        let keep = |head: &Head| {
            first_byte.set(Some(started.elapsed()));
            let keep = evaluator.kept_parts(head.status);
            has_example.set(keep.head);
            KeptParts { head: keep.head || head.sets_cookie || draft::redirects(head.status), ..keep }
        };
        let settings = self.shared.client(evaluator.step.client);
        let (secure, authority) = (self.draft.route.secure, self.draft.route.authority(&self.draft.url));
        let is_simple = !secure && settings.options.is_plain();
        let origin = Origin { secure, authority, settings: (!is_simple).then_some(evaluator.step.client) };
        let (host, port) = origin.host_port();
        let proxy = if is_simple { None } else { settings.proxy(secure, host, port) };
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
                    let dialer = HttpDialer { settings, proxy, resolver: &self.shared.resolver };
                    // Boxed: rare and large, and would otherwise grow the future of every user.
                    let (connection, tls) = Box::pin(HttpConnection::open(&origin, dialer)).await?;
                    timings.connect = Some(timings.connect.unwrap_or_default() + started.elapsed());
                    if let Some(details) = details {
                        details.add_tls(tls);
                    }
                    connection
                }
            };
            let mut reader = h1::ResponseReader::new(self.draft.method == http::Method::HEAD, &keep);
            let trace = evaluator.context.trace().filter(|_| !std::mem::replace(&mut self.is_shown, true));
            let forwards = proxy.filter(|_| !secure).map(|proxy| &proxy.forward);
            let exchanged = match &mut connection.carrier {
                Carrier::H1(stream) => {
                    self.out.clear();
                    self.out.shrink_to(MAX_IDLE_BUFFER);
                    outgoing.write(&mut self.out, forwards);
                    if let Some(trace) = trace {
                        trace.trace(&TraceEvent::SentRequest(on_the_wire(&self.draft, &self.out)));
                    }
                    h1::exchange(stream, &self.out, &mut reader).await.map(|exchanged| (exchanged, None))
                }
                Carrier::H2(session) => {
                    let request = outgoing.fields().map_err(WireError::not_in_http_2)?;
                    if let Some(trace) = trace {
                        trace.trace(&TraceEvent::SentRequest(fields(&self.draft, &request)));
                    }
                    let exchanging = session.exchange(request, self.draft.body.clone(), &mut reader);
                    Box::pin(exchanging).await.map(|(exchanged, headers)| (exchanged, Some(Box::new(headers))))
                }
            };
            let (exchanged, headers) = match exchanged {
                Ok(exchanged) => exchanged,
                Err(broken) if is_first && broken.retry.allows(&self.draft.method, is_kept) => {
                    is_first = false;
                    // If no byte was sent, this is not a second request.
                    self.remarks.sent_again += u64::from(broken.retry != Retry::Unsent);
                    continue;
                }
                Err(broken) => return Err(broken.error),
            };
            let received = reader.finish()?;
            self.remarks.unclosed += u64::from(exchanged.unclosed);
            self.remarks.ignored_lines += u64::from(received.head.ignored);
            if exchanged.clean && received.head.keep_alive {
                connection.apply_keep_alive(&received.head);
                self.pool.put(connection);
            }
            *bytes = received.body.bytes;
            // Headers are kept only if something needs them.
            let headers = headers.map_or_else(|| LazyHeaders::of(received.raw_head), LazyHeaders::from);
            if received.head.sets_cookie {
                self.store_cookies(headers.all());
            }
            let Head { status, codings, .. } = received.head;
            let has_unknown_coding = codings.unknown();
            self.remarks.unknown_codings += u64::from(has_unknown_coding);
            let (bytes, body) = (*bytes, received.body.kept);
            let (redirect_cookies, is_kept) = (Vec::new(), has_example.get());
            *slot = Some(Response { status, headers, body, bytes, redirect_cookies, has_unknown_coding, is_kept });
            return Ok(());
        }
    }

    /// Traces a request that was never sent because no connection was opened.
    fn show_unsent(&mut self, evaluator: &Evaluator<'_>, trace: &dyn Trace) {
        if self.is_shown {
            return;
        }
        let (cookies, fixed) = (self.cookies(), &evaluator.step.fixed_headers);
        let outgoing = Outgoing { draft: &self.draft, fixed, cookies: cookies.as_ref() };
        trace.trace(&TraceEvent::SentRequest(unsent(&self.draft, &outgoing.lines())));
    }

    /// The client that opens WebSockets with these options, and the prepared request.
    pub(super) fn websocket_client(&mut self, id: ClientId) -> reqwest::Result<(&ReqwestClient, &RequestDraft)> {
        let jar = Arc::clone(self.jar.get_or_insert_default());
        let general =
            get_or_create(&mut self.websocket_client, id, |id| ReqwestClient::websocket_client(&self.shared, id, jar))?;
        Ok((general, &self.draft))
    }

    pub(super) fn cookies(&self) -> Option<HeaderValue> {
        // Without cookies there is nothing to look up.
        self.jar.as_ref()?.header(&self.draft.url)
    }

    fn store_cookies(&mut self, headers: &http::HeaderMap) {
        let lines = headers.get_all(SET_COOKIE).iter().map(HeaderValue::as_bytes);
        self.jar.get_or_insert_default().set(lines, &self.draft.url);
    }
}

/// The client for these options; created on first use.
fn get_or_create(
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
