//! Compiles the commands that are executed before the users start.

use crate::scenario::compile::builder::Builder;
use crate::scenario::compile::fields::Fields;
use crate::scenario::grammar::keys::PREFILL;
use crate::scenario::plan::{Prefill, is_blocking};
use crate::scenario::syntax::node::Node;

/// Maximum number of commands.
const MAX_COUNT: u64 = 1_000_000_000;

impl Builder<'_> {
    /// `redis.prefill`: one entry or a list of them.
    pub(in crate::scenario::compile) fn prefills(&mut self, fields: &Fields<'_>) -> Vec<Prefill> {
        let redis = fields.get("redis").map(Node::entries).unwrap_or_default();
        let Some(node) = Fields(redis).get("prefill") else { return Vec::new() };
        if node.one_or_more().is_empty() {
            self.error(node, "`prefill` is empty");
        }
        node.one_or_more().iter().filter_map(|node| self.prefill(node)).collect()
    }

    fn prefill(&mut self, node: &Node) -> Option<Prefill> {
        let fields = self.fields(node, &PREFILL)?;
        let count = fields.get("count").and_then(|node| self.command_count(node));
        let argument = fields.get("command")?;
        let command = self.arguments(argument, "command");
        self.refuse_streaming(argument, &command);
        if is_blocking(&command) {
            self.report(argument.at.clone(), "a command of `prefill` cannot wait for others", "use another command");
        }
        Some(Prefill { count: count?, command })
    }

    fn command_count(&mut self, node: &Node) -> Option<u64> {
        let text = self.constant_text(node, "count")?;
        let count = text.trim().parse().ok().filter(|count| (1..=MAX_COUNT).contains(count));
        if count.is_none() {
            self.error(node, format!("`count`: expected a whole number from 1 to {MAX_COUNT}, found {text:?}"));
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::{Overrides, Scenario};

    fn counts(prefill: &str) -> Result<Vec<u64>, String> {
        let text = format!(
            "vars: {{ keys: 500 }}\nredis: {{ url: redis://h, prefill: {prefill} }}\ntasks: [{{ steps: [{{ redis: PING }}] }}]\n"
        );
        let scenario = Scenario::parse("s.yaml", &text).map_err(|error| error.text)?;
        let plan = scenario.plan(&Overrides::default()).map_err(|error| error.to_string())?;
        Ok(plan.prefill.iter().map(|fill| fill.count).collect())
    }

    #[test]
    fn entries_have_a_count_and_a_command() {
        for (prefill, wanted) in [
            ("{ count: 100, command: \"SET k:{{ iteration }} v\" }", &[100][..]),
            (
                "[{ count: 1, command: [FLUSHDB] }, { count: \"{{ keys * 2 }}\", command: [SET, k, { random: 1KB }] }]",
                &[1, 1_000],
            ),
        ] {
            assert_eq!(counts(prefill).as_deref(), Ok(wanted), "{prefill}");
        }
        for (prefill, wanted) in [
            ("{ count: 0, command: PING }", "`count`: expected a whole number from 1 to 1000000000, found \"0\""),
            ("{ count: many, command: PING }", "found \"many\""),
            ("{ count: \"{{ user.id }}\", command: PING }", "`count` cannot vary during the run"),
            ("{ command: PING }", "`prefill` requires `count`"),
            ("{ count: 5 }", "`prefill` requires `command`"),
            ("{ count: 5, command: [] }", "a Redis step without a command"),
            ("{ count: 5, command: SUBSCRIBE c }", "SUBSCRIBE makes a connection only receive"),
            ("{ count: 5, command: BLPOP k 1 }", "cannot wait for others"),
            ("{ count: 5, command: PING, keys: 7 }", "unknown field `keys`"),
            ("100000", "`prefill`"),
            ("[]", "`prefill` is empty"),
        ] {
            let error = counts(prefill).expect_err(prefill);
            assert!(error.contains(wanted), "{prefill}: {error}");
        }
    }
}
