//! Finding elements of an HTML page by a CSS selector. A page can make a parser work without end, so it is parsed piece by
//! piece, within the budget of its response.

use html5ever::driver::{self, ParseOpts};
use html5ever::tendril::{StrTendril, TendrilSink as _};
use minijinja::Value;
use scraper::{ElementRef, Html, HtmlTreeSink, Selector};

use super::pick::Pick;
use super::response::{EvaluationError, ResponseView};

/// Bytes that are parsed between two looks at the clock.
const PIECE: usize = 1_024;
/// Elements inside of each other: parsers take the square of it. Browsers stop at 512.
const MAX_DEPTH: usize = 2_000;
/// Elements, texts and comments of a page: some 100 MB.
const MAX_NODES: usize = 300_000;
/// Bytes that one capture takes.
const MAX_FOUND: usize = 16 * 1024 * 1024;
/// Elements that are looked at between two looks at the clock.
const ELEMENTS: usize = 64;

/// What is taken of each element.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Which elements.
    pub selector: &'a Selector,
    /// An attribute instead of the text.
    pub attribute: Option<&'a str>,
}

/// The values that are wanted, as far as `pick` needs them; nothing where the view gives up.
pub fn find(view: &ResponseView<'_>, wanted: Wanted<'_>, pick: Pick, rng: &mut fastrand::Rng) -> Vec<Value> {
    let Some(page) = parse(view) else { return Vec::new() };
    let mut found = Vec::new();
    let mut bytes = 0;
    for (at, element) in page.select(wanted.selector).filter(|element| wanted.is_in(element)).enumerate() {
        if at % ELEMENTS == 0 && view.is_late() {
            return Vec::new();
        }
        match pick {
            Pick::First => return vec![wanted.of(&element)],
            // Which one it is shows at the end.
            Pick::Last | Pick::Random => found.push(Found::Element(element)),
            Pick::All => {
                let value = wanted.of(&element);
                bytes += value.as_str().map_or(0, str::len);
                found.push(Found::Value(value));
            }
        }
        if bytes > MAX_FOUND {
            view.abort(EvaluationError::Limit("the elements found have more than 16 MiB of text"));
            return Vec::new();
        }
    }
    let chosen = match pick {
        Pick::Last => found.pop().into_iter().collect(),
        Pick::Random => {
            let at = if found.is_empty() { 0 } else { rng.usize(..found.len()) };
            found.into_iter().nth(at).into_iter().collect()
        }
        Pick::First | Pick::All => found,
    };
    let value = |found| match found {
        Found::Value(value) => value,
        Found::Element(element) => wanted.of(&element),
    };
    chosen.into_iter().map(value).collect()
}

enum Found<'p> {
    Value(Value),
    Element(ElementRef<'p>),
}

impl Wanted<'_> {
    fn is_in(&self, element: &ElementRef<'_>) -> bool {
        self.attribute.is_none_or(|attribute| element.value().attr(attribute).is_some())
    }

    fn of(&self, element: &ElementRef<'_>) -> Value {
        match self.attribute {
            Some(attribute) => Value::from(element.value().attr(attribute).unwrap_or_default()),
            None => Value::from(element.text().collect::<String>().trim()),
        }
    }
}

fn parse(view: &ResponseView<'_>) -> Option<Html> {
    let text = String::from_utf8_lossy(view.text());
    let mut parser = driver::parse_document(HtmlTreeSink::new(Html::new_document()), ParseOpts::default());
    let mut rest = &*text;
    while !rest.is_empty() {
        if view.is_late() {
            return None;
        }
        let (piece, after) = rest.split_at(rest.floor_char_boundary(PIECE.min(rest.len())));
        parser.process(StrTendril::from_slice(piece));
        rest = after;
        let page = parser.tokenizer.sink.sink.0.borrow();
        let mut nodes = page.tree.nodes();
        if nodes.len() > MAX_NODES {
            view.abort(EvaluationError::Limit("the HTML has more than 300,000 elements and texts"));
            return None;
        }
        if nodes.next_back().is_some_and(|newest| newest.ancestors().nth(MAX_DEPTH).is_some()) {
            view.abort(EvaluationError::Limit("the HTML is nested more than 2,000 levels deep"));
            return None;
        }
    }
    Some(parser.finish())
}
