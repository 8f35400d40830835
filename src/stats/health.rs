//! Is the load generator itself the bottleneck? Process-wide signals, sampled by the control thread.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::snapshot::{Health, Latency, Level};
use crate::units;

/// Fewer samples of the timer than this say nothing.
const ENOUGH_LAG: u64 = 100;

/// Reads this process's CPU time and open files.
#[derive(Debug, Default)]
pub struct Probe {
    last: Option<(Instant, Duration)>,
    cpu: f64,
    files: Option<(Instant, Option<(u64, u64)>)>,
}

impl Probe {
    /// Starts measuring now.
    pub fn new() -> Self {
        Self { last: Some((Instant::now(), cpu_time())), ..Self::default() }
    }

    /// Signals since the last call (CPU over at least a second, open files).
    pub fn sample(&mut self) -> Health {
        let now = Instant::now();
        let (since, used) = *self.last.get_or_insert_with(|| (now, cpu_time()));
        let wall = now.saturating_duration_since(since);
        if wall >= Duration::from_secs(1) {
            let cpu = cpu_time();
            let cores = std::thread::available_parallelism().map_or(1, usize::from);
            self.cpu = cpu.saturating_sub(used).as_secs_f64() / wall.as_secs_f64() / cores as f64;
            self.last = Some((now, cpu));
        }
        let stale = self.files.is_none_or(|(at, _)| now.saturating_duration_since(at) >= Duration::from_secs(2));
        if stale {
            self.files = Some((now, open_files()));
        }
        Health { cpu: self.cpu, open_files: self.files.and_then(|(_, files)| files), ..Health::default() }
    }
}

#[cfg(unix)]
fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

#[cfg(not(unix))]
fn cpu_time() -> Duration {
    Duration::ZERO
}

#[cfg(unix)]
fn open_files() -> Option<(u64, u64)> {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current?;
    // Reading the folder opens it: one too many.
    let open = std::fs::read_dir("/proc/self/fd").ok()?.count().saturating_sub(1);
    Some((open as u64, limit))
}

#[cfg(not(unix))]
fn open_files() -> Option<(u64, u64)> {
    None
}

/// Fills in what the shards measured and sets the level: the worst signal decides and is put in words.
///
/// A schedule delay counts when it passes both the fixed limit and the share of the median (`median`): a few
/// milliseconds distort neither a slow server's figures nor can a timer do better than one.
pub(super) fn judge(
    health: &mut Health,
    lag: &Latency,
    delay: &Latency,
    (median, refused): (Duration, Option<(u64, &Arc<str>)>),
) {
    let ms = Duration::from_millis;
    health.timer_lag = lag.p(99.0);
    health.schedule_delay = (delay.count > 0).then(|| delay.p(99.0));
    let percent = |n: f64| format!("{:.0} %", n * 100.0);
    let mut worst = (Level::Green, String::new());
    let mut note = |red: bool, amber: bool, why: String| {
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
        note(true, true, format!("this machine refused {} requests: {why}", units::count(count)));
    }
    note(health.cpu > 0.95, health.cpu > 0.8, format!("this process uses {} of its CPU", percent(health.cpu)));
    if lag.count >= ENOUGH_LAG {
        let p99 = health.timer_lag;
        note(p99 > ms(10), p99 > ms(2), format!("timers fire {} late (p99): not enough CPU", units::latency(p99)));
    }
    if let Some(p99) = health.schedule_delay {
        let why = format!("requests leave {} after they are due (p99)", units::latency(p99));
        note(p99 > ms(10).max(median / 10), p99 > ms(1).max(median / 100), why);
    }
    if let Some((open, limit)) = health.open_files {
        let share = open as f64 / limit.max(1) as f64;
        note(share > 0.95, share > 0.7, format!("{open} of {limit} open files are in use"));
    }
    health.level = worst.0;
    health.why = (worst.0 != Level::Green).then(|| worst.1.into());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_and_words() {
        let level = |cpu: f64, lag: (u64, u64), files| {
            let mut health = Health { cpu, open_files: files, ..Health::default() };
            let lag = Latency { count: lag.0, percentiles: [Duration::from_millis(lag.1); 11], ..Latency::default() };
            judge(&mut health, &lag, &Latency::default(), (Duration::ZERO, None));
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
}
