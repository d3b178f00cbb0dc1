//! The Wave client against the Wave emulator: each call succeeds, is safe to repeat, and has each of its failures told
//! apart.

#![allow(clippy::unwrap_used, reason = "a test stops at the first thing that is not so")]

mod bodies;
mod checkouts;
mod failures;
mod guard;
mod payouts;
mod setting;
mod statement;
mod webhooks;
