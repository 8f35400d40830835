use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::time::Duration;

use super::{Config, ConfigValue, Origin, Settings, Sources, ThemeName};
use crate::units::Users;

fn variables(given: &[(&str, &str)]) -> BTreeMap<String, OsString> {
    given.iter().map(|(name, value)| ((*name).to_owned(), value.into())).collect()
}

fn config(given: &[(&str, &str)]) -> Config {
    let row = |key: &str| Settings::TABLE.iter().find(|setting| setting.key == key).unwrap();
    let values = given.iter().zip(1..);
    let values = values.map(|((key, text), line)| ConfigValue { setting: row(key), text: (*text).to_owned(), line });
    Config { values: values.collect(), ..Config::default() }
}

fn origin(settings: &Settings, key: &str) -> Option<Origin> {
    settings.given.get(key).map(|given| given.origin.clone())
}

#[test]
fn keys_flags_and_variables_are_unique_and_defaults_are_valid() {
    let mut seen = BTreeSet::new();
    for setting in Settings::TABLE {
        let names = setting.variables().chain([setting.long()]).chain(setting.short().map(String::from));
        for name in names.chain(setting.alias().map(str::to_owned)) {
            assert!(seen.insert(name.clone()), "{name} is defined twice");
        }
        let implied = setting.flag.implied_by.map(|(_, value)| value);
        for value in setting.flag.default.into_iter().chain(implied).chain(setting.choices().iter().copied()) {
            assert_eq!(setting.check(value.as_ref()), Ok(()), "{}: {value}", setting.key);
        }
        assert!(setting.help().len() > 5, "{}", setting.key);
    }
}

#[test]
fn without_sources_all_values_are_defaults() {
    let settings = Settings::resolve(&Sources::default()).unwrap();
    assert_eq!(settings, Settings::default());
    assert_eq!((settings.out.to_str(), settings.theme), (Some("./results"), ThemeName::Auto));
    assert!(settings.load_threads() >= 1);
    assert_eq!(settings.overrides(), crate::scenario::Overrides::default());
}

#[test]
fn source_with_highest_precedence_is_used_and_named() {
    let mut sources =
        Sources { config: config(&[("seed", "1"), ("users", "5"), ("tags", "a,b")]), ..Sources::default() };
    let at = |sources: &Sources| {
        let settings = Settings::resolve(sources).unwrap();
        (settings.seed, origin(&settings, "seed"))
    };
    assert_eq!(at(&sources), (Some(1), Some(Origin::Config(1))));
    sources.dotenv = variables(&[("KATYDID_SEED", "2")]);
    assert_eq!(at(&sources), (Some(2), Some(Origin::DotEnv)));
    sources.environment = variables(&[("KATYDID_SEED", "3")]);
    assert_eq!(at(&sources), (Some(3), Some(Origin::Environment)));
    sources.environment = variables(&[("KATYDID_SEED", "")]);
    assert_eq!(at(&sources), (Some(2), Some(Origin::DotEnv)), "an empty variable is not set");
    sources.flags.insert("seed", "4".into());
    assert_eq!(at(&sources), (Some(4), Some(Origin::Flag)));
    // The scenario overrides config.yaml.
    let settings = Settings::resolve(&sources).unwrap();
    assert_eq!((settings.users, settings.load_defaults.users), (None, Some(Users(5))));
    assert_eq!(settings.tags, ["a", "b"]);
}

#[test]
fn locust_variables_are_used_unless_katydid_variables_are_set() {
    let locust = [("LOCUST_USERS", "7"), ("LOCUST_RUN_TIME", "1m30s"), ("LOCUST_HEADLESS", "true")];
    let mut sources = Sources { environment: variables(&locust), ..Sources::default() };
    sources.dotenv = variables(&[("KATYDID_USERS", "9")]);
    let settings = Settings::resolve(&sources).unwrap();
    assert_eq!((settings.users, settings.run_time), (Some(Users(7)), Some(Duration::from_secs(90))));
    assert!(settings.headless);
    assert_eq!(sources.locust_variables(), ["LOCUST_USERS", "LOCUST_RUN_TIME", "LOCUST_HEADLESS"]);
    sources.environment.insert("KATYDID_USERS".to_owned(), "8".into());
    assert_eq!(Settings::resolve(&sources).unwrap().users, Some(Users(8)));
}

