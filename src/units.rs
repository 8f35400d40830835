//! Parses and formats quantities: users, rates, durations and sizes.
//!
//! Inside the program, a duration is a [`Duration`]; only this module converts between durations and text.

use std::fmt;
use std::time::Duration;

/// A number of simulated users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Users(pub u32);

impl fmt::Display for Users {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A rate in events per second: users spawned, requests sent.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct PerSecond(pub f64);

impl fmt::Display for PerSecond {
    /// At most two decimals, without trailing zeros: `5`, `0.5`, `12.25`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{:.2}", self.0);
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

/// Maximum users of a run.
pub const MAX_USERS: u32 = 1_000_000;
/// Maximum spawn rate, in users per second.
pub const MAX_SPAWN_RATE: f64 = 100_000.0;

/// A quantity that could not be parsed. The message says what was found and what is allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    /// Not a duration.
    #[error("{0:?} is not a duration: write 500ms, 30s, 2m, 1h30m, or a number of seconds")]
    Duration(String),
    /// Longer than a run can be.
    #[error("{0:?} is too long: at most 10000h")]
    TooLong(String),
    /// Not a number of users.
    #[error("{0:?} is not a number of users: write a whole number from 0 to 1000000")]
    Users(String),
    /// Not a rate.
    #[error("{0:?} is not a spawn rate: write 5, 5/s or 300/m; above 0 and up to 100000 users per second")]
    SpawnRate(String),
}

/// Parses a number of users, from 0 to [`MAX_USERS`].
///
/// # Errors
/// When the text is not an integer in that range.
pub fn parse_users(text: &str) -> Result<Users, UnitError> {
    let error = || UnitError::Users(text.to_owned());
    let n: u32 = text.trim().parse().map_err(|_| error())?;
    if n > MAX_USERS { Err(error()) } else { Ok(Users(n)) }
}

/// Parses a rate: `50/s`, `600/m`, `600/min`, `90/h`; a number without unit is per second.
pub fn parse_rate(text: &str) -> Option<PerSecond> {
    let (number, per) = match text.split_once('/').map(|(number, unit)| (number, unit.trim())) {
        None => (text, 1.0),
        Some((number, "s")) => (number, 1.0),
        Some((number, "m" | "min")) => (number, 60.0),
        Some((number, "h")) => (number, 3_600.0),
        Some(_) => return None,
    };
    let number: f64 = number.trim().parse().ok()?;
    (number.is_finite() && number >= 0.0).then_some(PerSecond(number / per))
}

/// Parses a spawn rate in users per second.
///
/// # Errors
/// When the text is not a number above 0 and up to [`MAX_SPAWN_RATE`].
pub fn parse_spawn_rate(text: &str) -> Result<PerSecond, UnitError> {
    let error = || UnitError::SpawnRate(text.to_owned());
    let PerSecond(rate) = parse_rate(text).ok_or_else(error)?;
    if rate > 0.0 && rate <= MAX_SPAWN_RATE { Ok(PerSecond(rate)) } else { Err(error()) }
}

/// Parses a duration: `500ms`, `1.5s`, `2m`, `1h30m`, `1d`, also with blanks between numbers and units; a number without
/// unit is seconds, as in Locust.
///
/// # Errors
/// When the text is not a duration, or longer than 10,000 hours.
pub fn parse_duration(text: &str) -> Result<Duration, UnitError> {
    let error = || UnitError::Duration(text.to_owned());
    let mut rest = text.trim();
    if let Ok(seconds) = rest.parse::<f64>() {
        return duration(seconds, text);
    }
    let mut seconds = 0.0;
    let mut previous = f64::INFINITY;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(error)?;
        let number: f64 = rest[..digits].parse().map_err(|_| error())?;
        rest = rest[digits..].trim_start();
        let letters = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let unit = match &rest[..letters] {
            "us" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3_600.0,
            "d" => 86_400.0,
            _ => return Err(error()),
        };
        // Larger units first, and each only once: `30m1h` is most likely a mistake.
        if unit >= previous {
            return Err(error());
        }
        previous = unit;
        seconds += number * unit;
        rest = rest[letters..].trim_start();
    }
    if previous.is_infinite() { Err(error()) } else { duration(seconds, text) }
}

fn duration(seconds: f64, text: &str) -> Result<Duration, UnitError> {
    if !seconds.is_finite() || seconds < 0.0 {
        return Err(UnitError::Duration(text.to_owned()));
    }
    if seconds > 36_000_000.0 {
        return Err(UnitError::TooLong(text.to_owned()));
    }
    Ok(Duration::from_secs_f64(seconds))
}

