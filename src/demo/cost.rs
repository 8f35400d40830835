//! Query cost: each GraphQL response reports its cost in points, as Shopify's do.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_graphql::extensions::{
    Extension, ExtensionContext, ExtensionFactory, NextRequest, NextResolve, NextValidation, ResolveInfo,
};
use async_graphql::{
    QueryPathSegment, Response, ServerError, ServerResult, ValidationResult, Value, async_trait, value,
};

/// Extension that charges one point for each field.
pub(super) struct CostExtension;

impl ExtensionFactory for CostExtension {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(RequestCost::default())
    }
}

/// The cost of one request.
#[derive(Default)]
struct RequestCost {
    requested: AtomicU64,
    resolved: AtomicU64,
}

#[async_trait::async_trait]
impl Extension for RequestCost {
    async fn request(&self, context: &ExtensionContext<'_>, next: NextRequest<'_>) -> Response {
        let response = next.run(context).await;
        let [requested, actual] = [&self.requested, &self.resolved].map(|points| points.load(Ordering::Relaxed));
        if requested == 0 {
            // Rejected before the cost was computed.
            return response;
        }
        response.extension("cost", value!({ "requestedQueryCost": requested, "actualQueryCost": actual }))
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
        // A list counts as one field; its items do not count.
        if matches!(info.path_node.segment, QueryPathSegment::Name(_)) {
            self.resolved.fetch_add(1, Ordering::Relaxed);
        }
        next.run(context, info).await
    }
}
