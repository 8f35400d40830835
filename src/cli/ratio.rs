//! `--list`, `--show-task-ratio` and `--show-task-ratio-json`: user classes and tasks, as Locust prints them.

use std::process::ExitCode;

use serde_json::{Map, Value, json};

use super::args::Cli;
use super::{exit, pick};
use crate::engine::ClassAssignment;
use crate::headless::console;
use crate::scenario::Plan;
use crate::scenario::plan::Class;
use crate::settings::Settings;

/// The users whose classes are counted where the scenario has more.
const MOST_USERS: u32 = 100_000;

/// Prints what one of these options asks for, instead of a run.
pub(super) fn run(cli: &Cli, settings: &Settings) -> ExitCode {
    match plan(settings) {
        Ok(plan) if cli.list => console::say(&list(&plan)),
        Ok(plan) if cli.show_task_ratio_json => console::say(&as_json(&plan)),
        Ok(plan) => console::say(&as_text(&plan)),
        Err(why) => {
            console::warn(&why);
            return ExitCode::from(exit::USAGE);
        }
    }
    ExitCode::SUCCESS
}

fn plan(settings: &Settings) -> Result<Plan, String> {
    let scenario = pick::one(settings.file.as_deref(), &settings.select()).load().map_err(|error| error.text)?;
    let mut overrides = settings.overrides();
    if scenario.needs_host() && scenario.host().is_none() && scenario.completed(&overrides).host.is_none() {
        // Classes do not depend on it.
        overrides.host = Some("http://host.invalid".to_owned());
    }
    scenario.plan(&overrides).map_err(|error| error.text)
}

fn list(plan: &Plan) -> String {
    let names = plan.classes.iter().map(|class| format!("\n    {}", class.name));
    std::iter::once("Available Users:".to_owned()).chain(names).collect()
}

fn as_text(plan: &Plan) -> String {
    let rule = "-".repeat(80);
    let mut text = String::new();
    for (title, total) in [("Task ratio per User class", false), ("Total task ratio", true)] {
        text.push_str(&format!("\n {title}\n{rule}\n"));
        for (class, share) in shares(plan) {
            text.push_str(&line(0, share, &class.name));
            let part = if total { share } else { 1.0 };
            tasks(class).for_each(|(name, ratio)| text.push_str(&line(1, ratio * part, name)));
        }
    }
    text.push('\n');
    text
}

fn line(level: usize, ratio: f64, name: &str) -> String {
    let padding = "  ".repeat(level);
    let ratio = format!("{padding}{:<6.1}", ratio * 100.0);
    let line = format!(" {ratio:<10} {padding}{name}");
    format!("{}\n", line.trim_end())
}

fn as_json(plan: &Plan) -> String {
    let classes = |total: bool| -> Map<String, Value> {
        let one = |(class, share): (&Class, f64)| {
            let part = if total { share } else { 1.0 };
            let tasks: Map<String, Value> =
                tasks(class).map(|(name, ratio)| (name.to_owned(), json!({ "ratio": ratio * part }))).collect();
            (class.name.to_string(), json!({ "ratio": share, "tasks": tasks }))
        };
        shares(plan).into_iter().map(one).collect()
    };
    format!("{:#}\n", json!({ "per_class": classes(false), "total": classes(true) }))
}

/// Each class and its share of the users at the peak.
fn shares(plan: &Plan) -> Vec<(&Class, f64)> {
    let peak = plan.schedule.peak_users().0.clamp(1, MOST_USERS);
    let mut assignment = ClassAssignment::new(&plan.classes, crate::units::Users(peak));
    let mut counts = vec![0_u32; plan.classes.len()];
    (0..peak).map_while(|user| assignment.class_of(user)).for_each(|class| counts[class] += 1);
    let all = f64::from(counts.iter().sum::<u32>().max(1));
    plan.classes.iter().zip(counts).map(|(class, count)| (class, f64::from(count) / all)).collect()
}

/// Each task and how often it runs, of all tasks of its class.
fn tasks(class: &Class) -> impl Iterator<Item = (&str, f64)> {
    let weight = |weight: u32| f64::from(if class.sequential { weight.min(1) } else { weight });
    let all: f64 = class.tasks.iter().map(|task| weight(task.weight)).sum();
    class.tasks.iter().map(move |task| (&*task.name, weight(task.weight) / all.max(1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Overrides, Scenario};

    #[test]
    fn ratios_are_those_of_the_users_at_the_peak() {
        let text = "host: http://h\nusers: 4\nuser_classes:\n  A:\n    weight: 9\n    tasks:\n      - { name: x, weight: 3, \
                    steps: [{ get: / }] }\n      - { name: y, steps: [{ get: / }] }\n  B: { fixed_count: 1, tasks: \
                    [{ name: z, steps: [{ get: / }] }] }\n";
        let plan = Scenario::parse("s.yaml", text).unwrap().plan(&Overrides::default()).unwrap();
        assert_eq!(list(&plan), "Available Users:\n    A\n    B");
        let text = as_text(&plan);
        let (classes, total) = text.split_once(" Total task ratio").unwrap();
        assert!(classes.contains(" 75.0       A\n   75.0       x\n   25.0       y\n 25.0       B\n"), "{text}");
        assert!(total.contains("   56.2       x\n   18.8       y\n"), "{text}");
        let json: Value = serde_json::from_str(&as_json(&plan)).unwrap();
        assert_eq!(json["per_class"]["A"]["tasks"]["x"]["ratio"], 0.75);
        assert_eq!(json["total"]["B"]["tasks"]["z"]["ratio"], 0.25);
    }
}
