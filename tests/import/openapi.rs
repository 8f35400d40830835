//! Imports OpenAPI 3 and Swagger 2 documents.

use katydid::import::{ImportOptions, import};
use serde_json::{Value, json};

use super::{has, has_not, imported, load};

fn made(document: &Value) -> katydid::import::Imported {
    let made = imported(&document.to_string(), &ImportOptions::default());
    load(&made);
    made
}

fn document(paths: &Value) -> Value {
    json!({ "openapi": "3.0.0", "servers": [{ "url": "http://h" }], "paths": paths, "components": { "securitySchemes": {
        "bearer": { "type": "http", "scheme": "bearer" },
        "basic": { "type": "http", "scheme": "basic" },
        "key": { "type": "apiKey", "in": "header", "name": "Authorization" },
    } } })
}

#[test]
fn an_authorization_parameter_is_sent_once() {
    let parameter = |schema: Value, required: bool| json!([{ "name": "Authorization", "in": "header", "required": required, "schema": schema }]);
    let plain = || parameter(json!({ "type": "string" }), true);
    for (operation, wanted, variables) in [
        (json!({ "parameters": plain() }), "Authorization: \"{{ env.AUTHORIZATION }}\"", "AUTHORIZATION"),
        (
            json!({ "parameters": parameter(json!({ "type": "string", "example": "Bearer abc" }), false) }),
            "Authorization: \"Bearer {{ env.ACCESS_TOKEN }}\"",
            "ACCESS_TOKEN",
        ),
        (
            json!({ "parameters": plain(), "security": [{ "bearer": [] }] }),
            "auth: { bearer: \"{{ env.ACCESS_TOKEN }}\" }",
            "ACCESS_TOKEN",
        ),
        (json!({ "parameters": plain(), "security": [{ "key": [] }] }), "Authorization: \"{{ env.KEY }}\"", "KEY"),
        (json!({ "security": [{ "key": [], "bearer": [] }] }), "Authorization: \"{{ env.KEY }}\"", "KEY"),
    ] {
        let made = made(&document(&json!({ "/a": { "get": operation } })));
        has(&made.text, &[wanted]);
        assert_eq!(made.variables.join(" "), variables, "{}", made.text);
    }
    // A header that a step does not send leaves no secret either.
    let proxy =
        json!([{ "name": "Proxy-Authorization", "in": "header", "required": true, "schema": { "type": "string" } }]);
    assert!(made(&document(&json!({ "/a": { "get": { "parameters": proxy } } }))).variables.is_empty());
}

#[test]
fn operations_in_other_files_are_refused_with_words() {
    let paths = json!({
        "/here": { "get": {} },
        "/local": { "get": { "$ref": "#/components/operations/x" } },
        "/away": { "post": { "$ref": "./post.yaml" }, "get": { "$ref": "other.yaml#/get" } },
        "/far": { "$ref": "far.yaml" },
    });
    let mut all = document(&paths);
    all["components"]["operations"] = json!({ "x": { "operationId": "found" } });
    let made = made(&all);
    has(&made.text, &["- get: /here", "- name: found"]);
    has_not(&made.text, &["/away", "/far"]);
    has(
        &made.notes.join("\n"),
        &["2 × operations that are defined in another file ($ref): make one file first", "`redocly bundle`"],
    );
    has(&made.notes.join("\n"), &["1 × paths that are defined in another file"]);
    let only = document(&json!({ "/away": { "post": { "$ref": "./post.yaml" } } })).to_string();
    let error = import(&only, "x", &ImportOptions::default()).expect_err("nothing").to_string();
    assert!(error.contains("no request") && error.contains("redocly bundle"), "{error}");
}

#[test]
fn styles_and_credentials_in_paths() {
    let parameter = |name: &str, style: &str, explode: bool, example: Value| json!({ "name": name, "in": "path", "required": true, "style": style, "explode": explode, "schema": { "example": example } });
    let with = |parameter: Value| json!({ "get": { "parameters": [parameter] } });
    let made = made(&document(&json!({
        "/l{color}": with(parameter("color", "label", true, json!(["a", "b"]))),
        "/m{color}": with(parameter("color", "matrix", false, json!({ "R": 1 }))),
        "/o/{point}": with(parameter("point", "simple", true, json!({ "x": 1, "y": 2 }))),
        "/reset/{token}": with(parameter("token", "simple", false, json!("abc"))),
    })));
    has(
        &made.text,
        &[
            "color: \".a.b\"",
            "color_2: \";color=R,1\"",
            "point: \"x=1,y=2\"",
            "token: \"{{ env.TOKEN }}\"",
            "- get: \"/l{{ color }}\"",
            "- get: \"/m{{ color_2 }}\"",
            "- get: \"/o/{{ point }}\"",
            "- get: \"/reset/{{ token }}\"",
        ],
    );
}

#[test]
fn swagger_2_is_converted() {
    let document = json!({
        "swagger": "2.0", "info": { "title": "Old", "version": "1" },
        "host": "api.example.com", "basePath": "/v1/", "schemes": ["http", "https"], "consumes": ["application/json"],
        "securityDefinitions": { "b": { "type": "basic" }, "k": { "type": "apiKey", "in": "query", "name": "api_key" } },
        "definitions": { "Pet": { "type": "object", "properties": { "name": { "type": "string", "example": "Rex" } } } },
        "parameters": { "limit": { "name": "limit", "in": "query", "required": true, "type": "integer", "minimum": 5 } },
        "paths": {
            "/pets": {
                "get": {
                    "security": [{ "k": [] }],
                    "parameters": [
                        { "$ref": "#/parameters/limit" },
                        { "name": "tags", "in": "query", "required": true, "type": "array", "items": { "type": "string", "enum": ["a"] }, "collectionFormat": "multi" },
                        { "name": "ids", "in": "query", "required": true, "type": "array", "items": { "type": "integer" }, "minItems": 2 },
                    ],
                    "responses": { "200": {} },
                },
                "post": { "security": [{ "b": [] }], "parameters": [{ "name": "pet", "in": "body", "schema": { "$ref": "#/definitions/Pet" } }] },
            },
            "/pets/{id}": {
                "parameters": [{ "name": "id", "in": "path", "required": true, "type": "integer", "x-example": 7 }],
                "put": { "consumes": ["application/x-www-form-urlencoded"], "parameters": [{ "name": "age", "in": "formData", "type": "integer", "default": 3 }] },
                "patch": { "parameters": [{ "name": "photo", "in": "formData", "type": "file" }, { "name": "note", "in": "formData", "type": "string" }] },
            },
        },
    });
    let made = imported(&document.to_string(), &ImportOptions::default());
    has(
        &made.text,
        &[
            "host: \"https://api.example.com\"",
            "vars: { id: \"7\" }",
            "- get: /v1/pets\n",
            "query: { limit: 5, tags: [a], ids: \"1,1\", api_key: \"{{ env.K }}\" }",
            "expect: { status: 200 }",
            "- post: /v1/pets\n",
            "auth: { basic:",
            "json: { name: Rex }",
            "- patch: \"/v1/pets/{{ id }}\"",
            "form: { note: text }",
            "files: { photo: photo.bin }",
            "- put: \"/v1/pets/{{ id }}\"",
            "form: { age: \"3\" }",
        ],
    );
    // JSON and YAML, and without a host.
    let relative = json!({ "swagger": "2.0", "basePath": "/api", "paths": { "/a": { "get": {} } } });
    has(&self::made(&relative).text, &["- get: /api/a\n"]);
}
