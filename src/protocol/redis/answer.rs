//! Judging an answer: the receivers of a message, the expectations and the captures of a command.

use std::time::Duration;

use http::HeaderMap;

use super::resp::Value;
use crate::protocol::evaluate::{self, Views};
use crate::scenario::eval::response::ResponseView;
use crate::scenario::eval::template::Scope;
use crate::scenario::plan::{PublishStep, RedisStep};
use crate::stats::{Example, Reason};

/// Why the number of receivers is not as expected.
pub fn judge(step: &PublishStep, receivers: i64, scope: &mut Scope) -> Option<(Reason, Example)> {
    let matcher = step.receivers.as_ref()?;
    let detail = match matcher.accepts(&receivers.into(), scope) {
        Ok(true) => return None,
        Ok(false) => format!("expected receivers {matcher}, got {receivers}"),
        Err(error) => error.to_string(),
    };
    let reason = Reason::Unmet(format!("receivers {matcher}").into());
    Some((reason, Example { detail, ..Example::default() }))
}

/// Expectations, then captures.
pub fn look(step: &RedisStep, value: &Value, elapsed: Duration, scope: &mut Scope) -> Option<(Reason, Example)> {
    if step.captures.is_empty() && step.expects.is_empty() {
        return None;
    }
    let json = value.to_json().to_string().into_bytes();
    let raw = match value {
        Value::Text(bytes) => bytes.as_slice(),
        _ => &json,
    };
    // A text that is JSON itself is read as what it says, any other text as a JSON string.
    let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(raw).is_ok();
    let headers = HeaderMap::new();
    let plain = ResponseView::new(0, elapsed, &headers, raw);
    let typed = ResponseView::new(0, elapsed, &headers, if is_json { raw } else { &json });
    let views = Views { json: &typed, plain: &plain };
    evaluate::look((&step.expects, &step.captures), views, scope, |detail, _| Example { detail, ..Example::default() })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::scenario::plan::Action;
    use crate::scenario::{Overrides, Scenario};

    /// What the capture `v` of a step holds after this answer, or the reason of the failure.
    fn captured(source: &str, value: &Value) -> String {
        let text = format!(
            "redis: {{ url: redis://h }}\ntasks: [{{ steps: [{{ redis: [GET, k], capture: {{ v: '{source}' }} }}] }}]"
        );
        let plan = Scenario::parse("t.yaml", &text).unwrap().plan(&Overrides::default()).unwrap();
        let Action::Redis(step) = &plan.classes[0].tasks[0].steps[0].action else { panic!("another step") };
        let mut scope = plan.scope(1, 1);
        match look(step, value, Duration::ZERO, &mut scope) {
            Some((reason, _)) => reason.to_string(),
            None => serde_json::to_string(scope.get(plan.slots.id("v").unwrap())).unwrap(),
        }
    }

    #[test]
    fn answers_are_captured_as_what_they_are() {
        let text = |text: &str| Value::Text(text.into());
        let list = Value::List(vec![Value::Int(1), text("b")]);
        for (source, value, expected) in [
            ("$", Value::Int(7), "7"),
            ("$", text("plain"), "\"plain\""),
            ("$.a", text(r#"{"a": 5}"#), "5"),
            ("$[1]", list.clone(), "\"b\""),
            ("$", Value::Null, "null"),
            ("body", text("say \"hi\""), "\"say \\\"hi\\\"\""),
            ("regex:b(.)", text("abc"), "\"c\""),
            ("$.x", list, "nothing to capture for v: json $.x"),
        ] {
            assert_eq!(captured(source, &value), expected, "{source} {value:?}");
        }
    }

    #[test]
    fn answers_are_held_against_what_is_expected() {
        let judged = |expect: &str, value: &Value| {
            let text =
                format!("redis: {{ url: redis://h }}\ntasks: [{{ steps: [{{ redis: [GET, k], expect: {expect} }}] }}]");
            let plan = Scenario::parse("t.yaml", &text).unwrap().plan(&Overrides::default()).unwrap();
            let Action::Redis(step) = &plan.classes[0].tasks[0].steps[0].action else { panic!("another step") };
            let failure = look(step, value, Duration::from_secs(1), &mut plan.scope(1, 1));
            failure.map_or_else(|| "ok".to_owned(), |(_, example)| example.detail)
        };
        let text = |text: &str| Value::Text(text.into());
        for (expect, value, expected) in [
            ("{ json: { $: 7 } }", Value::Int(7), "ok"),
            ("{ json: { $: { gte: 8 } } }", Value::Int(7), "expected json $ >= 8, got 7"),
            ("{ json: { $.a: 5 } }", text(r#"{"a": 5}"#), "ok"),
            ("{ json: { '$[1]': b } }", Value::List(vec![Value::Int(1), text("b")]), "ok"),
            ("{ json: { $: null } }", Value::Null, "ok"),
            ("{ body: OK }", text("OK"), "ok"),
            ("{ body: { starts_with: a } }", text("b"), "expected body starts with \"a\", got b"),
            ("{ time: < 2s }", Value::Null, "ok"),
            ("{ time: < 500ms }", Value::Null, "expected time < 500ms, got 1.00s"),
        ] {
            assert_eq!(judged(expect, &value), expected, "{expect} {value:?}");
        }
    }

    #[test]
    fn receivers_are_judged() {
        let text = "redis: { url: redis://h }\ntasks: [{ steps: [{ publish: c, expect: { receivers: { gte: 2 } } }] }]";
        let plan = Scenario::parse("t.yaml", text).unwrap().plan(&Overrides::default()).unwrap();
        let Action::Publish(step) = &plan.classes[0].tasks[0].steps[0].action else { panic!("another step") };
        let mut scope = Scope::new(1, 1, Arc::new(minijinja::Value::UNDEFINED));
        assert!(judge(step, 2, &mut scope).is_none());
        let (reason, example) = judge(step, 1, &mut scope).unwrap();
        assert_eq!(
            (reason.to_string().as_str(), example.detail.as_str()),
            ("expected receivers >= 2", "expected receivers >= 2, got 1")
        );
    }

    #[test]
    fn what_can_be_captured_is_whatever_else_fails() {
        let text = "redis: { url: redis://h }\ntasks: [{ steps: [{ redis: [GET, k], expect: { body: other }, \
            capture: { a: $.nope, v: $.b } }] }]";
        let plan = Scenario::parse("t.yaml", text).unwrap().plan(&Overrides::default()).unwrap();
        let Action::Redis(step) = &plan.classes[0].tasks[0].steps[0].action else { panic!("another step") };
        let mut scope = plan.scope(1, 1);
        let failure = look(step, &Value::Text(r#"{"b":7}"#.into()), Duration::ZERO, &mut scope);
        assert!(matches!(failure, Some((Reason::Unmet(_), _))), "{failure:?}");
        assert_eq!(scope.get(plan.slots.id("v").unwrap()).as_i64(), Some(7));
    }
}
