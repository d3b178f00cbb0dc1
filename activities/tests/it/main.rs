//! The deeds against a real Postgres and the Wave emulator: each succeeds, done twice has one effect, and each failure is
//! told apart. One world for all tests; a database and a wallet for each.

mod accounts;
mod archiving;
mod away;
mod birthdays;
mod books;
mod checkouts;
mod clearing;
mod consents;
mod credits;
mod ending;
mod fees;
mod finding;
mod handing;
mod invitations;
mod pots;
mod punctuality;
mod reconciling;
mod refunds;
mod scene;
mod sending;
mod settling;
mod taking_up;
