//! A step becomes traffic and a sample.
