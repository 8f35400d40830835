//! One simulated user: `on_start`, then tasks and waits until told to stop, then `on_stop`.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::pacer::Pacer;
use super::shard::Shard;
use crate::protocol::http::{Exchange, UserClient};
use crate::scenario::plan::{Action, Class, HttpStep, Step, Task};
use crate::scenario::template::Scope;
use crate::stats::{Failure, Sample};

/// How the shard tells a user to stop.
#[derive(Debug, Default)]
pub struct Signal {
    retired: Cell<bool>,
    wake: Notify,
}

impl Signal {
    /// Lets the user finish the task at hand and leave. A waiting user leaves at once.
    pub fn retire(&self) {
        self.retired.set(true);
        self.wake.notify_one();
    }
}

/// A user at work.
pub struct User {
    shard: Rc<Shard>,
    class: usize,
    signal: Rc<Signal>,
    client: UserClient,
    scope: Scope,
}

impl User {
    /// User `number` (from 0) of the run, of the class with this index.
    pub fn new(shard: Rc<Shard>, number: u32, class: usize, client: UserClient) -> Self {
        let scope = shard.plan.scope(shard.seed, u64::from(number) + 1);
        Self { shard, class, signal: Rc::default(), client, scope }
    }

    /// The shard's end of the stop signal.
    pub fn signal(&self) -> Rc<Signal> {
        Rc::clone(&self.signal)
    }

    /// Runs until retired.
    pub async fn live(mut self) {
        let shard = Rc::clone(&self.shard);
        let _alive = Alive::new(&shard);
        let class = &shard.plan.classes[self.class];
        self.gate().await;
        self.run(&class.on_start, None).await;
        self.iterate(class).await;
        self.run(&class.on_stop, None).await;
    }

    async fn iterate(&mut self, class: &Class) {
        let mut pacer = Pacer::new(class.wait);
        let weights = class.tasks.iter().map(|task| u64::from(task.weight)).sum();
        let mut waited = false;
        while !self.signal.retired.get() {
            pacer.shift(self.gate().await);
            if self.signal.retired.get() {
                break;
            }
            let late = pacer.begin(Instant::now());
            if let Some(delay) = late
                && waited
            {
                // Lateness of a user who was free is ours; of one who was busy, the server's.
                self.shard.recorder.borrow_mut().schedule_delay(delay);
            }
            let task = pick(&class.tasks, weights, &mut self.scope.rng);
            self.run(&task.steps, late).await;
            self.scope.iteration += 1;
            let now = Instant::now();
            let next = pacer.next(now, &mut self.scope.rng);
            waited = next > now;
            pacer.shift(self.rest(now, next).await);
        }
    }

    /// Waits while the run is paused, and says how long that was.
    async fn gate(&self) -> Duration {
        if !self.shard.paused.get() {
            return Duration::ZERO;
        }
        let since = Instant::now();
        while self.shard.paused.get() && !self.signal.retired.get() {
            tokio::select! {
                () = self.shard.resumed.notified() => {}
                () = self.signal.wake.notified() => {}
            }
        }
        since.elapsed()
    }

    /// Waits until `next`; a pause in the meantime stretches the wait by its length, which is returned.
    async fn rest(&self, now: Instant, next: Instant) -> Duration {
        if next <= now {
            // Without waits a user whose replies are always ready would never let the others run.
            tokio::task::yield_now().await;
            return Duration::ZERO;
        }
        let paused_before = self.shard.paused_for();
        let mut held = Duration::ZERO;
        loop {
            tokio::select! {
                () = self.sleep_until(next + held) => {}
                () = self.signal.wake.notified() => return held,
            }
            if self.shard.paused.get() {
                self.gate().await;
            }
            let paused = self.shard.paused_for() - paused_before;
            if paused == held || self.signal.retired.get() {
                return held;
            }
            held = paused;
        }
    }

    async fn sleep_until(&self, at: Instant) {
        if self.shard.plan.classes[self.class].wait.is_planned() {
            self.shard.sleep_until_due(at).await;
        } else {
            // A think time may be a millisecond longer, and many cost less this way.
            sleep_until(at).await;
        }
    }

    async fn run(&mut self, steps: &[Step], late: Option<Duration>) {
        for step in steps {
            match &step.action {
                Action::Http(step) => self.request(step, late).await,
                _ => {
                    self.shard.recorder.borrow_mut().exception(&"step".into(), "this kind of step is not runnable yet");
                    tokio::task::yield_now().await;
                }
            }
        }
    }

    async fn request(&mut self, step: &HttpStep, late: Option<Duration>) {
        let endpoint = step.endpoint.0;
        if let Err(error) = self.client.prepare(step, &mut self.scope) {
            let row = &self.shard.plan.endpoints[endpoint as usize];
            let place = format!("{} {}", row.method, row.name).into();
            self.shard.recorder.borrow_mut().exception(&place, &error.0);
            // A scenario that fails without a request must not spin.
            tokio::task::yield_now().await;
            return;
        }
        let on_the_wire = OnTheWire::new(&self.shard);
        let shard = &self.shard;
        let wants = |reason: &_| shard.recorder.borrow().wants_example(endpoint, reason);
        let exchange = self.client.send(step, &mut self.scope, wants).await;
        on_the_wire.arrived();
        self.shard.recorder.borrow_mut().record(sample(endpoint, exchange, late));
    }
}

/// Every request of a late iteration is that much later than planned, so its response time is longer by it.
fn sample(endpoint: u32, exchange: Exchange, late: Option<Duration>) -> Sample {
    Sample {
        endpoint,
        service: exchange.service,
        response: late.map(|late| exchange.service + late),
        connect: exchange.connect,
        first_byte: exchange.first_byte,
        bytes: exchange.bytes,
        failure: exchange.failure.map(|(reason, example)| Box::new(Failure { reason, example: Some(example) })),
    }
}

fn pick<'a>(tasks: &'a [Task], weights: u64, rng: &mut fastrand::Rng) -> &'a Task {
    if let [only] = tasks {
        return only;
    }
    let mut at = rng.u64(0..weights.max(1));
    for task in tasks {
        match at.checked_sub(u64::from(task.weight)) {
            Some(rest) => at = rest,
            None => return task,
        }
    }
    &tasks[0]
}

/// Counts a user as long as its task lives, also when it is cut or panics.
struct Alive<'a>(&'a Shard);

impl<'a> Alive<'a> {
    fn new(shard: &'a Shard) -> Self {
        shard.users.set(shard.users.get() + 1);
        Self(shard)
    }
}

impl Drop for Alive<'_> {
    fn drop(&mut self) {
        self.0.users.set(self.0.users.get() - 1);
    }
}

/// Counts a request on the wire. One that is dropped before its reply was cut: it is in no row, so it is counted apart.
struct OnTheWire {
    shard: Rc<Shard>,
    arrived: bool,
}

impl OnTheWire {
    fn new(shard: &Rc<Shard>) -> Self {
        shard.in_flight.set(shard.in_flight.get() + 1);
        Self { shard: Rc::clone(shard), arrived: false }
    }

    fn arrived(mut self) {
        self.arrived = true;
    }
}

impl Drop for OnTheWire {
    fn drop(&mut self) {
        self.shard.in_flight.set(self.shard.in_flight.get() - 1);
        if !self.arrived {
            self.shard.cut.set(self.shard.cut.get() + 1);
        }
    }
}
