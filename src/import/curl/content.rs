//! Converts data, forms and files of a `curl` command. Files are not read: the step refers to them.

use serde_json::{Map, Value};

use super::command::Command;
use super::data::{Data, FileData, Form, How};
use super::field::field;
use crate::import::body::{body, secret};
use crate::import::credential::Credentials;
use crate::import::draft::pairs;
use crate::import::literal::literal;
use crate::import::multipart;

/// Converts `--data` and similar options.
pub fn data(
    command: &Command,
    headers: &mut Vec<(String, String)>,
    credentials: &mut Credentials,
    comments: &mut Vec<String>,
) -> Vec<(&'static str, Value)> {
    let declared = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type")).map(|(_, v)| v.clone());
    let (key, value, own) = match command.data.as_slice() {
        [Data { file: Some(file), .. }] if !matches!(file.how, How::Encoded(_)) => {
            let Some(value) = of_file(&file.path, comments) else { return Vec::new() };
            if file.how == How::Joined {
                comments.push("curl -d removes the line breaks of a file, a step does not".to_owned());
            }
            ("body", value, false)
        }
        all => {
            comments.extend(all.iter().filter_map(|data| data.file.as_ref()).map(left_out));
            let texts: Vec<&str> =
                all.iter().filter(|data| data.file.is_none()).map(|data| data.text.as_str()).collect();
            // Pieces of JSON are concatenated.
            let text = texts.join(if command.json { "" } else { "&" });
            let media = declared.as_deref().unwrap_or(command.content_type());
            // Uploads as copied by browsers, without the content of the files.
            if let Some(parts) = multipart::parts(&text, media) {
                headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
                let mut fill = |name: &str, value: &Value| secret(credentials, name, value);
                return multipart::fields(parts, &mut fill, None, comments).into();
            }
            body(&text, media, &mut |name, value| secret(credentials, name, value))
        }
    };
    if own {
        headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
    } else if declared.is_none() {
        headers.push(("Content-Type".to_owned(), literal(command.content_type())));
    }
    vec![(key, value)]
}

/// Comment for a file whose content a step cannot send.
pub fn left_out(file: &FileData) -> String {
    let path = &file.path;
    match &file.how {
        How::Encoded(name) if !name.is_empty() => {
            format!("curl sent the content of the file {path} as the field {name}: add it by hand")
        }
        How::Encoded(_) => format!("curl sent the content of the file {path}, URL-encoded: add it by hand"),
        How::Whole | How::Joined => format!("curl sent the content of the file {path} here too: add it by hand"),
    }
}

/// `@file` in a step.
pub fn of_file(path: &str, comments: &mut Vec<String>) -> Option<Value> {
    if path.is_empty() || path == "-" || path == "." {
        comments.push("curl sent its standard input: add the body by hand, or as body: \"@file\"".to_owned());
        return None;
    }
    let path = beside(path, comments);
    if path.contains("{{") || path.contains('\n') {
        comments.push("a step cannot send a file with this name: rename it, and use body: \"@…\"".to_owned());
        return None;
    }
    Some(Value::from(format!("@{path}")))
}

/// Path as allowed in a scenario: in its folder or below.
pub fn beside(path: &str, comments: &mut Vec<String>) -> String {
    let away =
        path.starts_with(['/', '~', '\\']) || path.contains(':') || path.split(['/', '\\']).any(|part| part == "..");
    let near = if away { file_name(path) } else { path.strip_prefix("./").unwrap_or(path) };
    let note = format!("put the file {path} next to this one: paths are relative to it");
    if !comments.contains(&note) {
        comments.push(note);
    }
    near.to_owned()
}

/// Last component of a path.
pub fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// Converts `--form`.
pub fn form(
    command: &Command,
    headers: &mut Vec<(String, String)>,
    credentials: &mut Credentials,
    comments: &mut Vec<String>,
) -> Vec<(&'static str, Value)> {
    let (mut fields, mut files) = (Vec::new(), Map::new());
    // A step writes the type itself, with its boundary.
    headers.retain(|(name, value)| {
        let own = name.eq_ignore_ascii_case("content-type");
        if own && !multipart::is_multipart(value) {
            comments.push(format!("curl sent the form as {value}: a step sends it as multipart/form-data"));
        }
        !own
    });
    for one in &command.forms {
        if one.plain {
            fields.push(field(&one.name, &one.value, credentials));
            continue;
        }
        let part = Part::read(one);
        match part.source {
            '@' => part.files(&mut files, comments),
            '<' => comments.push(format!(
                "curl sent the content of the file {} as the field {}: add it by hand",
                part.content, part.name
            )),
            _ => {
                if let Some(media) = &part.media {
                    comments.push(format!(
                        "curl sent the field {} as {media}: a file can have a type, a field cannot",
                        part.name
                    ));
                }
                fields.push(field(part.name, &part.content, credentials));
            }
        }
    }
    // Even without a file, `files` makes it multipart/form-data.
    vec![("form", Value::Object(pairs(fields))), ("files", Value::Object(files))]
}

