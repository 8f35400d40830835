//! Who may import whom: parts use only what stands below them, so that the engine never learns that there is a screen.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Each part with all that it may name, which stands further down in this list. `units` and `clean` stand below
/// everything.
const LAYERS: &[(&str, &[&str])] = &[
    ("cli", &["demo", "engine", "headless", "import", "protocol", "report", "scenario", "stats", "system", "tui"]),
    ("import", &["scenario"]),
    ("headless", &["engine", "report", "stats", "system"]),
    ("tui", &["engine", "report", "scenario", "stats", "system"]),
    ("report", &["stats"]),
    ("engine", &["protocol", "scenario", "stats"]),
    ("protocol", &["scenario", "stats"]),
    ("stats", &[]),
    ("scenario", &[]),
    ("demo", &[]),
    ("system", &[]),
    ("clean", &[]),
    ("units", &[]),
];

/// The files of code below a folder; tests may name anything.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a readable folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
            found.push(path);
        }
    }
}

/// The parts named by `crate::part` or `crate::{part, other::thing}` outside of tests.
fn imports(text: &str) -> BTreeSet<String> {
    let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let code: String = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    code.split("crate::").skip(1).flat_map(names).collect()
}

fn names(rest: &str) -> Vec<String> {
    let name = |text: &str| text.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    let Some(group) = rest.strip_prefix('{') else { return vec![name(rest)] };
    let mut depth = 0;
    let mut parts = vec![String::new()];
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => parts.push(String::new()),
            _ => parts.last_mut().expect("never empty").push(c),
        }
    }
    parts.iter().filter(|part| !part.trim().is_empty()).map(|part| name(part)).collect()
}

#[test]
fn nothing_may_look_up() {
    for (at, (part, allowed)) in LAYERS.iter().enumerate() {
        for name in *allowed {
            assert!(LAYERS[at + 1..].iter().any(|(below, _)| below == name), "{name} does not stand below {part}");
        }
    }
}

#[test]
fn parts_use_only_what_stands_below_them() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut checked = BTreeSet::new();
    for file in files {
        let inside = file.strip_prefix(&root).expect("a file below src");
        let part = inside.iter().next().expect("a name").to_string_lossy().trim_end_matches(".rs").to_owned();
        let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == part) else {
            assert!(["lib", "main"].contains(&part.as_str()), "{part} has no place in the layers");
            continue;
        };
        checked.insert(part.clone());
        for used in imports(&fs::read_to_string(&file).expect("a readable file")) {
            let fine = used == part || ["units", "clean"].contains(&used.as_str()) || allowed.contains(&used.as_str());
            assert!(fine, "{} uses crate::{used}, which {part} may not know", inside.display());
        }
    }
    assert_eq!(checked.len(), LAYERS.len(), "every part exists: {checked:?}");
}

#[test]
fn the_screen_takes_only_commands_and_the_handle_from_the_engine() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tui"), &mut files);
    for file in files {
        let text = fs::read_to_string(&file).expect("a readable file");
        for line in text.lines().filter(|line| line.contains("use crate::engine")) {
            let names = line.split_once("engine::").map_or("", |(_, names)| names).trim_matches(|c| "{};".contains(c));
            for name in names.split(',').map(str::trim) {
                assert!(["Command", "RunHandle", "Gone"].contains(&name), "{}: {line}", file.display());
            }
        }
    }
}