/// A planned duration in its shortest exact form: `10s`, `1h30m`, `500ms`.
pub fn plain(d: Duration) -> String {
    if d.is_zero() {
        return "0s".to_owned();
    }
    let (total, millis) = (d.as_secs(), d.subsec_millis());
    let parts = [(total / 3_600, "h"), (total / 60 % 60, "m"), (total % 60, "s"), (u64::from(millis), "ms")];
    let text: String = parts.iter().filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n}{unit}")).collect();
    if text.is_empty() { latency(d) } else { text }
}

/// A measured latency in whole milliseconds, rounded half to even as in Locust's tables: `0`, `123`.
pub fn whole_millis(d: Duration) -> String {
    (d.as_nanos() as f64 / 1e6).round_ties_even().to_string()
}

/// Milliseconds, rounded to microseconds, for machine-readable figures: 91.903, not 91.90299999999999.
pub fn millis(d: Duration) -> f64 {
    (d.as_nanos() as f64 / 1e3).round() / 1e3
}

/// A measured latency with three significant digits, in at most six columns: `870us`, `38ms`, `1.20s`, `75.0s`,
/// `3m20s`.
pub fn latency(d: Duration) -> String {
    let micros = d.as_nanos().saturating_add(500) / 1_000;
    match micros {
        0..1_000 => format!("{micros}us"),
        1_000..9_995 => format!("{:.1}ms", d.as_secs_f64() * 1e3),
        9_995..999_500 => format!("{:.0}ms", d.as_secs_f64() * 1e3),
        999_500..9_995_000 => format!("{:.2}s", d.as_secs_f64()),
        9_995_000..100_000_000 => format!("{:.1}s", d.as_secs_f64()),
        _ => {
            let secs = d.as_secs();
            if secs < 3_600 {
                format!("{}m{:02}s", secs / 60, secs % 60)
            } else {
                format!("{}h{:02}m", secs / 3_600, secs / 60 % 60)
            }
        }
    }
}

/// Elapsed time: `02:14`, `1:02:14`.
pub fn clock(d: Duration) -> String {
    let secs = d.as_secs();
    if secs < 3_600 {
        format!("{:02}:{:02}", secs / 60, secs % 60)
    } else {
        format!("{}:{:02}:{:02}", secs / 3_600, secs / 60 % 60, secs % 60)
    }
}

/// A count with thousands separators: `94,835`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// A count and what is counted, with an `s` for more than one: `1 user`, `1,200 users`.
pub fn counted(n: u64, noun: &str) -> String {
    let ending = if n == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", count(n))
}

/// A rate or other measured number: one decimal below 1,000, separators above (`61.3`, `1,843`).
pub fn rate(n: f64) -> String {
    if n < 999.95 { format!("{n:.1}") } else { count(n.round() as u64) }
}

/// Most decimals of a percentage.
const MOST_DECIMALS: usize = 12;

/// A ratio as a percentage with this many decimals, and more where it would look like 0 or 100 % and is neither: `12.3 %`,
/// `0.004 %`, `99.98 %`.
pub fn percent(ratio: f64, decimals: usize) -> String {
    // Not -0.
    let percent = ratio * 100.0 + 0.0;
    let shown = |decimals: usize| format!("{percent:.decimals$}");
    let hides = |text: &String| {
        let rounded = text.parse::<f64>().map_or(percent, f64::abs);
        rounded != percent.abs() && (rounded == 0.0 || rounded == 100.0)
    };
    let exact = (decimals..MOST_DECIMALS).map(shown).find(|text| !hides(text));
    format!("{} %", exact.unwrap_or_else(|| shown(decimals)))
}

/// Parses a size in bytes, with powers of 1,000: `512`, `10KB`, `1.5 MB`; at most 10¹⁵.
pub fn parse_size(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let number: f64 = text.get(..digits)?.parse().ok()?;
    let unit = match text.get(digits..)?.trim().to_ascii_uppercase().as_str() {
        "" | "B" => 1.0,
        "KB" | "K" => 1e3,
        "MB" | "M" => 1e6,
        "GB" | "G" => 1e9,
        _ => return None,
    };
    let bytes = number * unit;
    (bytes.is_finite() && bytes <= 1e15).then_some(bytes as u64)
}

