//! Calculates how much of the allowance a run would use.

use std::time::Duration;

use serde_json::json;

use crate::report::allowance::{Allowance, hours, percent, with_unit};
use crate::units;

/// Formats the result as text or JSON.
pub(super) fn calc(users: u32, duration: Duration, allowance: &Allowance<'_>, json: bool) -> String {
    let in_hours = duration.as_secs_f64() / 3_600.0;
    let vu_hours = f64::from(users) * in_hours;
    let share = allowance.share(vu_hours);
    let is_too_much = vu_hours > allowance.vu_hours;
    let fit = is_too_much.then(|| Fit::new(users, in_hours, allowance.vu_hours));
    let next = fit.as_ref().and_then(|_| allowance.next(vu_hours));
    if json {
        let fit = fit.map(|fit| json!({ "users": fit.users, "duration_s": fit.duration.as_secs_f64() }));
        let next = next.map(|plan| json!({ "name": plan.name, "vu_hours": plan.vu_hours, "price": plan.price }));
        let all = json!({
            "users": users,
            "duration_s": duration.as_secs_f64(),
            "vu_hours": vu_hours,
            "allowance": allowance.vu_hours,
            "share": share,
            "cost": allowance.cost(vu_hours),
            "currency": allowance.currency,
            "fits": !is_too_much,
            "would_fit": fit,
            "next_plan": next,
        });
        return format!("{all:#}\n");
    }
    let many = |n: u32| format!("{} user{}", units::count(n.into()), if n == 1 { "" } else { "s" });
    let mut out = format!(
        "{} for {}: {}, {} of the allowance of {} a month ({})\n",
        many(users),
        units::plain(duration),
        with_unit(vu_hours),
        percent(share),
        hours(allowance.vu_hours),
        allowance.money(allowance.price),
    );
    if let Some(Fit { users: fewer, duration: shorter }) = fit {
        let too_much = with_unit(vu_hours - allowance.vu_hours);
        let shorter = format!("{} for {}", many(users), units::plain(shorter));
        let fewer = (fewer > 0).then(|| format!("{} for {}, or ", many(fewer), units::plain(duration)));
        out.push_str(&format!("{too_much} too many; what would fit: {}{shorter}\n", fewer.unwrap_or_default()));
        out.push_str(&match next {
            Some(plan) => {
                let is_enough = plan.vu_hours >= vu_hours;
                let but = if is_enough { "" } else { ", which is too little as well" };
                let (vu_hours, price) = (hours(plan.vu_hours), allowance.money(plan.price));
                format!("next plan: {}, {vu_hours} VU-hours for {price} a month{but}\n", plan.name)
            }
            None => "there is no plan with more in vu_plans\n".to_owned(),
        });
    }
    out
}

/// Loads that would fit into the allowance: fewer users for the same time, or the same users for less time.
struct Fit {
    users: u32,
    duration: Duration,
}

impl Fit {
    fn new(users: u32, in_hours: f64, allowance: f64) -> Self {
        // Both are rounded down; floating-point values may be slightly below a whole number.
        let least = |value: f64| (value + 1e-9).floor();
        let seconds = allowance / f64::from(users.max(1)) * 3_600.0;
        let whole = if seconds < 1.0 { least(seconds * 1e3) / 1e3 } else { least(seconds) };
        let duration = Duration::try_from_secs_f64(whole).unwrap_or(Duration::MAX);
        Self { users: least(allowance / in_hours).clamp(0.0, f64::from(u32::MAX)) as u32, duration }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    fn of(users: u32, duration: &str) -> String {
        let settings = Settings::default();
        calc(users, units::parse_duration(duration).unwrap(), &Allowance::new(&settings), false)
    }

    #[test]
    fn loads_that_do_not_fit_come_with_ones_that_do() {
        assert_eq!(of(50, "2h"), "50 users for 2h: 100 VU-hours, 50 % of the allowance of 200 a month ($0)\n");
        assert_eq!(of(1, "0s"), "1 user for 0s: 0 VU-hours, 0 % of the allowance of 200 a month ($0)\n");
        assert_eq!(of(0, "2h"), "0 users for 2h: 0 VU-hours, 0 % of the allowance of 200 a month ($0)\n");
        assert_eq!(of(100, "2h").lines().count(), 1, "exactly the allowance");
        assert_eq!(
            of(50, "10h"),
            "50 users for 10h: 500 VU-hours, 250 % of the allowance of 200 a month ($0)\n\
             300 VU-hours too many; what would fit: 20 users for 10h, or 50 users for 4h\n\
             next plan: Premium, 5,000 VU-hours for $399 a month\n"
        );
        let text = of(1_000_000, "10000h");
        assert!(text.contains("fit: 1,000,000 users for 720ms\n"), "{text}");
        assert!(text.contains("too little as well"), "{text}");
    }
}
