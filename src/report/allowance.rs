//! Monthly allowance of VU-hours, its price, and the formatting of both.

use crate::settings::{Settings, VuPlan};

/// Monthly allowance of VU-hours and its price.
#[derive(Debug)]
pub struct Allowance<'a> {
    /// VU-hours per month.
    pub vu_hours: f64,
    /// Price of the allowance.
    pub price: f64,
    /// Written before amounts.
    pub currency: &'a str,
    plans: &'a [VuPlan],
}

impl<'a> Allowance<'a> {
    /// Allowance from the settings.
    pub fn new(settings: &'a Settings) -> Self {
        let vu_hours = settings.vu_allowance;
        let plan = settings.vu_plans.iter().find(|plan| plan.vu_hours == vu_hours);
        let price = settings.vu_price.or(plan.map(|plan| plan.price)).unwrap_or_default();
        Self { vu_hours, price, currency: &settings.vu_currency, plans: &settings.vu_plans }
    }

    /// Ratio of the allowance that `vu_hours` use; 1.0 is all of it.
    pub fn share(&self, vu_hours: f64) -> f64 {
        vu_hours / self.vu_hours
    }

    /// Cost of VU-hours at the price of the allowance.
    pub fn cost(&self, vu_hours: f64) -> f64 {
        self.share(vu_hours) * self.price
    }

    /// Formats an amount in the currency: `$1,399.50`.
    pub fn money(&self, amount: f64) -> String {
        let text = format!("{amount:.2}");
        format!("{}{}", self.currency, separated(text.strip_suffix(".00").unwrap_or(&text)))
    }

    /// The price list, the smallest plan first.
    pub fn plans(&self) -> Vec<&'a VuPlan> {
        let mut plans: Vec<&VuPlan> = self.plans.iter().collect();
        plans.sort_by(|a, b| a.vu_hours.total_cmp(&b.vu_hours));
        plans
    }

    /// Smallest plan larger than the allowance that covers `vu_hours`; the largest plan if none does.
    pub fn next(&self, vu_hours: f64) -> Option<&VuPlan> {
        let mut larger = self.plans();
        larger.retain(|plan| plan.vu_hours > self.vu_hours);
        let last = larger.last().copied();
        larger.into_iter().find(|plan| plan.vu_hours >= vu_hours).or(last)
    }
}

/// Formats VU-hours with at most three decimals: `100`, `0.028`, `5,000`.
pub fn hours(vu_hours: f64) -> String {
    let text = format!("{vu_hours:.3}");
    separated(text.trim_end_matches('0').trim_end_matches('.'))
}

/// The same with its unit: `1 VU-hour`, `3.4 VU-hours`.
pub fn with_unit(vu_hours: f64) -> String {
    let n = hours(vu_hours);
    let ending = if n == "1" { "" } else { "s" };
    format!("{n} VU-hour{ending}")
}

/// With commas between thousands.
fn separated(number: &str) -> String {
    let (whole, rest) = number.split_at(number.find('.').unwrap_or(number.len()));
    whole.parse().map_or_else(|_| number.to_owned(), |whole: u64| format!("{}{rest}", crate::units::count(whole)))
}

/// Formats a ratio in percent.
pub fn percent(share: f64) -> String {
    let text = format!("{:.1}", share * 100.0);
    format!("{} %", separated(text.strip_suffix(".0").unwrap_or(&text)))
}

/// Formats a ratio in percent; a small non-zero ratio is not shown as zero.
pub fn share(share: f64) -> String {
    if share > 0.0 && share < 0.0005 { "below 0.1 %".to_owned() } else { percent(share) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_formatted_for_people() {
        assert_eq!([hours(100.0), hours(0.0277), hours(5_000.0), hours(0.0)], ["100", "0.028", "5,000", "0"]);
        assert_eq!([percent(0.5), percent(0.1234), percent(25.0)], ["50 %", "12.3 %", "2,500 %"]);
        assert_eq!([share(0.0), share(1e-9), share(0.0005)], ["0 %", "below 0.1 %", "0.1 %"]);
        let settings = Settings::default();
        let allowance = Allowance::new(&settings);
        assert_eq!([allowance.money(0.0), allowance.money(1_399.5)], ["$0", "$1,399.50"]);
    }

    #[test]
    fn the_next_plan_covers_the_usage() {
        let plan = |name: &str, vu_hours| VuPlan { name: name.to_owned(), vu_hours, price: vu_hours };
        let plans = vec![plan("large", 5_000.0), plan("small", 200.0), plan("middle", 1_000.0)];
        let settings = Settings { vu_plans: plans, ..Settings::default() };
        let allowance = Allowance::new(&settings);
        for (vu_hours, wanted) in [(201.0, "middle"), (1_000.0, "middle"), (1_001.0, "large"), (9_000.0, "large")] {
            assert_eq!(allowance.next(vu_hours).map(|plan| plan.name.as_str()), Some(wanted), "{vu_hours}");
        }
        assert_eq!(allowance.price, 200.0);
    }
}
