//! Search attributes: what operators find processes by. They are readable to everybody who sees the server, so
//! they hold opaque ids and plain states, nothing personal.

use temporalio_common::{SearchAttributeKey, SearchAttributes};
use temporalio_workflow::common::Timestamp;
use wolo_domain::ids::{PotId, UserId};
use wolo_domain::notices::Kind;

pub const POT: SearchAttributeKey<String> = SearchAttributeKey::keyword("PotId");
pub const OWNER: SearchAttributeKey<String> = SearchAttributeKey::keyword("OwnerId");
/// Where the process stands, in one word: a pot's stage, or what its payout is doing.
pub const STATUS: SearchAttributeKey<String> = SearchAttributeKey::keyword("WoloStatus");
/// When the process goes on by itself.
pub const DUE_AT: SearchAttributeKey<Timestamp> = SearchAttributeKey::datetime("DueAt");
/// [`DUE_AT`] of a process that no day moves on: the last second of the year 9999. The server refuses to take an
/// attribute away again, and a process that tries is stuck.
pub(crate) fn no_day() -> Timestamp {
    (std::time::UNIX_EPOCH + std::time::Duration::from_secs(253_402_300_799)).into()
}

/// A person has to decide before the process goes on.
pub const NEEDS_HUMAN: SearchAttributeKey<bool> = SearchAttributeKey::bool("NeedsHuman");

/// Name and type of each, as the server registers them before the first process starts.
pub const ALL: [(&str, &str); 5] = [
    ("PotId", "Keyword"),
    ("OwnerId", "Keyword"),
    ("WoloStatus", "Keyword"),
    ("DueAt", "Datetime"),
    ("NeedsHuman", "Bool"),
];

/// What a message is found by.
pub fn of_notice(pot: Option<PotId>, kind: Kind) -> SearchAttributes {
    let pot = pot.map(|pot| POT.value_set(pot.to_string()));
    SearchAttributes::new(pot.into_iter().chain([STATUS.value_set(kind.to_string())]))
}

/// What a pot's process is found by, whoever starts it.
pub fn of_pot(pot: PotId, owner: UserId) -> SearchAttributes {
    SearchAttributes::new([POT.value_set(pot.to_string()), OWNER.value_set(owner.to_string())])
}

/// What an invitation is found by.
pub fn of_invitation(sponsor: UserId) -> SearchAttributes {
    SearchAttributes::new([OWNER.value_set(sponsor.to_string())])
}

/// What a minor's consent is found by.
pub fn of_consent(minor: UserId) -> SearchAttributes {
    SearchAttributes::new([OWNER.value_set(minor.to_string())])
}

/// What an identity case is found by.
pub fn of_case(subject: UserId) -> SearchAttributes {
    SearchAttributes::new([OWNER.value_set(subject.to_string()), STATUS.value_set("opened".to_owned())])
}

/// What the closing of an account is found by.
pub fn of_closure(user: UserId) -> SearchAttributes {
    SearchAttributes::new([OWNER.value_set(user.to_string())])
}

/// What a refund is found by, whoever starts it.
pub fn of_refund(pot: PotId) -> SearchAttributes {
    SearchAttributes::new([POT.value_set(pot.to_string()), STATUS.value_set("refund_due".to_owned())])
}
