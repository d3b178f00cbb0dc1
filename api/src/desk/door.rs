//! Whoever comes to an admin page: with which session, trusted with what.
//!
//! The browser keeps a token that is good for these pages and for nothing else, where no script reads it, and sends it along because
//! of our own pages alone. It ends with its session: when somebody signs out, is locked, or loses a role.

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Redirect, Response};
use wolo_database::Context;
use wolo_database::accounts::sessions;
use wolo_domain::accounts::Role;
use wolo_domain::ids::UserId;

use crate::asker::{Asker, Language};
use crate::caller::{Permission, permit};
use crate::cookies::{self, Cookie, SameSite};
use crate::page::spoken;
use crate::problem::{Code, Problem};
use crate::state::App;
use crate::tokens::{Bearer, Kind};

const COOKIE: &str = "wolo_desk";
/// Where one signs in.
pub(super) const SIGN_IN: &str = "/admin/login";

/// Somebody who works here and may do this.
pub(crate) struct AtDesk<P> {
    pub(super) user: UserId,
    pub(super) roles: Vec<Role>,
    pub(super) language: Language,
    permission: PhantomData<P>,
}

impl<P> AtDesk<P> {
    pub(crate) const REFUSALS: &[Code] =
        &[Code::NotAllowed, Code::SecondFactorNeeded, Code::StoreUnavailable];
}

impl<P: Permission> FromRequestParts<App> for AtDesk<P> {
    /// Whoever is not signed in is shown where one signs in.
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let Ok(asker) = Asker::from_request_parts(parts, app).await;
        let found = seated(&parts.headers, app).await.map_err(Problem::into_response)?;
        let Some((user, bearer)) = found else { return Err(Redirect::to(SIGN_IN).into_response()) };
        permit::<P>(&bearer).map_err(Problem::into_response)?;
        Ok(Self { user, roles: bearer.roles, language: spoken(asker.language), permission: PhantomData })
    }
}

/// Whoever the browser's token names, while its session lives.
pub(super) async fn seated(headers: &HeaderMap, app: &App) -> Result<Option<(UserId, Bearer)>, Problem> {
    let Some(token) = cookies::kept(headers, COOKIE) else { return Ok(None) };
    let Ok((user, bearer)) = app.verifier.check(token, Kind::Desk) else { return Ok(None) };
    let Some(session) = bearer.sid else { return Ok(None) };
    let mut tx = Context::user(user).begin(&app.pool).await?;
    let lives = sessions::lives(&mut *tx, session, user).await?;
    Ok(lives.then_some((user, bearer)))
}

/// Sends a browser on to another of these pages, with what it is to keep from now on: so many seconds, or no longer. A page that is come
/// to by a link from elsewhere is shown too; what another site's page sends is refused where it changes something.
pub(super) fn keeping(path: &str, token: &str, seconds: u64, app: &App) -> Response {
    let mut response = Redirect::to(path).into_response();
    let cookie = Cookie { name: COOKIE, value: token, path: "/admin", seconds, same_site: SameSite::Lax };
    cookie.put(&mut response, app);
    response
}
