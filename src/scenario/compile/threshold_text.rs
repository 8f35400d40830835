//! The text of a threshold: its words and signs, and conditions that no run can meet or miss.

use crate::scenario::eval::operator::Operator;
use crate::scenario::plan::Check;

/// What a threshold can be.
pub(super) const FORMS: &str =
    "write p95 < 300ms, fail_ratio < 1%, rps > 50, mean < 200ms, requests >= 1000 or dropped == 0";

/// A message and its advice.
type Refusal = (String, String);

/// The error of conditions that are joined by anything but `and`.
pub(super) fn wrong_conjunction(text: &str) -> Option<Refusal> {
    let word = text.split_whitespace().find(|word| {
        let lower = word.to_ascii_lowercase();
        matches!(&*lower, "or" | "&" | "|") || (lower == "and" && *word != "and")
    });
    let found = word.or_else(|| ["&&", "||"].into_iter().find(|sign| text.contains(sign)))?;
    let note = match found.to_ascii_lowercase().as_str() {
        "or" | "|" | "||" => "there is only `and`, which means that all conditions must be met",
        _ => "write `and`",
    };
    Some((format!("`{found}` does not join conditions"), note.to_owned()))
}

/// Name, operator and value of one condition.
pub(super) fn split(text: &str) -> Result<(&str, Operator, &str), Refusal> {
    let is_sign = |c: char| "<>=!~≤≥≠".contains(c);
    let Some(at) = text.find(is_sign) else {
        return Err((format!("{text:?} is not a threshold"), FORMS.to_owned()));
    };
    let (name, rest) = text.split_at(at);
    let (sign, value) = rest.split_at(rest.find(|c| !is_sign(c)).unwrap_or(rest.len()));
    let Some(operator) = Operator::ALL.into_iter().find(|operator| operator.sign() == sign) else {
        let note = match sign {
            "=<" | "≤" => "did you mean `<=`?",
            "=>" | "≥" => "did you mean `>=`?",
            "=" | "===" => "did you mean `==`?",
            "<>" | "≠" | "!" | "!==" => "did you mean `!=`?",
            _ => "the operators are <, <=, >, >=, == and !=",
        };
        return Err((format!("`{sign}` is not an operator"), note.to_owned()));
    };
    Ok((name.trim(), operator, value.trim()))
}

/// True for a condition that every value meets, of those from 0 to `most`.
pub(super) fn always_passes(check: &Check, most: Option<f64>) -> bool {
    match check.operator {
        Operator::AtLeast => check.value <= 0.0,
        Operator::AtMost => most.is_some_and(|most| check.value >= most),
        _ => false,
    }
}

/// Why no values from 0 to `most` meet all of the conditions; `None` if some do.
pub(super) fn never_passes(checks: &[Check], most: impl Fn(&Check) -> Option<f64>) -> Option<&'static str> {
    for (at, check) in checks.iter().enumerate() {
        match (check.operator, most(check)) {
            (Operator::Less, _) if check.value <= 0.0 => return Some("no value is below 0"),
            (Operator::Greater, Some(most)) if check.value >= most => return Some("no ratio is above 100 %"),
            _ => {}
        }
        let same = |other: &&Check| (other.source, other.metric) == (check.source, check.metric);
        if checks[at + 1..].iter().filter(same).any(|other| excludes(check, other) || excludes(other, check)) {
            return Some("its conditions exclude each other");
        }
    }
    None
}

