//! No importer writes a credential: it becomes an environment variable, wherever it is.

use katydid::import::ImportOptions;
use serde_json::{Value, json};

use super::{has, imported, load};

/// Name, value, and the variable.
const SECRETS: [(&str, &str, &str); 25] = [
    ("key", "AIzaSyA-1234567890abcdefghijklmnopqrstu", "KEY"),
    ("X-Auth-Key", "c2547eb745079dac9320b638f5e225cf483cc", "X_AUTH_KEY"),
    ("DD-APPLICATION-KEY", "0a1b2c3d4e", "DD_APPLICATION_KEY"),
    ("DD-API-KEY", "9f8e7d6c5b", "DD_API_KEY"),
    ("X-Amz-Signature", "fe5f80f77d5fa3beca038a248ff027d0445342fe", "X_AMZ_SIGNATURE"),
    ("X-Amz-Security-Token", "IQoJb3JpZ2luX2VjEJr", "X_AMZ_SECURITY_TOKEN"),
    ("client_assertion", "aaaa.bbbb.cccc", "CLIENT_ASSERTION"),
    ("SAMLResponse", "PHNhbWxwOlJlc3BvbnNl", "SAMLRESPONSE"),
    ("Authentication", "Token 8d7c6b5a", "AUTHENTICATION"),
    ("PHPSESSID", "q1w2e3r4t5", "PHPSESSID"),
    ("_csrf", "mNbVcXz1", "CSRF"),
    ("authenticity_token", "lKjHgFd2", "AUTHENTICITY_TOKEN"),
    ("passcode", "824613", "PASSCODE"),
    ("auth_pwd", "tr0ub4dor", "AUTH_PWD"),
    ("auth_key", "k-77-1", "AUTH_KEY"),
    ("user[password]", "pa55w0rd!", "USER_PASSWORD"),
    ("motDePasse", "ouvre-t0i", "MOT_DE_PASSE"),
    ("Ocp-Apim-Subscription-Key", "4d5e6f70", "OCP_APIM_SUBSCRIPTION_KEY"),
    ("x-functions-key", "fnKey==9", "X_FUNCTIONS_KEY"),
    ("oauth_signature", "tnnArxj06cWHq44", "OAUTH_SIGNATURE"),
    ("otp", "551177", "OTP"),
    ("cvv", "9173", "CVV"),
    ("webhook_secret", "whsec_5f4dcc3b5aa765d61d83", "WEBHOOK_SECRET"),
    ("anything", "ghp_0123456789abcdefghijABCDEFGHIJ", "ACCESS_TOKEN"),
    ("state", "a8f5f167f44f4964e6c998dee827110c", "STATE"),
];

fn is_header(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
}

fn har(request: &Value) -> String {
    let entry = |request: &Value| {
        json!({
            "startedDateTime": "2026-11-23T10:00:00Z", "time": 1, "request": request,
            "response": { "status": 200, "headers": [], "content": { "mimeType": "application/json" } },
        })
    };
    json!({ "log": { "entries": [entry(request)] } }).to_string()
}

fn get(url: &str, headers: &Value) -> Value {
    json!({ "method": "GET", "url": url, "headers": headers })
}

fn post(media: &str, text: &str) -> Value {
    let headers = json!([{ "name": "Content-Type", "value": media }]);
    json!({ "method": "POST", "url": "http://h/a", "headers": headers, "postData": { "mimeType": media, "text": text } })
}

