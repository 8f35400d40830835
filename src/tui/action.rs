//! The table of all keys: dispatch, footer and help page read it, so they cannot disagree.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// The action of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Start,
    Host,
    Doctor,
    Users,
    SpawnRate,
    RunTime,
    UsersUp,
    UsersDown,
    UsersUpFar,
    UsersDownFar,
    RateUp,
    RateDown,
    Pause,
    Stop,
    Freeze,
    Export,
    Window,
    SpanShorter,
    SpanLonger,
    Again,
    ToLauncher,
    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
    FocusNext,
    FocusPrevious,
    Detail,
    Expand,
    Filter,
    Sort,
    SortReverse,
    ResetStatistics,
    FollowPlan,
    Back,
    Help,
    Quit,
    Interrupt,
    Redraw,
    Suspend,
}

/// In the launcher.
pub(crate) const LAUNCHER: u8 = 1;
/// On the dashboard while load runs and can be changed.
pub(crate) const LIVE: u8 = 2;
/// On the dashboard after the run.
pub(crate) const DONE: u8 = 4;
/// On the dashboard while the run stops: the load can no longer be changed.
pub(crate) const STOPPING: u8 = 8;
const DASHBOARD: u8 = LIVE | STOPPING | DONE;
const EVERYWHERE: u8 = LAUNCHER | DASHBOARD;

/// A row of the table.
pub(crate) struct Binding {
    pub action: Action,
    pub keys: &'static [Key],
    /// The keys as displayed.
    pub shown: &'static str,
    pub help: &'static str,
    pub places: u8,
    /// Keys and label among the hints, if it has one.
    pub footer: Option<(&'static str, &'static str)>,
}

/// A key as reported by the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    pub code: KeyCode,
    pub ctrl: bool,
}

const fn k(code: KeyCode) -> Key {
    Key { code, ctrl: false }
}
const fn c(ch: char) -> Key {
    k(KeyCode::Char(ch))
}
const fn ctrl(ch: char) -> Key {
    Key { code: KeyCode::Char(ch), ctrl: true }
}

macro_rules! bind {
    ($action:ident, [$($key:expr),*], $shown:literal, $help:literal, $places:expr) => {
        Binding { action: Action::$action, keys: &[$($key),*], shown: $shown, help: $help, places: $places, footer: None }
    };
    ($action:ident, [$($key:expr),*], $shown:literal, $help:literal, $places:expr, $fkeys:literal $word:literal) => {
        Binding { action: Action::$action, keys: &[$($key),*], shown: $shown, help: $help, places: $places,
            footer: Some(($fkeys, $word)) }
    };
}

