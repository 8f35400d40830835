//! A real terminal of 80×24 cells: a tmux server with a shell in it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::wait::{found, until};

/// The prompt of the shell.
const PROMPT: &str = "ready>";

/// Ends with everything in it when dropped.
pub struct Terminal {
    socket: PathBuf,
    folder: tempfile::TempDir,
}

impl Terminal {
    /// Opens a shell in an empty folder and waits for the prompt.
    pub fn open() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        // Its socket is in the folder, so that nothing is left behind.
        let terminal = Self { socket: folder.path().join("tmux"), folder };
        let folder = terminal.folder.path().display().to_string();
        let shell = format!(
            "env -u NO_COLOR -u KATYDID_FILE HOME='{folder}' XDG_CONFIG_HOME='{folder}' PS1='{PROMPT} ' \
             bash --norc --noprofile"
        );
        terminal.tmux(&["-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24", "-c", &folder, &shell]);
        terminal.until("a prompt", |screen| screen.contains(PROMPT));
        terminal
    }

    fn tmux(&self, args: &[&str]) -> String {
        let output = Command::new("tmux")
            .arg("-S")
            .arg(&self.socket)
            .args(args)
            .env_remove("TMUX")
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::null())
            .output()
            .expect("tmux is installed: tests/run does that");
        assert!(output.status.success(), "tmux {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Resizes the terminal.
    pub fn resize(&self, (columns, rows): (u16, u16)) {
        self.tmux(&["resize-window", "-x", &columns.to_string(), "-y", &rows.to_string()]);
    }

    /// The folder the shell is in.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Starts katydid and returns its process id.
    pub fn katydid(&self, args: &str) -> u32 {
        self.program(&format!("\"{}\" {args}", env!("CARGO_BIN_EXE_katydid")))
    }

    /// Starts a program and returns its process id.
    pub fn program(&self, command: &str) -> u32 {
        let file = self.folder.path().join("pid");
        let _ = std::fs::remove_file(&file);
        self.line(&format!("sh -c 'echo $$ >pid; exec {command}'"));
        let mut pid = None;
        self.until("a process id", |_| {
            pid = std::fs::read_to_string(&file).ok().and_then(|text| text.trim().parse().ok());
            pid.is_some()
        });
        pid.expect("until waits for it")
    }

    /// Types a line into the shell.
    pub fn line(&self, text: &str) {
        self.tmux(&["send-keys", "-l", "--", text]);
        self.key("Enter");
    }

    /// Presses a key, named as in tmux.
    pub fn key(&self, key: &str) {
        self.tmux(&["send-keys", key]);
    }

    /// Holds a key down: sends all repeats at once, like a slow connection.
    pub fn hold(&self, key: &str, times: u32) {
        self.tmux(&["send-keys", "-N", &times.to_string(), key]);
    }

    /// Pastes as a terminal does.
    pub fn paste(&self, text: &str) {
        self.tmux(&["set-buffer", "--", text]);
        self.tmux(&["paste-buffer", "-p"]);
    }

    /// The contents of the screen.
    pub fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p"])
    }

    /// Polls until the screen satisfies the condition, and returns it.
    pub fn until(&self, what: &str, mut wanted: impl FnMut(&str) -> bool) -> String {
        found(what, || {
            let screen = self.screen();
            if wanted(&screen) { Ok(screen) } else { Err(format!("the screen shows\n{screen}")) }
        })
    }

    /// Waits for the prompt on the main screen, with the terminal modes restored. Returns the screen and the exit code
    /// of the last command.
    pub fn until_sane(&self) -> (String, i32) {
        let screen = self.until("prompt", |screen| screen.trim_end().ends_with(PROMPT));
        self.line("echo \"code=$? $(stty -a | tr ';\\n' '  ') end\"");
        let all = self.until("answer of the shell", |screen| {
            screen.lines().any(|line| line.starts_with("code=")) && screen.contains(" end\n")
        });
        let answer = all.split("\ncode=").last().unwrap_or_default().replace('\n', "");
        for mode in ["icanon", "echo", "isig", "icrnl", "opost"] {
            assert!(answer.contains(&format!(" {mode} ")), "{mode} is off: {answer}");
        }
        for (name, value) in [("alternate_on", "0"), ("cursor_flag", "1"), ("mouse_any_flag", "0")] {
            let flag = self.tmux(&["display-message", "-p", &format!("#{{{name}}}")]);
            assert_eq!(flag.trim(), value, "{name}");
        }
        let code = answer.split(' ').next().and_then(|code| code.parse().ok()).expect("a code");
        (screen, code)
    }

    /// Records all bytes written to the terminal from now on. Returns the file.
    pub fn record(&self) -> PathBuf {
        let file = self.folder.path().join("bytes");
        self.tmux(&["pipe-pane", "-O", &format!("cat >'{}'", file.display())]);
        file
    }

    /// Closes the session, like a lost connection.
    pub fn close(&self) {
        self.tmux(&["kill-session"]);
    }

    /// Files in `results` whose names have this suffix.
    pub fn results(&self, ending: &str) -> Vec<PathBuf> {
        let Ok(files) = std::fs::read_dir(self.folder.path().join("results")) else { return Vec::new() };
        files.flatten().map(|file| file.path()).filter(|path| path.to_string_lossy().ends_with(ending)).collect()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Fails if the session was closed: then the server has already ended.
        let _ = Command::new("tmux").arg("-S").arg(&self.socket).arg("kill-server").stderr(Stdio::null()).status();
    }
}

/// Polls until a process has ended. A zombie counts as ended.
pub fn until_gone(pid: u32) {
    let alive = || {
        std::fs::read_to_string(format!("/proc/{pid}/stat"))
            .is_ok_and(|stat| !stat.rsplit(')').next().unwrap_or_default().trim_start().starts_with('Z'))
    };
    until(&format!("the end of process {pid}"), || !alive());
}
