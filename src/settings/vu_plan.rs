//! Plans of a VU-hour price list.

/// One plan.
#[derive(Debug, Clone, PartialEq)]
pub struct VuPlan {
    /// Its name.
    pub name: String,
    /// Included VU-hours per month.
    pub vu_hours: f64,
    /// Price per month.
    pub price: f64,
}

impl VuPlan {
    /// Parses `NAME:VU-HOURS:PRICE`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.rsplitn(3, ':').map(str::trim);
        let (price, vu_hours, name) = (parts.next()?, parts.next()?, parts.next()?);
        let number = |text: &str| text.parse::<f64>().ok().filter(|n| n.is_finite() && *n >= 0.0);
        let (vu_hours, price) = (number(vu_hours)?, number(price)?);
        (!name.is_empty() && vu_hours > 0.0).then(|| Self { name: name.to_owned(), vu_hours, price })
    }
}
