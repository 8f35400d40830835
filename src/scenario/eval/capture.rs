//! Captures: pure functions that extract values from a [`ResponseView`].

use std::sync::Arc;

use http::HeaderName;
use minijinja::Value;
use minijinja::value::Serde;
use scraper::Selector;

use super::html::{self, HtmlQuery};
use super::path::Path;
pub use super::pick::Pick;
use super::response::{EvaluationError, ResponseView, Selected};
use super::template::{Scope, SlotId};
use crate::scenario::grammar::hints;

/// A compiled entry of `capture`.
#[derive(Debug, Clone)]
pub struct Capture {
    /// The variable to set.
    pub slot: SlotId,
    /// The name of the variable.
    pub name: Arc<str>,
    /// Where the value comes from.
    pub source: CaptureSource,
    /// Which of several values to take.
    pub pick: Pick,
    /// Used if nothing is found.
    pub default: Option<Value>,
    /// Name and source for failure reasons: `token: json $.token`.
    pub words: Arc<str>,
}

/// The source of a captured value.
#[derive(Debug, Clone)]
pub enum CaptureSource {
    /// A path into the JSON of the body; the value keeps its type.
    Json(Path),
    /// The value of a header.
    Header(HeaderName),
    /// The value of a cookie that the response sets.
    Cookie(String),
    /// The first group of a match in the body, or the whole match if the pattern has no group.
    Regex(regex::Regex),
    /// The text, or an attribute, of an element of the body's HTML.
    Css {
        /// Selects the elements.
        selector: Selector,
        /// An attribute instead of the text.
        attribute: Option<String>,
    },
    /// The whole body, as a string.
    Body,
    /// The status code, a number.
    Status,
}

/// A capture that found nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("nothing to capture for {what}")]
pub struct CaptureMiss {
    /// Name and source of the capture: the same for all its misses, so that they are grouped.
    pub what: Arc<str>,
    /// What was found instead, for the example.
    pub found: String,
}

/// Resets captures whose request failed: each variable gets its default, or becomes undefined, because an older value
/// must not be sent as if it were new.
pub fn reset(captures: &[Capture], scope: &mut Scope) {
    for capture in captures {
        scope.set(capture.slot, capture.default.clone().unwrap_or(Value::UNDEFINED));
    }
}

impl Capture {
    /// Extracts the value, or returns the default.
    ///
    /// # Errors
    /// When nothing is found and there is no default.
    pub fn take(&self, response: &ResponseView<'_>, rng: &mut fastrand::Rng) -> Result<Value, CaptureMiss> {
        let found = self.source.find(response, self.pick, rng);
        match (found, &self.default) {
            (Some(value), _) => Ok(value),
            (None, Some(default)) => Ok(default.clone()),
            (None, None) => Err(CaptureMiss { what: Arc::clone(&self.words), found: self.instead(response) }),
        }
    }

    /// Whether the body must be kept for this capture.
    pub fn reads_body(&self) -> bool {
        !matches!(self.source, CaptureSource::Header(_) | CaptureSource::Cookie(_) | CaptureSource::Status)
    }

    /// Whether it reads cookies, which redirects may set too.
    pub fn reads_cookies(&self) -> bool {
        matches!(self.source, CaptureSource::Cookie(_))
    }

    fn instead(&self, response: &ResponseView<'_>) -> String {
        match &self.source {
            CaptureSource::Json(_) if response.json().is_none() => response.not_json().to_owned(),
            CaptureSource::Json(path) => {
                let advice = hints::length(path.text()).map(|advice| format!("; {advice}")).unwrap_or_default();
                format!("{} is not in the JSON{advice}", path.text())
            }
            CaptureSource::Header(name) => format!("the response has no header {name}"),
            CaptureSource::Cookie(name) => format!("the response does not set the cookie {name}"),
            CaptureSource::Regex(pattern) => format!("{pattern} matches nothing"),
            CaptureSource::Css { .. } => "no element matches".to_owned(),
            CaptureSource::Body | CaptureSource::Status => String::new(),
        }
    }
}

