//! Closing an account, taking that back, and erasing whom it was of.
//!
//! An account that is being closed is locked: what refuses a locked one refuses it, without knowing why. It keeps all that it had
//! until nothing of its holder's is under way and their days are over; then [`erase`] takes away, in one transaction, everything
//! that says who they were. What the ledger, the certificates and the audit trail hold is about an id that is nobody's from then on.

mod erasing;

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor};
use wolo_domain::accounts::Role;
use wolo_domain::audit::{Action, Happening};
use wolo_domain::closures::UnderWay;
use wolo_domain::ids::{CaseId, ConsentId, InvitationId, PotId, UserId};
use wolo_domain::points::AwardReason;

use crate::accounts::roles;
use crate::accounts::sessions::{self, EndReason};
use crate::audit::{self, Doer};
use crate::rows::word;
use crate::{Error, Pool, consents, identities};

pub(crate) use erasing::erase_within;
pub use erasing::{Erasing, erase};

/// Why an account is locked that was open when it was closed. One that was locked before keeps its reason, and its lock.
pub(crate) const CLOSING: &str = "closing";

/// Where somebody's account stands on its way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is not on that way.
    InUse,
    ClosingSince(DateTime<Utc>),
    ErasedAt(DateTime<Utc>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    /// Since then, by this or before.
    Closing {
        since: DateTime<Utc>,
    },
    Erased,
    NobodyKnown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restoring {
    Restored,
    /// The account is not being closed.
    InUse,
    Erased,
    NobodyKnown,
}

/// Where an account stands; none where there is no such person.
#[tracing::instrument(name = "db.closures.standing", skip(database), err)]
pub async fn standing(database: impl PgExecutor<'_>, user: UserId) -> Result<Option<Standing>, Error> {
    let row = sqlx::query!("select closing_at, erased_at from people.users where user_id = $1", user.uuid())
        .fetch_optional(database)
        .await?;
    Ok(row.map(|row| stands(row.closing_at, row.erased_at)))
}

fn stands(closing_at: Option<DateTime<Utc>>, erased_at: Option<DateTime<Utc>>) -> Standing {
    match (closing_at, erased_at) {
        (_, Some(at)) => Standing::ErasedAt(at),
        (Some(at), None) => Standing::ClosingSince(at),
        (None, None) => Standing::InUse,
    }
}

/// The same, and it stays so until the transaction ends.
async fn lock(connection: &mut PgConnection, user: UserId) -> Result<Option<Standing>, Error> {
    let row = sqlx::query!(
        "select closing_at, erased_at from people.users where user_id = $1 for no key update",
        user.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| stands(row.closing_at, row.erased_at)))
}

/// The accounts that are being closed: each has a process.
#[tracing::instrument(name = "db.closures.closing", skip_all, err)]
pub async fn closing(pool: &Pool) -> Result<Vec<UserId>, Error> {
    let users = sqlx::query_scalar!(
        "select user_id from people.users where closing_at is not null and erased_at is null order by user_id"
    )
    .fetch_all(pool)
    .await?;
    Ok(users.into_iter().map(UserId::from_uuid).collect())
}

/// Closes an account: it is locked and signed in nowhere, what its holder was trusted with ends, and their points that have not
/// matured lapse.
#[tracing::instrument(name = "db.closures.close", skip_all, fields(%user), err)]
pub async fn close(pool: &Pool, user: UserId, doer: Doer<'_>, at: DateTime<Utc>) -> Result<Closing, Error> {
    let mut tx = pool.begin().await?;
    let closing = close_within(&mut tx, user, doer, at).await?;
    tx.commit().await?;
    Ok(closing)
}

/// The same as a part of something else.
pub(crate) async fn close_within(
    connection: &mut PgConnection,
    user: UserId,
    doer: Doer<'_>,
    at: DateTime<Utc>,
) -> Result<Closing, Error> {
    match lock(connection, user).await? {
        None => return Ok(Closing::NobodyKnown),
        Some(Standing::ErasedAt(_)) => return Ok(Closing::Erased),
        Some(Standing::ClosingSince(since)) => return Ok(Closing::Closing { since }),
        Some(Standing::InUse) => {}
    }
    // As it is kept: the database knows an instant less exactly than the process.
    let since = sqlx::query_scalar!(
        r#"update people.users
           set closing_at = $2, locked_at = coalesce(locked_at, clock_timestamp()), locked_why = coalesce(locked_why, $3)
           where user_id = $1
           returning closing_at as "since!""#,
        user.uuid(),
        at,
        CLOSING,
    )
    .fetch_one(&mut *connection)
    .await?;
    for role in roles_of(connection, user).await? {
        roles::revoke(connection, user, role, doer).await?;
    }
    sessions::end_all(connection, user, None, EndReason::AccountClosed).await?;
    let lapsed = let_points_lapse(connection, user).await?;
    let happening = Happening::new(Action::AccountClosed, user).with("points_lapsed", lapsed);
    audit::note(connection, happening, doer).await?;
    Ok(Closing::Closing { since })
}

async fn roles_of(connection: &mut PgConnection, user: UserId) -> Result<Vec<Role>, Error> {
    let roles = sqlx::query_scalar!(
        "select role from people.roles where user_id = $1 and revoked_at is null order by role",
        user.uuid(),
    )
    .fetch_all(connection)
    .await?;
    roles.iter().map(|role| word(role, "people.roles", "role", user)).collect()
}

