//! The graph of imports between files, with all paths resolved.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::fs;
use std::path::Path as FilePath;

use super::source::{Path, Source};

/// A module by its path from the crate root: `["engine", "pool"]`; the root is empty.
type Module = Vec<String>;

/// All files of the crate except tests, identified by index.
#[derive(Debug, Default)]
pub struct Graph {
    files: Vec<File>,
    modules: HashMap<Module, usize>,
    /// What each file imports, with the paths in its source.
    imports: Vec<BTreeMap<usize, Vec<String>>>,
}

#[derive(Debug)]
struct File {
    name: String,
    module: Module,
    source: Source,
}

/// An import from one file to another.
#[derive(Debug)]
pub struct Import<'a> {
    /// The file that imports, such as `engine/pool/mod.rs`.
    pub from: &'a str,
    /// The file that defines what is imported.
    pub to: &'a str,
    /// The path in the source, with aliases of `use` resolved.
    pub path: &'a str,
}

/// Maximum re-exports to follow: one may refer to itself.
const HOPS: usize = 20;

impl Graph {
    /// Reads the files below a folder.
    pub fn read(root: &FilePath) -> Self {
        let mut files = Vec::new();
        collect(root, root, &mut files);
        Self::new(files)
    }

    /// From files given by name (`engine/mod.rs`) and text.
    pub fn new(files: Vec<(String, String)>) -> Self {
        let file = |(name, text): (String, String)| File { module: module(&name), source: Source::parse(&text), name };
        let mut files: Vec<File> = files.into_iter().map(file).collect();
        let for_tests: Vec<Module> = files
            .iter()
            .flat_map(|file| file.source.test_children.iter().map(|child| below(&file.module, child)))
            .collect();
        files.retain(|file| !for_tests.iter().any(|root| file.module.starts_with(root)));
        files.sort_by(|a, b| a.name.cmp(&b.name));
        let modules = files.iter().enumerate().map(|(index, file)| (file.module.clone(), index)).collect();
        let mut graph = Self { files, modules, imports: Vec::new() };
        graph.imports = (0..graph.files.len()).map(|file| graph.imports_of(file)).collect();
        graph
    }

    /// All imports from one file to another.
    pub fn imports(&self) -> impl Iterator<Item = Import<'_>> {
        let name = |file: usize| self.files[file].name.as_str();
        self.imports.iter().enumerate().flat_map(move |(from, to)| {
            to.iter().flat_map(move |(to, paths)| {
                paths.iter().map(move |path| Import { from: name(from), to: name(*to), path })
            })
        })
    }

    /// Import cycles, in order; cycles that share a file are listed once.
    pub fn circles(&self) -> Vec<Vec<&str>> {
        let mut seen = BTreeSet::new();
        let mut circles = Vec::new();
        for start in 0..self.files.len() {
            let Some(circle) = self.way_back(start) else { continue };
            if circle.iter().all(|file| !seen.contains(file)) {
                circles.push(circle.iter().map(|file| self.files[*file].name.as_str()).collect());
            }
            seen.extend(circle);
        }
        circles
    }

    /// The shortest import cycle through a file.
    fn way_back(&self, start: usize) -> Option<Vec<usize>> {
        let mut before = vec![None; self.files.len()];
        let mut queue = VecDeque::from([start]);
        while let Some(file) = queue.pop_front() {
            for next in self.imports[file].keys().copied() {
                if next == start {
                    let mut way: Vec<_> = std::iter::successors(Some(file), |file| before[*file]).collect();
                    way.reverse();
                    return Some(way);
                }
                if before[next].is_none() {
                    before[next] = Some(file);
                    queue.push_back(next);
                }
            }
        }
        None
    }

    fn imports_of(&self, index: usize) -> BTreeMap<usize, Vec<String>> {
        let File { source, module, .. } = &self.files[index];
        let mut found: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        for path in &source.paths {
            // A name from `use` may be a module.
            let spelled: Path = match source.names.get(&path[0]).filter(|target| path[..] != target[..]) {
                Some(target) => target.iter().chain(&path[1..]).cloned().collect(),
                None => path.clone(),
            };
            let to =
                self.resolve(module, &spelled, HOPS).filter(|to| *to != index && !self.files[*to].module.is_empty());
            if let Some(to) = to {
                found.entry(to).or_default().push(spelled.join("::"));
            }
        }
        found
    }

    /// The file that defines `path`, as seen from `module`; `None` for other crates.
    fn resolve(&self, module: &[String], path: &[String], hops: usize) -> Option<usize> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => self.descend(&[], rest, hops),
            "self" => self.descend(module, rest, hops),
            "super" => {
                let up = path.iter().take_while(|segment| *segment == "super").count();
                self.descend(&module[..module.len().checked_sub(up)?], &path[up..], hops)
            }
            name => {
                let children = &self.files[*self.modules.get(module)?].source.children;
                children.iter().any(|child| child == name).then(|| self.descend(module, path, hops))?
            }
        }
    }

    /// Resolves the rest of a path in a module: in its children, and through its re-exports.
    fn descend(&self, module: &[String], path: &[String], hops: usize) -> Option<usize> {
        let hops = hops.checked_sub(1)?;
        let file = *self.modules.get(module)?;
        let Some((name, rest)) = path.split_first() else { return Some(file) };
        let child = below(module, name);
        if self.modules.contains_key(&child) {
            return self.descend(&child, rest, hops);
        }
        let source = &self.files[file].source;
        if source.items.contains(name) {
            return Some(file);
        }
        if let Some(target) = source.names.get(name) {
            let path: Path = target.iter().chain(rest).cloned().collect();
            // A re-export from another crate belongs to the file that re-exports it.
            return self.resolve(module, &path, hops).or(Some(file));
        }
        let globbed = source.globs.iter().find_map(|glob| {
            let path: Path = glob.iter().chain(path).cloned().collect();
            let found = self.resolve(module, &path, hops)?;
            self.files[found].source.items.contains(name).then_some(found)
        });
        Some(globbed.unwrap_or(file))
    }
}

