//! The deeds: what the processes decide, done to the database, to Wave and to other processes.
//!
//! One file per contract file of `wolo_workflows::steps`, under the same name. A deed may be done twice and has one
//! effect. `?` means that it is tried again; stopping and waiting are spelled out, in [`failure`]. Every call that moves
//! money is between two commits: the intent before it, what came of it after it, and a key that follows from the business
//! object in the call.
//!
//! What this crate refuses to do: to decide by this machine's clock (the time that decides comes in), to keep anything in
//! memory between two deeds, to guess what Wave did, and to put a person's data into an error or a log.

mod accounts;
mod alive;
mod audit;
mod birthdays;
mod clearance;
mod closures;
mod consents;
mod discrepancies;
mod donations;
pub mod failure;
mod histories;
mod identities;
mod invitations;
mod ledger;
pub mod notices;
mod payouts;
mod points;
mod pots;
mod punctuality;
mod refunds;
mod retention;
mod statements;

pub use accounts::AccountSteps;
pub use audit::AuditSteps;
pub use birthdays::BirthdaySteps;
pub use closures::ClosureSteps;
pub use consents::ConsentSteps;
pub use discrepancies::DiscrepancySteps;
pub use donations::DonationSteps;
pub use histories::HistorySteps;
pub use identities::IdentitySteps;
pub use invitations::InvitationSteps;
pub use ledger::LedgerSteps;
pub use notices::words;
pub use notices::{Carriers, NoticeSteps, Paced};
pub use payouts::PayoutSteps;
pub use points::PointsSteps;
pub use pots::PotSteps;
pub use punctuality::PunctualitySteps;
pub use refunds::RefundSteps;
pub use retention::RetentionSteps;
pub use statements::StatementSteps;
