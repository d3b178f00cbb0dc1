//! The processes on a real Temporal server, with real durations that are skipped: one test per ending.

#![expect(
    clippy::default_trait_access,
    clippy::unused_self,
    reason = "the engine's option structs have long names that say nothing; the house is spoken to, whatever it needs"
)]

mod archive;
mod audit;
mod birthday_sweep;
mod books;
mod builds;
mod clearance;
mod closure;
mod consent_again;
mod crashes;
mod credit;
mod donation;
mod drill;
mod engine;
mod guardian_consent;
mod histories;
mod house;
mod housekeeping;
mod identity_review;
mod invitation;
mod invitation_again;
mod locks;
mod moving;
mod never_paid;
mod notice;
mod payout;
mod pot_lifecycle;
mod punctuality;
mod put_back;
mod refund;
mod relay;
mod replay;
mod story;
mod stuck;
mod taking_up;
mod worker;
