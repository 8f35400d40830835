//! The tables and the summary as a file.

use super::cells::lines;
use super::summary::{figures, planned};
use super::tables;
use crate::report::one_file::OneFile;
use crate::report::shown;
use crate::report::silence::wrap;
use crate::report::standing::Standing;
use crate::store::Run;

/// The text format.
pub static TEXT: OneFile = OneFile {
    name: "text",
    alias: None,
    help: "Plain text: verdict, thresholds, summary and tables as they are printed at the end of a run",
    render,
};

/// Line width; enough for all columns of the tables.
const WIDTH: usize = 160;

fn render(run: &Run) -> String {
    let standing = Standing::of(run);
    // The reason is never cut.
    let mut head = wrap(&format!("{} {}: {}", standing.sign(), standing.word, standing.reason), WIDTH);
    head.push(String::new());
    for judgement in run.last.judgements.iter() {
        let [word, words, stands] = [shown::judged(judgement), &judgement.words, &shown::stands(judgement)];
        head.push(format!(" {word:<11}  {words}   {stands}"));
    }
    if !run.last.judgements.is_empty() {
        head.push(String::new());
    }
    format!(
        "{}{}\n{}",
        lines(head.into_iter(), WIDTH),
        figures(&run.last, planned(&run.meta), None, WIDTH),
        tables(&run.last, WIDTH)
    )
}
