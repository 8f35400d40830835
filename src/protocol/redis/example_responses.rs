//! Responses for tests.

use ::redis::{Value, parse_redis_value};

use super::error::RedisError;

/// The value of a response in RESP.
pub fn value(response: &str) -> Value {
    parse_redis_value(response.as_bytes()).expect("a response")
}

/// An error response with this text.
pub fn refused(text: &str) -> RedisError {
    match value(&format!("-{text}\r\n")) {
        Value::ServerError(error) => RedisError::Refused(error),
        other => panic!("not an error: {other:?}"),
    }
}
