//! Detects whether the load generator itself is the bottleneck. Process-wide signals, sampled by the control thread,
//! and measurements of the shards are combined into a level with a reason.

mod cores;
pub(super) mod hysteresis;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use self::cores::Counters;
use super::snapshot::{Blocked, Cores, Health, Latency, Level};
use crate::units;

/// A load thread is blocked if its timer is late by this much.
pub const BLOCKED: Duration = Duration::from_millis(250);
/// Backlog that is normal after a burst; above ten times as much, reading does not keep up.
const BACKLOG: Duration = Duration::from_millis(100);
/// Minimum number of timer samples for a p99.
const MIN_LAG_SAMPLES: u64 = 100;
/// Interval of CPU readings: shorter ones would show the kernel's granularity.
const CPU_INTERVAL: Duration = Duration::from_secs(1);
/// Number of readings kept: ten seconds.
const READINGS: usize = 10;
/// Interval of counting open files, which costs one system call per file.
const FILES_INTERVAL: Duration = Duration::from_secs(2);

/// Reads CPU time, CPU availability and open files of this process.
#[derive(Debug, Default)]
pub struct Probe {
    /// Oldest first.
    readings: VecDeque<Reading>,
    cpu: f64,
    cores: Cores,
    files: Option<(Instant, Option<(u64, u64)>)>,
}

#[derive(Debug)]
struct Reading {
    at: Instant,
    cpu: Duration,
    counters: Counters,
}

impl Reading {
    fn take() -> Self {
        Self { at: Instant::now(), cpu: cpu_time(), counters: Counters::read() }
    }
}

impl Probe {
    /// Creates a probe that measures from now on.
    pub fn new() -> Self {
        Self { readings: VecDeque::from([Reading::take()]), ..Self::default() }
    }

    /// Current signals: CPU usage over the last second, and open files.
    pub fn sample(&mut self) -> Health {
        let now = Instant::now();
        match self.readings.back() {
            None => self.readings.push_back(Reading::take()),
            Some(last) if now.saturating_duration_since(last.at) >= CPU_INTERVAL => self.read(),
            Some(_) => {}
        }
        if self.files.is_none_or(|(at, _)| now.saturating_duration_since(at) >= FILES_INTERVAL) {
            self.files = Some((now, open_files()));
        }
        let open_files = self.files.and_then(|(_, files)| files);
        Health { cpu: self.cpu, cores: self.cores, open_files, ..Health::default() }
    }

    fn read(&mut self) {
        let reading = Reading::take();
        let parallel = std::thread::available_parallelism().map_or(1, usize::from);
        if let (Some(oldest), Some(last)) = (self.readings.front(), self.readings.back()) {
            // Ten seconds, as for the timers: kernel ticks of a single second are too noisy.
            self.cores = between(oldest, &reading, parallel).1;
            self.cpu = between(last, &reading, parallel).0;
        }
        if self.readings.len() == READINGS {
            self.readings.pop_front();
        }
        self.readings.push_back(reading);
    }
}

/// CPU usage as a ratio of `parallel` cores, and CPU availability.
fn between(before: &Reading, after: &Reading, parallel: usize) -> (f64, Cores) {
    let wall = after.at.saturating_duration_since(before.at);
    if wall.is_zero() {
        return (0.0, Cores::default());
    }
    let cpu = after.cpu.saturating_sub(before.cpu).as_secs_f64() / wall.as_secs_f64() / parallel.max(1) as f64;
    (cpu, after.counters.since(&before.counters, wall))
}

fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

fn open_files() -> Option<(u64, u64)> {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current?;
    // Reading the folder opens one file itself.
    let open = std::fs::read_dir("/proc/self/fd").ok()?.count().saturating_sub(1);
    Some((open as u64, limit))
}

/// Measurements of the shards over a period.
#[derive(Debug, Default)]
pub(super) struct Measurements<'a> {
    /// Lag of the 10 ms timers.
    pub lag: Latency,
    /// Real send minus due time.
    pub delay: Latency,
    /// Median response time.
    pub median: Duration,
    /// Number of requests that this machine refused, and why.
    pub refused: Option<(u64, &'a Arc<str>)>,
}

