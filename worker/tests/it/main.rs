//! The processes on a real Temporal server, with real durations that are skipped: one test per ending.

mod crashes;
mod donation;
mod histories;
mod house;
mod payout;
mod pot_lifecycle;
mod replay;
mod worker;
