//! URL patterns of curl: `{a,b}`, `[1-3]`, `[a-z:2]`. An address with patterns expands to several.

/// Maximum number of values of one pattern that are expanded.
const MOST: usize = 10_000;

/// Part of an address.
#[derive(Debug)]
enum Piece {
    Text(String),
    /// Alternatives.
    Set(Vec<String>),
}

/// The addresses that a pattern expands to, with the last pattern varying fastest, and their number without the limit.
/// Invalid patterns are literal.
pub fn expand(address: &str, most: usize) -> (Vec<String>, usize) {
    let Some(pieces) = pieces(address) else { return (vec![address.to_owned()], 1) };
    let total = pieces.iter().fold(1usize, |total, piece| match piece {
        Piece::Text(_) => total,
        Piece::Set(values) => total.saturating_mul(values.len()),
    });
    let one = |mut number: usize| {
        let mut parts: Vec<&str> = Vec::new();
        for piece in pieces.iter().rev() {
            match piece {
                Piece::Text(text) => parts.push(text),
                Piece::Set(values) => {
                    parts.extend(values.get(number % values.len().max(1)).map(String::as_str));
                    number /= values.len().max(1);
                }
            }
        }
        parts.into_iter().rev().collect::<String>()
    };
    ((0..total.min(most)).map(one).collect(), total)
}

fn pieces(address: &str) -> Option<Vec<Piece>> {
    let mut all = vec![Piece::Text(String::new())];
    let mut rest = address;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        let text = match c {
            '\\' if after.starts_with(['{', '}', '[', ']']) => {
                rest = &after[1..];
                &after[..1]
            }
            // Literal, as in curl: IPv6 addresses and empty brackets.
            '[' if address_of_a_host(after).is_some() || after.starts_with(']') => {
                let end = after.find(']')? + 2;
                let (text, more) = rest.split_at(end);
                rest = more;
                text
            }
            '{' if after.starts_with('}') => {
                let (text, more) = rest.split_at(2);
                rest = more;
                text
            }
            '{' | '[' => {
                let end = after.find(if c == '{' { '}' } else { ']' })?;
                let values = if c == '{' { set(&after[..end]) } else { range(&after[..end]) }?;
                all.extend([Piece::Set(values), Piece::Text(String::new())]);
                rest = &after[end + 1..];
                continue;
            }
            '}' | ']' => return None,
            c => {
                rest = after;
                if let Some(Piece::Text(text)) = all.last_mut() {
                    text.push(c);
                }
                continue;
            }
        };
        if let Some(Piece::Text(before)) = all.last_mut() {
            before.push_str(text);
        }
    }
    Some(all)
}

/// IPv6 address before the closing bracket.
fn address_of_a_host(text: &str) -> Option<std::net::Ipv6Addr> {
    // A zone may follow.
    text.split(']').next()?.split('%').next()?.parse().ok()
}

fn set(inside: &str) -> Option<Vec<String>> {
    let right = !inside.contains(['{', '[', ']']);
    right.then(|| inside.split(',').take(MOST).map(str::to_owned).collect())
}

/// `1-3`, `001-100`, `a-z`, each with optional `:step`.
fn range(inside: &str) -> Option<Vec<String>> {
    let (bounds, step) = match inside.split_once(':') {
        Some((bounds, step)) => (bounds, step.parse::<usize>().ok().filter(|step| *step > 0)?),
        None => (inside, 1),
    };
    let (from, to) = bounds.split_once('-')?;
    let letter = |text: &str| {
        let mut chars = text.chars();
        chars.next().filter(|c| c.is_ascii_alphabetic() && chars.next().is_none())
    };
    if let (Some(from), Some(to)) = (letter(from), letter(to)) {
        let right = from <= to && from.is_ascii_lowercase() == to.is_ascii_lowercase();
        return right.then(|| (from..=to).step_by(step).map(String::from).collect());
    }
    let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit()).then(|| text.parse::<u64>().ok()).flatten();
    let (first, last) = (digits(from)?, digits(to)?);
    // A leading zero sets the minimum number of digits.
    let width = if from.starts_with('0') { from.len().min(20) } else { 0 };
    (first <= last).then(|| (first..=last).step_by(step).take(MOST).map(|n| format!("{n:0width$}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_expanded() {
        for (address, wanted) in [
            ("http://h/a", vec!["http://h/a"]),
            ("h/[1-3]", vec!["h/1", "h/2", "h/3"]),
            ("h/[08-10]x", vec!["h/08x", "h/09x", "h/10x"]),
            ("h/[1-9:4]", vec!["h/1", "h/5", "h/9"]),
            ("h/[a-c:2]", vec!["h/a", "h/c"]),
            ("{x,y}.h/[1-2]", vec!["x.h/1", "x.h/2", "y.h/1", "y.h/2"]),
            ("h/{é,}", vec!["h/é", "h/"]),
            (r"h/\[1-3\]\{a,b\}", vec!["h/[1-3]{a,b}"]),
            ("http://[::1]:80/[1-2]", vec!["http://[::1]:80/1", "http://[::1]:80/2"]),
            ("h/?a[]=1&b={}", vec!["h/?a[]=1&b={}"]),
            ("h/?a[x]=1", vec!["h/?a[x]=1"]),
            ("h/{open", vec!["h/{open"]),
            ("h/[3-1]", vec!["h/[3-1]"]),
            ("h/[1-2:0]", vec!["h/[1-2:0]"]),
            ("h/]", vec!["h/]"]),
            ("", vec![""]),
        ] {
            assert_eq!(expand(address, 100).0, wanted, "{address}");
        }
        let (some, total) = expand("h/[1-99999999999]/[1-9999]/[1-9999]/[1-9999]/[1-9999]/[1-9999]", 3);
        assert_eq!((some.len(), total), (3, usize::MAX));
    }
}
