//! The settings as options of the command line: made from their table, and collected.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::scenario::secrets::userinfo;
use crate::settings::{Setting, Settings, Shape};

/// Lists whose items may also be separated by spaces.
const SPACED: [&str; 2] = ["tags", "exclude_tags"];

/// Adds the options to the command and to those of its subcommands that take them.
pub(super) fn add(command: Command) -> Command {
    let command = command.mut_subcommands(|sub| {
        let name = sub.get_name().to_owned();
        // Global: the subcommands of a subcommand take them too.
        let sub = sub.args_override_self(true);
        sub.args(arguments(Some(&name)).into_iter().map(|argument| argument.global(true)))
    });
    command.args(arguments(None))
}

/// What the command line says: the options of the subcommand before those that come before it.
pub(super) fn given(matches: &ArgMatches) -> BTreeMap<&'static str, OsString> {
    let mut given = values(matches, None);
    if let Some((name, matches)) = matches.subcommand() {
        given.extend(values(matches, Some(name)));
    }
    given
}

fn of(command: Option<&str>) -> impl Iterator<Item = &'static Setting> {
    Settings::TABLE.iter().filter(move |setting| setting.is_flag_of(command))
}

fn arguments(command: Option<&str>) -> Vec<Arg> {
    of(command).map(|setting| argument(setting, command)).collect()
}

fn argument(setting: &'static Setting, command: Option<&str>) -> Arg {
    let variables: Vec<String> = setting.variables().collect();
    let help = format!("{} [env: {}]", setting.help(), variables.join(", "));
    let arg = Arg::new(setting.key).long(setting.long()).help(help).short(setting.short());
    let arg = match setting.alias() {
        Some(alias) => arg.visible_alias(alias),
        None => arg,
    };
    let action = match setting.shape() {
        Shape::Switch => return arg.action(ArgAction::SetTrue),
        Shape::One => ArgAction::Set,
        Shape::List => ArgAction::Append,
    };
    let arg = arg.action(action).value_name(setting.value_name()).allow_negative_numbers(true);
    // As in Locust. Subcommands have words of their own after an option.
    let arg = if command.is_none() && SPACED.contains(&setting.key) { arg.num_args(1..) } else { arg };
    if setting.choices().is_empty() {
        arg.value_parser(Checked(setting))
    } else {
        arg.value_parser(PossibleValuesParser::new(setting.choices()).map(OsString::from))
    }
}

fn values(matches: &ArgMatches, command: Option<&str>) -> BTreeMap<&'static str, OsString> {
    let given = of(command).filter(|setting| matches.value_source(setting.key) == Some(ValueSource::CommandLine));
    given.map(|setting| (setting.key, value(matches, setting))).collect()
}

fn value(matches: &ArgMatches, setting: &Setting) -> OsString {
    if setting.shape() == Shape::Switch {
        return "true".into();
    }
    let words: Vec<&OsStr> =
        matches.get_many::<OsString>(setting.key).into_iter().flatten().map(AsRef::as_ref).collect();
    words.join(OsStr::new(","))
}

/// Refuses what the setting does not take, and names the option. Passwords in URLs are masked.
#[derive(Debug, Clone, Copy)]
struct Checked(&'static Setting);

impl TypedValueParser for Checked {
    type Value = OsString;

    fn parse_ref(&self, command: &Command, _: Option<&Arg>, value: &OsStr) -> Result<OsString, clap::Error> {
        let Self(setting) = self;
        setting.check(value).map(|()| value.to_owned()).map_err(|why| {
            let why = userinfo::mask_written(&why);
            let message = format!("invalid value for '--{} <{}>': {why}\n", setting.long(), setting.value_name());
            clap::Error::raw(ErrorKind::ValueValidation, message).with_cmd(command)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Parsed, parse};
    use super::*;
    use crate::settings::Sources;

    fn flags(args: &[&str]) -> Result<Settings, clap::Error> {
        let Parsed { flags, .. } = parse([&["katydid"], args].concat().into_iter().map(OsString::from))?;
        Ok(Settings::resolve(&Sources { flags, ..Sources::default() }).unwrap())
    }

    #[test]
    fn short_and_long_flags_as_in_locust() {
        let short =
            flags(&["-f", "a.yaml", "-H", "http://h", "-u", "10", "-r", "2", "-t", "1m30s", "-s", "5", "-T", "a,b"]);
        let long = [
            "--locustfile=a.yaml",
            "--host=http://h",
            "--users=10",
            "--spawn-rate=2",
            "--run-time=90",
            "--stop-timeout=5s",
            "--tags=a",
            "--tags=b",
        ];
        let (short, long) = (short.unwrap(), flags(&long).unwrap());
        assert_eq!(short.overrides(), long.overrides());
        assert_eq!((&short.file, &short.tags), (&long.file, &long.tags));
        assert_eq!(short.overrides().run_time, Some(Some(std::time::Duration::from_secs(90))));
    }

    #[test]
    fn subcommands_take_the_options_before_them_and_their_own() {
        let settings = flags(&["-u", "3", "-r", "2", "check", "a.yaml", "-u", "4"]).unwrap();
        let rate = settings.spawn_rate.map(|rate| rate.0);
        assert_eq!((settings.users.map(|users| users.0), rate), (Some(4), Some(2.0)));
        assert_eq!(flags(&["demo-target", "--seed", "7"]).unwrap().seed, Some(7));
        assert!(flags(&["try", "a.yaml", "--users", "3"]).is_err());
    }

    #[test]
    fn wrong_values_are_usage_errors_that_say_what_is_allowed() {
        for (args, hint) in [
            (["-u", "many"], "whole number"),
            (["-u", "1000001"], "1000000"),
            (["-u", "-1"], "\"-1\""),
            (["-r", "0"], "above 0"),
            (["-t", "1x"], "1h30m"),
            (["-H", "example.com"], "https://"),
            (["-H", "ftp://example.com"], "https://"),
            (["-H", "redis://h/x"], "the database after the host is not a number"),
            (["--threads", "0"], "from 1 to 1024"),
            (["--theme", "pink"], "colorblind"),
            (["--user", "1"], "--users"),
        ] {
            let error = flags(&args).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{args:?}");
            assert!(error.to_string().contains(hint), "{args:?}: {error}");
        }
    }

    #[test]
    fn a_host_may_be_a_redis_and_its_password_is_never_repeated() {
        for host in ["redis://127.0.0.1:6379", "rediss://u:S3cret@h:1/2"] {
            assert_eq!(flags(&["-H", host]).unwrap().host.as_deref(), Some(host));
        }
        for host in ["redis://:S3cret@h/x", "ftp://u:S3cret@h", "redis:/:S3cret@h"] {
            let error = flags(&["-H", host]).unwrap_err();
            assert_eq!(error.exit_code(), 2);
            assert!(!error.to_string().contains("S3cret") && error.to_string().contains("--host"), "{error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_path_need_not_be_utf8() {
        use std::os::unix::ffi::OsStringExt as _;
        let name = OsString::from_vec(b"a\xff.yaml".to_vec());
        let parsed = parse(["katydid".into(), "-f".into(), name.clone()].into_iter());
        let flags = parsed.unwrap_or_else(|error| panic!("{error}")).flags;
        let settings = Settings::resolve(&Sources { flags, ..Sources::default() }).unwrap();
        assert_eq!(settings.file, Some(name.into()));
    }
}
