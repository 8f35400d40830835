//! Source texts of a scenario: the file and its includes, concatenated so that a byte offset identifies a position.
//!
//! Also reads all other files (data, uploads, certificates, `@file`), which must be inside the scenario's folder.

use std::ops::Range;
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::clean;
use crate::scenario::secrets::Redactor;
use crate::scenario::secrets::userinfo;

/// All texts, concatenated.
#[derive(Debug, Clone)]
pub(crate) struct Sources {
    text: String,
    files: Vec<File>,
    /// Folder of the scenario; `None` if embedded.
    root: Option<PathBuf>,
    secrets: Arc<Redactor>,
    /// Paths of all files that the scenario names, once each.
    named: Arc<Mutex<Vec<PathBuf>>>,
}

#[derive(Debug, Clone)]
struct File {
    start: usize,
    origin: Arc<str>,
    folder: Option<PathBuf>,
}

/// Maximum size of a scenario or included file.
pub(crate) const MAX_BYTES: u64 = 1_000_000;
/// Maximum size of uploads, bodies and certificates.
const MAX_FILE: u64 = 64 * 1024 * 1024;

impl Sources {
    /// Creates it with the scenario's own text.
    pub fn new(origin: &str, text: &str, root: Option<&Path>) -> Self {
        let file = File { start: 0, origin: origin.into(), folder: root.map(Path::to_owned) };
        let root = root.map(Path::to_owned);
        Self { text: text.to_owned(), files: vec![file], root, secrets: Arc::default(), named: Arc::default() }
    }

    /// Sets the secrets to mask in messages.
    pub fn protect(&mut self, secrets: Redactor) {
        self.secrets = Arc::new(secrets);
    }

    /// The redactor.
    pub fn secrets(&self) -> &Arc<Redactor> {
        &self.secrets
    }

    /// Masks secrets, and user names and passwords in URLs.
    pub fn mask(&self, text: &str) -> String {
        // Secrets first: an @ in a secret would split it.
        userinfo::mask_written(&self.secrets.mask(text)).into_owned()
    }

    /// Byte ranges of the texts that are secrets.
    pub fn hidden(&self) -> Vec<Range<usize>> {
        self.secrets.find(&self.text)
    }

    /// Adds an included file, and returns the offset of its text.
    pub fn add(&mut self, path: &Path, text: &str) -> usize {
        self.text.push('\n');
        let start = self.text.len();
        let folder = path.parent().map(Path::to_owned);
        self.files.push(File { start, origin: path.display().to_string().into(), folder });
        self.text.push_str(text);
        start
    }

    /// The concatenated text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Name of the scenario file.
    pub fn origin(&self) -> &str {
        self.files.first().map_or("", |file| &file.origin)
    }

    /// Folder of the scenario; `None` if embedded.
    pub fn root(&self) -> Option<&Path> {
        self.root.as_deref()
    }

    /// Text of a range.
    pub fn at(&self, range: Range<usize>) -> &str {
        self.text.get(range).unwrap_or("")
    }

    /// File at an offset: name, text, and start offset.
    pub fn locate(&self, offset: usize) -> (&str, &str, usize) {
        let index = self.file(offset);
        let Some(file) = self.files.get(index) else { return ("", "", 0) };
        let end = self.files.get(index + 1).map_or(self.text.len(), |next| next.start.saturating_sub(1));
        (&file.origin, self.text.get(file.start..end).unwrap_or(""), file.start)
    }

    fn file(&self, offset: usize) -> usize {
        self.files.partition_point(|file| file.start <= offset).saturating_sub(1)
    }

    /// Path of a file named at `offset`: relative to the file that names it, and inside the scenario's folder.
    pub fn resolve(&self, offset: usize, name: &str) -> Result<PathBuf, String> {
        let folder = self.files.get(self.file(offset)).and_then(|file| file.folder.as_ref());
        let (Some(folder), Some(root)) = (folder, &self.root) else {
            return Err("an embedded scenario cannot read files".to_owned());
        };
        let path = folder.join(name);
        let real = path.canonicalize().map_err(|e| format!("cannot read {}: {}", path.display(), clean::cause(&e)))?;
        let root = root.canonicalize().map_err(|e| format!("cannot read {}: {}", root.display(), clean::cause(&e)))?;
        if !real.starts_with(&root) {
            return Err(format!("{name} is outside the scenario's folder"));
        }
        let found = real.metadata().and_then(|found| ordinary(&found));
        found.map_err(|e| format!("cannot read {}: {}", path.display(), clean::cause(&e)))?;
        let mut named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        if !named.contains(&path) {
            named.push(path.clone());
        }
        Ok(path)
    }

