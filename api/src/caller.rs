//! Who may ask, as types: a handler that takes a [`User`] cannot be reached without a valid token.

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use wolo_database::people::{self, Profile};
use wolo_domain::ids::UserId;

use crate::problem::{Code, Problem};
use crate::state::App;

/// Whoever the token names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct User(pub(crate) UserId);

/// The same where a token is welcome but not needed. A bad token is refused here too: who believes to be signed in
/// must not be taken for a stranger in silence.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MaybeUser(pub(crate) Option<UserId>);

impl User {
    pub(crate) const REFUSALS: &[Code] = &[Code::TokenMissing, Code::TokenInvalid];
}

impl MaybeUser {
    pub(crate) const REFUSALS: &[Code] = &[Code::TokenInvalid];
}

impl FromRequestParts<App> for MaybeUser {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let mut given = parts.headers.get_all(header::AUTHORIZATION).iter();
        let token = match (given.next(), given.next()) {
            (None, _) => return Ok(Self(None)),
            (Some(one), None) => one.to_str().ok().and_then(bearer),
            (Some(_), Some(_)) => None,
        };
        let user = token.and_then(|token| app.verifier.user(token).ok());
        user.map(|user| Self(Some(user))).ok_or_else(|| Problem::new(Code::TokenInvalid))
    }
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