fn below(module: &[String], child: &str) -> Module {
    module.iter().cloned().chain([child.to_owned()]).collect()
}

fn module(name: &str) -> Module {
    let mut path: Module = name.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    let is_root = ["lib", "main"].contains(&name.trim_end_matches(".rs"));
    if is_root || path.last().is_some_and(|last| last == "mod") {
        path.pop();
    }
    path
}

fn collect(root: &FilePath, folder: &FilePath, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).expect("a readable folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(root, &path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("main.rs") {
            let name = path.strip_prefix(root).expect("a file below the root").to_string_lossy().into_owned();
            found.push((name, fs::read_to_string(&path).expect("a readable file")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(files: &[(&str, &str)]) -> Graph {
        Graph::new(files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect())
    }

    fn imports(graph: &Graph, file: &str) -> Vec<String> {
        let mut to: Vec<_> = graph.imports().filter(|i| i.from == file).map(|i| i.to.to_owned()).collect();
        to.dedup();
        to
    }

    #[test]
    fn re_exports_are_resolved_to_the_defining_file() {
        let graph = graph(&[
            ("lib.rs", "pub mod a; mod d;"),
            ("a/mod.rs", "mod b; mod c; pub use b::B; pub use self::c::*; pub struct Own; pub use other::Foreign;"),
            ("a/b.rs", "use super::C; pub struct B;"),
            ("a/c.rs", "pub struct C; fn f() { super::c::C; }"),
            ("d.rs", "use crate::a::{self, B as Bee}; fn f() { a::C; Bee::new(); crate::a::Own; crate::a::Foreign; }"),
        ]);
        assert_eq!(imports(&graph, "a/mod.rs"), ["a/b.rs", "a/c.rs"]);
        assert_eq!(imports(&graph, "a/b.rs"), ["a/c.rs"]);
        assert!(imports(&graph, "a/c.rs").is_empty());
        assert_eq!(imports(&graph, "d.rs"), ["a/b.rs", "a/c.rs", "a/mod.rs"]);
        assert!(graph.circles().is_empty(), "to list modules is no import of them");
    }

    #[test]
    fn cycles_are_listed_in_order() {
        let files = [
            ("lib.rs", "mod a; mod b; mod c; mod d;"),
            ("a.rs", "use crate::b::B; use crate::d::D; pub struct A;"),
            ("b.rs", "use super::c::C; pub struct B;"),
            ("c.rs", "pub struct C; fn f() { crate::a::A; }"),
            ("d.rs", "pub struct D; #[cfg(test)] mod tests { use crate::a::A; }"),
        ];
        assert_eq!(graph(&files).circles(), [["a.rs", "b.rs", "c.rs"]]);
        let open: Vec<_> = files.iter().filter(|(name, _)| *name != "c.rs").copied().collect();
        assert!(graph(&open).circles().is_empty());
    }

    #[test]
    fn parents_and_children_can_form_cycles() {
        let child = ("a/b.rs", "use super::Own; pub struct B;");
        let declares = graph(&[("lib.rs", "mod a;"), ("a/mod.rs", "mod b; pub struct Own;"), child]);
        assert!(declares.circles().is_empty());
        let uses = graph(&[("lib.rs", "mod a;"), ("a/mod.rs", "mod b; pub struct Own; fn f() { b::B; }"), child]);
        assert_eq!(uses.circles(), [["a/b.rs", "a/mod.rs"]]);
        let re_exports = graph(&[("lib.rs", "mod a;"), ("a/mod.rs", "mod b; pub use b::B; pub struct Own;"), child]);
        assert_eq!(re_exports.circles(), [["a/b.rs", "a/mod.rs"]]);
    }
}
