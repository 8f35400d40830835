//! Names of credentials: which fields, headers, cookies and parameters contain one, and what it means.

/// A kind of credential.
struct Kind {
    /// What its values mean: equal values of one kind are one credential.
    meaning: &'static str,
    /// Parts of names, without separators and in lower case.
    parts: &'static [&'static str],
    /// Whole words of names.
    words: &'static [&'static str],
}

/// All kinds; the first that fits a name is used.
const KINDS: [Kind; 8] = [
    Kind {
        meaning: "csrf",
        parts: &["csrf", "xsrf", "authenticitytoken", "requestverificationtoken", "forgerytoken"],
        words: &[],
    },
    Kind {
        meaning: "password",
        parts: &["password", "passwd", "passphrase", "passwort", "kennwort", "motdepasse", "contrasena", "wachtwoord"],
        words: &["pwd", "pw", "psw", "psswd", "senha", "parola", "haslo"],
    },
    Kind {
        meaning: "code",
        parts: &[
            "passcode",
            "pincode",
            "onetimecode",
            "verificationcode",
            "recoverycode",
            "backupcode",
            "mfacode",
            "smscode",
            "twofactorcode",
        ],
        words: &["pin", "otp", "totp", "passcode"],
    },
    Kind {
        meaning: "card",
        parts: &["cardnumber", "securitycode", "cardcode", "socialsecurity"],
        words: &["cvv", "cvv2", "cvc", "cvn", "ssn"],
    },
    Kind {
        meaning: "session",
        parts: &["sessionid", "sessid", "sessionkey", "sessiontoken", "authsession"],
        words: &["sid", "jsession", "sessid"],
    },
    Kind {
        meaning: "assertion",
        parts: &["samlresponse", "samlrequest", "samlart", "samlassertion", "clientassertion", "wresult", "signature"],
        words: &["sig"],
    },
    Kind {
        meaning: "key",
        parts: &[
            "apikey",
            "accesskey",
            "privatekey",
            "secretkey",
            "authkey",
            "appkey",
            "applicationkey",
            "subscriptionkey",
            "licensekey",
            "masterkey",
            "accountkey",
            "adminkey",
            "functionskey",
            "signingkey",
            "encryptionkey",
            "sharedkey",
            "clientkey",
            "consumerkey",
            "servicekey",
            "integrationkey",
            "writekey",
            "streamkey",
            "serverkey",
            "keyid",
            "clientsecret",
            "appsecret",
            "sharedsecret",
        ],
        words: &["secret"],
    },
    Kind {
        meaning: "token",
        parts: &["authorization", "credential", "accesstoken", "refreshtoken", "idtoken", "authtoken", "bearer"],
        words: &["token", "jwt"],
    },
];

/// Names that indicate a credential only as a whole, or as a last word after others.
const WHOLE: [(&str, &str); 8] = [
    ("pass", "password"),
    ("auth", "token"),
    ("xauth", "token"),
    ("authentication", "token"),
    ("xauthentication", "token"),
    ("session", "session"),
    ("sess", "session"),
    ("xsession", "session"),
];

/// Names whose value is a credential if it is random.
const VAGUE: [(&str, &str); 12] = [
    ("key", "key"),
    ("code", "code"),
    ("ticket", "token"),
    ("assertion", "assertion"),
    ("hash", "assertion"),
    ("hmac", "assertion"),
    ("access", "token"),
    ("login", "token"),
    ("invite", "token"),
    ("cred", "token"),
    ("state", "csrf"),
    ("nonce", "csrf"),
];

/// Last words of names of properties of a credential, which are not secret.
const PROPERTIES: [&str; 43] = [
    "type",
    "types",
    "count",
    "url",
    "uri",
    "endpoint",
    "length",
    "policy",
    "hint",
    "expires",
    "expiry",
    "expiration",
    "exp",
    "ttl",
    "timeout",
    "enabled",
    "required",
    "format",
    "version",
    "method",
    "algorithm",
    "alg",
    "age",
    "limit",
    "strength",
    "label",
    "placeholder",
    "at",
    "date",
    "in",
    "param",
    "parameter",
    "header",
    "field",
    "status",
    "valid",
    "lifetime",
    "duration",
    "scope",
    "scopes",
    "color",
    "rules",
    "mode",
];

