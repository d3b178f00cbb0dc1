//! Sessions begin here, and go on with `POST /api/users/auth/refresh-token`.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use chrono::TimeDelta;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use wolo_database::accounts::sessions::{self, Holder, NewSession, Rotation};
use wolo_database::accounts::{self, Account, roles, second_factors};
use wolo_database::{Context, Transaction};
use wolo_domain::accounts::Role;
use wolo_domain::contacts::Contact;
use wolo_domain::ids::UserId;
use wolo_domain::notices::{Letter, Says};

use super::letters;
use crate::asker::Asker;
use crate::body::{self, Body};
use crate::contract::{refusals, schemas};
use crate::credentials;
use crate::problem::{self, Code, Problem};
use crate::state::App;
use crate::tokens::{self, Bearer, Kind};

/// How long somebody may take to find their second factor.
const HALF_WAY: Duration = Duration::from_mins(5);

/// Somebody who has proved who they are.
pub(crate) struct Entry {
    pub(crate) user: UserId,
    pub(crate) device: Option<String>,
    /// How, in the words of RFC 8176.
    pub(crate) proof: &'static str,
}

/// What a client asks with from now on.
#[derive(Serialize, ToSchema)]
pub(crate) struct Tokens {
    access_token: String,
    token_type: &'static str,
    /// Seconds.
    expires_in: u64,
    refresh_token: String,
    #[schema(value_type = schemas::UserId)]
    user: UserId,
}

/// Signing in goes on with the second factor.
#[derive(Serialize, ToSchema)]
pub(crate) struct HalfWay {
    second_factor: &'static str,
    /// What the second factor is given with.
    pub(crate) challenge: String,
    expires_in: u64,
    /// Whether there is one; without, it is set up first.
    pub(crate) enrolled: bool,
}

/// What signing in comes to.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum SignedIn {
    Session(Tokens),
    HalfWay(HalfWay),
}

/// The refresh token, which is exchanged for another one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Refresh {
    #[schema(value_type = String)]
    refresh_token: SecretString,
}

/// Opens a session, or asks those who work here for their second factor first, in the transaction that uses up what they have
/// proved themselves with: if it comes to nothing, their proof stays good.
pub(super) async fn enter(
    app: &App,
    asker: &Asker,
    tx: Transaction,
    entry: Entry,
) -> Result<Response, Problem> {
    Ok(Json(signed_in(app, asker, tx, entry).await?).into_response())
}

/// The same, for an answer that says more than this.
pub(crate) async fn signed_in(
    app: &App,
    asker: &Asker,
    mut tx: Transaction,
    entry: Entry,
) -> Result<SignedIn, Problem> {
    let account = usable(&mut tx, entry.user).await?;
    if roles_of(&mut tx, entry.user).await?.is_empty() {
        return begin(app, asker, tx, account, entry.device, &[entry.proof.to_owned()]).await;
    }
    Ok(SignedIn::HalfWay(half_way(app, tx, entry.user, entry.proof).await?))
}

/// Asks somebody for their second factor.
pub(crate) async fn half_way(
    app: &App,
    mut tx: Transaction,
    user: UserId,
    proof: &str,
) -> Result<HalfWay, Problem> {
    let factor = second_factors::of_user(&mut *tx, user).await?;
    let epoch = sessions::epoch(&mut *tx, user).await?.unwrap_or_default();
    wolo_database::commit(tx).await?;
    let bearer = Bearer { epoch, amr: vec![proof.to_owned()], ..Bearer::default() };
    let challenge =
        tokens::mint_kind(&app.settings.tokens, Kind::HalfWay, user, bearer, App::now(), HALF_WAY)
            .map_err(unsigned)?;
    let enrolled = factor.is_some_and(|factor| factor.confirmed);
    Ok(HalfWay { second_factor: "totp", challenge, expires_in: HALF_WAY.as_secs(), enrolled })
}

/// The account, if it may be used.
pub(crate) async fn usable(tx: &mut Transaction, user: UserId) -> Result<Account, Problem> {
    let account = accounts::account(&mut **tx, user).await?;
    let account = account.ok_or_else(|| Problem::new(Code::AccountUnknown))?;
    if account.locked { Err(Problem::new(Code::AccountLocked)) } else { Ok(account) }
}

pub(crate) async fn roles_of(tx: &mut Transaction, user: UserId) -> Result<Vec<Role>, Problem> {
    Ok(roles::of_user(&mut **tx, user).await?.into_iter().map(|grant| grant.role).collect())
}

