//! One line of the trail, and the way in which it is written.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;

use super::Head;
use crate::seals::{Hash, Seal, SealingKey};
use crate::words::words;

/// What somebody did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    RoleGranted,
    RoleRevoked,
    AccountLocked,
    AccountUnlocked,
    AccountClosed,
    AccountRestored,
    PersonErased,
    DataExported,
    BirthDateCorrected,
    PointsRevoked,
    InvitationEnded,
    PayoutApproved,
    PayoutDecided,
    PayoutsResumed,
    DiscrepancyResolved,
    ConsentGiven,
    ConsentRefused,
    ConsentWithdrawn,
    ConsentEnded,
    ConsentHandedOver,
    CaseOpened,
    CaseSubmitted,
    CaseTaken,
    CaseDecided,
    CaseEnded,
    DocumentLookedAt,
    DocumentsDestroyed,
    VaultKeysRotated,
    FiguresExported,
    PayloadsDecoded,
    ReportsResolved,
    BackupCreated,
    BackupRestored,
}

impl Action {
    pub const ALL: [Self; 33] = [
        Self::RoleGranted,
        Self::RoleRevoked,
        Self::AccountLocked,
        Self::AccountUnlocked,
        Self::AccountClosed,
        Self::AccountRestored,
        Self::PersonErased,
        Self::DataExported,
        Self::BirthDateCorrected,
        Self::PointsRevoked,
        Self::InvitationEnded,
        Self::PayoutApproved,
        Self::PayoutDecided,
        Self::PayoutsResumed,
        Self::DiscrepancyResolved,
        Self::ConsentGiven,
        Self::ConsentRefused,
        Self::ConsentWithdrawn,
        Self::ConsentEnded,
        Self::ConsentHandedOver,
        Self::CaseOpened,
        Self::CaseSubmitted,
        Self::CaseTaken,
        Self::CaseDecided,
        Self::CaseEnded,
        Self::DocumentLookedAt,
        Self::DocumentsDestroyed,
        Self::VaultKeysRotated,
        Self::FiguresExported,
        Self::PayloadsDecoded,
        Self::ReportsResolved,
        Self::BackupCreated,
        Self::BackupRestored,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RoleGranted => "role_granted",
            Self::RoleRevoked => "role_revoked",
            Self::AccountLocked => "account_locked",
            Self::AccountUnlocked => "account_unlocked",
            Self::AccountClosed => "account_closed",
            Self::AccountRestored => "account_restored",
            Self::PersonErased => "person_erased",
            Self::DataExported => "data_exported",
            Self::BirthDateCorrected => "birth_date_corrected",
            Self::PointsRevoked => "points_revoked",
            Self::InvitationEnded => "invitation_ended",
            Self::PayoutApproved => "payout_approved",
            Self::PayoutDecided => "payout_decided",
            Self::PayoutsResumed => "payouts_resumed",
            Self::DiscrepancyResolved => "discrepancy_resolved",
            Self::ConsentGiven => "consent_given",
            Self::ConsentRefused => "consent_refused",
            Self::ConsentWithdrawn => "consent_withdrawn",
            Self::ConsentEnded => "consent_ended",
            Self::ConsentHandedOver => "consent_handed_over",
            Self::CaseOpened => "case_opened",
            Self::CaseSubmitted => "case_submitted",
            Self::CaseTaken => "case_taken",
            Self::CaseDecided => "case_decided",
            Self::CaseEnded => "case_ended",
            Self::DocumentLookedAt => "document_looked_at",
            Self::DocumentsDestroyed => "documents_destroyed",
            Self::VaultKeysRotated => "vault_keys_rotated",
            Self::FiguresExported => "figures_exported",
            Self::PayloadsDecoded => "payloads_decoded",
            Self::ReportsResolved => "reports_resolved",
            Self::BackupCreated => "backup_created",
            Self::BackupRestored => "backup_restored",
        }
    }
}

words!(Action, "something that the audit trail knows");

/// What tells one thing that was done from every other.
pub type EntryId = Uuid;

/// Something that somebody did, as it is noted in the transaction in which it was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub id: EntryId,
    pub at: DateTime<Utc>,
    /// An administrator's id, the name of an operator's account on the machine, a guardian by their consent (`guardian:csn_…`), or
    /// the process that did it.
    pub by: String,
    pub happening: Happening,
    pub reason: String,
}

