//! Usage by month: a table with totals, or JSON.

use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::clean;
use crate::cli::table::{Column, table};
use crate::cli::usage_args::UsageArgs;
use crate::headless::console;
use crate::report::allowance::{Allowance, hours, percent, with_unit};
use crate::store::usage::{self, Used};
use crate::units;

const COLUMNS: [Column; 7] = [
    Column::left("MONTH"),
    Column::left("SCENARIO"),
    Column::left("HOST"),
    Column::right("RUNS"),
    Column::right("VU-HOURS"),
    Column::right("SHARE"),
    Column::right("COST"),
];

/// A month with its rows.
struct Month<'a> {
    name: &'a str,
    rows: &'a [Used],
}

impl Month<'_> {
    fn vu_hours(&self) -> f64 {
        self.rows.iter().map(|row| row.vu_hours).sum()
    }

    fn runs(&self) -> u64 {
        self.rows.iter().map(|row| row.runs).sum()
    }
}

/// Formats all months, or the selected one, oldest first.
pub(super) fn months(root: &Path, allowance: &Allowance<'_>, args: &UsageArgs) -> Result<String, String> {
    let zone = TimeZone::system();
    let usage =
        usage::usage(root, &zone).map_err(|why| format!("cannot read {}: {}", root.display(), clean::cause(&why)))?;
    if usage.unknown > 0 {
        let (runs, are) = if usage.unknown == 1 { ("run", "is") } else { ("runs", "are") };
        let unknown = usage.unknown;
        console::warn(&format!("{unknown} {runs} cannot be read, and {are} not counted; `katydid runs` says why"));
    }
    let is_wanted = |row: &&Used| args.month.as_ref().is_none_or(|month| *month == row.month);
    let rows: Vec<Used> = usage.rows.iter().filter(is_wanted).cloned().collect();
    let months: Vec<Month<'_>> =
        rows.chunk_by(|a, b| a.month == b.month).map(|rows| Month { name: &rows[0].month, rows }).collect();
    Ok(if args.json {
        as_json(&months, allowance)
    } else {
        let now = args.month.clone().unwrap_or_else(|| usage::month(Timestamp::now(), &zone));
        as_table(&months, allowance, &now)
    })
}

fn as_table(months: &[Month<'_>], allowance: &Allowance<'_>, now: &str) -> String {
    let figures = |runs: u64, vu_hours: f64| {
        let cost = allowance.money(allowance.cost(vu_hours));
        [units::count(runs), format!("{vu_hours:.3}"), percent(allowance.share(vu_hours)), cost]
    };
    let mut rows = Vec::new();
    for month in months {
        for row in month.rows {
            let names = [&row.month, &row.scenario, &row.host].map(|text| clean::line(text).into_owned());
            let cells = names.into_iter().chain(figures(row.runs, row.vu_hours)).collect();
            rows.push((cells, String::new()));
        }
        let names = [month.name.to_owned(), "(all)".to_owned(), String::new()];
        let cells = names.into_iter().chain(figures(month.runs(), month.vu_hours())).collect();
        rows.push((cells, String::new()));
    }
    let used = months.iter().find(|month| month.name == now).map_or(0.0, Month::vu_hours);
    let left = allowance.vu_hours - used;
    let left = match left < 0.0 {
        true => format!("{} too many in {now}", with_unit(-left)),
        false => format!("{} left in {now}", hours(left)),
    };
    let (all, price) = (hours(allowance.vu_hours), allowance.money(allowance.price));
    format!("{}\nallowance: {all} VU-hours a month ({price}); {left}\n", table(&COLUMNS, &rows, console::full_width()))
}

fn as_json(months: &[Month<'_>], allowance: &Allowance<'_>) -> String {
    let row = |row: &Used| {
        json!({
            "scenario": row.scenario,
            "host": row.host,
            "runs": row.runs,
            "duration_s": row.seconds,
            "vu_hours": row.vu_hours,
            "share": allowance.share(row.vu_hours),
            "cost": allowance.cost(row.vu_hours),
        })
    };
    let month = |month: &Month<'_>| {
        json!({
            "month": month.name,
            "runs": month.runs(),
            "vu_hours": month.vu_hours(),
            "share": allowance.share(month.vu_hours()),
            "cost": allowance.cost(month.vu_hours()),
            "rows": month.rows.iter().map(row).collect::<Vec<Value>>(),
        })
    };
    let all = json!({
        "allowance": allowance.vu_hours,
        "price": allowance.price,
        "currency": allowance.currency,
        "months": months.iter().map(month).collect::<Vec<Value>>(),
    });
    format!("{all:#}\n")
}
