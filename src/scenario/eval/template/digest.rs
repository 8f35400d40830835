//! Hashes, signatures and base64.
//!
//! A digest is bytes. As a string it is lower-case hexadecimal, which most APIs expect; but filters that encode bytes
//! use its bytes, because a base64 signature is never that of the hexadecimal digits. Digests are marked as "safe"
//! strings of the template library, which no other filter here uses.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use minijinja::{Environment, Error, ErrorKind, Value};
use ring::{digest, hmac};

/// Accepts base64 with or without padding.
const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const ANY_STANDARD: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::STANDARD, LENIENT);
const ANY_URL_SAFE: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::URL_SAFE, LENIENT);

pub(super) fn register(env: &mut Environment<'static>) {
    env.add_filter("b64encode", |value: &Value| Ok::<_, Error>(STANDARD.encode(bytes(value, "b64encode")?)));
    env.add_filter("b64url", |value: &Value| Ok::<_, Error>(URL_SAFE_NO_PAD.encode(bytes(value, "b64url")?)));
    env.add_filter("b64decode", b64decode);
    env.add_filter("sha256", |text: &Value, encoding: Option<&str>| {
        encoded(digest::digest(&digest::SHA256, input(text, "sha256")?).as_ref(), "sha256", encoding)
    });
    env.add_filter("hmac_sha256", |text: &Value, key: &Value, encoding: Option<&str>| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, input(key, "hmac_sha256")?);
        encoded(hmac::sign(&key, input(text, "hmac_sha256")?).as_ref(), "hmac_sha256", encoding)
    });
}

fn wrong(text: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, text.into())
}

/// Encodes a digest.
fn encoded(bytes: &[u8], filter: &str, encoding: Option<&str>) -> Result<Value, Error> {
    Ok(match encoding {
        None | Some("hex") => Value::from_safe_string(hex(bytes)),
        Some("base64") => STANDARD.encode(bytes).into(),
        Some("base64url") => URL_SAFE_NO_PAD.encode(bytes).into(),
        Some("bytes") => Value::from_bytes(bytes.to_vec()),
        Some(other) => {
            return Err(wrong(format!(
                "{filter}: {other:?} is not an encoding: write hex, base64, base64url or bytes"
            )));
        }
    })
}

/// Input to hash or sign, or a key: a digest is used as its hexadecimal digits.
fn input<'v>(value: &'v Value, filter: &str) -> Result<&'v [u8], Error> {
    value.as_bytes().ok_or_else(|| wrong(format!("{filter} takes a string: write value | string | {filter}")))
}

/// Input to encode: a digest is used as its bytes.
fn bytes(value: &Value, filter: &str) -> Result<Vec<u8>, Error> {
    let digest = value.as_str().filter(|_| value.is_safe()).and_then(unhex);
    digest.map_or_else(|| input(value, filter).map(<[u8]>::to_vec), Ok)
}

