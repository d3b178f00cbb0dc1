//! Who people are at other providers.

use sqlx::PgConnection;
use wolo_domain::ids::UserId;

use crate::Error;

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
