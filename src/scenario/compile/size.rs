//! Compiles sizes of values and messages, and their distributions.

use super::builder::Builder;
use crate::scenario::eval::distribution::Gaussian;
use crate::scenario::eval::size::{MAX_SIZE, Size};
use crate::scenario::syntax::diagnostic::nearest;
use crate::scenario::syntax::node::{Kind, Node};
use crate::units;

const FORMS: &str =
    "write 512, 10KB, between(64, 4KB), gaussian(64, 4KB), or sizes with weights: { 64: 70, 1KB: 25, 64KB: 5 }";

impl Builder<'_> {
    /// A size, a distribution of sizes, or a template.
    pub(super) fn sizes(&mut self, node: &Node, what: &str) -> Option<Size> {
        if let Kind::Map(_) = node.kind {
            return self.weighted_sizes(node, what);
        }
        let text = self.scalar(node, what)?;
        if text.contains("{{") {
            return self.template(node).map(Size::Computed);
        }
        match parse(&text, what) {
            Ok(size) => Some(size),
            Err((message, note)) => {
                self.report(node.at.clone(), message, note);
                None
            }
        }
    }

    fn weighted_sizes(&mut self, node: &Node, what: &str) -> Option<Size> {
        let (mut sizes, mut sum) = (Vec::new(), 0);
        for (key, weight) in node.entries() {
            match one(&key.name, what) {
                Ok(size) => sizes.push((0, size)),
                Err((message, note)) => {
                    self.report(key.at.clone(), message, note);
                    continue;
                }
            }
            sum += u64::from(self.whole(weight, "weight", MAX_WEIGHT)?);
            if let Some(last) = sizes.last_mut() {
                last.0 = sum;
            }
        }
        if sizes.len() < node.entries().len() {
            return None;
        }
        if sum == 0 {
            self.report(node.at.clone(), format!("`{what}`: the sum of the weights is 0"), FORMS);
            return None;
        }
        Some(Size::Weighted(sizes))
    }

    /// A ratio as a percentage.
    pub(super) fn percentage(&mut self, node: &Node, what: &str) -> Option<u8> {
        let text = self.scalar(node, what)?;
        let percent = text.trim().strip_suffix('%').and_then(|number| number.trim().parse().ok());
        if let Some(percent) = percent.filter(|percent| *percent <= 100) {
            return Some(percent);
        }
        let message = format!("`{what}`: expected a percentage such as 50%, found {text:?}");
        self.report(node.at.clone(), message, "write a whole number from 0% to 100%");
        None
    }
}

/// Maximum weight of a size.
const MAX_WEIGHT: u32 = 1_000_000;

type Wrong = (String, String);

/// A size in bytes within the limit.
fn one(text: &str, what: &str) -> Result<u32, Wrong> {
    let size = units::parse_size(text).ok_or_else(|| (format!("{:?} is not a size", text.trim()), FORMS.to_owned()))?;
    u32::try_from(size).ok().filter(|size| *size <= MAX_SIZE).ok_or_else(|| {
        let message = format!("`{what}` must be at most 16 MiB (16777216)");
        (message, "this is the limit for messages, and for values of commands".to_owned())
    })
}

fn parse(text: &str, what: &str) -> Result<Size, Wrong> {
    let fail = |message: String| (message, FORMS.to_owned());
    let Some((name, arguments)) = text.trim().strip_suffix(')').and_then(|text| text.split_once('(')) else {
        return one(text, what).map(Size::Fixed);
    };
    let (name, arguments): (_, Vec<&str>) = (name.trim(), arguments.split(',').map(str::trim).collect());
    match (name, arguments.as_slice()) {
        ("between", [low, high]) => {
            let (low, high) = (one(low, what)?, one(high, what)?);
            if low > high {
                return Err(fail(format!("{text:?}: the first size must not be above the second")));
            }
            Ok(Size::Between(low, high))
        }
        ("gaussian", [low, high, more @ ..]) if more.len() <= 2 => {
            let mut named = [None, None];
            for (at, word) in more.iter().enumerate() {
                let (at, size) = match word.split_once('=').map(|(name, size)| (name.trim(), size)) {
                    Some(("mean", size)) => (0, size),
                    Some(("stddev", size)) => (1, size),
                    Some((other, _)) => {
                        let message = format!("gaussian has no {other:?}");
                        return Err((message, "write gaussian(64, 4KB, mean=1KB, stddev=200)".to_owned()));
                    }
                    None => (at, *word),
                };
                named[at] = Some(f64::from(one(size, what)?));
            }
            let (low, high) = (one(low, what)?, one(high, what)?);
            Gaussian::new(low.into(), high.into(), named[0], named[1]).map(Size::Gaussian).map_err(fail)
        }
        ("between" | "gaussian", given) => {
            let wanted = if name == "between" { "2 sizes" } else { "2 to 4 sizes" };
            Err(fail(format!("{name} takes {wanted}, not {}", given.len())))
        }
        (other, _) => {
            let note = nearest(other, ["between", "gaussian"])
                .map_or_else(|| FORMS.to_owned(), |near| format!("did you mean `{near}`?"));
            Err((format!("{other:?} is not a distribution of sizes"), note))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_numbers_or_functions() {
        let gaussian = |mean, stddev| Size::Gaussian(Gaussian::new(64, 4_000, mean, stddev).unwrap());
        for (text, wanted) in [
            ("512", Size::Fixed(512)),
            (" 10KB ", Size::Fixed(10_000)),
            ("between( 64 , 4KB)", Size::Between(64, 4_000)),
            ("gaussian(64, 4KB)", gaussian(None, None)),
            ("gaussian(64, 4KB, 1KB)", gaussian(Some(1_000.0), None)),
            ("gaussian(64, 4KB, 1KB, 200)", gaussian(Some(1_000.0), Some(200.0))),
            ("gaussian(64, 4KB, stddev=200)", gaussian(None, Some(200.0))),
            ("gaussian(64, 4KB, stddev = 200, mean= 1KB)", gaussian(Some(1_000.0), Some(200.0))),
        ] {
            assert_eq!(format!("{:?}", parse(text, "size").unwrap()), format!("{wanted:?}"), "{text}");
        }
    }

    #[test]
    fn wrong_sizes_are_explained() {
        for (text, wanted) in [
            ("many", "\"many\" is not a size"),
            ("-1", "\"-1\" is not a size"),
            ("17MB", "`size` must be at most 16 MiB (16777216)"),
            ("between(1, 17MB)", "`size` must be at most 16 MiB"),
            ("between(2, 1)", "the first size must not be above the second"),
            ("between(2)", "between takes 2 sizes, not 1"),
            ("gaussian(1, 2, 3, 4, 5)", "gaussian takes 2 to 4 sizes, not 5"),
            ("gaussian(1, 9, 20)", "the mean 20 is not in this range"),
            ("gaussian(1, 9, median=2)", "gaussian has no \"median\""),
            ("uniform(1, 9)", "\"uniform\" is not a distribution of sizes"),
            ("between(a, b)", "\"a\" is not a size"),
        ] {
            let (message, _) = parse(text, "size").unwrap_err();
            assert!(message.contains(wanted), "{text}: {message}");
        }
        assert_eq!(parse("betwen(1, 9)", "size").unwrap_err().1, "did you mean `between`?");
    }
}
