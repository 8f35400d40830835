//! Plans of a price list of VU-hours.

/// What so many VU-hours a month cost.
#[derive(Debug, Clone, PartialEq)]
pub struct VuPlan {
    /// Its name.
    pub name: String,
    /// VU-hours a month.
    pub vu_hours: f64,
    /// Price a month.
    pub price: f64,
}

impl VuPlan {
    /// Reads `NAME:VU-HOURS:PRICE`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.rsplitn(3, ':').map(str::trim);
        let (price, vu_hours, name) = (parts.next()?, parts.next()?, parts.next()?);
        let number = |text: &str| text.parse::<f64>().ok().filter(|n| n.is_finite() && *n >= 0.0);
        let (vu_hours, price) = (number(vu_hours)?, number(price)?);
        (!name.is_empty() && vu_hours > 0.0).then(|| Self { name: name.to_owned(), vu_hours, price })
    }
}
