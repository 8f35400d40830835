//! GraphQL over HTTP: the HTTP client carries the request, the body of the reply decides. Subscriptions have a module of
//! their own.

mod business;
mod cost;
mod envelope;
mod introspect;
mod outcome;
pub mod subscription;

use std::time::Duration;

use bytes::Bytes;

use self::envelope::{Alien, BOM};
pub use self::introspect::introspect;
use self::outcome::{Answer, Outcome, Persistence};
use super::evaluate;
use super::http::{Costly, Judge, Response, Transfer, UserClient};
use super::result::Exchange;
use crate::scenario::eval::capture;
use crate::scenario::eval::response::{Headers as _, ResponseView};
use crate::scenario::eval::template::Scope;
use crate::scenario::plan::{GraphqlStep, MAX_KEPT, Persisted};
use crate::scenario::secrets::Redactor;
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
    let mut transfer = Transfer::begin();
    let text = client.draft().body.clone();
    let url = client.draft().url.clone();
    let hashed = (step.persisted == Persisted::Automatic && !client.sends_text).then(|| step.by_hash(&text)).flatten();
    let first = hashed.as_ref().map_or(&text, |hashed| &hashed.hash_only);
    load(client, step, &url, first);
    client.transfer(&judge, &mut transfer).await;
    let mut answer = read(transfer.reply.as_ref(), &scope.secrets);
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
        // Rare, and large, as is what follows: nothing of it is a part of what every user holds.
        Box::pin(client.transfer(&judge, &mut transfer)).await;
        answer = read(transfer.reply.as_ref(), &scope.secrets);
    }
    let Transfer { mut exchange, reply, .. } = transfer;
    match reply {
        None => capture::none_taken(&step.http.captures, scope),
        Some(mut reply) => match conclude((step, &judge), (&mut reply, exchange.service), answer.as_ref(), scope) {
            Ok(failure) => exchange.failure = failure,
            Err(Costly) => {
                exchange.failure = Box::pin(judge.evaluate_elsewhere(reply, exchange.service, scope)).await;
            }
        },
    }
    (exchange, answer.and_then(|answer| answer.ok()?.cost))
}

/// What a reply says, where it has come whole.
fn read(reply: Option<&Response>, secrets: &Redactor) -> Option<Result<Answer, Alien>> {
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

/// The failure that a response is, by its envelope or its contents.
///
/// # Errors
/// When its contents take too long to be evaluated here.
fn conclude(
    (step, judge): (&GraphqlStep, &Judge<'_>),
    (reply, elapsed): (&mut Response, Duration),
    answer: Option<&Result<Answer, Alien>>,
    scope: &mut Scope,
) -> Result<Option<(Reason, Example)>, Costly> {
    if reply.body.starts_with(BOM) {
        // Expectations and captures read JSON, which does not begin with it.
        reply.body.drain(..BOM.len());
    }
    let view = reply.view(elapsed);
    let refusal = refusal(step, judge, (reply, answer, &view), &scope.secrets);
    let trouble = view.trouble();
    match (refusal, trouble) {
        (Some(failure), _) => {
            capture::none_taken(&step.http.captures, scope);
            Ok(Some(failure))
        }
        (None, Some(trouble)) => Ok(Some(evaluate::not_evaluated(trouble, &step.http.captures, scope))),
        (None, None) => judge.evaluate(reply, elapsed, scope),
    }
}

/// The failure that a reply is before anything is expected or captured of it.
fn refusal(
    step: &GraphqlStep,
    judge: &Judge<'_>,
    (reply, answer, view): (&Response, Option<&Result<Answer, Alien>>, &ResponseView<'_>),
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
fn media(reply: &Response) -> Option<&str> {
    let value = str::from_utf8(reply.headers.content_type()?).ok()?;
    value.split(';').next().map(str::trim).filter(|text| !text.is_empty())
}