/// What the value of a field with this name means, if the name indicates a credential.
pub fn meaning(name: &str) -> Option<&'static str> {
    let words = words(name);
    let last = words.last().map_or("", String::as_str);
    if PROPERTIES.contains(&last) {
        return None;
    }
    let flat = words.concat();
    let named = KINDS.iter().find(|kind| {
        kind.parts.iter().any(|part| flat.contains(part))
            || words.iter().any(|word| kind.words.contains(&word.as_str()))
            || kind.words.iter().any(|word| word.len() >= 5 && flat.ends_with(word))
    });
    let whole = || WHOLE.iter().find(|(whole, _)| flat == *whole || (*whole == "pass" && last == *whole));
    // "secretary" contains no secret, and a table has a "primary key id".
    let other = flat.contains("secretar") || flat.ends_with("primarykeyid") || flat.ends_with("foreignkeyid");
    named.map(|kind| kind.meaning).or_else(|| whole().map(|(_, meaning)| *meaning)).filter(|_| !other)
}

/// Like `meaning`, for names that indicate a credential only together with a random value.
pub fn vague_meaning(name: &str) -> Option<&'static str> {
    let words = words(name);
    let flat = words.concat();
    let found = VAGUE.iter().find(|(vague, _)| flat == *vague || words.last().is_some_and(|last| last == vague));
    found.map(|(_, meaning)| *meaning)
}

/// True if the name of a field indicates a credential.
pub fn is_secret_name(name: &str) -> bool {
    meaning(name).is_some()
}

/// Words of a name in lower case: `X-Auth-Key`, `authKey` and `auth_key` have the words auth and key.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in name.chars().take(200) {
        let starts = c.is_ascii_uppercase() && (before.is_ascii_lowercase() || before.is_ascii_digit());
        if (starts || !c.is_alphanumeric()) && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c.is_alphanumeric()) {
            word.extend(c.to_lowercase().map(plain));
        }
        before = c;
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Without the accent that a word of the table has.
fn plain(c: char) -> char {
    match c {
        'ñ' => 'n',
        'ł' => 'l',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_credentials() {
        for name in [
            "password",
            "newPassword",
            "user[password]",
            "X-Api-Key",
            "csrf_token",
            "_csrf",
            "csrfmiddlewaretoken",
            "__RequestVerificationToken",
            "client_secret",
            "clientSecret",
            "sid",
            "connect.sid",
            "PHPSESSID",
            "JSESSIONID",
            "ASP.NET_SessionId",
            "Authorization",
            "Authentication",
            "X-Auth-Key",
            "DD-APPLICATION-KEY",
            "DD-API-KEY",
            "Ocp-Apim-Subscription-Key",
            "x-functions-key",
            "X-Amz-Signature",
            "X-Amz-Security-Token",
            "X-Amz-Credential",
            "X-Hub-Signature-256",
            "client_assertion",
            "SAMLResponse",
            "passcode",
            "auth_pwd",
            "auth_key",
            "db_pass",
            "contraseña",
            "AWSAccessKeyId",
            "sessionToken",
            "xsrf",
            "oauth_signature",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in [
            "author",
            "page",
            "design",
            "product_id",
            "pinned",
            "passenger",
            "tokens_used",
            "token_type",
            "client_assertion_type",
            "password_hint",
            "className",
            "secretary",
            "key",
            "Idempotency-Key",
            "primary_key",
            "signatureMethod",
            "session_timeout",
            "authenticated",
            "passport",
            "compass",
            "credentialType",
            "tokenExpiresAt",
        ] {
            assert!(!is_secret_name(name), "{name}");
        }
    }
}