/// A size in bytes, with powers of 1,000: `412 B`, `1.2 kB`, `3.4 MB`.
pub fn bytes(n: u64) -> String {
    let mut value = n as f64;
    for unit in ["B", "kB", "MB", "GB", "TB"] {
        if value < 999.5 || unit == "TB" {
            return if unit == "B" { format!("{n} B") } else { format!("{value:.1} {unit}") };
        }
        value /= 1_000.0;
    }
    unreachable!("the last unit takes every size")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_parsed() {
        for (text, size) in [
            ("512", Some(512)),
            ("10KB", Some(10_000)),
            ("1.5 MB", Some(1_500_000)),
            ("x", None),
            ("-1", None),
            ("1e9GB", None),
        ] {
            assert_eq!(parse_size(text), size, "{text}");
        }
    }

    #[test]
    fn durations_are_parsed() {
        for (text, millis) in [
            ("500ms", 500),
            ("1.5s", 1_500),
            ("20", 20_000),
            ("2m", 120_000),
            ("1h30m", 5_400_000),
            ("0", 0),
            ("1h1m1s1ms", 3_661_001),
            ("400 ms", 400),
            (" 1 h 30\tm ", 5_400_000),
        ] {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in
            ["", "1h30", "s", "-1s", "30m1h", "1x", "nan", "inf", "1h1h", "1..2s", "4 00ms", "1 2s", "ms 5", "5 m s"]
        {
            assert!(parse_duration(text).is_err(), "{text}");
        }
        assert!(matches!(parse_duration("99999h"), Err(UnitError::TooLong(_))));
    }

    #[test]
    fn plain_durations_round_trip() {
        for text in ["10s", "1h30m", "500ms", "2h", "1m1s1ms"] {
            assert_eq!(plain(parse_duration(text).unwrap()), text);
        }
    }

    #[test]
    fn latencies_have_three_digits_in_six_columns() {
        for (micros, text) in [
            (0, "0us"),
            (870, "870us"),
            (1_234, "1.2ms"),
            (38_400, "38ms"),
            (999_600, "1.00s"),
            (1_204_000, "1.20s"),
            (75_000_000, "75.0s"),
            (200_000_000, "3m20s"),
            (7_300_000_000, "2h01m"),
        ] {
            assert_eq!(latency(Duration::from_micros(micros)), text);
            assert!(text.len() <= 6);
        }
    }

    #[test]
    fn milliseconds_have_no_noise() {
        assert_ne!((Duration::from_micros(91_903).as_secs_f64() * 1e3).to_string(), "91.903");
        assert_eq!(millis(Duration::from_micros(91_903)).to_string(), "91.903");
        assert_eq!(millis(Duration::from_nanos(1_234_567)).to_string(), "1.235");
    }

    #[test]
    fn milliseconds_are_rounded() {
        for (micros, text) in [
            (274, "0"),
            (500, "0"),
            (501, "1"),
            (1_500, "2"),
            (2_500, "2"),
            (122_509, "123"),
            (7_200_000_000, "7200000"),
        ] {
            assert_eq!(whole_millis(Duration::from_micros(micros)), text);
        }
        assert_eq!(latency(Duration::from_nanos(274_600)), "275us");
        assert_eq!(latency(Duration::from_nanos(999_600)), "1.0ms");
    }

    #[test]
    fn percentages_do_not_hide_what_is_there() {
        for (ratio, decimals, text) in [
            (0.0, 1, "0.0 %"),
            (-0.0, 1, "0.0 %"),
            (0.123, 1, "12.3 %"),
            (0.000_04, 1, "0.004 %"),
            (-0.000_04, 1, "-0.004 %"),
            (0.000_04, 2, "0.004 %"),
            (0.999_8, 1, "99.98 %"),
            (1.0, 2, "100.00 %"),
            (1.000_3, 0, "100.03 %"),
            (2.5, 0, "250 %"),
            (1e-30, 1, "0.0 %"),
            (f64::NAN, 1, "NaN %"),
        ] {
            assert_eq!(percent(ratio, decimals), text);
        }
    }

    #[test]
    fn counts_rates_and_sizes() {
        assert_eq!(count(94_835), "94,835");
        assert_eq!(count(999), "999");
        assert_eq!([0, 1, 1_200].map(|n| counted(n, "user")), ["0 users", "1 user", "1,200 users"]);
        assert_eq!(rate(61.26), "61.3");
        assert_eq!(rate(1_843.2), "1,843");
        assert_eq!(bytes(412), "412 B");
        assert_eq!(bytes(3_400_000), "3.4 MB");
        assert_eq!(PerSecond(0.5).to_string(), "0.5");
        assert_eq!(PerSecond(10.0).to_string(), "10");
    }

    #[test]
    fn users_and_rates_are_bounded() {
        assert_eq!(parse_users("150"), Ok(Users(150)));
        assert!(parse_users("1000001").is_err() && parse_users("-1").is_err() && parse_users("1.5").is_err());
        for (text, rate) in [("5/s", 5.0), ("60/m", 1.0), (" 90 / min ", 1.5), ("1800/h", 0.5), ("0.5", 0.5)] {
            assert_eq!(parse_spawn_rate(text), Ok(PerSecond(rate)), "{text}");
        }
        for text in ["5/d", "5/", "/s", "0/m", "-1/s", "5/s/s", "7000000/m"] {
            assert!(parse_spawn_rate(text).is_err(), "{text}");
        }
        assert!(parse_spawn_rate("0").is_err() && parse_spawn_rate("inf").is_err() && parse_spawn_rate("nan").is_err());
    }
}
