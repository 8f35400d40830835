//! Detects the CI system that this process runs in.

use std::sync::LazyLock;

use crate::clean;

/// Maximum length of a branch or commit, in characters.
const MAX_LENGTH: usize = 200;

/// A CI system and its environment variables.
struct System {
    /// Set where it runs.
    variable: &'static str,
    /// Required value of it; `None` for any non-empty value.
    value: Option<&'static str>,
    name: &'static str,
    /// Variables with the branch; the first that is set applies.
    branch: &'static [&'static str],
    /// Variable with the hash of the commit.
    commit: &'static str,
    /// URL of the job; names in braces are variables.
    link: &'static str,
}

/// All systems. The first match applies.
const SYSTEMS: &[System] = &[
    System {
        variable: "GITHUB_ACTIONS",
        value: Some("true"),
        name: GITHUB_ACTIONS,
        branch: &["GITHUB_HEAD_REF", "GITHUB_REF_NAME"],
        commit: "GITHUB_SHA",
        link: "{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}",
    },
    System {
        variable: "GITLAB_CI",
        value: Some("true"),
        name: "GitLab CI",
        branch: &["CI_COMMIT_REF_NAME"],
        commit: "CI_COMMIT_SHA",
        link: "{CI_JOB_URL}",
    },
    System {
        variable: "CIRCLECI",
        value: Some("true"),
        name: "CircleCI",
        branch: &["CIRCLE_BRANCH"],
        commit: "CIRCLE_SHA1",
        link: "{CIRCLE_BUILD_URL}",
    },
    System {
        variable: "BUILDKITE",
        value: Some("true"),
        name: "Buildkite",
        branch: &["BUILDKITE_BRANCH"],
        commit: "BUILDKITE_COMMIT",
        link: "{BUILDKITE_BUILD_URL}",
    },
    System {
        variable: "TF_BUILD",
        value: None,
        name: "Azure Pipelines",
        branch: &["BUILD_SOURCEBRANCHNAME"],
        commit: "BUILD_SOURCEVERSION",
        link: "{SYSTEM_COLLECTIONURI}{SYSTEM_TEAMPROJECT}/_build/results?buildId={BUILD_BUILDID}",
    },
    System {
        variable: "JENKINS_URL",
        value: None,
        name: "Jenkins",
        branch: &["BRANCH_NAME", "GIT_BRANCH"],
        commit: "GIT_COMMIT",
        link: "{BUILD_URL}",
    },
    System { variable: "CI", value: Some("true"), name: "another CI system", branch: &[], commit: "", link: "" },
];

/// Name of GitHub Actions, in [`Ci::name`].
pub const GITHUB_ACTIONS: &str = "GitHub Actions";

/// True if the output of this process is read by a runner of GitHub Actions.
pub fn is_github_actions() -> bool {
    static IS_GITHUB: LazyLock<bool> =
        LazyLock::new(|| Ci::detect(|name| std::env::var(name).ok()).is_some_and(|ci| ci.name == GITHUB_ACTIONS));
    *IS_GITHUB
}

/// The CI system that this process runs in, and what it tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ci {
    /// Name of the system.
    pub name: &'static str,
    /// Branch, if its variable is set.
    pub branch: Option<String>,
    /// Hash of the commit, if its variable is set.
    pub commit: Option<String>,
    /// URL of the page of the job, if its variables are set.
    pub link: Option<String>,
}

impl Ci {
    /// Returns the CI system, or `None` outside of CI. `variable` reads an environment variable.
    pub fn detect(variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let matches = |system: &&System| {
            variable(system.variable).is_some_and(|value| {
                system.value.map_or(!value.is_empty(), |wanted| value.eq_ignore_ascii_case(wanted))
            })
        };
        let system = SYSTEMS.iter().find(matches)?;
        let text = |name: &str| {
            let value = variable(name).filter(|value| !value.is_empty())?;
            Some(clean::line(&value).trim().chars().take(MAX_LENGTH).collect())
        };
        let branch = system.branch.iter().find_map(|name| text(name));
        Some(Self { name: system.name, branch, commit: text(system.commit), link: filled(system.link, text) })
    }
}

/// The template with the values of its variables; `None` if one is not set, or if it is no URL of a page.
fn filled(template: &str, variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    let mut parts = template.split('{');
    let mut out = parts.next()?.to_owned();
    for part in parts {
        let (name, rest) = part.split_once('}')?;
        out.push_str(&variable(name)?);
        out.push_str(rest);
    }
    let is_page = ["https://", "http://"].iter().any(|scheme| out.starts_with(scheme));
    (is_page && !out.contains(char::is_whitespace)).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ci_systems_are_detected_by_environment_variables() {
        let of = |pairs: &[(&str, &str)]| {
            Ci::detect(|wanted| pairs.iter().find(|(name, _)| *name == wanted).map(|(_, value)| (*value).to_owned()))
        };
        let name = |pairs: &[(&str, &str)]| of(pairs).map(|ci| ci.name);
        assert_eq!(name(&[("CI", "true"), ("GITHUB_ACTIONS", "true")]), Some(GITHUB_ACTIONS));
        assert_eq!(name(&[("CI", "true")]), Some("another CI system"));
        assert_eq!(name(&[("TF_BUILD", "True")]), Some("Azure Pipelines"));
        assert_eq!((name(&[("GITHUB_ACTIONS", "false"), ("JENKINS_URL", "")]), name(&[])), (None, None));

        let pull_request = [("GITHUB_ACTIONS", "true"), ("GITHUB_REF_NAME", "7/merge"), ("GITHUB_SHA", "f00")];
        let ci = of(&[&pull_request[..], &[("GITHUB_HEAD_REF", "fix\u{1b}")]].concat()).expect("a CI system");
        assert_eq!((ci.branch.as_deref(), ci.commit.as_deref()), (Some("fix"), Some("f00")));
        assert_eq!(ci.link, None);
        let job =
            [("GITHUB_SERVER_URL", "https://github.example"), ("GITHUB_REPOSITORY", "a/b"), ("GITHUB_RUN_ID", "7")];
        let ci = of(&[&pull_request[..], &job].concat()).expect("a CI system");
        assert_eq!(ci.link.as_deref(), Some("https://github.example/a/b/actions/runs/7"));
        assert_eq!(of(&[("JENKINS_URL", "x"), ("BUILD_URL", "javascript:x")]).expect("a CI system").link, None);
        let push = of(&[&pull_request[..], &[("GITHUB_HEAD_REF", "")]].concat()).expect("a CI system");
        assert_eq!(push.branch.as_deref(), Some("7/merge"));
    }
}
