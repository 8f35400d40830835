//! Compiles the words of a Redis command.

use crate::scenario::compile::builder::Builder;
use crate::scenario::eval::template;
use crate::scenario::plan::Argument;
use crate::scenario::syntax::node::{Kind, Node};

impl Builder<'_> {
    /// A list of arguments, or one string that is split at spaces outside of templates.
    pub(super) fn arguments(&mut self, node: &Node, what: &str) -> Vec<Argument> {
        let Some(text) = node.scalar() else {
            return node.one_or_more().iter().filter_map(|item| self.argument(item, what)).collect();
        };
        let words = template::words(text);
        self.quoted_argument(node, &words, what);
        let text = |word: &&str| Node { at: node.at.clone(), kind: Kind::Text((*word).to_owned()) };
        let words: Vec<Node> = words.iter().map(text).collect();
        words.iter().filter_map(|word| self.text(word, what)).map(Argument::Text).collect()
    }

    fn argument(&mut self, node: &Node, what: &str) -> Option<Argument> {
        if !matches!(node.kind, Kind::Map(_)) {
            return self.text(node, what).map(Argument::Text);
        }
        self.bytes(node).map(Argument::Bytes)
    }

    /// Reports quotes around an argument of a command in one string, which would be sent.
    fn quoted_argument(&mut self, node: &Node, words: &[&str], what: &str) {
        let is_quoted = |word: &&&str| word.len() > 1 && word.starts_with(['"', '\'']);
        let Some(word) = words.iter().skip(1).find(is_quoted) else { return };
        let quote = &word[..1];
        let message = format!("quotes do not join arguments: `{quote}` would be sent");
        let note = format!("write a list, in which each item is one argument: {what}: [SET, key, \"a value\"]");
        self.report(node.at.clone(), message, note);
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::plan::{Action, Argument};
    use crate::scenario::{Overrides, Scenario};

    fn kinds(command: &str) -> Result<String, String> {
        let text = format!("redis: {{ url: redis://h }}\ntasks: [{{ steps: [{{ redis: {command} }}] }}]\n");
        let scenario = Scenario::parse("s.yaml", &text).map_err(|error| error.text)?;
        let plan = scenario.plan(&Overrides::default()).map_err(|error| error.to_string())?;
        let Action::Redis(step) = &plan.classes[0].tasks[0].steps[0].action else { panic!("{command}") };
        Ok(step.command.iter().map(|word| if matches!(word, Argument::Text(_)) { 't' } else { 'b' }).collect())
    }

    #[test]
    fn arguments_are_strings_or_bytes() {
        for (command, wanted) in [
            ("PING", "t"),
            ("'SET k {\"a\":1}'", "ttt"),
            ("[SET, k, 1, true]", "tttt"),
            ("[SET, k, { random: 1KB }]", "ttb"),
            ("[SET, k, { compressible: 50%, random: { 1: 2, 3: 4 } }]", "ttb"),
            ("[SETRANGE, k, 3, { base64: 'AAEC' }]", "tttb"),
        ] {
            assert_eq!(kinds(command).as_deref(), Ok(wanted), "{command}");
        }
        for (command, wanted) in [
            ("[SET, k, { a: 1 }]", "unknown field `a`"),
            ("[SET, k, { random: 1KB, base64: AA== }]", "both `random` and `base64` are set"),
            ("[SET, k, { base64: AA==, compressible: 1% }]", "`compressible` requires `random`"),
            ("[SET, k, { random: between(64, 4KB) }]", "quote it, as in \"between(1, 5)\""),
            ("[SET, k, { random: 17MB }]", "`random` must be at most 16 MiB"),
            ("[SET, k, [1]]", "expected a single value, found a list"),
            ("[]", "a Redis step without a command"),
        ] {
            let error = kinds(command).expect_err(command);
            assert!(error.contains(wanted), "{command}: {error}");
        }
    }
}
