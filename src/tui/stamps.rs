//! Whether files have changed since they were read.

use std::path::PathBuf;
use std::time::SystemTime;

/// Times and sizes of files when they were read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Stamps(Vec<(PathBuf, Option<(SystemTime, u64)>)>);

impl Stamps {
    /// The present state of these files; one that does not exist has a state too.
    pub fn of(paths: impl IntoIterator<Item = PathBuf>) -> Self {
        let state = |path: &PathBuf| {
            let data = std::fs::metadata(path).ok()?;
            Some((data.modified().ok()?, data.len()))
        };
        Self(paths.into_iter().map(|path| (state(&path), path)).map(|(state, path)| (path, state)).collect())
    }

    /// These files and others.
    pub fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// True until one of the files changes.
    pub fn are_current(&self) -> bool {
        Self::of(self.0.iter().map(|(path, _)| path.clone())) == *self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("s.yaml");
        let missing = Stamps::of([file.clone()]);
        assert!(missing.are_current() && Stamps::default().are_current());
        std::fs::write(&file, "a").unwrap();
        assert!(!missing.are_current());
        let present = Stamps::of([file.clone()]);
        assert!(present.are_current());
        std::fs::write(&file, "ab").unwrap();
        assert!(!present.are_current());
    }
}
