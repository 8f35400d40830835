//! A terminal that accepts nothing for a while: the load continues, no figure is lost, and the screen recovers.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Instant;

use rustix::fs::{Mode, OFlags};
use rustix::pty::OpenptFlags;

use super::common::Server;
use crate::wait::{PATIENCE, until};

/// The user's side of a pseudoterminal, and what was read from it.
struct Person {
    master: File,
    slave: String,
    desk: Arc<(Mutex<Seen>, Condvar)>,
}

#[derive(Default)]
struct Seen {
    bytes: Vec<u8>,
    /// Reading is suspended.
    away: bool,
    /// The reader has noticed; it may hold some bytes.
    holding: bool,
}

impl Person {
    fn open() -> Self {
        let master = rustix::pty::openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pseudoterminal");
        rustix::pty::grantpt(&master).expect("its other side");
        rustix::pty::unlockpt(&master).expect("its other side");
        let slave = rustix::pty::ptsname(&master, Vec::new()).expect("a name").into_string().expect("a path");
        let size = rustix::termios::Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
        rustix::termios::tcsetwinsize(&master, size).expect("a size");
        let desk = Arc::new((Mutex::new(Seen::default()), Condvar::new()));
        let (mut reader, shared) = (File::from(master.try_clone().expect("a handle")), desk.clone());
        std::thread::spawn(move || {
            let mut part = [0; 4_096];
            // The other side is closed before the program starts and after it ends.
            while let Ok(n) = reader.read(&mut part) {
                let (lock, changed) = &*shared;
                let mut seen = lock.lock().expect("no panic");
                seen.holding = true;
                let mut seen = changed.wait_while(seen, |seen| seen.away).expect("no panic");
                seen.holding = false;
                seen.bytes.extend_from_slice(&part[..n]);
                changed.notify_all();
            }
        });
        Self { master: File::from(master), slave, desk }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.desk.0.lock().expect("no panic")
    }

    fn side(&self, flags: OFlags) -> OwnedFd {
        rustix::fs::open(self.slave.as_str(), OFlags::RDWR | OFlags::NOCTTY | flags, Mode::empty()).expect("the side")
    }

    fn start(&self, command: &mut Command) -> Child {
        let side = || Stdio::from(self.side(OFlags::empty()));
        command.stdin(side()).stdout(side()).stderr(side()).spawn().expect("katydid")
    }

    fn press(&mut self, keys: &str) {
        self.master.write_all(keys.as_bytes()).expect("keys are taken");
    }

    /// Stops reading, and fills the buffer until it accepts no more bytes.
    fn go_away(&self) {
        self.seen().away = true;
        let side = self.side(OFlags::NONBLOCK);
        let deadline = Instant::now() + PATIENCE;
        // Only what is refused after the reader has stopped stays refused.
        loop {
            let holding = self.seen().holding;
            let refused = rustix::io::write(&side, &[0; 512]).is_err();
            if holding && refused {
                return;
            }
            assert!(Instant::now() < deadline, "the pseudoterminal takes bytes without end");
        }
    }

    fn come_back(&self) {
        self.seen().away = false;
        self.desk.1.notify_all();
    }

    fn forget(&self) {
        self.seen().bytes.clear();
    }

    /// Waits until a text was read.
    fn until(&self, words: &str) {
        let (lock, changed) = &*self.desk;
        let has = |seen: &Seen| seen.bytes.windows(words.len()).any(|w| w == words.as_bytes());
        let found = changed.wait_timeout_while(lock.lock().expect("no panic"), PATIENCE, |seen| !has(seen));
        let (seen, late) = found.expect("no panic");
        assert!(!late.timed_out(), "no {words:?} in {}", String::from_utf8_lossy(&seen.bytes));
    }
}

/// Runs a small scenario in a folder, on its own terminal.
fn command(server: &Server, folder: &tempfile::TempDir, flags: &str) -> Command {
    let scenario = "wait_time: constant(20ms)\nusers: 5\nspawn_rate: 100\ntasks: [{ steps: [{ get: /ok }] }]\n";
    std::fs::write(folder.path().join("load.yaml"), scenario).expect("a written scenario");
    let mut command = Command::new(env!("CARGO_BIN_EXE_katydid"));
    command.current_dir(folder.path()).env("HOME", folder.path()).env_remove("NO_COLOR");
    let url = server.url();
    command.args(["-f", "load.yaml", "--host", &url, "-s", "2s", "--csv", "out"]).args(flags.split(' '));
    command
}

fn counted(folder: &tempfile::TempDir) -> u64 {
    let stats = std::fs::read_to_string(folder.path().join("out_stats.csv")).expect("files of the run");
    let total = stats.lines().find(|line| line.starts_with(",Aggregated,")).expect("an aggregated row");
    total.split(',').nth(2).expect("a cell").parse().expect("a count")
}

#[test]
fn a_stalled_terminal_does_not_block_the_end() {
    for flags in ["--autostart", "--headless"] {
        for way in ["quit", "TERM"] {
            let server = Server::start();
            let folder = tempfile::tempdir().unwrap();
            let mut person = Person::open();
            let mut katydid = person.start(&mut command(&server, &folder, flags));
            person.until(if flags == "--headless" { "Aggregated" } else { "RUNNING" });
            person.go_away();
            let begin = server.count();
            until("load while the terminal is stalled", || server.count() > begin + 200);
            if way == "quit" && flags == "--autostart" {
                person.press("qy");
            } else {
                let pid = katydid.id().to_string();
                assert!(Command::new("kill").args(["-s", "TERM", &pid]).status().unwrap().success());
            }
            until("the end", || katydid.try_wait().unwrap().is_some());
            assert_eq!(counted(&folder), server.count(), "{flags} {way}");
        }
    }
}

#[test]
fn a_stalled_terminal_does_not_block_load_or_keys() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let mut person = Person::open();
    let mut katydid = person.start(&mut command(&server, &folder, "--autostart"));
    person.until("RUNNING");

    person.go_away();
    let begin = server.count();
    until("load while the terminal is stalled", || server.count() > begin + 500);
    // Keys work although nothing can be written: the export is on disk.
    person.press("e");
    let results = folder.path().join("results");
    until("an export", || std::fs::read_dir(&results).is_ok_and(|files| files.count() == 4));

    person.forget();
    person.come_back();
    person.press("\x0c");
    person.until("Endpoints");
    person.press("qy");
    person.until("VU-hours");
    until("the end", || katydid.try_wait().unwrap().is_some());
    assert_eq!(katydid.wait().unwrap().code(), Some(0));
    assert_eq!(counted(&folder), server.count());
}
