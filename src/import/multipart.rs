//! Parses `multipart/form-data` bodies, from text or from a list of a recorder: fields become `form`, files become
//! `files`.

use serde_json::{Map, Value, json};

use super::body::Fill;
use super::draft::{Attachments, pairs};
use super::literal::literal;

/// Maximum number of parts.
const MOST: usize = 500;

/// A part.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// Name of the field.
    pub name: String,
    /// Name of the file, if it is one.
    pub file: Option<String>,
    /// Media type, if specified.
    pub media: Option<String>,
    /// Content of a field.
    pub value: String,
}

/// True for the media type of a multipart body.
pub fn is_multipart(media: &str) -> bool {
    media.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("multipart/form-data"))
}

/// Parts of a body with this media type; `None` if it cannot be parsed.
pub fn parts(text: &str, media: &str) -> Option<Vec<Part>> {
    if !is_multipart(media) {
        return None;
    }
    // The boundary may be missing in the media type; the text starts with it.
    let declared = attribute(media, "boundary").filter(|boundary| !boundary.is_empty());
    let first = || Some(text.trim_start().lines().next()?.trim_end().strip_prefix("--")?.to_owned());
    let mark = format!("\n--{}", declared.or_else(first).filter(|boundary| !boundary.is_empty())?);
    let text = format!("\n{text}");
    let mut pieces = text.split(mark.as_str());
    pieces.next();
    let mut all = Vec::new();
    for piece in pieces {
        if piece.starts_with("--") {
            return (!all.is_empty()).then_some(all);
        }
        if all.len() >= MOST {
            return None;
        }
        all.push(part(piece)?);
    }
    None
}

fn part(piece: &str) -> Option<Part> {
    let piece = piece.strip_prefix("\r\n").or_else(|| piece.strip_prefix('\n'))?;
    let piece = piece.strip_suffix('\r').unwrap_or(piece);
    // For empty content, the line break belongs to the boundary.
    let (head, content) = [("\r\n\r\n"), ("\n\n")]
        .iter()
        .find_map(|blank| piece.split_once(blank))
        .or_else(|| piece.strip_suffix("\r\n").or_else(|| piece.strip_suffix('\n')).map(|head| (head, "")))?;
    let header = |wanted: &str| {
        let mut lines = head.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim())
    };
    let disposition = header("content-disposition")?;
    Some(Part {
        name: attribute(disposition, "name")?,
        file: attribute(disposition, "filename"),
        media: header("content-type").map(str::to_owned),
        value: content.to_owned(),
    })
}

/// `name="value"` after a semicolon. Browsers write `%22` for quotes.
fn attribute(header: &str, wanted: &str) -> Option<String> {
    let mut rest = header;
    loop {
        rest = rest[rest.find(';')? + 1..].trim_start();
        let (name, value) = rest.split_once('=')?;
        let (value, after) = match value.strip_prefix('"') {
            Some(quoted) => {
                let mut out = String::new();
                let mut chars = quoted.char_indices();
                let mut end = quoted.len();
                while let Some((at, c)) = chars.next() {
                    match c {
                        '"' => {
                            end = at + 1;
                            break;
                        }
                        '\\' => out.extend(chars.next().map(|(_, c)| c)),
                        c => out.push(c),
                    }
                }
                (out.replace("%22", "\"").replace("%0D", "\r").replace("%0A", "\n"), &quoted[end..])
            }
            None => {
                let end = value.find(';').unwrap_or(value.len());
                (value[..end].trim().to_owned(), &value[end..])
            }
        };
        if name.trim().eq_ignore_ascii_case(wanted) {
            return Some(value);
        }
        rest = after;
    }
}

