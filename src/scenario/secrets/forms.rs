//! Patterns that find a value in its various encodings.
//!
//! Encoders differ in the characters that they escape and in the case of digits, and encodings are often nested (JSON
//! in JSON, a query in a query). Therefore each character is matched in all of its forms.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// Minimum length: shorter values would mask half of every text and protect nothing.
pub(super) const SHORTEST: usize = 4;

/// Maximum number of bytes for one byte of a value in any form.
pub(super) const WIDEST: usize = 16;
/// Longer values are keys or certificates, whose characters are not escaped; their patterns would be large.
const LONG: usize = 512;
/// Lines of a multi-line value are matched separately if they have this many characters, because transcripts and logs
/// show single lines.
const LINE: usize = 8;
/// Any character of base64.
const ANY: &str = "[A-Za-z0-9+/_-]";

/// Patterns that find the value or a line of it, with the length of the unencoded text.
pub(super) fn patterns(value: &str) -> Vec<(usize, String)> {
    let value = value.replace("\r\n", "\n");
    let mut all = vec![written(&value), hexadecimal(value.as_bytes())];
    all.extend(base64(value.as_bytes()));
    let mut all: Vec<(usize, String)> = all.into_iter().map(|pattern| (value.len(), pattern)).collect();
    if value.contains('\n') {
        let lines = value.lines().map(str::trim).filter(|line| line.chars().nth(LINE - 1).is_some());
        all.extend(lines.map(|line| (line.len(), written(line))));
    }
    all
}

/// Each character verbatim, in either case (host names are converted to lower case), percent-encoded, or escaped for
/// JSON or HTML.
fn written(value: &str) -> String {
    let is_long = value.len() > LONG;
    let mut out = String::with_capacity(value.len() * 48);
    for c in value.chars() {
        let own = either_case(c);
        if is_long && c.is_ascii_alphanumeric() {
            out.push_str(&own);
            continue;
        }
        let percent: String = c
            .encode_utf8(&mut [0; 4])
            .bytes()
            .map(|byte| format!("%(?:25){{0,2}}{}", digits(byte.into(), 2)))
            .collect();
        let unicode: String = c
            .encode_utf16(&mut [0; 2])
            .iter()
            .map(|unit| format!(r"\\{{1,4}}u{}", digits((*unit).into(), 4)))
            .collect();
        // Writing into a String cannot fail.
        let _ = write!(out, "(?:{own}|{percent}|{unicode}");
        if !c.is_alphanumeric() {
            let code = u32::from(c);
            let _ = write!(out, r"|\\{{1,4}}{own}|&#0{{0,4}}{code};|&#[xX]0{{0,4}}{};", digits(code, 1));
        }
        if !c.is_ascii() {
            let _ = write!(out, r"|\\{{1,4}}u\{{{}\}}", digits(c.into(), 1));
        }
        if let Some((_, others)) = OTHERS.iter().find(|(known, _)| *known == c) {
            let _ = write!(out, "|{others}");
        }
        // URLs and headers drop these characters.
        out.push_str(if matches!(c, '\n' | '\t') { ")?" } else { ")" });
    }
    out
}

/// Other representations of a character.
const OTHERS: [(char, &str); 9] = [
    (' ', r"\+"),
    ('"', "&quot;"),
    ('\n', r"\r?\n[ \t]{0,12}|\r| |(?:\\{1,4}r)?\\{1,4}n|%0[dD]%0[aA]"),
    ('\t', r" |\\{1,4}t"),
    ('&', "&amp;"),
    ('<', "&lt;"),
    ('>', "&gt;"),
    ('\'', "&apos;"),
    // In the path of a URL.
    ('\\', "/|%2[fF]"),
];

fn either_case(c: char) -> String {
    let own = regex::escape(c.encode_utf8(&mut [0; 4]));
    let mut others: Vec<char> = Vec::new();
    let (mut lower, mut upper) = (c.to_lowercase(), c.to_uppercase());
    if let (Some(one), None) = (lower.next(), lower.next()) {
        others.push(one);
    }
    if let (Some(one), None) = (upper.next(), upper.next()) {
        others.push(one);
    }
    others.retain(|other| *other != c);
    if others.is_empty() { own } else { format!("[{c}{}]", others.into_iter().collect::<String>()) }
}

/// A hexadecimal number with at least this many digits, in either case.
fn digits(number: u32, least: usize) -> String {
    let mut out = String::new();
    for digit in format!("{number:0least$x}").chars() {
        match digit.is_ascii_digit() {
            true => out.push(digit),
            false => out.extend(['[', digit, digit.to_ascii_uppercase(), ']']),
        }
    }
    out
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| digits((*byte).into(), 2)).collect()
}

/// Base64 with both alphabets, at each of the three offsets that the value can have in a longer text (such as a
/// password after a user name).
fn base64(bytes: &[u8]) -> impl Iterator<Item = String> {
    // A short value may be in something longer that is broken.
    let broken = r"(?:\r?\n|(?:\\r)?\\n)?";
    (0..3usize).filter_map(move |offset| {
        let all = [&[0; 2][..offset.min(2)], bytes].concat();
        let encoded = STANDARD_NO_PAD.encode(&all);
        // Characters that share bits with a neighbour vary with it: they can be any.
        let inner = encoded.get([0, 2, 3][offset]..all.len() * 8 / 6)?;
        let mut out = String::with_capacity(inner.len() * 24);
        if offset > 0 {
            let _ = write!(out, "(?:{ANY}{broken})?");
        }
        for c in inner.chars() {
            match c {
                '+' => out.push_str("(?:[+ -]|%2[bB])"),
                '/' => out.push_str(r"(?:\\{0,4}/|_|%2[fF])"),
                other => out.push(other),
            }
            out.push_str(broken);
        }
        if all.len() % 3 != 0 {
            let _ = write!(out, "(?:{ANY}(?:=|%3[dD]){{0,2}})?");
        }
        (inner.len() >= SHORTEST).then_some(out)
    })
}
