//! Why a recorded run cannot be read.

use std::io;
use std::path::PathBuf;

use super::folder;
use crate::clean;

/// Why a folder cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A file is missing or cannot be read.
    #[error("cannot read {}: {}", path.display(), clean::cause(why))]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        why: io::Error,
    },
    /// A file has unexpected contents.
    #[error("{} is damaged: {why}", path.display())]
    Damaged {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// Recorded by a newer version.
    #[error("{} was recorded by a newer version of katydid ({version}): update this one to read it", path.display())]
    Newer {
        /// The folder.
        path: PathBuf,
        /// That version.
        version: String,
    },
    /// Only `meta.json` is left.
    #[error("the figures of {} were removed; only its {} is left, from which usage is counted", path.display(), folder::META)]
    Removed {
        /// The folder.
        path: PathBuf,
    },
    /// Its figures could not be written.
    #[error("{} is missing{why}: there are no figures of this run", path.display())]
    Incomplete {
        /// The file of the figures.
        path: PathBuf,
        /// Why, after a comma.
        why: String,
    },
    /// Nothing was measured before the process was killed.
    #[error("{} has no figures: the run ended before its first second", path.display())]
    Empty {
        /// The folder.
        path: PathBuf,
    },
}

impl ReadError {
    /// What is missing where only the snapshot is lost; `None` if it is not for us to go on without it.
    pub(super) fn gap(&self) -> Option<String> {
        match self {
            Self::Damaged { why, .. } => Some(format!("{} is damaged: {why}", folder::SNAPSHOT)),
            Self::Incomplete { .. } | Self::Empty { .. } => Some(format!("{} is missing", folder::SNAPSHOT)),
            Self::Io { .. } | Self::Newer { .. } | Self::Removed { .. } => None,
        }
    }
}
