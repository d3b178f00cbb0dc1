//! The second factor of those who work here: setting it up, and giving it, half way through signing in.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wolo_database::accounts::{Account, second_factors, sessions};
use wolo_database::{Context, Transaction};
use wolo_domain::ids::UserId;

use super::codes::DEVICE_CHARS;
use super::login::count;
use super::tokens::{Tokens, begin, reached, usable};
use crate::asker::Asker;
use crate::body::{self, Body};
use crate::contract::refusals;
use crate::credentials::{self, Secret};
use crate::fields::{Fields, Lines};
use crate::problem::{self, Code, Problem};
use crate::proof::{self, ProofError};
use crate::state::App;
use crate::tokens::{Bearer, Kind};

/// The challenge that signing in answered with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Enrolling {
    challenge: String,
}

/// What the holder's device needs, shown this once.
#[derive(Serialize, ToSchema)]
pub(crate) struct Enrolled {
    pub(crate) otpauth_uri: String,
    pub(crate) recovery_codes: Vec<String>,
}

/// The second factor, with the challenge that asked for it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Giving {
    challenge: String,
    /// Six digits of the device, or a recovery code.
    code: String,
    #[serde(default)]
    #[schema(max_length = 200)]
    device: Option<String>,
}

fn half_way(app: &App, challenge: &str) -> Result<(UserId, Bearer), Problem> {
    app.verifier.check(challenge, Kind::HalfWay).map_err(|_| Problem::new(Code::TokenInvalid))
}

/// The account of a challenge that is still good: whatever ends all sessions ends those that are half way, too.
async fn going_on(tx: &mut Transaction, user: UserId, bearer: &Bearer) -> Result<Account, Problem> {
    let account = usable(tx, user).await?;
    if !sessions::epoch_lasts(&mut **tx, user, bearer.epoch).await? {
        return Err(Problem::new(Code::TokenInvalid));
    }
    Ok(account)
}

refusals!(NotEnrolled: body::REFUSALS, problem::OF_THE_STORE,
    &[Code::TokenInvalid, Code::SecondFactorThere, Code::AccountLocked, Code::AccountUnknown]);
refusals!(NotGiven: body::REFUSALS, problem::OF_THE_STORE,
    &[Code::TokenInvalid, Code::OneTimeCodeWrong, Code::TooManyGuesses, Code::AccountLocked, Code::AccountUnknown]);

/// A new secret, unless there is one that has been confirmed.
#[utoipa::path(post, path = "/api/users/auth/second-factor/enrol", operation_id = "accounts.enrol_second_factor", tag = "accounts",
    request_body = Enrolling,
    responses((status = 200, description = "What the device needs, shown once.", body = Enrolled), NotEnrolled))]
pub(crate) async fn enrol(
    State(app): State<App>,
    Body { value: enrolling, .. }: Body<Enrolling>,
) -> Result<Json<Enrolled>, Problem> {
    Ok(Json(enrolled(&app, &enrolling.challenge).await?))
}

/// The same for whoever is half way through signing in on a page.
pub(crate) async fn enrolled(app: &App, challenge: &str) -> Result<Enrolled, Problem> {
    let (user, bearer) = half_way(app, challenge)?;
    let secret = Secret::new().map_err(credentials::unavailable)?;
    let recovery_codes = credentials::new_recovery_codes().map_err(credentials::unavailable)?;
    let hash = |code: &String| app.credentials.keyed.recovery_code(user.uuid(), code);
    let hashes: Vec<_> = recovery_codes.iter().map(hash).collect();
    let sealed = app.credentials.seal.close(&proof::about(user), secret.bytes()).map_err(|error| {
        tracing::error!(%error, "a second factor could not be sealed");
        Problem::new(Code::Internal)
    })?;
    let mut tx = Context::gate().begin(&app.pool).await?;
    let account = going_on(&mut tx, user, &bearer).await?;
    if !second_factors::enrol(&mut tx, user, &sealed, &hashes).await? {
        return Err(Problem::new(Code::SecondFactorThere));
    }
    wolo_database::commit(tx).await?;
    let name = reached(&account).map_or_else(|| user.to_string(), |contact| contact.masked());
    Ok(Enrolled { otpauth_uri: secret.uri(&name), recovery_codes })
}

/// A code of the device, or a recovery code, opens the session.
#[utoipa::path(post, path = "/api/users/auth/second-factor", operation_id = "accounts.give_second_factor", tag = "accounts",
    request_body = Giving,
    responses((status = 200, description = "The session.", body = Tokens), NotGiven))]
pub(crate) async fn give(
    State(app): State<App>,
    asker: Asker,
    Body { value: giving, .. }: Body<Giving>,
) -> Result<Response, Problem> {
    let mut fields = Fields::default();
    let device = fields.text("device", giving.device, DEVICE_CHARS, Lines::One);
    fields.check()?;
    let Proven { tx, account, proofs } = with_second_factor(&app, &giving.challenge, &giving.code).await?;
    let session = begin(&app, &asker, tx, account, device, &proofs).await?;
    Ok(Json(session).into_response())
}

/// Somebody who has proved themselves twice. What comes of it goes on in the transaction.
pub(crate) struct Proven {
    pub(crate) tx: Transaction,
    pub(crate) account: Account,
    /// How, in the words of RFC 8176.
    pub(crate) proofs: Vec<String>,
}

/// Whoever has this challenge and this code.
pub(crate) async fn with_second_factor(app: &App, challenge: &str, code: &str) -> Result<Proven, Problem> {
    let (user, bearer) = half_way(app, challenge)?;
    count(app, &proof::target(&app.credentials.keyed, user)).await?;
    let mut tx = Context::gate().begin(&app.pool).await?;
    let account = going_on(&mut tx, user, &bearer).await?;
    let refused = || Problem::new(Code::OneTimeCodeWrong);
    let factor = second_factors::of_user(&mut *tx, user).await?.ok_or_else(refused)?;
    let keys = (&app.credentials.keyed, &app.credentials.seal);
    let counts = proof::counts(&mut tx, keys, user, &factor, code, App::now()).await;
    let counts = counts.map_err(|error| match error {
        ProofError::Database(error) => error.into(),
        ProofError::Sealed(error) => {
            tracing::error!(%error, %user, "a second factor cannot be opened");
            Problem::new(Code::Internal)
        }
    })?;
    if !counts {
        return Err(refused());
    }
    let proofs = bearer.amr.into_iter().chain(["totp".to_owned()]).collect();
    Ok(Proven { tx, account, proofs })
}
