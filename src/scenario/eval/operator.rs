//! Comparison operators of expectations and thresholds.

/// How two numbers are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
    /// `==`
    Equal,
    /// `!=`
    Different,
}

impl Operator {
    /// All operators. One that is a prefix of another comes after it.
    pub const ALL: [Operator; 6] =
        [Operator::AtMost, Operator::AtLeast, Operator::Equal, Operator::Different, Operator::Less, Operator::Greater];

    /// Whether the comparison is true; always false for NaN.
    pub fn compare(self, left: f64, right: f64) -> bool {
        match self {
            Operator::Less => left < right,
            Operator::AtMost => left <= right,
            Operator::Greater => left > right,
            Operator::AtLeast => left >= right,
            Operator::Equal => left == right,
            Operator::Different => left != right && !left.is_nan() && !right.is_nan(),
        }
    }

    /// The symbol: `<`, `>=`, ….
    pub fn sign(self) -> &'static str {
        match self {
            Operator::Less => "<",
            Operator::AtMost => "<=",
            Operator::Greater => ">",
            Operator::AtLeast => ">=",
            Operator::Equal => "==",
            Operator::Different => "!=",
        }
    }
}
