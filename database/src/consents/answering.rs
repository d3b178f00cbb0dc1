//! A guardian's yes, and its withdrawal. Both are in force for the minor's pots when they are acknowledged.

use std::fmt;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use wolo_domain::audit::{Action, Happening};
use wolo_domain::consents::{Agreement, ConsentRules, ConsentStage, covers_a_pot};
use wolo_domain::contacts::Email;
use wolo_domain::dakar;
use wolo_domain::ids::{ConsentId, PotId, UserId};
use wolo_domain::people::BirthDate;

use super::asking::is_a_minors;
use super::events;
use super::reading::{minors_of_guardian, reached};
use super::{Locked, born, lock, to_be_told, write_stage};
use crate::audit::{self, Doer};
use crate::{Error, Pool, clearance};

/// How the audit trail says why a guardian's word counts.
const BY_THE_LINK: &str = "by the link that was sent to them";

/// What a guardian says yes to.
#[derive(Clone)]
pub struct NewGiving {
    pub minor: UserId,
    pub consent: ConsentId,
    pub agreement: Agreement,
    /// As the guardian has declared. It is looked at, and not written into the books.
    pub born: BirthDate,
}

impl fmt::Debug for NewGiving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NewGiving({})", self.consent)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Giving {
    Given {
        /// Of whose processes this is news.
        pots: Vec<PotId>,
        /// For how many minors this guardian is asked or has consented.
        minors_of_guardian: i64,
    },
    /// Before; to the same words, or to others.
    AlreadyGiven { same: bool },
    /// It is too late: this is what it came to, or is about to. The guardian of somebody who has come of age has no say any more.
    Over { stage: ConsentStage },
    /// By what they declare, or by their account.
    GuardianIsMinor,
    /// This minor has asked for no such consent.
    OtherConsent,
    /// What they were shown is no text of ours.
    UnknownText,
    /// A pot needs more than that.
    TooLittle,
}

