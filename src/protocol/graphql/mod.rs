//! GraphQL over HTTP: the HTTP client carries the request, the body of the reply decides.

mod outcome;

use std::time::Instant;

use self::outcome::{Outcome, Persistence};
use super::http::{Exchange, Judge, Reply, UserClient};
use crate::scenario::plan::{GraphqlStep, MAX_KEPT, Persisted};
use crate::scenario::template::Scope;
use crate::stats::{Example, Reason};

/// Sends what was prepared from `step.http`, reads the whole reply and judges it; captures go into `scope`. `wants`
/// tells whether an example of a failure is of use.
///
/// A persisted query that the server does not know is sent once more with its text; both hops are one request.
pub async fn send(
    client: &mut UserClient,
    step: &GraphqlStep,
    scope: &mut Scope,
    wants: impl Fn(&Reason) -> bool,
) -> Exchange {
    let judge = Judge { step: &step.http, wants: &wants, whole: true };
    let started = Instant::now();
    let text = client.body();
    let hashed = (step.persisted == Persisted::Automatic && !client.sends_text).then(|| step.by_hash(&text)).flatten();
    let Some(hashed) = hashed else {
        let (exchange, reply) = client.transfer(&judge, started).await;
        return conclude(client, step, &judge, (exchange, reply), scope);
    };
    client.set_body(hashed.hash_only);
    let (exchange, reply) = client.transfer(&judge, started).await;
    let asks = reply.as_ref().and_then(|reply| outcome::read(&reply.body)).and_then(|got| outcome::persistence(&got));
    let again = match asks {
        None => return conclude(client, step, &judge, (exchange, reply), scope),
        Some(Persistence::NotFound) => hashed.with_text,
        Some(Persistence::NotSupported) => {
            client.sends_text = true;
            text
        }
    };
    client.set_body(again);
    let (mut second, reply) = client.transfer(&judge, started).await;
    second.connect = exchange.connect.or(second.connect);
    conclude(client, step, &judge, (second, reply), scope)
}

fn conclude(
    client: &UserClient,
    step: &GraphqlStep,
    judge: &Judge<'_>,
    (mut exchange, reply): (Exchange, Option<Reply>),
    scope: &mut Scope,
) -> Exchange {
    if let Some(reply) = reply {
        exchange.failure = verdict(step, judge, &reply, (exchange.service, scope));
    }
    client.mask(exchange)
}

fn verdict(
    step: &GraphqlStep,
    judge: &Judge<'_>,
    reply: &Reply,
    (elapsed, scope): (std::time::Duration, &mut Scope),
) -> Option<(Reason, Example)> {
    if reply.bytes > MAX_KEPT as u64 {
        let detail = format!("the body has {} bytes", reply.bytes);
        return Some((
            Reason::Unmet("a body of at most 16 MiB, all that can be looked at".into()),
            reply.example(detail),
        ));
    }
    let outcome = outcome::read(&reply.body);
    if let Some(Outcome::Errors { class, what, detail }) = &outcome
        && class.fails(step.errors)
    {
        let reason = Reason::Answer { class: class.words(), what: what.clone() };
        return Some((reason, reply.example(detail.clone())));
    }
    if let Some(reason) = judge.refusal(reply.status) {
        return Some((reason, reply.example(String::new())));
    }
    if outcome.is_none() {
        let reason = Reason::Answer { class: "not a GraphQL reply", what: kind_of(reply).into() };
        return Some((reason, reply.example("neither `data` nor `errors` is in it".to_owned())));
    }
    judge.look(reply, &reply.view(elapsed), scope)
}

/// The media type, which is most often what tells the error: HTML from a proxy.
fn kind_of(reply: &Reply) -> String {
    let value = reply.headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media = value.and_then(|text| text.split(';').next()).map(str::trim).filter(|text| !text.is_empty());
    media.unwrap_or("no content type").chars().take(60).collect()
}
