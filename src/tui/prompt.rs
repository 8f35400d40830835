//! The one-line prompt: an offered value that the first typed key replaces, and a cursor to edit it with.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tui_input::{Input, InputRequest};

use crate::units::UnitError;

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

    /// What is allowed, where letters are not accepted.
    fn numbers(self) -> Option<&'static str> {
        match self {
            Field::Users => Some("expected a whole number from 0 to 1000000"),
            Field::SpawnRate => Some("expected a rate: 5, 5/s or 300/m"),
            Field::Host | Field::RunTime | Field::Filter => None,
        }
    }

    /// True when `c` may follow `before`: of letters, a number has none, and a rate only its unit.
    fn accepts(self, before: &str, c: char) -> bool {
        match self {
            Field::Users => !c.is_alphabetic(),
            Field::SpawnRate => !c.is_alphabetic() || (before.contains('/') && "sminh".contains(c)),
            Field::Host | Field::RunTime | Field::Filter => true,
        }
    }
}

/// Why a value is not accepted. The value is below it, so it is not repeated: that fits 80 columns.
pub(crate) fn brief(error: &UnitError) -> &'static str {
    match error {
        UnitError::Duration(_) => "expected a duration: 500ms, 30s, 2m, 1h30m or a number of seconds",
        UnitError::TooLong(_) => "too long: at most 10000h",
        UnitError::Users(_) => "expected a whole number from 0 to 1000000",
        UnitError::SpawnRate(_) => "expected a rate above 0, up to 100000/s: 5, 5/s or 300/m",
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
            return self.insert(c.encode_utf8(&mut [0; 4]));
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
        self.insert(line);
    }

    /// All of `text` or, where a letter of it is not accepted, nothing: what is left of it would be another value.
    fn insert(&mut self, text: &str) {
        let mut before = if self.offered { String::new() } else { self.halves().0.to_owned() };
        for c in text.chars() {
            if !self.field.accepts(&before, c) {
                self.error = self.field.numbers().map(str::to_owned);
                return;
            }
            before.push(c);
        }
        for c in text.chars().filter(|c| !c.is_control()) {
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
            let mut prompt = Prompt::new(Field::Filter, offer.to_owned());
            keys.into_iter().for_each(|code| prompt.key(KeyEvent::new(code, KeyModifiers::NONE)));
            prompt.paste(pasted);
            let (before, after) = prompt.halves();
            assert_eq!(format!("{before}|{after}"), wanted, "{offer:?} {pasted:?}");
        }
    }

    #[test]
    fn letters_are_not_accepted_where_a_number_is_asked_for() {
        for (field, offer, keys, wanted) in [
            (Field::Users, "75", "x", "75|"),
            (Field::Users, "75", "q3x0é", "30|"),
            (Field::Users, "75", "5.5", "5.5|"),
            (Field::SpawnRate, "5", "x", "5|"),
            (Field::SpawnRate, "5", "s12.5x/s", "12.5/s|"),
            (Field::SpawnRate, "5", "300/min", "300/min|"),
            (Field::SpawnRate, "5", "300/day", "300/|"),
            (Field::RunTime, "1m", "1h30m", "1h30m|"),
        ] {
            let mut prompt = Prompt::new(field, offer.to_owned());
            keys.chars().for_each(|c| prompt.key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE)));
            let (before, after) = prompt.halves();
            assert_eq!(format!("{before}|{after}"), wanted, "{field:?} {keys:?}");
            // The last key says why it does nothing, and the next one that acts ends that.
            let last = keys.chars().last().unwrap();
            assert_eq!(prompt.error.is_some(), field != Field::RunTime && !wanted.contains(last), "{field:?} {keys:?}");
        }
        // A part of what was pasted is another value.
        let mut prompt = Prompt::new(Field::Users, "75".to_owned());
        prompt.paste("1e3");
        assert_eq!((prompt.value(), prompt.error.is_some()), ("75", true));
        prompt.paste("130");
        assert_eq!((prompt.value(), prompt.error.is_some()), ("130", false));
    }

    #[test]
    fn why_a_value_is_refused_fits_80_columns() {
        let value = "9".repeat(LIMIT);
        let errors = [
            UnitError::Duration(value.clone()),
            UnitError::TooLong(value.clone()),
            UnitError::Users(value.clone()),
            UnitError::SpawnRate(value),
        ];
        for words in
            errors.iter().map(brief).chain([Field::Users, Field::SpawnRate].into_iter().filter_map(Field::numbers))
        {
            assert!(words.len() <= 76, "{words}");
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
