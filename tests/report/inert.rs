//! Checks that Markdown contains text from outside only as text.

/// Markup, links and mentions occur only in code, and all rows of a table have as many cells as its head.
pub fn markdown_is_inert(text: &str) {
    let (mut in_block, mut width) = (None, None);
    for (at, line) in text.lines().enumerate() {
        assert!(!line.contains('\u{1b}') && !line.contains('\u{202e}'), "{line:?}");
        let fence: String = line.chars().take_while(|c| *c == '`').collect();
        match &in_block {
            Some(open) if line == *open => in_block = None,
            Some(_) => continue,
            None if line.len() > fence.len() && fence.len() >= 3 && line.ends_with("text") => in_block = Some(fence),
            None => {
                assert!(at == 0 || !line.starts_with("# "), "a forged heading: {line}");
                // The only links of a report, to traces, have a code span as their text.
                let outside = without_code(line).replace("[](https://traces.example.com/trace/", "");
                for markup in ["<img", "<script", "<!--", "](", "@all", "http:/"] {
                    assert!(!outside.contains(markup), "{markup} in {outside}");
                }
                width = line
                    .starts_with("| ")
                    .then(|| {
                        assert_eq!(width.unwrap_or(cells(line)), cells(line), "{line}");
                        cells(line)
                    })
                    .or(width.filter(|_| line.starts_with('|')));
            }
        }
    }
    assert_eq!(in_block, None, "a block that does not end");
}

/// The line without code spans, as CommonMark finds them; an escaped backtick does not start one.
fn without_code(line: &str) -> String {
    let (mut out, mut rest) = (String::new(), line);
    while let Some(at) = rest.find('`') {
        let fence: String = rest[at..].chars().take_while(|c| *c == '`').collect();
        let after = &rest[at + fence.len()..];
        out.push_str(&rest[..at]);
        if rest[..at].ends_with('\\') {
            rest = &rest[at + 1..];
            continue;
        }
        let mut from = 0;
        let close = loop {
            let Some(found) = after[from..].find('`') else { panic!("a span without an end: {line}") };
            let row = after[from + found..].chars().take_while(|c| *c == '`').count();
            if row == fence.len() {
                break from + found;
            }
            from += found + row;
        };
        rest = &after[close + fence.len()..];
    }
    // A backslash makes the next character text.
    let mut escaped = false;
    let keep = |c: &char| {
        let is_text = escaped || *c == '\\';
        escaped = !escaped && *c == '\\';
        !is_text
    };
    (out + rest).chars().filter(keep).collect()
}

/// Number of cells of a table row: a bar ends a cell unless it is escaped.
fn cells(line: &str) -> usize {
    line.replace("\\|", "").matches('|').count() - 1
}