async fn let_points_lapse(connection: &mut PgConnection, user: UserId) -> Result<u64, Error> {
    Ok(sqlx::query!(
        "insert into sponsorship.award_steps (award_id, stage, reason)
         select award_id, 'revoked', $2 from sponsorship.points where user_id = $1 and stage = 'pending'
         on conflict on constraint award_steps_each_once do nothing",
        user.uuid(),
        AwardReason::AccountClosed.as_str(),
    )
    .execute(connection)
    .await?
    .rows_affected())
}

/// Takes a closing back. What has ended meanwhile stays ended: sessions, roles, pots, invitations and points.
#[tracing::instrument(name = "db.closures.restore", skip_all, fields(%user), err)]
pub async fn restore(pool: &Pool, user: UserId, doer: Doer<'_>) -> Result<Restoring, Error> {
    let mut tx = pool.begin().await?;
    match lock(&mut tx, user).await? {
        None => return Ok(Restoring::NobodyKnown),
        Some(Standing::ErasedAt(_)) => return Ok(Restoring::Erased),
        Some(Standing::InUse) => return Ok(Restoring::InUse),
        Some(Standing::ClosingSince(_)) => {}
    }
    sqlx::query!(
        "update people.users
         set closing_at = null,
             locked_at = case when locked_why = $2 then null else locked_at end,
             locked_why = case when locked_why = $2 then null else locked_why end
         where user_id = $1",
        user.uuid(),
        CLOSING,
    )
    .execute(&mut *tx)
    .await?;
    audit::note(&mut tx, Happening::new(Action::AccountRestored, user), doer).await?;
    tx.commit().await?;
    Ok(Restoring::Restored)
}

/// What is to be given up of somebody whose account is being closed. What goes on to its end is not here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToGiveUp {
    pub pots: Vec<PotId>,
    pub invitations: Vec<InvitationId>,
    /// A guardian's, for a minor of whom nothing is paid out any more.
    pub consent: Option<ConsentId>,
    pub cases: Vec<CaseId>,
}

/// Nothing, unless the account is being closed.
#[tracing::instrument(name = "db.closures.to_give_up", skip(pool), err)]
pub async fn to_give_up(pool: &Pool, user: UserId) -> Result<ToGiveUp, Error> {
    if !matches!(standing(pool, user).await?, Some(Standing::ClosingSince(_))) {
        return Ok(ToGiveUp::default());
    }
    let pots = sqlx::query_scalar!(
        "select pot_id from pots.pots where owner_id = $1 and stage in ('scheduled', 'open') order by pot_id",
        user.uuid(),
    )
    .fetch_all(pool)
    .await?;
    let invitations = sqlx::query_scalar!(
        "select invitation_id from sponsorship.invitations
         where sponsor_id = $1 and accepted_at is null and ended_at is null
         order by invitation_id",
        user.uuid(),
    )
    .fetch_all(pool)
    .await?;
    let theirs = ToGiveUp {
        pots: pots.into_iter().map(PotId::from_uuid).collect(),
        invitations: invitations.into_iter().map(InvitationId::from_uuid).collect(),
        ..ToGiveUp::default()
    };
    if pays_out(pool, user).await? {
        return Ok(theirs);
    }
    Ok(ToGiveUp {
        consent: consents::standing(pool, user).await?.map(|standing| standing.consent),
        cases: identities::with_documents(pool, user).await?,
        ..theirs
    })
}

/// Whether a pot of theirs goes on to its payout: until then somebody has to answer for a minor.
async fn pays_out(pool: &Pool, user: UserId) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(
        r#"select exists (
               select from pots.pots where owner_id = $1 and stage in ('closed', 'paying_out')
           ) as "does!""#,
        user.uuid(),
    )
    .fetch_one(pool)
    .await?)
}

/// What of somebody's has not come to its end.
#[tracing::instrument(name = "db.closures.under_way", skip(database), err)]
pub async fn under_way(database: impl PgExecutor<'_>, user: UserId) -> Result<UnderWay, Error> {
    Ok(sqlx::query_as!(
        UnderWay,
        r#"with theirs as (
               select pot_id from pots.pots where owner_id = $1
           ), gifts as (
               select donation_id, stage, donor_user_id is not distinct from $1 as given
               from money.donations
               where donor_user_id = $1 or pot_id in (select pot_id from theirs)
           )
           select (
                      select count(*) from pots.pots
                      where owner_id = $1 and stage not in ('settled', 'cancelled')
                  ) as "pots!",
                  (select count(*) from gifts where given and stage in ('requested', 'refund_due')) as "gifts!",
                  (
                      select count(*) from sponsorship.invitations
                      where sponsor_id = $1 and accepted_at is null and ended_at is null
                  ) as "invitations!",
                  (
                      select count(*) from gifts
                      where stage = 'suspended' and exists (
                          select from money.discrepancies
                          where kind = 'odd_gift' and key = 'don_' || replace(donation_id::text, '-', '')
                            and resolved_at is null
                      )
                  ) as "for_finance!""#,
        user.uuid(),
    )
    .fetch_one(database)
    .await?)
}
