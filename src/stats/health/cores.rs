//! CPU availability of this process: converts counters of the Linux kernel to ratios of time. On other systems, and if
//! a file cannot be read, all ratios are zero.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::stats::snapshot::Cores;

/// Counters of the kernel at one moment.
#[derive(Debug, Default)]
pub(super) struct Counters {
    /// By thread: nanoseconds on a core, and nanoseconds waiting for one.
    threads: HashMap<u64, (u64, u64)>,
    /// Stolen ticks, and all ticks of the machine.
    steal: Option<(u64, u64)>,
    /// Microseconds for which a control group limit throttled this process.
    throttled: u64,
}

impl Counters {
    pub(super) fn read() -> Self {
        let steal = fs::read_to_string("/proc/stat").ok().and_then(|text| steal(&text));
        let group = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        Self { threads: threads(), steal, throttled: throttled(&group, Path::new("/sys/fs/cgroup")) }
    }

    /// Ratios since `before`, which was read `wall` ago.
    pub(super) fn since(&self, before: &Self, wall: Duration) -> Cores {
        let share = |part: f64, whole: f64| if whole > 0.0 { (part / whole).clamp(0.0, 1.0) } else { 0.0 };
        let nanos = wall.as_nanos() as f64;
        let mut cores = Cores {
            held: share(self.throttled.saturating_sub(before.throttled) as f64, nanos / 1e3),
            ..Cores::default()
        };
        for (thread, (ran, waited)) in &self.threads {
            let (ran_before, waited_before) = before.threads.get(thread).copied().unwrap_or_default();
            cores.busiest = cores.busiest.max(share(ran.saturating_sub(ran_before) as f64, nanos));
            cores.waiting = cores.waiting.max(share(waited.saturating_sub(waited_before) as f64, nanos));
        }
        if let (Some((stolen, all)), Some((stolen_before, all_before))) = (self.steal, before.steal) {
            let (stolen, all) = (stolen.saturating_sub(stolen_before), all.saturating_sub(all_before));
            cores.steal = share(stolen as f64, all as f64);
        }
        cores
    }
}

fn threads() -> HashMap<u64, (u64, u64)> {
    let Ok(folder) = fs::read_dir("/proc/self/task") else { return HashMap::new() };
    let thread = |entry: fs::DirEntry| {
        let number = entry.file_name().to_str()?.parse().ok()?;
        Some((number, schedule(&fs::read_to_string(entry.path().join("schedstat")).ok()?)?))
    };
    folder.flatten().filter_map(thread).collect()
}

/// `schedstat`: nanoseconds on a core, nanoseconds waiting for one, number of time slices.
fn schedule(text: &str) -> Option<(u64, u64)> {
    let mut numbers = text.split_ascii_whitespace().map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// First line of `/proc/stat`. The eighth number is stolen time. The two numbers after it are already included in the
/// first two.
fn steal(text: &str) -> Option<(u64, u64)> {
    let line = text.lines().next()?.strip_prefix("cpu ")?;
    let ticks: Vec<u64> = line.split_ascii_whitespace().take(8).map_while(|n| n.parse().ok()).collect();
    Some((*ticks.get(7)?, ticks.iter().sum()))
}

/// Control groups are nested, and each level can have its own limit.
fn throttled(group: &str, root: &Path) -> u64 {
    let Some(path) = group.lines().find_map(|line| line.strip_prefix("0::/")) else { return 0 };
    let used = |level: &Path| -> Option<u64> {
        let text = fs::read_to_string(root.join(level).join("cpu.stat")).ok()?;
        text.lines().find_map(|line| line.strip_prefix("throttled_usec "))?.trim().parse().ok()
    };
    Path::new(path).ancestors().filter_map(used).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernel_files_are_parsed() {
        assert_eq!(schedule("1500 2500 7\n"), Some((1_500, 2_500)));
        assert_eq!(steal("cpu  10 20 30 40 50 60 70 80 90 100\ncpu0 1"), Some((80, 360)));
        for nonsense in ["", "cpu", "cpu  1 2 3", "cpu0 1 2 3 4 5 6 7 8", "\u{0}"] {
            assert_eq!((schedule("x"), steal(nonsense)), (None, None), "{nonsense:?}");
        }
        let root = tempfile::tempdir().unwrap();
        let level = |path: &str, text: &str| {
            fs::create_dir_all(root.path().join(path)).unwrap();
            fs::write(root.path().join(path).join("cpu.stat"), text).unwrap();
        };
        level("", "usage_usec 5\n");
        level("a", "usage_usec 5\nnr_throttled 3\nthrottled_usec 700\n");
        level("a/b", "usage_usec 5\nnr_throttled 0\nthrottled_usec 0\n");
        assert_eq!(throttled("1:cpu:/x\n0::/a/b\n", root.path()), 700);
        assert_eq!(throttled("1:cpu:/x\n", root.path()), 0);
    }

    #[test]
    fn ratios_cover_the_time_between_two_readings() {
        let reading = |thread: (u64, u64), steal, throttled| Counters {
            threads: HashMap::from([(7, thread), (8, (0, 0))]),
            steal: Some(steal),
            throttled,
        };
        let before = reading((1_000_000_000, 0), (100, 1_000), 40);
        let after = reading((1_400_000_000, 500_000_000), (110, 1_200), 100_040);
        let cores = after.since(&before, Duration::from_secs(1));
        assert_eq!(cores, Cores { busiest: 0.4, waiting: 0.5, steal: 0.05, held: 0.1 });
        assert_eq!(before.since(&after, Duration::ZERO), Cores::default(), "no time, and counters that went back");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn busy_thread_is_measured() {
        let before = Counters::read();
        let started = std::time::Instant::now();
        let mut n = 0_u64;
        while started.elapsed() < Duration::from_millis(50) {
            n = std::hint::black_box(n.wrapping_mul(31).wrapping_add(1));
        }
        let cores = Counters::read().since(&before, started.elapsed());
        // On a busy machine the thread may have waited for a core instead.
        assert!(cores.busiest + cores.waiting > 0.5, "{cores:?}");
    }
}
