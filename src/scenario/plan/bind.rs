//! Completes a plan at the start of a run: target address, and passwords to mask.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Action, Plan, Step, UrlTemplate};

impl Plan {
    /// Sets the base URL of all requests without a host of their own.
    ///
    /// # Errors
    /// If base and path do not form a valid URL.
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

    /// Adds values to mask.
    pub(crate) fn protect<'a>(&mut self, values: impl IntoIterator<Item = &'a str>) {
        let secrets = self.secrets.with(values);
        if !Arc::ptr_eq(&secrets, &self.secrets) {
            self.secrets = secrets;
            self.mask_names();
        }
    }

    /// Masks secrets in names, which are shown and written everywhere.
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
