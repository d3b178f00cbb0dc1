//! The clients against the emulators. Of Wave, each call succeeds, is safe to repeat, and has each of its failures told
//! apart; of the identity providers, no proof is taken but a good one; of those of messages, each failure says whether the
//! message may have gone out and what is to be done.

#![allow(clippy::unwrap_used, reason = "a test stops at the first thing that is not so")]

mod bodies;
mod checkouts;
mod failures;
mod fcm;
mod guard;
mod handing;
mod messages;
mod orange;
mod payouts;
mod setting;
mod social;
mod statement;
mod twilio;
mod vault;
mod webhooks;