/// Writes a guardian's yes. One who has withdrawn may come back as long as there is time.
#[tracing::instrument(name = "db.consents.give", skip_all, fields(consent = %new.consent), err)]
pub async fn give(pool: &Pool, new: &NewGiving, at: DateTime<Utc>) -> Result<Giving, Error> {
    let NewGiving { minor, consent, agreement, born: guardian_born } = new;
    let mut tx = pool.begin().await?;
    let found = lock(&mut tx, *consent).await?.filter(|found| found.minor == *minor);
    let Some(Locked { stage, since, answer_by, .. }) = found else { return Ok(Giving::OtherConsent) };
    if stage == ConsentStage::Given {
        // The database keeps microseconds.
        if since.timestamp_micros() != at.timestamp_micros() {
            return Ok(Giving::AlreadyGiven { same: is_the_same(&mut tx, *consent, agreement).await? });
        }
        // The same yes, whose acknowledgement was lost.
        let pots = to_be_told(&mut tx, *minor).await?;
        return Ok(Giving::Given { pots, minors_of_guardian: minors_of_guardian(&mut *tx, *consent).await? });
    }
    let Ok(given) = stage.give() else { return Ok(Giving::Over { stage }) };
    clearance::enter_all(&mut tx, *minor).await?;
    if !born(&mut tx, *minor).await?.is_minor_at(at) {
        return Ok(Giving::Over { stage: ConsentStage::HandedOver });
    }
    if answer_by.is_some_and(|until| at >= until) {
        let end = stage.by_silence().map_or(stage, ConsentStage::from);
        return Ok(Giving::Over { stage: end });
    }
    if !agreement.shown.is_ours() {
        return Ok(Giving::UnknownText);
    }
    if !covers_a_pot(&agreement.purposes) {
        return Ok(Giving::TooLittle);
    }
    if guardian_born.is_minor_on(dakar::day_of(at)) || is_a_minors_own(&mut tx, *consent, at).await? {
        return Ok(Giving::GuardianIsMinor);
    }
    write_stage(&mut tx, *consent, given, None, at).await?;
    events::write_given(&mut tx, *consent, agreement, at).await?;
    let minors_of_guardian = minors_of_guardian(&mut *tx, *consent).await?;
    let happening = Happening::new(Action::ConsentGiven, consent)
        .with("minor", minor)
        .with("text", &agreement.shown.text)
        .with("minors_of_guardian", minors_of_guardian);
    audit::note(&mut tx, happening, Doer::new(&guardian(*consent), BY_THE_LINK)).await?;
    let pots = clearance::follow(&mut tx, *minor, at).await?;
    tx.commit().await?;
    Ok(Giving::Given { pots, minors_of_guardian })
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Withdrawing {
    /// Now or before. The pots are held.
    Withdrawn {
        /// Until then the guardian may come back.
        return_by: DateTime<Utc>,
        pots: Vec<PotId>,
    },
    NotGiven {
        stage: ConsentStage,
    },
    OtherConsent,
}

/// Writes that a guardian takes their consent back, and holds the minor's pots.
#[tracing::instrument(name = "db.consents.withdraw", skip(pool, rules), err)]
pub async fn withdraw(
    pool: &Pool,
    minor: UserId,
    consent: ConsentId,
    rules: &ConsentRules,
    at: DateTime<Utc>,
) -> Result<Withdrawing, Error> {
    let mut tx = pool.begin().await?;
    let (by, return_by) = (guardian(consent), rules.return_by(at));
    let withdrawing =
        withdraw_within(&mut tx, minor, consent, return_by, Doer::new(&by, BY_THE_LINK), at).await?;
    tx.commit().await?;
    Ok(withdrawing)
}

/// The same as a part of something else.
pub(crate) async fn withdraw_within(
    connection: &mut PgConnection,
    minor: UserId,
    consent: ConsentId,
    return_by: DateTime<Utc>,
    doer: Doer<'_>,
    at: DateTime<Utc>,
) -> Result<Withdrawing, Error> {
    let found = lock(connection, consent).await?.filter(|found| found.minor == minor);
    let Some(found) = found else { return Ok(Withdrawing::OtherConsent) };
    if let (ConsentStage::Withdrawn, Some(return_by)) = (found.stage, found.answer_by) {
        return Ok(Withdrawing::Withdrawn { return_by, pots: to_be_told(connection, minor).await? });
    }
    let Ok(withdrawn) = found.stage.withdraw() else {
        return Ok(Withdrawing::NotGiven { stage: found.stage });
    };
    clearance::enter_all(connection, minor).await?;
    if !born(connection, minor).await?.is_minor_at(at) {
        return Ok(Withdrawing::NotGiven { stage: ConsentStage::HandedOver });
    }
    write_stage(connection, consent, withdrawn, Some(return_by), at).await?;
    events::write(connection, consent, withdrawn, at).await?;
    let happening = Happening::new(Action::ConsentWithdrawn, consent).with("minor", minor);
    audit::note(connection, happening, doer).await?;
    let pots = clearance::follow(connection, minor, at).await?;
    Ok(Withdrawing::Withdrawn { return_by, pots })
}

/// A guardian has no account, so the trail knows them by the consent.
pub(crate) fn guardian(consent: ConsentId) -> String {
    format!("guardian:{consent}")
}

async fn is_the_same(
    connection: &mut PgConnection,
    consent: ConsentId,
    agreement: &Agreement,
) -> Result<bool, Error> {
    let events = events::events(connection, consent).await?;
    let last = events.into_iter().rev().find_map(|event| event.agreed);
    Ok(last.is_some_and(|last| last.shown == agreement.shown && last.purposes == agreement.purposes))
}

/// Whether the guardian's phone or mailbox is by now that of a minor's account: the minor's own above all.
async fn is_a_minors_own(
    connection: &mut PgConnection,
    consent: ConsentId,
    at: DateTime<Utc>,
) -> Result<bool, Error> {
    let Some(reached) = reached(&mut *connection, consent).await? else { return Ok(false) };
    let email = reached.email.as_ref().map(Email::reveal);
    is_a_minors(connection, reached.phone.reveal(), email, at).await
}
