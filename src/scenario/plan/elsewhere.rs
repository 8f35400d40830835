//! Steps that are sent to a complete address, which the host of a run does not change.

use std::collections::BTreeMap;

use url::Url;

use super::{Action, Plan, Step, UrlTemplate, walk};
use crate::scenario::eval::template::{Part, Text};

impl Plan {
    /// Number of steps with a complete address that is not at the host of the run, by scheme, host and port.
    pub fn elsewhere(&self) -> BTreeMap<String, usize> {
        let host = Url::parse(&self.host).ok().map(|url| url.origin().ascii_serialization());
        let mut found = BTreeMap::new();
        let mut count = |steps: &[Step]| {
            walk(steps, &mut |action| {
                let url = match action {
                    Action::Http(step) => &step.url,
                    Action::Graphql(step) => &step.http.url,
                    Action::Subscription(step) => &step.http.url,
                    _ => return,
                };
                if let Some(origin) = own_origin(url).filter(|origin| Some(origin) != host.as_ref()) {
                    *found.entry(origin).or_default() += 1;
                }
            });
        };
        for class in &self.classes {
            count(&class.on_start);
            count(&class.on_stop);
            class.tasks.iter().for_each(|task| count(&task.steps));
        }
        self.flows.iter().for_each(|flow| count(&flow.steps));
        found
    }
}

/// Origin of a complete address; `None` for a path.
fn own_origin(url: &UrlTemplate) -> Option<String> {
    let url = match url {
        UrlTemplate::Fixed { path: Some(_), .. } => return None,
        UrlTemplate::Fixed { url, path: None } => url.clone(),
        UrlTemplate::Templated { path: Text::Fixed(text), .. } => Url::parse(text).ok()?,
        UrlTemplate::Templated { path: Text::Parts(parts), .. } => match parts.first()? {
            Part::Literal(start) => Url::parse(start).ok()?,
            Part::Expression(_) => return None,
        },
    };
    matches!(url.scheme(), "http" | "https" | "ws" | "wss").then(|| url.origin().ascii_serialization())
}
