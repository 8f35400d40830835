//! Changes to recorded runs: remove, tag, note, export, import.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use crate::cli::runs_args::RunsCommand;
use crate::cli::{exit, runs_dir};
use crate::headless::console;
use crate::settings::Settings;
use crate::store::archive::{self, Imported, Limits};
use crate::store::catalog::{BASELINE_TAG, Catalog, Entry};
use crate::store::change;
use crate::system::output;

/// Error message and exit code.
pub(super) type Failure = (String, u8);

/// Maximum length of a tag, in characters.
const LONGEST_TAG: usize = 100;

/// Executes the command, and returns a message about the result.
pub(super) fn changed(command: RunsCommand, settings: &Settings) -> Result<String, Failure> {
    let root = runs_dir::of(settings).map_err(usage)?;
    let catalog = runs_dir::catalog(settings).map_err(trouble)?;
    match command {
        RunsCommand::Rm { ids } => removed(&root, &catalog, &ids),
        RunsCommand::Tag { id, tags, remove } => tagged(&root, find(&catalog, &id)?, &tags, remove),
        RunsCommand::Note { id, text } => {
            let entry = find(&catalog, &id)?;
            let note = Some(text.trim().to_owned()).filter(|text| !text.is_empty());
            let said = if note.is_some() { "noted" } else { "removed the note" };
            change::edit(&root, &entry.folder, |meta| meta.note = note).map_err(trouble)?;
            Ok(format!("{}: {said}", entry.id))
        }
        RunsCommand::Export { ids, out } => {
            let entries = all(&catalog, &ids)?;
            if output::is_stdout(&out) {
                console::reserve_output();
            }
            let runs = entries.iter().map(|entry| (entry.id.as_str(), entry.folder.as_path()));
            archive::export(&out, runs).map_err(|why| trouble(format!("cannot write {}: {why}", out.display())))?;
            Ok(format!("wrote {}", out.display()))
        }
        RunsCommand::Import { file } => imported(&root, &file),
    }
}

fn removed(root: &Path, catalog: &Catalog, ids: &[String]) -> Result<String, Failure> {
    // Resolve all ids before removing the first run.
    let entries = all(catalog, ids)?;
    let mut done = Vec::new();
    for entry in entries {
        if let Err(error) = change::remove(root, entry) {
            let before = if done.is_empty() { String::new() } else { format!("{}\n", done.join("\n")) };
            let code = if matches!(error, change::ChangeError::Io { .. }) { exit::TROUBLE } else { exit::USAGE };
            return Err((format!("{before}{error}"), code));
        }
        done.push(format!("removed {}", entry.id));
    }
    Ok(done.join("\n"))
}

fn tagged(root: &Path, entry: &Entry, tags: &[String], remove: bool) -> Result<String, Failure> {
    let is_tag = |tag: &&String| !tag.is_empty() && tag.chars().count() <= LONGEST_TAG && !has_space(tag);
    if let Some(wrong) = tags.iter().find(|tag| !is_tag(tag)) {
        let wanted = format!("expected a tag without spaces and commas of at most {LONGEST_TAG} characters");
        return Err(usage(format!("{wanted}, found {wrong:?}")));
    }
    if tags.iter().any(|tag| tag == BASELINE_TAG) {
        return Err(usage(format!("expected the name of a baseline after {BASELINE_TAG}, such as {BASELINE_TAG}main")));
    }
    let mut now = Vec::new();
    let edited = change::edit(root, &entry.folder, |meta| {
        meta.tags.retain(|tag| !tags.contains(tag));
        if !remove {
            meta.tags.extend(tags.iter().cloned());
        }
        meta.tags.sort();
        meta.tags.dedup();
        now.clone_from(&meta.tags);
    });
    edited.map_err(trouble)?;
    let now = if now.is_empty() { "no tags".to_owned() } else { now.join(", ") };
    Ok(format!("{}: {now}", entry.id))
}

fn has_space(tag: &str) -> bool {
    tag.chars().any(|c| c.is_whitespace() || c.is_control() || c == ',')
}

fn imported(root: &Path, file: &Path) -> Result<String, Failure> {
    let archive = File::open(file).map_err(|why| usage(format!("cannot read {}: {why}", file.display())))?;
    let done = archive::import(root, BufReader::new(archive), &Limits::default());
    let Imported { added, known } = done.map_err(|error| trouble(format!("{}: {error}", file.display())))?;
    let lines = added.iter().map(|id| format!("added {id}"));
    let lines = lines.chain(known.iter().map(|id| format!("{id} is already there")));
    Ok(lines.collect::<Vec<_>>().join("\n"))
}

fn all<'a>(catalog: &'a Catalog, ids: &[String]) -> Result<Vec<&'a Entry>, Failure> {
    let mut entries: Vec<&Entry> = Vec::new();
    for id in ids {
        let entry = find(catalog, id)?;
        if !entries.iter().any(|known| known.id == entry.id) {
            entries.push(entry);
        }
    }
    Ok(entries)
}

fn find<'a>(catalog: &'a Catalog, id: &str) -> Result<&'a Entry, Failure> {
    catalog.find(id).map_err(usage)
}

fn usage(why: String) -> Failure {
    (why, exit::USAGE)
}

fn trouble(why: impl ToString) -> Failure {
    (why.to_string(), exit::TROUBLE)
}
