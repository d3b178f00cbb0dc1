//! Phones that take push messages.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;
use wolo_domain::ids::UserId;
use wolo_domain::words::words;

use crate::rows::word;
use crate::{Error, Pool};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Platform {
    Android,
    Ios,
    Web,
}

impl Platform {
    pub const ALL: [Self; 3] = [Self::Android, Self::Ios, Self::Web];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Android => "android",
            Self::Ios => "ios",
            Self::Web => "web",
        }
    }
}

words!(Platform, "a platform");

/// A message goes to all of somebody's devices, so there must not be any number of them.
const DEVICES_AT_MOST: i64 = 10;

/// A device as its owner may see it: without the token that reaches it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    pub id: Uuid,
    pub platform: Platform,
    pub created_at: DateTime<Utc>,
}

/// Adds a device, or finds it. One that somebody else had is theirs no more: a phone has one owner at a time. An API says in
/// its context that the caller has the phone. Who adds too many loses the oldest.
#[tracing::instrument(name = "db.notices.add_device", skip(connection, token), err)]
pub async fn add_device(
    connection: &mut PgConnection,
    user: UserId,
    token: &str,
    platform: Platform,
) -> Result<Device, Error> {
    sqlx::query!(
        "update notices.devices set gone_at = clock_timestamp()
         where token = $1 and gone_at is null and user_id <> $2",
        token,
        user.uuid(),
    )
    .execute(&mut *connection)
    .await?;
    let row = sqlx::query!(
        "insert into notices.devices as device (device_id, user_id, token, platform) values ($1, $2, $3, $4)
         on conflict (token) where gone_at is null do update set platform = excluded.platform
         returning device_id, created_at",
        Uuid::now_v7(),
        user.uuid(),
        token,
        platform.as_str(),
    )
    .fetch_one(&mut *connection)
    .await?;
    sqlx::query!(
        "update notices.devices set gone_at = clock_timestamp()
         where user_id = $1 and gone_at is null and device_id in (
             select device_id from notices.devices
             where user_id = $1 and gone_at is null
             order by created_at desc, device_id desc offset $2
         )",
        user.uuid(),
        DEVICES_AT_MOST,
    )
    .execute(connection)
    .await?;
    Ok(Device { id: row.device_id, platform, created_at: row.created_at })
}

#[tracing::instrument(name = "db.notices.devices_of", skip_all, fields(%user), err)]
pub async fn devices_of(database: impl PgExecutor<'_>, user: UserId) -> Result<Vec<Device>, Error> {
    sqlx::query!(
        "select device_id, platform, created_at from notices.devices
         where user_id = $1 and gone_at is null order by created_at, device_id",
        user.uuid(),
    )
    .fetch_all(database)
    .await?
    .into_iter()
    .map(|row| {
        let platform = word(&row.platform, "notices.devices", "platform", row.device_id)?;
        Ok(Device { id: row.device_id, platform, created_at: row.created_at })
    })
    .collect()
}

/// Takes a device away; says whether there was one.
#[tracing::instrument(name = "db.notices.remove_device", skip(connection), err)]
pub async fn remove_device(connection: &mut PgConnection, user: UserId, device: Uuid) -> Result<bool, Error> {
    let gone = sqlx::query!(
        "update notices.devices set gone_at = clock_timestamp()
         where device_id = $1 and user_id = $2 and gone_at is null",
        device,
        user.uuid(),
    )
    .execute(connection)
    .await?
    .rows_affected();
    Ok(gone == 1)
}

/// The provider said that nobody is there any more.
#[tracing::instrument(name = "db.notices.forget_device", skip_all, err)]
pub async fn forget_device(pool: &Pool, token: &str) -> Result<(), Error> {
    sqlx::query!(
        "update notices.devices set gone_at = clock_timestamp() where token = $1 and gone_at is null",
        token,
    )
    .execute(pool)
    .await?;
    Ok(())
}
