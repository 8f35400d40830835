//! The GraphQL schema of the shop: products, a search, reviews, and orders that load each product separately.
//!
//! It has what GraphQL load tests look for: errors with status 200, partial data, business errors of a mutation, and a
//! query whose duration grows with the number of rows (N+1).

use std::time::Duration;

use async_graphql::{Context, Error, ErrorExtensions as _, ID, Object, SimpleObject};
use tokio::sync::Mutex;

use super::products::{self, PRODUCTS};

/// Duration of a database query.
const ROUND_TRIP: Duration = Duration::from_millis(3);
/// Maximum nodes in a list.
const MAX_NODES: u32 = 100;

/// The single database connection: queries wait for each other.
#[derive(Default)]
pub(super) struct Database(Mutex<()>);

pub(super) struct QueryRoot;

#[Object(name = "Query")]
impl QueryRoot {
    /// Products whose name holds `search`.
    #[graphql(complexity = "1 + first as usize * child_complexity")]
    async fn products(&self, search: Option<String>, #[graphql(default = 10)] first: u32) -> Connection {
        let wanted = search.unwrap_or_default().to_lowercase();
        let hits = (1..=PRODUCTS).filter(|id| products::name(*id).to_lowercase().contains(&wanted));
        Connection { nodes: hits.take(first.min(MAX_NODES) as usize).map(Product).collect() }
    }

    /// One product, or null.
    async fn product(&self, id: ID) -> Option<Product> {
        parse_id(&id).map(Product)
    }

    /// The latest orders; each loads its product separately.
    #[graphql(complexity = "1 + first as usize * child_complexity")]
    async fn orders(&self, #[graphql(default = 5)] first: u32) -> Vec<Order> {
        (1..=first.min(MAX_NODES)).map(Order).collect()
    }
}

pub(super) fn parse_id(id: &ID) -> Option<u32> {
    id.parse().ok().filter(|id| (1..=PRODUCTS).contains(id))
}

#[derive(SimpleObject)]
struct Connection {
    nodes: Vec<Product>,
}

struct Product(u32);

#[Object]
impl Product {
    async fn id(&self) -> ID {
        self.0.into()
    }

    async fn name(&self) -> String {
        products::name(self.0)
    }

    async fn price(&self) -> f64 {
        products::price(self.0)
    }

    /// Number in stock. Null, with an error, for products that the warehouse does not know.
    async fn stock(&self) -> Result<Option<u32>, Error> {
        if self.0.is_multiple_of(25) {
            return Err(
                Error::new("the warehouse does not respond").extend_with(|_, e| e.set("code", "WAREHOUSE_DOWN"))
            );
        }
        Ok(Some(self.0 * 7 % 40))
    }
}

pub(super) struct Order(pub u32);

#[Object]
impl Order {
    async fn id(&self) -> ID {
        self.0.into()
    }

    async fn product(&self, context: &Context<'_>) -> Result<Product, Error> {
        let _connection = context.data::<Database>()?.0.lock().await;
        tokio::time::sleep(ROUND_TRIP).await;
        Ok(Product(self.0 % PRODUCTS + 1))
    }
}

pub(super) struct MutationRoot;

#[Object(name = "Mutation")]
impl MutationRoot {
    /// Rates a product. Mistakes of the user are returned as data, not as errors.
    async fn add_review(&self, product_id: ID, stars: i32) -> Review {
        let mut user_errors = Vec::new();
        if parse_id(&product_id).is_none() {
            user_errors.push(UserError { message: "no such product".to_owned() });
        }
        if !(1..=5).contains(&stars) {
            user_errors.push(UserError { message: "stars are 1 to 5".to_owned() });
        }
        let id = user_errors.is_empty().then(|| fastrand::u32(1..).into());
        Review { id, user_errors }
    }

    /// Puts products into the cart.
    async fn add_to_cart(&self, product_id: ID, #[graphql(default = 1)] quantity: u32) -> Result<Connection, Error> {
        let product = parse_id(&product_id).filter(|_| (1..=100).contains(&quantity));
        let product = product.ok_or_else(|| {
            Error::new(format!("cannot add {quantity} of product {}", *product_id))
                .extend_with(|_, e| e.set("code", "BAD_USER_INPUT"))
        })?;
        Ok(Connection { nodes: vec![Product(product)] })
    }
}

#[derive(SimpleObject)]
struct Review {
    id: Option<ID>,
    user_errors: Vec<UserError>,
}

#[derive(SimpleObject)]
struct UserError {
    message: String,
}
