//! Messages to people.

pub mod words;
