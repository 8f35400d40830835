//! Options of a `curl` command.

use std::time::Duration;

use super::data::{Data, FileData, Form, How};
use super::options::{self, Known, Part};
use super::words::{Input, Line};

/// Options of a command.
#[derive(Debug, Default)]
pub struct Command {
    /// Addresses, in order.
    pub urls: Vec<String>,
    /// `-H`.
    pub headers: Vec<(String, String)>,
    /// `-d` and similar options.
    pub data: Vec<Data>,
    /// `-F`.
    pub forms: Vec<Form>,
    /// `-T`.
    pub upload: Option<String>,
    /// `--url-query`, encoded.
    pub query: Vec<String>,
    /// `-u`.
    pub user: Option<String>,
    /// `-b`, unless it is a file.
    pub cookies: Option<String>,
    /// `-A`.
    pub user_agent: Option<String>,
    /// `-e`.
    pub referer: Option<String>,
    /// `-E`, without password.
    pub cert: Option<String>,
    /// `--key`.
    pub key: Option<String>,
    /// `--cacert`.
    pub ca: Option<String>,
    /// `-x`.
    pub proxy: Option<String>,
    /// `-m`.
    pub max_time: Option<Duration>,
    /// `--http1.1`, `--http2`.
    pub version: Option<&'static str>,
    /// `-G`.
    pub get: bool,
    /// `-L`.
    pub follow: bool,
    /// `-k`.
    pub insecure: bool,
    /// `--json`.
    pub json: bool,
    /// Options without equivalent in a step, in words.
    pub unknown: Vec<String>,
    /// `-g`: no URL patterns.
    pub plain_urls: bool,
    /// `--proto-default`.
    pub scheme: Option<String>,
    /// Standard input, if it is part of the text.
    pub input: Option<Input>,
    method: Option<String>,
    head: bool,
    /// `--next` was found.
    ended: bool,
}

impl Command {
    /// Parses the words after `curl`: one command, or several separated by `--next`.
    pub fn read(line: &Line) -> Vec<Self> {
        let fresh = || Self { input: line.input.clone(), ..Self::default() };
        let mut all = Vec::new();
        let mut command = fresh();
        let mut words = line.words.iter();
        words.next();
        while let Some(word) = words.next() {
            if word == "--" {
                command.urls.extend(words.by_ref().cloned());
            } else if let Some(long) = word.strip_prefix("--") {
                command.long(long, &mut words);
            } else if let Some(flags) = word.strip_prefix('-').filter(|flags| !flags.is_empty()) {
                command.flags(flags, &mut words);
            } else if word != "-" {
                command.urls.push(word.clone());
            }
            if std::mem::take(&mut command.ended) {
                all.push(std::mem::replace(&mut command, fresh()));
            }
        }
        all.push(command);
        all
    }

    fn long(&mut self, long: &str, words: &mut std::slice::Iter<'_, String>) {
        // curl does not support `--name=value`, but it is a common mistake.
        let (name, given) = match long.split_once('=') {
            Some((name, value)) if options::find(name).is_some_and(|known| known.takes_value) => (name, Some(value)),
            _ => (long, None),
        };
        let expanded = name.starts_with("expand-");
        let value = if expanded || options::find(name).is_some_and(|known| known.takes_value) {
            given.map(str::to_owned).or_else(|| words.next().cloned())
        } else {
            None
        };
        match options::find(name) {
            Some(known) => self.known(known, value),
            None if expanded => self.unknown.push(no_equivalent(&format!("--{name}"))),
            None => match name.strip_prefix("no-").and_then(options::find).filter(|known| !known.takes_value) {
                Some(known) => self.switch(known.name, false),
                None => self.unknown.push(not_known(&format!("--{name}"))),
            },
        }
    }

    /// Parses short options in one word: the first with a value uses the rest of the word, or the next word.
    fn flags(&mut self, flags: &str, words: &mut std::slice::Iter<'_, String>) {
        for (at, flag) in flags.char_indices() {
            let Some(name) = options::of_short(flag) else {
                self.unknown.push(not_known(&format!("-{flag}")));
                continue;
            };
            let Some(known) = options::find(name) else { continue };
            if !known.takes_value {
                self.known(known, None);
                continue;
            }
            let rest = &flags[at + flag.len_utf8()..];
            let value = if rest.is_empty() { words.next().cloned() } else { Some(rest.to_owned()) };
            return self.known(known, value);
        }
    }

    fn known(&mut self, known: Known, value: Option<String>) {
        match known.part {
            Part::Quiet => {}
            // The value may be a password.
            Part::LeftOut => self.unknown.push(no_equivalent(&format!("--{}", known.name))),
            Part::Taken if known.takes_value => self.option(known.name, value.unwrap_or_default()),
            Part::Taken => self.switch(known.name, true),
        }
    }

