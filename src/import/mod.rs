//! Converts descriptions of requests to scenarios: HAR recordings, OpenAPI documents, `curl` command lines.
//!
//! Input: an untrusted text of limited size. Output: a commented scenario without credentials, which become environment
//! variables, and the files that it needs. Nothing is read from disk and nothing is sent.

mod body;
mod credential;
mod curl;
mod draft;
mod har;
mod headers;
mod input;
mod literal;
mod multipart;
mod openapi;
mod write;

use serde_json::Value;

pub use self::input::{ImportError, ImportOptions};

use crate::scenario::eval::json;
use crate::scenario::grammar::schema::MODELINE;
use crate::scenario::syntax::yaml_error;

/// Maximum size of the input in bytes; a recording of a long session has tens of megabytes.
pub const MAX_INPUT: usize = 64 * 1024 * 1024;
/// Maximum size of a scenario that can be loaded, in bytes.
const MAX_OUTPUT: usize = 1_000_000;
/// Maximum number of values in a YAML document, with aliases counted each time.
const MAX_NODES: usize = 400_000;
/// Maximum nesting of a YAML document.
const MAX_DEPTH: usize = 60;

/// A generated scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// Text of the file.
    pub text: String,
    /// Notes about omissions and manual steps, one line each; also at the top of the file.
    pub notes: Vec<String>,
    /// Environment variables used by the scenario.
    pub variables: Vec<String>,
    /// Files that it needs next to it: names and contents.
    pub files: Vec<(String, Vec<u8>)>,
}

/// Converts a text to a scenario called `name`; the format is detected from the content.
///
/// # Errors
/// If the text is too long, has an unknown format, or contains no supported request.
pub fn import(text: &str, name: &str, options: &ImportOptions) -> Result<Imported, ImportError> {
    if text.len() > MAX_INPUT {
        return Err(ImportError::new(format!("it has more than {}", crate::units::bytes(MAX_INPUT as u64))));
    }
    let text = text.trim_start_matches('\u{feff}');
    let mut draft = match kind(text)? {
        Kind::Har(document) => har::import(&document, name, options)?,
        Kind::OpenApi(document) => openapi::import(&document)?,
        Kind::Curl => curl::import(text)?,
    };
    draft.name = name.to_owned();
    if draft.tasks.iter().all(|task| task.is_empty()) {
        let why = draft.notes.iter().map(|note| format!("\n  {note}")).collect::<String>();
        return Err(ImportError::new(format!("it has no request that can be sent{why}")));
    }
    write::scrub(&mut draft);
    let (notes, mut variables) = (draft.notes.clone(), draft.credentials.names());
    let others: Vec<String> = draft.variables.iter().filter(|name| !variables.contains(name)).cloned().collect();
    variables.extend(others);
    let files = std::mem::take(&mut draft.files.all);
    let text = format!("{MODELINE}\n{}", write::scenario(draft));
    if text.len() > MAX_OUTPUT {
        let size = crate::units::bytes(text.len() as u64);
        return Err(ImportError::new(format!(
            "the scenario would have {size}, which is more than can be loaded: shorten the input"
        )));
    }
    Ok(Imported { text, notes, variables, files })
}

enum Kind {
    Har(Value),
    OpenApi(Value),
    Curl,
}

/// Detects the format of a text.
fn kind(text: &str) -> Result<Kind, ImportError> {
    let known = "a HAR recording, an OpenAPI 3 or Swagger 2 document, or a curl command line";
    let start = text.trim_start();
    if start.is_empty() {
        return Err(ImportError::new(format!("it is empty: expected {known}")));
    }
    if curl::is_command(start) {
        return Ok(Kind::Curl);
    }
    let document = if start.starts_with('{') {
        serde_json::from_str(start).map_err(|e| ImportError::new(json::refusal("it", &e)))?
    } else {
        yaml(text).map_err(|why| ImportError::new(format!("it is not {known}: {why}")))?
    };
    if document.get("log").and_then(|log| log.get("entries")).is_some() {
        return Ok(Kind::Har(document));
    }
    if let Some(version) = document.get("openapi") {
        let version = version.as_str().map_or_else(|| version.to_string(), str::to_owned);
        if version.starts_with('3') {
            return Ok(Kind::OpenApi(document));
        }
        return Err(ImportError::new(format!(
            "it is OpenAPI {}; 3.0 and 3.1 are supported",
            crate::clean::line(&version)
        )));
    }
    if let Some(version) = document.get("swagger").or_else(|| document.get("swaggerVersion")) {
        let version = version.as_str().map_or_else(|| version.to_string(), str::to_owned);
        if version.starts_with('2') {
            return Ok(Kind::OpenApi(openapi::converted(&document)));
        }
        let version = crate::clean::line(&version).into_owned();
        return Err(ImportError::new(format!(
            "it is Swagger {version}: convert it to OpenAPI 3 first, for example with `api-spec-converter`"
        )));
    }
    Err(ImportError::new(format!("it is not {known}")))
}

fn yaml(text: &str) -> Result<Value, String> {
    let options = serde_yaml::options! {
        budget: serde_yaml::budget! { max_nodes: MAX_NODES, max_depth: MAX_DEPTH, max_documents: 1 },
        with_snippet: false,
    };
    serde_yaml::from_str_with_options(text, options).map_err(|error| {
        let message = yaml_error::message(&error, (MAX_NODES, MAX_DEPTH));
        let at = error.location().map(|at| format!(" (line {}, column {})", at.line(), at.column()));
        crate::clean::line(&format!("{message}{}", at.unwrap_or_default())).into_owned()
    })
}
