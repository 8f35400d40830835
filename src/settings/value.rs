//! Parsers for the values of settings. Errors say what is allowed.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fmt::Display;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::host::{is_http, parse_host};
use super::{LogLevel, SlackEvent, Temporality, ThemeName, VuPlan};
use crate::scenario::secrets::userinfo::MASK;
use crate::units::{self, PerSecond, Users};

/// An invalid address as errors show it: without what could be user and password.
pub(super) fn shown(address: &str) -> Cow<'_, str> {
    address.rsplit_once('@').map_or(address.into(), |(_, rest)| format!("{MASK}@{rest}").into())
}

/// The value as UTF-8; only paths may be something else.
fn utf8(value: &OsStr) -> Result<&str, String> {
    value.to_str().ok_or_else(|| "expected UTF-8".to_owned())
}

/// A non-empty string.
pub(super) fn string(value: &OsStr) -> Result<String, String> {
    match utf8(value)? {
        "" => Err("expected a value, found an empty string".to_owned()),
        text => Ok(text.to_owned()),
    }
}

/// A path, relative to the current folder.
pub(super) fn path(value: &OsStr) -> Result<PathBuf, String> {
    if value.is_empty() { Err("expected a path, found an empty string".to_owned()) } else { Ok(PathBuf::from(value)) }
}

/// A comma-separated list.
pub(super) fn words(value: &OsStr) -> Result<Vec<String>, String> {
    let words = string(value)?;
    Ok(words.split(',').map(|word| word.trim().to_owned()).filter(|word| !word.is_empty()).collect())
}

/// An HTTP(S) URL with `{trace_id}`.
pub(super) fn trace_url(value: &OsStr) -> Result<String, String> {
    let text = http_url(value)?;
    let has_user = url::Url::parse(&text).is_ok_and(|url| !url.username().is_empty() || url.password().is_some());
    match text.contains("{trace_id}") {
        true if has_user => Err("expected a URL without user and password: reports show it".to_owned()),
        true => Ok(text),
        false => Err("expected a URL with {trace_id} in place of the id of a trace".to_owned()),
    }
}

/// Tags, separated by commas or spaces.
pub(super) fn tags(value: &OsStr) -> Result<Vec<String>, String> {
    let text = string(value)?;
    let tags = text.split([',', ' ']).filter(|tag| !tag.is_empty());
    Ok(tags.map(str::to_owned).collect())
}

/// Prefix of the names of metrics: letters, digits, `_` and `.`, a letter first; may be empty.
pub(super) fn metric_prefix(value: &OsStr) -> Result<String, String> {
    let text = utf8(value)?;
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
    if text.is_empty() || text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(is_allowed) {
        return Ok(text.to_owned());
    }
    Err(format!("expected letters, digits, _ and ., such as locust., found {text:?}"))
}

/// `true` or `false`, or one of the usual synonyms (`yes`, `on`, `1`, …).
pub(super) fn boolean(value: &OsStr) -> Result<bool, String> {
    let text = utf8(value)?;
    match text.to_ascii_lowercase().as_str() {
        "true" | "t" | "yes" | "y" | "on" | "1" => Ok(true),
        "false" | "f" | "no" | "n" | "off" | "0" => Ok(false),
        _ => Err(format!("expected true or false, found {text:?}")),
    }
}

/// An integer in this range.
pub(super) fn whole<T>(range: RangeInclusive<T>) -> impl Fn(&OsStr) -> Result<T, String>
where
    T: FromStr + PartialOrd + Display,
{
    move |value| {
        let text = utf8(value)?;
        let number = text.parse().ok().filter(|number| range.contains(number));
        let (from, to) = (range.start(), range.end());
        number.ok_or_else(|| format!("expected a whole number from {from} to {to}, found {text:?}"))
    }
}

/// A size in bytes.
pub(super) fn size(value: &OsStr) -> Result<u64, String> {
    let text = utf8(value)?;
    units::parse_size(text).ok_or_else(|| format!("expected a size such as 500MB or 5GB, found {text:?}"))
}

/// A number of VU-hours above 0.
pub(super) fn vu_hours(value: &OsStr) -> Result<f64, String> {
    number(value, "a number of VU-hours above 0", |n| n > 0.0)
}

/// A price, 0 or more.
pub(super) fn price(value: &OsStr) -> Result<f64, String> {
    number(value, "a price, such as 399", |n| n >= 0.0)
}

fn number(value: &OsStr, wanted: &str, is_allowed: fn(f64) -> bool) -> Result<f64, String> {
    let text = utf8(value)?;
    let number = text.trim().parse().ok().filter(|n: &f64| n.is_finite() && is_allowed(*n));
    number.ok_or_else(|| format!("expected {wanted}, found {text:?}"))
}