/// What was done, to what. Both are words without anything personal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Happening {
    pub action: String,
    /// An opaque id, such as `pot_…`.
    pub about: String,
    /// What else must be known of it, such as the role that was granted.
    #[serde(default)]
    pub details: BTreeMap<String, String>,
}

impl Happening {
    pub fn new(action: Action, about: impl fmt::Display) -> Self {
        Self { action: action.as_str().to_owned(), about: about.to_string(), details: BTreeMap::new() }
    }

    #[must_use]
    pub fn with(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.details.insert(name.to_owned(), value.to_string());
        self
    }
}

/// Where a line stands. Written as `2026-11-26/17`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub day: NaiveDate,
    /// From 1.
    pub number: u32,
}

impl Place {
    /// The place of the next line, which is of the same day or of a later one: a clock that goes back does not turn the trail round.
    fn after(before: Option<Self>, today: NaiveDate) -> Self {
        match before {
            Some(before) if before.day >= today => before.next(),
            _ => Self { day: today, number: 1 },
        }
    }

    pub(super) fn next(self) -> Self {
        Self { number: self.number + 1, ..self }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}/{}", self.day, self.number))
    }
}

/// Why a word is not a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a line of the audit trail is named as in 2026-11-26/17")]
pub struct NotAPlace;

impl FromStr for Place {
    type Err = NotAPlace;

    fn from_str(text: &str) -> Result<Self, NotAPlace> {
        let (day, number) = text.split_once('/').ok_or(NotAPlace)?;
        let place =
            Self { day: day.parse().map_err(|_| NotAPlace)?, number: number.parse().map_err(|_| NotAPlace)? };
        if place.to_string() == text && place.number > 0 { Ok(place) } else { Err(NotAPlace) }
    }
}

/// A line as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub place: Place,
    /// What is sealed: one JSON object.
    pub line: String,
    pub seal: Vec<u8>,
    /// The hash of everything up to here.
    pub hash: Vec<u8>,
    /// The name of the key that sealed it.
    pub key_id: String,
}

/// A line as it is sealed: these fields in this order.
#[derive(Serialize, Deserialize)]
pub(super) struct Line {
    pub(super) entry: String,
    /// Of the first line of a day: what it stands on, so that it can be believed when that is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) follows: Option<Follows>,
    id: EntryId,
    at: String,
    by: String,
    action: String,
    about: String,
    details: BTreeMap<String, String>,
    reason: String,
}

/// The end of the day before.
#[derive(Serialize, Deserialize)]
pub(super) struct Follows {
    entry: String,
    /// In the base64 of addresses.
    hash: String,
}

impl Follows {
    fn of(head: &Head) -> Self {
        Self { entry: head.place.to_string(), hash: URL_SAFE_NO_PAD.encode(head.hash) }
    }

    pub(super) fn head(&self) -> Option<Head> {
        let hash = URL_SAFE_NO_PAD.decode(&self.hash).ok()?.try_into().ok()?;
        Some(Head { place: self.entry.parse().ok()?, hash })
    }
}

impl Entry {
    /// What the line says, if it can be read.
    pub fn record(&self) -> Option<Record> {
        let line: Line = serde_json::from_str(&self.line).ok()?;
        let Line { id, at, by, action, about, details, reason, .. } = line;
        Some(Record { id, at: at.parse().ok()?, by, happening: Happening { action, about, details }, reason })
    }
}

/// The line that comes after a head, sealed.
///
/// # Errors
///
/// When there is no way to write the record, which there always is.
pub fn append(
    before: Option<&Head>,
    today: NaiveDate,
    record: &Record,
    key: &SealingKey,
) -> Result<Entry, serde_json::Error> {
    let place = Place::after(before.map(|head| head.place), today);
    let Record { id, at, by, happening: Happening { action, about, details }, reason } = record.clone();
    let line = serde_json::to_string(&Line {
        entry: place.to_string(),
        follows: before.filter(|_| place.number == 1).map(Follows::of),
        id,
        at: at.to_rfc3339_opts(SecondsFormat::Micros, true),
        by,
        action,
        about,
        details,
        reason,
    })?;
    let chain = Head::chain(before, place.day);
    let sealed = chain.to_be_sealed(&line);
    let seal: Seal = key.seal(&sealed);
    let hash: Hash = chain.after(&sealed, &seal).hash();
    Ok(Entry { place, line, seal: seal.to_vec(), hash: hash.to_vec(), key_id: key.id().to_owned() })
}
