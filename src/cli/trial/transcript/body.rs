//! Start of request and response bodies in the transcript.

use super::Transcript;
use crate::cli::trial::paint::Role;
use crate::units;

/// Maximum lines printed of a body.
const LINES: usize = 12;
/// Maximum bytes to reformat; longer bodies are printed as they are, since formatting would take too long.
const PRETTY: usize = 256 * 1024;
/// Maximum characters processed of a body.
const LOOK: usize = 16 * 1024;

impl Transcript {
    /// Prints the first lines of a body: formatted JSON, text as it is, or the size of anything else.
    pub(super) fn body(&self, mark: &str, body: &[u8], media: &str) {
        if body.is_empty() {
            return;
        }
        self.line(4, mark.trim_end(), "", Some(Role::Quiet));
        self.content(mark, body, media);
    }

    /// Prints text from or to Redis, which has no media type.
    pub(super) fn text(&self, mark: &str, text: &[u8]) {
        if !text.is_empty() {
            self.content(mark, text, "");
        }
    }

    fn content(&self, mark: &str, body: &[u8], media: &str) {
        let is_full = self.width.is_none();
        let pretty = (is_full || body.len() <= PRETTY)
            .then(|| serde_json::from_slice::<serde_json::Value>(body).ok())
            .flatten()
            .filter(|json| json.is_object() || json.is_array())
            .and_then(|json| serde_json::to_string_pretty(&json).ok());
        let start = if is_full { body } else { body.get(..LOOK.saturating_add(self.secrets.reach())).unwrap_or(body) };
        let text = match (&pretty, std::str::from_utf8(start)) {
            (Some(text), _) => text.as_str(),
            (None, Ok(text)) => text,
            // An incomplete last character does not make the body binary.
            (None, Err(e)) if !is_full && e.error_len().is_none() => {
                std::str::from_utf8(&start[..e.valid_up_to()]).unwrap_or("")
            }
            (None, Err(_)) => {
                let media = if media.is_empty() { "something that is not text" } else { media };
                let text = format!("({} of {media})", units::bytes(body.len() as u64));
                return self.line(4, mark, &text, Some(Role::Quiet));
            }
        };
        let is_whole = pretty.is_some() || body.len() == start.len();
        // Mask the whole text, not line by line: a secret may span lines.
        if is_full {
            return self.secrets.mask(text).lines().for_each(|line| self.line(4, mark, line, None));
        }
        let shown = self.secrets.clip_part(text, LOOK, is_whole);
        for line in shown.lines().take(LINES) {
            self.line(4, mark, line, None);
        }
        if shown.lines().nth(LINES).is_some() || text.len() > LOOK || !is_whole {
            let text = format!("… {} in all", units::bytes(body.len() as u64));
            self.line(4, mark, &text, Some(Role::Quiet));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::LINES;
    use crate::cli::trial::transcript::tests::{printed, printed_in};

    #[test]
    fn bodies_are_formatted_truncated_or_described() {
        let text = printed(|t| t.body("< ", br#"{"a":[1,2]}"#, ""));
        assert!(text.contains("<   \"a\": ["), "{text}");
        let text = printed(|t| t.body("< ", "line\n".repeat(50).as_bytes(), ""));
        assert_eq!(text.matches("line").count(), LINES, "{text}");
        assert!(text.contains("in all"), "{text}");
        let text = printed(|t| t.body("< ", &[0xff, 0xfe, 0], "image/png"));
        assert!(text.contains("of image/png)"), "{text}");
        assert_eq!(printed(|t| t.body("< ", b"", "")), "");
        let long = format!("{}hunter22{}", "x".repeat(30_000), "y\n".repeat(50));
        let text = printed_in(None, |t| t.body("< ", long.as_bytes(), ""));
        assert!(text.contains(&format!("{}***y\n", "x".repeat(30_000))), "{text}");
        assert_eq!((text.matches('y').count(), text.contains("in all")), (50, false), "{text}");
    }
}
