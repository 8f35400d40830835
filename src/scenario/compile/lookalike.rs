//! Warns of strings that look like a template or `@file`, but are sent verbatim.

use super::builder::Builder;
use crate::scenario::grammar::actions::file_keys;
use crate::scenario::grammar::hints;
use crate::scenario::grammar::kind::ValueKind;
use crate::scenario::grammar::members::{item, member};
use crate::scenario::syntax::node::{Kind, Node};

/// Extensions of files that are probably meant to be read.
const ENDINGS: [&str; 15] = [
    ".csv", ".gql", ".graphql", ".gz", ".html", ".jpg", ".json", ".jsonl", ".pdf", ".png", ".tsv", ".txt", ".xml",
    ".yaml", ".yml",
];

/// Context of a string, which determines what it can be mistaken for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Context {
    /// An address, headers or pairs: a name in single braces is neither JSON nor GraphQL.
    Address,
    /// Values of variables, where `@file` is not supported and surely a mistake.
    Variables,
    /// Other values that are sent.
    Other,
    /// Not sent, or in a language with such characters.
    Exempt,
}

impl Context {
    /// Context of a value of this kind inside of `outer`.
    fn of(kind: ValueKind, outer: Self) -> Self {
        use ValueKind as K;
        match kind {
            _ if matches!(outer, Context::Exempt) => outer,
            K::Address | K::Pairs | K::HeaderLines => Context::Address,
            K::Map | K::Vars | K::Assignments => Context::Variables,
            K::Capture | K::Expect | K::ExpectPublish | K::ExpectRedis | K::Expression => Context::Exempt,
            K::Document | K::Label | K::LogLine | K::Regex | K::Row => Context::Exempt,
            _ => outer,
        }
    }
}

