//! The Redis server of the scenario: TCP, TLS, authentication, `PING`, and its limit of clients.

use std::time::Instant;

use crate::doctor::line::Line;
use crate::doctor::subject::{Mode, Subject};
use crate::doctor::targets::lists;
use crate::protocol::redis::{self, ServerClients};
use crate::scenario::is_redis;
use crate::scenario::plan::{Action, Plan, RedisTarget, walk};
use crate::units;

/// Lines of Redis; none without Redis steps, and without a plan only for a host that is a Redis.
pub async fn check(subject: &Subject) -> Vec<Line> {
    let target = match &subject.plan {
        Some(plan) => plan.redis.clone(),
        None => subject.given_host().filter(|host| is_redis(host)).map(RedisTarget::of_url),
    };
    let Some(target) = &target else { return Vec::new() };
    let place = target.shown();
    let left = subject.deadline.saturating_duration_since(Instant::now());
    let started = Instant::now();
    let asks = subject.mode == Mode::Full;
    let clients = match redis::ping(target, &subject.secrets, left, asks).await {
        Ok(clients) => clients,
        Err(error) => {
            let advice = match (error.reached, error.why.contains("password")) {
                (_, true) => "Correct user name and password in the URL of `redis`.",
                (true, false) => "Correct what the server reports, or the address of `redis`.",
                (false, false) => "Start the server, or correct its address.",
            };
            return vec![Line::error(format!("{place}: {}", error.why), advice)];
        }
    };
    let title = clients.as_ref().map_or_else(String::new, |clients| format!(" from {}", clients.title));
    let mut lines = vec![Line::ok(format!("{place}: PONG{title} in {}", units::latency(started.elapsed())))];
    lines.extend(clients.zip(subject.plan.as_ref()).and_then(|(clients, plan)| limit(plan, &clients)));
    lines
}

/// Compares the planned connections with `maxclients`.
fn limit(plan: &Plan, clients: &ServerClients) -> Option<Line> {
    let most = clients.max?;
    // A user has a connection for commands, and one that receives.
    let subscribes = any(plan, |action| matches!(action, Action::Subscribe(_)));
    let commands = any(plan, |action| matches!(action, Action::Publish(_) | Action::Redis(_)));
    let each = u64::from(subscribes) + u64::from(commands);
    let wanted = u64::from(plan.schedule.peak_users().0) * each;
    let found = format!(
        "maxclients {}, {} connected, up to {} planned",
        units::count(most),
        units::count(clients.connected),
        units::count(wanted)
    );
    Some(if clients.connected + wanted > most {
        Line::warning(found, "Raise maxclients, or lower the users: further connections are refused.")
    } else {
        Line::ok(found)
    })
}

fn any(plan: &Plan, wanted: impl Fn(&Action) -> bool) -> bool {
    let mut found = false;
    lists(plan).for_each(|steps| walk(steps, &mut |action| found |= wanted(action)));
    found
}
