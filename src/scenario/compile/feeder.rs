//! Compiles `data`: the header is read at compile time, the rows during the run.

use std::path::Path;
use std::sync::Arc;

use super::builder::Builder;
use super::csv_text;
use crate::clean;
use crate::scenario::grammar::keys;
use crate::scenario::plan::{Bind, Feeder, OnEnd, Order};
use crate::scenario::syntax::node::{Key, Node};
use crate::scenario::syntax::source;

/// Number of bytes of a file that are read to check it.
const START: u64 = 1_000_000;

impl Builder<'_> {
    pub(super) fn data(&mut self, node: &Node) {
        let Some(entries) = self.map(node, "data") else { return };
        for (key, value) in entries {
            // Without columns, members are not checked: the error of the file is enough.
            self.names.columns.insert(key.name.clone(), Arc::from([]));
            if let Some(feeder) = self.feeder(key, value) {
                self.names.columns.insert(key.name.clone(), Arc::clone(&feeder.columns));
                self.feeders.push(feeder);
            }
        }
    }

    fn feeder(&mut self, key: &Key, node: &Node) -> Option<Feeder> {
        let fields = self.fields(node, &keys::DATA)?;
        let orders = [("sequential", Order::Sequential), ("random", Order::Random), ("shuffle", Order::Shuffle)];
        let keys = keys::DATA.keys;
        let order = self.or_default(fields.get("order"), keys, "order", |b, n, key| b.word(n, key, &orders))?;
        let binds = [("user", Bind::User), ("iteration", Bind::Iteration)];
        let bind = self.or_default(fields.get("bind"), keys, "bind", |b, n, key| b.word(n, key, &binds))?;
        let ends = [("recycle", OnEnd::Recycle), ("stop", OnEnd::Stop)];
        let on_end = self.or_default(fields.get("on_end"), keys, "on_end", |b, n, key| b.word(n, key, &ends))?;
        let delimiter = self.or_default(fields.get("delimiter"), keys, "delimiter", |b, n, _| b.delimiter(n))?;
        if order == Order::Random && on_end == OnEnd::Stop {
            let at = fields.key("on_end").unwrap_or(key.at.clone());
            self.warn(at, "`on_end: stop` has no effect: random rows never end", "use order: sequential or shuffle");
        }
        let file = fields.get("file")?;
        let name = self.constant_text(file, "file")?;
        let path = self.sources.resolve(file.at.start, &name).map_err(|why| self.error(file, why)).ok()?;
        let columns = columns(&path, delimiter).map_err(|why| self.error(file, format!("{name}: {why}"))).ok()?;
        let slot = self.names.slots.id(&key.name)?;
        Some(Feeder { name: key.name.as_str().into(), path, delimiter, columns, order, bind, on_end, slot })
    }

    fn delimiter(&mut self, node: &Node) -> Option<u8> {
        match self.scalar(node, "delimiter")?.as_bytes() {
            b"\\t" => Some(b'\t'),
            [one] if one.is_ascii() && !one.is_ascii_alphanumeric() && *one != b'"' => Some(*one),
            _ => {
                self.error(node, "`delimiter` must be one character such as , or ;, or \\t for a tab");
                None
            }
        }
    }
}

/// Reads the header, and checks the first row.
fn columns(path: &Path, delimiter: u8) -> Result<Arc<[Arc<str>]>, String> {
    use std::io::Read as _;
    // Enough for a header and a row; limits the size of files without line ends.
    let mut text = Vec::new();
    source::open(path).and_then(|file| file.take(START).read_to_end(&mut text)).map_err(|e| clean::cause(&e))?;
    if let Some(why) = csv_text::encoding(&text) {
        return Err(why.to_owned());
    }
    if let Some(line) = csv_text::unclosed_quote(&text, delimiter, (text.len() as u64) < START) {
        return Err(format!("the quote that opens in line {line} is never closed"));
    }
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(text.as_slice());
    let header = reader.headers().map_err(|e| words(&e))?.clone();
    let names: Vec<Arc<str>> = header.iter().map(|name| name.trim().trim_start_matches('\u{feff}').into()).collect();
    if names.iter().all(|name| name.is_empty()) {
        return Err("the file is empty: its first line must name the columns".to_owned());
    }
    if let [one] = names.as_slice()
        && let Some(why) = csv_text::other_delimiter(one, delimiter)
    {
        return Err(why);
    }
    for (index, name) in names.iter().enumerate() {
        if name.is_empty() {
            return Err(format!("column {} has no name in the first line", index + 1));
        }
        if names.iter().take(index).any(|other| other == name) {
            return Err(format!("column `{name}` is defined twice"));
        }
    }
    match reader.records().next() {
        None => Err("there is no row below the first line".to_owned()),
        Some(Err(e)) => Err(words(&e)),
        Some(Ok(row)) if row.len() != names.len() => {
            Err(format!("the first row has {} cells, the header {}", row.len(), names.len()))
        }
        Some(Ok(_)) => Ok(names.into()),
    }
}

/// An error of the CSV library in words.
fn words(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Utf8 { pos, .. } => {
            let line = pos.as_ref().map_or(1, csv::Position::line);
            format!("line {line} is not UTF-8: save the file as UTF-8 (in Excel: CSV UTF-8)")
        }
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::Scenario;

    #[test]
    fn files_that_are_not_the_expected_csv() {
        let folder = tempfile::tempdir().unwrap();
        let text = "host: http://h\ndata:\n  d: { file: d.csv }\ntasks: [{ steps: [{ get: '/{{ d.a }}' }] }]\n";
        let load = |content: &[u8], text: &str| {
            std::fs::write(folder.path().join("d.csv"), content).unwrap();
            Scenario::parse_in("s.yaml", text, Some(folder.path()))
        };
        for (content, wanted) in [
            (&b"a;b\n1,5;2\n"[..], "d.csv: its columns are separated by `;`: write delimiter: \";\""),
            (b"a\tb\n1\t2\n", "separated by tabs: write delimiter: \"\\t\""),
            (b"\xef\xbb\xbf\"a;b\"\n1\n", "separated by `;`"),
            (b"\xff\xfea\0\n\0", "the file is UTF-16: save it as UTF-8"),
            (b"a,b\n1,2\n3,\"x\n5,6\n", "the quote that opens in line 3 is never closed"),
            (b"a,b\nM\xfcller,2\n", "line 2 is not UTF-8"),
        ] {
            let error = load(content, text).unwrap_err().text;
            assert!(error.contains(wanted) && error.contains("s.yaml:3:14"), "{content:?}: {error}");
        }
        let semicolon = text.replace("d.csv }", "d.csv, delimiter: ';' }");
        assert!(load(b"a;b\n1,5;2\n", &semicolon).is_ok());
        assert!(load(b"a,b\n1,2\n", &semicolon).unwrap_err().text.contains("separated by `,`: remove `delimiter`"));
        assert!(load(b"a\n\"1;2\"\n", text).is_ok());
    }
}
