//! Models for tests, made by hand.
