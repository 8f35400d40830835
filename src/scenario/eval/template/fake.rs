//! Fake data: `fake.name()`, `fake.email()` and others, drawn from the user's random generator.

use std::fmt;
use std::sync::Arc;

use minijinja::value::Object;
use minijinja::{Error, ErrorKind, State, Value};

use super::context::with_rng;

/// The object `fake`.
#[derive(Debug)]
pub(super) struct Fake;

/// The methods of `fake`.
pub(crate) const KINDS: [&str; 16] = [
    "name",
    "first_name",
    "last_name",
    "email",
    "username",
    "password",
    "street",
    "city",
    "postcode",
    "country",
    "phone",
    "company",
    "word",
    "sentence",
    "ipv4",
    "color",
];

const FIRST: [&str; 20] = [
    "Ada", "Alan", "Amina", "Björn", "Chen", "Dmitri", "Elena", "Fatima", "Grace", "Hiro", "Ines", "Jamal", "Kofi",
    "Linus", "Maria", "Nadia", "Olga", "Priya", "Ravi", "Sofia",
];
const LAST: [&str; 20] = [
    "Andersson",
    "Bauer",
    "Costa",
    "Diallo",
    "Evans",
    "Fischer",
    "García",
    "Hopper",
    "Ivanova",
    "Jensen",
    "Kim",
    "Lopez",
    "Müller",
    "Novak",
    "Okafor",
    "Patel",
    "Rossi",
    "Silva",
    "Tanaka",
    "Weber",
];
const STREETS: [&str; 10] = [
    "Main Street",
    "Oak Avenue",
    "Church Road",
    "Station Road",
    "Park Lane",
    "Mill Street",
    "High Street",
    "Garden Row",
    "Bridge Street",
    "Harbour Way",
];
const CITIES: [&str; 10] =
    ["Aarhus", "Bergen", "Coimbra", "Dresden", "Espoo", "Florence", "Ghent", "Haarlem", "Kraków", "Lyon"];
const COUNTRIES: [&str; 10] =
    ["Denmark", "Norway", "Portugal", "Germany", "Finland", "Italy", "Belgium", "Netherlands", "Poland", "France"];
const COMPANIES: [&str; 8] = [
    "Blue Harbour",
    "Green Valley",
    "North Star",
    "Silver Birch",
    "Red Kite",
    "Stone Bridge",
    "Clear Water",
    "Oak Tree",
];
const WORDS: [&str; 24] = [
    "amber", "bright", "candle", "distant", "early", "forest", "gentle", "harbour", "island", "jacket", "kettle",
    "lantern", "meadow", "notebook", "ocean", "pencil", "quiet", "river", "silver", "table", "umbrella", "valley",
    "window", "yellow",
];
const COLORS: [&str; 8] = ["red", "green", "blue", "yellow", "black", "white", "orange", "purple"];

impl fmt::Display for Fake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("fake")
    }
}

impl Object for Fake {
    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        if !args.is_empty() {
            return Err(Error::new(ErrorKind::TooManyArguments, format!("fake.{method}() takes no argument")));
        }
        match with_rng(|rng| make(method, rng)) {
            Some(text) => Ok(Value::from(text)),
            None => Err(Error::new(ErrorKind::UnknownMethod, format!("fake has no {method}()"))),
        }
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn make(kind: &str, rng: &mut fastrand::Rng) -> Option<String> {
    let pick = |rng: &mut fastrand::Rng, from: &[&'static str]| from[rng.usize(..from.len())];
    Some(match kind {
        "first_name" => pick(rng, &FIRST).to_owned(),
        "last_name" => pick(rng, &LAST).to_owned(),
        "name" => format!("{} {}", pick(rng, &FIRST), pick(rng, &LAST)),
        "username" => format!("{}{}", pick(rng, &WORDS), rng.u32(10..100_000)),
        // example.com is reserved, so nobody gets mail from a load test.
        "email" => format!("{}.{}{}@example.com", pick(rng, &WORDS), pick(rng, &WORDS), rng.u32(1..1_000_000)),
        "password" => (0..14).map(|_| rng.alphanumeric()).collect(),
        "street" => format!("{} {}", rng.u32(1..200), pick(rng, &STREETS)),
        "city" => pick(rng, &CITIES).to_owned(),
        "postcode" => format!("{:05}", rng.u32(10_000..100_000)),
        "country" => pick(rng, &COUNTRIES).to_owned(),
        "phone" => format!("+1555{:07}", rng.u32(0..10_000_000)),
        "company" => format!("{} Ltd", pick(rng, &COMPANIES)),
        "word" => pick(rng, &WORDS).to_owned(),
        "sentence" => {
            let words: Vec<&str> = (0..rng.usize(5..12)).map(|_| pick(rng, &WORDS)).collect();
            let mut text = words.join(" ");
            text[..1].make_ascii_uppercase();
            text + "."
        }
        // TEST-NET-3, reserved for documentation.
        "ipv4" => format!("203.0.113.{}", rng.u8(1..255)),
        "color" => pick(rng, &COLORS).to_owned(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_kinds_are_deterministic() {
        for kind in KINDS {
            let one = make(kind, &mut fastrand::Rng::with_seed(4)).unwrap();
            assert!(!one.is_empty());
            assert_eq!(make(kind, &mut fastrand::Rng::with_seed(4)).unwrap(), one, "{kind}");
        }
        assert_eq!(make("nope", &mut fastrand::Rng::with_seed(4)), None);
    }
}