/// All actions, in the order of footer and help page.
pub(crate) const TABLE: &[Binding] = &[
    bind!(Start, [k(KeyCode::Enter)], "Enter", "start the scenario", LAUNCHER, "⏎" "start"),
    bind!(Host, [c('h')], "h", "enter the host", LAUNCHER, "h" "host"),
    bind!(UsersUp, [c('+'), c('=')], "+ =", "add users: a tenth of the plan's users, at least 1", LIVE, "+/-" "users"),
    bind!(UsersDown, [c('-')], "-", "remove users: a tenth of the plan's users, at least 1", LIVE),
    bind!(UsersUpFar, [c(')')], ")", "add users, ten steps", LIVE),
    bind!(UsersDownFar, [c('(')], "(", "remove users, ten steps", LIVE),
    bind!(RateUp, [c('.')], ".", "raise the spawn rate by a tenth of the plan's, at least 0.1/s", LIVE, ",/." "rate"),
    bind!(RateDown, [c(',')], ",", "lower the spawn rate by a tenth of the plan's, at least 0.1/s", LIVE),
    bind!(Users, [c('u')], "u", "enter the number of users", LAUNCHER | LIVE, "u" "users"),
    bind!(SpawnRate, [c('r')], "r", "enter the spawn rate", LAUNCHER | LIVE, "r" "rate"),
    bind!(RunTime, [c('t')], "t", "enter the run time", LAUNCHER, "t" "time"),
    bind!(Doctor, [c('d')], "d", "check host, Redis and this machine for the run", LAUNCHER, "d" "doctor"),
    bind!(Again, [c('n')], "n", "start the same run again", DONE, "n" "again"),
    bind!(ToLauncher, [c('b'), k(KeyCode::Backspace)], "b", "back to the launcher", DONE, "b" "launcher"),
    bind!(Pause, [c(' ')], "space", "pause or resume the load", LIVE, "space" "pause"),
    bind!(Stop, [c('x')], "x", "stop the run", LIVE | STOPPING, "x" "stop"),
    bind!(Export, [c('e')], "e", "write CSV files now", DASHBOARD, "e" "export"),
    bind!(FocusNext, [k(KeyCode::Tab)], "Tab", "next pane", DASHBOARD, "tab" "pane"),
    bind!(Detail, [k(KeyCode::Enter)], "Enter", "detail of the highlighted row", DASHBOARD, "⏎" "detail"),
    bind!(Help, [c('?')], "?", "this page", EVERYWHERE, "?" "help"),
    bind!(Quit, [c('q')], "q", "quit; asks first while load runs", EVERYWHERE, "q" "quit"),
    bind!(Filter, [c('/')], "/", "filter by name", EVERYWHERE, "/" "filter"),
    bind!(Window, [c('w')], "w", "figures of the whole run, or of the last 10 s", DASHBOARD, "w" "window"),
    bind!(SpanLonger, [c(']')], "]", "show more history in charts: 30s, 1m, 5m, 15m, 1h, all", DASHBOARD, "[/]" "history"),
    bind!(SpanShorter, [c('[')], "[", "show less history in charts", DASHBOARD),
    bind!(Freeze, [c('f')], "f", "freeze the display; the load continues", LIVE | STOPPING, "f" "freeze"),
    bind!(Sort, [c('s')], "s", "sort by the next column", DASHBOARD, "s" "sort"),
    bind!(SortReverse, [c('S')], "S", "reverse the order", DASHBOARD),
    bind!(Expand, [c('z')], "z", "show only the focused pane, or all panes", DASHBOARD, "z" "expand"),
    bind!(FocusPrevious, [k(KeyCode::BackTab)], "Shift-Tab", "previous pane", DASHBOARD),
    bind!(ResetStatistics, [ctrl('r')], "Ctrl-R", "reset the statistics; asks first", LIVE | STOPPING),
    bind!(FollowPlan, [c('p')], "p", "follow the plan again after manual changes", LIVE),
    bind!(Up, [k(KeyCode::Up), c('k')], "Up k", "one row up", EVERYWHERE),
    bind!(Down, [k(KeyCode::Down), c('j')], "Down j", "one row down", EVERYWHERE),
    bind!(PageUp, [k(KeyCode::PageUp), ctrl('u')], "PgUp", "a page up", EVERYWHERE),
    bind!(PageDown, [k(KeyCode::PageDown), ctrl('d')], "PgDn", "a page down", EVERYWHERE),
    bind!(First, [c('g'), k(KeyCode::Home)], "g Home", "first row", EVERYWHERE),
    bind!(Last, [c('G'), k(KeyCode::End)], "G End", "last row", EVERYWHERE),
    bind!(Back, [k(KeyCode::Esc)], "Esc", "close, clear the filter, go back; never quits", EVERYWHERE),
    bind!(Interrupt, [ctrl('c')], "Ctrl-C", "quit; press again to quit without waiting", EVERYWHERE),
    bind!(Suspend, [ctrl('z')], "Ctrl-Z", "pause the load and suspend; fg resumes", EVERYWHERE),
    bind!(Redraw, [ctrl('l')], "Ctrl-L", "redraw the screen", EVERYWHERE),
];

/// The action of a key in a place.
pub(crate) fn lookup(event: KeyEvent, place: u8) -> Option<Action> {
    if event.modifiers.intersects(KeyModifiers::ALT | KeyModifiers::SUPER) {
        return None;
    }
    let key = Key { code: event.code, ctrl: event.modifiers.contains(KeyModifiers::CONTROL) };
    TABLE.iter().find(|b| b.places & place != 0 && b.keys.contains(&key)).map(|b| b.action)
}

/// Why a key has no effect while the run stops, if it would change the load.
pub(crate) fn refused(event: KeyEvent, place: u8) -> Option<&'static str> {
    if place != STOPPING || lookup(event, place).is_some() {
        return None;
    }
    match lookup(event, LIVE)? {
        Action::RateUp | Action::RateDown | Action::SpawnRate => Some("the spawn rate can no longer be changed"),
        Action::Pause => Some("it can no longer be paused"),
        Action::FollowPlan => Some("it can no longer follow the plan"),
        _ => Some("users can no longer be changed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_unique_in_each_place() {
        for place in [LAUNCHER, LIVE, STOPPING, DONE] {
            let mut seen: Vec<Key> = Vec::new();
            for binding in TABLE.iter().filter(|b| b.places & place != 0) {
                for key in binding.keys {
                    assert!(!seen.contains(key), "{key:?} twice in {place}");
                    seen.push(*key);
                }
            }
        }
    }

    #[test]
    fn keys_are_found_where_they_work() {
        let key = |ch| KeyEvent::new(KeyCode::Char(ch), KeyModifiers::NONE);
        assert_eq!(lookup(key('+'), LIVE), Some(Action::UsersUp));
        assert_eq!(lookup(key('+'), DONE), None);
        assert_eq!(lookup(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL), LAUNCHER), Some(Action::Interrupt));
        assert_eq!(lookup(key('S'), DONE), Some(Action::SortReverse));
    }
}
