//! What messages a person wants, in which order their channels are tried, and whether birthdays bring them a pot.

use sqlx::{PgConnection, PgExecutor};
use wolo_domain::ids::UserId;
use wolo_domain::notices::{Category, Channel};

use crate::Error;
use crate::rows::word;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preferences {
    pub muted: Vec<Category>,
    /// None for somebody who has not chosen.
    pub channels: Option<Vec<Channel>>,
    /// Whether a pot is made for each birthday by itself; None for somebody who has not chosen, who gets one.
    pub birthday_pot: Option<bool>,
}

/// What a person has chosen.
#[tracing::instrument(name = "db.accounts.preferences", skip_all, fields(%user), err)]
pub async fn of_user(database: impl PgExecutor<'_>, user: UserId) -> Result<Preferences, Error> {
    let row = sqlx::query!(
        "select muted, channels, birthday_pot from people.preferences where user_id = $1",
        user.uuid(),
    )
    .fetch_optional(database)
    .await?;
    let Some(row) = row else { return Ok(Preferences::default()) };
    let words = |column| move |text: &String| word(text, "people.preferences", column, user);
    Ok(Preferences {
        muted: row.muted.iter().map(words("muted")).collect::<Result<_, _>>()?,
        channels: row
            .channels
            .map(|channels| {
                channels.iter().map(|text| word(text, "people.preferences", "channels", user)).collect()
            })
            .transpose()?,
        birthday_pot: Some(row.birthday_pot),
    })
}

/// Mutes these categories and no others. What is not given stays as it is.
#[tracing::instrument(name = "db.accounts.set_preferences", skip_all, fields(%user), err)]
pub async fn set(
    connection: &mut PgConnection,
    user: UserId,
    preferences: &Preferences,
) -> Result<(), Error> {
    let muted: Vec<_> = preferences.muted.iter().map(|one| one.as_str().to_owned()).collect();
    let channels: Option<Vec<_>> = preferences
        .channels
        .as_ref()
        .map(|channels| channels.iter().map(|one| one.as_str().to_owned()).collect());
    sqlx::query!(
        "insert into people.preferences as kept (user_id, muted, channels, birthday_pot)
         values ($1, $2, $3, coalesce($4, true))
         on conflict (user_id) do update
             set muted = excluded.muted, channels = coalesce(excluded.channels, kept.channels),
                 birthday_pot = coalesce($4, kept.birthday_pot)",
        user.uuid(),
        &muted,
        channels.as_deref(),
        preferences.birthday_pot,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Mutes one category more.
#[tracing::instrument(name = "db.accounts.mute", skip_all, fields(%user), err)]
pub async fn mute(connection: &mut PgConnection, user: UserId, category: Category) -> Result<(), Error> {
    sqlx::query!(
        "insert into people.preferences as kept (user_id, muted) values ($1, array[$2])
         on conflict (user_id) do update set muted = array_append(kept.muted, $2)
             where not $2 = any(kept.muted)",
        user.uuid(),
        category.as_str(),
    )
    .execute(connection)
    .await?;
    Ok(())
}
