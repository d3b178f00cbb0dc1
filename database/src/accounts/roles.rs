//! What people are trusted with who work here. Granted and revoked by an operator; a grant that ended stays in the table.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor};
use wolo_domain::accounts::Role;
use wolo_domain::audit::{Action, Happening};
use wolo_domain::ids::UserId;

use super::sessions::{self, EndReason};
use crate::Error;
use crate::audit::{self, Doer};
use crate::rows::word;

const ROLES: &str = "people.roles";

/// A role that somebody has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub role: Role,
    pub granted_at: DateTime<Utc>,
    pub granted_by: String,
    pub reason: String,
}

/// The roles that somebody has now.
#[tracing::instrument(name = "db.accounts.roles", skip_all, fields(%user), err)]
pub async fn of_user(database: impl PgExecutor<'_>, user: UserId) -> Result<Vec<Grant>, Error> {
    let rows = sqlx::query!(
        "select role, granted_at, granted_by, reason
         from people.roles
         where user_id = $1 and revoked_at is null
         order by role",
        user.uuid(),
    )
    .fetch_all(database)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Grant {
                role: word(&row.role, ROLES, "role", user)?,
                granted_at: row.granted_at,
                granted_by: row.granted_by,
                reason: row.reason,
            })
        })
        .collect()
}

/// Grants a role; answers whether it is new. Sessions begin anew, so that each says truly what its holder may do.
#[tracing::instrument(name = "db.accounts.grant_role", skip_all, fields(%user, %role), err)]
pub async fn grant(
    connection: &mut PgConnection,
    user: UserId,
    role: Role,
    doer: Doer<'_>,
) -> Result<bool, Error> {
    let granted = sqlx::query!(
        "insert into people.roles (user_id, role, granted_by, reason) values ($1, $2, $3, $4)
         on conflict (user_id, role) where revoked_at is null do nothing",
        user.uuid(),
        role.as_str(),
        doer.by,
        doer.reason,
    )
    .execute(&mut *connection)
    .await?
    .rows_affected();
    if granted == 1 {
        sessions::end_all(connection, user, None, EndReason::RoleChanged).await?;
        audit::note(connection, Happening::new(Action::RoleGranted, user).with("role", role), doer).await?;
    }
    Ok(granted == 1)
}

/// Revokes a role; answers whether it was there. Sessions that were begun with it end at once.
#[tracing::instrument(name = "db.accounts.revoke_role", skip_all, fields(%user, %role), err)]
pub async fn revoke(
    connection: &mut PgConnection,
    user: UserId,
    role: Role,
    doer: Doer<'_>,
) -> Result<bool, Error> {
    let revoked = sqlx::query!(
        "update people.roles set revoked_at = clock_timestamp(), revoked_by = $3
         where user_id = $1 and role = $2 and revoked_at is null",
        user.uuid(),
        role.as_str(),
        doer.by,
    )
    .execute(&mut *connection)
    .await?
    .rows_affected();
    if revoked == 1 {
        sessions::end_all(connection, user, None, EndReason::RoleChanged).await?;
        audit::note(connection, Happening::new(Action::RoleRevoked, user).with("role", role), doer).await?;
    }
    Ok(revoked == 1)
}

/// Locks an account with all its sessions; answers whether it was open.
#[tracing::instrument(name = "db.accounts.lock", skip_all, fields(%user), err)]
pub async fn lock(connection: &mut PgConnection, user: UserId, doer: Doer<'_>) -> Result<bool, Error> {
    let locked = sqlx::query!(
        "update people.users set locked_at = clock_timestamp(), locked_why = $2
         where user_id = $1 and locked_at is null",
        user.uuid(),
        doer.reason,
    )
    .execute(&mut *connection)
    .await?
    .rows_affected();
    if locked == 1 {
        sessions::end_all(connection, user, None, EndReason::Locked).await?;
        audit::note(connection, Happening::new(Action::AccountLocked, user), doer).await?;
    }
    Ok(locked == 1)
}

/// Unlocks an account; answers whether it was locked. One that is being closed is restored, not unlocked.
#[tracing::instrument(name = "db.accounts.unlock", skip_all, fields(%user), err)]
pub async fn unlock(connection: &mut PgConnection, user: UserId, doer: Doer<'_>) -> Result<bool, Error> {
    let unlocked = sqlx::query!(
        "update people.users set locked_at = null, locked_why = null
         where user_id = $1 and locked_at is not null and closing_at is null",
        user.uuid(),
    )
    .execute(&mut *connection)
    .await?
    .rows_affected();
    if unlocked == 1 {
        audit::note(connection, Happening::new(Action::AccountUnlocked, user), doer).await?;
    }
    Ok(unlocked == 1)
}
