//! Choosing another password: by proving the contact, or the one before.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use wolo_database::accounts::codes::Proved;
use wolo_database::accounts::passwords;
use wolo_database::accounts::sessions::{self, EndReason};
use wolo_database::{Context, Transaction};
use wolo_domain::accounts::CodePurpose;
use wolo_domain::ids::UserId;
use wolo_domain::notices::{Letter, Says};

use super::codes::{self, Sent, Wanted};
use super::letters;
use super::login::count;
use super::tokens::{reached, usable};
use crate::asker::Asker;
use crate::body::{self, Body};
use crate::caller::InSession;
use crate::contract::refusals;
use crate::credentials::{self, Verified};
use crate::fields::Fields;
use crate::limits::Tally;
use crate::problem::{self, Code, Problem};
use crate::state::App;

/// A code, and the password it lets be chosen.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reset {
    code_id: Uuid,
    code: String,
    #[schema(value_type = String, min_length = 8, max_length = 256)]
    password: SecretString,
}

/// The password of now, and the next.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    #[schema(value_type = String)]
    current: SecretString,
    #[schema(value_type = String, min_length = 8, max_length = 256)]
    password: SecretString,
}

refusals!(NotSent: body::REFUSALS, problem::OF_THE_STORE, &[Code::TooManyCodes]);
refusals!(NotReset: body::REFUSALS, problem::OF_THE_STORE,
    &[Code::OneTimeCodeWrong, Code::AccountLocked, Code::AccountUnknown, Code::Busy]);
refusals!(NotChanged: InSession::REFUSALS, body::REFUSALS,
    &[Code::CredentialsWrong, Code::TooManyGuesses, Code::AccountLocked, Code::AccountUnknown, Code::Busy]);

/// A code to choose a new one with.
#[utoipa::path(post, path = "/api/users/auth/forgot-password", operation_id = "accounts.forgot_password", tag = "accounts",
    request_body = Wanted,
    responses((status = 202, description = "A code is on its way, or would be.", body = Sent), NotSent))]
pub(crate) async fn forgot(
    State(app): State<App>,
    asker: Asker,
    tally: Tally,
    Body { value: wanted, .. }: Body<Wanted>,
) -> Result<Response, Problem> {
    codes::send_to_account(&app, &asker, &tally, wanted, CodePurpose::ResetPassword).await
}

/// Chooses a new one. All sessions end.
#[utoipa::path(post, path = "/api/users/auth/reset-password", operation_id = "accounts.reset_password", tag = "accounts",
    request_body = Reset,
    responses((status = 204, description = "Done."), NotReset))]
pub(crate) async fn reset(
    State(app): State<App>,
    Body { value: reset, .. }: Body<Reset>,
) -> Result<StatusCode, Problem> {
    strong(&reset.password)?;
    // Before the code is looked at: hashing takes its time, and no transaction waits for it.
    let hash = app.credentials.passwords.hash(reset.password).await?;
    let (tx, proved) =
        codes::attempt(&app, reset.code_id, &reset.code, &[CodePurpose::ResetPassword]).await?;
    let Proved::User(user) = proved else { return Err(Problem::new(Code::OneTimeCodeWrong)) };
    set(&app, tx, user, &hash, None).await
}

/// Changes it. The session that does it stays, the others end.
#[utoipa::path(put, path = "/api/users/auth/password", operation_id = "accounts.change_password", tag = "accounts",
    request_body = Change,
    security(("bearer" = [])),
    responses((status = 204, description = "Done."), NotChanged))]
pub(crate) async fn change(
    State(app): State<App>,
    InSession { user, session }: InSession,
    Body { value: change, .. }: Body<Change>,
) -> Result<StatusCode, Problem> {
    strong(&change.password)?;
    count(&app, &app.credentials.keyed.guesses("password", user.uuid().as_bytes())).await?;
    let mut tx = Context::gate().begin(&app.pool).await?;
    let hash = passwords::hash(&mut *tx, user).await?;
    drop(tx);
    match app.credentials.passwords.verify(change.current, hash).await? {
        Verified::Right { .. } => {
            let hash = app.credentials.passwords.hash(change.password).await?;
            let tx = Context::gate().begin(&app.pool).await?;
            set(&app, tx, user, &hash, session).await
        }
        Verified::Wrong => Err(Problem::new(Code::CredentialsWrong)),
    }
}

fn strong(password: &SecretString) -> Result<(), Problem> {
    let mut fields = Fields::default();
    if let Some(words) = credentials::weakness(password.expose_secret(), &[]) {
        fields.wrong("password", words);
    }
    fields.check()
}

async fn set(
    app: &App,
    mut tx: Transaction,
    user: UserId,
    hash: &str,
    stays: Option<Uuid>,
) -> Result<StatusCode, Problem> {
    let account = usable(&mut tx, user).await?;
    passwords::set(&mut tx, user, hash).await?;
    sessions::end_all(&mut tx, user, stays, EndReason::PasswordChanged).await?;
    if let Some(to) = reached(&account) {
        let letter = Letter { to, or_email: None, language: account.language, says: Says::PasswordChanged };
        letters::write(app, &mut tx, Some(user), &format!("password/{}", Uuid::now_v7()), &letter).await?;
    }
    wolo_database::commit(tx).await?;
    Ok(StatusCode::NO_CONTENT)
}
