//! Locust's tables: requests, percentiles, GraphQL operations, errors and exceptions.

use std::fmt::Write;

use unicode_width::UnicodeWidthStr;

use super::cells::{cut, grow, lines, pad, rule};
use crate::report::shown;
use crate::stats::Snapshot;
use crate::stats::snapshot::{Latency, PERCENTILE_LABELS, Row};
use crate::units;

/// Time window of the rates in a request table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateWindow {
    /// Counts of the run, rates of the last 10 s.
    Now,
    /// The whole run.
    Total,
}

/// Locust's request table, `width` cells wide. Numbers are never truncated: their column grows and the name is
/// shortened.
pub fn requests(snapshot: &Snapshot, window: RateWindow, width: usize) -> String {
    // A narrow terminal omits Min and Max instead of the rates.
    let wide = width >= 100;
    let cells = |row: &Row| -> [String; 8] {
        let (t, now) = (&row.total, &row.now);
        let (rps, fps) = if window == RateWindow::Now { (now.rps, now.fps) } else { (t.rps, t.fps) };
        let l = &t.response;
        let fails = format!("{}({:.2}%)", t.failures, t.fail_ratio() * 100.0);
        let [avg, min, max, med] =
            [l.mean, l.min, l.max, l.median()].map(|time| shown::whole_millis(t.responses, time));
        [t.requests.to_string(), fails, avg, min, max, med, format!("{rps:.2}"), format!("{fps:.2}")]
    };
    let mut columns = [7, 12, 7, 7, 7, 6, 7, 11];
    for row in called(snapshot).chain([&snapshot.total]) {
        grow(&mut columns, [cells(row)].iter().map(<[String; 8]>::as_slice));
    }
    let [n, fails, avg, min, max, med, rps, fps] = columns;
    let times = if wide { avg + min + max + med + 3 } else { avg + med + 1 };
    // Blanks and bars between the columns take nine more.
    let (kind, name) = names(snapshot, width.saturating_sub(n + fails + times + rps + fps + 9), 76);
    let line = |method: &str, title: &str, cells: [&str; 8]| {
        let [a, b, c, d, e, f, g, h] = cells;
        let times =
            if wide { format!("{c:>avg$} {d:>min$} {e:>max$} {f:>med$}") } else { format!("{c:>avg$} {f:>med$}") };
        format!("{} {} {a:>n$} {b:>fails$} |{times} | {g:>rps$} {h:>fps$}", pad(method, kind), pad(title, name))
    };
    let row = |row: &Row| line(row.kind.name(), &row.name, cells(row).each_ref().map(String::as_str));
    let head = line("Type", "Name", ["# reqs", "# fails", "Avg", "Min", "Max", "Med", "req/s", "failures/s"]);
    let widths: &[usize] = if wide {
        &[n, fails + 1, avg, min, max, med + 1, rps + 1, fps]
    } else {
        &[n, fails + 1, avg, med + 1, rps + 1, fps]
    };
    table(head, rule(kind, name, widths), snapshot, &row, width)
}

/// Endpoints with requests.
fn called(snapshot: &Snapshot) -> impl Iterator<Item = &Row> {
    snapshot.endpoints.iter().filter(|row| row.total.requests > 0)
}

/// Widths of type and name, which share the remaining space. The longest type is not truncated if the name has enough.
fn names(snapshot: &Snapshot, room: usize, most: usize) -> (usize, usize) {
    let longest = called(snapshot).map(|row| row.kind.name().width()).max().unwrap_or(0).clamp(8, 12);
    let kind = if room >= longest + 8 { longest } else { 8 };
    (kind, room.saturating_sub(kind).clamp(1, most))
}

/// Locust's final tables: requests, percentiles, and errors and exceptions if there are any.
pub fn tables(snapshot: &Snapshot, width: usize) -> String {
    let mut out = requests(snapshot, RateWindow::Total, width);
    out.push_str(&percentiles(snapshot, "Response time percentiles (approximated)", &|row| &row.total.response, width));
    let differs = |row: &Row| row.total.service.as_ref().is_some_and(|times| *times != row.total.response);
    if snapshot.endpoints.iter().chain([&snapshot.total]).any(differs) {
        // Service times, like Locust shows. The response time is measured from the due time.
        let title = "Service time percentiles (without the wait for a late start)";
        out.push_str(&percentiles(
            snapshot,
            title,
            &|row| row.total.service.as_ref().unwrap_or(&row.total.response),
            width,
        ));
    }
    out.push_str(&operations(snapshot, width));
    let view = &snapshot.failures;
    let mut errors: Vec<_> =
        view.rows.iter().map(|row| (row.count, format!("{} {}: {}", row.kind, row.name, row.reason))).collect();
    if view.more_count > 0 {
        errors.push((view.more_count, units::counted(view.more_kinds, "more kind")));
    }
    out.push_str(&report("Error report", "Error", &errors, width));
    let rows: Vec<_> = snapshot.exceptions.iter().map(|row| (row.count, shown::exception(row))).collect();
    out.push_str(&report("Exceptions", "Exception", &rows, width));
    out
}

