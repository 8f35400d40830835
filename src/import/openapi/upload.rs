//! Files of a `multipart/form-data` body: fields whose schema declares binary data.

use serde_json::{Map, Value, json};

use super::reference::resolve;

/// Maximum number of nested schemas of a body.
const DEEPEST: usize = 8;
/// Maximum number of fields of a body.
const MOST: usize = 100;

/// `files` of a step: field names and file names.
pub fn files(document: &Value, content: &Value) -> Map<String, Value> {
    let mut files = Map::new();
    collect(document, &content["schema"], &content["encoding"], &mut files, 0);
    files
}

/// Paths of the files.
pub fn paths(files: &Map<String, Value>) -> impl Iterator<Item = &str> {
    files.values().filter_map(|file| file.as_str().or_else(|| file["file"].as_str()))
}

fn collect(document: &Value, schema: &Value, encoding: &Value, files: &mut Map<String, Value>, depth: usize) {
    let schema = resolve(document, schema);
    if depth > DEEPEST {
        return;
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        collect(document, part, encoding, files, depth + 1);
    }
    for (name, field) in schema["properties"].as_object().into_iter().flatten().take(MOST) {
        let field = resolve(document, field);
        // A list means several files; one is enough.
        let field = if field["type"] == "array" { resolve(document, &field["items"]) } else { field };
        let declared = encoding[name]["contentType"].as_str().or_else(|| field["contentMediaType"].as_str());
        let bytes = field["format"] == "binary"
            || (field.get("contentMediaType").is_some() && field.get("contentEncoding").is_none());
        if bytes {
            files.insert(name.clone(), file(name, declared));
        }
    }
}

/// File name, with its media type unless the extension implies it.
fn file(name: &str, declared: Option<&str>) -> Value {
    // The first of several types.
    let media = declared.and_then(|all| all.split(',').next()).map(str::trim);
    let media =
        media.filter(|media| !media.contains('*') && media.contains('/') && *media != "application/octet-stream");
    let endings = [
        ("image/png", "png"),
        ("image/jpeg", "jpg"),
        ("image/gif", "gif"),
        ("image/webp", "webp"),
        ("image/svg+xml", "svg"),
        ("application/pdf", "pdf"),
        ("application/json", "json"),
        ("application/xml", "xml"),
        ("application/zip", "zip"),
        ("text/csv", "csv"),
        ("text/plain", "txt"),
        ("text/html", "html"),
    ];
    let stem: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || "-_".contains(c) { c } else { '_' }).collect();
    let stem: String = stem.chars().take(60).collect();
    match (media, endings.iter().find(|(known, _)| Some(*known) == media)) {
        (_, Some((_, ending))) => Value::from(format!("{stem}.{ending}")),
        (Some(media), None) => json!({ "file": format!("{stem}.bin"), "type": media }),
        (None, None) => Value::from(format!("{stem}.bin")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binary_fields_are_files() {
        let document =
            json!({ "s": { "Photo": { "properties": { "photo": { "type": "string", "format": "binary" } } } } });
        let content = json!({
            "schema": {
                "allOf": [{ "$ref": "#/s/Photo" }],
                "properties": {
                    "scan": { "type": "string", "contentMediaType": "application/pdf" },
                    "many files": { "type": "array", "items": { "format": "binary" } },
                    "note": { "type": "string" },
                    "key": { "type": "string", "contentMediaType": "image/png", "contentEncoding": "base64" },
                },
            },
            "encoding": { "photo": { "contentType": "image/png, image/jpeg" }, "many files": { "contentType": "video/mp4" } },
        });
        let wanted = json!({
            "photo": "photo.png", "scan": "scan.pdf", "many files": { "file": "many_files.bin", "type": "video/mp4" },
        });
        let files = files(&document, &content);
        assert_eq!(Value::Object(files.clone()), wanted);
        assert_eq!(paths(&files).collect::<Vec<_>>(), ["photo.png", "scan.pdf", "many_files.bin"]);
        let endless = json!({ "s": { "allOf": [{ "$ref": "#/s" }] } });
        assert!(super::files(&endless, &json!({ "schema": { "$ref": "#/s" } })).is_empty());
    }
}
