//! Keys of other tools.

use super::placed::placed;
use super::spelling::has;
use crate::scenario::grammar::kind::ValueKind as K;

/// Where a key is written, the words for it in other tools, and what to write instead.
type Row = (&'static [K], &'static str, &'static str);

/// Note: where the address of a request is.
pub(crate) const ADDRESS: &str = "write the address after the action: - get: /path";
const BODY: &str = "use json: { … } for JSON, form: { … } for form fields, or body: \"…\" for other text";
const EXPECT: &str = "use expect: { status: 200 }";
const CAPTURE: &str = "use capture: { id: $.id }";
const PAUSE: &str = "use a separate step: - wait: 3s";
const BETWEEN: &str = "use wait_time: between(1s, 3s), or a step - wait: 3s";
const HOST: &str = "use host: https://shop.example.com";
const USERS: &str = "use users: 10";
const STAGES: &str = "use shape: { stages: [{ duration: 1m, users: 10 }] }";
const RATE: &str = "use arrivals: { rate: 50/s }";
const TASKS: &str = "use tasks: [{ steps: [{ get: / }] }]";
const STEPS: &str = "use steps: [{ get: / }]";
const DATA: &str = "use data: { accounts: { file: accounts.csv } }; templates read it as {{ accounts.email }}";
const SCRIPT: &str =
    "scripts are not supported; use templates in values, and the steps `set`, `if`, `while` and `call`";
const INSECURE: &str = "use tls: { insecure: true }";
const AUTH: &str = "use auth: { bearer: TOKEN } or auth: { basic: { username: ada, password: … } }";
const REDIS_URL: &str = "use url: redis://user:password@localhost:6379/0";

const KEYS: &[Row] = &[
    // The file.
    (
        &[K::Scenario],
        "vus max_vus virtual_users concurrency concurrent_users threads num_threads clients user_count num_users number_of_users workers at_once_users constant_users constant_vus",
        USERS,
    ),
    (&[K::Scenario], "duration time test_duration length max_duration run_for time_limit", "use run_time: 1m"),
    (
        &[K::Scenario],
        "iterations loops loop_count max_iterations max_requests repeat",
        "a run ends after run_time: 1m; a user ends with a step - stop: user",
    ),
    (
        &[K::Scenario],
        "ramp_up ramp ramp_up_period ramp_up_time ramp_users hatch_rate start_rate",
        "use spawn_rate: 5, which is users started per second, or shape: { stages: [{ duration: 1m, users: 10 }] }",
    ),
    (
        &[K::Scenario],
        "arrival_rate arrival_count rate rps qps throughput constant_arrival_rate ramping_arrival_rate constant_users_per_sec",
        RATE,
    ),
    (&[K::Scenario], "stages phases phase executor load load_profile ramping_vus", STAGES),
    (&[K::Scenario], "target base_url base url server servers hostname origin endpoint domain", HOST),
    (
        &[K::Scenario],
        "scenarios scenario flow requests request steps jobs workflow workflows tests test test_plan item items collection journeys transactions run exec main",
        TASKS,
    ),
    (&[K::Scenario], "config options settings", "write its keys at the top level: host, users, run_time"),
    (
        &[K::Scenario],
        "env environment environments",
        "templates read environment variables as {{ env.NAME }}; other values are in vars: { NAME: value }",
    ),
    (&[K::Scenario], "variables variable globals global_vars parameters params", "use vars: { id: 1 }"),
    (
        &[K::Scenario],
        "payload csv feeder feeders feed dataset datasets data_file data_files csv_dataset shared_array files data_sources",
        DATA,
    ),
    (&[K::Scenario], "before setup before_scenario init login on_startup", "use on_start: [{ get: / }]"),
    (&[K::Scenario], "after teardown after_scenario cleanup on_end", "use on_stop: [{ get: / }]"),
    (
        &[K::Scenario, K::Class, K::Task],
        "think think_time sleep pause delay wait min_wait max_wait pacing timer",
        BETWEEN,
    ),
    (
        &[K::Scenario],
        "ensure check checks criteria assertions assert sla slo slos pass_fail fail_criteria",
        "use thresholds: [p95 < 400ms, fail_ratio < 1%]",
    ),
    (&[K::Scenario], "output outputs out reporting reporters summary results", "use report: { html: report.html }"),
    (&[K::Scenario], "on plugins engines processor scripts extensions ext imports modules", SCRIPT),
    (&[K::Scenario], "version api_version kind metadata info schema_version", "a scenario has no version: remove it"),
    (
        &[K::Scenario],
        "$schema schema",
        "name it in a comment in the first line: # yaml-language-server: $schema=katydid.schema.json",
    ),
    (&[K::Scenario], "tag tags weight", "write it in the tasks"),
    (
        &[K::Scenario],
        "class classes user_class http_user fast_http_user",
        "use user_classes: { Shopper: { tasks: [{ steps: [{ get: / }] }] } }",
    ),
    (&[K::Scenario], "extends import depends_on", "use include: [common.yaml]"),
    // Tasks and classes.
    (&[K::Task], "flow flows request requests do actions action sequence run script exec tasks item", STEPS),
    (
        &[K::Task],
        "probability ratio percent percentage share freq frequency",
        "use weight: 3, relative to the other tasks",
    ),
    (&[K::Task, K::Step], "title label id display_name description", "use name: browse"),
    (
        &[K::Task, K::Step],
        "repeats loop times count iterations loop_count",
        "use a step that contains the steps to repeat: - repeat: 3, with steps below it",
    ),
    (
        &[K::Task],
        "users vus",
        "users belong to the file, or to a class: user_classes: { Shopper: { users: 5, tasks: [{ steps: [{ get: / }] }] } }",
    ),
    (&[K::Class], "host base_url url", "all classes use the top-level `host`; a step can have a complete URL"),
    (&[K::Class], "steps flow requests exec", TASKS),
    (&[K::Class], "vus instances count number users_count", "use fixed_count: 5, or weight: 1"),
    // Load.
    (&[K::Stage], "target vus users_target arrival_count max_vus count", "use users: 100, or rate: 50/s"),
    (&[K::Stage], "time length for hold run_time pause", "use duration: 1m"),
    (&[K::Stage], "arrival_rate ramp_to rps", "use rate: 50/s, which is reached at the end of the stage"),
    (
        &[K::Stage],
        "ramp_up ramp_rate hatch_rate",
        "use users: 100, which is reached at the end of the stage, or spawn_rate: 5",
    ),
    (&[K::Arrivals, K::Shape], "pre_allocated_vus max_vus vus users", "use max_users: 1000"),
    (&[K::Arrivals], "time_unit per", "write the unit into the rate: rate: 50/s, or rate: 600/m"),
    (
        &[K::Arrivals],
        "duration start_rate run_time",
        "use run_time: 5m at the top, or stages: [{ duration: 1m, rate: 50/s }] here",
    ),
    (&[K::ThresholdFull], "metric condition threshold expression expr rule", "use check: p95 < 400ms"),
    (&[K::ThresholdFull], "abort_on_fail stop fail fail_fast", "use abort: true"),
    (&[K::ThresholdFull], "delay_abort_eval window period", "use for: 30s, or over: 30s for a sliding window"),
    (&[K::ThresholdFull], "name url request tag tags", "use on: \"POST /api/checkout\", or on: { tags: [read] }"),
    (&[K::ThresholdFull], "level severity", "use warn: true for a threshold that does not fail the run"),
    (&[K::OnFull], "request url path endpoint row", "use name: \"POST /api/checkout\""),
    // Requests.
    (&[K::Step], "url path uri request http endpoint address href", ADDRESS),
    (&[K::Step], "method verb", "write the method as the action: - post: /path"),
    (&[K::Step], "data payload content request_body post_data raw raw_body body_text", BODY),
    (
        &[K::Step],
        "form_data multipart multipart_form_data upload uploads attachments urlencoded",
        "use form: { … } for fields, and files: { photo: photo.jpg } for an upload",
    ),
    (&[K::Step], "params query_params query_param query_string qs parameters url_params", "use query: { page: 1 }"),
    (
        &[K::Step, K::Defaults],
        "cookie cookies",
        "cookies that the server sets are kept; others are a header: headers: { Cookie: \"a=1\" }",
    ),
    (&[K::Step], "think think_time sleep pause delay timer wait_time", PAUSE),
    (&[K::Step], "foreach", "use a step that contains steps: - for_each: [1, 2], with as: n and steps below it"),
    (
        &[K::Step],
        "assert asserts assertion assertions check checks validate validations ensure test tests expectations match status status_code code expect_status expected_status response_code",
        EXPECT,
    ),
    (&[K::Step], "extract extractor extractors save save_as store register export exports outputs output", CAPTURE),
    (&[K::Step], "vars variables let assign", "use a separate step: - set: { id: 1 }"),
    (
        &[K::Step],
        "script js javascript exec function code before_request after_response prerequest prerequest_script catch_response eval",
        SCRIPT,
    ),
    (&[K::Step], "run uses shell", "a step is a request, or another action of katydid: - get: /path"),
    (&[K::Step], "weight", "write it in the task"),
    (&[K::Step], "ifTrue condition only_if unless skip", "use when: total > 100"),
    (
        &[K::Step],
        "retry retries max_retries",
        "a failed request is not repeated; use a step - while: EXPRESSION, with limit: 3 and steps below it",
    ),
    (
        &[K::Step, K::Defaults],
        "verify insecure insecure_skip_verify insecure_skip_tls_verify reject_unauthorized skip_tls_verify ssl_verify skip_ssl",
        INSECURE,
    ),
    (
        &[K::Step, K::Defaults],
        "redirect redirects allow_redirects max_redirects follow_redirect",
        "use follow_redirects: false",
    ),
    (
        &[K::Step, K::Defaults],
        "username password user basic basic_auth bearer token authorization authentication",
        AUTH,
    ),
    (&[K::Step, K::Defaults], "request_timeout timeout_ms max_time", "use timeout: 10s"),
    (&[K::Defaults], "host base_url url target", "write it at the top level: host: https://shop.example.com"),
    (&[K::AuthFull], "token jwt access_token api_key oauth oauth2 type scheme", "use auth: { bearer: TOKEN }"),
    (&[K::AuthFull], "user username pass password login", "use auth: { basic: { username: ada, password: … } }"),
    (&[K::Basic], "user login name email", "use username: ada"),
    (&[K::Basic], "pass pwd secret", "use password: …"),
    (
        &[K::Tls],
        "verify insecure_skip_verify reject_unauthorized skip_verify self_signed allowselfsigned",
        "use insecure: true",
    ),
    (&[K::Tls], "ca_cert ca_file ca_certs trust_store", "use ca: ca.pem"),
    (&[K::Tls], "client_cert crt certificate cert_file pfx keystore", "use cert: client.pem and key: client.key"),
    (&[K::Tls], "client_key key_file private_key", "use key: client.key"),
    (
        &[K::Tls],
        "passphrase key_password password",
        "keys with a password are not supported: openssl pkey -in locked.key -out client.key removes it",
    ),
    // Data.
    (&[K::DataFile], "path file_name source csv url src", "use file: accounts.csv"),
    (
        &[K::DataFile],
        "fields columns header headers variable_names names",
        "the first line of the file names the columns",
    ),
    (&[K::DataFile], "strategy mode circular queue random shuffle", "use order: sequential, random or shuffle"),
    (&[K::DataFile], "recycle recycle_on_eof loop stop_thread eof", "use on_end: recycle, or on_end: stop"),
    (&[K::DataFile], "separator sep delim", "use delimiter: \";\""),
    (&[K::DataFile], "sharing sharing_mode unique scope per", "use bind: user, or bind: iteration"),
    (
        &[K::DataFile],
        "values rows items list",
        "write a list into vars: { words: [lamp, desk] }, and use {{ choice(words) }}",
    ),
    // Responses.
    (&[K::Expect], "status_code code http_status response_code ok", "use status: 200"),
    (
        &[K::Expect, K::ExpectRedis],
        "response_time max_time duration latency elapsed max_response_time max_duration under",
        "use time: < 1s",
    ),
    (&[K::Expect], "content_type has_header header_equals", "use header: { Content-Type: { contains: json } }"),
    (
        &[K::Expect, K::ExpectRedis],
        "contains matches text substring includes regex regexp matches_regexp body_contains not_contains",
        "use body: { contains: text }, or body: { matches: pattern }",
    ),
    (
        &[K::Expect, K::ExpectRedis],
        "jsonpath path json_body has_property property equals eq value",
        "use json: { $.id: 1 }",
    ),
    (&[K::Expect], "length content_length body_size bytes body_length", "use size: < 10KB"),
    (&[K::ExpectPublish], "count subscribers min gte listeners", "use receivers: { gte: 1 }"),
    (&[K::Operators], "equals equal is == === to_be to_equal value exact", "use eq: 1, or the value itself"),
    (&[K::Operators], "not_equals not_equal is_not != !== neq not_eq", "use ne: 1"),
    (&[K::Operators], "greater_than greater > above more_than after", "use gt: 1"),
    (&[K::Operators], "min at_least >= ge greater_or_equal greater_than_or_equal", "use gte: 1"),
    (&[K::Operators], "lessthan less < below under before", "use lt: 1"),
    (&[K::Operators], "max at_most <= le less_or_equal less_than_or_equal", "use lte: 1"),
    (&[K::Operators], "between range within", "use two operators: { gte: 1, lte: 10 }"),
    (&[K::Operators], "regex regexp pattern match like to_match", "use matches: pattern"),
    (&[K::Operators], "includes include has has_key tocontain substring has_item", "use contains: text"),
    (&[K::Operators], "starts_with prefix begins", "use starts_with: text"),
    (&[K::Operators], "ends_with suffix ends", "use ends_with: text"),
    (&[K::Operators], "oneof any_of any enum", "use in: [a, b]"),
    (&[K::Operators], "not_null is_defined present defined null is_null undefined exist", "use exists: true"),
    (&[K::Operators], "not_empty empty is_empty count size len has_length", "use length: { gte: 1 }"),
    (
        &[K::Operators],
        "type isa is_type is_string is_number is_array",
        "types are not tested; use matches: '^[0-9]+$', or length: { gte: 0 }",
    ),
    (&[K::CaptureFull], "jsonpath path expression jmespath property from", "use json: $.id"),
    (&[K::CaptureFull], "regexp pattern boundary match substring", "use regex: 'id=(\\d+)'"),
    (&[K::CaptureFull], "xpath selector query", "use css: \"form input[name=csrf]\""),
    (
        &[K::CaptureFull],
        "as name variable var ref_name to save_as",
        "the key is the name of the variable: capture: { id: $.id }",
    ),
    (&[K::CaptureFull], "attr", "use attribute: value"),
    (&[K::CaptureFull], "index match_no match_number occurrence nth at", "use pick: first, last, random or all"),
    (&[K::CaptureFull], "group", "the first group of the pattern is captured; write (?:…) for the others"),
    (
        &[K::CaptureFull],
        "fallback default_value strict optional required else",
        "use default: 0 for a value that may be missing",
    ),
    // Settings.
    (&[K::GraphqlSettings], "url path uri host", "use endpoint: /graphql"),
    (&[K::RedisSettings], "host port password username user db database address addr server servers", REDIS_URL),
    (&[K::RedisSettings], "ssl secure", "use url: rediss://localhost:6379"),
    (&[K::Report], "format formats file path output dir folder name type", "use html: report.html"),
    (&[K::File], "path file_name source src", "use file: photo.jpg"),
    (&[K::File], "content_type mime mime_type media_type", "use type: image/jpeg"),
];

/// What to write instead of this key of a map.
pub(crate) fn key(kind: K, word: &str) -> Option<String> {
    if word.ends_with(')') && !word.contains('(') {
        return Some("inside of { }, a comma ends a value: quote it, as in \"between(1, 5)\"".to_owned());
    }
    let elsewhere = placed(kind).into_iter().find(|(name, _)| *name == word).map(|(_, note)| note);
    let foreign = || KEYS.iter().find(|(kinds, words, _)| kinds.contains(&kind) && has(words, word));
    elsewhere.or_else(|| foreign().map(|(.., note)| (*note).to_owned()))
}

/// All keys of other tools and places that have a hint in a map of this kind: words, separated by spaces, with notes.
pub(crate) fn keys_of(kind: K) -> Vec<(String, String)> {
    let elsewhere = placed(kind).into_iter().map(|(name, note)| (name.to_owned(), note));
    let foreign = KEYS.iter().filter(|(kinds, ..)| kinds.contains(&kind));
    elsewhere.chain(foreign.map(|(_, words, note)| ((*words).to_owned(), (*note).to_owned()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::grammar::actions::{ACTIONS, ANY_STEP};
    use crate::scenario::grammar::keys::{SCENARIO, TABLES};
    use crate::scenario::grammar::table::names;

    /// Names of the keys of a map of this kind.
    fn own(kind: K) -> Vec<&'static str> {
        if kind == K::Step {
            // Other steps have keys that are hints in requests, such as `payload`.
            let http = ACTIONS[0].modifiers.iter().copied();
            return http
                .chain([ANY_STEP])
                .flat_map(names)
                .chain(ACTIONS.iter().map(|action| action.key.name))
                .collect();
        }
        let table = TABLES.iter().copied().chain([&SCENARIO]).find(|table| table.kind == kind);
        names(table.unwrap_or_else(|| panic!("{kind:?} has no table")).keys)
    }

    #[test]
    fn hints_are_for_unknown_keys_and_name_known_ones() {
        for (kinds, words, note) in KEYS {
            for kind in *kinds {
                let own = own(*kind);
                let known =
                    words.split(' ').find(|word| own.contains(word) && *word != "starts_with" && *word != "ends_with");
                assert_eq!(known, None, "{kind:?}: {note}");
            }
            // `use KEY: …` names a key of the language.
            for (at, _) in note.match_indices("use ") {
                let word =
                    note[at + 4..].split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default();
                if !note[at + 4 + word.len()..].starts_with(": ") {
                    continue;
                }
                let steps =
                    ACTIONS.iter().flat_map(|a| a.modifiers.iter().copied().flat_map(names).chain([a.key.name]));
                let all = TABLES.iter().copied().chain([&SCENARIO]).flat_map(|table| names(table.keys));
                let is_known = steps.chain(names(ANY_STEP)).chain(all).any(|name| name == word);
                assert!(is_known, "{note}: {word} is not a key");
            }
        }
    }

    #[test]
    fn any_spelling_has_the_hint() {
        for word in ["statusCode", "status_code", "statuscode", "status-code"] {
            assert_eq!(key(K::Expect, word).as_deref(), Some("use status: 200"), "{word}");
        }
        assert_eq!(key(K::Task, "get").as_deref(), Some("it is a step: steps: [{ get: … }]"));
        assert_eq!(key(K::Class, "vars").as_deref(), Some("write it at the top level, for all classes"));
        assert_eq!(key(K::Scenario, "nothing"), None);
        let note = key(K::Bytes, "4KB)").unwrap();
        assert!(note.contains("quote it"), "{note}");
    }
}