impl Builder<'_> {
    /// Checks a tree, after all names are known.
    pub(super) fn lookalikes(&mut self, root: &Node) {
        self.lookalikes_in(root, ValueKind::Scenario, Context::Other);
    }

    fn lookalikes_in(&mut self, node: &Node, kind: ValueKind, outer: Context) {
        let context = Context::of(kind, outer);
        match &node.kind {
            Kind::Map(entries) => {
                let has = |name: &str| entries.iter().any(|(key, _)| key.name == name);
                for (key, value) in entries {
                    self.lookalikes_in(value, member(kind, &key.name, has), context);
                }
            }
            Kind::List(items) => items.iter().for_each(|node| self.lookalikes_in(node, item(kind), context)),
            Kind::Text(_) if context == Context::Exempt => {}
            Kind::Text(text) => {
                if !kind.reads_files() && !self.is_reported(node) {
                    self.unread_file(node, text, context);
                }
                self.foreign_template(node, text, context);
            }
            Kind::Null | Kind::Bool(_) | Kind::Number(..) => {}
        }
    }

    fn unread_file(&mut self, node: &Node, text: &str, context: Context) {
        let is_name = |name: &str| {
            let lower = name.to_ascii_lowercase();
            !name.contains(char::is_whitespace)
                && ENDINGS.iter().any(|ending| lower.len() > ending.len() && lower.ends_with(ending))
        };
        if !text.strip_prefix('@').is_some_and(is_name) {
            return;
        }
        let message = format!("{text:?} is a string here: no file is read");
        let keys: Vec<String> = file_keys().into_iter().map(|key| format!("`{key}`")).collect();
        let note = format!(
            "{} read @file, `files` sends one, and `data` has the rows of one; for a literal @ write \"{{{{ '@' }}}}…\"",
            keys.join(", ")
        );
        if context == Context::Variables {
            self.report(node.at.clone(), message, note);
        } else {
            // It may be from a recording.
            self.warn(node.at.clone(), message, note);
        }
    }

    fn foreign_template(&mut self, node: &Node, text: &str, context: Context) {
        if let Some((name, _)) = text.split_once("${{").and_then(|(_, rest)| rest.split_once("}}"))
            && is_path(name.trim())
            && !self.is_reported(node)
        {
            let message = "the $ before `{{` is sent";
            return self.warn(node.at.clone(), message, format!("write {{{{{name}}}}} for the value alone"));
        }
        let Some((written, name)) = self.foreign(text, context) else { return };
        let meant = self.meant(name);
        let note = meant.clone().unwrap_or_else(|| format!("write {{{{ {name} }}}}"));
        let certain = CERTAIN.iter().find(|open| written.starts_with(**open)).filter(|_| meant.is_some());
        let reported = self.diagnostics.errors.iter_mut().find(|known| node.at.contains(&known.at.start));
        if let Some(known) = reported {
            // Why it is wrong.
            known.notes.extend(certain.filter(|_| !known.notes.contains(&note)).map(|_| note));
            return;
        }
        let message = format!("`{written}` is not a template: it is sent as written");
        match certain {
            Some(open) => {
                self.report(node.at.clone(), message, note);
                let literal = written.replacen(open, &format!("{{{{ '{open}' }}}}"), 1);
                self.diagnostics.advise(format!("for the text itself write {literal}"));
            }
            // It may be from a recording.
            None => self.warn(node.at.clone(), message, note),
        }
    }

    /// A template of another tool, and what is in it.
    fn foreign<'t>(&self, text: &'t str, context: Context) -> Option<(String, &'t str)> {
        for (open, close, space) in FOREIGN {
            if let Some(name) = between(text, open, close) {
                return Some((format!("{open}{space}{name}{space}{close}"), name));
            }
        }
        if let Some(name) = shell_variable(text).filter(|name| self.meant(name).is_some()) {
            return Some((format!("${name}"), name));
        }
        let name = single_braces(text).find(|name| self.names.slots.id(name).is_some() || self.names.is_var(name));
        name.filter(|_| context == Context::Address).map(|name| (format!("{{{name}}}"), name))
    }

    /// What to write for a name in a template of another tool; `None` if it may be part of the text.
    fn meant(&self, name: &str) -> Option<String> {
        if let Some(note) = hints::name(name) {
            let own = note.strip_prefix("write ").filter(|own| !own.contains(' '));
            return Some(own.map_or_else(|| note.clone(), |own| format!("write {{{{ {own} }}}}")));
        }
        let root = name.split('.').next().unwrap_or(name);
        if self.names.slots.id(root).is_some() || self.names.is_var(root) || root == "env" {
            return Some(format!("write {{{{ {name} }}}}"));
        }
        let is_set = self.names.environment.contains_key(name) || hints::is_of_environment(name);
        is_set.then(|| format!("write {{{{ env.{name} }}}}"))
    }

    fn is_reported(&self, node: &Node) -> bool {
        self.diagnostics.errors.iter().any(|known| node.at.contains(&known.at.start))
    }

    /// Reports a template in a value that cannot contain one; returns true if it has one.
    pub(super) fn rejects_template(&mut self, node: &Node, what: &str, note: &str) -> bool {
        let has = node.scalar().is_some_and(is_template);
        if has {
            self.report(node.at.clone(), format!("`{what}` cannot contain a template"), note);
        }
        has
    }
}

/// True if the text contains double braces with something in between.
pub(super) fn is_template(text: &str) -> bool {
    text.split_once("{{").is_some_and(|(_, rest)| rest.contains("}}"))
}

/// Begin and end of templates of shells, k6, JMeter, Gatling, ERB and Postman, and the space around their names.
const FOREIGN: [(&str, &str, &str); 3] = [("${", "}", ""), ("#{", "}", ""), ("<%=", "%>", " ")];

/// Those that are hardly ever text with the name of a variable in them.
const CERTAIN: [&str; 2] = ["${", "#{"];

/// `NAME` in `$NAME`, which is the whole text or its last word.
fn shell_variable(text: &str) -> Option<&str> {
    let word = text.rsplit(char::is_whitespace).next()?;
    word.strip_prefix('$').filter(|name| is_path(name) && !name.contains(['.', '(']))
}

