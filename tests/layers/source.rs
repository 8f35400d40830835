//! The declarations of a file, and the paths that it uses.

use std::collections::BTreeMap;

use super::lexer::tokens;

/// A path as written, such as `["super", "plan", "Step"]`.
pub type Path = Vec<String>;

/// A file, without its test code.
#[derive(Debug, Default, PartialEq)]
pub struct Source {
    /// Modules in separate files.
    pub children: Vec<String>,
    /// Modules in separate files that are for tests only.
    pub test_children: Vec<String>,
    /// Items that it defines.
    pub items: Vec<String>,
    /// Names imported by `use`, and what they refer to.
    pub names: BTreeMap<String, Path>,
    /// Glob imports: `use path::*`.
    pub globs: Vec<Path>,
    /// All paths that it uses, including those of `use` and of re-exports (`pub use`).
    pub paths: Vec<Path>,
}

const ITEMS: [&str; 9] = ["struct", "enum", "trait", "fn", "const", "static", "type", "union", "macro_rules"];

impl Source {
    /// Parses the text of a file.
    pub fn parse(text: &str) -> Self {
        let mut source = Self::default();
        let tokens = tokens(text);
        let (mut at, mut depth) = (0, 0);
        while let Some(token) = tokens.get(at) {
            if tokens[at..].starts_with(&["#", "[", "cfg", "(", "test", ")", "]"]) {
                at = source.tests(&tokens, at + 7);
                continue;
            }
            match *token {
                "{" => depth += 1,
                "}" => depth -= 1,
                "use" if tokens.get(at + 1) != Some(&"<") => {
                    let end = at + tokens[at..].iter().position(|token| *token == ";").unwrap_or(1);
                    source.import(&mut Vec::new(), &tokens[at + 1..end]);
                    at = end;
                }
                "mod" if tokens.get(at + 2) == Some(&";") => source.children.push(tokens[at + 1].to_owned()),
                item if depth == 0 && ITEMS.contains(&item) => {
                    source.items.extend(tokens[at + 1..].iter().find(|name| **name != "!").map(|name| (*name).into()));
                }
                _ if is_name(token) && tokens.get(at + 1) == Some(&"::") && begins(&tokens, at) => {
                    let path = inline(&tokens[at..]);
                    at += 2 * path.len() - 2;
                    source.paths.push(path);
                }
                _ => {}
            }
            at += 1;
        }
        source
    }

    /// Skips the item after `#[cfg(test)]`; returns the position after it.
    fn tests(&mut self, tokens: &[&str], from: usize) -> usize {
        let item = tokens[from..].iter().position(|token| !matches!(*token, "pub" | "(" | ")" | "crate" | "super"));
        let item = from + item.unwrap_or_default();
        if tokens[item] == "mod" && tokens.get(item + 2) == Some(&";") {
            self.test_children.push(tokens[item + 1].to_owned());
        }
        let is_item = ["use", "mod", "impl", "async", "unsafe"].iter().chain(&ITEMS).any(|word| *word == tokens[item]);
        let mut depth = 0;
        for (at, token) in tokens.iter().enumerate().skip(item) {
            match *token {
                "{" | "(" | "[" => depth += 1,
                // The last variant or field has no comma after it.
                "}" | ")" | "]" if depth == 0 => return at,
                "}" if depth == 1 && is_item && tokens[item] != "use" => return at + 1,
                "}" | ")" | "]" => depth -= 1,
                ";" if depth == 0 => return at + 1,
                "," if depth == 0 && !is_item => return at + 1,
                _ => {}
            }
        }
        tokens.len()
    }

