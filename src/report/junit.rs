//! JUnit XML for CI systems: one case for the verdict, one per threshold and one per row.
//!
//! With thresholds, only they and the verdict can fail: a row with failed requests passes and reports their number.
//! Without thresholds, a row fails if a request failed, like in Locust. What could not be evaluated is an error, so
//! that a run without results does not look passed.

use std::fmt::Write as _;

use super::one_file::OneFile;
use super::shown;
use super::standing::{Standing, Tone};
use super::text;
use crate::clean;
use crate::stats::snapshot::{Judged, Judgement, Row};
use crate::store::{Run, State};

/// The JUnit format.
pub static JUNIT: OneFile = OneFile {
    name: "junit",
    alias: None,
    help: "JUnit XML for CI systems: a case for the verdict, for each threshold and for each row",
    render,
};

/// Result of a case.
enum Result {
    Passed,
    /// Reason of the failure.
    Failed(String),
    /// Reason why there is no result.
    Error(String),
    Skipped(String),
}

struct Case {
    name: String,
    /// Measured values, for any result.
    output: String,
    result: Result,
}

fn render(run: &Run) -> String {
    let thresholds: Vec<Case> = run.last.judgements.iter().map(|judgement| threshold(run, judgement)).collect();
    // Where the thresholds are lost, failed requests decided nothing.
    let decides = thresholds.is_empty() && run.gaps.is_empty();
    let rows = shown::by_name(&run.last).into_iter().map(|found| row(run, found, decides)).collect();
    let suites = [("verdict", vec![verdict(run)]), ("thresholds", thresholds), ("requests", rows)];
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let all = suites.iter().flat_map(|(_, cases)| cases);
    let _ = writeln!(out, "<testsuites name=\"{}\"{}>", attribute(&run.meta.scenario), totals(all, run, false));
    for (name, cases) in suites.iter().filter(|(_, cases)| !cases.is_empty()) {
        suite(&mut out, run, name, cases);
    }
    out.push_str("</testsuites>\n");
    out
}

fn verdict(run: &Run) -> Case {
    let standing = Standing::of(run);
    let mut output = format!("{}: {}\n{}", standing.word, standing.reason, shown::sentence(&run.last.total.total));
    output.extend(text::stability(&run.last).iter().flat_map(|line| ["\n", line]));
    for error in &run.last.exceptions {
        let _ = write!(output, "\n{}× {}", crate::units::count(error.count), clean::line(&shown::exception(error)));
    }
    let reason = format!("{}: {}", standing.word, standing.reason);
    // As the process reported it: failed requests need not fail a run.
    let result = match standing.tone {
        _ if standing.is_clean() => Result::Passed,
        Tone::Bad | Tone::Unclear if run.state != State::CutShort => Result::Failed(reason),
        _ => Result::Error(reason),
    };
    Case { name: "verdict".to_owned(), output, result }
}

fn threshold(run: &Run, judgement: &Judgement) -> Case {
    let words = format!("{}\n{}", clean::line(&judgement.words), clean::line(&shown::stands(judgement)));
    let reason = || format!("{}: measured {}", judgement.check, shown::measured(judgement));
    let result = match &judgement.judged {
        _ if judgement.warn => Result::Passed,
        Judged::Passes => Result::Passed,
        // Violated at the end of the run, but not for long enough to fail.
        Judged::Violated if run.state == State::Ended => Result::Passed,
        Judged::Violated => Result::Error(format!("{} at the moment", reason())),
        Judged::Failed => Result::Failed(reason()),
        Judged::CannotTell(why) => Result::Error(format!("{}: {why}", judgement.check)),
    };
    let warning = if judgement.warn {
        "
only a warning, which does not fail the run"
    } else {
        ""
    };
    let output = format!("{}: {words}{warning}", shown::judged(judgement));
    Case { name: format!("{} ({})", judgement.words, judgement.place), output, result }
}

fn row(run: &Run, row: &Row, decides: bool) -> Case {
    let figures = &row.total;
    let of_row = run.last.failures.rows.iter().filter(|failure| failure.kind == row.kind && failure.name == row.name);
    let mut output = shown::sentence(figures);
    for failure in of_row {
        let _ = write!(output, "\n{}× {}", crate::units::count(failure.count), clean::line(&failure.reason));
    }
    let result = if figures.requests == 0 {
        Result::Skipped("no requests".to_owned())
    } else if decides && figures.failures > 0 {
        Result::Failed(format!(
            "{} of {} requests failed",
            shown::failed(figures),
            crate::units::count(figures.requests)
        ))
    } else {
        Result::Passed
    };
    Case { name: format!("{} {}", row.kind, row.name), output, result }
}

fn suite(out: &mut String, run: &Run, name: &str, cases: &[Case]) {
    let meta = &run.meta;
    let started = meta.started.strftime("%Y-%m-%dT%H:%M:%S");
    let (counts, machine) = (totals(cases.iter(), run, true), attribute(&meta.machine.name));
    let _ = writeln!(
        out,
        "  <testsuite name=\"{name}\"{counts} timestamp=\"{started}\" hostname=\"{machine}\">\n    <properties>"
    );
    let seed = meta.seed.to_string();
    for (name, value) in [("run", &meta.id), ("host", &meta.host), ("katydid", &meta.version), ("seed", &seed)] {
        let _ = writeln!(out, "      <property name=\"{name}\" value=\"{}\"/>", attribute(value));
    }
    out.push_str("    </properties>\n");
    let class = attribute(&format!("{}.{name}", meta.scenario));
    for Case { name, output, result } in cases {
        let _ = writeln!(out, "    <testcase classname=\"{class}\" name=\"{}\">", attribute(name));
        let _ = match result {
            Result::Passed => Ok(()),
            Result::Failed(why) => writeln!(out, "      <failure type=\"failed\" message=\"{}\"/>", attribute(why)),
            Result::Error(why) => writeln!(out, "      <error type=\"unknown\" message=\"{}\"/>", attribute(why)),
            Result::Skipped(why) => writeln!(out, "      <skipped message=\"{}\"/>", attribute(why)),
        };
        let _ = writeln!(out, "      <system-out>{}</system-out>\n    </testcase>", escape(output));
    }
    out.push_str("  </testsuite>\n");
}

/// Attributes with the number of cases and the length of the run.
fn totals<'a>(cases: impl Iterator<Item = &'a Case>, run: &Run, skipped: bool) -> String {
    let mut counts = [0_u32; 4];
    for case in cases {
        let at = match case.result {
            Result::Passed => 0,
            Result::Failed(_) => 1,
            Result::Error(_) => 2,
            Result::Skipped(_) => 3,
        };
        counts[at] += 1;
    }
    let [passed, failures, errors, skips] = counts;
    let tests = passed + failures + errors + skips;
    let time = run.last.elapsed.as_secs_f64();
    let skipped = if skipped { format!(" skipped=\"{skips}\"") } else { String::new() };
    format!(" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\"{skipped} time=\"{time:.3}\"")
}

fn attribute(text: &str) -> String {
    escape(&clean::line(text))
}

/// Escapes markup, and removes characters that XML does not allow.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\n' | '\t' => out.push(c),
            '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => {}
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_not_allowed_in_xml_are_removed() {
        assert_eq!(escape("a\u{0}\u{1b}[2J\u{ffff}<b>&\"'\r\n]]>"), "a[2J&lt;b&gt;&amp;&quot;&apos;\n]]&gt;");
    }
}
