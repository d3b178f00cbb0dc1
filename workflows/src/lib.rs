//! The processes of WOLO: they decide, and do nothing else.

pub mod steps;
