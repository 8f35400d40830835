//! Detects the CI system that this process runs in.

/// Environment variable, required value (`None` for any non-empty value), and name. The first match applies.
const SYSTEMS: &[(&str, Option<&str>, &str)] = &[
    ("GITHUB_ACTIONS", Some("true"), GITHUB_ACTIONS),
    ("GITLAB_CI", Some("true"), "GitLab CI"),
    ("CIRCLECI", Some("true"), "CircleCI"),
    ("BUILDKITE", Some("true"), "Buildkite"),
    ("TF_BUILD", None, "Azure Pipelines"),
    ("JENKINS_URL", None, "Jenkins"),
    ("CI", Some("true"), "another CI system"),
];

/// Name of GitHub Actions, as returned by [`name`].
pub const GITHUB_ACTIONS: &str = "GitHub Actions";

/// Returns the name of the CI system, or `None` outside of CI. `variable` reads an environment variable.
pub fn name(variable: impl Fn(&str) -> Option<String>) -> Option<&'static str> {
    let matches = |name: &str, wanted: Option<&str>| {
        variable(name)
            .is_some_and(|value| wanted.map_or(!value.is_empty(), |wanted| value.eq_ignore_ascii_case(wanted)))
    };
    SYSTEMS.iter().find(|(variable, value, _)| matches(variable, *value)).map(|(_, _, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ci_systems_are_detected_by_environment_variables() {
        let of = |pairs: &[(&str, &str)]| {
            name(|wanted| pairs.iter().find(|(name, _)| *name == wanted).map(|(_, value)| (*value).to_owned()))
        };
        assert_eq!(of(&[("CI", "true"), ("GITHUB_ACTIONS", "true")]), Some(GITHUB_ACTIONS));
        assert_eq!(of(&[("CI", "true")]), Some("another CI system"));
        assert_eq!(of(&[("TF_BUILD", "True")]), Some("Azure Pipelines"));
        assert_eq!((of(&[("GITHUB_ACTIONS", "false"), ("JENKINS_URL", "")]), of(&[])), (None, None));
    }
}
