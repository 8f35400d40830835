//! Describes this machine for reports: figures of different machines are not comparable.

use std::fs;

use serde::{Deserialize, Serialize};

/// Name, operating system, processor and memory.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Machine {
    /// Host name.
    pub name: String,
    /// Operating system and its version.
    pub system: String,
    /// Model of the processor; empty if unknown.
    pub processor: String,
    /// Number of cores available to this process.
    pub cores: usize,
    /// Memory in bytes; 0 if unknown.
    pub memory: u64,
}

impl Machine {
    /// Describes this machine.
    pub fn this() -> Self {
        let uname = rustix::system::uname();
        let [name, system, release] =
            [uname.nodename(), uname.sysname(), uname.release()].map(|text| text.to_string_lossy().into_owned());
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        Self {
            name,
            system: format!("{system} {release}"),
            processor: field(&read("/proc/cpuinfo"), "model name").to_owned(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory: bytes(field(&read("/proc/meminfo"), "MemTotal")),
        }
    }
}

/// The value of the first line `name: value`; empty if there is none.
fn field<'a>(text: &'a str, name: &str) -> &'a str {
    let lines = text.lines().filter_map(|line| line.split_once(':'));
    lines.into_iter().find(|(key, _)| key.trim() == name).map_or("", |(_, value)| value.trim())
}

/// `8042088 kB` in bytes.
fn bytes(text: &str) -> u64 {
    text.strip_suffix(" kB").and_then(|kilobytes| kilobytes.parse::<u64>().ok()).map_or(0, |n| n.saturating_mul(1024))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_proc_are_parsed() {
        let text = "processor\t: 0\nmodel name\t: AMD EPYC: 2\nmodel name\t: other\n";
        assert_eq!(field(text, "model name"), "AMD EPYC: 2");
        assert_eq!((field(text, "flags"), bytes("8042088 kB"), bytes("")), ("", 8_235_098_112, 0));
        let this = Machine::this();
        assert!(!this.name.is_empty() && this.system.contains(' ') && this.cores >= 1, "{this:?}");
    }
}