impl CaptureSource {
    fn find(&self, response: &ResponseView<'_>, pick: Pick, rng: &mut fastrand::Rng) -> Option<Value> {
        match self {
            CaptureSource::Json(path) => {
                let Selected::Found(found) = response.select(path) else { return None };
                pick.choose(&found, rng, |v| Value::from(Serde(&**v)))
            }
            CaptureSource::Header(name) => {
                let values: Vec<_> = response.headers.all().get_all(name).iter().collect();
                pick.choose(&values, rng, |v| text(v.as_bytes()))
            }
            CaptureSource::Cookie(name) => response.cookie(name).map(Value::from),
            CaptureSource::Regex(pattern) => {
                let group = usize::from(pattern.captures_len() > 1);
                let value = |c: regex::Captures<'_>| c.get(group).map(|m| Value::from(m.as_str()));
                // As `matches` reads the body: an invalid byte becomes a character that `.` matches.
                let body = String::from_utf8_lossy(response.text());
                match pick {
                    Pick::First => pattern.captures(&body).and_then(value),
                    _ => pick.choose(&matches(pattern, &body, response, value), rng, Value::clone),
                }
            }
            CaptureSource::Css { selector, attribute } => {
                let wanted = HtmlQuery { selector, attribute: attribute.as_deref() };
                let found = html::find(response, wanted, pick, rng);
                if pick == Pick::All { pick.choose(&found, rng, Value::clone) } else { found.into_iter().next() }
            }
            CaptureSource::Body => Some(text(response.text())),
            CaptureSource::Status => Some(Value::from(response.status)),
        }
    }
}

/// Maximum bytes and matches of one capture.
const MAX_FOUND: usize = 16 * 1024 * 1024;
const MAX_MATCHES: usize = 250_000;

