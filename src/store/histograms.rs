//! Reads the response times of rows from `intervals.hlog`, where nothing else has them. The file may come from anywhere:
//! what no run writes is skipped.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::ZlibDecoder;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use hdrhistogram::serialization::interval_log::{IntervalLogHistogram, IntervalLogIterator, LogEntry};

use super::open;
use crate::stats::{Exact, Sparse};

/// Most bytes of a histogram: one of an hour in microseconds has at most 9 bytes for each of its 24,000 values.
const LARGEST: u64 = 1 << 18;
/// Cookie and length in front of compressed data.
const HEAD: usize = 8;
/// Position of the length in a histogram, and where its values begin.
const LENGTH_AT: usize = 4;
const VALUES_AT: usize = 40;
/// Most times of one histogram.
const MOST: u64 = 1 << 40;

/// Response times of the rows since the last reset.
#[derive(Debug, Default)]
pub(super) struct RowTimes {
    /// Response times and service times, by the number of the row.
    pub rows: BTreeMap<usize, (Sparse, Option<Sparse>)>,
    /// Run time until which they go.
    pub until: Duration,
}

/// The times of rows after the run time `reset`. Empty if there are none, or if the file cannot be read.
pub(super) fn rows(path: &Path, reset: Duration) -> RowTimes {
    let bytes = open::bytes(path, open::LARGEST).unwrap_or_default();
    let mut found = RowTimes::default();
    // Seconds before the reset: a batch of rows that has one of them has requests that no longer count.
    let mut before: Option<Duration> = None;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        // Each line alone: after one that is damaged, the iterator ends.
        let Some(Ok(LogEntry::Interval(interval))) = IntervalLogIterator::new(line).next() else { continue };
        let from = interval.start_timestamp();
        let Some((row, is_service)) = interval.tag().as_ref().and_then(|tag| row(tag.as_str())) else {
            if from < reset {
                before = before.max(Some(from));
            }
            continue;
        };
        if before.is_some_and(|second| from <= second) {
            continue;
        }
        let Some(times) = times(&interval) else { continue };
        found.until = found.until.max(from.saturating_add(interval.duration()));
        let (response, service) = found.rows.entry(row).or_default();
        if is_service {
            service.get_or_insert_default().merge(&times);
        } else {
            response.merge(&times);
        }
    }
    for (response, service) in found.rows.values_mut() {
        response.compact();
        service.iter_mut().for_each(Sparse::compact);
    }
    found
}

/// The number of the row, and whether it is its service time, of a tag such as `r12.response`.
fn row(tag: &str) -> Option<(usize, bool)> {
    let (row, kind) = tag.strip_prefix('r')?.split_once('.')?;
    let is_service = match kind {
        "response" => false,
        "service" => true,
        _ => return None,
    };
    Some((row.parse().ok()?, is_service))
}

fn times(interval: &IntervalLogHistogram<'_>) -> Option<Sparse> {
    let bytes = STANDARD.decode(interval.encoded_histogram()).ok()?;
    let mut whole = Vec::new();
    ZlibDecoder::new(bytes.get(HEAD..)?).take(LARGEST).read_to_end(&mut whole).ok()?;
    // The decoder trusts the length, and negates each value.
    let length = u32::from_be_bytes(whole.get(LENGTH_AT..HEAD)?.try_into().ok()?);
    let values = whole.get(VALUES_AT..)?;
    if length as usize != values.len() || values.windows(9).any(|value| value == [0xff; 9]) {
        return None;
    }
    let histogram: Histogram<u64> = Deserializer::new().deserialize(&mut &whole[..]).ok()?;
    if histogram.len() > MOST {
        return None;
    }
    let mut exact = Exact::default();
    for value in histogram.iter_recorded() {
        let (nanos, count) = (value.value_iterated_to().saturating_mul(1_000), value.count_at_value());
        exact.merge(&Exact { count, sum: nanos.saturating_mul(count), min: nanos, max: nanos });
    }
    Some(Sparse::of(exact, &histogram))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_of_rows() {
        for (tag, expected) in [
            ("r12.response", Some((12, false))),
            ("r0.service", Some((0, true))),
            ("service", None),
            ("rx.response", None),
            ("r-1.response", None),
            ("r1.other", None),
        ] {
            assert_eq!(row(tag), expected, "{tag}");
        }
    }

    #[test]
    fn a_damaged_histogram_is_none() {
        use hdrhistogram::serialization::interval_log::IntervalLogWriterBuilder;
        use hdrhistogram::serialization::{Serializer as _, V2DeflateSerializer, V2Serializer};
        let mut histogram = Histogram::<u64>::new_with_bounds(1, 3_600_000_000, 3).unwrap();
        histogram.record_n(1_500, 3).unwrap();
        histogram.record(3_600_000_000).unwrap();
        let mut log = Vec::new();
        let mut serializer = V2DeflateSerializer::new();
        let writer = IntervalLogWriterBuilder::new();
        let mut writer = writer.begin_log_with(&mut log, &mut serializer).unwrap();
        writer.write_histogram(&histogram, Duration::ZERO, Duration::from_secs(1), None).unwrap();
        let of = |log: &[u8]| {
            let entry = IntervalLogIterator::new(log).find_map(|entry| match entry {
                Ok(LogEntry::Interval(interval)) => Some(times(&interval)),
                _ => None,
            });
            entry.flatten()
        };
        let good = of(&log).expect("a histogram");
        assert_eq!((good.exact().count, good.values().len()), (4, 2));
        // Any damage of the plain form is an error, or other times, and never a panic or a large allocation.
        let mut plain = Vec::new();
        V2Serializer::new().serialize(&histogram, &mut plain).unwrap();
        let line = |plain: &[u8]| {
            let mut deflated = vec![0; HEAD];
            let mut encoder = flate2::write::ZlibEncoder::new(&mut deflated, flate2::Compression::fast());
            std::io::Write::write_all(&mut encoder, plain).unwrap();
            drop(encoder);
            format!("0.0,1.0,1.0,{}\n", STANDARD.encode(deflated)).into_bytes()
        };
        assert_eq!(of(&line(&plain)).map(|times| times.exact().count), Some(4));
        for at in 0..plain.len() {
            for byte in [0, 0x7f, 0x80, 0xff] {
                let mut bad = plain.clone();
                bad[at] = byte;
                let _ = of(&line(&bad));
            }
        }
        let mut endless = plain.clone();
        endless.truncate(VALUES_AT);
        endless.extend([0xff; 9]);
        endless[LENGTH_AT..HEAD].copy_from_slice(&9_u32.to_be_bytes());
        assert!(of(&line(&endless)).is_none());
        endless[LENGTH_AT..HEAD].copy_from_slice(&u32::MAX.to_be_bytes());
        assert!(of(&line(&endless)).is_none());
    }
}