/// Adds the measurements of the shards and sets the level to that of the worst signal, with its reason.
///
/// A schedule delay counts only above both a fixed limit and a ratio of the median response time: a few milliseconds
/// do not distort the figures of a slow server, and timers are not more precise.
pub(super) fn evaluate(health: &mut Health, measurements: &Measurements<'_>) {
    let Measurements { lag, delay, median, refused } = measurements;
    let ms = Duration::from_millis;
    health.timer_lag = lag.p(99.0);
    health.schedule_delay = (delay.count > 0).then(|| delay.p(99.0));
    let percent = |n: f64| format!("{:.0} %", n * 100.0);
    let mut worst = (Level::Green, String::new());
    let mut signal = |red: bool, amber: bool, why: String| {
        let level = if red {
            Level::Red
        } else if amber {
            Level::Amber
        } else {
            Level::Green
        };
        if level > worst.0 {
            worst = (level, why);
        }
    };
    if let Some((count, why)) = refused {
        signal(true, true, format!("this machine refused {}: {why}", units::counted(*count, "request")));
    }
    let Blocked { now, recent, .. } = health.blocked;
    if now >= BLOCKED {
        signal(true, true, format!("a load thread has been blocked for {}", units::latency(now)));
    }
    signal(recent >= BLOCKED, false, format!("a load thread was blocked for {}", units::latency(recent)));
    signal(health.cpu > 0.95, health.cpu > 0.8, format!("this process uses {} of its CPU", percent(health.cpu)));
    let Cores { held, steal, .. } = health.cores;
    signal(held > 0.1, held > 0.001, format!("a CPU limit of the container held it {} of the time", percent(held)));
    signal(steal > 0.1, steal > 0.02, format!("the host gave {} of this machine's CPU to others", percent(steal)));
    if lag.count >= MIN_LAG_SAMPLES {
        let p99 = health.timer_lag;
        let cause = cause(health).map(|cause| format!(": {cause}")).unwrap_or_default();
        let why = format!("timers fire {} late (p99){cause}", units::latency(p99));
        signal(p99 > ms(10), p99 > ms(2), why);
    }
    if let Some(p99) = health.schedule_delay {
        let why = format!("requests leave {} after they are due (p99)", units::latency(p99));
        signal(p99 > ms(10).max(*median / 10), p99 > ms(1).max(*median / 100), why);
    }
    let behind = health.backlog;
    let why = format!("received messages are not read as fast as they arrive, for {}", units::latency(behind));
    signal(behind > BACKLOG * 10, behind > BACKLOG, why);
    if let Some((open, limit)) = health.open_files {
        let share = open as f64 / limit.max(1) as f64;
        signal(share > 0.95, share > 0.7, format!("{open} of {limit} open files are in use"));
    }
    health.level = worst.0;
    health.why = (worst.0 != Level::Green).then(|| worst.1.into());
}

