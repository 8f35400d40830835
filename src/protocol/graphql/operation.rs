//! One query or mutation: the HTTP client carries the request, the body of the response decides.

use bytes::Bytes;

use super::business;
use super::business::UNREADABLE;
use super::envelope::{Alien, BOM};
use super::example;
use super::outcome::{self, Answer, Outcome, Persistence};
use crate::protocol::context::UserContext;
use crate::protocol::evaluate;
use crate::protocol::example::attach;
use crate::protocol::http::{Costly, Evaluator, Response, Transfer, UserClient};
use crate::protocol::result::StepResult;
use crate::scenario::eval::capture;
use crate::scenario::eval::response::{Headers as _, ResponseView};
use crate::scenario::eval::template::Scope;
use crate::scenario::plan::{GraphqlStep, MAX_KEPT, Persisted};
use crate::scenario::secrets::Redactor;
use crate::stats::{Example, Reason};

/// Fills the templates of `step`, sends it and evaluates the response; captures go into `scope`.
pub async fn execute(
    client: &mut UserClient,
    step: &GraphqlStep,
    scope: &mut Scope,
    context: &dyn UserContext,
    result: &mut StepResult,
) {
    if let Err(error) = client.prepare(&step.http, scope) {
        capture::none_taken(&step.http.captures, scope);
        result.outcome = error.into();
        return;
    }
    client.begin(step.http.endpoint, result, context);
    send(client, step, scope, context, result).await;
    attach(result, context, || example::request(client, step));
    context.answered();
    context.remark(step.http.endpoint, client.remarks());
}

/// Sends what was prepared, reads the whole response and evaluates it.
///
/// A persisted query that the server does not know is sent once more with its text; both hops are one request.
async fn send(
    client: &mut UserClient,
    step: &GraphqlStep,
    scope: &mut Scope,
    context: &dyn UserContext,
    result: &mut StepResult,
) {
    let evaluator = Evaluator { step: &step.http, context, whole: true, reach: scope.secrets.reach() };
    let mut transfer = Transfer::begin(result);
    let text = client.draft().body.clone();
    let url = client.draft().url.clone();
    let hashed = (step.persisted == Persisted::Automatic && !client.sends_text).then(|| step.by_hash(&text)).flatten();
    let first = hashed.as_ref().map_or(&text, |hashed| &hashed.hash_only);
    load(client, step, &url, first);
    client.transfer(&evaluator, &mut transfer).await;
    let mut answer = read(transfer.response.as_ref(), &scope.secrets);
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
        Box::pin(client.transfer(&evaluator, &mut transfer)).await;
        answer = read(transfer.response.as_ref(), &scope.secrets);
    }
    if let Err(Costly) = conclude(step, &evaluator, &mut transfer, answer.as_ref(), scope) {
        Box::pin(evaluator.evaluate_elsewhere(&mut transfer, scope)).await;
    }
    result.cost = answer.and_then(|answer| answer.ok()?.cost).map(Box::new);
}

/// What a response says, where it has come whole.
fn read(response: Option<&Response>, secrets: &Redactor) -> Option<Result<Answer, Alien>> {
    response.filter(|response| response.bytes <= MAX_KEPT as u64).map(|response| outcome::read(&response.body, secrets))
}

/// Puts a body where it travels.
fn load(client: &mut UserClient, step: &GraphqlStep, url: &str, body: &Bytes) {
    let draft = client.draft();
    // The URL was one before anything was added to it, and parameters are encoded.
    if !step.by_get || draft.put_in_url(url, body).is_err() {
        draft.body = body.clone();
    }
}

/// Evaluates what has come: its envelope, then its contents.
///
/// # Errors
/// When its contents take too long to be evaluated here.
fn conclude(
    step: &GraphqlStep,
    evaluator: &Evaluator<'_>,
    transfer: &mut Transfer<'_>,
    answer: Option<&Result<Answer, Alien>>,
    scope: &mut Scope,
) -> Result<(), Costly> {
    let Transfer { result, response, .. } = transfer;
    let Some(response) = response else {
        capture::none_taken(&step.http.captures, scope);
        return Ok(());
    };
    if response.body.starts_with(BOM) {
        // Expectations and captures read JSON, which does not begin with it.
        response.body.drain(..BOM.len());
    }
    let view = response.view(result.timings.service);
    let refusal = refusal(step, evaluator, (response, answer, &view), &scope.secrets);
    let error = view.evaluation_error();
    match (refusal, error) {
        (Some(failure), _) => {
            capture::none_taken(&step.http.captures, scope);
            result.fail_if(Some(failure));
            Ok(())
        }
        (None, Some(error)) => {
            result.fail_if(Some(evaluate::not_evaluated(error, &step.http.captures, scope)));
            Ok(())
        }
        (None, None) => evaluator.evaluate(response, result, scope),
    }
}

/// The failure that a response is before anything is expected or captured of it.
fn refusal(
    step: &GraphqlStep,
    evaluator: &Evaluator<'_>,
    (response, answer, view): (&Response, Option<&Result<Answer, Alien>>, &ResponseView<'_>),
    secrets: &Redactor,
) -> Option<(Reason, Example)> {
    let Some(answer) = answer else {
        let detail = format!("the body has {} bytes", response.bytes);
        return Some((
            Reason::Unmet("a body of at most 16 MiB, all that can be looked at".into()),
            response.example(detail, secrets),
        ));
    };
    if let Ok(Answer { outcome: Outcome::Errors { class, what, detail }, .. }) = answer
        && class.fails(step.errors)
    {
        let reason = Reason::Answer { class: class.words(), what: what.clone() };
        return Some((reason, response.example(detail.clone(), secrets)));
    }
    if let Some(reason) = evaluator.refusal(response.status) {
        return Some((reason, response.example(String::new(), secrets)));
    }
    if let Err(alien) = answer {
        let reason =
            Reason::Answer { class: "not a GraphQL response", what: alien.what(media(response), secrets).into() };
        return Some((reason, response.example(alien.detail(), secrets)));
    }
    let path = step.business_errors.as_ref()?;
    match view.json() {
        Some(json) => {
            business::find(path, json, secrets).map(|error| (error.reason(), response.example(error.detail, secrets)))
        }
        // The caller says why nothing is known of it.
        None if view.evaluation_error().is_some() => None,
        None => {
            let reason = Reason::Answer { class: UNREADABLE, what: view.not_json().into() };
            Some((reason, response.example(String::new(), secrets)))
        }
    }
}

/// The media type without its parameters.
fn media(response: &Response) -> Option<&str> {
    let value = str::from_utf8(response.headers.content_type()?).ok()?;
    value.split(';').next().map(str::trim).filter(|text| !text.is_empty())
}
