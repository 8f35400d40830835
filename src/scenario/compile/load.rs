//! Compiles users, stages or arrivals to a [`Schedule`].

use std::time::Duration;

use super::builder::Builder;
use super::fields::Fields;
use crate::scenario::grammar::keys;
use crate::scenario::grammar::table::Key;
use crate::scenario::plan::{Class, Goal, Load, Schedule, Slope, Stage};
use crate::scenario::syntax::node::Node;
use crate::units::{self, PerSecond, UnitError, Users, counted};

/// Maximum number of stages, which limits the cost of finding the current one.
const MAX_STAGES: usize = 1_000;

impl<'a> Builder<'a> {
    pub(super) fn load(&mut self, fields: &Fields<'a>, classes: &[Class]) -> (Load, Schedule) {
        let users = fields.get("users").and_then(|n| self.quantity(n, "users", units::parse_users));
        let given = fields.get("spawn_rate");
        let spawn_rate = given.and_then(|n| self.quantity(n, "spawn_rate", units::parse_spawn_rate));
        let run_time = fields.get("run_time").and_then(|n| self.some_time(n, "run_time"));
        let keys = keys::SCENARIO.keys;
        let stop_timeout = self.or_default(fields.get("stop_timeout"), keys, "stop_timeout", Self::duration);
        let stop_timeout = stop_timeout.unwrap_or_default();
        let warm_up = self.or_default(fields.get("warm_up"), keys, "warm_up", Self::duration).unwrap_or_default();
        let class_rates = self.class_rates(fields);
        let read = |b: &mut Self, n: &Node, key: &str| b.quantity(n, key, units::parse_spawn_rate);
        let usual_rate = self.or_default(None, keys, "spawn_rate", read).unwrap_or_default();
        let schedule = if let Some(shape) = fields.get("shape") {
            self.shape(shape, warm_up)
        } else if let Some(arrivals) = fields.get("arrivals") {
            self.arrivals(arrivals, run_time, warm_up)
        } else {
            let users = self.peak(fields, users, classes);
            let spawn_rate = spawn_rate.or(class_rates).unwrap_or(usual_rate);
            let goal = Goal::Users { users: users.0, slope: Slope::PerSecond(spawn_rate.0) };
            let stage = Stage { name: "".into(), duration: run_time, goal, warm_up: false };
            self.too_slow(fields, users, spawn_rate, run_time);
            Some((vec![stage], None))
        };
        let (stages, open) = schedule.unwrap_or_default();
        let mut schedule = Schedule::new(stages, open, warm_up);
        if let (Some(most), Some(_)) = (open, run_time) {
            // As with `--run-time`, stages keep their lengths.
            let load = Load { users: most, spawn_rate: usual_rate, run_time, stop_timeout };
            schedule = schedule.overridden(&load, false);
        }
        let spawn_rate = match open {
            // In an open model, users are spawned by arrivals.
            Some(most) => PerSecond(f64::from(most.0).clamp(1.0, units::MAX_SPAWN_RATE)),
            None => spawn_rate.or(class_rates).or_else(|| fastest_rate(&schedule)).unwrap_or(usual_rate),
        };
        let load = Load { users: schedule.peak_goal(), spawn_rate, run_time: schedule.length(), stop_timeout };
        (load, schedule)
    }

    fn quantity<T>(&mut self, node: &Node, key: &str, parse: fn(&str) -> Result<T, UnitError>) -> Option<T> {
        let text = self.scalar(node, key)?;
        parse(&text).map_err(|e| self.error(node, e.to_string())).ok()
    }

    /// `max_users` of an open model.
    fn most_users(&mut self, fields: &Fields<'_>, keys: &[Key]) -> Option<Users> {
        let read = |b: &mut Self, n: &Node, key: &str| b.quantity(n, key, units::parse_users);
        self.or_default(fields.get("max_users"), keys, "max_users", read)
    }

    /// Highest spawn rate of the classes, used if the file has none.
    fn class_rates(&mut self, fields: &Fields<'a>) -> Option<PerSecond> {
        let mut fastest: Option<PerSecond> = None;
        for (_, class) in fields.get("user_classes").map(Node::entries).unwrap_or_default() {
            if let Some(node) = Fields(class.entries()).get("spawn_rate")
                && let Some(rate) = self.quantity(node, "spawn_rate", units::parse_spawn_rate)
            {
                fastest = Some(fastest.map_or(rate, |f| if rate.0 > f.0 { rate } else { f }));
            }
        }
        fastest
    }

