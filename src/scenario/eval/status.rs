//! Status codes and their classes, as expectations name them.

use std::sync::Arc;

/// Accepted statuses, both ends included: 200 is `200..=200`, `2xx` is `200..=299`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusRange {
    /// Lowest.
    pub from: u16,
    /// Highest.
    pub to: u16,
}

impl StatusRange {
    /// As in a scenario: `200 or 3xx`.
    pub(crate) fn words(ranges: &[StatusRange]) -> Arc<str> {
        let word = |range: &StatusRange| match range.to - range.from {
            0 => range.from.to_string(),
            _ => format!("{}xx", range.from / 100),
        };
        ranges.iter().map(word).collect::<Vec<_>>().join(" or ").into()
    }

    /// A class of statuses, such as `2xx`.
    pub fn class(text: &str) -> Option<Self> {
        let digit = text.strip_suffix("xx")?.parse::<u16>().ok().filter(|digit| (1..=5).contains(digit))?;
        Some(Self { from: digit * 100, to: digit * 100 + 99 })
    }

    /// True when the status is inside.
    pub fn contains(&self, status: u16) -> bool {
        (self.from..=self.to).contains(&status)
    }
}