/// Why timers fire late, according to the kernel's counters; `None` before they were read twice, and on systems that have
/// none.
fn cause(health: &Health) -> Option<String> {
    let Cores { busiest, waiting, .. } = health.cores;
    let percent = |n: f64| format!("{:.1} %", n * 100.0);
    // The probe fires 100 times per second: a p99 of 8 ms means one wait of 8 ms per second, 0.8 % of the time.
    if health.cores == Cores::default() {
        return None;
    }
    Some(if busiest > 0.8 && waiting < 0.05 {
        format!("a load thread is {} busy", percent(busiest))
    } else if waiting >= health.timer_lag.as_secs_f64() / 2.0 {
        format!("a thread waited {} of the time for a core that others used", percent(waiting))
    } else {
        format!("CPU is not the cause, {} of it used by this process", percent(health.cpu))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_at_their_limits() {
        let level = |cpu: f64, lag: (u64, u64), files| {
            let mut health = Health { cpu, open_files: files, ..Health::default() };
            let lag = Latency { count: lag.0, percentiles: [Duration::from_millis(lag.1); 11], ..Latency::default() };
            evaluate(&mut health, &Measurements { lag, ..Measurements::default() });
            assert_eq!(health.why.is_some(), health.level != Level::Green);
            health.level
        };
        assert_eq!(level(0.5, (100, 1), Some((10, 1_000))), Level::Green);
        assert_eq!(level(0.9, (0, 0), None), Level::Amber);
        assert_eq!(level(0.96, (0, 0), None), Level::Red);
        assert_eq!(level(0.1, (99, 50), None), Level::Green, "too few samples to judge");
        assert_eq!(level(0.1, (100, 3), None), Level::Amber);
        assert_eq!(level(0.1, (100, 50), None), Level::Red);
        assert_eq!(level(0.1, (0, 0), Some((800, 1_000))), Level::Amber);
    }

    #[test]
    fn blocked_threads_are_reported_before_their_consequences() {
        let secs = Duration::from_secs_f64;
        for (now, recent, behind, cpu, level, words) in [
            (0.01, 0.24, 0.1, 0.1, Level::Green, ""),
            (0.25, 0.25, 0.0, 0.99, Level::Red, "a load thread has been blocked for 250ms"),
            (11.0, 11.0, 3.0, 0.99, Level::Red, "a load thread has been blocked for 11.0s"),
            (0.01, 11.0, 3.0, 0.99, Level::Red, "a load thread was blocked for 11.0s"),
            (0.01, 0.01, 0.5, 0.1, Level::Amber, "received messages are not read as fast as they arrive, for 500ms"),
            (0.01, 0.01, 3.2, 0.1, Level::Red, "received messages are not read as fast as they arrive, for 3.20s"),
        ] {
            let blocked = Blocked { now: secs(now), recent: secs(recent), ..Blocked::default() };
            let mut health = Health { cpu, blocked, backlog: secs(behind), ..Health::default() };
            evaluate(&mut health, &Measurements::default());
            assert_eq!((health.level, health.why.as_deref().unwrap_or_default()), (level, words));
        }
    }

    #[test]
    fn reason_matches_the_signals() {
        let cores = |busiest, waiting, steal, held| Cores { busiest, waiting, steal, held };
        for (cpu, cores, lag, level, words) in [
            (
                0.06,
                cores(0.06, 0.0, 0.0, 0.0),
                3,
                Level::Amber,
                "timers fire 3.0ms late (p99): CPU is not the cause, 6.0 % of it used by this process",
            ),
            (0.0, cores(0.0, 0.0, 0.0, 0.0), 3, Level::Amber, "timers fire 3.0ms late (p99)"),
            (0.06, cores(0.06, 0.3, 0.0, 0.0), 3, Level::Amber, "a thread waited 30.0 % of the time for a core"),
            (0.5, cores(0.97, 0.001, 0.0, 0.0), 3, Level::Amber, "a load thread is 97.0 % busy"),
            (0.97, cores(0.97, 0.0, 0.0, 0.0), 12, Level::Red, "this process uses 97 % of its CPU"),
            (0.1, cores(0.1, 0.0, 0.03, 0.0), 1, Level::Amber, "the host gave 3 % of this machine's CPU to others"),
            (0.1, cores(0.1, 0.0, 0.2, 0.0), 1, Level::Red, "the host gave 20 %"),
            (0.1, cores(0.1, 0.0, 0.0, 0.01), 1, Level::Amber, "a CPU limit of the container held it 1 % of the time"),
            (0.1, cores(0.1, 0.9, 0.02, 0.0), 1, Level::Green, ""),
        ] {
            let mut health = Health { cpu, cores, ..Health::default() };
            let lag = Latency { count: 500, percentiles: [Duration::from_millis(lag); 11], ..Latency::default() };
            evaluate(&mut health, &Measurements { lag, ..Measurements::default() });
            assert_eq!(health.level, level, "{words}: {:?}", health.why);
            assert!(health.why.as_deref().unwrap_or("").contains(words), "{words}: {:?}", health.why);
        }
    }

    #[test]
    fn probe_measures_between_readings() {
        let at = Instant::now();
        let reading = |seconds: u64, cpu| Reading {
            at: at + Duration::from_millis(seconds * 1_000),
            cpu: Duration::from_millis(cpu),
            counters: Counters::default(),
        };
        assert_eq!(between(&reading(0, 100), &reading(2, 1_100), 2).0, 0.25);
        assert_eq!(between(&reading(0, 100), &reading(0, 1_100), 2).0, 0.0, "no time has passed");
        let mut probe = Probe::new();
        let first = probe.sample();
        assert_eq!((first.cpu, first.cores), (0.0, Cores::default()), "too early to tell");
        // Pretend that the last reading is a second old.
        let last = probe.readings.back_mut().unwrap();
        (last.at, last.cpu) = (last.at.checked_sub(CPU_INTERVAL).unwrap(), Duration::ZERO);
        let second = probe.sample();
        assert!(second.cpu > 0.0, "this process has used CPU since it began");
        let (open, limit) = second.open_files.unwrap();
        assert!((3..limit).contains(&open), "{open} of {limit}");
        // The number of open files is cached.
        let held: Vec<_> = (0..5).map(|_| std::fs::File::open("/dev/null").unwrap()).collect();
        assert_eq!(probe.sample().open_files, Some((open, limit)));
        probe.files = None;
        assert!(probe.sample().open_files.unwrap().0 >= held.len() as u64 + 3);
    }
}
