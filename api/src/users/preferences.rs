//! `GET, PUT /api/users/preferences`: which messages somebody wants, how they are to come, and whether birthdays bring a pot.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wolo_database::Context;
use wolo_database::accounts::preferences;
use wolo_domain::notices::{Category, Channel};

use crate::body::{self, Body};
use crate::caller::{User, account};
use crate::contract::{refusals, schemas};
use crate::fields::Fields;
use crate::problem::{Code, Problem, Words};
use crate::state::App;

/// Which messages somebody wants, and how they come.
#[derive(Serialize, ToSchema)]
pub(crate) struct Preferences {
    /// Categories of messages that do not come.
    #[schema(value_type = Vec<schemas::Mutable>)]
    muted: Vec<Category>,
    /// The ways that are tried, one after the other until one has brought the message; on others nothing comes.
    #[schema(value_type = Vec<schemas::Channel>)]
    channels: Vec<Channel>,
    /// A pot is made for each birthday by itself.
    birthday_pot: bool,
}

/// Which messages somebody wants from now on.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewPreferences)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    /// Categories of messages that are not to come; all others are.
    #[schema(value_type = Vec<schemas::Mutable>)]
    muted: Vec<Category>,
    /// The ways to try, in this order, at least one; where it is left out they stay as they are.
    #[serde(default)]
    #[schema(value_type = Option<Vec<schemas::Channel>>, min_items = 1)]
    channels: Option<Vec<Channel>>,
    /// Whether a pot is made for each birthday by itself; where it is left out that stays as it is.
    #[serde(default)]
    birthday_pot: Option<bool>,
}

impl From<preferences::Preferences> for Preferences {
    fn from(stored: preferences::Preferences) -> Self {
        let is_muted = |one: &Category| stored.muted.contains(one);
        Self {
            muted: Category::ALL.into_iter().filter(is_muted).collect(),
            channels: stored.channels.unwrap_or_else(|| Channel::ALL.to_vec()),
            birthday_pot: stored.birthday_pot.unwrap_or(true),
        }
    }
}

refusals!(NotShown: User::REFUSALS);
refusals!(NotChanged: User::REFUSALS, body::REFUSALS, &[Code::AccountUnknown]);

/// Which messages come, and how.
#[utoipa::path(get, path = "/api/users/preferences", operation_id = "accounts.preferences", tag = "accounts",
    security(("bearer" = [])),
    responses((status = 200, description = "The preferences.", body = Preferences), NotShown))]
pub(crate) async fn show(State(app): State<App>, User(user): User) -> Result<Json<Preferences>, Problem> {
    let mut tx = Context::user(user).begin(&app.pool).await?;
    Ok(Json(preferences::of_user(&mut *tx, user).await?.into()))
}

/// Mutes these categories and no others, and says which ways are tried first.
#[utoipa::path(put, path = "/api/users/preferences", operation_id = "accounts.change_preferences", tag = "accounts",
    request_body = Wanted,
    security(("bearer" = [])),
    responses((status = 200, description = "The preferences, changed.", body = Preferences), NotChanged))]
pub(crate) async fn change(
    State(app): State<App>,
    User(user): User,
    Body { value: wanted, .. }: Body<Wanted>,
) -> Result<Json<Preferences>, Problem> {
    let wanted = checked(wanted)?;
    account(&app, user).await?;
    let mut tx = Context::user(user).begin(&app.pool).await?;
    preferences::set(&mut tx, user, &wanted).await?;
    let changed = preferences::of_user(&mut *tx, user).await?;
    wolo_database::commit(tx).await?;
    Ok(Json(changed.into()))
}

fn checked(wanted: Wanted) -> Result<preferences::Preferences, Problem> {
    let mut fields = Fields::default();
    for (place, _) in wanted.muted.iter().enumerate().filter(|(_, one)| one.must_be_heard()) {
        fields.wrong(
            &format!("muted[{place}]"),
            Words::new("cela est toujours dit", "this is always told").wolof("loolu dañu koy wax saa yu ne"),
        );
    }
    if wanted.channels.as_ref().is_some_and(Vec::is_empty) {
        fields.wrong(
            "channels",
            Words::new("il faut au moins un canal", "there must be one channel at least")
                .wolof("war na am benn canal"),
        );
    }
    fields.check()?;
    Ok(preferences::Preferences {
        muted: without_doubles(wanted.muted),
        channels: wanted.channels.map(without_doubles),
        birthday_pot: wanted.birthday_pot,
    })
}

/// Each where it stands first.
fn without_doubles<T: PartialEq>(given: Vec<T>) -> Vec<T> {
    given.into_iter().fold(Vec::new(), |mut kept, one| {
        if !kept.contains(&one) {
            kept.push(one);
        }
        kept
    })
}
