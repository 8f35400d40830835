//! What people write who come from k6, Artillery, Gatling, JMeter, Postman, Locust or GitHub Actions, and what to write
//! instead. All hints of the compiler are rows of these tables.

mod action;
mod key;
mod name;
mod path;
mod placed;
mod shape;
mod spelling;
mod threshold;

pub(crate) use self::action::key_of_action;
pub(crate) use self::key::{ADDRESS, key, keys_of};
pub(crate) use self::name::{filter, is_of_environment, method, name, sign};
pub(crate) use self::path::{length, path};
pub(crate) use self::shape::shape;
pub(crate) use self::threshold::threshold;
