//! Messages in Slack's Block Kit, within its limits: <https://docs.slack.dev/reference/block-kit/blocks>

use serde_json::{Value, json};

/// Maximum length of a header, in characters.
const MAX_HEADER: usize = 150;
/// Maximum length of the text of a section. Slack accepts 3,000 characters of one, but not many such sections.
const MAX_SECTION: usize = 1_500;
/// Maximum fields of a section, and the length of each.
const MAX_FIELDS: usize = 10;
const MAX_FIELD: usize = 500;
/// Maximum length of a name within a text.
const MAX_NAME: usize = 150;

/// Text in Slack's markup (`mrkdwn`), escaped where it comes from elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Markup(String);

/// Text that contains no markup; it is escaped.
pub fn words(text: &str) -> Markup {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // A zero-width space keeps them from being read as markup.
            '*' | '_' | '~' | '`' => out.extend([c, '\u{200b}']),
            _ => out.push(c),
        }
    }
    Markup(out)
}

/// A name in a fixed-width font, shortened.
pub fn code(text: &str) -> Markup {
    let short: String =
        text.chars().take(MAX_NAME).map(|c| if c == '`' || c.is_control() { '\'' } else { c }).collect();
    let escaped = short.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    Markup(if escaped.trim().is_empty() { String::new() } else { format!("`{escaped}`") })
}

/// A link to an http(s) URL.
pub fn link(url: &str, text: &str) -> Markup {
    let is_plain = url.chars().all(|c| !c.is_whitespace() && !c.is_control() && !matches!(c, '<' | '>' | '|'));
    let is_http = url.starts_with("https://") || url.starts_with("http://");
    let text = words(text);
    if is_plain && is_http { Markup(format!("<{}|{}>", url.replace('&', "&amp;"), text.0)) } else { text }
}

/// Parts joined.
pub fn joined<'a>(parts: impl IntoIterator<Item = &'a Markup>, between: &str) -> Markup {
    let parts = parts.into_iter().filter(|part| !part.is_empty());
    Markup(parts.map(|part| part.0.as_str()).collect::<Vec<_>>().join(between))
}

impl Markup {
    /// True without text.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Followed by other text.
    pub fn and(mut self, other: &Markup) -> Self {
        self.0.push_str(&other.0);
        self
    }
}

impl From<&'static str> for Markup {
    fn from(constant: &'static str) -> Self {
        Markup(constant.to_owned())
    }
}

/// A message: a title, and blocks below it.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    title: String,
    blocks: Vec<Value>,
    /// The same without blocks: in notifications, and where blocks are refused.
    plain: Vec<Markup>,
}

impl Message {
    /// Creates a message.
    pub fn new(title: &str) -> Self {
        let title: String = title.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_HEADER).collect();
        let header = json!({ "type": "header", "text": { "type": "plain_text", "text": title, "emoji": true } });
        Self { plain: vec![words(&title)], blocks: vec![header], title }
    }

    /// Adds lines of text; nothing without lines. What is too long is left out, with a remark.
    pub fn lines(mut self, lines: &[Markup]) -> Self {
        let lines: Vec<&Markup> = lines.iter().filter(|line| !line.is_empty()).collect();
        let mut text = String::new();
        for (at, line) in lines.iter().enumerate() {
            if text.len() + line.0.len() > MAX_SECTION {
                text.push_str(&format!("\n… and {} more", lines.len() - at));
                break;
            }
            if at > 0 {
                text.push('\n');
            }
            text.push_str(&line.0);
        }
        if !text.is_empty() {
            self.blocks.push(json!({ "type": "section", "text": { "type": "mrkdwn", "text": text } }));
            self.plain.push(Markup(text));
        }
        self
    }

    /// Adds figures in two columns.
    pub fn figures(mut self, figures: &[(&'static str, Markup)]) -> Self {
        let figures: Vec<_> = figures.iter().filter(|(_, text)| !text.is_empty()).take(MAX_FIELDS).collect();
        let field = |(name, text): &&(&'static str, Markup)| {
            let text = if text.0.len() > MAX_FIELD { "(too long)" } else { text.0.as_str() };
            json!({ "type": "mrkdwn", "text": format!("*{name}*\n{text}") })
        };
        if !figures.is_empty() {
            let fields: Vec<Value> = figures.iter().map(field).collect();
            self.blocks.push(json!({ "type": "section", "fields": fields }));
            let lines: Vec<Markup> = figures.iter().map(|(name, text)| Markup(format!("{name}: {}", text.0))).collect();
            self.plain.push(joined(&lines, "\n"));
        }
        self
    }

    /// Adds a line in small print.
    pub fn context(mut self, parts: &[Markup]) -> Self {
        let line = joined(parts, "  ·  ");
        if !line.is_empty() {
            self.blocks.push(json!({ "type": "context", "elements": [{ "type": "mrkdwn", "text": line.0 }] }));
            self.plain.push(line);
        }
        self
    }

    /// The body of the request.
    pub fn body(&self) -> String {
        json!({ "text": self.title_escaped(), "blocks": self.blocks }).to_string()
    }

    /// A body without blocks.
    pub fn plain_body(&self) -> String {
        json!({ "text": joined(&self.plain, "\n").0 }).to_string()
    }

    fn title_escaped(&self) -> String {
        words(&self.title).0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_elsewhere_is_neither_markup_nor_a_mention() {
        assert_eq!(words("<!channel> *a* & _b_").0, "&lt;!channel&gt; *\u{200b}a*\u{200b} &amp; _\u{200b}b_\u{200b}");
        assert_eq!(code("GET `/a`\n<@U1>").0, "`GET '/a''&lt;@U1&gt;`");
        assert_eq!(code(" ").0, "");
        assert_eq!(link("https://ci.example/1?a=1&b=2", "job").0, "<https://ci.example/1?a=1&amp;b=2|job>");
        for url in ["javascript:alert(1)", "https://a|b", "https://a b", "https://a>"] {
            assert_eq!(link(url, "job").0, "job", "{url}");
        }
        let message = Message::new("a\nb <!here>");
        assert_eq!(message.title, "a b <!here>");
        assert!(message.body().contains(r#""text":"a b &lt;!here&gt;""#), "{}", message.body());
    }

    #[test]
    fn messages_are_within_the_limits_of_slack() {
        let long = "x".repeat(10_000);
        let lines: Vec<Markup> = (0..100).map(|_| code(&long)).collect();
        let figures = ["a"; 20].map(|name| (name, words(&"y".repeat(600))));
        let message = Message::new(&long).lines(&lines).figures(&figures).context(&lines[..3]);
        let body: Value = serde_json::from_str(&message.body()).unwrap();
        let blocks = body["blocks"].as_array().unwrap();
        assert_eq!(blocks[0]["text"]["text"].as_str().unwrap().chars().count(), 150);
        let text = blocks[1]["text"]["text"].as_str().unwrap();
        assert!(text.len() < 3_000 && text.ends_with("more"), "{text}");
        assert_eq!(blocks[2]["fields"].as_array().unwrap().len(), 10);
        assert!(message.body().len() < 10_000);
        assert_eq!(Message::new("t").lines(&[]).figures(&[]).context(&[]).blocks.len(), 1);
    }
}
