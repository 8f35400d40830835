//! Combines several texts to one tree: the scenario file, its includes, and the selected profile.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::diagnostic::{Diagnostic, bad_byte, nearest};
use super::node::{self, Key, Kind, Node};
use super::source::{MAX_BYTES, Sources};
use crate::clean;
use crate::scenario::grammar::keys::INCLUDED;

/// Maximum number of files of a scenario.
const MAX_FILES: usize = 100;
/// Load models: a profile that sets one of these removes the other load keys.
const MODELS: [&str; 3] = ["shape", "arrivals", "search"];

/// Keys of a file without `user_classes`: a profile with classes removes them.
const FLAT: [&str; 5] = ["tasks", "on_start", "on_stop", "wait_time", "sequential"];

/// Parses the text and its includes.
pub(crate) fn compose(origin: &str, text: &str, folder: Option<&Path>) -> (Sources, Result<Node, Vec<Diagnostic>>) {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut sources = Sources::new(origin, text, folder);
    let mut root = match node::parse(text) {
        Ok(root) => root,
        Err(error) => return (sources, Err(vec![error])),
    };
    let own = folder.map(|f| f.join(Path::new(origin).file_name().unwrap_or_default()));
    let own = own.and_then(|path| path.canonicalize().ok());
    let mut include = Include { sources: &mut sources, seen: BTreeSet::new(), found: Vec::new() };
    include.all(&mut root, &own.into_iter().collect::<Vec<_>>());
    let found = include.found;
    (sources, if found.is_empty() { Ok(root) } else { Err(found) })
}

struct Include<'a> {
    sources: &'a mut Sources,
    seen: BTreeSet<PathBuf>,
    found: Vec<Diagnostic>,
}

impl Include<'_> {
    /// Merges the includes of `node`; `path`: files from the scenario to that of `node`.
    fn all(&mut self, node: &mut Node, path: &[PathBuf]) {
        let Some((_, list)) = node.entries().iter().find(|(key, _)| key.name == "include") else { return };
        for item in list.clone().one_or_more() {
            let Kind::Text(name) = &item.kind else {
                self.found.push(Diagnostic::new(
                    item.at.clone(),
                    format!("`include`: expected names of files, found {}", item.what()),
                ));
                continue;
            };
            match self.one(item, name, path) {
                Ok(Some(included)) => merge(node, included),
                Ok(None) => {}
                Err(message) => self.found.push(Diagnostic::new(item.at.clone(), message)),
            }
        }
    }

    fn one(&mut self, item: &Node, name: &str, path: &[PathBuf]) -> Result<Option<Node>, String> {
        if name.contains("{{") {
            return Err(
                "`include` cannot contain a template: files are joined before templates are evaluated".to_owned()
            );
        }
        if name.contains("://") {
            return Err("remote includes are not supported: save the file next to the scenario".to_owned());
        }
        let (file, bytes) = self.sources.read(item.at.start, name, MAX_BYTES)?;
        let real = file.canonicalize().map_err(|e| format!("cannot read {}: {}", file.display(), clean::cause(&e)))?;
        if let Some(first) = path.iter().position(|p| *p == real) {
            let names =
                path.iter().skip(first).chain([&real]).map(|p| p.file_name().unwrap_or_default().to_string_lossy());
            return Err(format!("recursive include: {}", names.collect::<Vec<_>>().join(" → ")));
        }
        if !self.seen.insert(real.clone()) {
            return Ok(None);
        }
        if self.seen.len() > MAX_FILES {
            return Err(format!("more than {MAX_FILES} included files"));
        }
        let (text, bad) = match String::from_utf8(bytes) {
            Ok(text) => (text, None),
            Err(error) => {
                let (text, found) = bad_byte(error);
                (text, Some(found))
            }
        };
        let start = self.sources.add(&file, &text);
        if let Some(mut bad) = bad {
            bad.at = bad.at.start + start..bad.at.end + start;
            self.found.push(bad);
            return Ok(None);
        }
        let mut node = match node::parse(&text) {
            Ok(node) => node,
            Err(mut error) => {
                error.at = error.at.start + start..error.at.end + start;
                self.found.push(error);
                return Ok(None);
            }
        };
        node.shift(start);
        if !matches!(node.kind, Kind::Map(_)) {
            self.found.push(Diagnostic::new(
                node.at.clone(),
                format!("an included file: expected a map, found {}", node.what()),
            ));
            return Ok(None);
        }
        for (key, _) in node.entries().iter().filter(|(key, _)| !INCLUDED.contains(&key.name.as_str())) {
            let message = format!("`{}` is not allowed in an included file", key.name);
            let note = format!("allowed: {}", INCLUDED.join(", "));
            self.found.push(Diagnostic::new(key.at.clone(), message).note(note));
        }
        self.all(&mut node, &[path, &[real]].concat());
        Ok(Some(node))
    }
}