fn percentiles(snapshot: &Snapshot, title: &str, times: &dyn Fn(&Row) -> &Latency, width: usize) -> String {
    let wide = width >= 111;
    let chosen: Vec<usize> = if wide { (0..PERCENTILE_LABELS.len()).collect() } else { vec![0, 4, 5, 7, 10] };
    let cells = |row: &Row| -> Vec<String> {
        let cells = chosen.iter().map(|i| shown::whole_millis(row.total.responses, times(row).percentiles[*i]));
        cells.chain([row.total.requests.to_string()]).collect()
    };
    let mut columns: Vec<usize> = std::iter::once(8).chain(std::iter::repeat_n(6, chosen.len())).collect();
    for row in called(snapshot).chain([&snapshot.total]) {
        grow(&mut columns, [cells(row)].iter().map(Vec::as_slice));
    }
    let numbers: usize = columns.iter().map(|column| column + 1).sum();
    let (kind, name) = names(snapshot, width.saturating_sub(numbers + 2), 80);
    let line = |method: &str, title: &str, cells: Vec<String>| {
        let mut line = format!("{} {}", pad(method, kind), pad(title, name));
        for (cell, width) in cells.iter().zip(&columns) {
            let _ = write!(line, " {cell:>width$}");
        }
        line
    };
    let head = chosen.iter().map(|i| PERCENTILE_LABELS[*i].to_owned()).chain(["# reqs".to_owned()]).collect();
    let row = |row: &Row| line(row.kind.name(), &row.name, cells(row));
    let body = table(line("Type", "Name", head), rule(kind, name, &columns), snapshot, &row, width);
    format!("{}\n{body}", cut(title, width))
}

/// Size and cost of GraphQL operations.
fn operations(snapshot: &Snapshot, width: usize) -> String {
    let rows: Vec<(&Row, [String; 7])> = snapshot
        .operations()
        .filter(|(row, ..)| row.total.requests > 0)
        .map(|(row, asked, costs)| {
            let times = &row.total.response;
            let ms = |time| shown::whole_millis(row.total.responses, time);
            let cost = costs.actual().or(costs.requested()).map_or_else(|| "–".to_owned(), units::rate);
            let [depth, fields, nodes] = [asked.depth.into(), asked.fields, asked.nodes].map(|n: u64| n.to_string());
            (row, [depth, fields, nodes, cost, ms(times.mean), ms(times.median()), ms(times.p(95.0))])
        })
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    let mut columns = [6, 7, 8, 9, 7, 7, 7];
    grow(&mut columns, rows.iter().map(|(_, cells)| cells.as_slice()));
    let numbers: usize = columns.iter().map(|column| column + 1).sum();
    let (kind, name) = names(snapshot, width.saturating_sub(numbers + 1), 80);
    let line = |method: &str, title: &str, cells: [&str; 7]| {
        let mut line = format!("{} {}", pad(method, kind), pad(title, name));
        for (cell, width) in cells.iter().zip(columns) {
            let _ = write!(line, " {cell:>width$}");
        }
        line
    };
    let head = line("Type", "Name", ["Depth", "Fields", "Nodes", "Cost", "Avg", "Med", "95%"]);
    let head = ["What GraphQL operations ask for".to_owned(), head, rule(kind, name, &columns)];
    let rows = rows.iter().map(|(row, cells)| line(row.kind.name(), &row.name, cells.each_ref().map(String::as_str)));
    lines(head.into_iter().chain(rows).chain([String::new()]), width)
}

/// Endpoints with requests, by name; a rule; Aggregated; an empty line.
fn table(head: String, rule: String, snapshot: &Snapshot, row: &dyn Fn(&Row) -> String, width: usize) -> String {
    let mut rows: Vec<&Row> = called(snapshot).collect();
    rows.sort_by(|a, b| (&a.name, a.kind.name()).cmp(&(&b.name, b.kind.name())));
    let body = rows.into_iter().map(row);
    lines([head, rule.clone()].into_iter().chain(body).chain([rule, row(&snapshot.total), String::new()]), width)
}

fn report(title: &str, column: &str, rows: &[(u64, String)], width: usize) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let rule = format!("{}|{}", "-".repeat(18), "-".repeat(width.saturating_sub(19).min(141)));
    let head = [title.to_owned(), format!("{:<18} {column}", "# occurrences"), rule.clone()];
    let body = rows.iter().map(|(count, text)| format!("{count:<18} {text}"));
    lines(head.into_iter().chain(body).chain([rule, String::new()]), width)
}
