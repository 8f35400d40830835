//! Tables: as wide as their content, truncated to the width of the terminal.

use unicode_width::UnicodeWidthStr as _;

/// Minimum width of a text column.
const LEAST: usize = 8;
/// Spaces between columns.
const GAP: usize = 2;

/// A column.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    title: &'static str,
    is_number: bool,
}

impl Column {
    /// Text column; truncated if space is short.
    pub(super) const fn left(title: &'static str) -> Self {
        Self { title, is_number: false }
    }

    /// Numeric column; never truncated.
    pub(super) const fn right(title: &'static str) -> Self {
        Self { title, is_number: true }
    }
}

/// Formats a header line and one line per row. A row has cells and a text after them; if it has fewer cells than
/// columns, the text follows its last cell. The first column is never truncated, so that names can be copied.
pub(super) fn table(columns: &[Column], rows: &[(Vec<String>, String)], width: usize) -> String {
    let longest = |at: usize| rows.iter().filter_map(|(cells, _)| cells.get(at)).map(|cell| cell.width()).max();
    let mut widths: Vec<usize> =
        columns.iter().zip(0..).map(|(column, at)| column.title.len().max(longest(at).unwrap_or(0))).collect();
    let total = |widths: &[usize]| widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1);
    while total(&widths) > width {
        let texts = widths.iter().zip(columns).enumerate().skip(1).filter(|(_, (_, column))| !column.is_number);
        let Some((widest, cells)) = texts.map(|(at, (cells, _))| (at, *cells)).max_by_key(|(_, cells)| *cells) else {
            break;
        };
        if cells <= LEAST {
            break;
        }
        widths[widest] = cells - 1;
    }
    let titles: Vec<String> = columns.iter().map(|column| column.title.to_owned()).collect();
    let mut out = line(columns, &widths, &titles, "");
    rows.iter().for_each(|(cells, rest)| out.push_str(&line(columns, &widths, cells, rest)));
    out
}

fn line(columns: &[Column], widths: &[usize], cells: &[String], rest: &str) -> String {
    let padded = cells.iter().zip(columns).zip(widths).map(|((cell, column), width)| {
        let cell = truncated(cell, *width);
        let space = " ".repeat(width.saturating_sub(cell.width()));
        if column.is_number { format!("{space}{cell}") } else { format!("{cell}{space}") }
    });
    let mut parts: Vec<String> = padded.collect();
    parts.push(rest.to_owned());
    parts.join(&" ".repeat(GAP)).trim_end().to_owned() + "\n"
}

fn truncated(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut out = String::new();
    for c in text.chars() {
        if out.width() + unicode_width::UnicodeWidthChar::width(c).unwrap_or(0) + 1 > width {
            break;
        }
        out.push(c);
    }
    out + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_truncated_but_numbers_and_ids_are_not() {
        let columns = [Column::left("ID"), Column::left("HOST"), Column::right("N")];
        let row = |id: &str, host: &str, n: &str| (vec![id.to_owned(), host.to_owned(), n.to_owned()], "#a".to_owned());
        let rows = [
            row("2026-11-27_014200_a", "http://größe.example.com", "1,234,567"),
            (vec!["bad".to_owned()], "is damaged".to_owned()),
        ];
        let wide = table(&columns, &rows, 160);
        assert_eq!(
            wide,
            "ID                   HOST                              N\n\
             2026-11-27_014200_a  http://größe.example.com  1,234,567  #a\n\
             bad                  is damaged\n"
        );
        let narrow = table(&columns, &rows, 44);
        assert!(narrow.contains("2026-11-27_014200_a  http://größ…  1,234,567  #a\n"), "{narrow}");
        assert!(table(&columns, &rows, 1).contains("http://…"));
    }
}
