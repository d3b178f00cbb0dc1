//! Whoever comes to an admin page: with which session, trusted with what.
//!
//! The browser keeps a token that is good for these pages and for nothing else, where no script reads it, and sends it along because
//! of our own pages alone. It ends with its session: when somebody signs out, is locked, or loses a role.

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use uuid::Uuid;
use wolo_database::Context;
use wolo_database::accounts::sessions;
use wolo_domain::accounts::Role;
use wolo_domain::ids::UserId;

use crate::asker::{Asker, Language};
use crate::caller::{Permission, permit};
use crate::page::{spoken, wants_page};
use crate::problem::{Code, Problem};
use crate::state::App;
use crate::tokens::{Bearer, Kind};

const COOKIE: &str = "wolo_desk";

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
        let Some((user, bearer)) = found else { return Err(to_sign_in()) };
        permit::<P>(&bearer).map_err(Problem::into_response)?;
        Ok(Self { user, roles: bearer.roles, language: spoken(asker.language), permission: PhantomData })
    }
}

/// Whoever the browser's token names, while its session lives.
pub(super) async fn seated(headers: &HeaderMap, app: &App) -> Result<Option<(UserId, Bearer)>, Problem> {
    let Some(token) = kept(headers) else { return Ok(None) };
    let Ok((user, bearer)) = app.verifier.check(token, Kind::Desk) else { return Ok(None) };
    let Some(session) = bearer.sid else { return Ok(None) };
    let mut tx = Context::user(user).begin(&app.pool).await?;
    let lives = sessions::lives(&mut *tx, session, user).await?;
    Ok(lives.then_some((user, bearer)))
}

fn kept(headers: &HeaderMap) -> Option<&str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    lines
        .flat_map(|line| line.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

fn to_sign_in() -> Response {
    leading_to("/admin/login")
}

/// Sends a browser on to another of these pages.
pub(super) fn leading_to(path: &'static str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    response.headers_mut().insert(header::LOCATION, HeaderValue::from_static(path));
    response
}

/// The same, with what the browser is to keep from now on: so many seconds, or no longer. A page that is come to by a link from elsewhere
/// is shown too; what another site's page sends is refused where it changes something.
pub(super) fn keeping(path: &'static str, token: &str, seconds: u64, app: &App) -> Response {
    let secure = if app.settings.api.public_url.scheme() == "https" { "; Secure" } else { "" };
    let cookie = format!("{COOKIE}={token}; Path=/admin; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    let mut response = leading_to(path);
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// Whether a problem is told on a page that can be mended.
pub(super) fn tells(headers: &HeaderMap, problem: &Problem) -> bool {
    wants_page(headers) && problem.status().is_client_error()
}

/// The session that a token belongs to.
pub(super) fn session_of(bearer: &Bearer) -> Uuid {
    bearer.sid.unwrap_or_default()
}