    /// `users`, or else the sum of the classes' counts.
    fn peak(&mut self, fields: &Fields<'a>, users: Option<Users>, classes: &[Class]) -> Users {
        let fixed = classes.iter().filter_map(|c| c.fixed_count).fold(0u32, u32::saturating_add);
        let Some(users) = users else {
            let weighted = classes.iter().any(|c| c.fixed_count.is_none());
            let least = if weighted { fixed.saturating_add(1) } else { fixed };
            return Users(least.min(units::MAX_USERS));
        };
        if fixed > users.0
            && let Some(node) = fields.get("users")
        {
            let message =
                format!("the classes have {} by `fixed_count`, but `users` is {users}", counted(fixed.into(), "user"));
            self.warn(node.at.clone(), message, format!("write users: {fixed} or more"));
        }
        users
    }

    fn too_slow(&mut self, fields: &Fields<'a>, users: Users, rate: PerSecond, run_time: Option<Duration>) {
        let Some(length) = run_time else { return };
        // The first user starts immediately, and none at the very end.
        let reached = (rate.0 * length.as_secs_f64() - 1e-6).ceil().max(1.0);
        if reached < f64::from(users.0)
            && let Some(node) = fields.get("run_time")
        {
            let message = format!("the run ends with {} of {}", reached as u32, counted(users.0.into(), "user"));
            self.warn(node.at.clone(), message, "give a longer run_time or a higher spawn_rate");
        }
    }

    fn shape(&mut self, node: &Node, warm_up: Duration) -> Option<(Vec<Stage>, Option<Users>)> {
        let fields = self.fields(node, &keys::SHAPE)?;
        let list = fields.get("stages")?;
        let most = self.most_users(&fields, keys::SHAPE.keys)?;
        let stages = self.stages(list)?;
        let open = stages.iter().any(|s| matches!(s.goal, Goal::Rate { .. }));
        if open && stages.iter().any(|s| matches!(s.goal, Goal::Users { .. })) {
            self.report(
                list.at.clone(),
                "some stages have `users` and others `rate`",
                "use the same key in all stages",
            );
            return None;
        }
        if let (Some(at), false) = (fields.key("max_users"), open) {
            self.report(at, "`max_users` requires stages with `rate`", "stages with `users` set their own maximum");
        }
        let most = open.then_some(most);
        self.unreachable_stages(list, &stages, most, warm_up);
        Some((stages, most))
    }

