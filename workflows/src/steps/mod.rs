//! The step contracts: what the processes ask to be done, and what they get back.
//!
//! A contract has no body here. The activities crate implements each one under the same file name, and the
//! compiler holds both to the same types. Wire names are written out and never change; inputs and outputs grow
//! by fields with defaults only, because open processes hold the old ones in their histories.

#![expect(
    clippy::unimplemented,
    clippy::needless_pass_by_value,
    reason = "a contract is a signature: the macro wants exactly this body and never calls it"
)]

pub mod accounts;
pub mod audit;
pub mod birthdays;
pub mod closures;
pub mod consents;
pub mod discrepancies;
pub mod donations;
pub mod histories;
pub mod identities;
pub mod invitations;
pub mod ledger;
pub mod notices;
pub mod payouts;
pub mod points;
pub mod pots;
pub mod punctuality;
pub mod refunds;
pub mod retention;
pub mod statements;
