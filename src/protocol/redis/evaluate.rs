//! Evaluates Redis responses: the number of receivers of a message, expectations and captures of a command.

use std::sync::Arc;

use ::redis::Value;
use http::HeaderMap;

use super::value::{bytes, to_json};
use crate::protocol::evaluate::{self, Rules, Views};
use crate::protocol::result::{Check, StepResult};
use crate::scenario::eval::response::ResponseView;
use crate::scenario::eval::template::Scope;
use crate::scenario::plan::{PublishStep, RedisStep};
use crate::scenario::secrets::Redactor;
use crate::stats::{Example, Reason};

/// Checks the number of receivers of a message.
pub fn receivers(step: &PublishStep, receivers: i64, scope: &mut Scope, result: &mut StepResult) {
    let Some(matcher) = step.receivers.as_ref() else { return };
    let words: Arc<str> = format!("receivers {matcher}").into();
    let (got, detail) = match matcher.accepts(&receivers.into(), scope) {
        Ok(true) => return result.check(|| Check { words, got: None }),
        Ok(false) => (receivers.to_string(), format!("expected {words}, got {receivers}")),
        Err(error) => (format!("an error: {error}"), error.to_string()),
    };
    result.check(|| Check { words: Arc::clone(&words), got: Some(got) });
    result.fail(Reason::Unmet(words), Example { detail, ..Example::default() });
}

