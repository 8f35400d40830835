//! Ids of distributed traces: <https://www.w3.org/TR/trace-context/#trace-id>.

use std::fmt;
use std::num::NonZeroU64;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Id of the trace that a request starts. Displays as 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceId {
    /// The first 8 bytes, the same for all requests of a run.
    pub high: u64,
    /// The last 8 bytes. Never zero, so that the id of a request that is not traced needs no space of its own.
    pub low: NonZeroU64,
}

impl TraceId {
    /// From 32 hexadecimal digits in lower case, as in the header `traceparent`. `None` if the last 16 are zeros.
    pub fn parse(digits: &str) -> Option<Self> {
        let is_hex = digits.len() == 32 && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let half = |part: Option<&str>| u64::from_str_radix(part?, 16).ok();
        let (high, low) = (half(digits.get(..16)).filter(|_| is_hex)?, half(digits.get(16..))?);
        Some(Self { high, low: NonZeroU64::new(low)? })
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}{:016x}", self.high, self.low)
    }
}

impl Serialize for TraceId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TraceId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom(format!("expected 32 hexadecimal digits, found {text:?}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_32_digits() {
        let text = "00000000ab54a98ceb1f0ad200000001";
        let id = TraceId::parse(text).expect("an id");
        assert_eq!((id.to_string().as_str(), id.high, id.low.get()), (text, 0xab54_a98c, 0xeb1f_0ad2_0000_0001));
        let json = serde_json::to_string(&id).expect("JSON");
        assert_eq!(serde_json::from_str::<TraceId>(&json).expect("an id"), id);
        for bad in ["", "+0000000ab54a98ceb1f0ad200000001", &text[1..], &text.to_uppercase(), &"0".repeat(32)] {
            assert_eq!(TraceId::parse(bad), None, "{bad}");
        }
        assert_eq!(size_of::<Option<TraceId>>(), 16);
    }
}
