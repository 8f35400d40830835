//! Words around a command: `time curl …`, `do curl …`, `echo … | curl -d @- …`.

use super::variables::Assigned;
use super::words::{Input, Line};

/// Commands and keywords before a command.
const BEFORE: [&str; 24] = [
    "$", ">", "time", "sudo", "exec", "nohup", "command", "env", "nice", "watch", "retry", "!", "if", "elif", "then",
    "else", "while", "until", "do", "{", "(", "&", "call", "eval",
];

/// Removes the words before `curl`; false if the line is another command.
pub fn strip(line: &mut Line, assigned: &mut Assigned) -> bool {
    let is_curl = |word: &String| {
        let name = word.rsplit(['/', '\\']).next().unwrap_or_default();
        ["curl", "curl.exe"].contains(&name.to_ascii_lowercase().as_str())
    };
    let Some(at) = line.words.iter().position(is_curl) else { return false };
    let mut after_command = false;
    for word in &line.words[..at] {
        let known = BEFORE.contains(&word.as_str());
        after_command |= known;
        // `time -p`, `watch -n 1`, `C:\>`
        let option = after_command && (word.starts_with('-') || word.chars().all(|c| c.is_ascii_digit()));
        if !(known || option || word.ends_with('>') || assigned.take(word)) {
            return false;
        }
    }
    line.words.drain(..at);
    true
}

/// What a command writes to the next one, if that is known.
pub fn output(line: &Line) -> Option<Input> {
    let mut words = line.words.iter().map(String::as_str);
    let name = words.find(|word| !["do", "then", "{", "("].contains(word))?;
    let rest: Vec<&str> = words.collect();
    match name {
        "echo" => {
            let silent = rest.first().is_some_and(|word| *word == "-n");
            let rest: Vec<&str> =
                rest.into_iter().skip_while(|word| ["-n", "-e", "-E", "-ne"].contains(word)).collect();
            Some(Input::Text(format!("{}{}", rest.join(" "), if silent { "" } else { "\n" })))
        }
        "printf" => match rest.as_slice() {
            ["%s", text] => Some(Input::Text((*text).to_owned())),
            ["%s\\n", text] => Some(Input::Text(format!("{text}\n"))),
            [text] if !text.contains('%') => Some(Input::Text(text.replace("\\n", "\n"))),
            _ => None,
        },
        "cat" => match rest.as_slice() {
            [] | ["-"] => line.input.clone(),
            [file] => Some(Input::File((*file).to_owned())),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Line {
        Line { words: text.split(' ').map(str::to_owned).collect(), ..Line::default() }
    }

    #[test]
    fn words_before_curl_are_removed() {
        for (text, wanted) in [
            ("curl h", Some("curl h")),
            ("$ curl h", Some("curl h")),
            ("time -p curl h", Some("curl h")),
            ("sudo nice -n 5 /usr/bin/curl h", Some("/usr/bin/curl h")),
            ("A=1 env B=2 curl h", Some("curl h")),
            ("do curl h", Some("curl h")),
            ("echo curl h", None),
            ("apt install curl", None),
            ("jq .", None),
        ] {
            let mut line = line(text);
            let found = strip(&mut line, &mut Assigned::default());
            assert_eq!(found.then(|| line.words.join(" ")).as_deref(), wanted, "{text}");
        }
    }

    #[test]
    fn output_of_a_command() {
        for (text, wanted) in [("echo a b", "a b\n"), ("echo -n a", "a"), ("printf %s a", "a"), ("printf a\\n", "a\n")]
        {
            assert_eq!(output(&line(text)), Some(Input::Text(wanted.to_owned())), "{text}");
        }
        assert_eq!(output(&line("cat f.json")), Some(Input::File("f.json".to_owned())));
        assert_eq!(output(&line("jq -n x")), None);
    }
}
