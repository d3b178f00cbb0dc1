//! All SQL of WOLO, one file or folder per table family, under the word that the domain uses.
//!
//! Conventions, the same everywhere:
//! - Absence is `Option`. An update that must hit a row and hits none is [`Error::Missing`].
//! - A row that the rules say cannot exist is [`Error::Inconsistency`], naming table, column and row; nothing is
//!   repaired in silence.
//! - A stage changes under a lock, by the domain's own transition. What has happened already is agreed
//!   with, so every function may be called twice and has one effect.
//! - A posting and the stage change it belongs to are one database transaction. That is why both live here.
//! - Constraint names are mapped where the statement is.
//! - Where row level security applies the caller comes first: the API reads and writes in a transaction of [`Context`].
//!   A function that the API reads with takes any executor, and does so in one statement.
//! - `at` is the process's time and comes in; the database's own clock is read by the database alone.
//!
//! What this crate refuses to do: to speak to any network but its database, to keep a balance, and to put a person's
//! data into an error, a log or a `Debug` text.

pub mod accounts;
pub mod audit;
pub mod backlog;
pub mod backups;
pub mod birth_dates;
pub mod birthdays;
pub mod certificates;
pub mod clearance;
pub mod closures;
pub mod consents;
mod context;
pub mod discrepancies;
pub mod donations;
mod error;
pub mod exports;
pub mod figures;
pub mod halts;
pub mod histories;
pub mod idempotency;
pub mod identities;
pub mod invitations;
pub mod ledger;
pub mod notices;
pub mod outbox;
pub mod payouts;
pub mod people;
pub mod points;
mod pool;
pub mod pots;
pub mod processes;
pub mod punctuality;
pub mod reconciliation;
pub mod reports;
pub mod retention;
mod rows;
pub mod today;
pub mod visits;
pub mod webhooks;

pub use context::{Context, Transaction, commit};
pub use error::{Error, Fault};
pub use pool::{Pool, connect, connect_later, is_migrated, migrate, migrations, ping};
pub use rows::Page;