/// Adds maps and lists of an included file; existing values have precedence.
fn merge(into: &mut Node, from: Node) {
    let (Kind::Map(into), Kind::Map(from)) = (&mut into.kind, from.kind) else { return };
    for (key, value) in from.into_iter().filter(|(key, _)| key.name != "include") {
        let Some((_, own)) = into.iter_mut().find(|(k, _)| k.name == key.name) else {
            into.push((key, value));
            continue;
        };
        match (&mut own.kind, value.kind) {
            (Kind::Map(own), Kind::Map(mut more)) if key.name == "defaults" => {
                join_defaults(&mut more, own);
                *own = more;
            }
            (Kind::Map(own), Kind::Map(more)) => add(own, more),
            (Kind::List(own), Kind::List(more)) => own.extend(more),
            (Kind::List(own), more) => own.push(Node { at: value.at, kind: more }),
            _ => {}
        }
    }
}

/// Merges maps by key; later values have precedence.
fn join(base: &mut Vec<(Key, Node)>, later: &[(Key, Node)], same: fn(&str, &str) -> bool) {
    for (key, value) in later {
        match base.iter_mut().find(|(known, _)| same(&known.name, &key.name)) {
            Some(entry) => *entry = (key.clone(), value.clone()),
            None => base.push((key.clone(), value.clone())),
        }
    }
}

/// Like `join`, for `defaults`, whose headers are merged by name.
fn join_defaults(base: &mut Vec<(Key, Node)>, later: &[(Key, Node)]) {
    for (key, value) in later {
        let known = base.iter_mut().find(|(known, _)| known.name == key.name).map(|(_, node)| node);
        match (known.map(|node| &mut node.kind), &value.kind) {
            (Some(Kind::Map(own)), Kind::Map(more)) if key.name == "headers" => {
                join(own, more, |a, b| a.eq_ignore_ascii_case(b));
            }
            _ => join(base, &[(key.clone(), value.clone())], |a, b| a == b),
        }
    }
}

fn add(own: &mut Vec<(Key, Node)>, more: Vec<(Key, Node)>) {
    // Included variables come first: a variable can use those defined before it.
    let mut all: Vec<(Key, Node)> =
        more.into_iter().filter(|(k, _)| !own.iter().any(|(o, _)| o.name == k.name)).collect();
    all.append(own);
    *own = all;
}

/// Environment variables declared as secrets by the file or one of its profiles.
pub(crate) fn secrets(root: &Node) -> impl Iterator<Item = &str> {
    fn of(node: &Node) -> impl Iterator<Item = &str> {
        let lists = node.entries().iter().filter(|(key, _)| key.name == "secrets");
        lists.flat_map(|(_, list)| list.one_or_more()).filter_map(Node::scalar)
    }
    let profiles = root.entries().iter().filter(|(key, _)| key.name == "profiles");
    of(root).chain(profiles.flat_map(|(_, node)| node.entries()).flat_map(|(_, profile)| of(profile)))
}

/// Names of the profiles.
pub(crate) fn profiles(root: &Node) -> impl Iterator<Item = &str> {
    let profiles = root.entries().iter().find(|(key, _)| key.name == "profiles");
    profiles.into_iter().flat_map(|(_, node)| node.entries()).map(|(key, _)| key.name.as_str())
}

/// Applies a profile: its keys replace those of the file; `vars`, `defaults` and headers in `defaults` are merged.
pub(crate) fn overlay(root: &Node, profile: &str) -> Result<Node, String> {
    let known = || profiles(root);
    let entries = root.entries().iter().find(|(key, _)| key.name == "profiles").map_or(&[][..], |(_, n)| n.entries());
    let Some((_, chosen)) = entries.iter().find(|(key, _)| key.name == profile) else {
        let near = nearest(profile, known()).map(|n| format!(": did you mean `{n}`?"));
        let list = known().collect::<Vec<_>>().join(", ");
        let rest = near
            .unwrap_or_else(|| if list.is_empty() { ": it has none".to_owned() } else { format!(": it has {list}") });
        return Err(format!("the scenario has no profile `{profile}`{rest}"));
    };
    let given = |name: &str| chosen.entries().iter().any(|(key, _)| key.name == name);
    let replaced = MODELS.iter().any(|model| given(model)) || given("users");
    let mut out: Vec<(Key, Node)> = root.entries().to_vec();
    if replaced {
        out.retain(|(key, _)| !MODELS.contains(&key.name.as_str()));
    }
    if given("shape") || given("arrivals") {
        out.retain(|(key, _)| !["users", "spawn_rate"].contains(&key.name.as_str()));
    }
    if given("shape") {
        out.retain(|(key, _)| key.name != "run_time");
    }
    if given("user_classes") {
        out.retain(|(key, _)| !FLAT.contains(&key.name.as_str()));
    }
    if given("tasks") {
        out.retain(|(key, _)| key.name != "user_classes");
    }
    for (key, value) in chosen.entries() {
        let Some((_, own)) = out.iter_mut().find(|(k, _)| k.name == key.name) else {
            out.push((key.clone(), value.clone()));
            continue;
        };
        match (&mut own.kind, &value.kind) {
            (Kind::Map(base), Kind::Map(more)) if key.name == "defaults" => join_defaults(base, more),
            (Kind::Map(base), Kind::Map(more)) if key.name == "vars" => join(base, more, |a, b| a == b),
            _ => *own = value.clone(),
        }
    }
    Ok(Node { at: root.at.clone(), kind: Kind::Map(out) })
}
