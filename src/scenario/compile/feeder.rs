//! Compiles `data`: the header is read at compile time, the rows during the run.

use std::path::Path;
use std::sync::Arc;

use super::builder::Builder;
use crate::scenario::grammar::keys;
use crate::scenario::plan::{Bind, Feeder, OnEnd, Order};
use crate::scenario::syntax::node::{Key, Node};
use crate::scenario::syntax::source;

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
    let file = source::open(path).map_err(|e| e.to_string())?.take(1_000_000);
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(file);
    let header = reader.headers().map_err(|e| e.to_string())?.clone();
    let names: Vec<Arc<str>> = header.iter().map(|name| name.trim().trim_start_matches('\u{feff}').into()).collect();
    if names.iter().all(|name| name.is_empty()) {
        return Err("the file is empty: its first line must name the columns".to_owned());
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
        Some(Err(e)) => Err(e.to_string()),
        Some(Ok(row)) if row.len() != names.len() => {
            Err(format!("the first row has {} cells, the header {}", row.len(), names.len()))
        }
        Some(Ok(_)) => Ok(names.into()),
    }
}