/// First name between `open` and `close`.
fn between<'t>(text: &'t str, open: &str, close: &str) -> Option<&'t str> {
    text.match_indices(open).find_map(|(at, _)| {
        let rest = &text[at + open.len()..];
        rest.split_once(close).map(|(inside, _)| inside.trim()).filter(|inside| is_path(inside))
    })
}

/// Names in single braces, except those of other template languages.
fn single_braces(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices('{').filter_map(|(at, _)| {
        let (inside, after) = text[at + 1..].split_once('}')?;
        let lone = !text[..at].ends_with(['{', '$', '#', '\\']) && !after.starts_with('}');
        Some(inside.trim()).filter(|inside| lone && is_path(inside))
    })
}

/// True for a name with members, and for a call such as `__Random(1,10)`.
fn is_path(text: &str) -> bool {
    let call = text.strip_suffix(')').and_then(|text| text.split_once('('));
    let name = call.map_or(text, |(name, _)| name);
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "_.".contains(c))
}

#[cfg(test)]
mod tests {
    use crate::scenario::Scenario;

    /// All errors and warnings.
    fn messages(step: &str) -> String {
        let text =
            format!("host: http://h\nvars: {{ id: 1 }}\ntasks: [{{ steps: [{step}, {{ log: '{{{{ id }}}}' }}] }}]\n");
        match Scenario::parse("s.yaml", &text) {
            Ok(scenario) => scenario.warnings().to_owned(),
            Err(error) => error.text,
        }
    }

    #[test]
    fn strings_that_look_like_templates_or_files_are_reported() {
        for (level, step, wanted) in [
            ("error", "{ set: { people: '@people.json' } }", "no file is read"),
            ("warning", "{ get: /, headers: { x: '@a.csv' } }", "no file is read"),
            ("warning", "{ get: /, query: { x: [a, '@a.txt'] } }", "no file is read"),
            ("warning", "{ post: /, json: { x: { y: '@a.png' } } }", "no file is read"),
            ("warning", "{ post: /, json: ['@a.png'] }", "no file is read"),
            ("warning", "{ post: /, json: { name: '@a.png' } }", "no file is read"),
            ("error", "{ post: /, json: { when: '${id}' } }", "write {{ id }}"),
            ("warning", "{ post: /, form: { x: '@a.png' } }", "no file is read"),
            ("error", "{ get: /, auth: { bearer: '${id}' } }", "write {{ id }}"),
            ("warning", "{ repeat: 2, steps: [{ if: id, then: [{ get: '/{id}' }] }] }", "write {{ id }}"),
            ("error", "{ graphql: 'query A($v: Int) { a(v: $v) }', variables: { v: '@v.json' } }", "no file is read"),
            ("error", "{ get: '/${id}' }", "`${id}` is not a template"),
            ("error", "{ get: '/#{id}' }", "`#{id}` is not a template"),
            ("error", "{ get: '/${API_KEY}' }", "write {{ env.API_KEY }}"),
            ("error", "{ post: /, json: { a: '${__ENV.KEY}' } }", "write {{ env.KEY }}"),
            ("warning", "{ get: '/a', headers: { x: 'Bearer ${token.value}' } }", "write {{ token.value }}"),
            ("warning", "{ get: '/a', headers: { x: $API_KEY } }", "write {{ env.API_KEY }}"),
            ("warning", "{ get: '/a', query: { x: '${{ id }}' } }", "write {{ id }} for the value alone"),
            ("warning", "{ post: /, body: 'a <%= id %>' }", "`<%= id %>` is not a template"),
            ("warning", "{ get: '/{id}' }", "write {{ id }}"),
            ("warning", "{ get: /, query: { q: '{ id }' } }", "write {{ id }}"),
            ("error", "{ get: '/{{ choice(\"lamp\") }}' }", "choice([\"a\", \"b\"])"),
            ("error", "{ graphql: 'query A { a(n: \"{{ id }}\") }' }", "$NAME"),
            ("error", "{ get: /, capture: { a: \"$.x[?@.id == '{{ id }}']\" } }", "jsonpath"),
            ("error", "{ get: /, capture: { a: { css: 'a[id={{ id }}]' } } }", "`pick: all`"),
            ("error", "{ get: /, capture: { a: 'cookie: sid-{{ id }}' } }", "cannot contain a template"),
            ("error", "{ get: /, capture: { a: 'header: x-{{ id }}' } }", "cannot contain a template"),
            ("error", "{ get: /, capture: { a: 'regex: {{ id }}=(.*)' } }", "cannot contain a template"),
            ("error", "{ get: /, capture: { a: { css: a, attribute: '{{ id }}' } } }", "cannot contain a template"),
            ("error", "{ get: /, tags: ['t{{ id }}'] }", "cannot contain a template"),
            ("error", "{ get: /, query: { 'x-{{ id }}': 1 } }", "templates are not allowed in keys"),
            ("error", "{ get: /, headers: { 'x-{{ id }}': 1 } }", "is not a header name"),
        ] {
            let found = messages(step);
            assert!(found.contains(wanted), "{step}: {found}");
            assert_eq!(found.matches("--> ").count(), 1, "once: {step}: {found}");
            // Values as in a recording are allowed.
            assert!(found.starts_with(level), "{level}: {step}: {found}");
        }
    }

