//! The processes of WOLO: they decide, and do nothing else.
//!
//! Each file is one process and reads like the story in its module doc. A process performs no I/O, reads no clock
//! but its own and keeps no amounts it could ask the ledger for; what it wants done it asks for through the step
//! contracts in [`steps`]. This crate refuses to know databases, providers and HTTP: they are not in its
//! dependency tree, and a test keeps it so.

pub mod account_closure;
pub mod attributes;
pub mod audit_checkpoint;
pub mod birthday_sweep;
pub mod donation;
pub mod guardian_consent;
pub mod history_archive;
pub mod housekeeping;
pub mod identity_review;
pub mod ids;
pub mod ledger_check;
pub mod notice_delivery;
mod patience;
pub mod payout;
pub mod pot_lifecycle;
pub mod punctuality_check;
pub mod queues;
pub mod reconciliation;
pub mod refund;
pub mod resolution;
pub mod revocation;
pub mod sponsorship_invitation;
pub mod steps;
mod waiting;
