//! The options of one `curl` command.

use std::time::Duration;

/// What a command says.
#[derive(Debug, Default)]
pub struct Command {
    /// Addresses in order.
    pub urls: Vec<String>,
    /// `-H`.
    pub headers: Vec<(String, String)>,
    /// `-d` and its relatives.
    pub data: Vec<Data>,
    /// `-F`.
    pub forms: Vec<Form>,
    /// `-T`.
    pub upload: Option<String>,
    /// `--url-query`, encoded.
    pub query: Vec<String>,
    /// `-u`.
    pub user: Option<String>,
    /// `-b`, when it is no file.
    pub cookies: Option<String>,
    /// `-A`.
    pub user_agent: Option<String>,
    /// `-e`.
    pub referer: Option<String>,
    /// `-E`, without its password.
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
    /// What changes the request in a way that a step cannot, in words.
    pub unknown: Vec<String>,
    method: Option<String>,
    head: bool,
}

/// One `-d`.
#[derive(Debug)]
pub struct Data {
    /// What is sent.
    pub text: String,
    /// The file that it comes from, whose content is not known.
    pub file: Option<FileData>,
}

/// The file of a `-d`.
#[derive(Debug)]
pub struct FileData {
    /// As written.
    pub path: String,
    /// What is done with its content.
    pub how: How,
}

/// What is done with the content of a file.
#[derive(Debug, PartialEq, Eq)]
pub enum How {
    /// Nothing.
    Whole,
    /// Its line breaks are left out.
    Joined,
    /// It is URL-encoded, behind this name if it has one.
    Encoded(String),
}

/// One `-F` or `--form-string`.
#[derive(Debug)]
pub struct Form {
    /// Of the field.
    pub name: String,
    /// As written.
    pub value: String,
    /// Nothing in the value has a meaning.
    pub plain: bool,
}

/// Short options that take a value, with their long names.
const SHORT: [(char, &str); 22] = [
    ('X', "request"),
    ('H', "header"),
    ('d', "data"),
    ('u', "user"),
    ('b', "cookie"),
    ('F', "form"),
    ('A', "user-agent"),
    ('e', "referer"),
    ('x', "proxy"),
    ('m', "max-time"),
    ('o', "output"),
    ('w', "write-out"),
    ('c', "cookie-jar"),
    ('D', "dump-header"),
    ('E', "cert"),
    ('K', "config"),
    ('T', "upload-file"),
    ('r', "range"),
    ('Y', "speed-limit"),
    ('y', "speed-time"),
    ('U', "proxy-user"),
    ('C', "continue-at"),
];
/// Long options that take a value besides those of [`SHORT`].
const LONG: [&str; 17] = [
    "url",
    "url-query",
    "data-raw",
    "data-binary",
    "data-ascii",
    "data-urlencode",
    "json",
    "form-string",
    "oauth2-bearer",
    "connect-timeout",
    "retry",
    "cacert",
    "key",
    "resolve",
    "max-redirs",
    "retry-delay",
    "ciphers",
];
/// Options without a value, or with one, that say nothing about the request.
const QUIET: [&str; 31] = [
    "compressed",
    "silent",
    "show-error",
    "verbose",
    "include",
    "fail",
    "fail-with-body",
    "no-buffer",
    "globoff",
    "progress-bar",
    "output",
    "write-out",
    "cookie-jar",
    "dump-header",
    "connect-timeout",
    "retry",
    "retry-delay",
    "max-redirs",
    "keepalive",
    "tcp-nodelay",
    "no-progress-meter",
    "location-trusted",
    "remote-name",
    "ipv4",
    "ipv6",
    "tlsv1.2",
    "tlsv1.3",
    "create-dirs",
    "path-as-is",
    "no-keepalive",
    "speed-limit",
];

