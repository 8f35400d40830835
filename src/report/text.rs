//! Tables for the ordinary screen: Locust's, and the summary that stays after quitting.

use std::fmt::Write;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::stats::snapshot::{End, Latency, Level, PERCENTILE_LABELS, Row, RunState};
use crate::stats::{Remarks, Snapshot};
use crate::{clean, units};

/// Most failures in the summary.
const SUMMARY_FAILURES: usize = 5;
/// Most rows that are named beside a remark.
const REMARK_ROWS: usize = 5;

/// What is said before and after a run of which [`is_insecure`](crate::stats::snapshot::RunInfo::is_insecure) is true.
pub const INSECURE: &str = "TLS certificates are not verified (tls.insecure)";

/// Which figures a request table has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// Counts of the run, rates of the last 10 s.
    Now,
    /// The whole run.
    Total,
}

/// Locust's request table, `width` cells wide. A number is never cut: its column grows, and the name gives way.
pub fn requests(snapshot: &Snapshot, period: Period, width: usize) -> String {
    // A narrow terminal keeps the rates and goes without Min and Max.
    let wide = width >= 100;
    let cells = |row: &Row| -> [String; 8] {
        let (t, now) = (&row.total, &row.now);
        let (rps, fps) = if period == Period::Now { (now.rps, now.fps) } else { (t.rps, t.fps) };
        let l = &t.response;
        let fails = format!("{}({:.2}%)", t.failures, t.fail_ratio() * 100.0);
        let [avg, min, max, med] = [l.mean, l.min, l.max, l.median()].map(units::whole_millis);
        [t.requests.to_string(), fails, avg, min, max, med, format!("{rps:.2}"), format!("{fps:.2}")]
    };
    let mut columns = [7, 12, 7, 7, 7, 6, 7, 11];
    for row in called(snapshot).chain([&snapshot.total]) {
        grow(&mut columns, [cells(row)].iter().map(<[String; 8]>::as_slice));
    }
    let [n, fails, avg, min, max, med, rps, fps] = columns;
    let times = if wide { avg + min + max + med + 3 } else { avg + med + 1 };
    // Nine more are the blanks and bars between the columns.
    let (kind, name) = names(snapshot, width.saturating_sub(n + fails + times + rps + fps + 9), 76);
    let line = |method: &str, title: &str, cells: [&str; 8]| {
        let [a, b, c, d, e, f, g, h] = cells;
        let times =
            if wide { format!("{c:>avg$} {d:>min$} {e:>max$} {f:>med$}") } else { format!("{c:>avg$} {f:>med$}") };
        format!("{} {} {a:>n$} {b:>fails$} |{times} | {g:>rps$} {h:>fps$}", pad(method, kind), pad(title, name))
    };
    let row = |row: &Row| line(&row.method, &row.name, cells(row).each_ref().map(String::as_str));
    let head = line("Type", "Name", ["# reqs", "# fails", "Avg", "Min", "Max", "Med", "req/s", "failures/s"]);
    let widths: &[usize] = if wide {
        &[n, fails + 1, avg, min, max, med + 1, rps + 1, fps]
    } else {
        &[n, fails + 1, avg, med + 1, rps + 1, fps]
    };
    table(head, rule((kind, name), widths), snapshot, &row, width)
}

/// Endpoints that were called.
fn called(snapshot: &Snapshot) -> impl Iterator<Item = &Row> {
    snapshot.endpoints.iter().filter(|row| row.total.requests > 0)
}

/// Cells of type and name, which share what the numbers leave: the longest type is whole where the name keeps enough.
fn names(snapshot: &Snapshot, room: usize, most: usize) -> (usize, usize) {
    let longest = called(snapshot).map(|row| row.method.width()).max().unwrap_or(0).clamp(8, 12);
    let kind = if room >= longest + 8 { longest } else { 8 };
    (kind, room.saturating_sub(kind).clamp(1, most))
}

