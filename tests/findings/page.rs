//! Reads the page, as text and in a browser.

use super::chromium::Browser;

/// What is between a heading of the second level and the next.
pub fn section<'a>(page: &'a str, title: &str) -> &'a str {
    let heading = format!("\n## {title}\n");
    let (_, after) = page.split_once(&heading).unwrap_or_else(|| panic!("no {title}: {page}"));
    after.split("\n## ").next().expect("a text")
}

/// The rows of the first table, without its head.
pub fn table(text: &str) -> Vec<Vec<String>> {
    let rows =
        text.lines().skip_while(|line| !line.starts_with("|---")).skip(1).take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let row = row.trim_start_matches("| ").trim_end_matches(" |");
        row.split(" | ").map(|cell| cell.trim().to_owned()).collect()
    })
    .collect()
}

/// The texts of all elements that a selector finds.
pub fn texts(browser: &mut Browser, selector: &str) -> Vec<String> {
    let found = browser.evaluate(&format!(
        "Array.from(document.querySelectorAll({selector:?})).map(element => element.textContent.trim())"
    ));
    serde_json::from_value(found).expect("strings")
}

/// The cells of the rows that a selector finds.
pub fn cells(browser: &mut Browser, selector: &str) -> Vec<Vec<String>> {
    let found = browser.evaluate(&format!(
        "Array.from(document.querySelectorAll({selector:?})).map(row => Array.from(row.cells).map(cell => cell.textContent.trim()))"
    ));
    serde_json::from_value(found).expect("strings")
}
