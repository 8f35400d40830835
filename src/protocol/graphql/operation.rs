//! A query or mutation: sent by the HTTP client, judged by the body of its response.

use bytes::Bytes;

use super::business;
use super::business::UNREADABLE;
use super::envelope::{BOM, InvalidResponse};
use super::example;
use super::outcome::{self, GraphqlOutcome, GraphqlResponse, PersistedQueryError};
use crate::protocol::context::UserContext;
use crate::protocol::evaluate;
use crate::protocol::example::attach;
use crate::protocol::http::{Evaluator, HttpClient, Response, TooExpensive, Transfer};
use crate::protocol::result::StepResult;
use crate::scenario::eval::capture;
use crate::scenario::eval::response::{Headers as _, ResponseView};
use crate::scenario::eval::template::Scope;
use crate::scenario::plan::{GraphqlStep, MAX_KEPT, Persisted};
use crate::scenario::secrets::Redactor;
use crate::stats::{Example, Reason};

/// Fills the templates of `step`, sends it and evaluates the response; captures go into `scope`.
pub async fn execute(
    client: &mut HttpClient,
    step: &GraphqlStep,
    scope: &mut Scope,
    context: &dyn UserContext,
    result: &mut StepResult,
) {
    if let Err(error) = client.prepare(&step.http, scope) {
        capture::reset(&step.http.captures, scope);
        result.outcome = error.into();
        return;
    }
    client.begin(step.http.endpoint, result, context);
    send(client, step, scope, context, result).await;
    attach(result, context, || example::request(client, step));
    context.request_finished();
    context.record_remarks(step.http.endpoint, client.remarks());
}

/// Sends the prepared request, reads the whole response and evaluates it.
///
/// A persisted query that the server does not know is sent again with its text; both count as one request.
async fn send(
    client: &mut HttpClient,
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
    set_body(client, step, &url, first);
    client.transfer(&evaluator, &mut transfer).await;
    let mut parsed = read(transfer.response.as_ref(), &scope.secrets);
    let asks = parsed.as_ref().and_then(|parsed| outcome::persisted_query_error(&parsed.as_ref().ok()?.outcome));
    let again = match (asks, hashed) {
        (None, _) | (_, None) => None,
        (Some(PersistedQueryError::NotFound), Some(hashed)) => {
            client.remarks().unknown_hashes += 1;
            Some(hashed.with_text)
        }
        (Some(PersistedQueryError::NotSupported), Some(_)) => {
            client.remarks().refused_hashes += 1;
            client.sends_text = true;
            Some(text)
        }
    };
    if let Some(again) = again {
        set_body(client, step, &url, &again);
        // Boxed: rare and large, and would otherwise grow the future of every user.
        Box::pin(client.transfer(&evaluator, &mut transfer)).await;
        parsed = read(transfer.response.as_ref(), &scope.secrets);
    }
    if let Err(TooExpensive) = conclude(step, &evaluator, &mut transfer, parsed.as_ref(), scope) {
        Box::pin(evaluator.evaluate_offloaded(&mut transfer, scope)).await;
    }
    result.cost = parsed.and_then(|parsed| parsed.ok()?.cost).map(Box::new);
}

/// Reads the body of a response; `None` if there is none or it was not kept whole.
fn read(response: Option<&Response>, secrets: &Redactor) -> Option<Result<GraphqlResponse, InvalidResponse>> {
    response.filter(|response| response.bytes <= MAX_KEPT as u64).map(|response| outcome::read(&response.body, secrets))
}

/// Sets the body, or the query parameters where the request is a GET.
fn set_body(client: &mut HttpClient, step: &GraphqlStep, url: &str, body: &Bytes) {
    let draft = client.draft();
    // Cannot fail: `url` is valid, and parameters are percent-encoded.
    if !step.by_get || draft.encode_in_query(url, body).is_err() {
        draft.body = body.clone();
    }
}

/// Evaluates the response: its envelope first, then expectations and captures.
///
/// # Errors
/// When the evaluation is too expensive for this thread.
fn conclude(
    step: &GraphqlStep,
    evaluator: &Evaluator<'_>,
    transfer: &mut Transfer<'_>,
    parsed: Option<&Result<GraphqlResponse, InvalidResponse>>,
    scope: &mut Scope,
) -> Result<(), TooExpensive> {
    let Transfer { result, response, .. } = transfer;
    let Some(response) = response else {
        capture::reset(&step.http.captures, scope);
        return Ok(());
    };
    if response.body.starts_with(BOM) {
        // Expectations and captures parse JSON, which must not start with a byte order mark.
        response.body.drain(..BOM.len());
    }
    let view = response.view(result.timings.service);
    let refusal = refusal(step, evaluator, Received { response, parsed, view: &view }, &scope.secrets);
    let error = view.evaluation_error();
    match (refusal, error) {
        (Some(failure), _) => {
            capture::reset(&step.http.captures, scope);
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

/// A response in its three forms.
struct Received<'a, 'r> {
    response: &'a Response,
    /// `None` if the body was not kept whole.
    parsed: Option<&'a Result<GraphqlResponse, InvalidResponse>>,
    view: &'a ResponseView<'r>,
}

/// The failure that makes expectations and captures pointless, if any.
fn refusal(
    step: &GraphqlStep,
    evaluator: &Evaluator<'_>,
    received: Received<'_, '_>,
    secrets: &Redactor,
) -> Option<(Reason, Example)> {
    let Received { response, parsed, view } = received;
    let Some(parsed) = parsed else {
        let detail = format!("the body has {} bytes", response.bytes);
        return Some((
            Reason::Unmet("a body of at most 16 MiB, the most that is evaluated".into()),
            response.example(detail, secrets),
        ));
    };
    if let Ok(GraphqlResponse { outcome: GraphqlOutcome::Errors { class, what, detail }, .. }) = parsed
        && class.fails(step.errors)
    {
        let reason = Reason::Answer { class: class.words(), what: what.clone() };
        return Some((reason, response.example(detail.clone(), secrets)));
    }
    if let Some(reason) = evaluator.refusal(response.status) {
        return Some((reason, response.example(String::new(), secrets)));
    }
    if let Err(invalid_response) = parsed {
        let reason = Reason::Answer {
            class: "not a GraphQL response",
            what: invalid_response.what(media(response), secrets).into(),
        };
        return Some((reason, response.example(invalid_response.detail(), secrets)));
    }
    let path = step.business_errors.as_ref()?;
    match view.json() {
        Some(json) => {
            business::find(path, json, secrets).map(|error| (error.reason(), response.example(error.detail, secrets)))
        }
        // The caller reports the evaluation error.
        None if view.evaluation_error().is_some() => None,
        None => {
            let reason = Reason::Answer { class: UNREADABLE, what: view.not_json().into() };
            Some((reason, response.example(String::new(), secrets)))
        }
    }
}

/// The media type without parameters.
fn media(response: &Response) -> Option<&str> {
    let value = str::from_utf8(response.headers.content_type()?).ok()?;
    value.split(';').next().map(str::trim).filter(|text| !text.is_empty())
}
