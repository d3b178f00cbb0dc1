//! The database against a real Postgres. One server for all tests, one database for each, copied from one that was
//! migrated once.

mod accounts;
mod audit;
mod birth_dates;
mod birthdays;
mod by_hand;
mod certificates;
mod clearances;
mod credits;
mod discrepancies;
mod donations;
mod halts;
mod idempotency;
mod invitations;
mod inviting;
mod ledger;
mod leftovers;
mod never_paid;
mod nonces;
mod notices;
mod outbox;
mod owners;
mod payouts;
mod people;
mod pots;
mod processes;
mod punctuality;
mod races;
mod reconciliation;
mod refunds;
mod roles;
mod scene;
mod sequences;
mod shape;
mod visibility;
mod webhooks;