    /// Adds a `use` tree below `prefix`.
    fn import(&mut self, prefix: &mut Path, tree: &[&str]) {
        let depth = prefix.len();
        let mut words = tree.iter().enumerate();
        for (at, token) in words.by_ref() {
            match *token {
                "::" => {}
                "{" => {
                    for branch in branches(&tree[at + 1..tree.len() - 1]) {
                        self.import(prefix, branch);
                    }
                    return prefix.truncate(depth);
                }
                "*" => {
                    self.globs.push(prefix.clone());
                    self.paths.push(prefix.clone());
                    return prefix.truncate(depth);
                }
                "as" => break,
                "self" if !prefix.is_empty() => {}
                name => prefix.push(name.to_owned()),
            }
        }
        let name = words.next().map(|(_, name)| (*name).to_owned()).or_else(|| prefix.last().cloned());
        self.names.extend(name.map(|name| (name, prefix.clone())));
        self.paths.push(prefix.clone());
        prefix.truncate(depth);
    }
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Whether a path starts here, and not in the middle of one or at a method call.
fn begins(tokens: &[&str], at: usize) -> bool {
    at.checked_sub(1).is_none_or(|before| !["::", "."].contains(&tokens[before]))
}

fn inline(tokens: &[&str]) -> Path {
    let pairs = tokens.chunks(2).take_while(|pair| is_name(pair[0]));
    let mut path = Vec::new();
    for pair in pairs {
        path.push(pair[0].to_owned());
        if pair.get(1) != Some(&"::") {
            break;
        }
    }
    path
}

/// The parts between the commas of a group.
fn branches<'a>(group: &'a [&'a str]) -> Vec<&'a [&'a str]> {
    let mut depth = 0;
    let parts = group.split(|token| {
        depth += i32::from(*token == "{") - i32::from(*token == "}");
        depth == 0 && *token == ","
    });
    parts.filter(|part| !part.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(text: &str) -> Vec<String> {
        Source::parse(text).paths.iter().map(|path| path.join("::")).collect()
    }

    #[test]
    fn use_trees_are_flattened() {
        for (text, expected) in [
            ("use a::b;", vec!["a::b"]),
            ("pub(crate) use self::a::b as c;", vec!["self::a::b"]),
            ("use super::{a, b::{self, c}, d::*};", vec!["super::a", "super::b", "super::b::c", "super::d"]),
            ("pub use crate::{\n    // not::this\n    a::b,\n};", vec!["crate::a::b"]),
            ("fn f() { use Kind::*; }", vec!["Kind"]),
            ("fn f() -> impl Sized + use<'_> { 1 }", vec![]),
        ] {
            assert_eq!(paths(text), expected, "{text}");
        }
        let names = Source::parse("use a::{b as c, d::{self}}; use e::f;").names;
        let names: Vec<_> = names.iter().map(|(name, path)| format!("{name}={}", path.join("::"))).collect();
        assert_eq!(names, ["c=a::b", "d=a::d", "f=e::f"]);
    }

    #[test]
    fn paths_in_code_are_found() {
        for (text, expected) in [
            (
                "fn f(x: super::X) -> crate::a::Y { crate::b::g::<u8>() }",
                vec!["super::X", "crate::a::Y", "crate::b::g"],
            ),
            ("fn f() { x.iter().collect::<Vec<_>>(); child::go() }", vec!["child::go"]),
            ("fn f() { println!(\"{}\", super::N); }", vec!["super::N"]),
            ("/// [`X`](crate::x::X)\nfn f() { \"crate::y::Y\"; }", vec![]),
        ] {
            assert_eq!(paths(text), expected, "{text}");
        }
    }

    #[test]
    fn test_code_is_skipped() {
        let text = "
            mod a;
            pub mod b;
            #[cfg(test)]
            mod fixture;
            struct X { #[cfg(test)] y: crate::no::Y, z: crate::z::Z }
            enum E { #[cfg(test)] These(crate::no::Y) }
            impl X {
                #[cfg(test)]
                pub fn no() -> crate::no::X { crate::no::X { y: 1 } }
                fn yes() { crate::yes::f() }
            }
            #[cfg(test)]
            use crate::no::{X, Y};
            #[cfg(test)]
            mod tests { use super::*; fn f() { crate::no::f() } }
            const C: u8 = crate::c::C;
        ";
        let source = Source::parse(text);
        assert_eq!(paths(text), ["crate::z::Z", "crate::yes::f", "crate::c::C"]);
        assert_eq!((source.children, source.test_children), (vec!["a".into(), "b".into()], vec!["fixture".into()]));
        assert_eq!(source.items, ["X", "E", "C"]);
    }
}
