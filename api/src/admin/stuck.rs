//! `GET /api/admin/stuck`: what does not go on by itself, for those who work here.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use wolo_control::stuck::{Fault, Look, Standstill, Stuck, Why};
use wolo_control::{AskError, process_page};
use wolo_database::{Context, Page, pots};
use wolo_domain::accounts::Role;
use wolo_domain::ids::UserId;

use crate::caller::{SeeServices, Staff};
use crate::contract::{refusals, schemas};
use crate::problem::{self, Problem};
use crate::state::App;

/// More are not looked at one by one: a page is waited for.
const AT_MOST: usize = 500;
/// More pots that something holds are not told.
const HELD: u32 = 100;

/// What stands still, and how far was looked.
#[derive(Serialize, ToSchema)]
pub(crate) struct StuckProcesses {
    /// The most pressing first, and of those the oldest.
    stuck: Vec<StuckProcess>,
    /// How many processes run.
    running: usize,
    /// How many of them were looked at one by one: all that the engine's index suspects, then others.
    looked_at: usize,
}

/// Something that does not go on by itself.
#[derive(Serialize, ToSchema)]
struct StuckProcess {
    process: String,
    #[schema(value_type = schemas::Why)]
    why: Why,
    waits_for: String,
    #[schema(required = true)]
    since: Option<DateTime<Utc>>,
    /// How often it was tried.
    #[schema(required = true)]
    attempts: Option<u32>,
    #[schema(required = true)]
    next_try: Option<DateTime<Utc>>,
    #[schema(required = true)]
    last_error: Option<LastError>,
    /// Whose it is to help.
    #[schema(value_type = schemas::Role)]
    owner: Role,
    /// The command that helps.
    help: String,
    /// Its page in the engine's web pages, where there are some.
    #[schema(required = true)]
    page: Option<String>,
}

/// What went wrong last. There is nobody's data in it.
#[derive(Serialize, ToSchema)]
struct LastError {
    #[schema(required = true)]
    kind: Option<String>,
    words: String,
}

refusals!(NotTold: Staff::<SeeServices>::REFUSALS, problem::OF_THE_ENGINE);

/// What does not go on by itself, and what helps: steps that are tried again, processes past their day, held, waiting for a
/// person, or whose code cannot carry them on.
#[utoipa::path(get, path = "/api/admin/stuck", operation_id = "admin.stuck", tag = "admin",
    security(("bearer" = ["support", "reviewer", "finance", "superadmin"])),
    responses((status = 200, description = "It is.", body = StuckProcesses), NotTold))]
pub(crate) async fn stuck(
    State(app): State<App>,
    staff: Staff<SeeServices>,
) -> Result<Json<StuckProcesses>, Problem> {
    let found = standstill(&app, staff.user).await?;
    Ok(Json(view(&app, found)))
}

/// What stands still, as far as somebody who works here sees it.
pub(crate) async fn standstill(app: &App, user: UserId) -> Result<Standstill, Problem> {
    let look = Look { now: App::now(), at_most: AT_MOST, queue: None };
    let asked = tokio::time::timeout(app.settings.api.patience, app.control.stuck(look));
    let mut found = asked.await.unwrap_or(Err(AskError::NotYet))?;
    found.add(held(app, user).await?);
    Ok(found)
}

async fn held(app: &App, user: UserId) -> Result<Vec<Stuck>, Problem> {
    let mut tx = Context::staff(user).begin(&app.pool).await?;
    let filter = pots::Filter { stage: None, held: Some(true) };
    let pots = pots::all(&mut *tx, filter, Page::first(HELD)).await?;
    let holds = pots.iter().flat_map(|pot| pot.holds.iter().map(|hold| (pot.id, hold)));
    Ok(holds.map(|(pot, hold)| Stuck::held(pot, hold.reason, hold.since)).collect())
}

/// The page of a process in the engine's web pages, where there are some.
pub(crate) fn page_of(app: &App, process: &str) -> Option<String> {
    let temporal = &app.settings.temporal;
    process_page(temporal.ui.as_ref()?, &temporal.namespace, process)
}

fn view(app: &App, found: Standstill) -> StuckProcesses {
    let stuck = found.stuck.into_iter().map(|one| StuckProcess {
        page: page_of(app, &one.process),
        process: one.process,
        why: one.why,
        waits_for: one.waits_for,
        since: one.since,
        attempts: one.attempts,
        next_try: one.next_try,
        last_error: one.last_error.map(|Fault { kind, words }| LastError { kind, words }),
        owner: one.owner,
        help: one.help,
    });
    StuckProcesses { stuck: stuck.collect(), running: found.running, looked_at: found.looked_at }
}
