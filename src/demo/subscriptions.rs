//! GraphQL subscriptions over a WebSocket: changes of stock, new orders.
//!
//! The subscriber sets the interval and the number of events, so that a load test knows what to expect.

use std::sync::Arc;
use std::time::Duration;

use async_graphql::http::{WebSocket, WebSocketProtocols as Protocols, WsMessage};
use async_graphql::{Context, Data, Error, ErrorExtensions as _, Executor, ID, SimpleObject, Subscription};
use axum::body::Bytes;
use axum::extract::ws::{CloseFrame, Message, WebSocket as Socket, WebSocketUpgrade};
use axum::response::Response;
use futures_util::{SinkExt as _, Stream, StreamExt as _, future, stream};
use tokio::time::{MissedTickBehavior, interval};

use super::counters::RequestCounters;
use super::graphql_schema::{Database, Order, parse_id};

/// Maximum interval between two events, in milliseconds.
const MAX_INTERVAL: u32 = 60_000;

pub(super) struct SubscriptionRoot;

/// The stock of a product.
#[derive(SimpleObject)]
struct Stock {
    product: ID,
    left: u32,
}

#[Subscription(name = "Subscription")]
impl SubscriptionRoot {
    /// The stock of a product: one event now and one every `every` milliseconds, `first` events in total.
    async fn stock(
        &self,
        context: &Context<'_>,
        product_id: ID,
        #[graphql(default = 1_000)] every: u32,
        first: Option<u32>,
    ) -> Result<impl Stream<Item = Stock> + use<>, Error> {
        let id = parse_id(&product_id).ok_or_else(|| {
            Error::new(format!("no product {}", *product_id)).extend_with(|_, e| e.set("code", "BAD_USER_INPUT"))
        })?;
        let product = move |number: u32| Stock { product: id.into(), left: id.wrapping_add(number) * 7 % 40 };
        Ok(paced(context, every, first)?.map(product))
    }

    /// Orders: one event now and one every `every` milliseconds, `first` events in total. Fails at event `fail_at`.
    async fn orders(
        &self,
        context: &Context<'_>,
        #[graphql(default = 1_000)] every: u32,
        first: Option<u32>,
        fail_at: Option<u32>,
    ) -> Result<impl Stream<Item = Result<Order, Error>> + use<>, Error> {
        let last = fail_at.map_or(first, |at| Some(first.unwrap_or(u32::MAX).min(at)));
        let order = move |number: u32| match fail_at {
            Some(at) if number == at => {
                Err(Error::new("the warehouse is lost").extend_with(|_, e| e.set("code", "WAREHOUSE_DOWN")))
            }
            _ => Ok(Order(number)),
        };
        Ok(paced(context, every, last)?.map(order))
    }
}

/// Numbers from 1 at the given interval, each counted as an event.
fn paced(context: &Context<'_>, every: u32, first: Option<u32>) -> Result<impl Stream<Item = u32> + use<>, Error> {
    let counters = Arc::clone(context.data::<Arc<RequestCounters>>()?);
    let mut ticks = interval(Duration::from_millis(every.clamp(1, MAX_INTERVAL).into()));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let last = first.unwrap_or(u32::MAX);
    Ok(stream::unfold((ticks, 1), move |(mut ticks, number)| {
        let counters = Arc::clone(&counters);
        async move {
            if number > last {
                return None;
            }
            ticks.tick().await;
            counters.event();
            Some((number, (ticks, number.saturating_add(1))))
        }
    }))
}

/// Serves `graphql-transport-ws` on an upgraded connection.
pub(super) fn serve_upgraded<E: Executor>(
    upgrade: WebSocketUpgrade,
    schema: E,
    counters: Arc<RequestCounters>,
) -> Response {
    upgrade
        .protocols([Protocols::GraphQLWS.sec_websocket_protocol()])
        .on_upgrade(|socket| serve(socket, schema, counters))
}

async fn serve<E: Executor>(socket: Socket, schema: E, counters: Arc<RequestCounters>) {
    let (mut sink, messages) = socket.split();
    let texts = messages.filter_map(|message| {
        future::ready(match message {
            Ok(Message::Text(text)) => Some(Bytes::from(text)),
            _ => None,
        })
    });
    let mut data = Data::default();
    data.insert(Database::default());
    data.insert(counters);
    let mut responses = WebSocket::new(schema, texts, Protocols::GraphQLWS).connection_data(data);
    while let Some(response) = responses.next().await {
        let message = match response {
            WsMessage::Text(text) => Message::Text(text.into()),
            WsMessage::Close(code, reason) => Message::Close(Some(CloseFrame { code, reason: reason.into() })),
        };
        if sink.send(message).await.is_err() {
            return;
        }
    }
}
