//! Accounts: who somebody is, how they prove it, and what they are trusted with.
//!
//! Everything here runs in a transaction of the caller's, whose [`Context`](crate::Context) says on whose behalf: signing
//! in is done as [`gate`](crate::Context::gate), before anybody is known. Secrets come in hashed or sealed; this crate
//! could not tell what they are.

pub mod codes;
pub mod guesses;
pub mod identities;
pub mod leftovers;
pub mod nonces;
pub mod passwords;
mod people;
pub mod preferences;
pub mod registrations;
pub mod roles;
pub mod second_factors;
pub mod sessions;

pub use people::{
    Account, Adding, Changing, NewAccount, account, add, by_contact, by_identity, change_profile, set_contact,
};
pub(crate) use people::{columns, contact};
