//! What of a plan is known only when a run starts: where its requests go, and which passwords that brings along.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Action, Plan, Step, UrlTemplate};

impl Plan {
    /// Sends all requests to this base URL that do not name a host of their own: one pass over the steps.
    ///
    /// # Errors
    /// When the base and a path do not make a URL.
    pub(crate) fn send_to(&mut self, base: &str) -> Result<(), url::ParseError> {
        let base: Arc<str> = base.into();
        let classes = self.classes.iter_mut().flat_map(|class| {
            let tasks = class.tasks.iter_mut().map(|task| &mut task.steps);
            [&mut class.on_start, &mut class.on_stop].into_iter().chain(tasks)
        });
        for steps in classes.chain(self.flows.iter_mut().map(|flow| &mut flow.steps)) {
            each_url(steps, &mut |url| url.send_to(&base))?;
        }
        Ok(())
    }

    /// Masks these values, too.
    pub(crate) fn protect<'a>(&mut self, values: impl IntoIterator<Item = &'a str>) {
        let secrets = self.secrets.with(values);
        if !Arc::ptr_eq(&secrets, &self.secrets) {
            self.secrets = secrets;
            self.mask_names();
        }
    }

    /// A secret may be in a name as it is, and names are shown and written everywhere.
    pub(crate) fn mask_names(&mut self) {
        let names = self.classes.iter_mut().flat_map(|class| {
            std::iter::once(&mut class.name).chain(class.tasks.iter_mut().map(|task| &mut task.name))
        });
        for name in names.chain(self.endpoints.iter_mut().map(|row| &mut row.name)) {
            if let Cow::Owned(masked) = self.secrets.mask(name) {
                *name = masked.into();
            }
        }
    }
}

fn each_url<E>(steps: &mut [Step], act: &mut impl FnMut(&mut UrlTemplate) -> Result<(), E>) -> Result<(), E> {
    for step in steps {
        match &mut step.action {
            Action::Http(http) => act(&mut http.url)?,
            Action::Graphql(graphql) => act(&mut graphql.http.url)?,
            Action::Subscription(subscription) => act(&mut subscription.http.url)?,
            action => {
                for inner in action.children_mut() {
                    each_url(inner, act)?;
                }
            }
        }
    }
    Ok(())
}
