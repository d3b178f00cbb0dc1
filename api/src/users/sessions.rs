//! Where somebody is signed in, and signing out.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use wolo_database::Context;
use wolo_database::accounts::sessions::{self, EndReason};

use crate::body::{Body, OptionalBody};
use crate::caller::InSession;
use crate::problem::{Code, Problem};
use crate::state::App;

#[derive(Serialize)]
pub(crate) struct Sessions {
    sessions: Vec<Session>,
}

#[derive(Serialize)]
struct Session {
    id: Uuid,
    device: Option<String>,
    /// Whether it is the one that asks.
    current: bool,
    created_at: DateTime<Utc>,
    last_used_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Leaving {
    /// All sessions end, not only this one.
    #[serde(default)]
    everywhere: bool,
}

/// `GET /api/users/auth/sessions`
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

/// `DELETE /api/users/auth/sessions/{id}`
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
    tx.commit().await.map_err(wolo_database::Error::from)?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /api/users/auth/logout`: from the next request on the token is good for nothing.
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
    tx.commit().await.map_err(wolo_database::Error::from)?;
    Ok(StatusCode::NO_CONTENT)
}