/// `form` and `files` of a step. Files with content are attached, unless there is no place for them; others need a comment.
pub fn fields(
    parts: Vec<Part>,
    fill: &mut Fill<'_>,
    mut attachments: Option<&mut Attachments>,
    comments: &mut Vec<String>,
) -> [(&'static str, Value); 2] {
    let mut fields = Vec::new();
    let mut files = Map::new();
    for part in parts {
        match part.file.as_deref() {
            Some("") => comments.push(format!("the field {} was sent without a file, and was omitted", part.name)),
            Some(name) => {
                let mut near = file_beside(name);
                // Recorders replace what is not text.
                let whole = !part.value.is_empty() && !part.value.contains(char::REPLACEMENT_CHARACTER);
                match attachments.as_deref_mut().filter(|_| whole) {
                    Some(files) => near = files.add(&near, part.value.into_bytes()),
                    None => comments.push(format!("put a file {near} next to this one")),
                }
                let mut entry = json!({ "file": near });
                if name != near && !name.contains("{{") {
                    entry["name"] = Value::from(name);
                }
                if let Some(media) = &part.media {
                    entry["type"] = Value::from(media.as_str());
                }
                add(&mut files, part.name, entry);
            }
            None => {
                let value = fill(&part.name, &Value::from(part.value.as_str()));
                fields.push((part.name, value.unwrap_or_else(|| literal(&part.value))));
            }
        }
    }
    // Even without a file, `files` makes it multipart/form-data.
    [("form", Value::Object(pairs(fields))), ("files", Value::Object(files))]
}

/// Adds a file to those of the same field.
pub fn add(files: &mut Map<String, Value>, field: String, file: Value) {
    match files.get_mut(&field) {
        None => drop(files.insert(field, file)),
        Some(Value::Array(all)) => all.push(file),
        Some(one) => *one = Value::Array(vec![one.take(), file]),
    }
}

/// Path next to the scenario for a file with this (untrusted) name.
fn file_beside(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let right = |c: char| c.is_alphanumeric() || "-_. ()+,".contains(c);
    let out: String = last.chars().map(|c| if right(c) { c } else { '_' }).collect();
    let out: String = out.trim_start_matches('.').chars().take(100).collect();
    if out.trim().is_empty() { "file".to_owned() } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str, value: &str) -> Part {
        Part { name: name.to_owned(), value: value.to_owned(), ..Part::default() }
    }

    #[test]
    fn bodies_are_parsed() {
        let disposition = "Content-Disposition: form-data; name=";
        for (text, media, wanted) in [
            (
                format!("--X\r\n{disposition}\"a\"\r\n\r\n1\r\n2\r\n--X\r\n{disposition}b\r\n\r\n\r\n--X--\r\n"),
                "multipart/form-data; boundary=X",
                Some(vec![field("a", "1\r\n2"), field("b", "")]),
            ),
            (
                format!(
                    "--X y\n{disposition}\"a%22\\\"\"; filename=\"x;.txt\"\nContent-Type: text/plain\n\n--X\n--X y--"
                ),
                "Multipart/Form-Data; charset=utf-8; boundary=\"X y\"",
                Some(vec![Part {
                    file: Some("x;.txt".to_owned()),
                    media: Some("text/plain".to_owned()),
                    ..field("a\"\"", "--X")
                }]),
            ),
            (format!("--Z\r\n{disposition}a\r\n\r\n--Z--"), "multipart/form-data", Some(vec![field("a", "")])),
            (format!("--X\r\n{disposition}a\r\n\r\n1\r\n"), "multipart/form-data; boundary=X", None),
            ("--X\r\nnothing\r\n\r\n1\r\n--X--".to_owned(), "multipart/form-data; boundary=X", None),
            ("--X--".to_owned(), "multipart/form-data; boundary=X", None),
            (String::new(), "multipart/form-data", None),
            (format!("--X\r\n{disposition}a\r\n\r\n1\r\n--X--"), "multipart/mixed; boundary=X", None),
        ] {
            assert_eq!(parts(&text, media), wanted, "{text}");
        }
    }

    #[test]
    fn files_have_safe_names() {
        let part = |name: &str, file: &str, media: Option<&str>| Part {
            file: Some(file.to_owned()),
            media: media.map(str::to_owned),
            ..field(name, "")
        };
        let all = vec![
            part("f", "a.png", Some("image/png")),
            part("f", "../..\\é{{.txt", None),
            part("g", "C:\\b?.txt", None),
            part("h", "", None),
            field("n", "{{"),
        ];
        let mut comments = Vec::new();
        let [(_, form), (_, files)] = fields(all, &mut |_, _| None, None, &mut comments);
        assert_eq!(form, json!({ "n": "{{ '{{' }}" }));
        assert_eq!(
            files,
            json!({
                "f": [{ "file": "a.png", "type": "image/png" }, { "file": "é__.txt" }],
                "g": { "file": "b_.txt", "name": "C:\\b?.txt" },
            })
        );
        assert_eq!(comments.len(), 4, "{comments:?}");
    }
}
