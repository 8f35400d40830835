//! Markdown tables.

/// A table; all columns after the first `names` are numeric.
pub(crate) fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>, names: usize) -> String {
    let align: Vec<&str> = (0..head.len()).map(|at| if at < names { "---" } else { "---:" }).collect();
    let mut out = format!("| {} |\n|{}|\n", head.join(" | "), align.join("|"));
    for row in rows {
        out.push_str(&format!("| {} |\n", row.join(" | ")));
    }
    out
}
