//! `GET, PUT /api/users/preferences`: which messages somebody wants.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wolo_database::Context;
use wolo_database::accounts::preferences;

use crate::body::{self, Body};
use crate::caller::{User, account};
use crate::contract::refusals;
use crate::problem::{Code, Problem};
use crate::state::App;

/// What may be muted. Money, consent and security are always told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Category {
    Reminders,
    Invitations,
    Wishes,
    News,
}

impl Category {
    const ALL: [Self; 4] = [Self::Reminders, Self::Invitations, Self::Wishes, Self::News];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Reminders => "reminders",
            Self::Invitations => "invitations",
            Self::Wishes => "wishes",
            Self::News => "news",
        }
    }
}

/// Which messages somebody wants.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Preferences {
    /// Categories of messages that do not come.
    muted: Vec<Category>,
}

refusals!(NotShown: User::REFUSALS);
refusals!(NotChanged: User::REFUSALS, body::REFUSALS, &[Code::AccountUnknown]);

/// Which messages do not come.
#[utoipa::path(get, path = "/api/users/preferences", operation_id = "accounts.preferences", tag = "accounts",
    security(("bearer" = [])),
    responses((status = 200, description = "The preferences.", body = Preferences), NotShown))]
pub(crate) async fn show(State(app): State<App>, User(user): User) -> Result<Json<Preferences>, Problem> {
    let mut tx = Context::user(user).begin(&app.pool).await?;
    let words = preferences::muted(&mut *tx, user).await?;
    let muted = Category::ALL.into_iter().filter(|one| words.iter().any(|word| word == one.as_str()));
    Ok(Json(Preferences { muted: muted.collect() }))
}

/// Mutes these categories and no others.
#[utoipa::path(put, path = "/api/users/preferences", operation_id = "accounts.change_preferences", tag = "accounts",
    request_body = Preferences,
    security(("bearer" = [])),
    responses((status = 200, description = "The preferences, changed.", body = Preferences), NotChanged))]
pub(crate) async fn change(
    State(app): State<App>,
    User(user): User,
    Body { value: mut wanted, .. }: Body<Preferences>,
) -> Result<Json<Preferences>, Problem> {
    account(&app, user).await?;
    wanted.muted.sort_unstable();
    wanted.muted.dedup();
    let words: Vec<_> = wanted.muted.iter().map(|one| one.as_str().to_owned()).collect();
    let mut tx = Context::user(user).begin(&app.pool).await?;
    preferences::set_muted(&mut tx, user, &words).await?;
    wolo_database::commit(tx).await?;
    Ok(Json(wanted))
}
