//! A value that is shown and edited with its secrets masked, and keeps them.

use std::fmt;

use super::{MASK, Redactor, userinfo};

/// A value, and how it is shown.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Masked {
    whole: String,
    shown: String,
}

/// A mask whose value is unknown.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unknown;

impl Masked {
    /// Masks secrets, and user names and passwords of URLs.
    pub fn new(whole: &str, secrets: &Redactor) -> Self {
        // Secrets first: an @ in a secret would split it.
        let shown = userinfo::mask(&secrets.mask(whole)).into_owned();
        Self { whole: whole.to_owned(), shown }
    }

    /// The value as shown.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// The value after an edit of what is shown, with the masks that are left replaced by what they hide.
    pub fn restore(&self, edited: &str) -> Result<String, Unknown> {
        if edited == self.shown {
            return Ok(self.whole.clone());
        }
        let kept = edited.matches(MASK).count();
        if kept == 0 {
            return Ok(edited.to_owned());
        }
        // With fewer masks than before, nobody knows which one is left.
        let hidden = self.hidden().filter(|hidden| hidden.len() == kept).ok_or(Unknown)?;
        let mut pieces = edited.split(MASK);
        let mut out = pieces.next().unwrap_or_default().to_owned();
        for (hidden, piece) in hidden.iter().zip(pieces) {
            out.extend([hidden, piece]);
        }
        Ok(out)
    }

    /// What the masks hide, in order; `None` if that cannot be told.
    fn hidden(&self) -> Option<Vec<&str>> {
        let mut pieces: Vec<&str> = self.shown.split(MASK).collect();
        let last = pieces.pop()?;
        if pieces.is_empty() {
            return Some(Vec::new());
        }
        let mut rest = self.whole.strip_suffix(last)?;
        let mut hidden = Vec::new();
        for (at, piece) in pieces.into_iter().enumerate() {
            if at == 0 {
                rest = rest.strip_prefix(piece)?;
                continue;
            }
            // Two masks without text between them.
            let end = rest.find(piece).filter(|_| !piece.is_empty())?;
            hidden.push(&rest[..end]);
            rest = &rest[end + piece.len()..];
        }
        hidden.push(rest);
        Some(hidden)
    }
}

impl fmt::Debug for Masked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden_survives_edits() {
        let secrets = Redactor::new(["t0ken-48151623"]);
        for (whole, shown, edited, wanted) in [
            ("http://u:pw@h:1", "http://***@h:1", "http://***@h:1", Some("http://u:pw@h:1")),
            ("http://u:pw@h:1", "http://***@h:1", "http://***@h:1/sub", Some("http://u:pw@h:1/sub")),
            ("http://u:pw@h:1", "http://***@h:1", "https://***@h:2", Some("https://u:pw@h:2")),
            ("http://u:pw@h:1", "http://***@h:1", "http://me:new@h:1", Some("http://me:new@h:1")),
            ("http://u:pw@h:1", "http://***@h:1", "http://h:1", Some("http://h:1")),
            ("http://u:pw@h:1", "http://***@h:1", "http://***:***@h:1", None),
            ("http://h/t0ken-48151623", "http://h/***", "http://h/***/x", Some("http://h/t0ken-48151623/x")),
            (
                "http://u:p@h/t0ken-48151623",
                "http://***@h/***",
                "http://***@i/***",
                Some("http://u:p@i/t0ken-48151623"),
            ),
            ("http://u:p@h/t0ken-48151623", "http://***@h/***", "http://h/***", None),
            ("http://h", "http://h", "http://***@h", None),
            ("http://h/***", "http://h/***", "http://h/***", Some("http://h/***")),
            ("", "", "http://h", Some("http://h")),
        ] {
            let masked = Masked::new(whole, &secrets);
            assert_eq!((masked.shown(), format!("{masked:?}")), (shown, format!("{shown:?}")));
            assert_eq!(masked.restore(edited).ok().as_deref(), wanted, "{whole}: {edited}");
        }
    }
}
