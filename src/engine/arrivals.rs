//! Dispatches the arrivals of an open model: iterations that start according to the plan, whether or not a user is
//! waiting.
//!
//! Arrival `n` of the run, counted from 0, is due when the integral of the planned rate reaches `n`: at `n/rate` for a
//! constant rate, if that is before the end of the plan. It belongs to shard `n mod shards`. When it is due, it is
//! assigned to the first available of: an idle user of the class selected by weight; a new user of that class, if the
//! maximum number of users is not reached; a new user that replaces an idle user of another class; another shard with a
//! free user. Otherwise it is dropped and counted. A user that starts it late adds the delay to its response times.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use tokio::time::Instant;

use super::shard_command::{Arrival, Pace};
use super::shard_state::{ShardState, SpawnRequest};
use super::signal::Signal;
use crate::scenario::plan::Quota;

/// Maximum number of arrivals dispatched before users get to run, if many are due at once.
const BATCH: u32 = 32;

/// Number of this shard's first arrival at or after a change of pace. Arrivals are counted as if the pace had been the
/// same from the start.
fn first_after(planned: f64, pace: Pace, share: ShardShare) -> u64 {
    let ShardShare { index, shards } = share;
    // Tolerates rounding errors, so that no arrival is dispatched twice.
    let number = (planned * pace.scale - 1e-6).ceil().max(0.0) as u64;
    number + (index + shards - number % shards) % shards
}

/// Which arrivals belong to a shard: every one of `shards`, starting with `index`.
#[derive(Debug, Clone, Copy)]
pub struct ShardShare {
    /// Index of the shard.
    pub index: u64,
    /// Number of shards.
    pub shards: u64,
}

/// The arrivals of one shard, in order.
#[derive(Debug)]
pub struct ArrivalSchedule {
    share: ShardShare,
    /// Start of the plan's clock.
    from: Instant,
    paused_before: Duration,
    pace: Pace,
    /// Number of the next arrival on this shard.
    number: u64,
    turns: Quota,
}

impl ArrivalSchedule {
    /// Starts with the first arrival.
    pub fn new(shard: &ShardState, share: ShardShare, from: Instant) -> Self {
        let pace = shard.pace.get();
        Self {
            share,
            from,
            paused_before: shard.paused_for(),
            pace,
            number: first_after(shard.plan.schedule.arrivals_by(pace.at), pace, share),
            turns: Quota::of_arrivals(&shard.plan.classes),
        }
    }

    /// Dispatches arrivals that are due, at most `most`. Returns when the next one is due; `None` if there is none.
    pub fn dispatch_due(&mut self, shard: &ShardState, most: u32) -> Option<Instant> {
        let schedule = &shard.plan.schedule;
        if shard.pace.get() != self.pace {
            self.pace = shard.pace.get();
            self.number = first_after(schedule.arrivals_by(self.pace.at), self.pace, self.share);
        }
        let mut left = most;
        loop {
            let due = schedule.due(self.number, self.pace.scale)?;
            let paused = shard.paused_for().saturating_sub(self.paused_before);
            let at = self.from.checked_add(due.saturating_add(paused))?;
            if left == 0 || at > Instant::now() {
                return Some(at);
            }
            match self.turns.next() {
                Some(class) => serve(shard, Arrival { class, due: at, passed: 0 }),
                None => shard.arrivals.borrow_mut().dropped += 1,
            }
            self.number += self.share.shards;
            left -= 1;
        }
    }
}

/// Dispatches arrivals as they become due, until the task is aborted.
pub async fn dispatch(shard: Rc<ShardState>, schedule: Rc<RefCell<ArrivalSchedule>>) {
    loop {
        if shard.paused.get() {
            shard.resumed.notified().await;
            continue;
        }
        let next = schedule.borrow_mut().dispatch_due(&shard, BATCH);
        match next {
            // No more arrivals at this pace; a change of pace may add some.
            None => shard.repaced.notified().await,
            Some(at) if at > Instant::now() => tokio::select! {
                () = shard.sleep_until_due(at) => {}
                () = shard.repaced.notified() => {}
            },
            Some(_) => tokio::task::yield_now().await,
        }
    }
}

/// Assigns an iteration to a user of this shard, or passes it on to another shard.
pub fn serve(shard: &ShardState, arrival: Arrival) {
    if !begin(shard, arrival) {
        shard.pass_on(arrival);
    }
    shard.report_free();
}