fn pair(name: &str, value: &str) -> String {
    url::form_urlencoded::Serializer::new(String::new()).append_pair(name, value).finish()
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Inputs that contain a credential, by place.
fn inputs(name: &str, value: &str) -> Vec<(String, String)> {
    let own = pair(name, value);
    let within = pair("return_to", &format!("https://h/x?a=1&{own}"));
    let twice = pair("u", &pair("next", &format!("/y?{own}")));
    let json = json!({ "a": [{ "b": { name: value } }] }).to_string();
    let string = json!({ "payload": json }).to_string();
    let listed = json!([{ "name": name, "value": value }]).to_string();
    let graphql = json!({ "query": format!("mutation {{ f({}: {}) {{ x }} }}", name.replace(['-', '[', ']'], "_"), json!(value)) });
    let xml = format!("<a><{name} b=\"c\">{value}</{name}></a>");
    let plain = |all: &[(&str, Value)]| {
        all.iter().map(|(what, request)| ((*what).to_owned(), har(request))).collect::<Vec<_>>()
    };
    let parts = format!("--B\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n--B--\r\n");
    let mut all = plain(&[
        ("query", get(&format!("http://h/a?{own}"), &json!([]))),
        ("nested query", get(&format!("http://h/a?{within}"), &json!([]))),
        ("nested twice", get(&format!("http://h/a?{twice}"), &json!([]))),
        ("form", post("application/x-www-form-urlencoded", &own)),
        ("json", post("application/json", &json)),
        ("json in a string", post("application/json", &string)),
        ("listed", post("application/json", &listed)),
        ("graphql", post("application/json", &graphql.to_string())),
        ("multipart", post("multipart/form-data; boundary=B", &parts)),
    ]);
    for (what, target) in [("query", format!("http://h/a?{own}")), ("nested", format!("http://h/a?{within}"))] {
        all.push((format!("curl {what}"), format!("curl {}", quoted(&target))));
    }
    for (option, text) in [("-d", &own), ("--json", &json), ("--json", &string), ("-b", &format!("a=b; {own}"))] {
        all.push((format!("curl {option}"), format!("curl {option} {} http://h/", quoted(text))));
    }
    all.push(("curl -F".to_owned(), format!("curl -F {} http://h/", quoted(&format!("{name}={value}")))));
    all.push(("referer".to_owned(), format!("curl -e {} http://h/", quoted(&format!("http://h/a?{own}")))));
    if is_header(name) {
        all.extend(plain(&[
            ("header", get("http://h/", &json!([{ "name": name, "value": value }]))),
            ("path", get(&format!("http://h/a;{own}/b"), &json!([]))),
        ]));
        all.push(("curl -H".to_owned(), format!("curl -H {} http://h/", quoted(&format!("{name}: {value}")))));
        if !name.starts_with('_') {
            all.extend(plain(&[("xml", post("text/xml", &xml))]));
        }
    }
    all
}

#[test]
fn no_credential_is_written() {
    for (name, value, variable) in SECRETS {
        for (place, input) in inputs(name, value) {
            let made = imported(&input, &ImportOptions::default());
            let encoded = pair("", value);
            let leaks = made.text.contains(value) || made.text.contains(encoded.trim_start_matches('='));
            assert!(!leaks, "{name} in {place}:\n{input}\n{}", made.text);
            assert!(!made.variables.is_empty(), "{name} in {place}:\n{}", made.text);
            if ["query", "form", "header"].contains(&place.as_str()) {
                assert_eq!(made.variables, [variable], "{name} in {place}:\n{}", made.text);
            }
            load(&made);
        }
    }
}

#[test]
fn values_of_a_document_are_no_credentials_by_name_but_by_form() {
    for (name, value, _) in SECRETS {
        let parameter =
            json!({ "name": name, "in": "query", "required": true, "schema": { "type": "string", "example": value } });
        let schema = json!({ "type": "object", "properties": { name: { "type": "string", "example": value } } });
        let body = json!({ "content": { "application/json": { "schema": schema } } });
        let document = json!({ "openapi": "3.0.0", "servers": [{ "url": "http://h" }], "paths": {
            "/a": { "get": { "parameters": [parameter] }, "post": { "summary": format!("{name}={value}"), "requestBody": body } },
        } });
        let made = imported(&document.to_string(), &ImportOptions::default());
        assert!(!made.text.contains(value), "{name}:\n{}", made.text);
        load(&made);
    }
}

#[test]
fn titles_of_pages_and_properties_of_credentials() {
    let mut document: Value = serde_json::from_str(&har(&post(
        "application/x-www-form-urlencoded",
        "token_type=bearer&client_assertion_type=urn%3Aietf&key=color&password_hint=dog&page=12",
    )))
    .expect("JSON");
    document["log"]["pages"] = json!([{ "id": "p", "title": "http://h/?access_token=hunter2hunter2" }]);
    document["log"]["entries"][0]["pageref"] = json!("p");
    let made = imported(&document.to_string(), &ImportOptions::default());
    assert!(made.variables.is_empty() && !made.text.contains("hunter2"), "{}", made.text);
    has(&made.text, &["token_type: bearer", "\"urn:ietf\"", "key: color", "password_hint: dog"]);
}

#[test]
fn equal_values_are_variables_with_their_own_meaning() {
    let made = imported(
        "curl -u admin-12345:admin-12345 -d 'user=admin-12345&pin=admin-12345&password=admin-12345' http://h/",
        &ImportOptions::default(),
    );
    assert_eq!(made.variables, ["BASIC_USERNAME", "BASIC_PASSWORD", "PIN", "USER"], "{}", made.text);
    has(&made.text, &["username: \"{{ env.BASIC_USERNAME }}\"", "password: \"{{ env.BASIC_PASSWORD }}\""]);
    has(&made.text, &["user: \"{{ env.USER }}\"", "pin: \"{{ env.PIN }}\"", "password: \"{{ env.BASIC_PASSWORD }}\""]);
}
