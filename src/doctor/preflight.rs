//! The checks before each run, which send no request.

use super::answer::{self, Answer};
use super::line::{Level, Line};
use super::runner;
use super::subject::Subject;

/// Result of a preflight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Preflight {
    /// The run can start. The warnings are on one line; empty without any.
    Start(String),
    /// No request can succeed: the reasons, one line each.
    Refuse(String),
}

/// Runs the checks.
pub fn preflight(subject: Subject) -> Preflight {
    conclude(&runner::run(subject))
}

fn conclude(answers: &[Answer]) -> Preflight {
    let lines = || answer::lines(answers).map(|(check, line)| (check.title, line));
    let fatal: Vec<String> =
        lines().filter(|(_, line)| line.is_fatal).map(|(title, line)| sentence(title, line)).collect();
    if !fatal.is_empty() {
        return Preflight::Refuse(fatal.join("\n"));
    }
    let mut found: Vec<_> = lines().filter(|(_, line)| line.level > Level::Ok).collect();
    // The most severe first: a terminal may show only the start.
    found.sort_by_key(|(_, line)| std::cmp::Reverse(line.level));
    match &found[..] {
        [] => Preflight::Start(String::new()),
        [(title, line)] => Preflight::Start(sentence(title, line)),
        more => {
            let all: Vec<String> = more.iter().map(|(title, line)| format!("{title}: {}", line.found)).collect();
            Preflight::Start(format!("{} (`katydid doctor` says what to do)", all.join("; ")))
        }
    }
}

fn sentence(title: &str, line: &Line) -> String {
    match &line.advice {
        Some(advice) => format!("{title}: {}. {advice}", line.found),
        None => format!("{title}: {}", line.found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::registry::CHECKS;

    fn answers(lines: Vec<Line>) -> Vec<Answer> {
        let checks = CHECKS.iter().filter(|check| check.in_preflight);
        checks.zip(lines).map(|(check, line)| Answer { check, lines: vec![line] }).collect()
    }

    #[test]
    fn only_fatal_errors_refuse_a_run() {
        let (ok, refused) = (Line::ok("fine"), Line::error("connection refused", "Start it."));
        let conclude = |lines| conclude(&answers(lines));
        assert_eq!(conclude(vec![ok.clone(), ok.clone()]), Preflight::Start(String::new()));
        assert_eq!(conclude(vec![refused.clone()]), Preflight::Start("host: connection refused. Start it.".to_owned()));
        let two = conclude(vec![Line::warning("low", "Free some."), refused.clone(), ok]);
        let words = "Redis: connection refused; host: low (`katydid doctor` says what to do)";
        assert_eq!(two, Preflight::Start(words.to_owned()));
        let fatal = Line::error("unknown host name", "Check it.").fatal();
        assert_eq!(conclude(vec![fatal, refused]), Preflight::Refuse("host: unknown host name. Check it.".to_owned()));
    }
}