/// Locust's final set: request table, percentile table, error report if there are failures, exceptions if any.
pub fn tables(snapshot: &Snapshot, width: usize) -> String {
    let mut out = requests(snapshot, Period::Total, width);
    out.push_str(&percentiles(snapshot, "Response time percentiles (approximated)", &|row| &row.total.response, width));
    let differs = |row: &Row| row.total.service.as_ref().is_some_and(|times| *times != row.total.response);
    if snapshot.endpoints.iter().chain([&snapshot.total]).any(differs) {
        // From the real send: what Locust shows. The response time counts from when a request was due.
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
        view.rows.iter().map(|row| (row.count, format!("{} {}: {}", row.method, row.name, row.reason))).collect();
    if view.more_count > 0 {
        errors.push((view.more_count, format!("{} more kinds", view.more_kinds)));
    }
    out.push_str(&report("Error report", "Error", &errors, width));
    let place = |place: &str| if place.is_empty() { String::new() } else { format!("{place}: ") };
    let rows: Vec<_> =
        snapshot.exceptions.iter().map(|row| (row.count, format!("{}{}", place(&row.place), row.message))).collect();
    out.push_str(&report("Exceptions", "Exception", &rows, width));
    out
}

fn percentiles(snapshot: &Snapshot, title: &str, times: &dyn Fn(&Row) -> &Latency, width: usize) -> String {
    let wide = width >= 111;
    let chosen: Vec<usize> = if wide { (0..PERCENTILE_LABELS.len()).collect() } else { vec![0, 4, 5, 7, 10] };
    let cells = |row: &Row| -> Vec<String> {
        let cells = chosen.iter().map(|i| units::whole_millis(times(row).percentiles[*i]));
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
    let row = |row: &Row| line(&row.method, &row.name, cells(row));
    let body = table(line("Type", "Name", head), rule((kind, name), &columns), snapshot, &row, width);
    format!("{}\n{body}", cut(title, width))
}

/// What GraphQL operations ask for and cost, beside their response times.
fn operations(snapshot: &Snapshot, width: usize) -> String {
    let ms = units::whole_millis;
    let rows: Vec<(&Row, [String; 7])> = snapshot
        .operations()
        .filter(|(row, ..)| row.total.requests > 0)
        .map(|(row, asked, costs)| {
            let times = &row.total.response;
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
    let head = ["What GraphQL operations ask for".to_owned(), head, rule((kind, name), &columns)];
    let rows = rows.iter().map(|(row, cells)| line(&row.method, &row.name, cells.each_ref().map(String::as_str)));
    lines(head.into_iter().chain(rows).chain([String::new()]), width)
}

/// Makes columns as wide as their widest cell: a number that is cut is another number.
fn grow<'a>(columns: &mut [usize], rows: impl Iterator<Item = &'a [String]>) {
    for row in rows {
        for (column, cell) in columns.iter_mut().zip(row) {
            *column = cell.width().max(*column);
        }
    }
}

fn rule((kind, name): (usize, usize), widths: &[usize]) -> String {
    let dashes: Vec<String> = [kind, name].iter().chain(widths).map(|n| "-".repeat(*n)).collect();
    dashes.join("|")
}

/// Endpoints that were called, by name; Aggregated below a rule; an empty line.
fn table(head: String, rule: String, snapshot: &Snapshot, row: &dyn Fn(&Row) -> String, width: usize) -> String {
    let mut rows: Vec<&Row> = called(snapshot).collect();
    rows.sort_by(|a, b| (&a.name, &a.method).cmp(&(&b.name, &b.method)));
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

fn lines(lines: impl Iterator<Item = String>, width: usize) -> String {
    lines.map(|line| cut(&line, width).trim_end().to_owned() + "\n").collect()
}

/// Cleaned, and at most so many cells.
fn cut(text: &str, width: usize) -> String {
    let text = clean::line(text);
    if text.width() <= width {
        return text.into_owned();
    }
    let mut used = 0;
    let fits = |c: &char| {
        used += c.width().unwrap_or(0);
        used < width
    };
    let mut out: String = text.chars().take_while(fits).collect();
    if width > 0 {
        out.push('…');
    }
    out
}

/// Exactly so many cells.
fn pad(text: &str, width: usize) -> String {
    let mut out = cut(text, width);
    out.push_str(&" ".repeat(width.saturating_sub(out.width())));
    out
}

/// What stays on the ordinary screen after the full-screen view is left: scenario, host, users, time, VU-hours, one
/// line of totals, the most frequent failures, and what could not be counted.
pub fn summary(snapshot: &Snapshot, width: usize) -> String {
    let users = snapshot.series.iter().map(|b| b.users).max().unwrap_or(0).max(snapshot.load.users);
    let s = snapshot.elapsed.as_secs();
    let time = if s < 60 { format!("{s}s") } else { format!("{}m {:02}s", s / 60, s % 60) };
    let vu = snapshot.load.vu_hours;
    let vu = if vu < 0.05 { format!("{vu:.3}") } else { format!("{vu:.1}") };
    let run = &snapshot.run;
    let mut out = vec![format!(" {}   {}   {users} users   {time}   {vu} VU-hours", run.scenario, run.host)];
    if snapshot.state == RunState::Done(End::Broken) {
        out.push(" ! the load generator broke down: these figures are incomplete".to_owned());
    }
    out.extend(super::silence::lines(snapshot, width));
    out.push(String::new());
    out.push(format!(
        "{:>9} {:>7} {:>8} {:>7} {:>7} {:>7} {:>7}",
        "Requests", "Failed", "Req/s", "p50", "p95", "p99", "max"
    ));
    let t = &snapshot.total.total;
    let (n, f) = (units::count(t.requests), units::count(t.failures));
    out.push(format!("{n:>9} {f:>7} {:>8} {}", units::rate(t.rps), latencies(&t.response)));
    if let Some(service) = t.service.as_ref().filter(|s| s.percentiles != t.response.percentiles) {
        out.push(format!("{:>26} {}", "service time", latencies(service)));
    }
    out.push(String::new());
    let why = snapshot.health.why.as_deref().unwrap_or("no reason known");
    out.push(match snapshot.health.level {
        Level::Green => " ✓ generator healthy".to_owned(),
        Level::Amber => format!(" ! generator overloaded: {why}"),
        Level::Red => format!(" ✗ the generator itself is the bottleneck: {why}"),
    });
    if snapshot.run.is_insecure {
        out.push(format!(" ! {INSECURE}"));
    }
    out.extend(left_out(snapshot).into_iter().map(|words| format!(" ! {words}")));
    let view = &snapshot.failures;
    if !view.rows.is_empty() {
        out.push(String::new());
    }
    for row in view.rows.iter().take(SUMMARY_FAILURES) {
        out.push(format!("{:>6}×  {} {}   {}", units::count(row.count), row.method, row.name, row.reason));
    }
    let more = view.rows.len().saturating_sub(SUMMARY_FAILURES) as u64 + view.more_kinds;
    if more > 0 {
        out.push(format!("         and {} more kinds", units::count(more)));
    }
    lines(out.into_iter(), width)
}

/// What the rows do not have, each in a sentence: iterations that were due and never begun, tasks that ended early,
/// requests of a warm-up, requests sent again, messages that never came.
pub fn left_out(snapshot: &Snapshot) -> Vec<String> {
    let plan = &snapshot.plan;
    let mut out = Vec::new();
    if plan.arrivals.dropped > 0 {
        let (dropped, started) = (units::count(plan.arrivals.dropped), units::count(plan.arrivals.started));
        out.push(format!(
            "{dropped} iterations were dropped: they were due while no user was free; {started} were started"
        ));
    }
    if plan.unfinished > 0 {
        let (n, tasks) = (units::count(plan.unfinished), if plan.unfinished == 1 { "task" } else { "tasks" });
        out.push(format!("{n} {tasks} ended early because users had to leave: the remaining steps were not run"));
    }
    if plan.left_out > 0 {
        out.push(format!("{} requests of the warm-up are in no row", units::count(plan.left_out)));
    }
    let blocked = snapshot.health.blocked;
    if blocked.count > 0 {
        let (count, longest) = (units::count(blocked.count), units::latency(blocked.longest));
        let times = if blocked.count == 1 { "once" } else { &format!("{count} times") };
        out.push(format!("load threads were blocked {times}, for up to {longest}: times measured then are their own"));
    }
    if plan.warm_up {
        out.push("warm-up: what is measured now does not count".to_owned());
    }
    out.extend(remarks(snapshot));
    out.extend(redis(snapshot));
    out
}

/// What was odd about responses that are no failures, each kind in a sentence with the rows that had most of it.
fn remarks(snapshot: &Snapshot) -> Vec<String> {
    let sentence = |of: fn(&Remarks) -> u64, one: &str, many: &str| {
        let mut rows: Vec<(u64, &Row)> = snapshot
            .remarks
            .iter()
            .filter_map(|(row, remarks)| Some((of(remarks), snapshot.endpoints.get(*row as usize)?)))
            .filter(|(count, _)| *count > 0)
            .collect();
        rows.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
        let total: u64 = rows.iter().map(|(count, _)| count).sum();
        let named = rows.iter().take(REMARK_ROWS);
        let mut named: Vec<String> =
            named.map(|(count, row)| format!("{} {} {}", row.method, row.name, units::count(*count))).collect();
        if rows.len() > REMARK_ROWS {
            named.push("…".to_owned());
        }
        let words = if total == 1 { one } else { many };
        (total > 0).then(|| format!("{} {words}: {}", units::count(total), named.join(", ")))
    };
    let all = [
        sentence(
            |remarks| remarks.sent_again,
            "request was sent again on a new connection",
            "requests were sent again on new connections",
        ),
        sentence(
            |remarks| remarks.unclosed,
            "response ended with a TLS connection that was not closed properly",
            "responses ended with a TLS connection that was not closed properly",
        ),
        sentence(
            |remarks| remarks.ignored_lines,
            "invalid header line was ignored",
            "invalid header lines were ignored",
        ),
        sentence(
            |remarks| remarks.unknown_codings,
            "response has an unknown content-encoding and was not decompressed",
            "responses have an unknown content-encoding and were not decompressed",
        ),
        sentence(
            |remarks| remarks.withheld_headers,
            "redirect led to another origin, where headers with credentials were not sent",
            "redirects led to another origin, where headers with credentials were not sent",
        ),
        sentence(
            |remarks| remarks.forwarded_bodies,
            "redirect led to another origin, where the body was sent too",
            "redirects led to another origin, where the body was sent too",
        ),
    ];
    all.into_iter().flatten().collect()
}

/// Whether published messages arrive, and how the Redis is: a sentence each; none in a run without Redis.
pub fn redis(snapshot: &Snapshot) -> Vec<String> {
    let Some(redis) = &snapshot.redis else { return Vec::new() };
    let mut out = Vec::new();
    let all = &redis.total;
    let count = units::count;
    if snapshot.measures_delivery() && (all.published > 0 || all.received > 0) {
        let (delivered, published) = (count(all.delivered()), count(all.published));
        out.push(format!("Redis: {published} published, {delivered} delivered, fan-out {:.1}", all.fan_out()));
        let (lost, ratio) = (count(all.lost()), all.lost_ratio() * 100.0);
        let (stream, cut) = (count(all.lost_in_stream), count(all.lost_disconnected));
        let parts = [(all.late, "late"), (all.lost_disconnected, "while disconnected")];
        let why = if parts.iter().any(|(n, _)| *n > 0) {
            format!(" ({stream} in the stream, {cut} while disconnected, {} late)", count(all.late))
        } else {
            String::new()
        };
        let (doubled, late) = (count(all.duplicates), count(all.out_of_order));
        let unsettled = match all.unsettled {
            0 => String::new(),
            n => format!(", {} unsettled (not received by the end)", count(n)),
        };
        out.push(format!(
            "Redis: {lost} lost, {ratio:.3} %{why}{unsettled}, {doubled} duplicated, {late} out of order"
        ));
    }
    if all.disconnects > 0 {
        out.push(format!("Redis: {} connections of subscribers broke", count(all.disconnects)));
    }
    if all.foreign > 0 {
        out.push(format!("Redis: {} messages of other senders were received", count(all.foreign)));
    }
    if let Some(server) = &redis.server {
        let most = server.max_clients.map_or_else(String::new, |most| format!(" of {}", count(most)));
        let clients = format!("{}{most} clients (peak {})", count(server.clients), count(server.clients_peak));
        let [ops, bytes_in, bytes_out] = server.rates();
        out.extend((!server.unreached).then(|| {
            format!(
                "Redis {}: {clients}, {} (peak {}), {ops} commands/s, in {bytes_in}/s, out {bytes_out}/s, {}, {} channels, \
                 {} patterns",
                server.version,
                units::bytes(server.memory),
                units::bytes(server.memory_peak),
                server.cuts(),
                count(server.channels),
                count(server.patterns),
            )
        }));
        out.extend(server.warnings().into_iter().map(|warning| format!("Redis: ! {warning}")));
    }
    out
}

/// The response times of the whole run in a line of their own units: the tables have whole milliseconds alone, as
/// Locust's do. Empty without requests.
pub fn response_times(snapshot: &Snapshot) -> String {
    let times = &snapshot.total.total.response;
    if times.count == 0 {
        return String::new();
    }
    let named = [("p50", times.median()), ("p95", times.p(95.0)), ("p99", times.p(99.0)), ("max", times.max)];
    let parts = named.map(|(name, time)| format!("{name} {}", units::latency(time)));
    format!("Response times: {}\n", parts.join(", "))
}

/// What `log` steps have said after the first `seen` lines, ready to be printed.
pub fn log(snapshot: &Snapshot, seen: u64) -> Vec<String> {
    snapshot.log.since(seen).iter().map(|line| format!("user {}: {}", line.user, clean::line(&line.text))).collect()
}

fn latencies(times: &Latency) -> String {
    let text = |d| if times.count == 0 { "–".to_owned() } else { units::latency(d) };
    format!("{:>7} {:>7} {:>7} {:>7}", text(times.median()), text(times.p(95.0)), text(times.p(99.0)), text(times.max))
}
