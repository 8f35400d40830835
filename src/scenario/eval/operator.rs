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
    /// All of them. Where one sign begins another, the longer one comes first.
    pub const ALL: [Operator; 6] =
        [Operator::AtMost, Operator::AtLeast, Operator::Equal, Operator::Different, Operator::Less, Operator::Greater];

    /// Whether the comparison is true; for NaN, none is.
    pub fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Operator::Less => left < right,
            Operator::AtMost => left <= right,
            Operator::Greater => left > right,
            Operator::AtLeast => left >= right,
            Operator::Equal => left == right,
            Operator::Different => left != right && !left.is_nan() && !right.is_nan(),
        }
    }

    /// As written: `<`, `>=`, ….
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