/// Begins a session of somebody who has proved all that is needed, and tells them when the device is new.
pub(super) async fn begin(
    app: &App,
    asker: &Asker,
    mut tx: Transaction,
    account: Account,
    device: Option<String>,
    proofs: &[String],
) -> Result<SignedIn, Problem> {
    let roles = roles_of(&mut tx, account.id).await?;
    let lives = app.settings.accounts.session;
    let (holder, refresh_token) = open(app, asker, tx, account, device, proofs, lives).await?;
    answer(app, holder, roles, refresh_token)
}

/// A session that lives so long, and its refresh token.
pub(crate) async fn open(
    app: &App,
    asker: &Asker,
    mut tx: Transaction,
    account: Account,
    device: Option<String>,
    proofs: &[String],
    lives: Duration,
) -> Result<(Holder, String), Problem> {
    let session = Uuid::now_v7();
    let refresh_token = credentials::new_refresh_token().map_err(credentials::unavailable)?;
    let is_known = sessions::knows_device(&mut *tx, account.id, device.as_deref()).await?;
    let new = NewSession {
        id: session,
        user: account.id,
        device: device.as_deref(),
        proofs,
        token_hash: &app.credentials.keyed.refresh_token(&refresh_token),
        lives: TimeDelta::from_std(lives).unwrap_or(TimeDelta::days(7)),
    };
    sessions::begin(&mut tx, &new).await?;
    if let Some(to) = reached(&account).filter(|_| !is_known) {
        let letter =
            Letter { to, or_email: None, language: account.language, says: Says::NewDevice { device } };
        letters::write(app, &mut tx, Some(account.id), &format!("session/{session}"), &letter).await?;
    }
    wolo_database::commit(tx).await?;
    tracing::info!(user = %account.id, request = asker.request_id, "a session began");
    Ok((Holder { session, user: account.id, proofs: proofs.to_vec() }, refresh_token))
}

/// How a person is reached about their account: by phone where there is one.
pub(super) fn reached(account: &Account) -> Option<Contact> {
    let phone = account.phone.clone().map(Contact::Phone);
    phone.or_else(|| account.email.clone().map(Contact::Email))
}

refusals!(NotRefreshed: body::REFUSALS, problem::OF_THE_STORE,
    &[Code::RefreshRefused, Code::AccountLocked, Code::AccountUnknown]);

/// Goes on with a session: both tokens are new, and the old refresh token is good for nothing.
#[utoipa::path(post, path = "/api/users/auth/refresh-token", operation_id = "accounts.refresh", tag = "accounts",
    request_body = Refresh,
    responses((status = 200, description = "The next tokens.", body = Tokens), NotRefreshed))]
pub(crate) async fn refresh(
    State(app): State<App>,
    Body { value: given, .. }: Body<Refresh>,
) -> Result<Response, Problem> {
    let keyed = &app.credentials.keyed;
    let presented = given.refresh_token.expose_secret();
    let child = keyed.child_of(presented);
    let repeatable = TimeDelta::from_std(app.settings.accounts.repeat).unwrap_or(TimeDelta::zero());
    let mut tx = Context::gate().begin(&app.pool).await?;
    let (old, new) = (keyed.refresh_token(presented), keyed.refresh_token(&child));
    let rotation = sessions::rotate(&mut tx, &old, &new, repeatable).await?;
    let holder = match rotation {
        Rotation::Rotated(holder) | Rotation::Repeated(holder) => holder,
        Rotation::Reused { session } => {
            wolo_database::commit(tx).await?;
            tracing::warn!(%session, "a refresh token was used again late: its session ended");
            return Err(Problem::new(Code::RefreshRefused));
        }
        Rotation::Refused => return Err(Problem::new(Code::RefreshRefused)),
    };
    usable(&mut tx, holder.user).await?;
    let roles = roles_of(&mut tx, holder.user).await?;
    wolo_database::commit(tx).await?;
    Ok(Json(answer(&app, holder, roles, child)?).into_response())
}

fn answer(app: &App, holder: Holder, roles: Vec<Role>, refresh_token: String) -> Result<SignedIn, Problem> {
    let lives = app.settings.tokens.access;
    let user = holder.user;
    let bearer = Bearer { sid: Some(holder.session), roles, amr: holder.proofs, ..Bearer::default() };
    let access_token =
        tokens::mint(&app.settings.tokens, user, bearer, App::now(), lives).map_err(unsigned)?;
    let tokens =
        Tokens { access_token, token_type: "Bearer", expires_in: lives.as_secs(), refresh_token, user };
    Ok(SignedIn::Session(tokens))
}

fn unsigned(error: tokens::TokenError) -> Problem {
    tracing::error!(%error, "a token could not be made");
    Problem::new(Code::Internal)
}
