//! Functions that draw keys: `zipf`, `gaussian` and `sequence`.

use minijinja::value::Kwargs;
use minijinja::{Environment, Error, ErrorKind, Value};

use super::bounded::RenderError;
use super::context::{next_of, with_rng};
use super::scope::Scope;
use super::sequences::Sequence;
use crate::scenario::eval::distribution::{Gaussian, YCSB_EXPONENT, Zipf};

/// A call with constant arguments: what depends only on them is computed once.
#[derive(Debug, Clone)]
pub(super) enum Draw {
    /// `zipf(count, exponent)`.
    Zipf(Zipf),
    /// `gaussian(low, high, mean, stddev)`.
    Gaussian(Gaussian),
    /// `sequence(count)`, `sequence(first, last)`.
    Sequence(Sequence),
}

impl Draw {
    /// The function with this name and these arguments, if it is one and they are valid.
    pub(super) fn of(name: &str, arguments: &[Value]) -> Option<Self> {
        let whole = |value: &Value| i64::try_from(value.clone()).ok();
        let number = |value: &Value| f64::try_from(value.clone()).ok();
        Some(match (name, arguments) {
            ("zipf", [count]) => Self::Zipf(Zipf::new(whole(count)?, YCSB_EXPONENT).ok()?),
            ("zipf", [count, exponent]) => Self::Zipf(Zipf::new(whole(count)?, number(exponent)?).ok()?),
            ("gaussian", [low, high, more @ ..]) if more.len() <= 2 => {
                let more: Option<Vec<f64>> = more.iter().map(number).collect();
                let (mean, stddev) = (more.as_ref()?.first().copied(), more.as_ref()?.get(1).copied());
                Self::Gaussian(Gaussian::new(whole(low)?, whole(high)?, mean, stddev).ok()?)
            }
            ("sequence", [count]) => Self::Sequence(Sequence::new(whole(count)?, None, None).ok()?),
            ("sequence", [first, last]) => Self::Sequence(Sequence::new(whole(first)?, Some(whole(last)?), None).ok()?),
            _ => return None,
        })
    }

    pub(super) fn number(&self, scope: &mut Scope) -> Result<i64, RenderError> {
        Ok(match self {
            Self::Zipf(zipf) => zipf.draw(&mut scope.rng),
            Self::Gaussian(gaussian) => gaussian.draw(&mut scope.rng),
            Self::Sequence(sequence) => return scope.next_of(sequence),
        })
    }
}

pub(super) fn register(env: &mut Environment<'static>) {
    env.add_function("zipf", zipf);
    env.add_function("gaussian", gaussian);
    env.add_function("sequence", sequence);
}

fn wrong(text: String) -> Error {
    Error::new(ErrorKind::InvalidOperation, text)
}

fn zipf(count: i64, exponent: Option<f64>) -> Result<i64, Error> {
    let zipf = Zipf::new(count, exponent.unwrap_or(YCSB_EXPONENT)).map_err(wrong)?;
    Ok(with_rng(|rng| zipf.draw(rng)))
}

fn gaussian(low: i64, high: i64, mean: Option<f64>, stddev: Option<f64>, named: Kwargs) -> Result<i64, Error> {
    let mean = mean.map_or_else(|| named.get("mean"), |mean| Ok(Some(mean)))?;
    let stddev = stddev.map_or_else(|| named.get("stddev"), |stddev| Ok(Some(stddev)))?;
    named.assert_all_used()?;
    let gaussian = Gaussian::new(low, high, mean, stddev).map_err(wrong)?;
    Ok(with_rng(|rng| gaussian.draw(rng)))
}

fn sequence(first: i64, last: Option<i64>, named: Kwargs) -> Result<i64, Error> {
    let name: Option<&str> = named.get("name")?;
    named.assert_all_used()?;
    let sequence = Sequence::new(first, last, name).map_err(wrong)?;
    next_of(&sequence).map_err(|error| wrong(error.0))
}
