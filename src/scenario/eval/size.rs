//! Sizes of values and messages: fixed, or drawn from a distribution for each one.

use super::distribution::Gaussian;
use super::template::{RenderError, Scope, Template};
use crate::units;

/// Maximum size of a value or a message: subscribers do not accept larger messages.
pub const MAX_SIZE: u32 = 16 * 1024 * 1024;

/// A number of bytes, at most [`MAX_SIZE`].
#[derive(Debug, Clone)]
pub enum Size {
    /// Always the same.
    Fixed(u32),
    /// Uniform, both included.
    Between(u32, u32),
    /// Normal, limited to a range.
    Gaussian(Gaussian),
    /// Sizes with the sum of all weights up to and including their own, which is above 0.
    Weighted(Vec<(u64, u32)>),
    /// A template: a number of bytes, or a string such as `10KB`.
    Computed(Template),
}

impl Size {
    /// The size of the next value.
    ///
    /// # Errors
    /// When the template fails, or its value is not a size.
    pub fn draw(&self, scope: &mut Scope) -> Result<usize, RenderError> {
        Ok(match self {
            Size::Fixed(size) => *size as usize,
            Size::Between(low, high) => scope.rng.u32(*low..=*high) as usize,
            Size::Gaussian(gaussian) => usize::try_from(gaussian.draw(&mut scope.rng)).unwrap_or(0),
            Size::Weighted(sizes) => {
                let sum = sizes.last().map_or(0, |(sum, _)| *sum).max(1);
                let drawn = scope.rng.u64(..sum);
                let at = sizes.partition_point(|(sum, _)| *sum <= drawn);
                sizes.get(at).map_or(0, |(_, size)| *size as usize)
            }
            Size::Computed(template) => {
                let value = template.value(scope)?;
                let text = value.as_str().map(str::to_owned).or_else(|| value.is_number().then(|| value.to_string()));
                let text = text.ok_or_else(|| RenderError(format!("size: expected a size, found {}", value.kind())))?;
                let wrong =
                    |what: &str| RenderError(format!("size: {:?} is {what}", scope.secrets.clip(&text, MAX_SHOWN)));
                let size = units::parse_size(&text).ok_or_else(|| wrong("not a size"))?;
                let size = u32::try_from(size).ok().filter(|size| *size <= MAX_SIZE);
                size.ok_or_else(|| wrong("above 16 MiB (16777216)"))? as usize
            }
        })
    }

    /// The mean, without that of a template.
    pub fn mean(&self) -> Option<f64> {
        Some(match self {
            Size::Fixed(size) => f64::from(*size),
            Size::Between(low, high) => f64::midpoint(f64::from(*low), f64::from(*high)),
            Size::Gaussian(gaussian) => gaussian.mean(),
            Size::Weighted(sizes) => {
                let (sum, weighted) = sizes.iter().fold((0, 0.0), |(before, weighted), (sum, size)| {
                    (*sum, weighted + (sum - before) as f64 * f64::from(*size))
                });
                weighted / sum.max(1) as f64
            }
            Size::Computed(_) => return None,
        })
    }
}

/// Maximum characters of an invalid size in a message.
const MAX_SHOWN: usize = 100;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use minijinja::Value;

    use super::*;
    use crate::scenario::eval::template::{Names, template};

    fn scope() -> Scope {
        Scope::new(3, 1, Arc::new(Value::UNDEFINED))
    }

    fn drawn(size: &Size, draws: usize) -> BTreeMap<usize, usize> {
        let (mut scope, mut counts) = (scope(), BTreeMap::new());
        for _ in 0..draws {
            *counts.entry(size.draw(&mut scope).unwrap()).or_default() += 1;
        }
        counts
    }

    #[test]
    fn sizes_have_their_weights() {
        // 10 KB has weight 0 and does not occur.
        let size = Size::Weighted(vec![(70, 64), (70, 10_000), (95, 1_000), (100, 4_000)]);
        let counts = drawn(&size, 100_000);
        assert_eq!(counts.keys().copied().collect::<Vec<_>>(), [64, 1_000, 4_000]);
        for (size, share) in [(64, 0.70), (1_000, 0.25), (4_000, 0.05)] {
            // Four standard deviations.
            let deviation = 4.0 * (share * (1.0 - share) * 100_000_f64).sqrt();
            assert!((counts[&size] as f64 - share * 100_000.0).abs() < deviation, "{size}: {counts:?}");
        }
        assert!((size.mean().unwrap() - 494.8).abs() < 1e-9);
    }

    #[test]
    fn ranges_include_both_ends() {
        let counts = drawn(&Size::Between(3, 6), 1_000);
        assert_eq!(counts.keys().copied().collect::<Vec<_>>(), [3, 4, 5, 6]);
        assert!(counts.values().all(|count| (190..310).contains(count)), "{counts:?}");
        let counts = drawn(&Size::Gaussian(Gaussian::new(0, 100, None, None).unwrap()), 10_000);
        let middle: usize = counts.range(33..=66).map(|(_, count)| count).sum();
        assert!((6_500..7_200).contains(&middle), "about 68 % within one standard deviation: {middle}");
        assert_eq!(Size::Between(3, 6).mean(), Some(4.5));
    }

    #[test]
    fn templates_are_sizes() {
        let names = Names::new(Value::UNDEFINED);
        let draw = |text: &str| Size::Computed(template(text, &names).unwrap()).draw(&mut scope()).map_err(|e| e.0);
        assert_eq!(draw("{{ user.id * 512 }}"), Ok(512));
        assert_eq!(draw("{{ user.id }}KB"), Ok(1_000));
        for (text, wanted) in [
            ("{{ user.id }} parts", "size: \"1 parts\" is not a size"),
            ("{{ user.id - 2 }}", "size: \"-1\" is not a size"),
            ("{{ user.id * 17 }}MB", "size: \"17MB\" is above 16 MiB (16777216)"),
            ("{{ [user.id] }}", "size: expected a size, found sequence"),
        ] {
            assert_eq!(draw(text).unwrap_err(), wanted, "{text}");
        }
    }
}