    fn stages(&mut self, list: &Node) -> Option<Vec<Stage>> {
        let items = self.list(list, "stages")?;
        if items.is_empty() || items.len() > MAX_STAGES {
            self.error(list, format!("`stages` must have from 1 to {MAX_STAGES} entries"));
            return None;
        }
        let before = self.diagnostics.errors.len();
        let mut stages: Vec<Stage> = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let Some(stage) = self.stage(index, item) else { continue };
            if stages.iter().any(|s| s.name == stage.name) {
                let at = Fields(item.entries()).get("name").map_or(item.at.clone(), |n| n.at.clone());
                self.report(
                    at,
                    format!("stage `{}` is defined twice", stage.name),
                    "thresholds refer to stages by name: use unique names",
                );
            }
            stages.push(stage);
        }
        (self.diagnostics.errors.len() == before).then_some(stages)
    }

    fn stage(&mut self, index: usize, node: &Node) -> Option<Stage> {
        let fields = self.fields(node, &keys::STAGE)?;
        let name = fields.get("name").and_then(|n| self.name_text(n));
        let name = name.unwrap_or_else(|| format!("stage {}", index + 1)).into();
        let duration = fields.get("duration").and_then(|n| self.some_time(n, "duration"));
        let users = fields.get("users").and_then(|n| self.quantity(n, "users", units::parse_users));
        let rate = fields.get("rate").and_then(|n| self.rate(n));
        let spawn_rate = fields.get("spawn_rate").and_then(|n| self.quantity(n, "spawn_rate", units::parse_spawn_rate));
        let ramp = fields.get("ramp").and_then(|n| self.duration(n, "ramp"));
        let warm_up = self.or_default(fields.get("warm_up"), keys::STAGE.keys, "warm_up", Self::truth)?;
        let goal = match (fields.get("users").is_some(), fields.get("rate").is_some()) {
            (true, false) => {
                if let Some(at) = fields.key("ramp") {
                    self.report(
                        at,
                        "`ramp` requires `rate`",
                        "users change at the spawn_rate, or evenly over the stage",
                    );
                }
                let even = Slope::Within(duration.unwrap_or_default());
                Goal::Users { users: users?.0, slope: spawn_rate.map_or(even, |rate| Slope::PerSecond(rate.0)) }
            }
            (false, true) => {
                if let Some(at) = fields.key("spawn_rate") {
                    self.report(at, "`spawn_rate` requires `users`", "a rate changes within its `ramp`");
                }
                Goal::Rate { rate: rate?, ramp: ramp.or(duration)? }
            }
            _ => return None,
        };
        Some(Stage { name, duration: Some(duration?), goal, warm_up })
    }

    fn arrivals(
        &mut self,
        node: &Node,
        run_time: Option<Duration>,
        warm_up: Duration,
    ) -> Option<(Vec<Stage>, Option<Users>)> {
        let fields = self.fields(node, &keys::ARRIVALS)?;
        let most = self.most_users(&fields, keys::ARRIVALS.keys)?;
        if most.0 == 0 {
            self.error(node, "`max_users` is 0: every arrival would be dropped");
        }
        if let Some(list) = fields.get("stages") {
            let stages = self.stages(list)?;
            if stages.iter().any(|s| matches!(s.goal, Goal::Users { .. })) {
                self.report(
                    list.at.clone(),
                    "the stages of `arrivals` have rates",
                    "write rate: 50/s in each, or use `shape`",
                );
                return None;
            }
            self.unreachable_stages(list, &stages, Some(most), warm_up);
            return Some((stages, Some(most)));
        }
        let rate = self.rate(fields.get("rate")?)?;
        let ramp = self.or_default(fields.get("ramp"), keys::ARRIVALS.keys, "ramp", Self::duration)?;
        if let (Some(length), Some(node)) = (run_time, fields.get("ramp"))
            && ramp > length
        {
            self.warn(node.at.clone(), "the ramp is longer than the run", "the full rate is never reached");
        }
        let goal = Goal::Rate { rate, ramp };
        Some((vec![Stage { name: "".into(), duration: run_time, goal, warm_up: false }], Some(most)))
    }

    /// Parses `50/s`, `600/m`, or a bare number per second.
    fn rate(&mut self, node: &Node) -> Option<f64> {
        let text = self.scalar(node, "rate")?;
        match units::parse_rate(&text) {
            Some(PerSecond(rate)) if rate <= 1e6 => Some(rate),
            _ => {
                self.error(
                    node,
                    format!("{text:?} is not a rate: write 50/s, 600/m, or a number of arrivals a second"),
                );
                None
            }
        }
    }

    /// Warns of stages that cannot reach their goal, and of stages that are never reached.
    fn unreachable_stages(&mut self, list: &Node, stages: &[Stage], open: Option<Users>, warm_up: Duration) {
        let schedule = Schedule::new(stages.to_vec(), open, warm_up);
        for (index, (stage, node)) in stages.iter().zip(list.one_or_more()).enumerate() {
            let Some((start, Some(end))) = schedule.span_of(index) else { continue };
            let Goal::Users { users, slope: Slope::PerSecond(rate) } = stage.goal else { continue };
            let reached = schedule.users_at(end.saturating_sub(Duration::from_micros(1)).max(start)).0;
            if reached != users {
                let message =
                    format!("stage `{}` ends with {}, not {users}", stage.name, counted(reached.into(), "user"));
                let note = format!("{} users a second are too few for {}", PerSecond(rate), units::plain(end - start));
                self.warn(node.at.clone(), message, note);
            }
        }
        if stages.iter().all(|s| s.warm_up) {
            self.report(
                list.at.clone(),
                "every stage is a warm-up: nothing would be counted",
                "remove warm_up from one of them",
            );
        }
    }
}

/// Highest spawn rate of the stages.
fn fastest_rate(schedule: &Schedule) -> Option<PerSecond> {
    let rates = schedule.stages().iter().filter_map(|stage| match stage.goal {
        Goal::Users { slope: Slope::PerSecond(rate), .. } => Some(rate),
        Goal::Users { .. } | Goal::Rate { .. } => None,
    });
    rates.reduce(f64::max).map(PerSecond)
}
