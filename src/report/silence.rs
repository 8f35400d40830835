//! Lines about requests without a response, printed before all figures: such requests are not counted, and zeros look
//! like a good result.

use unicode_width::UnicodeWidthStr;

use super::finding::{Kind, findings};
use crate::stats::Snapshot;
use crate::units;

/// The lines, at most `width` cells each; empty if every request got a response.
pub fn lines(snapshot: &Snapshot, width: usize) -> Vec<String> {
    let found = findings(snapshot);
    let silent = found.iter().filter(|finding| finding.kind.is_silence() || finding.kind == Kind::Aborted);
    let mut texts: Vec<String> = silent
        .map(|finding| format!("{} {}", if finding.kind.is_severe() { "✗" } else { "!" }, finding.line()))
        .collect();
    if let (false, Some(oldest)) = (snapshot.state.is_done(), snapshot.load.oldest)
        && texts.is_empty()
    {
        let waiting = units::count(snapshot.load.in_flight.into());
        texts.push(format!("  {waiting} in flight, the oldest for {}", units::latency(oldest)));
    }
    texts.iter().flat_map(|text| wrap(text, width)).collect()
}

/// Wraps between words; continuation lines are indented.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_inclusive(' ') {
        let line = &lines[lines.len() - 1];
        if line.trim().width() > 0 && line.width() + word.trim_end().width() > width.saturating_sub(1) {
            lines.push("  ".to_owned());
        }
        if let Some(line) = lines.last_mut() {
            line.push_str(word);
        }
    }
    lines.iter().map(|line| format!(" {}", line.trim_end())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrapping_loses_no_words() {
        let text = "✗ HANGING: 3 in flight, the oldest for 14s, no response for 14s. The server does not respond.";
        for width in [20, 40, 80, 160] {
            let lines = wrap(text, width);
            assert!(lines.iter().all(|line| line.width() <= width), "{width}: {lines:?}");
            assert_eq!(lines.join(" ").split_whitespace().collect::<Vec<_>>(), text.split(' ').collect::<Vec<_>>());
        }
    }
}
