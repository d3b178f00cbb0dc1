//! A pot's stages, from its making to its end. Each change is made under the pot's lock.

use std::fmt;

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use serde_json::json;
use sqlx::PgConnection;
use wolo_domain::ids::{PotId, UserId};
use wolo_domain::ledger::Account;
use wolo_domain::pots::{Announcement, HoldReason, PotSettings, PotStage, Timeline};
use wolo_domain::seals::SealingKey;

use super::{Lock, POTS, holds, lock, owners};
use crate::outbox::{self, Topic};
use crate::rows::word;
use crate::{Error, Pool, certificates, clearance, ledger, points};

#[derive(Clone)]
pub struct NewPot {
    pub id: PotId,
    pub owner: UserId,
    pub settings: PotSettings,
    pub timeline: Timeline,
    pub at: DateTime<Utc>,
}

impl fmt::Debug for NewPot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NewPot({})", self.id)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scheduling {
    Scheduled {
        /// What already holds the pot.
        holds: Vec<HoldReason>,
        /// Set when the pot was there before.
        found: Option<Found>,
    },
    OwnerUnknown,
    /// The owner has a pot for this year under another id.
    PotExists,
    /// Nothing is written: the owner's birthday in that year is another one.
    AnotherBirthday {
        birthday: NaiveDate,
    },
}

/// How far a pot had come that was there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    pub stage: PotStage,
    pub closed_at: Option<DateTime<Utc>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    Opened,
    /// Something that stops everything holds the pot; it stays scheduled.
    Held {
        reason: HoldReason,
    },
    /// Whoever asks does not know that the pot was given up.
    GivenUp {
        stage: PotStage,
    },
    /// It stays scheduled: its owner's birthday in its year is another one, and nobody has moved it yet.
    AnotherBirthday {
        birthday: NaiveDate,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancelling {
    Cancelled,
    /// The pot is given up, and so many gifts have not ended yet: they go back, or end unpaid; or their money is in suspense,
    /// and finance has not said yet what becomes of it.
    GivingBack {
        count: i64,
        for_finance: i64,
    },
    /// It is too late.
    NotPossible {
        stage: PotStage,
    },
}

/// Writes a new pot, or finds it where it stands. The pot of somebody who will be a minor when it opens is born held for consent.
#[tracing::instrument(name = "db.pots.schedule", skip_all, fields(pot = %new.id), err)]
pub async fn schedule(pool: &Pool, new: &NewPot) -> Result<Scheduling, Error> {
    let mut tx = pool.begin().await?;
    let Some(birth_date) = owners::birth_date(&mut tx, new.owner).await? else {
        return Ok(Scheduling::OwnerUnknown);
    };
    let mut found = find(&mut tx, new).await?;
    if found.is_none() {
        // Nothing new begins of an account that is being closed; a pot that was there goes on to its end.
        if owners::is_leaving(&mut tx, new.owner).await? {
            return Ok(Scheduling::OwnerUnknown);
        }
        let birthday = birth_date.celebrated_in(new.timeline.birthday.year());
        if birthday != new.timeline.birthday {
            return Ok(Scheduling::AnotherBirthday { birthday });
        }
        if insert(&mut tx, new).await? {
            clearance::heed(&mut tx, new.id, new.owner, new.at).await?;
            if new.timeline.opens_at > new.at {
                write_announcement(&mut tx, new.id, Announcement::Scheduled, new.at).await?;
            }
        } else {
            // Another attempt has written it meanwhile.
            found = find(&mut tx, new).await?;
            if found.is_none() {
                return Ok(Scheduling::PotExists);
            }
        }
    }
    let holds = holds::open_reasons(&mut tx, new.id).await?;
    tx.commit().await?;
    Ok(Scheduling::Scheduled { holds, found })
}

/// The same pot, if it is there.
async fn find(connection: &mut PgConnection, new: &NewPot) -> Result<Option<Found>, Error> {
    let row =
        sqlx::query!("select owner_id, stage, closed_at from pots.pots where pot_id = $1", new.id.uuid())
            .fetch_optional(connection)
            .await?;
    let Some(row) = row else { return Ok(None) };
    if row.owner_id != new.owner.uuid() {
        return Err(Error::inconsistent(POTS, "owner_id", new.id));
    }
    let stage = word(&row.stage, POTS, "stage", new.id)?;
    Ok(Some(Found { stage, closed_at: row.closed_at }))
}

/// Whether the row is new. It is not when the pot is there, or another one for the same birthday.
async fn insert(connection: &mut PgConnection, new: &NewPot) -> Result<bool, Error> {
    let NewPot { settings, timeline, .. } = new;
    let inserted = sqlx::query!(
        "insert into pots.pots (
             pot_id, owner_id, title, description, target, visibility, show_donor_names, show_amounts,
             allow_anonymous, allow_messages, surprise, birthday, opens_at, closes_at
         )
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
         on conflict do nothing",
        new.id.uuid(),
        new.owner.uuid(),
        settings.title,
        settings.description,
        settings.target.francs(),
        settings.visibility.as_str(),
        settings.show_donor_names,
        settings.show_amounts,
        settings.allow_anonymous,
        settings.allow_messages,
        settings.surprise,
        timeline.birthday,
        timeline.opens_at,
        timeline.closes_at,
    )
    .execute(connection)
    .await?
    .rows_affected();
    Ok(inserted == 1)
}