    #[test]
    fn keys_that_read_files_are_not_reported() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.json"), "{\"a\":1}").unwrap();
        std::fs::write(folder.path().join("a.graphql"), "query A { a }").unwrap();
        for step in [
            "{ post: /, json: '@a.json' }",
            "{ post: /, body: '@a.json' }",
            "{ graphql: '@a.graphql' }",
            "{ publish: c, payload: '@a.json' }",
        ] {
            let text = format!("host: http://h\nredis: {{ url: 'redis://h' }}\ntasks: [{{ steps: [{step}] }}]\n");
            let scenario = Scenario::parse_in("s.yaml", &text, Some(folder.path())).unwrap();
            assert_eq!(scenario.warnings(), "", "{step}");
        }
    }

    #[test]
    fn variables_are_not_read_from_files() {
        let text = "host: http://h\nvars: { people: '@people.json' }\ntasks: [{ steps: [{ log: '{{ people }}' }, { get: / }] }]\n";
        let error = Scenario::parse("s.yaml", text).expect_err("a string").text;
        assert!(
            error.contains("no file is read") && error.contains("s.yaml:2:17") && error.contains("`data`"),
            "{error}"
        );
    }

    #[test]
    fn valid_strings_are_accepted() {
        for step in [
            "{ get: '/{{ id }}' }",
            "{ set: { handle: '@people', mail: 'a@b.json', note: 'see @people.json' } }",
            "{ set: { at: \"{{ '@' }}people.json\" } }",
            "{ post: /, json: { t: '{id}', u: '{{ id }}' } }",
            "{ post: /, body: '{\"query\":\"{ id }\"}' }",
            "{ get: '/{other}' }",
            "{ get: /, expect: { body: { matches: '^a{2}$' } } }",
            "{ post: /, body: 'costs $5, {}' }",
            "{ graphql: 'query A { id { id } }' }",
            "{ graphql: 'query A { a(o: {b: {id: 1}}) { id } }' }",
            "{ graphql: \"query A { # {{ id }} as it was\\n a }\" }",
            "{ get: /, capture: { a: 'regex:a{2}(.)' } }",
            "{ get: \"/{{ choice(['lamp', 'desk']) }}\" }",
            "{ log: '${id} and {id}' }",
            "{ while: \"id == '${id}' or id == '@a.json'\", steps: [{ get: / }] }",
            "{ get: /, when: \"id == '${id}'\" }",
            "{ post: /, json: { query: '{ id }', headers: { x: '{id}' } } }",
            // Alternatives suggested by the errors.
            "{ get: /, capture: { page: { body: true } } }, { get: \"/{{ page | jsonpath('$.items[?@.id == ' ~ id ~ ']') }}\" }",
            "{ get: /, capture: { all: { css: a, pick: all } } }, { get: \"/{{ all | select('eq', id) | first }}\" }",
        ] {
            assert_eq!(messages(step), "", "{step}");
        }
    }
}
