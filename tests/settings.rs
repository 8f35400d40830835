//! `katydid config` and `config.yaml`: precedence and origin of values, and errors.

use std::path::Path;
use std::process::{Command, Output};

/// A folder with these files, in which katydid runs with only the given variables.
struct SettingsFolder(tempfile::TempDir);

impl SettingsFolder {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).expect("a file");
        }
        Self(folder)
    }

    fn run(&self, line: &str, variables: &[(&str, &str)]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_katydid"));
        command.env_clear().current_dir(self.0.path()).args(line.split_whitespace());
        command.envs(variables.iter().copied()).env("HOME", self.0.path());
        command.output().expect("the command runs")
    }

    fn out(&self, line: &str, variables: &[(&str, &str)]) -> String {
        let output = self.run(line, variables);
        assert_eq!(output.status.code(), Some(0), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    }
}

/// Value and origin of a setting in the table.
fn row<'a>(table: &'a str, key: &str) -> (&'a str, &'a str) {
    let line =
        table.lines().find(|line| line.split(' ').next() == Some(key)).unwrap_or_else(|| panic!("{key}: {table}"));
    let rest = line[key.len()..].trim();
    let (value, origin) = rest.split_once("  ").unwrap_or_else(|| panic!("{line}"));
    (value.trim(), origin.trim())
}

const SCENARIO: &str = "host: http://u:S3cret@h\nusers: 3\nprofiles: { small: { users: 2 } }\n\
                        tasks: [{ steps: [{ get: / }] }]\n";
const CONFIG: &str = "users: 5\nrun_time: 7m\ntheme: light\nseed: 1\nout: from-config\n";

#[test]
fn layers_have_precedence_and_are_named() {
    let place = SettingsFolder::new(&[
        ("s.yaml", SCENARIO),
        ("c.yaml", CONFIG),
        (".env", "KATYDID_SEED=2\nKATYDID_OUT=from-dotenv\n"),
    ]);
    let environment = [("KATYDID_OUT", "from-environment")];
    let table = place.out("--config c.yaml -f s.yaml config", &environment);
    for (key, wanted) in [
        ("file", ("s.yaml", "flag")),
        ("threads", ("-", "default")),
        ("theme", ("light", "config.yaml:3")),
        ("run_time", ("7m", "config.yaml:2")),
        ("users", ("3", "scenario")),
        ("host", ("http://***@h", "scenario")),
        ("seed", ("2", ".env")),
        ("out", ("from-environment", "environment")),
    ] {
        assert_eq!(row(&table, key), wanted, "{table}");
    }
    let table = place.out("-f s.yaml --profile small --out from-flag config --config c.yaml", &environment);
    assert_eq!(row(&table, "users"), ("2", "profile small"), "{table}");
    assert_eq!(row(&table, "out"), ("from-flag", "flag"), "{table}");
    let table = place.out("-f s.yaml -u 9 config", &[("KATYDID_CONFIG", "c.yaml"), ("KATYDID_USERS", "8")]);
    assert_eq!(row(&table, "users"), ("9", "flag"), "{table}");
    // Without a scenario, values come from the file.
    let table = place.out("config", &[("KATYDID_CONFIG", "c.yaml")]);
    assert_eq!(row(&table, "users"), ("5", "config.yaml:1"), "{table}");
}

#[test]
fn json_has_the_same_values() {
    let place = SettingsFolder::new(&[("s.yaml", SCENARIO), ("c.yaml", CONFIG)]);
    let text = place.out("--config c.yaml -f s.yaml config --json", &[]);
    let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(json["config_file"]["exists"], true);
    assert_eq!(json["settings"]["users"]["value"], "3");
    assert_eq!(json["settings"]["theme"]["origin"], "config.yaml:3");
    assert!(!text.contains("S3cret"), "{text}");
}

#[test]
fn columns_are_apart() {
    let place = SettingsFolder::new(&[]);
    let table = place.out("config", &[("OTEL_RESOURCE_ATTRIBUTES", "a=b")]);
    for setting in katydid::settings::Settings::TABLE {
        row(&table, setting.key);
    }
    assert_eq!(row(&table, "otel_resource_attributes"), ("a=b", "environment"), "{table}");
}

#[test]
fn empty_variables_are_ignored() {
    let place = SettingsFolder::new(&[]);
    let variables = [("KATYDID_CONFIG", ""), ("KATYDID_USERS", ""), ("KATYDID_DEMO_PORT", "")];
    let table = place.out("config", &variables);
    assert!(table.starts_with("config file: ") && table.contains("(not there)"), "{table}");
    // The port of the demo target is an option of a subcommand, whose help ends before anything is started.
    let help = place.out("demo-target --port 0 --help", &variables);
    assert!(help.contains("--port"), "{help}");
}

