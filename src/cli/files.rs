//! Files that commands create for the user to edit.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

/// Creates a file and its folder. An existing file is not overwritten, and an incomplete one is removed.
pub(super) fn create(path: &Path, content: &[u8]) -> io::Result<()> {
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        fs::create_dir_all(parent)?;
    }
    let mut file = File::create_new(path)?;
    // Half a file is worse than none, and would be in the way of a second try.
    file.write_all(content).inspect_err(|_| drop(fs::remove_file(path)))
}
