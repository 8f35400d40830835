//! `katydid import FILE`: a scenario from a recording, a document or a command line. Notes go to standard error, so that
//! standard output is the scenario alone.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::args::Import;
use super::{exit, files, schema};
use crate::headless::console;
use crate::import::{self, ImportOptions, Imported, MAX_INPUT};
use crate::scenario::grammar::schema::{FILE, MODELINE};
use crate::scenario::syntax::source;

/// Reads, converts and writes.
pub(super) fn run(args: &Import) -> ExitCode {
    let text = match read(&args.file) {
        Ok(text) => text,
        Err(why) => {
            console::warn(&format!("cannot read {}: {why}", args.file.display()));
            return ExitCode::from(exit::USAGE);
        }
    };
    let options =
        ImportOptions { assets: args.assets, hosts: args.include_host.clone(), browser_headers: args.browser_headers };
    let imported = match import::import(&text, &name(args), &options) {
        Ok(imported) => imported,
        Err(why) => {
            console::warn(&format!("cannot import {}: {why}", args.file.display()));
            return ExitCode::from(exit::USAGE);
        }
    };
    if let Some(out) = &args.out {
        let text = (out.to_owned(), imported.text.as_bytes());
        let others = imported.files.iter().map(|(name, content)| (out.with_file_name(name), content.as_slice()));
        let mut written: Vec<PathBuf> = Vec::new();
        for (path, content) in [text].into_iter().chain(others) {
            if let Err(why) = files::create(&path, content) {
                console::warn(&format!("cannot write {}: {why}", path.display()));
                // A scenario without its files would not load.
                written.iter().for_each(|path| drop(std::fs::remove_file(path)));
                return ExitCode::from(exit::TROUBLE);
            }
            console::say(&format!("wrote {}", path.display()));
            written.push(path);
        }
        match schema::write_beside(out) {
            Ok(Some(path)) => console::say(&format!("wrote {}", path.display())),
            Ok(None) => {}
            // The scenario works without it.
            Err(why) => console::warn(&format!("cannot write {FILE} for editors next to it: {why}")),
        }
    } else {
        let how = format!("{MODELINE}\n# `katydid schema > {FILE}` writes the schema for editors.");
        console::say(&imported.text.replacen(MODELINE, &how, 1));
    }
    advise(args, &imported);
    ExitCode::SUCCESS
}

/// Notes, what is to be set, and what comes next.
fn advise(args: &Import, imported: &Imported) {
    for note in &imported.notes {
        console::warn(&crate::clean::line(note));
    }
    if args.out.is_none() && !imported.files.is_empty() {
        let names: Vec<&str> = imported.files.iter().map(|(name, _)| name.as_str()).collect();
        console::warn(&format!("these files are written only with --out: {}", names.join(", ")));
    }
    if !imported.variables.is_empty() {
        console::warn(&format!("set these in the environment or in .env: {}", imported.variables.join(", ")));
    }
    if let Some(out) = &args.out {
        console::say(&format!("next: katydid try {}", out.display()));
    }
}

/// The scenario's name: that of its file, else that of what was read.
fn name(args: &Import) -> String {
    let of = |path: &Path| path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let file = Some(args.file.as_path()).filter(|file| *file != Path::new("-"));
    let name = args.out.as_deref().and_then(of).or_else(|| file.and_then(of));
    name.map_or_else(|| "imported".to_owned(), |name| crate::clean::line(&name).into_owned())
}

fn read(file: &Path) -> Result<String, String> {
    let limit = u64::try_from(MAX_INPUT).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    let done = if file == Path::new("-") {
        std::io::stdin().lock().take(limit).read_to_end(&mut bytes)
    } else {
        source::open(file).and_then(|open| open.take(limit).read_to_end(&mut bytes))
    };
    done.map_err(|e| e.to_string())?;
    if bytes.len() > MAX_INPUT {
        return Err(format!("it has more than {}", crate::units::bytes(MAX_INPUT as u64)));
    }
    String::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_owned())
}
