//! Log of a headless run, on standard error or in a file, in Locust's format: `[2026-11-27 08:03:55,899]
//! host/INFO/katydid: Starting …`.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};

use jiff::Zoned;

use super::console;
use crate::settings::LogLevel;
use crate::system::output;

static LOG: OnceLock<Log> = OnceLock::new();

#[derive(Debug)]
struct Log {
    level: LogLevel,
    host: String,
    /// `None`: standard error.
    file: Option<Mutex<File>>,
}

/// Starts the log. Lines below `level` are discarded. `file` is created with its folder, or appended to.
///
/// # Errors
/// If the file cannot be opened.
pub fn start(level: LogLevel, file: Option<&Path>) -> io::Result<()> {
    let open = |path: &Path| {
        if !path.is_file() {
            output::check(path)?;
        }
        OpenOptions::new().create(true).append(true).open(path).map(Mutex::new)
    };
    let file = file.map(open).transpose()?;
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    // Only the first call has an effect.
    let _ = LOG.set(Log { level, host, file });
    Ok(())
}

/// Logs progress of the run.
pub fn info(text: &str) {
    if let Some(log) = LOG.get().filter(|log| log.level <= LogLevel::Info) {
        log.write("INFO", text);
    }
}

/// Logs a problem that needs attention. Without a log file it is printed like any other warning of the program.
pub fn warning(text: &str) {
    match LOG.get() {
        Some(log) if log.level > LogLevel::Warning => {}
        Some(log) if log.file.is_some() => log.write("WARNING", text),
        _ => console::warn(text),
    }
}

impl Log {
    fn write(&self, level: &str, text: &str) {
        let line = line(&Zoned::now(), &self.host, level, text);
        match &self.file {
            // A log file that cannot be written must not end the run.
            Some(file) => drop(file.lock().unwrap_or_else(PoisonError::into_inner).write_all(line.as_bytes())),
            None => console::log(&line),
        }
    }
}

fn line(at: &Zoned, host: &str, level: &str, text: &str) -> String {
    let millis = at.subsec_nanosecond() / 1_000_000;
    format!("[{},{millis:03}] {host}/{level}/katydid: {}\n", at.strftime("%Y-%m-%d %H:%M:%S"), text.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_locust_format() {
        let at = jiff::civil::date(2026, 11, 27).at(8, 3, 55, 89_000_000).to_zoned(jiff::tz::TimeZone::UTC).unwrap();
        assert_eq!(line(&at, "box", "INFO", "hello\n"), "[2026-11-27 08:03:55,089] box/INFO/katydid: hello\n");
    }
}