/// Decodes both alphabets, padded or not; the result is a string if it is UTF-8, else bytes.
fn b64decode(text: &str) -> Result<Value, Error> {
    let text: String = text.split_ascii_whitespace().collect();
    let engine = if text.contains(['-', '_']) { ANY_URL_SAFE } else { ANY_STANDARD };
    let bytes = engine.decode(&text).map_err(|e| wrong(format!("b64decode: {e}")))?;
    Ok(String::from_utf8(bytes).map_or_else(|error| Value::from_bytes(error.into_bytes()), Value::from))
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        // Writing into a String cannot fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// The bytes of a SHA-256 digest in hexadecimal.
fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |c: &u8| char::from(*c).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let digits: Vec<u8> = text.bytes().map(|c| digit(&c)).collect::<Option<_>>()?;
    (digits.len() == 2 * digest::SHA256_OUTPUT_LEN)
        .then(|| digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::scenario::eval::template::{Names, RenderError, Scope, template, to_json};

    fn value(code: &str, pairs: &[(&str, &str)]) -> Result<String, RenderError> {
        let names = Names::new(Value::from_pairs(pairs.iter().copied()));
        let template = template(&format!("{{{{ {code} }}}}"), &names).map_err(|error| RenderError(error.message))?;
        let value = template.value(&mut Scope::new(1, 1, Arc::clone(&names.vars)))?;
        let json = to_json(&value)?;
        Ok(json.as_str().map_or_else(|| json.to_string(), str::to_owned))
    }

    #[test]
    fn hmac_matches_rfc_4231() {
        let base64 = |byte: u8, times| STANDARD.encode(vec![byte; times]);
        let dd = base64(0xdd, 50);
        for (key, text, wanted) in [
            (base64(0x0b, 20), "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
            (
                STANDARD.encode("Jefe"),
                "what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (base64(0xaa, 20), "", "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
            (
                base64(0xaa, 131),
                "Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
        ] {
            let signed = if text.is_empty() { "dd | b64decode" } else { "text" };
            let pairs = [("key", key.as_str()), ("text", text), ("dd", &dd)];
            let code = format!("{signed} | hmac_sha256(key | b64decode)");
            let of = |more: &str| value(&format!("({code}){more}"), &pairs).unwrap();
            let bytes = unhex(wanted).unwrap();
            assert_eq!(of(""), wanted);
            assert_eq!(of(" | b64encode"), STANDARD.encode(&bytes), "{text}");
            assert_eq!(of(" | b64url"), URL_SAFE_NO_PAD.encode(&bytes), "{text}");
            // Used as a string, it is the digits.
            assert_eq!(of("[:8]") + &of(" | upper")[8..], format!("{}{}", &wanted[..8], wanted[8..].to_uppercase()));
            assert_eq!(of(&format!(" == '{wanted}'")), "true");
        }
    }

    #[test]
    fn jwt_matches_rfc_7515() {
        let signed = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6\
                      Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let key = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
        let (header, claims) = signed.split_once('.').unwrap();
        let decoded = |part: &str| String::from_utf8(URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
        let (header, claims) = (decoded(header), decoded(claims));
        let pairs = [("header", header.as_str()), ("claims", &claims), ("key", key)];
        let code = "(header | b64url ~ '.' ~ claims | b64url)";
        assert_eq!(value(code, &pairs).unwrap(), signed);
        for sign in ["hmac_sha256(key | b64decode) | b64url", "hmac_sha256(key | b64decode, 'base64url')"] {
            let signature = value(&format!("{code} | {sign}"), &pairs).unwrap();
            assert_eq!(signature, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "{sign}");
        }
    }

    #[test]
    fn digests_have_encodings() {
        let hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let base64 = "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=";
        let chained =
            STANDARD.encode(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &unhex(hex).unwrap()), b"20150830"));
        for (code, wanted) in [
            ("'abc' | sha256", hex),
            ("'abc' | sha256 | b64encode", base64),
            ("'abc' | sha256('hex')", hex),
            ("'abc' | sha256('base64')", base64),
            ("'abc' | sha256('base64url')", "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0"),
            ("'abc' | sha256('bytes') | b64encode", base64),
            ("'20150830' | hmac_sha256('abc' | sha256('bytes')) | b64encode", &chained),
            // A string of hexadecimal digits that is not a digest has no bytes.
            ("('abc' | sha256 | string)[:4] | b64encode", "YmE3OA=="),
            ("'ab cd' | b64encode | b64decode", "ab cd"),
            ("'_-8' | b64decode | b64url", "_-8"),
            ("'YWI' | b64decode", "ab"),
        ] {
            assert_eq!(value(code, &[]).unwrap_or_else(|e| panic!("{code}: {e}")), wanted, "{code}");
        }
        let twice = value("'abc' | sha256 | sha256", &[]).unwrap();
        assert_eq!(twice, value(&format!("'{hex}' | sha256"), &[]).unwrap(), "what is hashed is the digits");
        for (code, wanted) in [
            ("'_-8' | b64decode", "bytes"),
            ("'abc' | sha256('bytes')", "bytes"),
            ("'abc' | sha256('base32')", "hex, base64, base64url or bytes"),
            ("1 | sha256", "takes a string"),
            ("'a' | hmac_sha256(1)", "takes a string"),
            ("'?' | b64decode", "b64decode"),
        ] {
            let error = value(code, &[]).unwrap_err().0;
            assert!(error.contains(wanted), "{code}: {error}");
        }
        // Also inside text.
        let names = Names::new(Value::from_pairs([("n", 1)]));
        assert!(crate::scenario::eval::template::text("a {{ '_-8' | b64decode }}", &names).is_err());
    }
}
