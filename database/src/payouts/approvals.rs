//! Who approved a payout. How many must is written with its plan; that two are two people is a key of the table. An approval
//! is for one phone, and counts while its giver is somebody of finance.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use wolo_domain::audit::{Action, Happening};
use wolo_domain::ids::{PayoutId, UserId};

use super::{lock, recipients};
use crate::audit::{self, Doer};
use crate::{Error, Pool};

/// One person's word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    pub by: UserId,
    pub reason: String,
    pub at: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Approving {
    /// It counts; so many are still missing.
    Approved { missing: u32 },
    /// The same person has approved before.
    Already { missing: u32 },
    /// Only people of finance approve.
    NotFinance,
    /// Nobody approves what they get themselves.
    OwnPot,
    /// It needs nobody's approval.
    NotNeeded,
}

/// Writes down that somebody approves a payout.
#[tracing::instrument(name = "db.payouts.approve", skip_all, fields(%payout, by = %approval.by), err)]
pub async fn approve(pool: &Pool, payout: PayoutId, approval: &Approval) -> Result<Approving, Error> {
    let mut tx = pool.begin().await?;
    let planned = lock(&mut tx, payout).await?;
    if planned.approvals_needed == 0 {
        return Ok(Approving::NotNeeded);
    }
    if !is_of_finance(&mut tx, approval.by).await? {
        return Ok(Approving::NotFinance);
    }
    if is_paid(&mut tx, payout, approval.by).await? {
        return Ok(Approving::OwnPot);
    }
    let (clearance, _) = recipients::latest(&mut tx, payout).await?;
    let inserted = sqlx::query!(
        "insert into money.payout_approvals (payout_id, user_id, reason, approved_at, clearance)
         values ($1, $2, $3, $4, $5)
         on conflict on constraint payout_approvals_one_per_person do nothing",
        payout.uuid(),
        approval.by.uuid(),
        approval.reason,
        approval.at,
        i32::try_from(clearance).unwrap_or(i32::MAX),
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    if inserted == 1 {
        let by = approval.by.to_string();
        let happening = Happening::new(Action::PayoutApproved, payout).with("clearance", clearance);
        audit::note(&mut tx, happening, Doer::new(&by, &approval.reason)).await?;
    }
    let missing = missing(&mut tx, payout, planned.approvals_needed).await?;
    tx.commit().await?;
    Ok(if inserted == 1 { Approving::Approved { missing } } else { Approving::Already { missing } })
}

async fn is_of_finance(connection: &mut PgConnection, user: UserId) -> Result<bool, Error> {
    let is = sqlx::query_scalar!(
        r#"select exists (
               select from people.roles
               where user_id = $1 and role in ('finance', 'superadmin') and revoked_at is null
           ) as "is!""#,
        user.uuid(),
    )
    .fetch_one(connection)
    .await?;
    Ok(is)
}

/// Whether somebody gets the money: it is their pot, or it goes to their phone.
async fn is_paid(connection: &mut PgConnection, payout: PayoutId, user: UserId) -> Result<bool, Error> {
    let is = sqlx::query_scalar!(
        r#"select exists (
               select from money.payouts join pots.pots using (pot_id) where payout_id = $1 and owner_id = $2
           ) or exists (
               select from money.payout_recipients join people.users using (phone) where payout_id = $1 and user_id = $2
           ) as "is!""#,
        payout.uuid(),
        user.uuid(),
    )
    .fetch_one(connection)
    .await?;
    Ok(is)
}

/// How many people must still approve a payout that needs so many. Those count who approved the phone that is cleared now, and
/// have not lost their role since.
pub(super) async fn missing(
    connection: &mut PgConnection,
    payout: PayoutId,
    needed: u32,
) -> Result<u32, Error> {
    if needed == 0 {
        return Ok(0);
    }
    let given = sqlx::query_scalar!(
        r#"select count(*) as "given!"
           from money.payout_approvals
           where payout_id = $1
             and clearance = (select max(clearance) from money.payout_recipients where payout_id = $1)
             and exists (
                 select from people.roles
                 where roles.user_id = payout_approvals.user_id
                   and role in ('finance', 'superadmin') and revoked_at is null
             )"#,
        payout.uuid(),
    )
    .fetch_one(connection)
    .await?;
    Ok(needed.saturating_sub(u32::try_from(given).unwrap_or(u32::MAX)))
}

/// The same, for whoever looks.
#[tracing::instrument(name = "db.payouts.missing_approvals", skip_all, fields(%payout), err)]
pub async fn missing_approvals(pool: &Pool, payout: PayoutId, needed: u32) -> Result<u32, Error> {
    let mut connection = pool.acquire().await?;
    missing(&mut connection, payout, needed).await
}

/// Who has approved a payout, in their order, for whichever phone and whatever they are now.
#[tracing::instrument(name = "db.payouts.approvals", skip_all, fields(%payout), err)]
pub async fn approvals(pool: &Pool, payout: PayoutId) -> Result<Vec<Approval>, Error> {
    let rows = sqlx::query!(
        "select user_id, reason, approved_at from money.payout_approvals
         where payout_id = $1
         order by approved_at, user_id",
        payout.uuid(),
    )
    .fetch_all(pool)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Approval { by: UserId::from_uuid(row.user_id), reason: row.reason, at: row.approved_at })
        .collect())
}