/// Returns false if no user of this shard is free.
fn begin(shard: &ShardState, Arrival { class, due, .. }: Arrival) -> bool {
    let idle = |users: &mut Vec<Rc<Signal>>| std::iter::from_fn(|| users.pop()).find(|user| !user.is_retired());
    let mut idle_users = shard.idle_users.borrow_mut();
    if let Some(user) = idle(&mut idle_users[class]) {
        user.arrive(due);
        return true;
    }
    let instead_of = match shard.vacancies.get().checked_sub(1) {
        Some(left) => {
            shard.vacancies.set(left);
            None
        }
        // Replace a user of the class with the most idle users.
        None => match idle_users.iter_mut().max_by_key(|users| users.len()).and_then(idle) {
            Some(user) => {
                user.retire(shard.abort_deadline());
                Some(user)
            }
            None => return false,
        },
    };
    shard.spawn_requests.borrow_mut().push_back(SpawnRequest { class, due, instead_of });
    shard.attention.notify_one();
    true
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::engine::shard_setup::ShardSetup;
    use crate::scenario::{Overrides, Scenario};

    #[test]
    fn each_arrival_belongs_to_one_shard() {
        for (planned, scale, expected) in
            [(0.0, 1.0, [0, 1, 2]), (10.0, 1.0, [12, 10, 11]), (10.5, 1.0, [12, 13, 11]), (10.0, 2.0, [21, 22, 20])]
        {
            let pace = Pace { scale, at: Duration::ZERO };
            let firsts = [0, 1, 2].map(|index| first_after(planned, pace, ShardShare { index, shards: 3 }));
            assert_eq!(firsts, expected, "{planned} × {scale}");
        }
    }

    /// Shards of a plan with unlimited vacancies, and their schedules.
    fn shards(text: &str, count: usize) -> Vec<(Rc<ShardState>, ArrivalSchedule)> {
        let text = format!("host: http://h\n{text}\ntasks: [{{ steps: [{{ get: / }}] }}]");
        let plan = Arc::new(Scenario::parse("t.yaml", &text).unwrap().plan(&Overrides::default()).unwrap());
        let from = Instant::now();
        let shard = |index| {
            let setup = ShardSetup::of(&plan, index, count);
            let shard = Rc::new(ShardState::new(&setup));
            shard.vacancies.set(u32::MAX);
            let schedule = ArrivalSchedule::new(&shard, ShardShare { index: index as u64, shards: count as u64 }, from);
            (shard, schedule)
        };
        (0..count).map(shard).collect()
    }

    /// Times in the plan at which iterations arrive.
    async fn arrived(text: &str, count: usize) -> Vec<Duration> {
        let mut shards = shards(text, count);
        let from = Instant::now();
        let mut all = Vec::new();
        for (shard, schedule) in &mut shards {
            while let Some(next) = schedule.dispatch_due(shard, u32::MAX) {
                tokio::time::advance(next.saturating_duration_since(Instant::now())).await;
            }
            assert_eq!(shard.arrivals.borrow().dropped, 0, "{text}");
            all.extend(shard.spawn_requests.borrow().iter().map(|request| request.due - from));
        }
        all.sort();
        all
    }

    #[tokio::test(start_paused = true)]
    async fn number_of_arrivals_before_the_end_is_exact() {
        for (rate, seconds, count) in [
            (10.0, 2.0, 20),
            (0.5, 1.0, 1),
            (0.5, 2.0, 1),
            (0.5, 2.001, 2),
            (1.0, 1.0, 1),
            (1.0, 0.2, 1),
            (3.0, 1.0, 3),
            (3.0, 10.0, 30),
            (7.0, 3.0, 21),
            (0.1, 30.0, 3),
            (0.3, 10.0, 3),
            (33.3, 10.0, 333),
            (100.0, 0.1, 10),
            (1_000.0, 3.0, 3_000),
            (2_500.0, 0.5, 1_250),
        ] {
            let text = format!("run_time: {seconds}s\narrivals: {{ rate: {rate} }}");
            for shards in [1, 3] {
                let times = arrived(&text, shards).await;
                assert_eq!(times.len(), count, "{text}");
                for (n, time) in times.iter().enumerate() {
                    let due = n as f64 / rate;
                    assert!(
                        (time.as_secs_f64() - due).abs() < 1e-6 && *time < Duration::from_secs_f64(seconds),
                        "{text}: {n}"
                    );
                }
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn arrivals_of_stages_add_up() {
        let stages = |stages: &str| format!("arrivals: {{ stages: [{stages}] }}");
        for (text, count) in [
            // The integral of a ramp from 0 to 10/s in 4 s is 20.
            (stages("{ duration: 4s, rate: 10 }"), 20),
            (stages("{ duration: 4s, rate: 10 }, { duration: 2s, rate: 10 }"), 40),
            (
                stages(
                    "{ duration: 1s, rate: 10, ramp: 0s }, { duration: 5s, rate: 0, ramp: 0s }, { duration: 1s, rate: 5, ramp: 0s }",
                ),
                15,
            ),
            ("run_time: 1s\narrivals: { rate: 10, ramp: 4s }".to_owned(), 2),
            ("run_time: 5s\narrivals: { rate: 0 }".to_owned(), 0),
        ] {
            for shards in [1, 5] {
                assert_eq!(arrived(&text, shards).await.len(), count, "{text}");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn due_arrivals_are_dispatched_by_a_late_thread() {
        for (late, count) in [(0, 1), (99, 1), (100, 2), (1_950, 20), (60_000, 20)] {
            let mut shards = shards("run_time: 2s\narrivals: { rate: 10 }", 1);
            let (shard, schedule) = &mut shards[0];
            tokio::time::advance(Duration::from_millis(late)).await;
            while schedule.dispatch_due(shard, 3).is_some_and(|next| next <= Instant::now()) {}
            assert_eq!(shard.spawn_requests.borrow().len(), count, "{late}");
        }
    }
}
