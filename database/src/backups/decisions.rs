//! What was decided for people's safety, as far as a database knows it: who was erased or is to be, who is locked out, who is no
//! longer trusted, which guardians took their consent back.
//!
//! It only ever takes away. So it may be done again in a database that knows less, in any order and more than once, and one that
//! knows more loses nothing by it but a lock that was lifted since, which somebody lifts again.
//!
//! Written to a file it holds ids, instants and the words of those who work here. Passwords that were changed and addresses that
//! want no messages are read for a restore in the same database, and are never written to a file.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;
use wolo_domain::accounts::Role;
use wolo_domain::ids::{ConsentId, UserId};

use crate::rows::word;
use crate::{Error, Pool};

#[derive(Serialize, Deserialize)]
pub struct Decisions {
    pub at: DateTime<Utc>,
    /// From then on the others are in it; of those above them all that there are.
    pub since: DateTime<Utc>,
    pub(super) accounts: Vec<Account>,
    pub(super) roles: Vec<Revoked>,
    pub(super) consents: Vec<Withdrawn>,
    /// What cannot be done again by a rule: a person has to look at it.
    pub others: Vec<Other>,
    #[serde(skip)]
    pub(super) passwords: Vec<Changed>,
    #[serde(skip)]
    pub(super) refusals: Vec<Refusal>,
}

/// One that is locked, is being closed, or is nobody's any more.
#[derive(Serialize, Deserialize)]
pub(super) struct Account {
    pub(super) user: UserId,
    pub(super) locked_why: String,
    pub(super) closing_at: Option<DateTime<Utc>>,
    pub(super) erased_at: Option<DateTime<Utc>>,
}

/// A grant that ended. Another one of the same role is another.
#[derive(Serialize, Deserialize)]
pub(super) struct Revoked {
    pub(super) user: UserId,
    pub(super) role: Role,
    pub(super) granted_at: DateTime<Utc>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Withdrawn {
    pub(super) consent: ConsentId,
    pub(super) minor: UserId,
    pub(super) since: DateTime<Utc>,
    pub(super) return_by: DateTime<Utc>,
}

/// Something of the audit trail, a pot that a moderator holds, or payouts that were stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Other {
    pub at: DateTime<Utc>,
    pub did: String,
    /// An opaque id.
    pub about: String,
}

pub(super) struct Changed {
    pub(super) user: Uuid,
    pub(super) at: DateTime<Utc>,
}

pub(super) struct Refusal {
    pub(super) channel: String,
    pub(super) address: String,
    pub(super) how: String,
    pub(super) said_at: DateTime<Utc>,
}

/// All that this database knows; none where nobody is in it.
#[tracing::instrument(name = "db.backups.decisions", skip(pool), err)]
pub async fn decisions(pool: &Pool, since: DateTime<Utc>) -> Result<Option<Decisions>, Error> {
    let mut tx = pool.begin().await?;
    sqlx::raw_sql("set transaction isolation level repeatable read, read only").execute(&mut *tx).await?;
    sqlx::raw_sql(super::UNHURRIED).execute(&mut *tx).await?;
    read(&mut tx, since).await
}

pub(super) async fn read(
    connection: &mut PgConnection,
    since: DateTime<Utc>,
) -> Result<Option<Decisions>, Error> {
    let at = sqlx::query_scalar!(r#"select now() as "at!" where exists (select from people.users)"#)
        .fetch_optional(&mut *connection)
        .await?;
    let Some(at) = at else { return Ok(None) };
    Ok(Some(Decisions {
        at,
        since,
        accounts: accounts(connection).await?,
        roles: roles(connection).await?,
        consents: consents(connection).await?,
        others: others(connection, since).await?,
        passwords: passwords(connection, since).await?,
        refusals: refusals(connection).await?,
    }))
}

async fn accounts(connection: &mut PgConnection) -> Result<Vec<Account>, Error> {
    let rows = sqlx::query!(
        r#"select user_id, locked_why as "locked_why!", closing_at, erased_at
           from people.users where locked_at is not null order by user_id"#
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Account {
            user: UserId::from_uuid(row.user_id),
            locked_why: row.locked_why,
            closing_at: row.closing_at,
            erased_at: row.erased_at,
        })
        .collect())
}

async fn roles(connection: &mut PgConnection) -> Result<Vec<Revoked>, Error> {
    let rows = sqlx::query!(
        "select user_id, role, granted_at from people.roles where revoked_at is not null
         order by user_id, role, granted_at"
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let user = UserId::from_uuid(row.user_id);
            let role = word(&row.role, "people.roles", "role", user)?;
            Ok(Revoked { user, role, granted_at: row.granted_at })
        })
        .collect()
}

async fn consents(connection: &mut PgConnection) -> Result<Vec<Withdrawn>, Error> {
    let rows = sqlx::query!(
        r#"select consent_id, minor_id, since, coalesce(answer_by, since) as "return_by!"
           from minors.consents where stage in ('withdrawn', 'ended') order by consent_id"#
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Withdrawn {
            consent: ConsentId::from_uuid(row.consent_id),
            minor: UserId::from_uuid(row.minor_id),
            since: row.since,
            return_by: row.return_by,
        })
        .collect())
}

/// What was only looked at, and what is done again, is not among them.
async fn others(connection: &mut PgConnection, since: DateTime<Utc>) -> Result<Vec<Other>, Error> {
    Ok(sqlx::query_as!(
        Other,
        r#"with done as (
               select (line::jsonb ->> 'at')::timestamptz as at, line::jsonb ->> 'action' as did, about
               from audit.entries
               where day >= $2
               union all
               select (payload ->> 'at')::timestamptz, payload #>> '{happening,action}', payload #>> '{happening,about}'
               from ops.outbox
               where topic = 'audit' and relayed_at is null
               union all
               select since, 'pot_held', 'pot_' || replace(pot_id::text, '-', '')
               from pots.holds
               where reason = 'moderation' and released_at is null
               union all
               select since, 'payouts_stopped', 'payouts' from money.halts where lifted_at is null
           )
           select at as "at!", did as "did!", about as "about!"
           from done
           where at > $1 and did not in (
               'role_revoked', 'account_locked', 'account_closed', 'person_erased', 'consent_withdrawn', 'consent_ended',
               'data_exported', 'document_looked_at', 'figures_exported', 'payloads_decoded', 'backup_created'
           )
           order by at, did, about"#,
        since,
        a_day_before(since),
    )
    .fetch_all(connection)
    .await?)
}

/// A line stands under the day on which it was written down, in Dakar, and that is never before it was done.
fn a_day_before(since: DateTime<Utc>) -> NaiveDate {
    (since - TimeDelta::days(1)).date_naive()
}

async fn passwords(connection: &mut PgConnection, since: DateTime<Utc>) -> Result<Vec<Changed>, Error> {
    Ok(sqlx::query_as!(
        Changed,
        "select user_id as user, changed_at as at from people.passwords where changed_at > $1",
        since,
    )
    .fetch_all(connection)
    .await?)
}

async fn refusals(connection: &mut PgConnection) -> Result<Vec<Refusal>, Error> {
    Ok(sqlx::query_as!(
        Refusal,
        "select channel, address, how, said_at from notices.opt_outs where ended_at is null",
    )
    .fetch_all(connection)
    .await?)
}
