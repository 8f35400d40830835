//! The judge and the conclusion, by tables.

mod conclusions;
mod feed;
mod metrics;
mod time;
