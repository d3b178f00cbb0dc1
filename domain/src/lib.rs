//! The language of WOLO: what the words mean and what the rules allow.
//!
//! Everything here is pure. There is no async code, no clock and no I/O: an instant, a day or a random
//! identifier always comes in as an argument, so every rule can be tested for any moment, and a workflow can
//! use it without losing determinism.
//!
//! Vocabulary (a second word for the same thing is a mistake):
//! - a **pot** collects for one birthday of one **owner**;
//! - a **donation** is one gift to a pot; *payment* is what Wave does, never what a friend does;
//! - a **payout** sends a pot's money to its owner, once;
//! - a **hold** stops what it must on a pot and nothing else, and is lifted by what it waits for;
//! - the **ledger** is the only truth about money: transfers between accounts, never a running total;
//! - an **invitation** asks one person to come, on behalf of their **sponsor**; what comes of it brings the sponsor **points**;
//! - a **consent** is a guardian's word that a minor may have a pot; they can take it back;
//! - an identity **case** asks for documents and is decided by **reviewers**; a **look** is one of them seeing one document;
//! - a **discrepancy** is what Wave's statement and the ledger do not say alike;
//! - a **figure** is a sum for the business, told from the books; its **measures** are what may be added up.

pub mod accounts;
pub mod addresses;
pub mod audit;
pub mod certificates;
pub mod closures;
pub mod consents;
pub mod contacts;
pub mod dakar;
pub mod discrepancies;
pub mod donations;
pub mod evidence;
pub mod figures;
pub mod histories;
pub mod identities;
pub mod ids;
pub mod invitations;
pub mod ledger;
pub mod money;
pub mod names;
pub mod notices;
pub mod payouts;
pub mod people;
pub mod points;
pub mod pots;
pub mod punctuality;
pub mod reconciliation;
pub mod reports;
pub mod retention;
pub mod seals;
pub mod texts;
pub mod typography;
pub mod visits;
pub mod words;
