//! Top-level keys, classes and tasks.

use crate::scenario::grammar::kind::ValueKind as K;
use crate::scenario::grammar::table::{Key, Rule, Table, key};

const IN_CLASSES: &str = "move it into each of the user classes";
const BY_SHAPE: &str = "`shape` replaces it";
const BY_ARRIVALS: &str = "`arrivals` replaces it";

/// Top-level keys.
pub(crate) const SCENARIO: Table = Table {
    kind: K::Scenario,
    what: "a scenario",
    keys: &[
        key("name", K::Label, "Name of the scenario; default: the file's name"),
        key("description", K::Label, "One line for the list of scenarios").eg(&["Shoppers browse and buy"]),
        key("host", K::Host, "Base URL of the target, or demo"),
        key("users", K::Whole, "Peak number of concurrent users"),
        key("spawn_rate", K::SpawnRate, "Users started per second").or_whole(1),
        key("run_time", K::Length, "Run time; default: until stopped"),
        key("stop_timeout", K::Duration, "Time for running tasks to finish after a stop").or_text("10s"),
        key("warm_up", K::Duration, "Exclude this much time at the start").or_text("0s"),
        key("shape", K::Shape, "Stages, instead of users, spawn_rate and run_time"),
        key("arrivals", K::Arrivals, "Start iterations at a fixed rate (open model)"),
        key("search", K::Search, "Search for the largest load that passes"),
        key("vars", K::Vars, "Values for templates"),
        key("secrets", K::Texts, "Environment variables whose values are masked everywhere")
            .eg(&["[PASSWORD, API_KEY]"]),
        key("data", K::Data, "CSV files with data for the users"),
        key("include", K::Texts, "Files whose vars, data, flows, defaults and secrets are added")
            .eg(&["[common/login.yaml]"]),
        key("defaults", K::Defaults, "Defaults for every request; a step can override them"),
        key("graphql", K::GraphqlSettings, "Settings of all GraphQL steps"),
        key("redis", K::RedisSettings, "Settings of all Redis steps"),
        key("wait_time", K::Wait, "The pause after each task").or_text("constant(0s)"),
        key("sequential", K::Bool, "Run the tasks in order instead of by weight").or_bool(false),
        key("on_start", K::Steps, "Run once by each user before its first task"),
        key("on_stop", K::Steps, "Run once by each user when it stops"),
        key("tasks", K::Tasks, "Tasks of the users"),
        key("user_classes", K::Classes, "User classes, by name"),
        key("flows", K::Flows, "Named lists of steps for call"),
        key("thresholds", K::Thresholds, "Pass/fail conditions of the run"),
        key("profiles", K::Profiles, "Sets of top-level keys, chosen with --profile"),
        key("report", K::Report, "Files to write at the end"),
        key("baseline", K::Baseline, "Runs to compare with"),
    ],
    rules: &[
        Rule::AnyOf(&["tasks", "user_classes"], "give `tasks`, or `user_classes` with tasks"),
        Rule::Excludes("user_classes", "wait_time", IN_CLASSES),
        Rule::Excludes("user_classes", "sequential", IN_CLASSES),
        Rule::Excludes("user_classes", "on_start", IN_CLASSES),
        Rule::Excludes("user_classes", "on_stop", IN_CLASSES),
        Rule::Excludes("user_classes", "tasks", IN_CLASSES),
        Rule::Excludes("shape", "users", BY_SHAPE),
        Rule::Excludes("shape", "spawn_rate", BY_SHAPE),
        Rule::Excludes("shape", "run_time", BY_SHAPE),
        Rule::Excludes("shape", "arrivals", BY_SHAPE),
        Rule::Excludes("arrivals", "users", BY_ARRIVALS),
        Rule::Excludes("arrivals", "spawn_rate", BY_ARRIVALS),
    ],
};

/// A user class.
pub(crate) const CLASS: Table = Table {
    kind: K::Class,
    what: "a user class",
    keys: &[
        key("weight", K::Whole, "Relative number of users, among classes without a fixed count").or_whole(1),
        key("fixed_count", K::Whole, "Exactly this many users of this class"),
        key("users", K::Whole, "The same as fixed_count"),
        key("spawn_rate", K::SpawnRate, "Users started per second, if there is no top-level spawn_rate"),
        key("start", K::Start, "before_others: all have finished on_start before other classes start")
            .or_text("with_others"),
        key("wait_time", K::Wait, "The pause after each task").or_text("constant(0s)"),
        key("sequential", K::Bool, "Run the tasks in order instead of by weight").or_bool(false),
        key("on_start", K::Steps, "Run once by each user before its first task"),
        key("on_stop", K::Steps, "Run once by each user when it stops"),
        key("tasks", K::Tasks, "Tasks of users of this class"),
    ],
    rules: &[
        Rule::Required("tasks", "write tasks: [ … ] in the class"),
        Rule::Excludes("fixed_count", "users", "they are synonyms"),
    ],
};

/// A task.
pub(crate) const TASK: Table = Table {
    kind: K::Task,
    what: "a task",
    keys: &[
        key("name", K::Label, "Name of the task"),
        key("weight", K::Whole, "Relative frequency").or_whole(1),
        key("tags", K::Tags, "Labels for --tags and --exclude-tags").eg(&["[read, critical]"]),
        key("steps", K::Steps, "Run in order"),
    ],
    rules: &[Rule::Required("steps", "write steps: [ … ]")],
};

/// Top-level keys that a profile cannot have.
const NOT_IN_PROFILES: [&str; 2] = ["profiles", "include"];

/// Keys of a profile, which override those of the file.
pub(crate) fn of_profiles() -> impl Iterator<Item = &'static Key> {
    SCENARIO.keys.iter().filter(|key| !NOT_IN_PROFILES.contains(&key.name))
}

/// Keys that an included file can have.
pub(crate) const INCLUDED: [&str; 6] = ["vars", "data", "flows", "defaults", "secrets", "include"];
