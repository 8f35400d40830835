//! Index of the rows of a CSV file. Built in one pass; memory is constant except for the index itself.

use std::io::{self, BufRead};

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

/// Maximum length of a row: an unclosed quote would make the rest of the file one row.
const MAX_ROW: u64 = 1 << 20;

/// Offsets and lengths of the valid rows: UTF-8, with a cell for each column.
#[derive(Debug, Default)]
pub struct Index {
    offsets: Vec<u64>,
    lengths: Vec<u32>,
    /// Line and fault of the first skipped row.
    first_bad: Option<(u64, Fault)>,
    bad: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Cells(usize),
    TooLong,
    NotUtf8,
}

/// Incremental UTF-8 validation: a character may be split between two pieces.
#[derive(Debug, Default)]
struct Utf8 {
    open: Vec<u8>,
    broken: bool,
}

impl Utf8 {
    fn piece(&mut self, mut piece: &[u8]) {
        while !self.open.is_empty() && !self.broken {
            let Some((first, rest)) = piece.split_first() else { return };
            self.open.push(*first);
            piece = rest;
            match std::str::from_utf8(&self.open) {
                Ok(_) => self.open.clear(),
                Err(error) => self.broken = error.error_len().is_some(),
            }
        }
        if let Err(error) = std::str::from_utf8(piece) {
            self.broken |= error.error_len().is_some();
            self.open = piece.get(error.valid_up_to()..).unwrap_or_default().to_vec();
        }
    }

    /// Returns whether the text so far was valid UTF-8, and starts again.
    fn end(&mut self) -> bool {
        let right = !self.broken && self.open.is_empty();
        self.open.clear();
        self.broken = false;
        right
    }
}

fn reader(delimiter: u8) -> Reader {
    ReaderBuilder::new().delimiter(delimiter).build()
}

impl Index {
    /// Reads the whole text. The first row is the header and is not indexed.
    pub fn build(text: &mut impl BufRead, delimiter: u8, columns: usize) -> io::Result<Self> {
        let mut index = Self::default();
        let mut reader = reader(delimiter);
        // The content of the cells is not used, so the buffer is reused.
        let (mut out, mut ends) = (vec![0u8; 1 << 16], vec![0usize; 1 << 10]);
        let (mut at, mut start, mut cells) = (0u64, 0u64, 0usize);
        let mut header = true;
        let mut utf8 = Utf8::default();
        loop {
            let line = reader.line();
            let input = text.fill_buf()?;
            let (result, read, _, ended) = reader.read_record(input, &mut out, &mut ends);
            utf8.piece(input.get(..read).unwrap_or_default());
            text.consume(read);
            at += read as u64;
            cells += ended;
            match result {
                ReadRecordResult::Record => {
                    let readable = utf8.end();
                    if !std::mem::take(&mut header) {
                        let fault = if at - start > MAX_ROW {
                            Some(Fault::TooLong)
                        } else if cells != columns {
                            Some(Fault::Cells(cells))
                        } else {
                            (!readable).then_some(Fault::NotUtf8)
                        };
                        index.check(start, at - start, line, fault);
                    }
                    (start, cells) = (at, 0);
                }
                ReadRecordResult::End => return Ok(index),
                ReadRecordResult::InputEmpty | ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {}
            }
        }
    }

    fn check(&mut self, offset: u64, length: u64, line: u64, fault: Option<Fault>) {
        let Some(fault) = fault else {
            self.offsets.push(offset);
            self.lengths.push(length as u32);
            return;
        };
        self.bad += 1;
        self.first_bad.get_or_insert((line, fault));
    }

    /// Number of valid rows.
    pub fn len(&self) -> u64 {
        self.offsets.len() as u64
    }

    /// True without valid rows.
    pub fn is_empty(&self) -> bool {
        self.offsets.is_empty()
    }

    /// Offset and length of a row in bytes.
    pub fn span(&self, row: u64) -> Option<(u64, usize)> {
        let row = usize::try_from(row).ok()?;
        Some((*self.offsets.get(row)?, *self.lengths.get(row)? as usize))
    }

    /// Describes the skipped rows; `None` if there are none.
    pub fn skipped_rows(&self, columns: usize) -> Option<String> {
        let (line, fault) = self.first_bad?;
        let what = match fault {
            Fault::Cells(n) => format!("has {n} cells where the header has {columns}"),
            Fault::TooLong => "is longer than 1 MB: is a quote not closed?".to_owned(),
            Fault::NotUtf8 => "is not UTF-8: save the file in that encoding".to_owned(),
        };
        let more = match self.bad - 1 {
            0 => String::new(),
            n => format!(" (and {n} more such rows)"),
        };
        Some(format!("the row near line {line} {what}{more}; it is skipped"))
    }
}

/// Cells of the single row in `text`; `None` if it is not a complete row.
pub fn cells(text: &[u8], delimiter: u8) -> Option<Vec<String>> {
    let mut reader = reader(delimiter);
    // Unquoting only shortens the text, and each cell has a delimiter.
    let (mut out, mut ends) = (vec![0u8; text.len() + 1], vec![0usize; text.len() + 2]);
    let (mut result, read, mut written, mut ended) = reader.read_record(text, &mut out, &mut ends);
    if result == ReadRecordResult::InputEmpty && read == text.len() {
        // The last row of a file has no line end: an empty input completes it.
        let (end, _, more, last) = reader.read_record(&[], &mut out[written..], &mut ends[ended..]);
        (result, written, ended) = (end, written + more, ended + last);
    }
    if result != ReadRecordResult::Record {
        return None;
    }
    let mut from = 0;
    let cell = |end: &usize| {
        let cell = String::from_utf8_lossy(out.get(from..*end)?).into_owned();
        from = *end;
        Some(cell)
    };
    let _ = written;
    ends.get(..ended)?.iter().map(cell).collect()
}