#[test]
fn lists_in_locust_variables_have_locust_syntax() {
    for (name, value, wanted) in [
        ("LOCUST_TAGS", "read", &["read"][..]),
        ("LOCUST_TAGS", "read write", &["read", "write"]),
        ("LOCUST_TAGS", "[read, write]", &["read", "write"]),
        ("LOCUST_TAGS", "read,write", &["read", "write"]),
        ("KATYDID_TAGS", "read only, write", &["read only", "write"]),
    ] {
        let sources = Sources { environment: variables(&[(name, value)]), ..Sources::default() };
        assert_eq!(Settings::resolve(&sources).unwrap().tags, wanted, "{name}={value}");
    }
    let sources = Sources { dotenv: variables(&[("LOCUST_EXCLUDE_TAGS", "a b")]), ..Sources::default() };
    assert_eq!(Settings::resolve(&sources).unwrap().exclude_tags, ["a", "b"]);
}

#[test]
fn no_color_selects_mono_unless_a_theme_is_given() {
    let mut sources = Sources { environment: variables(&[("NO_COLOR", "1")]), ..Sources::default() };
    assert_eq!(Settings::resolve(&sources).unwrap().theme, ThemeName::Mono);
    sources.config = config(&[("theme", "light")]);
    assert_eq!(Settings::resolve(&sources).unwrap().theme, ThemeName::Light);
}

#[test]
fn invalid_value_error_names_source_and_allowed_values() {
    for (name, value, wanted) in [
        ("KATYDID_USERS", "many", "\"many\" is not a number of users"),
        ("LOCUST_USERS", "many", "LOCUST_USERS"),
        ("KATYDID_THREADS", "0", "from 1 to 1024, found \"0\""),
        ("KATYDID_EXIT_CODE_ON_ERROR", "256", "from 0 to 255"),
        ("KATYDID_SEED", "-1", "from 0 to 18446744073709551615"),
        ("KATYDID_THEME", "pink", "auto, light, colorblind, mono"),
        ("KATYDID_ASCII", "maybe", "true or false, found \"maybe\""),
        ("KATYDID_HOST", "ftp://u:S3cret@h", "base URL"),
        ("KATYDID_HOST", "http://u:S3cret@h:99999", "not a base URL (invalid port number): write http://host:port"),
        ("KATYDID_HOST", "HTTP://u:S3cret@h:abc", "(invalid port number)"),
        ("KATYDID_HOST", "http://u:S3cret@h:-1", "(invalid port number)"),
        ("KATYDID_HOST", "http://h/?k=S3cret", "(it has a query or a fragment)"),
        ("KATYDID_HOST", "http://h/#S3cret", "(it has a query or a fragment)"),
        ("KATYDID_HOST", "redis://:S3cret@h:99999", "invalid Redis address: invalid port number"),
        ("KATYDID_METRICS", "127.0.0.1:99999", "a port from 0 to 65535"),
    ] {
        let sources = Sources { dotenv: variables(&[(name, value)]), ..Sources::default() };
        let error = Settings::resolve(&sources).unwrap_err();
        assert!(error.contains(wanted) && error.contains(&format!("{name} in .env")), "{error}");
        assert!(!error.contains("S3cret"), "{error}");
    }
}

#[test]
fn the_path_of_otlp_is_in_front_of_a_query() {
    for (endpoint, wanted) in [
        ("http://127.0.0.1:7104/p?api=q", "http://127.0.0.1:7104/p/v1/metrics?api=q"),
        ("http://127.0.0.1:7104/?api=q#f", "http://127.0.0.1:7104/v1/metrics?api=q#f"),
        ("http://127.0.0.1:7104/p/", "http://127.0.0.1:7104/p/v1/metrics"),
        ("https://u:p@otel.test", "https://u:p@otel.test/v1/metrics"),
    ] {
        let sources =
            Sources { environment: variables(&[("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)]), ..Sources::default() };
        assert_eq!(Settings::resolve(&sources).unwrap().otlp_url(), wanted);
    }
}

#[test]
fn misspelled_variables_are_found() {
    let mut sources = Sources {
        environment: variables(&[("KATYDID_HEADLES", "true"), ("KATYDID_USERS", "2")]),
        ..Sources::default()
    };
    sources.dotenv =
        variables(&[("KATYDID_SPAWNRATE", "2"), ("KATYDID_CONFIG", "x"), ("KATYDID_HOME", "x"), ("USERS", "1")]);
    let found: Vec<_> = sources.misspelled();
    let wanted = [("KATYDID_HEADLES", "KATYDID_HEADLESS"), ("KATYDID_SPAWNRATE", "KATYDID_SPAWN_RATE")];
    assert_eq!(found, wanted.map(|(name, meant)| (name, meant.to_owned())));
}
