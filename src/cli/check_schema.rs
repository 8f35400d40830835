//! The schema that `katydid check` validates GraphQL documents against: from a file, or from the server.

use std::path::PathBuf;

use url::Url;

use crate::demo::DemoTarget;
use crate::protocol::graphql::introspect;
use crate::scenario::graphql::endpoint::GraphqlEndpoint;
use crate::scenario::graphql::schema::GraphqlSchema;
use crate::scenario::{CheckedGraphql, DEMO_HOST, Scenario, is_redis};

/// Source of the schema.
#[derive(Debug, Clone, Default)]
pub(super) enum SchemaFrom {
    /// No schema.
    #[default]
    Nowhere,
    /// Files with SDL or an introspection result, or folders of them.
    Files(Vec<PathBuf>),
    /// Introspection of the scenario's endpoint.
    Endpoint,
    /// Introspection of another server.
    Address(Url),
}

/// The result of a check against a schema.
#[derive(Debug, Default)]
pub(super) struct CheckedSchema {
    /// Warnings, as printed; empty without any.
    pub warnings: String,
    /// How many documents are valid.
    pub line: String,
}

impl SchemaFrom {
    /// Source selected by the flags.
    pub(super) fn flags(files: Vec<PathBuf>, introspect: Option<Option<Url>>) -> Self {
        match introspect {
            _ if !files.is_empty() => Self::Files(files),
            Some(Some(url)) => Self::Address(url),
            Some(None) => Self::Endpoint,
            None => Self::Nowhere,
        }
    }

    /// Returns warnings and how many documents are valid, or every error; `None` if no schema is wanted. `host` replaces that of the
    /// scenario.
    pub(super) fn check(&self, scenario: &Scenario, host: Option<&str>) -> Result<Option<CheckedSchema>, String> {
        // Redis has no GraphQL schema.
        let host = host.filter(|host| !is_redis(host));
        let Some((schema, from)) = self.schema(scenario, host).map_err(|why| format!("error: {why}"))? else {
            return Ok(None);
        };
        let CheckedGraphql { steps, warnings } = scenario.check_graphql(&schema).map_err(|error| error.text)?;
        let line = match steps {
            0 => "  GraphQL: no steps to validate\n".to_owned(),
            1 => format!("  GraphQL: 1 step is valid against the schema of {from}\n"),
            more => format!("  GraphQL: {more} steps are valid against the schema of {from}\n"),
        };
        Ok(Some(CheckedSchema { warnings, line }))
    }

    fn schema(&self, scenario: &Scenario, host: Option<&str>) -> Result<Option<(GraphqlSchema, String)>, String> {
        match self {
            Self::Nowhere => Ok(None),
            Self::Files(paths) => {
                let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
                Ok(Some((GraphqlSchema::load(paths)?, names.join(", "))))
            }
            Self::Endpoint if host.or(scenario.host()) == Some(DEMO_HOST) => {
                let demo = DemoTarget::start(0).map_err(|error| format!("cannot start the demo target: {error}"))?;
                ask(scenario.graphql_endpoint(Some(&demo.url())), "the demo target")
            }
            Self::Endpoint => ask(scenario.graphql_endpoint(host), "the scenario's endpoint"),
            Self::Address(url) => {
                let own = scenario.graphql_endpoint(host).filter(|own| own.url.origin() == url.origin());
                // Headers may contain secrets for the scenario's server; they are not sent to others.
                let known = own.unwrap_or_else(|| GraphqlEndpoint::new(url.clone(), scenario.secrets()));
                ask(Some(GraphqlEndpoint { url: url.clone(), ..known }), url.host_str().unwrap_or_default())
            }
        }
    }
}

fn ask(endpoint: Option<GraphqlEndpoint>, name: &str) -> Result<Option<(GraphqlSchema, String)>, String> {
    let endpoint = endpoint.ok_or_else(|| {
        "the scenario has no GraphQL step whose address is known before the run: write --introspect=URL".to_owned()
    })?;
    let text = introspect(&endpoint)?;
    Ok(Some((GraphqlSchema::read(name, &text)?, name.to_owned())))
}

/// Parses a URL that can be introspected.
pub(super) fn address(text: &str) -> Result<Url, String> {
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(url),
        _ => Err("write the whole address, such as https://staging.example.com/graphql".to_owned()),
    }
}
