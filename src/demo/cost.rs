//! Prices: each reply of the shop's GraphQL side says how many points it cost, as Shopify's do.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_graphql::extensions::{
    Extension, ExtensionContext, ExtensionFactory, NextRequest, NextResolve, NextValidation, ResolveInfo,
};
use async_graphql::{
    QueryPathSegment, Response, ServerError, ServerResult, ValidationResult, Value, async_trait, value,
};

/// A point for every field.
pub(super) struct Priced;

impl ExtensionFactory for Priced {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Price::default())
    }
}

/// Of one request.
#[derive(Default)]
struct Price {
    requested: AtomicU64,
    resolved: AtomicU64,
}

#[async_trait::async_trait]
impl Extension for Price {
    async fn request(&self, context: &ExtensionContext<'_>, next: NextRequest<'_>) -> Response {
        let reply = next.run(context).await;
        let [requested, actual] = [&self.requested, &self.resolved].map(|points| points.load(Ordering::Relaxed));
        if requested == 0 {
            // It was refused before anyone could reckon.
            return reply;
        }
        reply.extension("cost", value!({ "requestedQueryCost": requested, "actualQueryCost": actual }))
    }

    async fn validation(
        &self,
        context: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let found = next.run(context).await?;
        self.requested.store(found.complexity as u64, Ordering::Relaxed);
        Ok(found)
    }

    async fn resolve(
        &self,
        context: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        // A list is a field; each of its items is none.
        if matches!(info.path_node.segment, QueryPathSegment::Name(_)) {
            self.resolved.fetch_add(1, Ordering::Relaxed);
        }
        next.run(context, info).await
    }
}
