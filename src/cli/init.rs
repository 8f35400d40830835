//! `katydid init [DIR]`: a scenario to begin with, its data, and a sample environment. They run as they are. With
//! `--github`, workflows instead.

use std::path::Path;
use std::process::ExitCode;

use super::{exit, files, schema};
use crate::clean;
use crate::headless::console;
use crate::scenario::grammar::schema::FILE;

/// The files, relative to the folder.
const FILES: [(&str, &str); 3] = [
    ("scenarios/starter.yaml", include_str!("starter/starter.yaml")),
    ("scenarios/data/accounts.csv", include_str!("starter/data/accounts.csv")),
    (".env.example", include_str!("starter/env.example")),
];
/// The workflows, relative to the folder.
const WORKFLOWS: [(&str, &str); 2] = [
    (".github/workflows/load-test.yml", include_str!("../../assets/github/load-test.yml")),
    (".github/workflows/load-test-comment.yml", include_str!("../../assets/github/load-test-comment.yml")),
];
/// What to do with the workflows.
const NEXT: &str = "next:
  1. Set the repository variables KATYDID_GIT (URL of katydid's Git repository) and KATYDID_REV (a commit of it), from
     which the workflow builds katydid, and optionally STAGING_URL: Settings > Secrets and variables > Actions
  2. Optionally add the secrets SLACK_WEBHOOK_URL, DATADOG_API_KEY and DATADOG_SITE
  3. In load-test.yml, name your scenario instead of scenarios/starter.yaml (katydid init writes that one)
  4. Commit both files to the default branch";

/// Writes the files; existing ones are not overwritten.
pub(super) fn run(folder: &Path, github: bool) -> ExitCode {
    let next = format!("next: {}katydid check {}", enter(folder), FILES[0].0);
    let (written, next) = if github { (write(folder, &WORKFLOWS), NEXT) } else { (write_starter(folder), &*next) };
    match written {
        Ok(written) => {
            let list: String = written.iter().map(|name| format!("wrote {name}\n")).collect();
            console::say(&format!("{list}{next}"));
            ExitCode::SUCCESS
        }
        Err(why) => {
            console::warn(&why);
            ExitCode::from(exit::TROUBLE)
        }
    }
}

/// The way into the folder: a `.env` that is made of the sample is read there.
fn enter(folder: &Path) -> String {
    let name = folder.display().to_string();
    match name.as_str() {
        "." | "./" | "" => String::new(),
        name if name.contains(char::is_whitespace) => format!("cd \"{name}\" && "),
        name => format!("cd {name} && "),
    }
}

fn write_starter(folder: &Path) -> Result<Vec<String>, String> {
    let scenario = folder.join(FILES[0].0);
    let place = scenario.with_file_name(FILE);
    if schema::is_taken(&place) {
        return Err(format!("{} already exists: nothing was written", place.display()));
    }
    let mut written = write(folder, &FILES)?;
    let schema = schema::write_beside(&scenario);
    let schema = schema.map_err(|why| {
        format!("cannot write {}: {}; written: {}", place.display(), clean::cause(&why), written.join(", "))
    })?;
    written.extend(schema.map(|path| path.display().to_string()));
    Ok(written)
}

fn write(folder: &Path, all: &[(&str, &str)]) -> Result<Vec<String>, String> {
    // Checked first, so that a second run does not write half of the files.
    if let Some((name, _)) = all.iter().find(|(name, _)| folder.join(name).exists()) {
        return Err(format!("{} already exists: nothing was written", folder.join(name).display()));
    }
    let mut written: Vec<String> = Vec::with_capacity(all.len());
    for &(name, text) in all {
        let path = folder.join(name);
        files::create(&path, text.as_bytes()).map_err(|why| {
            let before = if written.is_empty() {
                "nothing was written".to_owned()
            } else {
                format!("written: {}", written.join(", "))
            };
            format!("cannot write {}: {}; {before}", path.display(), clean::cause(&why))
        })?;
        written.push(path.display().to_string());
    }
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Overrides, Scenario};

    #[test]
    fn what_comes_next_begins_in_the_folder() {
        for (folder, wanted) in [(".", ""), ("./", ""), ("shop", "cd shop && "), ("my shop", "cd \"my shop\" && ")] {
            assert_eq!(enter(Path::new(folder)), wanted, "{folder}");
        }
    }

    #[test]
    fn the_starter_runs_as_it_is_and_nothing_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("new");
        assert_eq!(write_starter(&target).unwrap().len(), 4);
        let scenario = Scenario::load(&target.join("scenarios/starter.yaml")).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(scenario.warnings(), "");
        let plan = scenario.plan(&Overrides::default()).unwrap();
        assert_eq!((plan.not_runnable(), plan.feeders.len()), (None, 1));
        assert!(write_starter(&target).unwrap_err().contains("already exists"));
    }
}
