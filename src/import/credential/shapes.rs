//! Values that are credentials because of their form, whatever their name.

/// Prefixes of tokens of well-known services, the meaning, and the minimum length of a token.
const PREFIXES: [(&str, &str, usize); 34] = [
    ("AIza", "key", 35),
    ("AKIA", "key", 20),
    ("ASIA", "key", 20),
    ("sk_live_", "key", 16),
    ("sk_test_", "key", 16),
    ("rk_live_", "key", 16),
    ("rk_test_", "key", 16),
    ("sk-", "key", 24),
    ("whsec_", "key", 16),
    ("ghp_", "token", 20),
    ("gho_", "token", 20),
    ("ghu_", "token", 20),
    ("ghs_", "token", 20),
    ("ghr_", "token", 20),
    ("github_pat_", "token", 20),
    ("glpat-", "token", 16),
    ("xoxb-", "token", 16),
    ("xoxp-", "token", 16),
    ("xoxa-", "token", 16),
    ("xoxc-", "token", 16),
    ("xoxs-", "token", 16),
    ("xoxe-", "token", 16),
    ("xapp-", "token", 16),
    ("SG.", "key", 30),
    ("shpat_", "token", 20),
    ("shpss_", "key", 20),
    ("dop_v1_", "token", 20),
    ("npm_", "token", 20),
    ("pypi-", "token", 20),
    ("hf_", "token", 20),
    ("ya29.", "token", 20),
    ("1//0", "token", 30),
    ("GOCSPX-", "key", 20),
    ("hvs.", "token", 20),
];

/// The meaning of a value that is a credential by its form.
pub fn meaning(value: &str) -> Option<&'static str> {
    if value.starts_with("-----BEGIN ") && value.contains("PRIVATE KEY") {
        return Some("key");
    }
    let is_word = |c: char| c.is_ascii_alphanumeric() || "-_.~+/=:".contains(c);
    if value.len() < 12 || value.len() > 8_192 || !value.chars().all(is_word) {
        return None;
    }
    let known = |(prefix, _, least): &&(&str, &str, usize)| value.starts_with(prefix) && value.len() >= *least;
    // A prefix of letters could start a name, so the rest must be random.
    let known = PREFIXES.iter().find(known).filter(|_| value.chars().any(|c| c.is_ascii_digit()));
    known.map(|(_, meaning, _)| *meaning).or_else(|| is_jwt(value).then_some("token"))
}

/// True for a JSON Web Token.
fn is_jwt(value: &str) -> bool {
    let mut parts = value.split('.');
    let header = parts.next().is_some_and(|header| header.starts_with("eyJ") && header.len() > 8);
    header && parts.next().is_some_and(|payload| payload.len() > 4) && parts.next().is_some()
}

/// True if the text is long and random enough to be generated.
pub fn is_token(text: &str) -> bool {
    let of_token = |c: char| c.is_ascii_alphanumeric() || "-._~+/=:".contains(c);
    let letters = text.chars().filter(char::is_ascii_alphabetic).count();
    let digits = text.chars().filter(char::is_ascii_digit).count();
    text.len() >= 12 && letters >= 2 && digits >= 2 && text.chars().all(of_token) && !text.contains("://")
        // Timestamps are not tokens.
        && text.parse::<jiff::Timestamp>().is_err()
        && !text.starts_with('/')
}

/// True if a path segment is a credential by its form: random letters of both cases and digits, which ids of resources
/// (numbers, UUIDs, hexadecimal) are not.
pub fn is_secret_segment(text: &str) -> bool {
    // `/bot123456:ABC…/sendMessage`
    let bot = text.strip_prefix("bot").and_then(|rest| rest.split_once(':'));
    if bot.is_some_and(|(id, token)| id.chars().all(|c| c.is_ascii_digit()) && token.len() >= 20) {
        return true;
    }
    let has = |kind: fn(&char) -> bool| text.chars().filter(kind).count() >= 3;
    let mixed = has(char::is_ascii_uppercase) && has(char::is_ascii_lowercase) && has(char::is_ascii_digit);
    let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || "-_~=".contains(c));
    meaning(text).is_some() || (text.len() >= 24 && mixed && plain && !is_words(text))
}

/// True if a text consists of words and numbers, such as a file name: `Release-Notes-2026-Final`.
fn is_words(text: &str) -> bool {
    text.split(['-', '_', '~', '=']).all(|word| word.len() < 14)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_recognized_by_their_form() {
        for text in [
            "AIzaSyA-1234567890abcdefghijklmnopqrstu",
            "eyJhbGciOi.eyJzdWIiOiIx.x-3",
            "ghp_0123456789abcdefghij",
            "xoxb-1234-5678-abcdefgh",
            "AKIAIOSFODNN7EXAMPLE",
            "-----BEGIN PRIVATE KEY-----\nMIIE",
        ] {
            assert!(meaning(text).is_some(), "{text}");
        }
        for text in ["AIza", "npm_install_all_of_them_now", "eyJ.a", "sk-", "550e8400-e29b-41d4-a716-446655440000"] {
            assert!(meaning(text).is_none(), "{text}");
        }
    }

    #[test]
    fn segments_of_paths() {
        for text in ["bot123456:AAExxxxxxxxxxxxxxxxxxxxxx", "kJ7dPq2LmZ9xWv4TbN8cRy3A", "ghp_0123456789abcdefghij"] {
            assert!(is_secret_segment(text), "{text}");
        }
        for text in [
            "507f1f77bcf86cd799439011",
            "550e8400-e29b-41d4-a716-446655440000",
            "d41d8cd98f00b204e9800998ecf8427e",
            "Release-Notes-2026-Final-Version",
            "getUserAccountSettings2",
            "robots.txt",
        ] {
            assert!(!is_secret_segment(text), "{text}");
        }
    }
}
