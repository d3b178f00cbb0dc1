//! Who may ask, as types: a handler that takes a [`User`] cannot be reached without a token that is good now, and one that
//! takes [`Staff`] not without being trusted with what it does.
//!
//! A token is good as long as it lives *and* its session does: whoever signs out, is locked, or loses a role is refused at
//! the next request. One that an operator minted has no session, and ends with all those of its person.

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use uuid::Uuid;
use wolo_database::Context;
use wolo_database::accounts::sessions;
use wolo_database::people::{self, Profile};
use wolo_domain::accounts::Role;
use wolo_domain::ids::UserId;

use crate::problem::{Code, Problem};
use crate::state::App;
use crate::tokens::{Bearer, Refused};

/// Whoever the token names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct User(pub(crate) UserId);

/// The same where a token is welcome but not needed. A bad token is refused here too: who believes to be signed in
/// must not be taken for a stranger in silence.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MaybeUser(pub(crate) Option<UserId>);

/// Whoever the token names, with the session that it belongs to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InSession {
    pub(crate) user: UserId,
    /// None for a token that an operator minted.
    pub(crate) session: Option<Uuid>,
}

/// Somebody who works here and may do this, and has shown a second factor.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Staff<P> {
    pub(crate) user: UserId,
    permission: PhantomData<P>,
}

/// Something that some roles may do.
pub(crate) trait Permission: Send + Sync {
    const ROLES: &'static [Role];
}

/// Stopping a pot, and letting it go on.
pub(crate) struct HoldPots;

impl Permission for HoldPots {
    const ROLES: &'static [Role] = &[Role::Support, Role::Superadmin];
}

/// Approving a payout.
pub(crate) struct ApprovePayouts;

impl Permission for ApprovePayouts {
    const ROLES: &'static [Role] = &[Role::Finance, Role::Superadmin];
}

/// Reviewing the identities of minors and of their guardians, and seeing who consented.
pub(crate) struct ReviewIdentities;

impl Permission for ReviewIdentities {
    const ROLES: &'static [Role] = &[Role::Reviewer, Role::Superadmin];
}

/// Seeing the figures of the business.
pub(crate) struct SeeFigures;

impl Permission for SeeFigures {
    const ROLES: &'static [Role] = &[Role::Support, Role::Finance, Role::Superadmin];
}

/// Taking away what the figures are made of, line by line.
pub(crate) struct TakeFigures;

impl Permission for TakeFigures {
    const ROLES: &'static [Role] = &[Role::Finance, Role::Superadmin];
}

/// Seeing what processes carry, in the engine's pages.
pub(crate) struct ReadPayloads;

impl Permission for ReadPayloads {
    const ROLES: &'static [Role] = &[Role::Reviewer, Role::Finance, Role::Superadmin];
}

/// Seeing of what shape it is, and the ids in it.
pub(crate) struct ReadShapes;

impl Permission for ReadShapes {
    const ROLES: &'static [Role] = &Role::ALL;
}

/// Making what processes will take for their own.
pub(crate) struct WritePayloads;

impl Permission for WritePayloads {
    const ROLES: &'static [Role] = &[Role::Superadmin];
}

/// Seeing what runs, and how well.
pub(crate) struct SeeServices;

impl Permission for SeeServices {
    const ROLES: &'static [Role] = &Role::ALL;
}

/// Seeing the books, and what in them needs somebody.
pub(crate) struct SeeBooks;

impl Permission for SeeBooks {
    const ROLES: &'static [Role] = &[Role::Support, Role::Finance, Role::Superadmin];
}

/// Seeing what became of messages.
pub(crate) struct SeeMessages;

impl Permission for SeeMessages {
    const ROLES: &'static [Role] = &[Role::Support, Role::Superadmin];
}

/// Reading the audit trail.
pub(crate) struct ReadTrail;

impl Permission for ReadTrail {
    const ROLES: &'static [Role] = &[Role::Superadmin];
}

/// Proofs of which one makes a session good enough for staff.
const STRONG: [&str; 2] = ["totp", "cli"];