    fn switch(&mut self, name: &str, on: bool) {
        match name {
            "get" => self.get = on,
            "head" => self.head = on,
            "location" | "location-trusted" | "follow" => self.follow = on,
            "insecure" => self.insecure = on,
            "globoff" => self.plain_urls = on,
            "http1.0" | "http1.1" => self.version = Some("1.1"),
            // With TLS the version is negotiated anyway.
            "http2" => self.version = None,
            "http2-prior-knowledge" => self.version = Some("2"),
            "next" => self.ended = true,
            _ => {}
        }
    }

    fn option(&mut self, name: &str, text: String) {
        match name {
            "request" => self.method = Some(text),
            "header" => self.header(&text),
            "url" if text.starts_with('@') => {
                self.unknown.push(format!("the addresses that curl reads from the file {} were omitted", &text[1..]));
            }
            "url" => self.urls.push(text),
            "data" | "data-ascii" => self.data(&text, How::Joined),
            "data-binary" => self.data(&text, How::Whole),
            "data-raw" => self.data.push(Data { text, file: None }),
            "data-urlencode" => {
                let data = self.encoded(&text);
                self.data.push(data);
            }
            "url-query" => match text.strip_prefix('+') {
                Some(raw) => self.query.push(raw.to_owned()),
                None => match self.encoded(&text) {
                    Data { text, file: None } => self.query.push(text),
                    Data { file: Some(file), .. } => {
                        self.unknown.push(format!("the query that curl reads from the file {} was omitted", file.path));
                    }
                },
            },
            "json" => {
                self.json = true;
                self.data(&text, How::Whole);
            }
            "form" | "form-string" => {
                let form =
                    |(k, v): (&str, &str)| Form { name: k.to_owned(), value: v.to_owned(), plain: name != "form" };
                self.forms.extend(text.split_once('=').map(form));
            }
            "upload-file" => self.upload = Some(text),
            "user" => self.user = Some(text),
            "oauth2-bearer" => self.headers.push(("Authorization".to_owned(), format!("Bearer {text}"))),
            "cookie" if text.contains('=') => match &mut self.cookies {
                Some(before) => before.extend(["; ", text.as_str()]),
                None => self.cookies = Some(text),
            },
            // Without a name it enables cookies, which is the default.
            "cookie" if text.is_empty() => {}
            "cookie" => self.unknown.push(format!("the cookies that curl reads from the file {text} were omitted")),
            // `;auto` concerns redirects.
            "referer" => self.referer = Some(text.split(";auto").next().unwrap_or_default().to_owned()),
            "user-agent" => self.user_agent = Some(text),
            "cert" => {
                // A colon after the first two characters starts a password; before, it belongs to a drive letter.
                let (path, password) = match text.char_indices().find(|(at, c)| *at > 1 && *c == ':') {
                    Some((at, _)) => (text[..at].to_owned(), true),
                    None => (text, false),
                };
                if password {
                    self.unknown.push(
                        "the password of the certificate's key was omitted: remove it from the key file".to_owned(),
                    );
                }
                self.cert = Some(path);
            }
            "key" => self.key = Some(text),
            "cacert" => self.ca = Some(text),
            "proxy" => self.proxy = Some(text),
            "max-time" => {
                self.max_time = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
            }
            "range" => self.headers.push(("Range".to_owned(), format!("bytes={text}"))),
            "continue-at" => {
                let from = text.parse::<u64>().ok().filter(|from| *from > 0);
                self.headers.extend(from.map(|from| ("Range".to_owned(), format!("bytes={from}-"))));
            }
            "proto-default" => self.scheme = Some(text),
            _ => {}
        }
    }

    fn header(&mut self, line: &str) {
        match line.split_once(':') {
            // `-H 'Accept:'` removes the header.
            Some((_, value)) if value.trim().is_empty() => {}
            Some((name, value)) => self.headers.push((name.trim().to_owned(), value.trim().to_owned())),
            None if line.starts_with('@') => {
                self.unknown.push(format!("the headers that curl reads from the file {} were omitted", &line[1..]));
            }
            // `-H 'Name;'` sends a header without a value.
            None => self.headers.extend(line.strip_suffix(';').map(|name| (name.trim().to_owned(), String::new()))),
        }
    }

    fn data(&mut self, text: &str, how: How) {
        let data = match text.strip_prefix('@') {
            Some(path) => self.file_content(path, how),
            None => Data { text: text.to_owned(), file: None },
        };
        self.data.push(data);
    }

    /// Content of a file; known only for standard input that is part of the text.
    fn file_content(&self, path: &str, how: How) -> Data {
        let path = match self.input.as_ref().filter(|_| path == "-") {
            Some(Input::Text(text)) => {
                let text = match how {
                    How::Whole => text.clone(),
                    How::Joined => text.replace(['\r', '\n', '\0'], ""),
                    How::Encoded(name) if name.is_empty() => encode(text),
                    How::Encoded(name) => format!("{name}={}", encode(text)),
                };
                return Data { text, file: None };
            }
            Some(Input::File(path)) => path,
            None => path,
        };
        Data { text: String::new(), file: Some(FileData { path: path.to_owned(), how }) }
    }

