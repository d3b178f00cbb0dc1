//! Who people are at other providers.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor};
use wolo_domain::accounts::IdentityProvider;
use wolo_domain::ids::UserId;

use crate::Error;

const IDENTITIES: &str = "people.identities";

/// A provider whose word opens an account. What the provider calls its holder stays here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Linked {
    pub provider: IdentityProvider,
    pub linked_at: DateTime<Utc>,
}

/// Whether a provider's word could be made to open an account no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unlinking {
    Unlinked,
    /// It did not open the account.
    NotLinked,
    /// Nothing else would open the account: its holder has no contact that a code could go to, and no other provider.
    LastWayIn,
}

/// Two who come as the same person take turns, so that one makes the account and the other finds it.
#[tracing::instrument(name = "db.accounts.take_turns", skip_all, err)]
pub async fn take_turns(connection: &mut PgConnection, issuer: &str, subject: &str) -> Result<(), Error> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended($1, 0)) as locked",
        format!("{issuer} {subject}"),
    )
    .fetch_one(connection)
    .await?;
    Ok(())
}

/// Whether the account's holder is known by this issuer, under whatever name.
#[tracing::instrument(name = "db.accounts.is_known_by", skip_all, fields(%user), err)]
pub async fn is_known_by(connection: &mut PgConnection, user: UserId, issuer: &str) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from people.identities where user_id = $1 and issuer = $2) as "known!""#,
        user.uuid(),
        issuer,
    )
    .fetch_one(connection)
    .await?)
}

/// Links an account with who its holder is elsewhere. Answers false when that is another account's.
#[tracing::instrument(name = "db.accounts.link_identity", skip_all, fields(%user), err)]
pub async fn link(
    connection: &mut PgConnection,
    user: UserId,
    issuer: &str,
    subject: &str,
) -> Result<bool, Error> {
    sqlx::query!(
        "insert into people.identities (issuer, subject, user_id) values ($1, $2, $3)
         on conflict (issuer, subject) do nothing",
        issuer,
        subject,
        user.uuid(),
    )
    .execute(&mut *connection)
    .await?;
    Ok(sqlx::query_scalar!(
        r#"select user_id = $3 as "theirs!" from people.identities where issuer = $1 and subject = $2"#,
        issuer,
        subject,
        user.uuid(),
    )
    .fetch_one(connection)
    .await?)
}

/// Whose word opens an account, the first that was linked first.
#[tracing::instrument(name = "db.accounts.identities", skip_all, fields(%user), err)]
pub async fn of_user(database: impl PgExecutor<'_>, user: UserId) -> Result<Vec<Linked>, Error> {
    let rows = sqlx::query!(
        "select issuer, linked_at from people.identities where user_id = $1 order by linked_at, issuer",
        user.uuid(),
    )
    .fetch_all(database)
    .await?;
    rows.into_iter()
        .map(|row| {
            let provider = IdentityProvider::of_issuer(&row.issuer)
                .ok_or_else(|| Error::inconsistent(IDENTITIES, "issuer", user))?;
            Ok(Linked { provider, linked_at: row.linked_at })
        })
        .collect()
}

/// Lets a provider's word open an account no more.
#[tracing::instrument(name = "db.accounts.unlink_identity", skip_all, fields(%user), err)]
pub async fn unlink(
    connection: &mut PgConnection,
    user: UserId,
    provider: IdentityProvider,
) -> Result<Unlinking, Error> {
    // Two who unlink different providers take turns, so that the second sees what the first has left.
    let reached = sqlx::query_scalar!(
        r#"select phone is not null or email is not null as "reached!"
           from people.users where user_id = $1
           for no key update"#,
        user.uuid(),
    )
    .fetch_optional(&mut *connection)
    .await?;
    let linked = of_user(&mut *connection, user).await?;
    if !linked.iter().any(|one| one.provider == provider) {
        return Ok(Unlinking::NotLinked);
    }
    if reached != Some(true) && linked.iter().all(|one| one.provider == provider) {
        return Ok(Unlinking::LastWayIn);
    }
    sqlx::query!(
        "delete from people.identities where user_id = $1 and issuer = $2",
        user.uuid(),
        provider.issuer(),
    )
    .execute(connection)
    .await?;
    Ok(Unlinking::Unlinked)
}
