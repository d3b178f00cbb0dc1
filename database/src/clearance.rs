//! What a minor's pots rest on: a guardian's consent that stands, and identities that are approved. Where something of that changes,
//! the pots are held or let go in the same transaction. Those that have ended are, too: nobody waits for them any more, but what holds a
//! pot also keeps everybody else from seeing it.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use wolo_domain::ids::{PotId, UserId};
use wolo_domain::people::BirthDate;
use wolo_domain::pots::HoldReason;

use crate::pots::{self, Lock, lock};
use crate::{Error, Pool, consents, identities};

/// Why such a pot is held.
const WITHOUT_CONSENT: &str =
    "the owner is a minor, and no guardian's consent stands with identities that are approved";

/// Holds each pot of a minor for which nobody answers, and lets each go for which somebody does, or whose owner has come of age. Says
/// which pots it changed that have not ended: their processes want to hear of it.
pub async fn follow(
    connection: &mut PgConnection,
    minor: UserId,
    at: DateTime<Utc>,
) -> Result<Vec<PotId>, Error> {
    let mut changed = Vec::new();
    for pot in all(connection, minor).await? {
        // What is read after this stays true for the pot until the transaction ends.
        let has_ended = lock(connection, pot, Lock::ToChange).await?.has_ended();
        if heed(connection, pot, minor, at).await? && !has_ended {
            changed.push(pot);
        }
    }
    Ok(changed)
}

/// Holds one pot for which nobody answers, and lets one go for which somebody does. Ask under the pot's lock. Whether that changed
/// anything.
pub(crate) async fn heed(
    connection: &mut PgConnection,
    pot: PotId,
    owner: UserId,
    at: DateTime<Utc>,
) -> Result<bool, Error> {
    if is_clear(connection, pot, owner, at).await? {
        release(connection, pot, at).await
    } else {
        hold(connection, pot, at).await
    }
}

/// What is given up of a minor whose guardian's consent has ended: pots that have not, that were there before, and for which nobody
/// answers. One that was made since waits for another guardian.
#[tracing::instrument(name = "db.clearance.to_give_up", skip(pool), err)]
pub async fn to_give_up(pool: &Pool, minor: UserId, at: DateTime<Utc>) -> Result<Vec<PotId>, Error> {
    let mut connection = pool.acquire().await?;
    let pots = sqlx::query_scalar!(
        "select pot_id from pots.pots
         where owner_id = $1 and stage not in ('settled', 'cancelled')
           and created_at < (select max(since) from minors.consents where minor_id = $1 and stage = 'ended')
         order by pot_id",
        minor.uuid(),
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut unanswered = Vec::new();
    for pot in pots.into_iter().map(PotId::from_uuid) {
        if !is_clear(&mut connection, pot, minor, at).await? {
            unanswered.push(pot);
        }
    }
    Ok(unanswered)
}

/// Locks every pot of somebody: their birth date is looked at after that, never before.
pub(crate) async fn enter_all(connection: &mut PgConnection, owner: UserId) -> Result<Vec<PotId>, Error> {
    let pots = all(connection, owner).await?;
    for pot in &pots {
        pots::enter(connection, *pot, Lock::ToChange).await?;
    }
    Ok(pots)
}

/// The pots of somebody that have not ended, in the order in which they are locked.
pub(crate) async fn unfinished(connection: &mut PgConnection, owner: UserId) -> Result<Vec<PotId>, Error> {
    let pots = sqlx::query_scalar!(
        "select pot_id from pots.pots
         where owner_id = $1 and stage not in ('settled', 'cancelled')
         order by pot_id",
        owner.uuid(),
    )
    .fetch_all(connection)
    .await?;
    Ok(pots.into_iter().map(PotId::from_uuid).collect())
}

/// Every pot of somebody, in the order in which they are locked.
pub(crate) async fn all(connection: &mut PgConnection, owner: UserId) -> Result<Vec<PotId>, Error> {
    let pots = sqlx::query_scalar!(
        "select pot_id from pots.pots where owner_id = $1 order by pot_id",
        owner.uuid(),
    )
    .fetch_all(connection)
    .await?;
    Ok(pots.into_iter().map(PotId::from_uuid).collect())
}

/// Whether nobody has to answer for a pot, or somebody does.
async fn is_clear(
    connection: &mut PgConnection,
    pot: PotId,
    minor: UserId,
    at: DateTime<Utc>,
) -> Result<bool, Error> {
    let row = sqlx::query!(
        r#"select case when stage = 'scheduled' then greatest($2, opens_at) else $2 end as "counts_at!", birth_date
         from pots.pots
         join people.users on user_id = owner_id
         where pot_id = $1
         for share of users"#,
        pot.uuid(),
        at,
    )
    .fetch_one(&mut *connection)
    .await?;
    let born = BirthDate::new(row.birth_date);
    // One that is to open when its owner is of age needs nobody, nor one that was handed over on a day on which they were.
    if !born.is_minor_at(row.counts_at) || handed_over(connection, minor, born).await? {
        return Ok(true);
    }
    match consents::given(connection, minor).await? {
        Some(consent) => identities::identity_is_approved(connection, minor, consent).await,
        None => Ok(false),
    }
}

/// Whether a consent has ended because the minor had come of age, and had by what is known of their birth date now.
async fn handed_over(connection: &mut PgConnection, minor: UserId, born: BirthDate) -> Result<bool, Error> {
    let since = sqlx::query_scalar!(
        "select since from minors.consents where minor_id = $1 and stage = 'handed_over'",
        minor.uuid(),
    )
    .fetch_all(connection)
    .await?;
    Ok(since.into_iter().any(|since| !born.is_minor_at(since)))
}

async fn hold(connection: &mut PgConnection, pot: PotId, at: DateTime<Utc>) -> Result<bool, Error> {
    let written = sqlx::query!(
        // A hold is named by its instant. One that was lifted at this very instant must not hide the new one.
        "insert into pots.holds (pot_id, reason, note, since)
         select $1, $2, $3, greatest($4, max(released_at) + interval '1 microsecond')
         from pots.holds where pot_id = $1 and reason = $2
         on conflict (pot_id, reason) where released_at is null do nothing",
        pot.uuid(),
        HoldReason::Consent.as_str(),
        WITHOUT_CONSENT,
        at,
    )
    .execute(connection)
    .await?;
    Ok(written.rows_affected() > 0)
}

async fn release(connection: &mut PgConnection, pot: PotId, at: DateTime<Utc>) -> Result<bool, Error> {
    let released = sqlx::query!(
        "update pots.holds set released_at = greatest($3, since)
         where pot_id = $1 and reason = $2 and released_at is null",
        pot.uuid(),
        HoldReason::Consent.as_str(),
        at,
    )
    .execute(connection)
    .await?;
    Ok(released.rows_affected() > 0)
}
