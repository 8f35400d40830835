//! Takes the terminal over, and restores it on every way out, in any thread.

use std::io;
use std::mem::ManuallyDrop;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::time::Duration;

use crossterm::cursor::Show;
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::queue;
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode,
};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::{Position, Rect};
use ratatui::{Frame, Terminal};

use super::event::Event;
use super::writer::{self, Frames};

/// True while the terminal is ours; whoever turns it off restores.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// How long a frame on its way may keep us from giving the terminal back.
const PATIENCE: Duration = Duration::from_secs(2);

/// The terminal while it is ours. Dropping it gives it back.
pub(crate) struct Screen {
    // Never dropped: its own way out prints to standard error when the cursor cannot be shown, and that print panics
    // when standard error is the terminal that has just gone away.
    terminal: ManuallyDrop<Terminal<CrosstermBackend<Frames>>>,
    frames: Frames,
}

impl Screen {
    /// Takes the terminal over.
    pub fn enter() -> io::Result<Self> {
        // crossterm 0.29 answers NO_COLOR with bare resets that wipe out reverse video; our themes do it themselves.
        crossterm::style::force_color_output(true);
        let frames = Frames::open()?;
        take()?;
        match Terminal::new(CrosstermBackend::new(frames.clone())) {
            Ok(terminal) => {
                let mut screen = Self { terminal: ManuallyDrop::new(terminal), frames };
                screen.clear()?;
                Ok(screen)
            }
            Err(error) => {
                restore();
                Err(error)
            }
        }
    }

    /// True when the terminal has taken the last frame.
    pub fn ready(&self) -> bool {
        writer::idle()
    }

    /// Draws in one piece where the terminal can, and sends it on its way.
    pub fn draw(&mut self, view: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        let drawn = self.terminal.draw(view).map(|_| ());
        // Also after an error: a terminal left in the middle of an update shows nothing any more.
        let ended = queue!(self.terminal.backend_mut(), EndSynchronizedUpdate);
        drawn.and(ended).and_then(|()| self.frames.hand_over())
    }

    /// Makes the next frame a whole one.
    pub fn clear(&mut self) -> io::Result<()> {
        // Not `Terminal::clear`, which asks the terminal for its cursor and waits for an answer.
        let size = self.terminal.size()?;
        self.terminal.resize(Rect::from((Position::ORIGIN, size)))
    }

    /// Gives the terminal to the shell until someone continues us.
    pub fn suspend(&mut self) -> io::Result<()> {
        restore();
        stop_ourselves();
        take()?;
        self.clear()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

fn take() -> io::Result<()> {
    enable_raw_mode()?;
    TAKEN.store(true, Ordering::SeqCst);
    let mut bytes = Vec::new();
    queue!(bytes, EnterAlternateScreen, EnableBracketedPaste)?;
    writer::send(&mut bytes).inspect_err(|_| restore())
}

/// Gives the terminal back, once. Errors are of no use here: there is nobody to tell.
pub(crate) fn restore() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        // What is left of a frame must not come after it.
        let takes = writer::settle(PATIENCE);
        // The modes first: they do not wait for a terminal that takes no bytes.
        let _ = disable_raw_mode();
        let mut bytes = Vec::new();
        let _ = queue!(bytes, EndSynchronizedUpdate, DisableBracketedPaste, LeaveAlternateScreen, Show);
        // From the same thread, and without waiting twice for a terminal that takes nothing.
        if writer::send(&mut bytes).is_ok() && takes {
            writer::settle(PATIENCE);
        }
    }
}

/// The whole process group, as the terminal itself would: `cargo run` and `sudo` must stop with us, or the shell never
/// gets its prompt back.
fn stop_ourselves() {
    let _ = rustix::process::kill_current_process_group(rustix::process::Signal::STOP);
}

/// True when nobody can see the screen any more.
pub(crate) fn gone() -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let (stdin, stdout) = (rustix::stdio::stdin(), rustix::stdio::stdout());
    let mut fds = [PollFd::new(&stdin, PollFlags::IN), PollFd::new(&stdout, PollFlags::OUT)];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    // A failing poll says nothing about the terminal.
    let hung_up = poll(&mut fds, Some(&at_once)).is_ok() && fds.iter().any(|fd| fd.revents().contains(PollFlags::HUP));
    hung_up || matches!(rustix::termios::tcgetwinsize(stdout), Err(rustix::io::Errno::IO))
}

type Hook = Box<dyn Fn(&std::panic::PanicHookInfo<'_>) + Sync + Send + 'static>;

/// While it lives, a panic in any thread restores the terminal (this thread) or ends the loop (every other).
pub(crate) struct PanicGuard {
    previous: std::sync::Arc<Hook>,
}

impl PanicGuard {
    pub fn install(events: Sender<Event>) -> Self {
        let previous: std::sync::Arc<Hook> = std::sync::Arc::new(std::panic::take_hook());
        let screen_thread = std::thread::current().id();
        let (inner, events) = (previous.clone(), Mutex::new(events));
        std::panic::set_hook(Box::new(move |info| {
            if std::thread::current().id() == screen_thread {
                restore();
                inner(info);
                return;
            }
            // Printing here would be lost in the screen: the loop restores and hands the words on.
            let place = info.location().map(|l| format!(" at {}:{}", l.file(), l.line())).unwrap_or_default();
            let words = info.payload_as_str().unwrap_or("no message");
            if let Ok(events) = events.lock() {
                let _ = events.send(Event::Panic(format!("{words}{place}")));
            }
        }));
        Self { previous }
    }
}

impl Drop for PanicGuard {
    fn drop(&mut self) {
        // The hook cannot be changed by a panicking thread; the one installed restores nothing twice.
        if !std::thread::panicking() {
            let previous = self.previous.clone();
            std::panic::set_hook(Box::new(move |info| previous(info)));
        }
    }
}