    /// All files found by [`Self::resolve`] so far: includes, data, uploads, certificates.
    pub fn named(&self) -> Vec<PathBuf> {
        self.named.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Contents of a file named at `offset`.
    pub fn read(&self, offset: usize, name: &str, most: u64) -> Result<(PathBuf, Vec<u8>), String> {
        let path = self.resolve(offset, name)?;
        let bytes = read_limited(&path, most)?;
        Ok((path, bytes))
    }

    /// Contents of an upload, body or certificate.
    pub fn bytes(&self, offset: usize, name: &str) -> Result<Vec<u8>, String> {
        self.read(offset, name, MAX_FILE).map(|(_, bytes)| bytes)
    }
}

/// Opens a regular file. Other files are rejected: reading a pipe may block, and a device may be infinite.
pub(crate) fn open(path: &Path) -> std::io::Result<std::fs::File> {
    // Checked before and after opening: opening a device may have side effects, and the path may be replaced in
    // between.
    ordinary(&std::fs::metadata(path)?)?;
    let mut options = std::fs::OpenOptions::new();
    options.read(true).custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
    let file = options.open(path)?;
    ordinary(&file.metadata()?)?;
    Ok(file)
}

fn ordinary(found: &std::fs::Metadata) -> std::io::Result<()> {
    if found.is_file() {
        return Ok(());
    }
    let kind = found.file_type();
    let what = match () {
        () if kind.is_dir() => "a directory",
        () if kind.is_fifo() => "a pipe",
        () if kind.is_socket() => "a socket",
        () => "a device",
    };
    Err(std::io::Error::other(format!("it is {what}, not a file")))
}

/// Reads a file of at most `most` bytes; a larger file is an error.
pub(crate) fn read_limited(path: &Path, most: u64) -> Result<Vec<u8>, String> {
    use std::io::Read as _;
    let fail = |why: &str| format!("cannot read {}: {why}", path.display());
    let file = open(path).map_err(|e| fail(&clean::cause(&e)))?;
    let mut bytes = Vec::new();
    file.take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(|e| fail(&clean::cause(&e)))?;
    if bytes.len() as u64 > most {
        return Err(fail(&format!("it is larger than {} MB", most / 1_000_000)));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_mapped_to_files() {
        let mut sources = Sources::new("a.yaml", "one\ntwo", None);
        let start = sources.add(Path::new("b/c.yaml"), "three");
        assert_eq!(start, 8);
        assert_eq!(sources.locate(5), ("a.yaml", "one\ntwo", 0));
        assert_eq!(sources.locate(9), ("b/c.yaml", "three", 8));
        assert_eq!(sources.locate(999), ("b/c.yaml", "three", 8));
        assert!(sources.resolve(0, "x").unwrap_err().contains("embedded"));
    }

    #[test]
    fn files_must_be_inside_the_folder_and_have_a_limited_size() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("s");
        std::fs::create_dir(&root).unwrap();
        std::fs::write(folder.path().join("secret"), "x").unwrap();
        std::fs::write(root.join("ok"), "hello").unwrap();
        let sources = Sources::new("s.yaml", "", Some(&root));
        assert_eq!(sources.bytes(0, "ok").unwrap(), b"hello");
        assert_eq!(sources.bytes(0, "ok").unwrap(), b"hello");
        assert_eq!(sources.named(), [root.join("ok")]);
        assert!(sources.bytes(0, "../secret").unwrap_err().contains("outside"));
        assert!(sources.bytes(0, "none").unwrap_err().contains("none"));
        assert!(sources.bytes(0, ".").unwrap_err().contains("a directory, not a file"));
        assert!(sources.read(0, "ok", 4).unwrap_err().contains("larger"));
    }
}
