//! Checks the GraphQL documents of a scenario against a schema.
//!
//! Input: the GraphQL steps collected by the compiler. Output: errors with file, line and column; in documents written
//! in the scenario, the column is that of the word.

use std::ops::Range;
use std::sync::Arc;

use super::graphql::endpoint::{GraphqlEndpoint, SentDocument};
use super::graphql::finding::Finding;
use super::graphql::schema::GraphqlSchema;
use super::plan::host::{DEMO_HOST, base_url};
use super::syntax::diagnostic;
use super::syntax::diagnostic::Diagnostic;
use super::{Scenario, ScenarioError};

/// Documents that are valid against a schema.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckedGraphql {
    /// Number of GraphQL steps.
    pub steps: usize,
    /// Warnings, as printed: what they use is deprecated. Empty without any.
    pub warnings: String,
}

impl Scenario {
    /// Checks all GraphQL documents of the scenario and its profiles against a schema.
    ///
    /// # Errors
    /// If a document is invalid: all findings with their positions.
    pub fn check_graphql(&self, schema: &GraphqlSchema) -> Result<CheckedGraphql, ScenarioError> {
        let sources = &self.file.sources;
        let variants = std::iter::once(&self.variant).chain(self.profiles.values().flatten());
        let mut asked: Vec<SentDocument> = variants.flat_map(|variant| variant.compiled.graphql.clone()).collect();
        asked.sort_by_key(|one| one.at.start);
        asked.dedup_by(|a, b| a.is(b));
        let (mut errors, mut warnings): (Vec<Diagnostic>, Vec<Diagnostic>) = Default::default();
        for one in &asked {
            for finding in schema.check(&one.document, one.operation.as_deref(), &one.given) {
                let kind = if finding.is_warning { &mut warnings } else { &mut errors };
                kind.push(diagnostic_of(sources.text(), one, finding));
            }
        }
        if !errors.is_empty() {
            return Err(diagnostic::render(sources, errors));
        }
        Ok(CheckedGraphql { steps: asked.len(), warnings: diagnostic::print(sources, &mut warnings, "warning") })
    }

    /// Address and constant settings of the first GraphQL step. `host` overrides that of the scenario.
    pub fn graphql_endpoint(&self, host: Option<&str>) -> Option<GraphqlEndpoint> {
        let base = match host.or(self.host()) {
            // Without a host, a step can still have an absolute address.
            None | Some(DEMO_HOST) => None,
            Some(host) => Some(base_url(host).ok()?),
        };
        self.variant.compiled.graphql.iter().find_map(|one| {
            let url = one.url.as_ref()?.at(base.as_deref())?;
            let (headers, client) = (one.headers.clone(), one.client.clone());
            Some(GraphqlEndpoint { url, headers, client, secrets: Arc::clone(self.secrets()) })
        })
    }
}

fn diagnostic_of(source: &str, asked: &SentDocument, finding: Finding) -> Diagnostic {
    if let Some(at) = finding.at {
        let diagnostic = Diagnostic::new(at, format!("GraphQL: {}", finding.message));
        return match finding.note {
            Some(note) => diagnostic.note(note),
            None => diagnostic,
        };
    }
    let here = place(source, &asked.at, &asked.document, finding.line, finding.column);
    let at = here.map_or(asked.at.clone(), |start| {
        let marked: usize = source[start..].chars().take(finding.length.max(1)).map(char::len_utf8).sum();
        start..start.saturating_add(marked)
    });
    let mut diagnostic = Diagnostic::new(at, format!("GraphQL: {}", finding.message));
    if finding.line > 0 {
        diagnostic = diagnostic.note(format!("line {}, column {} of the document", finding.line, finding.column));
    }
    match finding.note {
        Some(note) => diagnostic.note(note),
        None => diagnostic,
    }
}

