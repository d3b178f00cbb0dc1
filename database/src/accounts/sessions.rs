//! Sessions. Each is a family of refresh tokens: the one of its generation is good, its parent may be repeated for a
//! moment (the reply was lost), and any older one means that somebody else has it, which ends the family.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;
use wolo_domain::ids::UserId;

use crate::Error;
use crate::rows::interval;

/// A new session.
pub struct NewSession<'a> {
    pub id: Uuid,
    pub user: UserId,
    pub device: Option<&'a str>,
    pub proofs: &'a [String],
    pub token_hash: &'a [u8],
    pub lives: TimeDelta,
}

/// A session as its holder sees it.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    pub id: Uuid,
    pub device: Option<String>,
    pub created_at: DateTime<Utc>,
    pub last_used_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Session({})", self.id)
    }
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    SignedOut,
    PasswordChanged,
    TokenReused,
    Locked,
    RoleChanged,
    AccountClosed,
    /// A backup was brought back in which it was alive.
    BroughtBack,
}

impl EndReason {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::PasswordChanged => "password_changed",
            Self::TokenReused => "token_reused",
            Self::Locked => "locked",
            Self::RoleChanged => "role_changed",
            Self::AccountClosed => "account_closed",
            Self::BroughtBack => "brought_back",
        }
    }
}

/// What became of a refresh token that was presented.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// The child is good from now on.
    Rotated(Holder),
    /// It was rotated a moment ago, and the reply may have been lost: give the same child again.
    Repeated(Holder),
    /// It is old: somebody has a copy. The session has ended.
    Reused { session: Uuid },
    /// No session that lives knows it.
    Refused,
}

/// Whose session it is, as a token says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    pub session: Uuid,
    pub user: UserId,
    pub proofs: Vec<String>,
}

#[tracing::instrument(name = "db.accounts.begin_session", skip_all, fields(user = %new.user), err)]
pub async fn begin(connection: &mut PgConnection, new: &NewSession<'_>) -> Result<(), Error> {
    sqlx::query!(
        "insert into people.sessions (session_id, user_id, device, proofs, expires_at)
         values ($1, $2, $3, $4, clock_timestamp() + $5::text::interval)",
        new.id,
        new.user.uuid(),
        new.device,
        new.proofs,
        interval(new.lives),
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "insert into people.refresh_tokens (token_hash, session_id, generation) values ($1, $2, 0)",
        new.token_hash,
        new.id,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Exchanges a refresh token for its child, in one statement that locks the session: of any number of callers with the
/// same token one rotates it and the others repeat it.
#[tracing::instrument(name = "db.accounts.rotate_session", skip_all, err)]
pub async fn rotate(
    connection: &mut PgConnection,
    presented: &[u8],
    child: &[u8],
    repeatable_for: TimeDelta,
) -> Result<Rotation, Error> {
    let row = sqlx::query!(
        r#"with presented as (
               select session_id, generation from people.refresh_tokens where token_hash = $1
           ),
           family as (
               select sessions.session_id, sessions.user_id, sessions.proofs, sessions.generation,
                      sessions.rotated_at, sessions.ended_at, sessions.expires_at,
                      presented.generation as presented
               from people.sessions
               join presented using (session_id)
               for update of sessions
           ),
           verdict as (
               select session_id, user_id, proofs, generation,
                      case
                          when ended_at is not null or expires_at < clock_timestamp() then 'refused'
                          when presented = generation then 'rotated'
                          when presented = generation - 1
                               and rotated_at > clock_timestamp() - $3::text::interval then 'repeated'
                          else 'reused'
                      end as word
               from family
           ),
           rotated as (
               update people.sessions
               set generation = sessions.generation + 1, rotated_at = clock_timestamp()
               from verdict
               where sessions.session_id = verdict.session_id and verdict.word = 'rotated'
               returning sessions.session_id, sessions.generation
           ),
           child as (
               insert into people.refresh_tokens (token_hash, session_id, generation)
               select $2, session_id, generation from rotated
           ),
           ended as (
               update people.sessions
               set ended_at = clock_timestamp(), ended_why = 'token_reused'
               from verdict
               where sessions.session_id = verdict.session_id and verdict.word = 'reused'
           )
           select session_id, user_id, proofs, word as "word!" from verdict"#,
        presented,
        child,
        interval(repeatable_for),
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(Rotation::Refused) };
    let holder = Holder { session: row.session_id, user: UserId::from_uuid(row.user_id), proofs: row.proofs };
    Ok(match row.word.as_str() {
        "rotated" => Rotation::Rotated(holder),
        "repeated" => Rotation::Repeated(holder),
        "reused" => Rotation::Reused { session: holder.session },
        _ => Rotation::Refused,
    })
}

/// Whether a session and its account may be used now.
#[tracing::instrument(name = "db.accounts.session_lives", skip_all, err)]
pub async fn lives(database: impl PgExecutor<'_>, session: Uuid, user: UserId) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(
        r#"select exists (
               select from people.sessions
               join people.users using (user_id)
               where session_id = $1 and user_id = $2 and ended_at is null and expires_at > clock_timestamp()
                 and locked_at is null
           ) as "lives!""#,
        session,
        user.uuid(),
    )
    .fetch_one(database)
    .await?)
}