/// True if the upper limit of `a` is below the lower limit of `b`.
fn excludes(a: &Check, b: &Check) -> bool {
    use Operator::{AtLeast, AtMost, Equal, Greater, Less};
    match (a.operator, b.operator) {
        (AtMost | Equal, AtLeast | Equal) => a.value < b.value,
        (Less | AtMost | Equal, Greater | AtLeast | Equal) => a.value <= b.value,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::{Overrides, Scenario};

    /// Errors and warnings of a scenario with these thresholds.
    fn said(thresholds: &str) -> String {
        let text = format!("host: http://h\ntasks: [{{ steps: [{{ get: / }}] }}]\nthresholds: [{thresholds}]\n");
        match Scenario::parse("t.yaml", &text) {
            Ok(scenario) => scenario.warnings().to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn the_error_names_what_is_wrong() {
        for (threshold, words) in [
            ("p95 =< 1s", "`=<` is not an operator: did you mean `<=`?"),
            ("p95 = 1s", "`=` is not an operator: did you mean `==`?"),
            ("p95 ~ 1s", "`~` is not an operator: the operators are <, <=, >, >=, == and !="),
            ("p95 < 1s or rps > 5", "`or` does not join conditions: there is only `and`"),
            ("p95 < 1s && rps > 5", "`&&` does not join conditions: write `and`"),
            ("p95 < 1s AND rps > 5", "`AND` does not join conditions: write `and`"),
            ("p95 < 4 00ms", "found \"4 00ms\""),
        ] {
            let said = said(&format!("\"{threshold}\"")).replace("\n", " ");
            let (message, note) = words.split_once(": ").unwrap_or((words, ""));
            assert!(said.contains(message) && said.contains(note), "{threshold}: {said}");
        }
    }

    #[test]
    fn a_threshold_that_no_run_meets_or_misses_is_found() {
        for (threshold, words) in [
            ("\"redis.p95 < 1s\"", "`redis.`: this scenario has no Redis commands"),
            (
                "\"redis.server.output_buffer_disconnections == 0\"",
                "`redis.server.`: this scenario has no Redis commands",
            ),
            ("\"graphql.p95 < 1s\"", "`graphql.`: this scenario has no GraphQL requests"),
            ("\"requests < 0\"", "cannot pass: no value is below 0"),
            ("\"p95 < 0ms\"", "cannot pass: no value is below 0"),
            ("\"fail_ratio > 100%\"", "cannot pass: no ratio is above 100 %"),
            ("\"p95 < 1s and p95 > 2s\"", "cannot pass: its conditions exclude each other"),
            ("\"requests == 1 and requests == 2\"", "cannot pass: its conditions exclude each other"),
            ("\"requests < 5 and requests >= 5\"", "cannot pass: its conditions exclude each other"),
            ("\"requests >= 0\"", "`requests >= 0` cannot fail"),
            ("\"fail_ratio <= 100%\"", "`fail_ratio <= 100%` cannot fail"),
            ("\"fail_ratio < 101%\"", "found \"101%\""),
            ("\"fail_ratio < 1\"", "1 is 100 %: a bare number of a ratio is a fraction"),
            ("{ check: p95 < 1s, on: [] }", "`on` is empty"),
        ] {
            assert!(said(threshold).contains(words), "{threshold}: {}", said(threshold));
        }
        for threshold in [
            "\"p95 < 1s and p95 > 1ms\"",
            "\"requests <= 5 and requests >= 5\"",
            "\"failures == 0\"",
            "\"fail_ratio < 100%\"",
            "\"http.p95 < 1s\"",
            "\"generator.cpu < 0.9\"",
            "\"p95 < 400 ms\"",
        ] {
            assert_eq!(said(threshold), "", "{threshold}");
        }
    }

    #[test]
    fn a_run_that_is_too_short_for_a_threshold_is_found() {
        let remarks = |load: &str, threshold: &str| {
            let text =
                format!("host: http://h\n{load}\ntasks: [{{ steps: [{{ get: / }}] }}]\nthresholds: [{threshold}]\n");
            let scenario = Scenario::parse("t.yaml", &text).unwrap_or_else(|error| panic!("{error}"));
            let plan = scenario.plan(&Overrides::default()).unwrap_or_else(|error| panic!("{error}"));
            crate::scenario::estimate::remarks(&plan).join("\n")
        };
        let hold = "{ check: p50 < 1s, for: 10s }";
        let words = "t.yaml:4: `p50 < 1s` cannot fail: `for: 10s` is longer than the run, of which 2s count";
        assert_eq!(remarks("run_time: 2s", hold), words);
        assert_eq!(remarks("run_time: 10s", hold), "");
        assert_eq!(remarks("users: 1", hold), "");
        assert!(
            remarks("{ run_time: 12s, warm_up: 5s }".trim_matches(['{', '}', ' ']).replace(", ", "\n").as_str(), hold)
                .contains("of which 7s count")
        );
        let window = "{ check: p50 < 1s, over: 1m }";
        assert!(remarks("run_time: 30s", window).contains("cannot be evaluated: `over: 1m` is longer than the run"));
        let stages = "shape: { stages: [{ name: a, duration: 5s, users: 1 }, { name: b, duration: 1m, users: 1 }] }";
        let stage = "{ check: p50 < 1s, for: 10s, stage: a }";
        assert!(remarks(stages, stage).contains("is longer than the stage, of which 5s count"));
    }
}
