//! Imports between modules: layers import only layers below them, and files do not import each other in a circle. So
//! the engine does not depend on the screen, and the code can be read from the bottom up.

#[path = "layers/graph.rs"]
mod graph;
#[path = "layers/lexer.rs"]
mod lexer;
#[path = "layers/source.rs"]
mod source;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::LazyLock;

use self::graph::{Graph, Import};

/// Each layer with the layers that it may import, which come later in this list. [`GROUND`] is below everything.
const FLOORS: &[(&str, &[&str])] = &[
    (
        "cli",
        &[
            "demo", "doctor", "engine", "github", "headless", "import", "protocol", "report", "scenario", "settings",
            "sink", "stats", "store", "system", "tui", "verdict",
        ],
    ),
    ("import", &["scenario"]),
    ("github", &["report", "sink", "stats", "store", "system"]),
    ("headless", &["engine", "report", "settings", "stats", "store", "system", "verdict"]),
    ("tui", &["doctor", "engine", "report", "scenario", "settings", "stats", "store", "system", "verdict"]),
    ("doctor", &["protocol", "scenario", "settings", "sink", "system"]),
    ("sink", &["protocol", "scenario", "settings", "stats", "store", "verdict"]),
    ("report", &["settings", "stats", "store", "system", "verdict"]),
    ("store", &["stats", "system", "verdict"]),
    ("engine", &["protocol", "scenario", "stats", "verdict"]),
    ("protocol", &["scenario", "stats"]),
    ("verdict", &["scenario", "stats"]),
    ("stats", &[]),
    ("settings", &["scenario"]),
    ("scenario", &[]),
    ("demo", &[]),
    ("system", &[]),
    ("cells", &[]),
    ("clean", &[]),
    ("row_kind", &[]),
    ("units", &[]),
];

/// Modules that every other may import.
const GROUND: [&str; 4] = ["cells", "clean", "row_kind", "units"];

/// The layers of `scenario`. Files next to the folders are its public interface: they may import all folders, and no
/// folder may import them.
const SCENARIO: &[(&str, &[&str])] = &[
    ("estimate", &["plan"]),
    ("compile", &["graphql", "plan", "eval", "syntax", "grammar", "secrets"]),
    ("graphql", &["plan", "eval", "syntax", "secrets"]),
    ("plan", &["eval", "secrets"]),
    ("eval", &["syntax", "grammar", "secrets"]),
    ("syntax", &["grammar", "secrets"]),
    ("grammar", &[]),
    ("secrets", &[]),
];

/// The layers of `protocol`, including files next to the folders.
const PROTOCOL: &[(&str, &[&str])] = &[
    ("sessions", &["redis", "graphql", "http", "net", "context", "message_sink", "result"]),
    ("redis", &["net", "evaluate", "example", "context", "message_sink", "trace", "result"]),
    ("graphql", &["http", "net", "evaluate", "example", "context", "trace", "result"]),
    ("http", &["net", "evaluate", "example", "context", "trace", "result", "offload"]),
    ("net", &["offload"]),
    ("evaluate", &["result"]),
    ("example", &["context", "result"]),
    ("context", &["trace", "result"]),
    ("message_sink", &["result"]),
    ("trace", &["result"]),
    ("result", &[]),
    ("offload", &[]),
];

/// Names of the engine that the screen may use.
const OF_THE_ENGINE: [&str; 3] = ["Command", "RunHandle", "CommandError"];

static TREE: LazyLock<Graph> = LazyLock::new(|| Graph::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")));

/// The `n`-th component of a path, or the file name.
fn part(file: &str, n: usize) -> &str {
    file.split('/').nth(n).unwrap_or_default().trim_end_matches(".rs")
}

fn may_import<'a>(table: &'a [(&str, &[&str])], part: &str) -> Option<&'a [&'a str]> {
    table.iter().find(|(name, _)| *name == part).map(|(_, allowed)| *allowed)
}

#[test]
fn tables_go_downwards() {
    for table in [FLOORS, SCENARIO, PROTOCOL] {
        for (at, (part, allowed)) in table.iter().enumerate() {
            for name in *allowed {
                assert!(table[at + 1..].iter().any(|(below, _)| below == name), "{name} is not below {part}");
            }
        }
    }
}

#[test]
fn layers_import_only_layers_below_them() {
    let mut seen = BTreeSet::new();
    for Import { from, to, path } in TREE.imports().filter(|import| import.from != "lib.rs") {
        let (floor, used) = (part(from, 0), part(to, 0));
        let allowed = may_import(FLOORS, floor).unwrap_or_else(|| panic!("{floor} is not in the table of floors"));
        let fine = used == floor || GROUND.contains(&used) || allowed.contains(&used);
        assert!(fine, "{from} imports {path}, but {floor} may not import {used}");
        seen.extend([floor, used]);
    }
    assert_eq!(seen.len(), FLOORS.len(), "every floor of the table exists: {seen:?}");
}

#[test]
fn folders_import_only_folders_below_them() {
    let mut wrong = Vec::new();
    for (floor, rooms) in [("scenario", SCENARIO), ("protocol", PROTOCOL)] {
        let inside = |file: &str| part(file, 0) == floor && part(file, 1) != "mod";
        for Import { from, to, path } in
            TREE.imports().filter(|import| inside(import.from) && part(import.to, 0) == floor)
        {
            let (room, used) = (part(from, 1), part(to, 1));
            // Files next to the folders of `scenario` are not listed.
            let Some(allowed) = may_import(rooms, room) else {
                assert_eq!(floor, "scenario", "{from} is in no room of the table");
                continue;
            };
            if used != room && !allowed.contains(&used) {
                wrong.push(format!("{from} imports {path}, but {room} may not import {used}"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn files_do_not_import_each_other_in_a_circle() {
    let circles = TREE.circles();
    let words: Vec<_> = circles.iter().map(|circle| format!("{} → {}", circle.join(" → "), circle[0])).collect();
    assert!(words.is_empty(), "\n{}", words.join("\n"));
}

#[test]
fn the_screen_uses_only_commands_and_the_handle_of_the_engine() {
    let of_the_screen = |import: &Import<'_>| part(import.from, 0) == "tui" && part(import.to, 0) == "engine";
    for Import { from, path, .. } in TREE.imports().filter(of_the_screen) {
        let name = path.split("::").nth(2).unwrap_or_default();
        assert!(OF_THE_ENGINE.contains(&name), "{from} imports {path}");
    }
}
