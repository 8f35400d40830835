//! The header `traceparent`, with which a request starts a distributed trace:
//! <https://www.w3.org/TR/trace-context/#traceparent-header>.

use std::num::NonZeroU64;
use std::time::{SystemTime, UNIX_EPOCH};

use http::HeaderName;

use crate::stats::TraceId;

/// The name of the header.
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// Version, trace id, parent id, and the flag that asks for the trace to be kept.
const TEMPLATE: &[u8; 55] = b"00-00000000000000000000000000000000-0000000000000000-01";
const HIGH: usize = 3;
const LOW: usize = HIGH + 16;
const PARENT: usize = LOW + 17;

/// The first half of all trace ids of a run. Seconds come first, since some systems sort or expire traces by them.
pub fn first_half() -> u64 {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    seconds << 32 | u64::from(fastrand::u32(..))
}

/// The header of a user's latest request. The next one is written over it, without allocating.
#[derive(Debug)]
pub struct TraceParent {
    random: fastrand::Rng,
    high: u64,
    value: [u8; TEMPLATE.len()],
    is_sent: bool,
}

impl TraceParent {
    /// For a user of a run whose trace ids begin with `high`. Random numbers of its own: those of the scenario are the
    /// same with and without traces.
    pub fn new(high: u64) -> Self {
        let mut value = *TEMPLATE;
        write_hex(&mut value, HIGH, high);
        Self { random: fastrand::Rng::new(), high, value, is_sent: false }
    }

    /// Starts a trace.
    pub fn next(&mut self) -> TraceId {
        let mut draw = || NonZeroU64::new(self.random.u64(..)).unwrap_or(NonZeroU64::MIN);
        let (low, parent) = (draw(), draw());
        write_hex(&mut self.value, LOW, low.get());
        write_hex(&mut self.value, PARENT, parent.get());
        self.is_sent = true;
        TraceId { high: self.high, low }
    }

    /// The request has a trace of its own.
    pub fn omit(&mut self) {
        self.is_sent = false;
    }

    /// The value of the header; `None` before the first trace, and where the request has one of its own.
    pub fn value(&self) -> Option<&[u8]> {
        self.is_sent.then_some(self.value.as_slice())
    }
}

/// The trace in the value of a header of the scenario.
pub fn trace_of(value: &[u8]) -> Option<TraceId> {
    TraceId::parse(str::from_utf8(value).ok()?.split('-').nth(1)?)
}

fn write_hex(value: &mut [u8; TEMPLATE.len()], at: usize, number: u64) {
    for (digit, shift) in value[at..at + 16].iter_mut().zip((0..64).step_by(4).rev()) {
        *digit = b"0123456789abcdef"[(number >> shift & 0xf) as usize];
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_request_has_a_trace_of_its_own() {
        let mut users = [TraceParent::new(0x0123_4567_89ab_cdef), TraceParent::new(0x0123_4567_89ab_cdef)];
        let mut parents = HashSet::new();
        let mut traces = HashSet::new();
        for at in 0..2_000 {
            let user = &mut users[at % 2];
            let trace = user.next();
            let value = String::from_utf8(user.value().expect("a trace").to_vec()).expect("text");
            let parts: Vec<&str> = value.split('-').collect();
            let [version, id, parent, flags] = parts[..] else { panic!("{value}") };
            assert_eq!((version, id, flags), ("00", trace.to_string().as_str(), "01"), "{value}");
            assert!(
                id.starts_with("0123456789abcdef") && parent.len() == 16 && parent != "0000000000000000",
                "{value}"
            );
            assert_eq!(trace_of(value.as_bytes()), Some(trace));
            assert!(traces.insert(id.to_owned()) && parents.insert(parent.to_owned()), "{value}");
        }
        assert_eq!(trace_of(b"nonsense"), None);
    }

    #[test]
    fn ids_of_a_run_begin_with_its_time() {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time").as_secs();
        assert!((now - 5..=now + 5).contains(&(first_half() >> 32)));
        assert_ne!(first_half(), first_half());
    }
}
