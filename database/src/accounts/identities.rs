//! Who people are at other providers.

use sqlx::PgConnection;
use wolo_domain::ids::UserId;

use crate::Error;

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
