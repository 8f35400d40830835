//! Takes over the terminal, and restores it however the program ends, in any thread.

use std::io;
use std::mem::ManuallyDrop;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::time::Duration;

use crossterm::cursor::{MoveTo, Show};
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::queue;
use crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode,
};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::{Position, Rect};
use ratatui::{Frame, Terminal};

use super::event::Event;
use super::writer::{self, Frames};

/// True while the terminal is taken over; whoever clears it restores the terminal.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Maximum wait for a frame being written before the terminal is restored.
const PATIENCE: Duration = Duration::from_secs(2);

/// The terminal while it is taken over. Dropping it restores the terminal.
pub(crate) struct Screen {
    // Never dropped: its destructor prints to standard error if the cursor cannot be shown, and that panics if standard
    // error is the terminal that was closed.
    terminal: ManuallyDrop<Terminal<CrosstermBackend<Frames>>>,
    frames: Frames,
}

impl Screen {
    /// Takes over the terminal.
    pub fn enter() -> io::Result<Self> {
        // With NO_COLOR, crossterm 0.29 sends resets that remove reverse video; our themes handle NO_COLOR themselves.
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

    /// True if the terminal has accepted the last frame.
    pub fn ready(&self) -> bool {
        writer::idle()
    }

    /// Draws a frame, as a synchronized update if the terminal supports it, and starts sending it.
    pub fn draw(&mut self, view: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        let drawn = self.terminal.draw(view).map(|_| ());
        // Even after an error: a terminal left inside an update shows nothing.
        let ended = queue!(self.terminal.backend_mut(), EndSynchronizedUpdate);
        drawn.and(ended).and_then(|()| self.frames.hand_over())
    }

    /// Makes the next frame redraw everything.
    pub fn clear(&mut self) -> io::Result<()> {
        // Not `Terminal::clear`, which queries the cursor position and waits for a response.
        let size = self.terminal.size()?;
        self.terminal.resize(Rect::from((Position::ORIGIN, size)))
    }

    /// Suspends the program, and takes over the terminal again when it is continued.
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

/// Restores the terminal, once. Errors are ignored, because they could not be shown.
pub(crate) fn restore() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        // The rest of a frame must not follow the restore sequence.
        let takes = writer::settle(PATIENCE);
        // Modes first: they do not depend on a terminal that accepts bytes.
        let _ = disable_raw_mode();
        let mut bytes = Vec::new();
        let _ = queue!(bytes, EndSynchronizedUpdate, DisableBracketedPaste);
        // What follows is printed where the screen was if the terminal has no alternate screen, or it is turned off.
        let _ = queue!(bytes, Clear(ClearType::All), MoveTo(0, 0), LeaveAlternateScreen, Show);
        // Do not wait twice for a terminal that accepts nothing.
        if writer::send(&mut bytes).is_ok() && takes {
            writer::settle(PATIENCE);
        }
    }
}

/// Stops the whole process group, as the terminal does: `cargo run` and `sudo` must stop too, or the shell would not
/// show its prompt.
fn stop_ourselves() {
    let _ = rustix::process::kill_current_process_group(rustix::process::Signal::STOP);
}

/// True if the terminal was closed.
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

/// While alive, a panic restores the terminal (in this thread) or ends the main loop (in any other).
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
            // Printing here would be overwritten by the screen: the main loop restores the terminal and returns the
            // message.
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
        // A panicking thread cannot change the hook; the one installed does not restore twice.
        if !std::thread::panicking() {
            let previous = self.previous.clone();
            std::panic::set_hook(Box::new(move |info| previous(info)));
        }
    }
}
