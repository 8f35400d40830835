//! All keys outside of steps, with the kinds of their values. Used by the compiler, which rejects all other keys, and
//! by the JSON Schema, so that the two agree.

mod file;
mod load;
mod request;
mod response;

pub(crate) use self::file::{CLASS, INCLUDED, SCENARIO, TASK, of_profiles};
pub(crate) use self::load::{ARRIVALS, BASELINE, ON, REPORT, SEARCH, SHAPE, STAGE, THRESHOLD};
pub(crate) use self::request::{
    AUTH, BASIC, BYTES, DATA, DEFAULTS, FILE, GRAPHQL_SETTINGS, PREFILL, REDIS_SETTINGS, SENTINEL, TLS,
};
pub(crate) use self::response::{
    CAPTURE, CAPTURE_FORMS, CAPTURE_SOURCES, EXPECT, EXPECT_PUBLISH, EXPECT_REDIS, OPERATORS,
};
use super::table::Table;

/// All tables except the top-level one.
pub(crate) const TABLES: &[&Table] = &[
    &CLASS,
    &TASK,
    &DEFAULTS,
    &OPERATORS,
    &EXPECT,
    &EXPECT_PUBLISH,
    &EXPECT_REDIS,
    &CAPTURE,
    &SHAPE,
    &STAGE,
    &ARRIVALS,
    &SEARCH,
    &DATA,
    &AUTH,
    &BASIC,
    &TLS,
    &FILE,
    &BYTES,
    &PREFILL,
    &THRESHOLD,
    &ON,
    &GRAPHQL_SETTINGS,
    &REDIS_SETTINGS,
    &SENTINEL,
    &REPORT,
    &BASELINE,
];