/// Plans of a price list.
pub(super) fn vu_plans(value: &OsStr) -> Result<Vec<VuPlan>, String> {
    let plan = |text: String| {
        VuPlan::parse(&text).ok_or_else(|| format!("expected NAME:VU-HOURS:PRICE, such as Free:200:0, found {text:?}"))
    };
    words(value)?.into_iter().map(plan).collect()
}

/// How counts are sent to OpenTelemetry; case is ignored.
pub(super) fn temporality(value: &OsStr) -> Result<Temporality, String> {
    let text = utf8(value)?;
    Temporality::parse(text).ok_or_else(|| format!("expected one of {}, found {text:?}", Temporality::NAMES.join(", ")))
}

/// Messages for Slack.
pub(super) fn slack_events(value: &OsStr) -> Result<Vec<SlackEvent>, String> {
    words(value)?.iter().map(|name| SlackEvent::parse(name)).collect()
}

/// A number of users.
pub(super) fn users(value: &OsStr) -> Result<Users, String> {
    let users = units::parse_users(utf8(value)?).map_err(|why| why.to_string())?;
    if users.0 == 0 { Err("expected at least 1 user: without users nothing is sent".to_owned()) } else { Ok(users) }
}

/// Users per second.
pub(super) fn spawn_rate(value: &OsStr) -> Result<PerSecond, String> {
    units::parse_spawn_rate(utf8(value)?).map_err(|why| why.to_string())
}

/// How long a run takes.
pub(super) fn run_time(value: &OsStr) -> Result<Duration, String> {
    let time = duration(value)?;
    if time.is_zero() { Err("expected a time above 0: in no time nothing is sent".to_owned()) } else { Ok(time) }
}

/// A duration.
pub(super) fn duration(value: &OsStr) -> Result<Duration, String> {
    units::parse_duration(utf8(value)?).map_err(|why| why.to_string())
}

/// A base URL, the address of a Redis, or `demo`.
pub(super) fn host(value: &OsStr) -> Result<String, String> {
    parse_host(utf8(value)?)
}

/// An http(s) URL.
pub(super) fn http_url(value: &OsStr) -> Result<String, String> {
    let text = string(value)?;
    match url::Url::parse(&text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(text),
        // What is wrong after the scheme, such as a port; the value may contain a secret.
        Err(why) if is_http(&text) => Err(format!("not a URL: {why}")),
        _ => Err("expected a URL that starts with http:// or https://".to_owned()),
    }
}

/// Appends to the path of a base URL; its query stays behind the path.
pub(super) fn with_path(base: &str, path: &str) -> String {
    let Ok(mut url) = url::Url::parse(base) else { return base.to_owned() };
    url.set_path(&format!("{}{path}", url.path().trim_end_matches('/')));
    url.into()
}

/// An IP address with a port.
pub(super) fn address(value: &OsStr) -> Result<SocketAddr, String> {
    let text = utf8(value)?;
    let error = || {
        let found = shown(text);
        format!("expected an IP address with a port from 0 to 65535, such as 127.0.0.1:9090, found {found:?}")
    };
    text.parse().map_err(|_| error())
}

/// The name of a theme.
pub(super) fn theme(value: &OsStr) -> Result<ThemeName, String> {
    let text = utf8(value)?;
    let index = ThemeName::NAMES.iter().position(|name| *name == text);
    let theme = index.and_then(|index| ThemeName::ALL.get(index)).copied();
    theme.ok_or_else(|| format!("expected one of {}, found {text:?}", ThemeName::NAMES.join(", ")))
}

/// The name of a log level; case is ignored.
pub(super) fn log_level(value: &OsStr) -> Result<LogLevel, String> {
    let text = utf8(value)?;
    let index = LogLevel::NAMES.iter().position(|name| name.eq_ignore_ascii_case(text));
    let level = index.and_then(|index| LogLevel::ALL.get(index)).copied();
    level.ok_or_else(|| format!("expected one of {}, found {text:?}", LogLevel::NAMES.join(", ")))
}

/// A number of threads; -1 is one per core, as in Locust.
pub(super) fn threads(value: &OsStr) -> Result<u16, String> {
    if value == "-1" {
        return Ok(std::thread::available_parallelism().map_or(1, |cores| u16::try_from(cores.get()).unwrap_or(1_024)));
    }
    whole(1..=1_024)(value)
}

/// A duration; `None` for -1.
pub(super) fn duration_or_never(value: &OsStr) -> Result<Option<Duration>, String> {
    if value == "-1" { Ok(None) } else { duration(value).map(Some) }
}