/// All matches. Finding one takes linear time, finding all may take quadratic time.
fn matches(
    pattern: &regex::Regex,
    body: &str,
    response: &ResponseView<'_>,
    value: impl Fn(regex::Captures<'_>) -> Option<Value>,
) -> Vec<Value> {
    let (mut all, mut bytes) = (Vec::new(), 0);
    for (at, found) in pattern.captures_iter(body).enumerate() {
        if at % 16 == 15 && response.is_over_budget() {
            return Vec::new();
        }
        if let Some(value) = value(found) {
            bytes += value.as_str().map_or(0, str::len);
            all.push(value);
        }
        if bytes > MAX_FOUND || all.len() > MAX_MATCHES {
            response.abort(EvaluationError::Limit("the pattern finds more than 16 MiB or 250,000 matches"));
            return Vec::new();
        }
    }
    all
}

fn text(bytes: &[u8]) -> Value {
    Value::from(&*String::from_utf8_lossy(bytes))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::{HeaderMap, HeaderValue};

    use super::*;

    fn capture(source: CaptureSource, pick: Pick, default: Option<Value>) -> Capture {
        Capture { slot: SlotId(0), name: "x".into(), source, pick, default, words: "x: there".into() }
    }

    fn take(source: CaptureSource, pick: Pick, body: &str) -> Option<Value> {
        let mut headers = HeaderMap::new();
        headers.insert("x-id", HeaderValue::from_static("seven"));
        headers.append("set-cookie", HeaderValue::from_static("sid=abc; Path=/"));
        headers.append("set-cookie", HeaderValue::from_static("other=\"q\""));
        let response = ResponseView::new(201, Duration::ZERO, &headers, body.as_bytes());
        capture(source, pick, None).take(&response, &mut fastrand::Rng::with_seed(3)).ok()
    }

    fn json(path: &str) -> CaptureSource {
        CaptureSource::Json(Path::new(path).unwrap())
    }

    fn css(selector: &str, attribute: Option<&str>) -> CaptureSource {
        CaptureSource::Css { selector: Selector::parse(selector).unwrap(), attribute: attribute.map(str::to_owned) }
    }

    fn regex(pattern: &str) -> CaptureSource {
        CaptureSource::Regex(regex::Regex::new(pattern).unwrap())
    }

    #[test]
    fn all_sources_and_picks() {
        const BODY: &str = r#"{"t":"k","n":[1,2,3],"e":[]}"#;
        const PAGE: &str = "<ul><li a=1>one <li a=2> two</ul>";
        for (source, pick, body, wanted) in [
            (json("$.t"), Pick::First, BODY, Some("k")),
            (json("$.n[*]"), Pick::First, BODY, Some("1")),
            (json("$.n[*]"), Pick::Last, BODY, Some("3")),
            (json("$.n[*]"), Pick::All, BODY, Some("[1, 2, 3]")),
            (json("$.n"), Pick::First, BODY, Some("[1, 2, 3]")),
            (json("$.e[*]"), Pick::All, BODY, None),
            (json("$.nope"), Pick::First, BODY, None),
            (json("$.t"), Pick::First, "<html>", None),
            (CaptureSource::Header(HeaderName::from_static("x-id")), Pick::First, "", Some("seven")),
            (CaptureSource::Header(HeaderName::from_static("x-no")), Pick::First, "", None),
            (CaptureSource::Cookie("sid".into()), Pick::First, "", Some("abc")),
            (CaptureSource::Cookie("other".into()), Pick::First, "", Some("q")),
            (CaptureSource::Cookie("si".into()), Pick::First, "", None),
            (regex("id=(\\d+)"), Pick::First, "id=4 id=55", Some("4")),
            (regex("id=(\\d+)"), Pick::Last, "id=4 id=55", Some("55")),
            (regex("id=\\d+"), Pick::First, "id=4", Some("id=4")),
            (regex("id=(\\d+)"), Pick::First, "no", None),
            (css("li", None), Pick::Last, PAGE, Some("two")),
            (css("li", Some("a")), Pick::First, PAGE, Some("1")),
            (css("p", None), Pick::First, PAGE, None),
            (CaptureSource::Body, Pick::First, "all", Some("all")),
            (CaptureSource::Status, Pick::First, "", Some("201")),
        ] {
            let shown = format!("{source:?} {pick:?}");
            assert_eq!(take(source, pick, body).map(|v| v.to_string()).as_deref(), wanted, "{shown}");
        }
        let any = take(json("$.n[*]"), Pick::Random, BODY).unwrap();
        assert!(["1", "2", "3"].contains(&&*any.to_string()));
    }

    #[test]
    fn a_miss_uses_the_default_or_reports_what_was_found() {
        let headers = HeaderMap::new();
        let response = ResponseView::new(200, Duration::ZERO, &headers, b"<html>");
        let mut rng = fastrand::Rng::with_seed(1);
        let with = capture(json("$.t"), Pick::First, Some(Value::from(9)));
        assert_eq!(with.take(&response, &mut rng).unwrap(), Value::from(9));
        let miss = capture(json("$.t"), Pick::First, None).take(&response, &mut rng).unwrap_err();
        assert_eq!(
            (miss.to_string().as_str(), miss.found.as_str()),
            ("nothing to capture for x: there", "a body that is not JSON")
        );
    }

    #[test]
    fn invalid_utf_8_matches_as_a_character() {
        let headers = HeaderMap::new();
        let response = ResponseView::new(200, Duration::ZERO, &headers, b"<p>caf\xe9 au lait</p>");
        for pick in [Pick::First, Pick::Last] {
            let taken = capture(regex("<p>(.*)</p>"), pick, None).take(&response, &mut fastrand::Rng::with_seed(3));
            assert_eq!(taken.unwrap().as_str(), Some("caf\u{fffd} au lait"));
        }
    }
}
