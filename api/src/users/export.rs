//! `GET /api/users/export`

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION};
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use wolo_database::{Context, exports};
use wolo_domain::ids::UserId;

use crate::caller::User;
use crate::contract::{refusals, schemas};
use crate::problem::{self, Code, Problem};
use crate::state::App;

/// All that is kept about the caller, as it is kept.
#[derive(Serialize, ToSchema)]
pub(crate) struct Exported {
    #[schema(value_type = schemas::UserId)]
    user: UserId,
    made_at: DateTime<Utc>,
    /// The rows of each table, which the data map of WOLO explains.
    #[schema(value_type = BTreeMap<String, Vec<BTreeMap<String, Value>>>)]
    tables: BTreeMap<&'static str, Vec<Value>>,
    /// Tables of which the first ten thousand rows are here. WOLO gives the others to whoever asks.
    #[schema(value_type = Vec<String>)]
    cut_off: Vec<&'static str>,
}

refusals!(NotExported: User::REFUSALS, problem::OF_THE_STORE, &[Code::AccountUnknown]);

/// Everything that is kept about the caller, for programs. Nothing of others is in it, and no secret.
#[utoipa::path(get, path = "/api/users/export", operation_id = "accounts.export", tag = "accounts",
    security(("bearer" = [])),
    responses((status = 200, description = "The data.", body = Exported), NotExported))]
pub(crate) async fn export(State(app): State<App>, User(user): User) -> Result<Response, Problem> {
    let mut tx = Context::user(user).begin(&app.pool).await?;
    let exports::Export { tables, cut_off } = exports::export(&mut tx, user).await?;
    drop(tx);
    if tables.get("people.users").is_none_or(Vec::is_empty) {
        return Err(Problem::new(Code::AccountUnknown));
    }
    let name = format!("attachment; filename=\"wolo-{user}.json\"");
    let headers = [(CACHE_CONTROL, "no-store".to_owned()), (CONTENT_DISPOSITION, name)];
    Ok((headers, Json(Exported { user, made_at: App::now(), tables, cut_off })).into_response())
}
