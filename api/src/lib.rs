//! The HTTP interface: what people, Wave and those who carry messages may ask of WOLO.
//!
//! A handler reads the question, asks a process or the database, and writes the answer. It decides nothing that a
//! process decides and moves no money: whatever changes something is asked of `control`, and the only rows written
//! here are accounts, what we were asked (idempotency keys), and what we were told (the inbox, receipts, wishes).
//!
//! Start reading in `router.rs`, the whole map on one screen.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test stops at the first thing that is not so"))]

mod admin;
mod analytics;
mod asker;
mod body;
mod caller;
mod contract;
mod cookies;
mod credentials;
mod deliveries;
mod desk;
mod edge;
mod fields;
mod gathering;
mod guardian;
mod health;
mod idempotency;
mod identity;
mod kept;
mod keys;
mod landing;
mod limits;
mod metrics;
mod notifications;
mod page;
mod pages;
mod papers;
mod payments;
mod pot_page;
mod pots;
mod problem;
pub mod proof;
mod query;
mod router;
pub mod rules;
mod server;
mod sponsorship;
mod state;
pub mod tokens;
mod users;
pub mod vault;

pub use analytics::Told;
pub use contract::{Route, Who, routes};
pub use guardian::link_of as guardian_link;
pub use page::escape;
pub use server::{Api, CLEAN_DOCUMENT, Error, run, time_to_end};
