//! What people say of themselves.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wolo_database::Context;
use wolo_database::accounts::codes::About;
use wolo_database::accounts::{self, Account, roles};
use wolo_domain::accounts::{CodePurpose, Role};
use wolo_domain::contacts::{Email, Language};
use wolo_domain::ids::UserId;
use wolo_domain::people::{NAME_CHARS, Phone};

use super::codes::{self, Sent, Wanted};
use crate::body::{self, Body};
use crate::caller::User;
use crate::contract::{refusals, schemas};
use crate::fields::{Fields, Lines};
use crate::limits::Tally;
use crate::problem::{Code, Problem};
use crate::state::App;

/// An account as its holder sees it.
#[derive(Serialize, ToSchema)]
pub(crate) struct Profile {
    #[schema(value_type = schemas::UserId)]
    id: UserId,
    name: String,
    birth_date: NaiveDate,
    #[schema(value_type = Option<String>)]
    phone: Option<Phone>,
    #[schema(value_type = Option<String>)]
    email: Option<Email>,
    #[schema(value_type = schemas::Language)]
    language: Language,
    created_at: DateTime<Utc>,
}

impl From<Account> for Profile {
    fn from(account: Account) -> Self {
        Self {
            id: account.id,
            name: account.name,
            birth_date: account.birth_date.day(),
            phone: account.phone,
            email: account.email,
            language: account.language,
            created_at: account.created_at,
        }
    }
}

/// Whoever asks.
#[derive(Serialize, ToSchema)]
pub(crate) struct Me {
    #[serde(flatten)]
    profile: Profile,
    #[schema(value_type = Vec<schemas::Role>)]
    roles: Vec<Role>,
}

/// What a person may change alone.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "Awa Ndiaye", "language": "fr" }))]
pub(crate) struct Changed {
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    #[schema(value_type = schemas::Language)]
    language: Language,
}

refusals!(NotShown: User::REFUSALS, &[Code::AccountUnknown]);
refusals!(NotChanged: User::REFUSALS, body::REFUSALS, &[Code::AccountUnknown]);
refusals!(NotSent: User::REFUSALS, body::REFUSALS, &[Code::AccountUnknown, Code::TooManyCodes]);

async fn own(app: &App, user: UserId) -> Result<Account, Problem> {
    let mut tx = Context::user(user).begin(&app.pool).await?;
    accounts::account(&mut *tx, user).await?.ok_or_else(|| Problem::new(Code::AccountUnknown))
}

/// Whoever the token names, and what they are trusted with.
#[utoipa::path(get, path = "/api/users/auth/me", operation_id = "accounts.me", tag = "accounts",
    security(("bearer" = [])),
    responses((status = 200, description = "The account.", body = Me), NotShown))]
pub(crate) async fn me(State(app): State<App>, User(user): User) -> Result<Json<Me>, Problem> {
    let profile = own(&app, user).await?.into();
    let mut tx = Context::user(user).begin(&app.pool).await?;
    let roles = roles::of_user(&mut *tx, user).await?.into_iter().map(|grant| grant.role).collect();
    Ok(Json(Me { profile, roles }))
}

/// The account.
#[utoipa::path(get, path = "/api/users/profile", operation_id = "accounts.profile", tag = "accounts",
    security(("bearer" = [])),
    responses((status = 200, description = "The account.", body = Profile), NotShown))]
pub(crate) async fn show(State(app): State<App>, User(user): User) -> Result<Json<Profile>, Problem> {
    Ok(Json(own(&app, user).await?.into()))
}

/// Changes what a person says of themselves. The birth date decides what they may do, so nobody changes it alone.
#[utoipa::path(put, path = "/api/users/profile", operation_id = "accounts.change_profile", tag = "accounts",
    request_body = Changed,
    security(("bearer" = [])),
    responses((status = 200, description = "The account, changed.", body = Profile), NotChanged))]
pub(crate) async fn change(
    State(app): State<App>,
    User(user): User,
    Body { value: changed, .. }: Body<Changed>,
) -> Result<Json<Profile>, Problem> {
    let mut fields = Fields::default();
    let name = fields.some_text("name", changed.name, NAME_CHARS, Lines::One);
    fields.check()?;
    own(&app, user).await?;
    let mut tx = Context::user(user).begin(&app.pool).await?;
    accounts::change_profile(&mut tx, user, &name, changed.language).await?;
    wolo_database::commit(tx).await?;
    Ok(Json(own(&app, user).await?.into()))
}

/// A code goes to the new contact, which is the account's when the code comes back.
#[utoipa::path(post, path = "/api/users/profile/contact", operation_id = "accounts.change_contact", tag = "accounts",
    request_body = Wanted,
    security(("bearer" = [])),
    responses((status = 202, description = "A code is on its way, or would be.", body = Sent), NotSent))]
pub(crate) async fn change_contact(
    State(app): State<App>,
    User(user): User,
    tally: Tally,
    Body { value: wanted, .. }: Body<Wanted>,
) -> Result<Response, Problem> {
    let contact = wanted.read()?;
    tally.contact(&app.limits, &contact).await?;
    let account = own(&app, user).await?;
    let mut tx = Context::gate().begin(&app.pool).await?;
    let taken = accounts::by_contact(&mut *tx, &contact).await?.is_some_and(|other| other.id != user);
    // Whoever reads the contact's messages would learn of it anyway; whoever asks does not.
    let about = if taken { About::Decoy } else { About::NewContact(user, contact.clone()) };
    let sent =
        codes::send(&app, &mut tx, CodePurpose::VerifyContact, &contact, account.language, about).await?;
    wolo_database::commit(tx).await?;
    Ok(sent.accepted())
}
