//! The one-line prompt: an offered value that the first typed key replaces, and a cursor to edit it with.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tui_input::{Input, InputRequest};

/// Longest value, in characters.
const LIMIT: usize = 500;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Host,
    Users,
    SpawnRate,
    RunTime,
    Filter,
}

impl Field {
    /// Its name before the value.
    pub fn word(self) -> &'static str {
        match self {
            Field::Host => "host",
            Field::Users => "users",
            Field::SpawnRate => "spawn rate",
            Field::RunTime => "run time",
            Field::Filter => "filter",
        }
    }
}

/// A value being typed.
#[derive(Debug)]
pub(crate) struct Prompt {
    pub field: Field,
    /// Why the value was refused; until the next change.
    pub error: Option<String>,
    input: Input,
    /// The value is the one that was offered: typing replaces it, moving the cursor begins to edit it.
    offered: bool,
}

impl Prompt {
    /// Asks for `field`, with `offer` as the value to be replaced, edited or kept.
    pub fn new(field: Field, offer: String) -> Self {
        let offered = !offer.is_empty();
        Self { field, error: None, input: Input::new(offer), offered }
    }

    /// The value as it is now.
    pub fn value(&self) -> &str {
        self.input.value()
    }

    /// True until something was typed or the cursor was moved.
    pub fn is_offered(&self) -> bool {
        self.offered
    }

    /// The value before the cursor and from the cursor on.
    pub fn halves(&self) -> (&str, &str) {
        let value = self.value();
        let at = value.char_indices().nth(self.input.cursor()).map_or(value.len(), |(at, _)| at);
        value.split_at(at)
    }

    /// Edits the value; a key that edits nothing changes nothing.
    pub fn key(&mut self, key: KeyEvent) {
        if let (KeyCode::Char(c), false) = (key.code, key.modifiers.contains(KeyModifiers::CONTROL)) {
            return self.insert(std::iter::once(c));
        }
        if let Some(request) = request(key) {
            self.offered = false;
            self.error = None;
            self.input.handle(request);
        }
    }

    /// Takes the first line of what was pasted: several lines put together would be another value.
    pub fn paste(&mut self, text: &str) {
        let line = text.trim_start().lines().next().unwrap_or_default().trim_end();
        self.insert(line.chars());
    }

    fn insert(&mut self, chars: impl Iterator<Item = char>) {
        for c in chars.filter(|c| !c.is_control()) {
            if std::mem::take(&mut self.offered) {
                self.input.reset();
            }
            if self.value().chars().count() < LIMIT {
                self.input.handle(InputRequest::InsertChar(c));
                self.error = None;
            }
        }
    }
}

/// Keys as in a shell's line.
fn request(key: KeyEvent) -> Option<InputRequest> {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    Some(match (key.code, control) {
        (KeyCode::Left, true) => InputRequest::GoToPrevWord,
        (KeyCode::Right, true) => InputRequest::GoToNextWord,
        (KeyCode::Left, _) | (KeyCode::Char('b'), true) => InputRequest::GoToPrevChar,
        (KeyCode::Right, _) | (KeyCode::Char('f'), true) => InputRequest::GoToNextChar,
        (KeyCode::Home, _) | (KeyCode::Char('a'), true) => InputRequest::GoToStart,
        (KeyCode::End, _) | (KeyCode::Char('e'), true) => InputRequest::GoToEnd,
        // Some terminals send Ctrl-H for Backspace.
        (KeyCode::Backspace, _) | (KeyCode::Char('h'), true) => InputRequest::DeletePrevChar,
        (KeyCode::Delete, _) | (KeyCode::Char('d'), true) => InputRequest::DeleteNextChar,
        (KeyCode::Char('w'), true) => InputRequest::DeletePrevWord,
        (KeyCode::Char('k'), true) => InputRequest::DeleteTillEnd,
        (KeyCode::Char('u'), true) => InputRequest::DeleteLine,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `<` Left, `>` Right, `^` Home, `$` End, `\x08` Backspace, `\x7f` Delete, `~` Ctrl-U, else the character.
    fn edited(offer: &str, keys: &str) -> String {
        let mut prompt = Prompt::new(Field::Users, offer.to_owned());
        for c in keys.chars() {
            let (code, modifiers) = match c {
                '<' => (KeyCode::Left, KeyModifiers::NONE),
                '>' => (KeyCode::Right, KeyModifiers::NONE),
                '^' => (KeyCode::Home, KeyModifiers::NONE),
                '$' => (KeyCode::End, KeyModifiers::NONE),
                '\x08' => (KeyCode::Backspace, KeyModifiers::NONE),
                '\x7f' => (KeyCode::Delete, KeyModifiers::NONE),
                '~' => (KeyCode::Char('u'), KeyModifiers::CONTROL),
                c => (KeyCode::Char(c), KeyModifiers::NONE),
            };
            prompt.key(KeyEvent::new(code, modifiers));
        }
        let (before, after) = prompt.halves();
        format!("{before}|{after}")
    }

    #[test]
    fn the_first_typed_key_replaces_and_the_others_edit() {
        for (offer, keys, wanted) in [
            ("75", "", "75|"),
            ("75", "30", "30|"),
            ("", "30", "30|"),
            ("75", "^1", "1|75"),
            ("75", "$0", "750|"),
            ("75", "<0", "70|5"),
            ("75", "<<<<<1", "1|75"),
            ("75", ">0", "750|"),
            ("75", "^\x7f", "|5"),
            ("75", "^>\x7f8", "78|"),
            ("75", "\x7f", "75|"),
            ("75", "\x080", "70|"),
            ("75", "\x08\x08\x0830", "30|"),
            ("75", "~9", "9|"),
            ("75", "3\x08\x08\x08", "|"),
            ("größe", "<<\x08", "gr|ße"),
            ("👩‍👩‍👧x", "<\x08", "|x"),
        ] {
            assert_eq!(edited(offer, keys), wanted, "{offer:?} {keys:?}");
        }
    }

    #[test]
    fn what_is_pasted_replaces_the_offer_and_is_one_clean_line() {
        for (offer, keys, pasted, wanted) in [
            ("75", None, "30", "30|"),
            ("75", None, "30\n", "30|"),
            ("75", None, "\n  30\r\n40\n", "30|"),
            ("75", None, "3\u{1b}[A0\u{7}", "3[A0|"),
            ("75", None, "", "75|"),
            ("75", None, "\n\n", "75|"),
            ("75", Some(KeyCode::Home), "30", "30|75"),
        ] {
            let mut prompt = Prompt::new(Field::Users, offer.to_owned());
            keys.into_iter().for_each(|code| prompt.key(KeyEvent::new(code, KeyModifiers::NONE)));
            prompt.paste(pasted);
            let (before, after) = prompt.halves();
            assert_eq!(format!("{before}|{after}"), wanted, "{offer:?} {pasted:?}");
        }
    }

    #[test]
    fn a_value_is_bounded_however_it_comes() {
        let mut prompt = Prompt::new(Field::Filter, String::new());
        prompt.paste(&"ä".repeat(100_000));
        prompt.key(KeyEvent::new(KeyCode::Char('x'), KeyModifiers::NONE));
        assert_eq!(prompt.value().chars().count(), LIMIT);
    }
}
