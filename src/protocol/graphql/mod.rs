//! GraphQL over HTTP: the HTTP client carries the request, the body of the reply decides. Subscriptions have a module of
//! their own.

mod business;
mod cost;
mod envelope;
mod introspect;
mod outcome;
pub mod subscription;

use std::time::Instant;

use bytes::Bytes;

use self::envelope::{Alien, BOM};
pub use self::introspect::introspect;
use self::outcome::{Answer, Outcome, Persistence};
use super::http::{Exchange, Judge, Reply, UserClient};
use super::judged;
use crate::scenario::capture;
use crate::scenario::plan::{GraphqlStep, MAX_KEPT, Persisted};
use crate::scenario::reply::ReplyView;
use crate::scenario::secrets::Redactor;
use crate::scenario::template::Scope;
use crate::stats::operation::Cost;
use crate::stats::{Example, Reason};

/// The class of a reply in which nobody can look for business errors.
const UNREADABLE: &str = "not a GraphQL reply";

/// Sends what was prepared from `step.http`, reads the whole reply and judges it; captures go into `scope`. `wants`
/// tells whether an example of a failure is of use. Also says what the reply cost, where the server tells.
///
/// A persisted query that the server does not know is sent once more with its text; both hops are one request.
pub async fn send(
    client: &mut UserClient,
    step: &GraphqlStep,
    scope: &mut Scope,
    wants: impl Fn(&Reason) -> bool,
) -> (Exchange, Option<Cost>) {
    let judge = Judge { step: &step.http, wants: &wants, whole: true, reach: scope.secrets.reach() };
    let started = Instant::now();
    let text = client.draft().body.clone();
    let url = client.draft().url.clone();
    let hashed = (step.persisted == Persisted::Automatic && !client.sends_text).then(|| step.by_hash(&text)).flatten();
    let first = hashed.as_ref().map_or(&text, |hashed| &hashed.hash_only);
    load(client, step, &url, first);
    let (mut exchange, mut reply) = client.transfer(&judge, started).await;
    let mut answer = read(reply.as_ref(), &scope.secrets);
    let asks = answer.as_ref().and_then(|answer| outcome::persistence(&answer.as_ref().ok()?.outcome));
    let again = match (asks, hashed) {
        (None, _) | (_, None) => None,
        (Some(Persistence::NotFound), Some(hashed)) => Some(hashed.with_text),
        (Some(Persistence::NotSupported), Some(_)) => {
            client.sends_text = true;
            Some(text)
        }
    };
    if let Some(again) = again {
        load(client, step, &url, &again);
        let connect = exchange.connect;
        (exchange, reply) = client.transfer(&judge, started).await;
        exchange.connect = connect.or(exchange.connect);
        answer = read(reply.as_ref(), &scope.secrets);
    }
    // Rare, and large: nothing of it is a part of what every user holds.
    if let Some(reply) = conclude((step, &judge), (&mut exchange, reply), answer.as_ref(), scope) {
        exchange.failure = Box::pin(judge.evaluate_elsewhere(reply, exchange.service, scope)).await;
    }
    (exchange, answer.and_then(|answer| answer.ok()?.cost))
}

/// What a reply says, where it has come whole.
fn read(reply: Option<&Reply>, secrets: &Redactor) -> Option<Result<Answer, Alien>> {
    reply.filter(|reply| reply.bytes <= MAX_KEPT as u64).map(|reply| outcome::read(&reply.body, secrets))
}

/// Puts a body where it travels.
fn load(client: &mut UserClient, step: &GraphqlStep, url: &str, body: &Bytes) {
    let draft = client.draft();
    // The URL was one before anything was added to it, and parameters are encoded.
    if !step.by_get || draft.put_in_url(url, body).is_err() {
        draft.body = body.clone();
    }
}

/// Sets the failure that a response is, by its envelope or its contents. Returns the response when its contents take too
/// long to be evaluated here.
fn conclude(
    (step, judge): (&GraphqlStep, &Judge<'_>),
    (exchange, reply): (&mut Exchange, Option<Reply>),
    answer: Option<&Result<Answer, Alien>>,
    scope: &mut Scope,
) -> Option<Box<Reply>> {
    let Some(mut reply) = reply else {
        capture::none_taken(&step.http.captures, scope);
        return None;
    };
    if reply.body.starts_with(BOM) {
        // Expectations and captures read JSON, which does not begin with it.
        reply.body.drain(..BOM.len());
    }
    let view = reply.view(exchange.service);
    let refusal = refusal(step, judge, (&reply, answer, &view), &scope.secrets);
    let trouble = view.trouble();
    exchange.failure = match (refusal, trouble) {
        (Some(failure), _) => {
            capture::none_taken(&step.http.captures, scope);
            Some(failure)
        }
        (None, Some(trouble)) => Some(judged::not_evaluated(trouble, &step.http.captures, scope)),
        (None, None) => match judge.evaluate(reply, exchange.service, scope) {
            Ok(failure) => failure,
            Err(reply) => return Some(reply),
        },
    };
    None
}

/// The failure that a reply is before anything is expected or captured of it.
fn refusal(
    step: &GraphqlStep,
    judge: &Judge<'_>,
    (reply, answer, view): (&Reply, Option<&Result<Answer, Alien>>, &ReplyView<'_>),
    secrets: &Redactor,
) -> Option<(Reason, Example)> {
    let Some(answer) = answer else {
        let detail = format!("the body has {} bytes", reply.bytes);
        return Some((
            Reason::Unmet("a body of at most 16 MiB, all that can be looked at".into()),
            reply.example(detail, secrets),
        ));
    };
    if let Ok(Answer { outcome: Outcome::Errors { class, what, detail }, .. }) = answer
        && class.fails(step.errors)
    {
        let reason = Reason::Answer { class: class.words(), what: what.clone() };
        return Some((reason, reply.example(detail.clone(), secrets)));
    }
    if let Some(reason) = judge.refusal(reply.status) {
        return Some((reason, reply.example(String::new(), secrets)));
    }
    if let Err(alien) = answer {
        let reason = Reason::Answer { class: "not a GraphQL reply", what: alien.what(media(reply), secrets).into() };
        return Some((reason, reply.example(alien.detail(), secrets)));
    }
    let path = step.business_errors.as_ref()?;
    match view.json() {
        Some(json) => {
            business::find(path, json, secrets).map(|error| (error.reason(), reply.example(error.detail, secrets)))
        }
        // The caller says why nothing is known of it.
        None if view.trouble().is_some() => None,
        None => {
            let reason = Reason::Answer { class: UNREADABLE, what: view.not_json().into() };
            Some((reason, reply.example(String::new(), secrets)))
        }
    }
}

/// The media type without its parameters.
fn media(reply: &Reply) -> Option<&str> {
    let value = reply.headers.get(http::header::CONTENT_TYPE)?.to_str().ok()?;
    value.split(';').next().map(str::trim).filter(|text| !text.is_empty())
}
