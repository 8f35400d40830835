//! Receivers that repeat the request in their errors: addresses and keys are secret there too.

use axum::http::StatusCode;

use crate::command::Ran;
use crate::common::Server;
use crate::receiver::Receiver;
use crate::webhook::collect;

/// A sink's settings, and what of them must not be shown. `URL` is the receiver's.
struct Sending {
    variables: &'static [(&'static str, &'static str)],
    secrets: &'static [&'static str],
}

const SENDING: [Sending; 5] = [
    Sending {
        variables: &[("KATYDID_WEBHOOK_URL", "URL/h/HookPath4815?token=hook-token-1623")],
        secrets: &["HookPath4815", "hook-token-1623"],
    },
    Sending {
        variables: &[("SLACK_WEBHOOK_URL", "URL/services/T000/B000/slackpath4815")],
        secrets: &["slackpath4815", "T000/B000"],
    },
    Sending {
        variables: &[("DATADOG_API_KEY", "ddkey48151623"), ("DATADOG_SITE", "URL")],
        secrets: &["ddkey48151623"],
    },
    Sending {
        variables: &[
            ("KATYDID_OTEL", "true"),
            ("KATYDID_OTLP_ENDPOINT", "URL"),
            ("KATYDID_OTLP_HEADERS", "api-key=otel%2Dkey4815"),
        ],
        secrets: &["otel-key4815", "otel%2Dkey4815"],
    },
    Sending {
        variables: &[
            ("KATYDID_OTEL", "true"),
            ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "URL/k/otlppath4815/v1/metrics?api_key=otlpquery1623"),
        ],
        secrets: &["otlppath4815", "otlpquery1623"],
    },
];

#[test]
fn what_receivers_repeat_is_masked_before_it_is_truncated() {
    let server = Server::start();
    let scenario = format!("host: {}\ntasks: [{{ steps: [{{ get: /ok }}, {{ wait: 100ms }}] }}]\n", server.url());
    // Where the text is truncated, only a part of a secret would be left.
    for receiver in [
        Receiver::start(|_| Some((StatusCode::NOT_FOUND, Vec::new(), "Cannot POST {request}".to_owned()))),
        Receiver::start(|_| Some((StatusCode::NOT_FOUND, Vec::new(), format!("{}{{request}}", "x".repeat(112))))),
    ] {
        for Sending { variables, secrets } in SENDING {
            let folder = tempfile::tempdir().expect("a folder");
            let at = folder.path().display();
            let flags = format!("-t 1s --runs-dir {at}/runs --html {at}/r.html --markdown {at}/r.md");
            let ran = Ran::with(&scenario, &flags, |command| {
                command.envs(variables.iter().map(|(name, value)| (*name, value.replace("URL", &receiver.url("")))));
            });
            let mut texts = ran.texts();
            collect(folder.path(), &mut texts);
            let all = texts.join("\n");
            assert!(all.contains("404: "), "{variables:?}: the receiver's answer is shown: {all}");
            for secret in secrets.iter().copied().chain(secrets.iter().map(|secret| &secret[..6])) {
                assert!(!all.contains(secret), "{secret} of {variables:?}: {all}");
            }
        }
    }
}
