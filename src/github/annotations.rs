//! Annotations: missed thresholds on the line of the scenario that defines them.

use std::cmp::Ordering;
use std::path::{Component, Path, PathBuf};

use crate::clean;
use crate::stats::snapshot::{Judged, Judgement};
use crate::system::workflow_command;

/// Maximum number of annotations of a kind in a step; GitHub drops further ones.
const MOST: usize = 10;

/// Workflow commands that annotate thresholds that failed or could not be evaluated, the most important first.
/// `workspace` is the folder of the checkout.
pub fn annotations(judgements: &[Judgement], workspace: Option<&Path>) -> Vec<String> {
    let missed = |is_warning: bool| {
        let is_missed = |one: &&Judgement| one.judged != Judged::Passes && one.warn == is_warning;
        let mut missed: Vec<&Judgement> = judgements.iter().filter(is_missed).collect();
        missed.sort_by(|a, b| importance(a, b));
        missed.truncate(MOST);
        missed
    };
    let errors = missed(false).into_iter().map(|one| annotation("error", one, workspace));
    let warnings = missed(true).into_iter().map(|one| annotation("warning", one, workspace));
    errors.chain(warnings).collect()
}

/// Failed ones come before undecided ones, those that aborted the run before others, and then the largest misses.
fn importance(a: &Judgement, b: &Judgement) -> Ordering {
    let rank = |one: &Judgement| (matches!(one.judged, Judged::CannotTell(_)), !one.abort);
    let margin = |one: &Judgement| one.margin.unwrap_or(0.0);
    rank(a).cmp(&rank(b)).then(margin(a).total_cmp(&margin(b)))
}

fn annotation(kind: &str, judgement: &Judgement, workspace: Option<&Path>) -> String {
    let (title, message) = match (&judgement.judged, &judgement.value) {
        (Judged::CannotTell(why), _) => ("Threshold cannot be judged", format!("{}: {why}", judgement.words)),
        (_, Some(value)) => ("Threshold failed", format!("{}: measured {value}", judgement.words)),
        (_, None) => ("Threshold failed", judgement.words.to_string()),
    };
    let message = clean::line(&message);
    let place = judgement.place.rsplit_once(':').filter(|(_, line)| line.parse::<u32>().is_ok());
    match place.and_then(|(file, line)| Some((relative(Path::new(file), workspace?)?, line))) {
        Some((file, line)) => {
            let properties = [("file", file.as_str()), ("line", line), ("title", title)];
            workflow_command::command(kind, &properties, &message)
        }
        None => {
            let message = format!("{}: {message}", clean::line(&judgement.place));
            workflow_command::command(kind, &[("title", title)], &message)
        }
    }
}

/// Path of a file relative to the folder of the checkout; `None` for other files, and for embedded scenarios.
fn relative(file: &Path, workspace: &Path) -> Option<String> {
    let whole = |path: &Path| path.canonicalize().ok();
    let (file, workspace) = (whole(file)?, whole(workspace)?);
    let inside: PathBuf = file.strip_prefix(workspace).ok()?.to_owned();
    inside.components().all(|part| matches!(part, Component::Normal(_))).then_some(())?;
    inside.to_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judgement(words: &str, judged: Judged, margin: f64) -> Judgement {
        let (words, value) = (words.into(), Some("1.2s".into()));
        Judgement { words, judged, margin: Some(margin), value, place: "gone.yaml:3".into(), ..Judgement::passing() }
    }

    #[test]
    fn the_most_important_come_first_and_each_kind_is_limited() {
        let mut all = vec![
            judgement("undecided", Judged::CannotTell("no requests".into()), 0.0),
            judgement("near", Judged::Failed, -0.1),
            judgement("far", Judged::Failed, -3.0),
            judgement("fine", Judged::Passes, 0.5),
            Judgement { warn: true, ..judgement("only a warning", Judged::Failed, -9.0) },
            Judgement { abort: true, ..judgement("aborted", Judged::Failed, -0.2) },
        ];
        let lines = annotations(&all, None);
        let of = |name: &str| lines.iter().position(|line| line.contains(name)).unwrap_or(99);
        assert_eq!(["aborted", "far", "near", "undecided", "only a warning", "fine"].map(of), [0, 1, 2, 3, 4, 99]);
        assert_eq!(lines[1], "::error title=Threshold failed::gone.yaml:3: far: measured 1.2s");
        assert!(lines[4].starts_with("::warning title="), "{lines:?}");
        all.extend((0..30).map(|n| judgement("more", Judged::Failed, f64::from(-n))));
        assert_eq!(annotations(&all, None).len(), 11);
    }

    #[test]
    fn paths_are_relative_to_the_checkout() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("a, b:c");
        std::fs::create_dir(&inside).unwrap();
        std::fs::write(inside.join("s.yaml"), "").unwrap();
        let place = format!("{}/../a, b:c/s.yaml:14", inside.display());
        let one = Judgement { place: place.into(), ..judgement("p95 < 1s\n::error::", Judged::Failed, -1.0) };
        let lines = annotations(std::slice::from_ref(&one), Some(folder.path()));
        assert_eq!(
            lines,
            ["::error file=a%2C b%3Ac/s.yaml,line=14,title=Threshold failed::p95 < 1s ::error::: measured 1.2s"]
        );
        let lines = annotations(&[one], Some(&inside.join("elsewhere")));
        assert!(lines[0].starts_with("::error title="), "{lines:?}");
    }
}