/// Opens a pot for gifts and writes its announcement. Whether it is for its owner's birthday, and whether a guardian has to
/// consent, is looked at before: a birth date may have been corrected since.
#[tracing::instrument(name = "db.pots.open", skip_all, fields(%pot), err)]
pub async fn open(pool: &Pool, pot: PotId, at: DateTime<Utc>) -> Result<Opening, Error> {
    let mut tx = pool.begin().await?;
    let stage = lock(&mut tx, pot, Lock::ToChange).await?;
    if matches!(stage, PotStage::Open | PotStage::Closed | PotStage::PayingOut | PotStage::Settled) {
        return Ok(Opening::Opened);
    }
    if stage.is_given_up() {
        return Ok(Opening::GivenUp { stage });
    }
    let to = stage.open()?;
    let owners::Planned { owner, birthday, birth_date } = owners::planned(&mut tx, pot).await?;
    let right = birth_date.celebrated_in(birthday.year());
    if right != birthday {
        return Ok(Opening::AnotherBirthday { birthday: right });
    }
    clearance::heed(&mut tx, pot, owner, at).await?;
    if let Some(reason) = holds::stopping_hold(&mut tx, pot).await? {
        // The hold may be a moment old.
        tx.commit().await?;
        return Ok(Opening::Held { reason });
    }
    sqlx::query!(
        "update pots.pots set stage = $2, opened_at = $3 where pot_id = $1",
        pot.uuid(),
        to.as_str(),
        at,
    )
    .execute(&mut *tx)
    .await?;
    write_announcement(&mut tx, pot, Announcement::Opened, at).await?;
    tx.commit().await?;
    Ok(Opening::Opened)
}

/// Closes a pot. When this returns, no gift can be requested any more, and every one that was is visible. The answer is
/// where the pot stands: later than closed, or given up, if whoever asks has forgotten that.
#[tracing::instrument(name = "db.pots.close", skip_all, fields(%pot), err)]
pub async fn close(pool: &Pool, pot: PotId, at: DateTime<Utc>) -> Result<PotStage, Error> {
    let mut tx = pool.begin().await?;
    let stage = lock(&mut tx, pot, Lock::ToChange).await?;
    if stage.is_given_up() || matches!(stage, PotStage::Closed | PotStage::PayingOut | PotStage::Settled) {
        return Ok(stage);
    }
    let to = stage.close()?;
    // The clock is read with the lock in hand: a gift that got in before was paid before.
    sqlx::query!(
        "update pots.pots set stage = $2, closed_at = $3, closing_recorded_at = clock_timestamp() where pot_id = $1",
        pot.uuid(),
        to.as_str(),
        at,
    )
    .execute(&mut *tx)
    .await?;
    write_announcement(&mut tx, pot, Announcement::Closed, at).await?;
    tx.commit().await?;
    Ok(to)
}

/// Ends a pot whose money has gone where it belongs: it is empty, and its payout, if it had one, succeeded. Its certificate
/// is written with it; a pot whose sums do not agree gets none, and does not settle. The answer is where the pot stands: one
/// that was given up does not settle, though whoever asks has forgotten that.
#[tracing::instrument(name = "db.pots.settle", skip_all, fields(%pot), err)]
pub async fn settle(pool: &Pool, pot: PotId, at: DateTime<Utc>, key: &SealingKey) -> Result<PotStage, Error> {
    let mut tx = pool.begin().await?;
    let stage = lock(&mut tx, pot, Lock::ToChange).await?;
    if stage == PotStage::Settled || stage.is_given_up() {
        return Ok(stage);
    }
    let to = stage.settle()?;
    let waiting = sqlx::query_scalar!(
        r#"select exists (select from money.donations where pot_id = $1 and stage = 'requested')
               or exists (select from money.payouts where pot_id = $1 and stage <> 'succeeded') as "waiting!""#,
        pot.uuid(),
    )
    .fetch_one(&mut *tx)
    .await?;
    if waiting {
        return Err(Error::conflict("pots_settle_when_nothing_is_under_way"));
    }
    if !ledger::balance_within(&mut tx, Account::Pot(pot)).await?.is_zero() {
        return Err(Error::conflict("pots_settle_when_empty"));
    }
    sqlx::query!(
        "update pots.pots set stage = $2, settled_at = $3 where pot_id = $1",
        pot.uuid(),
        to.as_str(),
        at,
    )
    .execute(&mut *tx)
    .await?;
    holds::release_all(&mut tx, pot, at).await?;
    certificates::certify(&mut tx, pot, at, key).await?;
    tx.commit().await?;
    Ok(to)
}

