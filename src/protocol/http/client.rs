//! Sending one request and reading its reply, along redirects, within the step's time-out.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::HeaderValue;
use http::header::{LOCATION, SET_COOKIE};
use reqwest::Url;
use reqwest::cookie::{CookieStore as _, Jar};

use super::address::Route;
use super::draft::{self, Draft};
use super::general::General;
use super::kept::{EXAMPLE_BODY, Judge};
use super::lean::{self, Head, Keep, Links, Reply};
use super::{Exchange, MAX_REDIRECTS, Shared, TlsError, classify, encode, tls};
use crate::scenario::plan::HttpStep;
use crate::scenario::template::{RenderError, Scope};
use crate::stats::{Example, Reason};

/// Bytes of a request buffer that a user keeps between requests, at most.
const KEEP_BUFFER: usize = 16 * 1024;

/// Makes clients. Holds what they share.
#[derive(Debug, Clone)]
pub struct Factory(Arc<Shared>);

impl Factory {
    /// Loads the root certificates.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new() -> Result<Self, TlsError> {
        Ok(Self(Arc::new(Shared { tls: tls::configuration()?, resolver: Arc::default() })))
    }

    /// A client with no connection and no cookies yet.
    pub fn client(&self) -> UserClient {
        UserClient {
            shared: Arc::clone(&self.0),
            links: Links::default(),
            general: None,
            jar: None,
            draft: Draft::default(),
            out: Vec::new(),
        }
    }
}

/// One user's connections and cookies, and the request being made.
#[derive(Debug)]
pub struct UserClient {
    shared: Arc<Shared>,
    links: Links,
    /// Made when it is first needed: most users never need it.
    general: Option<Box<General>>,
    /// Made with the first cookie.
    jar: Option<Arc<Jar>>,
    draft: Draft,
    out: Vec<u8>,
}

impl UserClient {
    /// Fills the step's templates, for [`send`](Self::send) to send.
    ///
    /// # Errors
    /// When a template fails, or what it renders is no URL or no header value.
    pub fn prepare(&mut self, step: &HttpStep, scope: &mut Scope) -> Result<(), RenderError> {
        self.draft.fill(step, scope)
    }

    /// Sends what was prepared and reads the whole reply. `wants` tells whether an example of a failure is of use.
    pub async fn send(&mut self, step: &HttpStep, wants: impl Fn(&Reason) -> bool) -> Exchange {
        let started = Instant::now();
        let mut exchange =
            Exchange { service: Duration::ZERO, connect: None, first_byte: None, bytes: 0, failure: None };
        let judge = Judge { step, wants: &wants };
        let exchanging = self.exchange(step, (started, &mut exchange), &judge);
        let in_time = tokio::time::timeout(step.timeout, exchanging).await.is_ok();
        exchange.service = started.elapsed();
        if !in_time {
            // Leaving time-outs out would flatter the tail, so they count with their full length.
            exchange.service = exchange.service.max(step.timeout);
            exchange.failure = Some((Reason::Timeout(step.timeout), Example::default()));
        }
        exchange
    }

    async fn exchange(&mut self, step: &HttpStep, (started, exchange): (Instant, &mut Exchange), judge: &Judge<'_>) {
        for _ in 0..=MAX_REDIRECTS {
            let Route::Plain(target) = self.draft.route else {
                return self.exchange_generally(step, (started, exchange), judge).await;
            };
            let answer = match self.converse(step, target, exchange, judge).await {
                Ok(answer) => answer,
                Err(error) => {
                    exchange.failure = Some(classify::failure(classify::lean(&error), &error));
                    return;
                }
            };
            let lean::Answer { received, head_at } = answer;
            exchange.first_byte = Some(head_at - started);
            exchange.bytes = received.body.bytes;
            let status = received.head.status;
            // A header that nobody asked for was not kept.
            let headers = lean::headers(&received.raw_head);
            if received.head.sets_cookie {
                self.remember(&headers);
            }
            match headers.get(LOCATION).filter(|_| draft::redirects(status)) {
                Some(location) => {
                    let location = String::from_utf8_lossy(location.as_bytes());
                    if let Err(error) = self.draft.redirect(status, &location) {
                        exchange.failure = Some(classify::failure(Reason::Malformed(error.0.as_str().into()), &error));
                        return;
                    }
                }
                None => {
                    exchange.failure = judge.failure(status, || (headers, received.body.kept));
                    return;
                }
            }
        }
        exchange.failure = Some((Reason::TooManyRedirects, Example::default()));
    }

    async fn converse(
        &mut self,
        step: &HttpStep,
        target: usize,
        exchange: &mut Exchange,
        judge: &Judge<'_>,
    ) -> Result<lean::Answer, lean::WireError> {
        let cookies = self.cookies();
        self.out.clear();
        self.out.shrink_to(KEEP_BUFFER);
        encode::request(&mut self.out, &self.draft, target, &step.fixed_headers, cookies.as_ref());
        let keep = |head: &Head| {
            let fails = judge.keeps(head.status);
            let of_use = fails || head.sets_cookie || draft::redirects(head.status);
            Keep { head: of_use, body: if fails { EXAMPLE_BODY } else { 0 } }
        };
        let reply = Reply::new(self.draft.method == http::Method::HEAD, &keep);
        let authority = Route::authority(&self.draft.url, target);
        self.links.exchange((authority, &self.out), reply, &self.shared.resolver, &mut exchange.connect).await
    }

    async fn exchange_generally(
        &mut self,
        step: &HttpStep,
        (started, exchange): (Instant, &mut Exchange),
        judge: &Judge<'_>,
    ) {
        let jar = self.jar.get_or_insert_default();
        let general =
            match self.general.take().map_or_else(|| General::new(&self.shared, Arc::clone(jar)).map(Box::new), Ok) {
                Ok(general) => self.general.insert(general),
                Err(error) => {
                    exchange.failure = Some(classify::failure(classify::general(&error), &error));
                    return;
                }
            };
        general.exchange(step, &self.draft, (started, exchange), judge).await;
    }

    fn cookies(&self) -> Option<HeaderValue> {
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