/// A parsed `-F`.
struct Part<'a> {
    name: &'a str,
    /// `@`, `<`, or a space for text.
    source: char,
    content: String,
    quoted: bool,
    media: Option<String>,
    file_name: Option<String>,
}

impl<'a> Part<'a> {
    fn read(form: &'a Form) -> Self {
        let source = form.value.chars().next().filter(|c| "@<".contains(*c)).unwrap_or(' ');
        let mut rest = form.value.strip_prefix(['@', '<']).unwrap_or(&form.value);
        let quoted = rest.starts_with('"');
        let content = word(&mut rest);
        let mut part = Part { name: &form.name, source, content, quoted, media: None, file_name: None };
        while let Some(after) = rest.strip_prefix(';') {
            rest = after.trim_start();
            if let Some(after) = rest.strip_prefix("type=") {
                // Parameters of the media type start with a semicolon too.
                let mut end = after.find(';').unwrap_or(after.len());
                while let Some(more) = after.get(end + 1..).filter(|more| !is_attribute(more)) {
                    end = more.find(';').map_or(after.len(), |at| end + 1 + at);
                }
                part.media = Some(after[..end].trim().to_owned());
                rest = &after[end..];
            } else if let Some(after) = rest.strip_prefix("filename=") {
                rest = after;
                part.file_name = Some(word(&mut rest));
            } else {
                word(&mut rest);
            }
        }
        part
    }

    /// Adds an upload; a list of files is separated by commas.
    fn files(self, files: &mut Map<String, Value>, comments: &mut Vec<String>) {
        let several = !self.quoted && self.file_name.is_none();
        let paths: Vec<&str> = if several { self.content.split(',').collect() } else { vec![&self.content] };
        for path in paths {
            let near = beside(path, comments);
            let mut entry = Map::new();
            let renamed = self.file_name.clone().filter(|name| !name.is_empty() && name != file_name(&near));
            entry.insert("file".to_owned(), Value::from(near));
            entry.extend(renamed.map(|name| ("name".to_owned(), Value::from(name))));
            entry.extend(self.media.clone().map(|media| ("type".to_owned(), Value::from(media))));
            let value = if entry.len() == 1 { entry["file"].take() } else { Value::Object(entry) };
            multipart::add(files, self.name.to_owned(), value);
        }
    }
}

fn is_attribute(text: &str) -> bool {
    let text = text.trim_start();
    ["type=", "filename=", "headers=", "encoder="].iter().any(|name| text.starts_with(name))
}

/// Reads up to the next semicolon outside of quotes.
fn word(rest: &mut &str) -> String {
    if let Some(quoted) = rest.strip_prefix('"') {
        let mut out = String::new();
        let mut chars = quoted.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    let after = &quoted[at + 1..];
                    *rest = &after[after.find(';').unwrap_or(after.len())..];
                    return out;
                }
                '\\' => out.extend(chars.next().map(|(_, c)| c)),
                c => out.push(c),
            }
        }
    }
    let end = rest.find(';').unwrap_or(rest.len());
    let (word, after) = rest.split_at(end);
    *rest = after;
    word.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn form_parts_are_parsed_as_by_curl() {
        for (value, source, content, media, file_name) in [
            ("x", ' ', "x", None, None),
            ("{\"a\":1};type=application/json", ' ', "{\"a\":1}", Some("application/json"), None),
            ("@pic.png", '@', "pic.png", None, None),
            ("@pic.png;type=image/png;filename=b.png", '@', "pic.png", Some("image/png"), Some("b.png")),
            ("@\"a;b\\\".png\";filename=\"c;d\"", '@', "a;b\".png", None, Some("c;d")),
            ("<text.txt", '<', "text.txt", None, None),
            ("a;b=c", ' ', "a", None, None),
            ("a;type=text/plain; charset=utf-8;filename=x", ' ', "a", Some("text/plain; charset=utf-8"), Some("x")),
            ("\"open", ' ', "\"open", None, None),
            ("", ' ', "", None, None),
        ] {
            let form = Form { name: "n".to_owned(), value: value.to_owned(), plain: false };
            let part = Part::read(&form);
            let got = (part.source, part.content.as_str(), part.media.as_deref(), part.file_name.as_deref());
            assert_eq!(got, (source, content, media, file_name), "{value}");
        }
    }
}
