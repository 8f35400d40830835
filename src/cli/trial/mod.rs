//! `katydid try FILE`: runs one user once and prints every request and response, for debugging scenarios.
//!
//! Input: a scenario, and optionally a class and a task. Output: a transcript on standard output, and an exit code that
//! is
//! 0 if everything passed.

mod paint;
mod transcript;

use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;

use super::args::Trial;
use super::load::{self, StartError};
use super::{exit, panics, pick, unnamed};
use crate::engine::trial::{self, Choice};
use crate::headless::console;
use crate::scenario::plan::{Class, Plan};
use crate::scenario::{Overrides, Scenario};
use crate::settings::Settings;
use paint::Paint;
use transcript::Transcript;

/// Width in columns without a terminal.
const WIDTH: usize = 80;
/// Minimum width; in narrower terminals, lines wrap.
const NARROWEST: usize = 40;

/// Runs the trial.
pub(super) fn run(args: &Trial, settings: &Settings) -> ExitCode {
    match attempt(args, settings) {
        Ok(passed) => ExitCode::from(if passed { exit::CLEAN } else { exit::TROUBLE }),
        Err((why, code)) => {
            console::warn(&why);
            ExitCode::from(code)
        }
    }
}

fn attempt(args: &Trial, settings: &Settings) -> Result<bool, (String, u8)> {
    let usage = |why: String| (why, exit::USAGE);
    let scenario = scenario(args, settings).map_err(usage)?;
    if let Some(words) = unnamed::warning(&scenario, settings.host.as_deref()) {
        console::warn(&words);
    }
    let mut overrides = Overrides {
        host: settings.host.clone(),
        traces: settings.trace_headers(),
        defaults: settings.load_defaults.clone(),
        ..Overrides::default()
    };
    let seed = settings.seed.unwrap_or_else(|| fastrand::u64(..));
    // Must live to the end: it is the target.
    let demo = load::demo_for(&scenario, &mut overrides, seed)
        .map_err(|why| (StartError::Demo(why).to_string(), exit::TROUBLE))?;
    let plan = Arc::new(scenario.plan(&overrides).map_err(|e| usage(e.text))?);
    load::hide(&plan.secrets);
    panics::protect(&plan.secrets);
    if let Some(why) = plan.not_runnable() {
        console::warn(&plan.secrets.mask(&format!("a run of this scenario is refused: {}", why.replace('\n', "; "))));
    }
    let (class, tasks) = choose(&plan, args).map_err(usage)?;
    let terminal = std::io::stdout().is_terminal();
    let width = if terminal { console::width().clamp(NARROWEST, 160) } else { WIDTH };
    let paint = Paint::new(terminal && !console::wants_no_color());
    let transcript = Rc::new(Transcript::new(paint, (!args.full).then_some(width), Arc::clone(&plan.secrets)));
    transcript.title(&plan, class);
    let secrets = Arc::clone(&plan.secrets);
    let outcome = trial::run(plan, Choice { class, tasks: &tasks, seed }, &transcript);
    drop(demo);
    outcome.map_err(|e| (secrets.mask(&e.to_string()).into_owned(), exit::TROUBLE))?;
    Ok(transcript.summary(seed))
}

fn scenario(args: &Trial, settings: &Settings) -> Result<Scenario, String> {
    pick::one(Some(&args.file), &settings.select()).load().map_err(|e| e.text)
}

/// The class and the tasks to try: the first class with a task of that name, or all its tasks in order.
fn choose(plan: &Plan, args: &Trial) -> Result<(usize, Vec<usize>), String> {
    let list = |names: Vec<&str>| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let named = |class: &Class| args.class.as_deref().is_none_or(|name| *class.name == *name);
    let classes: Vec<(usize, &Class)> = plan.classes.iter().enumerate().filter(|(_, class)| named(class)).collect();
    if classes.is_empty() {
        let known = list(plan.classes.iter().map(|class| &*class.name).collect());
        return Err(format!("there is no user class `{}`: {known}", args.class.as_deref().unwrap_or_default()));
    }
    let wanted = args.task.as_deref();
    for (index, class) in &classes {
        let tasks = class.tasks.iter().enumerate();
        let chosen: Vec<usize> = match wanted {
            // Without a name, skip tasks that a run never chooses.
            None => tasks.filter(|(_, task)| task.weight > 0).map(|(at, _)| at).collect(),
            Some(name) => tasks.filter(|(_, task)| *task.name == *name).map(|(at, _)| at).collect(),
        };
        if wanted.is_none() || !chosen.is_empty() {
            return Ok((*index, chosen));
        }
    }
    let known = list(classes.iter().flat_map(|(_, class)| class.tasks.iter()).map(|task| &*task.name).collect());
    Err(format!("there is no task `{}`: {known}", wanted.unwrap_or_default()))
}
