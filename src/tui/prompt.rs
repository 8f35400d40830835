//! A one-line prompt: the first typed key replaces the offered value; moving the cursor edits it.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tui_input::{Input, InputRequest};

use crate::scenario::secrets::masked::Masked;
use crate::units::UnitError;

/// Maximum characters of a value.
const LIMIT: usize = 500;

/// The value being asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Host,
    Users,
    SpawnRate,
    RunTime,
    Filter,
}

impl Field {
    /// The label before the value.
    pub fn word(self) -> &'static str {
        match self {
            Field::Host => "host",
            Field::Users => "users",
            Field::SpawnRate => "spawn rate",
            Field::RunTime => "run time",
            Field::Filter => "filter",
        }
    }

    /// What is expected, for fields that do not accept letters.
    fn numbers(self) -> Option<&'static str> {
        match self {
            Field::Users => Some("expected a whole number from 0 to 1000000"),
            Field::SpawnRate => Some("expected a rate: 5, 5/s or 300/m"),
            Field::Host | Field::RunTime | Field::Filter => None,
        }
    }

    /// Whether `c` may follow `before`: numbers have no letters, rates only those of their unit.
    fn accepts(self, before: &str, c: char) -> bool {
        match self {
            Field::Users => !c.is_alphabetic(),
            Field::SpawnRate => !c.is_alphabetic() || (before.contains('/') && "sminh".contains(c)),
            Field::Host | Field::RunTime | Field::Filter => true,
        }
    }
}

/// A short error message without the value, which is shown below it: it has to fit 80 columns.
pub(crate) fn brief(error: &UnitError) -> &'static str {
    match error {
        UnitError::Duration(_) => "expected a duration: 500ms, 30s, 2m, 1h30m or a number of seconds",
        UnitError::TooLong(_) => "too long: at most 10000h",
        UnitError::Users(_) => "expected a whole number from 0 to 1000000",
        UnitError::SpawnRate(_) => "expected a rate above 0, up to 100000/s: 5, 5/s or 300/m",
    }
}

/// A prompt with the value typed so far.
#[derive(Debug)]
pub(crate) struct Prompt {
    pub field: Field,
    /// Why the value was rejected; cleared by the next change.
    pub error: Option<String>,
    input: Input,
    /// The offered value, with the values that its masks hide.
    offer: Masked,
    /// The value is still the offered one: typing replaces it, moving the cursor starts editing it.
    offered: bool,
}

impl Prompt {
    /// A prompt for `field` that offers a value.
    pub fn new(field: Field, offer: String) -> Self {
        let offered = !offer.is_empty();
        Self { field, error: None, input: Input::new(offer), offer: Masked::default(), offered }
    }

    /// A prompt for the host that offers one without its secrets.
    pub fn for_host(offer: Masked) -> Self {
        Self { offer: offer.clone(), ..Self::new(Field::Host, offer.shown().to_owned()) }
    }

    /// The offered host.
    pub fn offer(&self) -> &Masked {
        &self.offer
    }

    /// The current value.
    pub fn value(&self) -> &str {
        self.input.value()
    }

    /// True until something is typed or the cursor moves.
    pub fn is_offered(&self) -> bool {
        self.offered
    }

    /// The value before and after the cursor.
    pub fn halves(&self) -> (&str, &str) {
        let value = self.value();
        let at = value.char_indices().nth(self.input.cursor()).map_or(value.len(), |(at, _)| at);
        value.split_at(at)
    }

    /// Handles an editing key; ignores other keys.
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

    /// Inserts the first line of pasted text: joining several lines would make another value.
    pub fn paste(&mut self, text: &str) {
        let line = text.trim_start().lines().next().unwrap_or_default().trim_end();
        self.insert(line);
    }

    /// Inserts all of `text`, or nothing if it contains a letter that is not accepted: the rest would be another value.
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

/// The editing command of a key, as in a shell.
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
    fn the_first_typed_key_replaces_the_offer() {
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
    fn pasted_text_is_reduced_to_one_line() {
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
    fn numbers_accept_no_letters() {
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
            // The last key sets the error, and the next accepted one clears it.
            let last = keys.chars().last().unwrap();
            assert_eq!(prompt.error.is_some(), field != Field::RunTime && !wanted.contains(last), "{field:?} {keys:?}");
        }
        // Part of a pasted text would be another value.
        let mut prompt = Prompt::new(Field::Users, "75".to_owned());
        prompt.paste("1e3");
        assert_eq!((prompt.value(), prompt.error.is_some()), ("75", true));
        prompt.paste("130");
        assert_eq!((prompt.value(), prompt.error.is_some()), ("130", false));
    }

    #[test]
    fn errors_fit_80_columns() {
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
    fn values_are_limited() {
        let mut prompt = Prompt::new(Field::Filter, String::new());
        prompt.paste(&"ä".repeat(100_000));
        prompt.key(KeyEvent::new(KeyCode::Char('x'), KeyModifiers::NONE));
        assert_eq!(prompt.value().chars().count(), LIMIT);
    }
}
