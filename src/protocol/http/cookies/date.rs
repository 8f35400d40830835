//! Parses the dates of `Expires`, of which servers use many forms: RFC 6265, section 5.1.1.

use std::time::SystemTime;

use jiff::civil::{Date, DateTime, Time};

const MONTHS: [&[u8; 3]; 12] =
    [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"];

/// Parses a date; `None` if it is invalid. Always UTC, whatever time zone it names.
pub fn parse(text: &[u8]) -> Option<SystemTime> {
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    for token in text.split(|byte| is_delimiter(*byte)).filter(|token| !token.is_empty()) {
        if time.is_none()
            && let Some(found) = clock(token)
        {
            time = Some(found);
        } else if day.is_none()
            && let Some(found) = number(token, 1, 2)
        {
            day = Some(found);
        } else if month.is_none()
            && let Some(found) = named_month(token)
        {
            month = Some(found);
        } else if year.is_none() {
            year = number(token, 2, 4);
        }
    }
    let year = match year? {
        year @ 70..=99 => year + 1900,
        year @ 0..=69 => year + 2000,
        year => year,
    };
    let (hour, minute, second) = time?;
    let date = Date::new(year, month?, i8::try_from(day?).ok()?).ok().filter(|_| year >= 1601)?;
    let time = Time::new(hour, minute, second, 0).ok()?;
    let since = date.to_datetime(time).duration_since(DateTime::constant(1970, 1, 1, 0, 0, 0, 0));
    let is_before = since.is_negative();
    let since = since.unsigned_abs();
    if is_before { SystemTime::UNIX_EPOCH.checked_sub(since) } else { SystemTime::UNIX_EPOCH.checked_add(since) }
}

fn is_delimiter(byte: u8) -> bool {
    matches!(byte, b'\t' | b' '..=b'/' | b';'..=b'@' | b'['..=b'`' | b'{'..=b'~')
}

/// The number at the start of a token, if it has this many digits. The rest of the token is ignored.
fn number(token: &[u8], least: usize, most: usize) -> Option<i16> {
    let digits = token.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let digits = token.get(..digits).filter(|_| (least..=most).contains(&digits))?;
    str::from_utf8(digits).ok()?.parse().ok()
}

/// `hh:mm:ss`, one or two digits each.
fn clock(token: &[u8]) -> Option<(i8, i8, i8)> {
    let mut fields = token.splitn(3, |byte| *byte == b':');
    let mut next = |is_last: bool| {
        let field = fields.next()?;
        let is_whole = is_last || field.iter().all(u8::is_ascii_digit);
        i8::try_from(number(field, 1, 2).filter(|_| is_whole)?).ok()
    };
    Some((next(false)?, next(false)?, next(true)?))
}

fn named_month(token: &[u8]) -> Option<i8> {
    let start = token.get(..3)?;
    let at = MONTHS.iter().position(|month| start.eq_ignore_ascii_case(*month))?;
    i8::try_from(at + 1).ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn all_forms_of_dates_are_parsed() {
        for text in [
            "Thu, 01 Jan 1970 00:00:07 GMT",
            "Thu, 1 Jan 1970 00:00:07 GMT",
            "Thu, 1 Jan 1970 00:00:07 UTC",
            "Thu, 01-Jan-1970 00:00:07 +0000",
            "Thursday, 01-Jan-70 00:00:07 GMT",
            "Thu Jan  1 00:00:07 1970",
            "thu, 1 jan 1970 0:0:7",
            "1970 January 1st 00:00:07Z",
            "00:00:07 1 JAN 70",
        ] {
            assert_eq!(parse(text.as_bytes()), Some(SystemTime::UNIX_EPOCH + Duration::from_secs(7)), "{text}");
        }
        let leap = Duration::from_secs(1_709_210_096);
        assert_eq!(parse(b"Thu, 29 Feb 2024 12:34:56 GMT"), Some(SystemTime::UNIX_EPOCH + leap));
        assert!(parse(b"Fri, 31 Dec 9999 23:59:59 GMT").is_some_and(|date| date > SystemTime::now()));
        assert!(parse(b"Mon, 01 Jan 1601 00:00:00 GMT").is_some_and(|date| date < SystemTime::UNIX_EPOCH));
    }

    #[test]
    fn invalid_dates_are_rejected() {
        for text in [
            "",
            "0",
            "-1",
            "Thu, 01 Jan 1970",
            "Thu, 32 Jan 1970 00:00:00 GMT",
            "Fri, 30 Feb 2024 00:00:00 GMT",
            "Thu, 01 Jan 1600 00:00:00 GMT",
            "Thu, 01 Jan 1970 24:00:00 GMT",
            "Thu, 01 Jan 1970 00:60:00 GMT",
            "Thu, 01 Foo 1970 00:00:00 GMT",
            "Thu, 01 Jan 19700 00:00:00 GMT",
            "1234567890",
            "\u{e9}\u{e9}\u{e9} : : :",
        ] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }
}