/// Gives a pot up. It is cancelled when there is nothing in it and nothing on its way; until then it is cancelling, which no
/// gift and no payout gets past. Credit goes back at once: it is WOLO's own, and nobody has to be asked.
#[tracing::instrument(name = "db.pots.cancel", skip_all, fields(%pot), err)]
pub async fn cancel(pool: &Pool, pot: PotId, at: DateTime<Utc>) -> Result<Cancelling, Error> {
    let mut tx = pool.begin().await?;
    let stage = lock(&mut tx, pot, Lock::ToChange).await?;
    if stage == PotStage::Cancelled {
        return Ok(Cancelling::Cancelled);
    }
    let Ok(cancelled) = stage.cancel() else { return Ok(Cancelling::NotPossible { stage }) };
    let left = sqlx::query!(
        r#"select count(*) as "count!", count(*) filter (where stage = 'suspended') as "for_finance!"
           from money.donations
           where pot_id = $1
             and (
                 stage in ('requested', 'confirmed', 'refund_due')
                 -- Its giver is owed something too, and only a person knows what.
                 or stage = 'suspended' and exists (
                     select from money.discrepancies
                     where kind = 'odd_gift' and key = 'don_' || replace(donation_id::text, '-', '')
                       and resolved_at is null
                 )
             )"#,
        pot.uuid(),
    )
    .fetch_one(&mut *tx)
    .await?;
    if left.count > 0 {
        if stage != PotStage::Cancelling {
            begin_cancelling(&mut tx, pot, stage.begin_cancelling()?, at).await?;
            tx.commit().await?;
        }
        return Ok(Cancelling::GivingBack { count: left.count, for_finance: left.for_finance });
    }
    points::return_credits(&mut tx, pot).await?;
    if !ledger::balance_within(&mut tx, Account::Pot(pot)).await?.is_zero() {
        return Err(Error::conflict("pots_cancelled_when_empty"));
    }
    sqlx::query!(
        "update pots.pots set stage = $2, cancelled_at = $3 where pot_id = $1",
        pot.uuid(),
        cancelled.as_str(),
        at,
    )
    .execute(&mut *tx)
    .await?;
    holds::release_all(&mut tx, pot, at).await?;
    points::revoke_for_pot(&mut tx, pot).await?;
    write_announcement(&mut tx, pot, Announcement::Cancelled, at).await?;
    tx.commit().await?;
    Ok(Cancelling::Cancelled)
}

async fn begin_cancelling(
    connection: &mut PgConnection,
    pot: PotId,
    to: PotStage,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update pots.pots set stage = $2, cancelling_at = $3 where pot_id = $1",
        pot.uuid(),
        to.as_str(),
        at,
    )
    .execute(&mut *connection)
    .await?;
    points::return_credits(connection, pot).await?;
    points::revoke_for_pot(connection, pot).await
}

/// Writes an announcement for the relay, once per pot and kind. Of a pot that was given up nothing more is said.
#[tracing::instrument(name = "db.pots.announce", skip_all, fields(%pot, what = what.key()), err)]
pub async fn announce(pool: &Pool, pot: PotId, what: Announcement, at: DateTime<Utc>) -> Result<(), Error> {
    let mut tx = pool.begin().await?;
    if lock(&mut tx, pot, Lock::ToRelyOn).await?.is_given_up() {
        return Ok(());
    }
    write_announcement(&mut tx, pot, what, at).await?;
    tx.commit().await?;
    Ok(())
}

pub(super) async fn write_announcement(
    connection: &mut PgConnection,
    pot: PotId,
    what: Announcement,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    let payload = json!({ "pot": pot, "what": what, "at": at });
    let key = format!("{pot}/{}", what.key());
    outbox::write(connection, Topic::PotAnnounced, &key, pot, payload).await
}