impl Command {
    /// Reads what stands after `curl`.
    pub fn read(words: &[String]) -> Self {
        let mut command = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            if let Some(long) = word.strip_prefix("--").filter(|long| !long.is_empty()) {
                let (name, given) = match long.split_once('=') {
                    Some((name, value)) if takes_value(name) => (name, Some(value.to_owned())),
                    _ => (long, None),
                };
                let value = if takes_value(name) { given.or_else(|| words.next().cloned()) } else { None };
                command.option(name, value);
            } else if let Some(flags) = word.strip_prefix('-').filter(|flags| !flags.is_empty()) {
                command.flags(flags, &mut words);
            } else if word != "--" && word != "-" {
                command.urls.push(word.clone());
            }
        }
        command
    }

    /// Short options in one word: the first that takes a value takes the rest of it, or the next word.
    fn flags(&mut self, flags: &str, words: &mut std::slice::Iter<'_, String>) {
        for (at, flag) in flags.char_indices() {
            let Some((_, name)) = SHORT.iter().find(|(short, _)| *short == flag) else {
                self.flag(flag);
                continue;
            };
            let rest = &flags[at + flag.len_utf8()..];
            let value = if rest.is_empty() { words.next().cloned() } else { Some(rest.to_owned()) };
            return self.option(name, value);
        }
    }

    fn flag(&mut self, flag: char) {
        match flag {
            'L' => self.follow = true,
            'k' => self.insecure = true,
            'G' => self.get = true,
            'I' => self.head = true,
            '0' => self.version = Some("1.1"),
            's' | 'S' | 'v' | 'i' | 'f' | 'N' | 'g' | '#' | 'O' | 'J' | '4' | '6' | 'R' | 'q' | 'Z' | 'a' | '1' => {}
            other => self.unknown.push(no_equivalent(&format!("-{other}"))),
        }
    }

    fn option(&mut self, name: &str, value: Option<String>) {
        let text = value.unwrap_or_default();
        match name {
            "request" => self.method = Some(text),
            "header" => self.header(&text),
            "url" => self.urls.push(text),
            "data" | "data-ascii" => self.data(&text, How::Joined),
            "data-binary" => self.data(&text, How::Whole),
            "data-raw" => self.data.push(Data { text, file: None }),
            "data-urlencode" => {
                let data = encoded(&text);
                self.data.push(data);
            }
            "url-query" => match text.strip_prefix('+') {
                Some(raw) => self.query.push(raw.to_owned()),
                None => match encoded(&text) {
                    Data { text, file: None } => self.query.push(text),
                    Data { file: Some(file), .. } => {
                        self.unknown
                            .push(format!("the query that curl reads from the file {} was left out", file.path));
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
            "cookie" if text.contains('=') => self.cookies = Some(text),
            "cookie" => self.unknown.push(format!("the cookies that curl reads from the file {text} were left out")),
            // `;auto` is about redirects.
            "referer" => self.referer = Some(text.split(";auto").next().unwrap_or_default().to_owned()),
            "user-agent" => self.user_agent = Some(text),
            "cert" => {
                // A colon after the first two characters begins a password; before, it is a drive's.
                let (path, password) = match text.char_indices().find(|(at, c)| *at > 1 && *c == ':') {
                    Some((at, _)) => (text[..at].to_owned(), true),
                    None => (text, false),
                };
                if password {
                    self.unknown.push(
                        "the password of the certificate's key was left out: write the key without one".to_owned(),
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
            "get" => self.get = true,
            "head" => self.head = true,
            "location" => self.follow = true,
            "insecure" => self.insecure = true,
            "http1.0" | "http1.1" => self.version = Some("1.1"),
            // Over TLS the version is agreed on anyway.
            "http2" | "http2-prior-knowledge" => self.version = (name != "http2").then_some("2"),
            name if QUIET.contains(&name) => {}
            other => self.unknown.push(no_equivalent(&format!("--{other}"))),
        }
    }

    fn header(&mut self, line: &str) {
        match line.split_once(':') {
            // `-H 'Accept:'` takes the header away.
            Some((_, value)) if value.trim().is_empty() => {}
            Some((name, value)) => self.headers.push((name.trim().to_owned(), value.trim().to_owned())),
            None if line.starts_with('@') => {
                self.unknown.push(format!("the headers that curl reads from the file {} were left out", &line[1..]));
            }
            // `-H 'Name;'` sends a header without a value.
            None => self.headers.extend(line.strip_suffix(';').map(|name| (name.trim().to_owned(), String::new()))),
        }
    }

    fn data(&mut self, text: &str, how: How) {
        self.data.push(match text.strip_prefix('@') {
            Some(path) => Data { text: String::new(), file: Some(FileData { path: path.to_owned(), how }) },
            None => Data { text: text.to_owned(), file: None },
        });
    }

    /// The verb: given, or by what is sent.
    pub fn method(&self) -> String {
        match &self.method {
            Some(method) => method.clone(),
            None if self.head => "HEAD".to_owned(),
            None if self.upload.is_some() => "PUT".to_owned(),
            None if self.get || (self.data.is_empty() && self.forms.is_empty()) => "GET".to_owned(),
            None => "POST".to_owned(),
        }
    }

    /// The type of the body where no header says it.
    pub fn content_type(&self) -> &'static str {
        if self.json { "application/json" } else { "application/x-www-form-urlencoded" }
    }
}

/// What `--data-urlencode` sends.
fn encoded(text: &str) -> Data {
    let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let plain = |text: String| Data { text, file: None };
    match text.find(['=', '@']) {
        None => plain(encode(text)),
        Some(at) => match (&text[..at], &text[at..=at], &text[at + 1..]) {
            (name, "@", path) => {
                let how = How::Encoded(name.to_owned());
                Data { text: String::new(), file: Some(FileData { path: path.to_owned(), how }) }
            }
            ("", _, value) => plain(encode(value)),
            (name, _, value) => plain(format!("{name}={}", encode(value))),
        },
    }
}

fn no_equivalent(option: &str) -> String {
    format!("curl's {option} has no equivalent here and was left out")
}

fn takes_value(name: &str) -> bool {
    LONG.contains(&name) || SHORT.iter().any(|(_, long)| *long == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Command {
        Command::read(&super::super::words::commands(text)[0])
    }

    #[test]
    fn options_in_all_their_forms() {
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
    fn the_verb_follows_from_what_is_sent() {
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
    fn what_is_not_known_is_said_and_takes_no_address() {
        let command = read("--netrc --resolve a:1:2 -o /dev/null -w x http://h");
        assert_eq!(command.unknown, [no_equivalent("--netrc"), no_equivalent("--resolve")]);
        assert_eq!(command.urls, ["http://h"]);
        for text in ["-X", "-H", "--data", "-", "--"] {
            let _ = read(text);
        }
    }
}