/// Evaluates expectations, then captures.
pub fn response(step: &RedisStep, value: &Value, scope: &mut Scope, result: &mut StepResult) {
    if step.captures.is_empty() && step.expects.is_empty() {
        return;
    }
    let json = to_json(value).to_string().into_bytes();
    let raw = bytes(value).unwrap_or(&json);
    // A string that contains JSON is parsed as JSON, any other is a JSON string.
    let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(raw).is_ok();
    let headers = HeaderMap::new();
    let elapsed = result.timings.service;
    let plain = ResponseView::new(0, elapsed, &headers, raw);
    let typed = ResponseView::new(0, elapsed, &headers, if is_json { raw } else { &json });
    let views = Views { json: &typed, plain: &plain };
    let rules = Rules { expects: &step.expects, captures: &step.captures };
    let example = |detail: String, _: &Redactor| Example { detail, ..Example::default() };
    let failure = evaluate::evaluate(rules, views, scope, result.details.as_deref_mut(), example);
    result.fail_if(failure);
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::scenario::plan::Action;
    use crate::scenario::{Overrides, Scenario};

    /// The result, with details, of a step whose response took this long.
    fn evaluated(step: &RedisStep, value: &Value, took: Duration, scope: &mut Scope) -> StepResult {
        let mut result = StepResult::new(None, None, true);
        result.timings.service = took;
        response(step, value, scope, &mut result);
        result
    }

    /// The value of the capture `v` after this response, as JSON, or the reason of the failure.
    fn captured(source: &str, value: &Value) -> String {
        let text = format!(
            "redis: {{ url: redis://h }}\ntasks: [{{ steps: [{{ redis: [GET, k], capture: {{ v: '{source}' }} }}] }}]"
        );
        let plan = Scenario::parse("t.yaml", &text).unwrap().plan(&Overrides::default()).unwrap();
        let Action::Redis(step) = &plan.classes[0].tasks[0].steps[0].action else { panic!("another step") };
        let mut scope = plan.scope(1, 1);
        match evaluated(step, value, Duration::ZERO, &mut scope).failure() {
            Some(failure) => failure.reason.to_string(),
            None => serde_json::to_string(scope.get(plan.slots.id("v").unwrap())).unwrap(),
        }
    }

    #[test]
    fn responses_are_captured_with_their_type() {
        let text = |text: &str| Value::BulkString(text.into());
        let list = Value::Array(vec![Value::Int(1), text("b")]);
        for (source, value, expected) in [
            ("$", Value::Int(7), "7"),
            ("$", text("plain"), "\"plain\""),
            ("$.a", text(r#"{"a": 5}"#), "5"),
            ("$[1]", list.clone(), "\"b\""),
            ("$", Value::Nil, "null"),
            ("body", text("say \"hi\""), "\"say \\\"hi\\\"\""),
            ("regex:b(.)", text("abc"), "\"c\""),
            ("$.x", list, "nothing to capture for v: json $.x"),
        ] {
            assert_eq!(captured(source, &value), expected, "{source} {value:?}");
        }
    }

    #[test]
    fn responses_are_compared_with_expectations() {
        let compared = |expect: &str, value: &Value| {
            let text =
                format!("redis: {{ url: redis://h }}\ntasks: [{{ steps: [{{ redis: [GET, k], expect: {expect} }}] }}]");
            let plan = Scenario::parse("t.yaml", &text).unwrap().plan(&Overrides::default()).unwrap();
            let Action::Redis(step) = &plan.classes[0].tasks[0].steps[0].action else { panic!("another step") };
            let result = evaluated(step, value, Duration::from_secs(1), &mut plan.scope(1, 1));
            let example = result.failure().and_then(|failure| failure.example.clone());
            example.map_or_else(|| "ok".to_owned(), |example| example.detail)
        };
        let text = |text: &str| Value::BulkString(text.into());
        for (expect, value, expected) in [
            ("{ json: { $: 7 } }", Value::Int(7), "ok"),
            ("{ json: { $: { gte: 8 } } }", Value::Int(7), "expected json $ >= 8, got 7"),
            ("{ json: { $.a: 5 } }", text(r#"{"a": 5}"#), "ok"),
            ("{ json: { '$[1]': b } }", Value::Array(vec![Value::Int(1), text("b")]), "ok"),
            ("{ json: { $: null } }", Value::Nil, "ok"),
            ("{ body: OK }", text("OK"), "ok"),
            ("{ body: { starts_with: a } }", text("b"), "expected body starts with \"a\", got b"),
            ("{ time: < 2s }", Value::Nil, "ok"),
            ("{ time: < 500ms }", Value::Nil, "expected time < 500ms, got 1.00s"),
        ] {
            assert_eq!(compared(expect, &value), expected, "{expect} {value:?}");
        }
    }

    #[test]
    fn the_actual_value_is_shown_unchanged() {
        let text = "redis: { url: redis://h }\ntasks: [{ steps: [{ redis: [GET, k], expect: { body: got it } }] }]";
        let plan = Scenario::parse("t.yaml", text).unwrap().plan(&Overrides::default()).unwrap();
        let Action::Redis(step) = &plan.classes[0].tasks[0].steps[0].action else { panic!("another step") };
        for (response, got) in [("forgot it", Some("forgot it")), ("got got it", Some("got got it")), ("got it", None)]
        {
            let result = evaluated(step, &Value::BulkString(response.into()), Duration::ZERO, &mut plan.scope(1, 1));
            let checks = result.details.unwrap().checks;
            assert_eq!(checks, [Check { words: "body \"got it\"".into(), got: got.map(str::to_owned) }]);
        }
    }

    #[test]
    fn receivers_are_checked() {
        let text = "redis: { url: redis://h }\ntasks: [{ steps: [{ publish: c, expect: { receivers: { gte: 2 } } }] }]";
        let plan = Scenario::parse("t.yaml", text).unwrap().plan(&Overrides::default()).unwrap();
        let Action::Publish(step) = &plan.classes[0].tasks[0].steps[0].action else { panic!("another step") };
        let mut scope = Scope::new(1, 1, Arc::new(minijinja::Value::UNDEFINED));
        let mut compared = |count| {
            let mut result = StepResult::new(None, None, false);
            receivers(step, count, &mut scope, &mut result);
            let failure = result.failure().map(|failure| (failure.reason.to_string(), failure.example.clone()));
            failure.map(|(reason, example)| (reason, example.unwrap().detail))
        };
        assert_eq!(compared(2), None);
        let (reason, detail) = compared(1).unwrap();
        assert_eq!((&*reason, &*detail), ("expected receivers >= 2", "expected receivers >= 2, got 1"));
    }

    #[test]
    fn captures_are_set_even_if_expectations_fail() {
        let text = "redis: { url: redis://h }\ntasks: [{ steps: [{ redis: [GET, k], expect: { body: other }, \
            capture: { a: $.nope, v: $.b } }] }]";
        let plan = Scenario::parse("t.yaml", text).unwrap().plan(&Overrides::default()).unwrap();
        let Action::Redis(step) = &plan.classes[0].tasks[0].steps[0].action else { panic!("another step") };
        let mut scope = plan.scope(1, 1);
        let result = evaluated(step, &Value::BulkString(r#"{"b":7}"#.into()), Duration::ZERO, &mut scope);
        assert!(matches!(result.failure().unwrap().reason, Reason::Unmet(_)), "{result:?}");
        assert_eq!(scope.get(plan.slots.id("v").unwrap()).as_i64(), Some(7));
    }
}
