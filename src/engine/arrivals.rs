//! Iterations that arrive by the plan, whether or not a user waits for them (the open model).
//!
//! Arrival `n` of the run belongs to shard `n mod shards`, so that shards need no talk. When it is due it goes to an
//! idle user of the class whose turn it is by weight, else to a new one of it while there may be more, or in the place of
//! an idle one of another class, else it is dropped and counted. Its due time goes with it: a
//! user that begins it late adds the lateness to its response times.

use std::rc::Rc;
use std::time::Duration;

use tokio::time::Instant;

use super::shard::Shard;
use super::user::Signal;
use crate::scenario::plan::Quota;

/// Arrivals dealt without letting the users run, when many are due at once.
const AT_ONCE: u32 = 32;

/// A user to be spawned for an iteration.
#[derive(Debug)]
pub struct Hire {
    /// Its class in the plan.
    pub class: usize,
    /// When the iteration was due.
    pub due: Instant,
    /// The idle user of another class that leaves for it.
    pub instead_of: Option<Rc<Signal>>,
}

/// How many times as many iterations arrive as planned, and since which moment of the plan.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    pub scale: f64,
    pub at: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { scale: 1.0, at: Duration::ZERO }
    }
}

/// The number of the first arrival at or after a change of pace that belongs to this shard: the arrivals are counted as
/// if the pace had been the same from the beginning.
fn first_after(planned: f64, pace: Pace, (index, shards): (u64, u64)) -> u64 {
    // Forgives the rounding of the area, so that no arrival comes twice.
    let number = (planned * pace.scale - 1e-6).ceil().max(0.0) as u64;
    number + (index + shards - number % shards) % shards
}

/// Deals arrivals until there will be no more; `from` is when the plan's clock began.
pub async fn dispatch(shard: Rc<Shard>, (index, shards): (u64, u64), from: Instant) {
    let schedule = &shard.plan.schedule;
    let paused_before = shard.paused_for();
    let mut pace = shard.pace.get();
    let mut number = first_after(schedule.arrivals_by(pace.at), pace, (index, shards));
    let mut unbroken = 0;
    let mut turns = Quota::of_arrivals(&shard.plan.classes);
    while !shard.stopping.get() {
        if shard.pace.get() != pace {
            pace = shard.pace.get();
            number = first_after(schedule.arrivals_by(pace.at), pace, (index, shards));
        }
        if shard.paused.get() {
            shard.resumed.notified().await;
            continue;
        }
        let Some(due) = schedule.due(number, pace.scale) else {
            // No more as it is; another pace may bring some.
            shard.repaced.notified().await;
            continue;
        };
        let paused = shard.paused_for().saturating_sub(paused_before);
        let Some(at) = from.checked_add(due.saturating_add(paused)) else { return };
        if at > Instant::now() {
            unbroken = 0;
            tokio::select! {
                () = shard.sleep_until_due(at) => {}
                () = shard.repaced.notified() => {}
            }
            // A pause or another pace may have come meanwhile.
            continue;
        }
        match turns.next() {
            Some(class) => arrive(&shard, class, at),
            None => shard.arrivals.borrow_mut().dropped += 1,
        }
        number += shards;
        unbroken += 1;
        if unbroken >= AT_ONCE {
            unbroken = 0;
            tokio::task::yield_now().await;
        }
    }
}

fn arrive(shard: &Shard, class: usize, due: Instant) {
    let idle = |lounge: &mut Vec<Rc<Signal>>| std::iter::from_fn(|| lounge.pop()).find(|user| !user.is_retired());
    let mut lounges = shard.lounges.borrow_mut();
    if let Some(user) = idle(&mut lounges[class]) {
        return user.arrive(due);
    }
    let instead_of = match shard.vacancies.get().checked_sub(1) {
        Some(left) => {
            shard.vacancies.set(left);
            None
        }
        // The class with the most idle users misses one least.
        None => match lounges.iter_mut().max_by_key(|lounge| lounge.len()).and_then(idle) {
            Some(user) => {
                user.retire(shard.last_moment());
                Some(user)
            }
            None => {
                shard.arrivals.borrow_mut().dropped += 1;
                return;
            }
        },
    };
    shard.hires.borrow_mut().push_back(Hire { class, due, instead_of });
    shard.attention.notify_one();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_arrival_belongs_to_one_shard() {
        for (planned, scale, expected) in
            [(0.0, 1.0, [0, 1, 2]), (10.0, 1.0, [12, 10, 11]), (10.5, 1.0, [12, 13, 11]), (10.0, 2.0, [21, 22, 20])]
        {
            let pace = Pace { scale, at: Duration::ZERO };
            let firsts = [0, 1, 2].map(|index| first_after(planned, pace, (index, 3)));
            assert_eq!(firsts, expected, "{planned} × {scale}");
        }
    }
}
