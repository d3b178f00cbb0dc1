//! The database against a real Postgres. One server for all tests, one database for each, copied from one that was
//! migrated once.

mod accounts;
mod audit;
mod birth_dates;
mod birthdays;
mod by_hand;
mod certificates;
mod clearances;
mod consents;
mod consents_together;
mod credits;
mod data_map;
mod discrepancies;
mod donations;
mod erasing;
mod halts;
mod idempotency;
mod identities;
mod invitations;
mod inviting;
mod ledger;
mod leftovers;
mod minors_races;
mod minors_safe;

mod never_paid;
mod nonces;
mod notices;
mod outbox;
mod owners;
mod payouts;
mod people;
mod points;
mod pots;
mod processes;
mod punctuality;
mod races;
mod reconciliation;
mod refunds;
mod retention;
mod roles;
mod scene;
mod sequences;
mod shape;
mod visibility;
mod webhooks;