/// Byte offset in the source of a line and column in the document. `None` if the source does not contain the document
/// verbatim: YAML may have folded its lines, or it is in another file.
fn place(source: &str, at: &Range<usize>, document: &str, line: usize, column: usize) -> Option<usize> {
    let wanted = line.checked_sub(1)?;
    let mut cursor = at.start;
    for (index, text) in document.lines().take(wanted.saturating_add(1)).enumerate() {
        let trimmed = text.trim();
        if trimmed.is_empty() {
            continue;
        }
        let gap = source.get(cursor..)?.find(trimmed)?;
        let between = source.get(cursor..cursor.checked_add(gap)?)?;
        // Only whitespace is allowed between lines; before the first line also quotes, or `|` with its indicators.
        if !between.chars().all(|c| c.is_whitespace() || (index == 0 && "\"'|>+-0123456789".contains(c))) {
            return None;
        }
        let start = cursor + gap;
        if index == wanted {
            let lead = text.len() - text.trim_start().len();
            let byte: usize = text.chars().take(column.saturating_sub(1)).map(char::len_utf8).sum();
            return Some(start + byte.saturating_sub(lead).min(trimmed.len()));
        }
        cursor = start + trimmed.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOP: &str = "type Query { product(id: ID!): Product } type Product { id: ID! price: Float }";

    fn check(steps: &str) -> Result<usize, String> {
        let schema = GraphqlSchema::read("shop", SHOP).expect("a schema");
        let text = format!("host: http://h\ntasks:\n  - steps:\n{steps}");
        let scenario = Scenario::parse("s.yaml", &text).expect("a scenario");
        scenario.check_graphql(&schema).map(|checked| checked.steps).map_err(|error| error.text)
    }

    #[test]
    fn findings_have_the_position_of_the_word() {
        for (steps, places) in [
            ("      - graphql: \"{ product(id: 7) { prise } }\"\n", &["s.yaml:4:38", "column 20 of the document"][..]),
            (
                "      - graphql: |\n          {\n            product(id: 7) {\n\n              prise\n            }\n          }\n",
                &["s.yaml:8:15", "line 4, column 5 of"],
            ),
            // Folded lines differ from those of the file.
            ("      - graphql: >\n          { product(id: 7) {\n          prise } }\n", &["s.yaml:5:11"]),
            (
                "      - graphql: \"query ($id: ID!) { product(id: $id) { id } }\"\n        variables: { ix: 7 }\n",
                &["s.yaml:4:", "`$id` of type `ID!` is not given"],
            ),
        ] {
            let error = check(steps).expect_err(steps);
            for wanted in places {
                assert!(error.contains(wanted), "{wanted}: {error}");
            }
        }
    }

    #[test]
    fn valid_documents_are_counted() {
        let step =
            "      - graphql: \"query ($id: ID!) { product(id: $id) { price } }\"\n        variables: { id: 7 }\n";
        assert_eq!(check(&step.repeat(2)), Ok(2));
        assert_eq!(check("      - get: /\n"), Ok(0));
    }

    #[test]
    fn endpoint_is_that_of_the_first_step() {
        let text = "host: http://h/base\ngraphql: { endpoint: /gql }\ndefaults: { headers: { X-Key: k } }\n\
            tasks: [{ steps: [{ get: / }, { graphql: \"{ a }\" }] }]\n";
        let scenario = Scenario::parse("s.yaml", text).expect("a scenario");
        let GraphqlEndpoint { url, headers, .. } = scenario.graphql_endpoint(None).expect("one");
        assert_eq!((url.as_str(), headers["x-key"].as_bytes()), ("http://h/base/gql", &b"k"[..]));
        let url = scenario.graphql_endpoint(Some("http://other")).expect("one").url;
        assert_eq!(url.as_str(), "http://other/gql");
        let of = |top: &str| {
            let text = format!("{top}\ntasks: [{{ steps: [{{ graphql: \"{{ a }}\" }}] }}]\n");
            let scenario = Scenario::parse("s.yaml", &text).expect("a scenario");
            scenario.graphql_endpoint(None).map(|one| one.url.to_string())
        };
        assert_eq!(of("host: demo"), None);
        assert_eq!(of(""), None);
        assert_eq!(of("graphql: { endpoint: http://g/x }").as_deref(), Some("http://g/x"));
    }
}
