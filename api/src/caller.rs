//! Who may ask, as types: a handler that takes a [`User`] cannot be reached without a valid token.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use wolo_database::people::{self, Profile};
use wolo_domain::ids::UserId;

use crate::problem::{Code, Problem};
use crate::state::App;
use crate::tokens::Refused;

/// Whoever the token names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct User(pub(crate) UserId);

/// The same where a token is welcome but not needed. A bad token is refused here too: who believes to be signed in
/// must not be taken for a stranger in silence.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MaybeUser(pub(crate) Option<UserId>);

/// What a request's token came to, kept with the request: the edge looks to know whom to count, the handler to know
/// whom to serve, and checking a signature is the dearest thing that either does.
#[derive(Clone, Copy)]
struct Identified(Result<Option<UserId>, Refused>);

impl FromRequestParts<App> for MaybeUser {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let known = parts.extensions.get().copied();
        let Identified(user) = known.unwrap_or_else(|| Identified(identify(&parts.headers, app)));
        parts.extensions.insert(Identified(user));
        user.map(Self).map_err(|Refused| Problem::new(Code::TokenInvalid))
    }
}

fn identify(headers: &HeaderMap, app: &App) -> Result<Option<UserId>, Refused> {
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let token = match (given.next(), given.next()) {
        (None, _) => return Ok(None),
        (Some(one), None) => one.to_str().ok().and_then(bearer),
        (Some(_), Some(_)) => None,
    };
    app.verifier.user(token.ok_or(Refused)?).map(Some)
}

impl FromRequestParts<App> for User {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let MaybeUser(user) = MaybeUser::from_request_parts(parts, app).await?;
        user.map(Self).ok_or_else(|| Problem::new(Code::TokenMissing))
    }
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The account behind a token, which may have gone since the token was made.
pub(crate) async fn account(app: &App, user: UserId) -> Result<Profile, Problem> {
    people::profile(&app.pool, user).await?.ok_or_else(|| Problem::new(Code::AccountUnknown))
}
