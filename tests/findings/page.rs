//! Extracts parts of the page, from Markdown and in a browser.

use super::chromium::Browser;

/// Content between a heading of level 2 and the next.
pub fn section<'a>(page: &'a str, title: &str) -> &'a str {
    let heading = format!("\n## {title}\n");
    let (_, after) = page.split_once(&heading).unwrap_or_else(|| panic!("no {title}: {page}"));
    after.split("\n## ").next().expect("content")
}

/// Rows of the first table, without its header.
pub fn table(text: &str) -> Vec<Vec<String>> {
    let rows =
        text.lines().skip_while(|line| !line.starts_with("|---")).skip(1).take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let row = row.trim_start_matches("| ").trim_end_matches(" |");
        row.split(" | ").map(|cell| cell.trim().to_owned()).collect()
    })
    .collect()
}

/// Text content of all elements that match a CSS selector.
pub fn texts(browser: &mut Browser, selector: &str) -> Vec<String> {
    let found = browser.evaluate(&format!(
        "Array.from(document.querySelectorAll({selector:?})).map(element => element.textContent.trim())"
    ));
    serde_json::from_value(found).expect("strings")
}

/// Text content of the cells of all table rows that match a CSS selector.
pub fn cells(browser: &mut Browser, selector: &str) -> Vec<Vec<String>> {
    let found = browser.evaluate(&format!(
        "Array.from(document.querySelectorAll({selector:?})).map(row => Array.from(row.cells).map(cell => cell.textContent.trim()))"
    ));
    serde_json::from_value(found).expect("strings")
}
