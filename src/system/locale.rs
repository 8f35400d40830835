//! Character set of the terminal, as the locale says it.

/// True if the locale has no Unicode: `C`, `POSIX`, or another character set. Without any of the variables it is unknown,
/// and terminals of today have it. `find` reads an environment variable.
pub fn is_ascii(find: impl Fn(&str) -> Option<String>) -> bool {
    // The first that is set decides (POSIX, section 8.2).
    let set = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(|name| find(name).filter(|value| !value.is_empty()));
    let Some(locale) = set else { return false };
    let set = locale.split_once('.').map(|(_, set)| set.split('@').next().unwrap_or(set).to_ascii_lowercase());
    match set {
        Some(set) => set != "utf-8" && set != "utf8",
        // Other names without a character set depend on the system.
        None => locale == "C" || locale == "POSIX",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_variable_decides() {
        for (variables, wanted) in [
            (&[][..], false),
            (&[("LANG", "C")], true),
            (&[("LANG", "POSIX")], true),
            (&[("LANG", "C.UTF-8")], false),
            (&[("LANG", "de_DE.utf8")], false),
            (&[("LANG", "de_DE")], false),
            (&[("LANG", "de_DE.ISO-8859-15@euro")], true),
            (&[("LANG", "en_US.UTF-8@x")], false),
            (&[("LANG", "en_US.UTF-8"), ("LC_ALL", "C")], true),
            (&[("LANG", "C"), ("LC_CTYPE", "en_US.UTF-8")], false),
            (&[("LANG", "C"), ("LC_ALL", "")], true),
        ] {
            let find =
                |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
            assert_eq!(is_ascii(find), wanted, "{variables:?}");
        }
    }
}