#[test]
fn run_and_check_use_the_file() {
    let scenario = "host: http://127.0.0.1:1\ntasks: [{ steps: [{ get: / }] }]\n";
    let place = SettingsFolder::new(&[("s.yaml", scenario), ("c.yaml", "users: 4\nspawn_rate: 2\nrun_time: 3m\n")]);
    let text = place.out("--config c.yaml check s.yaml", &[]);
    assert!(text.contains("4 users, 2 started per second, 3m"), "{text}");
    let text = place.out("--config c.yaml check s.yaml -u 6", &[]);
    assert!(text.contains("6 users"), "{text}");
}

#[test]
fn the_default_location_is_used_and_shown() {
    let place = SettingsFolder::new(&[]);
    let text = place.out("config", &[]);
    let first = text.lines().next().expect("a line");
    assert!(first.contains("config.yaml") && first.ends_with("(not there)"), "{first}");
    let path = first.trim_start_matches("config file: ").trim_end_matches(" (not there)");
    std::fs::create_dir_all(Path::new(path).parent().expect("a folder")).expect("a folder");
    std::fs::write(path, "ascii: true\n").expect("a file");
    let table = place.out("config", &[]);
    assert_eq!(row(&table, "ascii"), ("true", "config.yaml:1"), "{table}");
}

#[test]
fn errors_have_exit_code_2_and_a_line() {
    let place = SettingsFolder::new(&[("c.yaml", "theme: light\nuser: 7\n")]);
    for (line, wanted) in [
        ("--config c.yaml config", "c.yaml:2:1"),
        ("--config c.yaml check demo", "did you mean `users`?"),
        ("--config none.yaml config", "none.yaml"),
        ("-f none.yaml config", "none.yaml"),
    ] {
        let output = place.run(line, &[]);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{line}: {error}");
        assert!(error.contains(wanted), "{line}: {error}");
    }
    // What uses no settings works with a file that nobody can read.
    for line in ["--help", "check --help", "--version", "list", "schema", "init new"] {
        let output = place.run(&format!("--config c.yaml {line}"), &[]);
        assert_eq!(output.status.code(), Some(0), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn errors_show_no_passwords() {
    let place = SettingsFolder::new(&[]);
    for (line, variables, wanted) in [
        ("config", &[("DATADOG_SITE", "http://user:h4sh-48@h:1")][..], "expected a URL without user and password"),
        ("config", &[("KATYDID_DOGSTATSD", "http://user:h4sh-48@h")], "expected HOST:PORT"),
        ("-f demo --headless --dogstatsd http://user:h4sh-48@h", &[], "expected HOST:PORT"),
        ("config", &[("KATYDID_WEBHOOK_URL", "http://h:bad/h4sh-48")], "not a URL: invalid port number"),
        ("config", &[("KATYDID_WEBHOOK_URL", "ftp://h/h4sh-48")], "starts with http:// or https://"),
        ("doctor -f demo -H http://h/x?token=h4sh-48", &[], "not a base URL (it has a query or a fragment)"),
    ] {
        let output = place.run(line, variables);
        let text = [&output.stdout[..], &output.stderr].concat();
        let text = String::from_utf8_lossy(&text);
        assert_eq!(output.status.code(), Some(2), "{line}: {text}");
        assert!(text.contains(wanted) && !text.contains("h4sh"), "{line} {variables:?}: {text}");
        assert!(!text.contains("error  error:"), "{text}");
    }
}

#[test]
fn all_settings_are_documented_and_commands_run() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/settings.md")).expect("a page");
    for setting in katydid::settings::Settings::TABLE {
        assert!(page.contains(&format!("`{}`", setting.key)), "{}", setting.key);
    }
    let blocks: Vec<&str> = page.split("```").skip(1).step_by(2).collect();
    let yaml = blocks.iter().find_map(|block| block.strip_prefix("yaml\n")).expect("a file");
    let place = SettingsFolder::new(&[("config.yaml", yaml), ("shop.yaml", SCENARIO)]);
    let commands = blocks.iter().filter_map(|block| block.strip_prefix("sh\n")).flat_map(str::lines);
    let commands: Vec<&str> = commands.map(|line| line.strip_prefix("katydid ").expect("katydid")).collect();
    assert!(commands.len() >= 3, "{page}");
    for line in commands {
        place.out(line, &[]);
    }
}
