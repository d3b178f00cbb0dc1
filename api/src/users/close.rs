//! `DELETE /api/users/me`

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use wolo_control::closures::{ClosingAnswer, ClosureInput, ClosureState};
use wolo_control::ids;
use wolo_database::accounts::codes::Proved;
use wolo_database::accounts::passwords;
use wolo_database::{Context, Transaction};
use wolo_domain::accounts::CodePurpose;
use wolo_domain::ids::UserId;

use super::codes;
use super::login::count;
use crate::body::{self, Body};
use crate::caller::User;
use crate::contract::refusals;
use crate::credentials::Verified;
use crate::fields::Fields;
use crate::problem::{self, Code, Problem, Words};
use crate::rules;
use crate::state::App;

/// Why, as the process and the audit trail have it.
const REASON: &str = "asked for by its holder";

/// That it is they, once more: the password, or a code that was asked for to sign in with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "password": "des mangues au marché" }))]
pub(crate) struct Farewell {
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    password: Option<SecretString>,
    #[serde(default)]
    code_id: Option<Uuid>,
    #[serde(default)]
    code: Option<String>,
}

/// An account that is closed.
#[derive(Serialize, ToSchema)]
pub(crate) struct ClosedAccount {
    /// The process behind it.
    process: String,
    closed_at: DateTime<Utc>,
    /// Not before this, and not before all money of theirs has arrived. Until then WOLO restores the account for whoever asks.
    erases_at: DateTime<Utc>,
}

refusals!(NotClosed: User::REFUSALS, body::REFUSALS, problem::OF_THE_STORE, problem::OF_THE_ENGINE,
    &[Code::CredentialsWrong, Code::OneTimeCodeWrong, Code::TooManyGuesses, Code::AccountUnknown, Code::Busy]);

/// Closes the caller's account: it is signed in nowhere from then on. Their pots that have not closed are given up and their
/// invitations taken back; a month later everything that says who they were is erased. The password is asked for once more, or a
/// code of `otp/request`.
#[utoipa::path(delete, path = "/api/users/me", operation_id = "accounts.close", tag = "accounts",
    request_body = Farewell,
    security(("bearer" = [])),
    responses((status = 200, description = "Closed.", body = ClosedAccount), NotClosed))]
pub(crate) async fn close(
    State(app): State<App>,
    User(user): User,
    Body { value: farewell, .. }: Body<Farewell>,
) -> Result<Json<ClosedAccount>, Problem> {
    let code = prove(&app, user, farewell).await?;
    let (notices, notice_patience) = rules::of_notices(&app.settings.notices);
    let input = ClosureInput {
        user,
        by: user.to_string(),
        reason: REASON.to_owned(),
        patience: rules::of_closures(&app.settings),
        notices,
        notice_patience,
        carried: ClosureState::default(),
    };
    match app.control.close_account(input, app.settings.api.patience).await? {
        ClosingAnswer::Closed { since, erases_at } => {
            // A code is used up with what it was for: had that come to nothing, it would be good still.
            if let Some(code) = code {
                wolo_database::commit(code).await?;
            }
            Ok(Json(ClosedAccount { process: ids::closure(user), closed_at: since, erases_at }))
        }
        ClosingAnswer::Restored => Err(Problem::new(Code::NotYet)),
        ClosingAnswer::Erased | ClosingAnswer::NobodyKnown => Err(Problem::new(Code::AccountUnknown)),
    }
}

/// Refuses whoever only has the token. Gives back the transaction in which a code is used up, where it was a code.
async fn prove(app: &App, user: UserId, farewell: Farewell) -> Result<Option<Transaction>, Problem> {
    match (farewell.password, farewell.code_id, farewell.code) {
        (Some(password), None, None) => by_password(app, user, password).await.map(|()| None),
        (None, Some(id), Some(code)) => match codes::attempt(app, id, &code, &[CodePurpose::SignIn]).await? {
            (code, Proved::User(theirs)) if theirs == user => Ok(Some(code)),
            _ => Err(Problem::new(Code::OneTimeCodeWrong)),
        },
        _ => {
            let mut fields = Fields::default();
            fields.wrong(
                "password",
                Words::new(
                    "Donnez votre mot de passe, ou un code avec son identifiant.",
                    "Give your password, or a code with its id.",
                ),
            );
            fields.check().map(|()| None)
        }
    }
}

async fn by_password(app: &App, user: UserId, password: SecretString) -> Result<(), Problem> {
    count(app, &app.credentials.keyed.guesses("password", user.uuid().as_bytes())).await?;
    let mut tx = Context::gate().begin(&app.pool).await?;
    let hash = passwords::hash(&mut *tx, user).await?;
    drop(tx);
    match app.credentials.passwords.verify(password, hash).await? {
        Verified::Right { .. } => Ok(()),
        Verified::Wrong => Err(Problem::new(Code::CredentialsWrong)),
    }
}
