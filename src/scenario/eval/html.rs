//! Finds elements of an HTML page by a CSS selector. A hostile page can keep a parser busy for very long, so it is
//! parsed in pieces, within the budget of its response.

use html5ever::driver::{self, ParseOpts};
use html5ever::tendril::{StrTendril, TendrilSink as _};
use minijinja::Value;
use scraper::{ElementRef, Html, HtmlTreeSink, Selector};

use super::pick::Pick;
use super::response::{EvaluationError, ResponseView};

/// Bytes parsed between two checks of the budget.
const PIECE: usize = 1_024;
/// Maximum nesting of elements: parsing takes quadratic time in it. Browsers stop at 512.
const MAX_DEPTH: usize = 2_000;
/// Maximum elements, texts and comments of a page: about 100 MB.
const MAX_NODES: usize = 300_000;
/// Maximum bytes of one capture.
const MAX_FOUND: usize = 16 * 1024 * 1024;
/// Elements visited between two checks of the budget.
const ELEMENTS: usize = 64;

/// What to extract.
#[derive(Debug, Clone, Copy)]
pub struct HtmlQuery<'a> {
    /// Selects the elements.
    pub selector: &'a Selector,
    /// An attribute instead of the text.
    pub attribute: Option<&'a str>,
}

/// The values, as far as `pick` needs them; empty if the evaluation is aborted.
pub fn find(view: &ResponseView<'_>, wanted: HtmlQuery<'_>, pick: Pick, rng: &mut fastrand::Rng) -> Vec<Value> {
    let Some(page) = parse(view) else { return Vec::new() };
    let mut found = Vec::new();
    let mut bytes = 0;
    for (at, element) in page.select(wanted.selector).filter(|element| wanted.is_in(element)).enumerate() {
        if at % ELEMENTS == 0 && view.is_over_budget() {
            return Vec::new();
        }
        match pick {
            Pick::First => return vec![wanted.of(&element)],
            // Which one is known only at the end.
            Pick::Last | Pick::Random => found.push(HtmlMatch::Element(element)),
            Pick::All => {
                let value = wanted.of(&element);
                bytes += value.as_str().map_or(0, str::len);
                found.push(HtmlMatch::Value(value));
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
        HtmlMatch::Value(value) => value,
        HtmlMatch::Element(element) => wanted.of(&element),
    };
    chosen.into_iter().map(value).collect()
}

enum HtmlMatch<'p> {
    Value(Value),
    Element(ElementRef<'p>),
}

impl HtmlQuery<'_> {
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
        if view.is_over_budget() {
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
