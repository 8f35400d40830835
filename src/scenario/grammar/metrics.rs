//! The wording of thresholds as a pattern, for editors. The compiler reads them word by word.

/// Comparison operators of a condition.
const OPERATOR: &str = r"\s*(<=|>=|==|!=|<|>)\s*";
const PERCENTILE: &str = r"p(?!0*(\.0*)?(?![0-9.]))0*\d{1,2}(\.\d+)?";
/// The pattern of a time, as [`parse_duration`](crate::units::parse_duration) reads it.
pub(crate) const TIME: &str = r"(\d+(\.\d+)?|(?=\d)(\d+(\.\d+)?\s*d\s*)?(\d+(\.\d+)?\s*h\s*)?(\d+(\.\d+)?\s*m\s*)?(\d+(\.\d+)?\s*s\s*)?(\d+(\.\d+)?\s*ms\s*)?(\d+(\.\d+)?\s*us)?)";
const RATIO: &str = r"(0*(100(\.0+)?|\d{1,2}(\.\d+)?)\s*%|0+(\.\d+)?|0*1(\.0+)?)";
const NUMBER: &str = r"\d+(\.\d+)?(/s)?";

const TIMES: &[&str] = &["mean", "avg", "median", "min", "max"];
const COUNTS: &[&str] = &["rps", "requests"];
const FAIL_RATIOS: &[&str] = &["fail_ratio", "error_ratio"];
const NONE: &[&str] = &[];

/// Metrics of one source.
struct Source {
    /// Words before the metric.
    prefixes: &'static [&'static str],
    /// It has times.
    times: bool,
    /// Metrics that are ratios.
    ratios: &'static [&'static [&'static str]],
    /// Metrics that are numbers.
    numbers: &'static [&'static [&'static str]],
}

const SOURCES: &[Source] = &[
    Source {
        prefixes: &[""],
        times: true,
        ratios: &[FAIL_RATIOS, &["lost_ratio", "hit_ratio"]],
        numbers: &[COUNTS, &["failures", "dropped", "exceptions"]],
    },
    Source { prefixes: &["http.", "graphql."], times: true, ratios: &[FAIL_RATIOS], numbers: &[COUNTS, &["failures"]] },
    Source {
        prefixes: &["redis."],
        times: true,
        ratios: &[FAIL_RATIOS, &["lost_ratio", "hit_ratio"]],
        numbers: &[COUNTS, &["failures"]],
    },
    Source { prefixes: &["redis.delivery."], times: true, ratios: &[&["lost_ratio"]], numbers: &[COUNTS] },
    Source {
        prefixes: &["redis.server."],
        times: false,
        ratios: &[NONE],
        numbers: &[&["output_buffer_disconnections"]],
    },
    Source { prefixes: &["generator."], times: false, ratios: &[&["cpu"]], numbers: &[NONE] },
    Source { prefixes: &["generator.schedule_delay."], times: true, ratios: &[NONE], numbers: &[NONE] },
];

/// The pattern of a threshold: conditions that are joined by `and`.
pub(crate) fn pattern() -> String {
    let one = SOURCES.iter().map(of_source).collect::<Vec<_>>().join("|");
    format!(r"^\s*({one})(\s+and\s+({one}))*\s*$")
}

fn of_source(source: &Source) -> String {
    let any = |names: &[&str]| names.join("|");
    let mut forms = Vec::new();
    if source.times {
        forms.push(format!("({}|{PERCENTILE}){OPERATOR}{TIME}", any(TIMES)));
    }
    for (names, value) in [(source.ratios.concat(), RATIO), (source.numbers.concat(), NUMBER)] {
        if !names.is_empty() {
            forms.push(format!("({}){OPERATOR}{value}", any(&names)));
        }
    }
    let prefixes = source.prefixes.iter().map(|prefix| prefix.replace('.', r"\.")).collect::<Vec<_>>().join("|");
    format!("({prefixes})({})", forms.join("|"))
}
