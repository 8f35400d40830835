//! Compiles `report`, `baseline` and `search`, and checks the keys of `profiles`.

use std::path::PathBuf;
use std::sync::Arc;

use super::builder::Builder;
use super::fields::Fields;
use crate::scenario::grammar::hints;
use crate::scenario::grammar::keys;
use crate::scenario::plan::{Baseline, Regression, Reports, Search, Vary};
use crate::scenario::syntax::node::Node;

/// Maximum number of profiles: each is compiled separately.
pub(crate) const MAX_PROFILES: usize = 30;

impl Builder<'_> {
    pub(super) fn reports(&mut self, node: &Node) -> Reports {
        let Some(fields) = self.fields(node, &keys::REPORT) else { return Reports::default() };
        let path = |key: &'static str| {
            let text = self.constant_text(fields.get(key)?, key)?;
            Some((key, PathBuf::from(text)))
        };
        Reports(keys::REPORT.keys.iter().map(|key| key.name).filter_map(path).collect())
    }

    pub(super) fn baseline(&mut self, node: &Node) -> Option<Baseline> {
        let fields = self.fields(node, &keys::BASELINE)?;
        let keys = keys::BASELINE.keys;
        let name = self.or_default(fields.get("name"), keys, "name", |b, n, _| b.name_text(n))?;
        let keep = self.or_default(fields.get("keep"), keys, "keep", |b, n, key| b.whole(n, key, 1_000))?;
        let mut tolerance: Vec<(Arc<str>, f64)> = Vec::new();
        for (key, value) in fields.get("tolerance").and_then(|n| self.map(n, "tolerance")).unwrap_or_default() {
            let Some(text) = self.scalar(value, "tolerance") else { continue };
            match text.trim().strip_suffix('%').and_then(|n| n.trim().parse::<f64>().ok()) {
                Some(percent) if percent.is_finite() && percent >= 0.0 => {
                    tolerance.push((key.name.as_str().into(), percent / 100.0));
                }
                _ => self.error(value, format!("{text:?} is not a tolerance: write 10%")),
            }
        }
        let words = [("fail", Regression::Fail), ("warn", Regression::Warn)];
        let given = fields.get("on_regression");
        let on_regression = self.or_default(given, keys, "on_regression", |b, n, key| b.word(n, key, &words))?;
        Some(Baseline { name: name.into(), keep, tolerance, on_regression })
    }

    pub(super) fn search(&mut self, node: &Node) -> Option<Search> {
        let fields = self.fields(node, &keys::SEARCH)?;
        let words = [("users", Vary::Users), ("rate", Vary::Rate)];
        let vary = self.or_default(fields.get("vary"), keys::SEARCH.keys, "vary", |b, n, key| b.word(n, key, &words));
        let from = fields.get("from").and_then(|n| self.number(n, "from"));
        let to = fields.get("to").and_then(|n| self.number(n, "to"));
        let hold = fields.get("hold").and_then(|n| self.some_time(n, "hold"));
        let until = fields.get("until").and_then(|n| self.checks(n));
        let (from, to) = (from?, to?);
        if from >= to {
            self.error(node, "`from` must be below `to`");
        }
        Some(Search { vary: vary?, from, to, hold: hold?, until: until? })
    }

    /// Checks the keys of every profile; values are checked after merging the profile with the file.
    pub(super) fn check_profiles(&mut self, fields: &Fields<'_>) {
        let Some(entries) = fields.get("profiles").and_then(|n| self.map(n, "profiles")) else { return };
        let own: Vec<&str> = keys::of_profiles().map(|key| key.name).collect();
        if entries.len() > MAX_PROFILES {
            if let Some(node) = fields.get("profiles") {
                self.error(node, format!("more than {MAX_PROFILES} profiles"));
            }
            return;
        }
        for (_, profile) in entries {
            let Some(entries) = self.map(profile, "a profile") else { continue };
            for (key, _) in entries.iter().filter(|(k, _)| !own.contains(&k.name.as_str())) {
                self.diagnostics.unknown(key.at.clone(), &key.name, &own, hints::key(keys::SCENARIO.kind, &key.name));
            }
        }
    }
}
