//! Status codes and classes in expectations.

use std::sync::Arc;

/// An inclusive range of status codes: 200 is `200..=200`, `2xx` is `200..=299`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusRange {
    /// First status of the range.
    pub from: u16,
    /// Last status of the range.
    pub to: u16,
}

impl StatusRange {
    /// As written in a scenario: `200 or 3xx`.
    pub(crate) fn words(ranges: &[StatusRange]) -> Arc<str> {
        let word = |range: &StatusRange| match range.to - range.from {
            0 => range.from.to_string(),
            _ => format!("{}xx", range.from / 100),
        };
        ranges.iter().map(word).collect::<Vec<_>>().join(" or ").into()
    }

    /// The range of a class such as `2xx`.
    pub fn class(text: &str) -> Option<Self> {
        let digit = text.strip_suffix("xx")?.parse::<u16>().ok().filter(|digit| (1..=5).contains(digit))?;
        Some(Self { from: digit * 100, to: digit * 100 + 99 })
    }

    /// True if the status is in the range.
    pub fn contains(&self, status: u16) -> bool {
        (self.from..=self.to).contains(&status)
    }
}
