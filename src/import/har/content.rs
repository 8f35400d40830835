//! Converts the content of a recorded request to a body of a step, or to a file next to the scenario.

use serde_json::Value;

use super::sent::Sent;
use crate::import::body::{Fill, body};
use crate::import::draft::Attachments;
use crate::import::literal::literal;
use crate::import::multipart;

/// Maximum size of a body in a step, in bytes; larger ones are files.
const LONGEST_BODY: usize = 50_000;

/// Body of a step.
#[derive(Default)]
pub struct Content {
    /// Fields of the step.
    pub fields: Vec<(&'static str, Value)>,
    /// Media type, if the step does not set it automatically.
    pub media: Option<String>,
}

/// The body of a step; large and binary ones become files.
pub fn content(sent: Sent<'_>, fill: &mut Fill<'_>, files: &mut Attachments, comments: &mut Vec<String>) -> Content {
    let kept = |media: &str| {
        let right = !media.is_empty() && http::HeaderValue::try_from(media).is_ok();
        right.then(|| literal(media))
    };
    let mut file = |media: &str, content: Vec<u8>| {
        let path = files.add(&format!("body.{}", ending(media)), content);
        Content { fields: vec![("body", Value::from(format!("@{path}")))], media: kept(media) }
    };
    match sent {
        Sent::Nothing | Sent::Missing(_) => Content::default(),
        Sent::Text(text, media) if text.len() > LONGEST_BODY => {
            // Templates in the file are evaluated.
            let whole = fill("", &Value::from(text.as_ref())).unwrap_or_else(|| literal(&text));
            file(media, whole.into_bytes())
        }
        Sent::Text(text, media) => {
            let (key, value, own) = body(&text, media, fill);
            Content { fields: vec![(key, value)], media: kept(media).filter(|_| !own) }
        }
        Sent::Bytes(content, media) => file(media, content),
        Sent::Parts(parts) => {
            Content { fields: multipart::fields(parts, fill, Some(files), comments).into(), media: None }
        }
    }
}

/// Ending of a file with this media type.
fn ending(media: &str) -> &'static str {
    let kind = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match kind.as_str() {
        "application/json" => "json",
        "text/plain" | "application/x-www-form-urlencoded" => "txt",
        "text/csv" => "csv",
        "image/png" => "png",
        "image/jpeg" => "jpg",
        "application/pdf" => "pdf",
        kind if kind.ends_with("+json") => "json",
        kind if kind.ends_with("xml") => "xml",
        _ => "bin",
    }
}
