//! What can only be seen from outside of the crate: a process that ends, and a server that is not there.

#![allow(clippy::unwrap_used, reason = "a test stops at the first thing that is not so")]

mod answers;
mod connecting;
mod ending;
mod logging;
mod serving;