/// The sessions of a person that live, the last used first.
#[tracing::instrument(name = "db.accounts.sessions", skip_all, fields(%user), err)]
pub async fn of_user(database: impl PgExecutor<'_>, user: UserId) -> Result<Vec<Session>, Error> {
    let rows = sqlx::query!(
        "select session_id, device, created_at, rotated_at, expires_at
         from people.sessions
         where user_id = $1 and ended_at is null and expires_at > clock_timestamp()
         order by rotated_at desc, session_id",
        user.uuid(),
    )
    .fetch_all(database)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Session {
            id: row.session_id,
            device: row.device,
            created_at: row.created_at,
            last_used_at: row.rotated_at,
            expires_at: row.expires_at,
        })
        .collect())
}

/// Ends one session of a person. One that has ended, or is somebody else's, is not there.
#[tracing::instrument(name = "db.accounts.end_session", skip_all, fields(%user), err)]
pub async fn end(
    connection: &mut PgConnection,
    user: UserId,
    session: Uuid,
    why: EndReason,
) -> Result<bool, Error> {
    let ended = sqlx::query!(
        "update people.sessions set ended_at = clock_timestamp(), ended_why = $3
         where session_id = $1 and user_id = $2 and ended_at is null",
        session,
        user.uuid(),
        why.as_str(),
    )
    .execute(connection)
    .await?
    .rows_affected();
    Ok(ended == 1)
}

/// Ends every session of a person, but one if one is to stay, and begins their next epoch. Answers how many.
#[tracing::instrument(name = "db.accounts.end_sessions", skip_all, fields(%user), err)]
pub async fn end_all(
    connection: &mut PgConnection,
    user: UserId,
    but: Option<Uuid>,
    why: EndReason,
) -> Result<u64, Error> {
    sqlx::query!("update people.users set epoch = epoch + 1 where user_id = $1", user.uuid())
        .execute(&mut *connection)
        .await?;
    Ok(sqlx::query!(
        "update people.sessions set ended_at = clock_timestamp(), ended_why = $3
         where user_id = $1 and ended_at is null and session_id is distinct from $2",
        user.uuid(),
        but,
        why.as_str(),
    )
    .execute(connection)
    .await?
    .rows_affected())
}

/// Ends every session of everybody, guardians among them, and begins an epoch that nobody has had. Epochs are counted, and how far
/// they had come is not known after a loss; so the next one is by the clock, in seconds since 2020, faster than which nobody's counts for long.
pub(crate) async fn end_everybodys(connection: &mut PgConnection, why: EndReason) -> Result<u64, Error> {
    sqlx::query!(
        "update people.users
         set epoch = greatest(epoch, extract(epoch from clock_timestamp() - timestamptz '2020-01-01 00:00Z')::integer) + 1"
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!("delete from minors.guardian_sessions").execute(&mut *connection).await?;
    Ok(sqlx::query!(
        "update people.sessions set ended_at = clock_timestamp(), ended_why = $1 where ended_at is null",
        why.as_str(),
    )
    .execute(connection)
    .await?
    .rows_affected())
}

/// The epoch that a token of this person carries which belongs to no session; none where there is no such person.
#[tracing::instrument(name = "db.accounts.epoch", skip_all, fields(%user), err)]
pub async fn epoch(database: impl PgExecutor<'_>, user: UserId) -> Result<Option<i32>, Error> {
    Ok(sqlx::query_scalar!("select epoch from people.users where user_id = $1", user.uuid())
        .fetch_optional(database)
        .await?)
}

/// Whether a token without a session may be used now: nobody has locked the account or ended all its sessions since. Whether
/// there is such an account is another question.
#[tracing::instrument(name = "db.accounts.epoch_lasts", skip_all, fields(%user), err)]
pub async fn epoch_lasts(database: impl PgExecutor<'_>, user: UserId, epoch: i32) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(
        r#"select not exists (
               select from people.users where user_id = $1 and (locked_at is not null or epoch <> $2)
           ) as "lasts!""#,
        user.uuid(),
        epoch,
    )
    .fetch_one(database)
    .await?)
}

/// Whether a person has had a session on a device of this name before.
#[tracing::instrument(name = "db.accounts.knows_device", skip_all, fields(%user), err)]
pub async fn knows_device(
    database: impl PgExecutor<'_>,
    user: UserId,
    device: Option<&str>,
) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(
        r#"select exists (
               select from people.sessions where user_id = $1 and device is not distinct from $2
           ) or not exists (select from people.sessions where user_id = $1) as "known!""#,
        user.uuid(),
        device,
    )
    .fetch_one(database)
    .await?)
}