    /// Text sent by `--data-urlencode`.
    fn encoded(&self, text: &str) -> Data {
        let plain = |text: String| Data { text, file: None };
        match text.find(['=', '@']) {
            None => plain(encode(text)),
            Some(at) => match (&text[..at], &text[at..=at], &text[at + 1..]) {
                (name, "@", path) => self.file_content(path, How::Encoded(name.to_owned())),
                ("", _, value) => plain(encode(value)),
                (name, _, value) => plain(format!("{name}={}", encode(value))),
            },
        }
    }

    /// Option that uses the user name and password otherwise than as basic authentication.
    pub fn scheme_of_user(&self) -> Option<&'static str> {
        let schemes = ["digest", "aws-sigv4", "ntlm", "ntlm-wb", "negotiate", "anyauth"];
        schemes
            .into_iter()
            .find(|scheme| self.unknown.iter().any(|known| *known == no_equivalent(&format!("--{scheme}"))))
    }

    /// HTTP method: explicit, or derived from the data.
    pub fn method(&self) -> String {
        match &self.method {
            Some(method) => method.clone(),
            None if self.head => "HEAD".to_owned(),
            None if self.upload.is_some() => "PUT".to_owned(),
            None if self.get || (self.data.is_empty() && self.forms.is_empty()) => "GET".to_owned(),
            None => "POST".to_owned(),
        }
    }

    /// Content type, if no header sets it.
    pub fn content_type(&self) -> &'static str {
        if self.json { "application/json" } else { "application/x-www-form-urlencoded" }
    }
}

fn encode(text: &str) -> String {
    // Outside of forms, a plus sign is literal.
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

fn no_equivalent(option: &str) -> String {
    format!("curl's {option} has no equivalent and was omitted")
}

fn not_known(option: &str) -> String {
    format!("curl's {option} is unknown: it was parsed as an option without a value, and omitted")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Command {
        Command::read(&crate::import::curl::words::commands(&format!("curl {text}"))[0]).remove(0)
    }

    #[test]
    fn options_in_all_forms() {
        let command = read("-sSLXPUT --header='A: b' -H'C:d' -uada:pw --max-time 2.5 -k http://h -d a=1 -d 'b=2\n'");
        assert_eq!(command.method(), "PUT");
        assert_eq!(command.headers, [("A".to_owned(), "b".to_owned()), ("C".to_owned(), "d".to_owned())]);
        assert_eq!((command.user.as_deref(), command.follow, command.insecure), (Some("ada:pw"), true, true));
        assert_eq!(command.max_time, Some(Duration::from_millis(2_500)));
        assert_eq!(command.data.iter().map(|d| d.text.as_str()).collect::<Vec<_>>(), ["a=1", "b=2\n"]);
        assert_eq!(command.urls, ["http://h"]);
        assert!(command.unknown.is_empty());
    }

    #[test]
    fn method_depends_on_the_data() {
        for (text, wanted) in [
            ("h", "GET"),
            ("-I h", "HEAD"),
            ("-d a h", "POST"),
            ("-G -d a h", "GET"),
            ("-F a=b h", "POST"),
            ("-X DELETE -d a h", "DELETE"),
            ("--json '{}' h", "POST"),
            ("-T f h", "PUT"),
        ] {
            assert_eq!(read(text).method(), wanted, "{text}");
        }
    }

    #[test]
    fn several_commands_in_one_line_and_negated_options() {
        let text = "curl -d a h/1 --next -L --no-location -b a=1 -b b=2 h/2 -: -- -h";
        let all = Command::read(&crate::import::curl::words::commands(text)[0]);
        assert_eq!(all.iter().map(Command::method).collect::<Vec<_>>(), ["POST", "GET", "GET"]);
        assert_eq!((all[1].follow, all[1].cookies.as_deref()), (false, Some("a=1; b=2")));
        assert_eq!(all[2].urls, ["-h"]);
    }

    #[test]
    fn unknown_options_are_reported_and_are_not_addresses() {
        let command = read("-n --resolve a:1:2 -o /dev/null -w x --limit-rate 10k --new-one -z 1 http://h");
        let left_out = ["--netrc", "--resolve", "--limit-rate"].map(no_equivalent);
        assert_eq!(command.unknown[..3], left_out);
        assert_eq!(command.unknown[3..], [not_known("--new-one"), no_equivalent("--time-cond")]);
        assert_eq!(command.urls, ["http://h"]);
        for text in ["-X", "-H", "--data", "-", "--"] {
            let _ = read(text);
        }
    }
}
