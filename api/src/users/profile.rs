//! What people say of themselves.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use wolo_database::accounts::codes::About;
use wolo_database::accounts::{self, Account, roles};
use wolo_database::Context;
use wolo_domain::accounts::{CodePurpose, Role};
use wolo_domain::contacts::{Email, Language};
use wolo_domain::ids::UserId;
use wolo_domain::people::Phone;

use super::codes::{self, Wanted};
use crate::body::Body;
use crate::caller::User;
use crate::fields::Fields;
use crate::problem::{Code, Problem};
use crate::state::App;

const NAME_CHARS: usize = 200;

/// An account as its holder sees it.
#[derive(Serialize)]
pub(crate) struct Profile {
    id: UserId,
    name: String,
    birth_date: NaiveDate,
    phone: Option<Phone>,
    email: Option<Email>,
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

#[derive(Serialize)]
pub(crate) struct Me {
    #[serde(flatten)]
    profile: Profile,
    roles: Vec<Role>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Changed {
    name: String,
    language: Language,
}

async fn own(app: &App, user: UserId) -> Result<Account, Problem> {
    let mut tx = Context::user(user).begin(&app.pool).await?;
    accounts::account(&mut *tx, user).await?.ok_or_else(|| Problem::new(Code::AccountUnknown))
}

/// `GET /api/users/auth/me`
pub(crate) async fn me(State(app): State<App>, User(user): User) -> Result<Json<Me>, Problem> {
    let profile = own(&app, user).await?.into();
    let mut tx = Context::user(user).begin(&app.pool).await?;
    let roles = roles::of_user(&mut *tx, user).await?.into_iter().map(|grant| grant.role).collect();
    Ok(Json(Me { profile, roles }))
}

/// `GET /api/users/profile`
pub(crate) async fn show(State(app): State<App>, User(user): User) -> Result<Json<Profile>, Problem> {
    Ok(Json(own(&app, user).await?.into()))
}

/// `PUT /api/users/profile`. The birth date decides what somebody may do, so nobody changes it alone.
pub(crate) async fn change(
    State(app): State<App>,
    User(user): User,
    Body { value: changed, .. }: Body<Changed>,
) -> Result<Json<Profile>, Problem> {
    let mut fields = Fields::default();
    let name = fields.some_text("name", changed.name, NAME_CHARS);
    fields.check()?;
    own(&app, user).await?;
    let mut tx = Context::user(user).begin(&app.pool).await?;
    accounts::change_profile(&mut tx, user, &name, changed.language).await?;
    tx.commit().await.map_err(wolo_database::Error::from)?;
    Ok(Json(own(&app, user).await?.into()))
}

/// `POST /api/users/profile/contact`: a code goes to the new contact, which is the account's when the code comes back.
pub(crate) async fn change_contact(
    State(app): State<App>,
    User(user): User,
    Body { value: wanted, .. }: Body<Wanted>,
) -> Result<Response, Problem> {
    let contact = wanted.read()?;
    let account = own(&app, user).await?;
    let mut tx = Context::gate().begin(&app.pool).await?;
    let taken = accounts::by_contact(&mut *tx, &contact).await?.is_some_and(|other| other.id != user);
    // Whoever reads the contact's messages would learn of it anyway; whoever asks does not.
    let about = if taken { About::Decoy } else { About::NewContact(user, contact.clone()) };
    let sent =
        codes::send(&app, &mut tx, CodePurpose::VerifyContact, &contact, account.language, about).await?;
    tx.commit().await.map_err(wolo_database::Error::from)?;
    Ok(sent.accepted())
}
