//! Where somebody is signed in, and signing out.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use wolo_database::Context;
use wolo_database::accounts::sessions::{self, EndReason};

use crate::body::{self, Body, OptionalBody};
use crate::caller::InSession;
use crate::contract::refusals;
use crate::problem::{Code, Problem};
use crate::state::App;

/// Where somebody is signed in.
#[derive(Serialize, ToSchema)]
pub(crate) struct Sessions {
    sessions: Vec<Session>,
}

#[derive(Serialize, ToSchema)]
struct Session {
    id: Uuid,
    device: Option<String>,
    /// Whether it is the one that asks.
    current: bool,
    created_at: DateTime<Utc>,
    last_used_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

/// How far signing out goes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Leaving {
    /// All sessions end, not only this one.
    #[serde(default)]
    everywhere: bool,
}

refusals!(NotListed: InSession::REFUSALS);
refusals!(NotEnded: InSession::REFUSALS, &[Code::SessionUnknown]);
refusals!(NotLeft: InSession::REFUSALS, body::REFUSALS);

/// The sessions that live, the last used first.
#[utoipa::path(get, path = "/api/users/auth/sessions", operation_id = "accounts.sessions", tag = "accounts",
    security(("bearer" = [])),
    responses((status = 200, description = "The sessions.", body = Sessions), NotListed))]
pub(crate) async fn list(
    State(app): State<App>,
    InSession { user, session }: InSession,
) -> Result<Json<Sessions>, Problem> {
    let mut tx = Context::user(user).begin(&app.pool).await?;
    let found = sessions::of_user(&mut *tx, user).await?;
    let sessions = found
        .into_iter()
        .map(|one| Session {
            id: one.id,
            device: one.device,
            current: Some(one.id) == session,
            created_at: one.created_at,
            last_used_at: one.last_used_at,
            expires_at: one.expires_at,
        })
        .collect();
    Ok(Json(Sessions { sessions }))
}

/// Ends one of them.
#[utoipa::path(delete, path = "/api/users/auth/sessions/{id}", operation_id = "accounts.end_session", tag = "accounts",
    params(("id" = Uuid, Path, description = "The session.")),
    security(("bearer" = [])),
    responses((status = 204, description = "Done."), NotEnded))]
pub(crate) async fn end(
    State(app): State<App>,
    InSession { user, .. }: InSession,
    id: Result<Path<Uuid>, axum::extract::rejection::PathRejection>,
) -> Result<StatusCode, Problem> {
    let unknown = || Problem::new(Code::SessionUnknown);
    let Path(id) = id.map_err(|_| unknown())?;
    let mut tx = Context::user(user).begin(&app.pool).await?;
    if !sessions::end(&mut tx, user, id, EndReason::SignedOut).await? {
        return Err(unknown());
    }
    wolo_database::commit(tx).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Signs out. From the next request on the token is good for nothing.
#[utoipa::path(post, path = "/api/users/auth/logout", operation_id = "accounts.logout", tag = "accounts",
    request_body = Option<Leaving>,
    security(("bearer" = [])),
    responses((status = 204, description = "Done."), NotLeft))]
pub(crate) async fn logout(
    State(app): State<App>,
    InSession { user, session }: InSession,
    OptionalBody(Body { value: leaving, .. }): OptionalBody<Leaving>,
) -> Result<StatusCode, Problem> {
    let mut tx = Context::user(user).begin(&app.pool).await?;
    match session {
        Some(session) if !leaving.everywhere => {
            sessions::end(&mut tx, user, session, EndReason::SignedOut).await?;
        }
        _ => {
            sessions::end_all(&mut tx, user, None, EndReason::SignedOut).await?;
        }
    }
    wolo_database::commit(tx).await?;
    Ok(StatusCode::NO_CONTENT)
}