/// What a request's token says, kept with the request: the edge looks to know whom to count, the handler to know whom to
/// serve, and checking a signature is the dearest thing that either does.
#[derive(Clone)]
struct Shown(Result<Option<(UserId, Bearer)>, Refused>);

/// Whom the request's token names, if its signature is ours and its time is not over. Whether its session lives is not
/// looked at here.
pub(crate) fn shown(parts: &mut Parts, app: &App) -> Result<Option<(UserId, Bearer)>, Refused> {
    if let Some(Shown(known)) = parts.extensions.get() {
        return known.clone();
    }
    let shown = read(&parts.headers, app);
    parts.extensions.insert(Shown(shown.clone()));
    shown
}

fn read(headers: &HeaderMap, app: &App) -> Result<Option<(UserId, Bearer)>, Refused> {
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let token = match (given.next(), given.next()) {
        (None, _) => return Ok(None),
        (Some(one), None) => one.to_str().ok().and_then(token_of),
        (Some(_), Some(_)) => None,
    };
    app.verifier.bearer(token.ok_or(Refused)?).map(Some)
}

async fn bearer(parts: &mut Parts, app: &App) -> Result<Option<(UserId, Bearer)>, Problem> {
    let refused = || Problem::new(Code::TokenInvalid);
    let Some((user, bearer)) = shown(parts, app).map_err(|Refused| refused())? else { return Ok(None) };
    let mut tx = Context::user(user).begin(&app.pool).await?;
    let good = match bearer.sid {
        Some(session) => sessions::lives(&mut *tx, session, user).await?,
        // Whether there is such an account is asked where it matters.
        None => sessions::epoch_lasts(&mut *tx, user, bearer.epoch).await?,
    };
    if good { Ok(Some((user, bearer))) } else { Err(refused()) }
}

impl User {
    pub(crate) const REFUSALS: &[Code] = InSession::REFUSALS;
}

impl MaybeUser {
    pub(crate) const REFUSALS: &[Code] = &[Code::TokenInvalid, Code::StoreUnavailable];
}

impl InSession {
    pub(crate) const REFUSALS: &[Code] = &[Code::TokenMissing, Code::TokenInvalid, Code::StoreUnavailable];
}

impl<P> Staff<P> {
    pub(crate) const REFUSALS: &[Code] = &[
        Code::TokenMissing,
        Code::TokenInvalid,
        Code::NotAllowed,
        Code::SecondFactorNeeded,
        Code::StoreUnavailable,
    ];
}

impl FromRequestParts<App> for MaybeUser {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        Ok(Self(bearer(parts, app).await?.map(|(user, _)| user)))
    }
}

impl FromRequestParts<App> for User {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        Ok(Self(InSession::from_request_parts(parts, app).await?.user))
    }
}

impl FromRequestParts<App> for InSession {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let (user, bearer) = bearer(parts, app).await?.ok_or_else(|| Problem::new(Code::TokenMissing))?;
        Ok(Self { user, session: bearer.sid })
    }
}

impl<P: Permission> FromRequestParts<App> for Staff<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let (user, bearer) = bearer(parts, app).await?.ok_or_else(|| Problem::new(Code::TokenMissing))?;
        permit::<P>(&bearer)?;
        Ok(Self { user, permission: PhantomData })
    }
}

/// Whether whoever bears this may do it.
pub(crate) fn permit<P: Permission>(bearer: &Bearer) -> Result<(), Problem> {
    if !bearer.roles.iter().any(|role| P::ROLES.contains(role)) {
        return Err(Problem::new(Code::NotAllowed));
    }
    if !bearer.amr.iter().any(|proof| STRONG.contains(&proof.as_str())) {
        return Err(Problem::new(Code::SecondFactorNeeded));
    }
    Ok(())
}

fn token_of(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The account behind a token, which may have gone since the token was made.
pub(crate) async fn account(app: &App, user: UserId) -> Result<Profile, Problem> {
    let mut tx = Context::user(user).begin(&app.pool).await?;
    people::profile(&mut *tx, user).await?.ok_or_else(|| Problem::new(Code::AccountUnknown))
}
