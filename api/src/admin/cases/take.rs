//! `POST /api/admin/cases/{case}/take` and `…/assign`: whose a case is.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use wolo_control::identities::{Taking, TakingBy};
use wolo_domain::ids::{CaseId, UserId};

use super::{CasePath, find, in_path, unanswered};
use crate::body::{self, Body};
use crate::caller::{ReviewIdentities, Staff};
use crate::contract::{refusals, schemas};
use crate::papers::not_now;
use crate::problem::{self, Code, Problem};
use crate::state::App;

/// Whose a case is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Assignment)]
pub(crate) struct Assignment {
    #[schema(value_type = schemas::UserId)]
    to: UserId,
}

refusals!(NotTaken: Staff::<ReviewIdentities>::REFUSALS, problem::OF_THE_ENGINE,
    &[Code::CaseUnknown, Code::CaseNotNow, Code::CaseOver, Code::CaseTaken, Code::OwnCase]);
refusals!(NotAssigned: Staff::<ReviewIdentities>::REFUSALS, body::REFUSALS, problem::OF_THE_ENGINE,
    &[Code::CaseUnknown, Code::CaseNotNow, Code::CaseOver, Code::CaseTaken, Code::OwnCase]);

/// Takes a case to review it. Doing it again changes nothing.
#[utoipa::path(post, path = "/api/admin/cases/{case}/take", operation_id = "admin.take_case", tag = "admin",
    params(("case" = inline(schemas::CaseId), Path, description = "The case.")),
    security(("bearer" = ["reviewer", "superadmin"])),
    responses((status = 204, description = "It is the caller's."), NotTaken))]
pub(crate) async fn take(
    State(app): State<App>,
    staff: Staff<ReviewIdentities>,
    case: CasePath,
) -> Result<StatusCode, Problem> {
    let case = in_path(case)?;
    find(&app, staff.user, case).await?;
    give(&app, case, TakingBy { reviewer: staff.user, assigned_by: None }).await
}

/// Gives a case to a reviewer, whoever has it now.
#[utoipa::path(post, path = "/api/admin/cases/{case}/assign", operation_id = "admin.assign_case", tag = "admin",
    params(("case" = inline(schemas::CaseId), Path, description = "The case.")),
    request_body = Assignment,
    security(("bearer" = ["reviewer", "superadmin"])),
    responses((status = 204, description = "It is theirs."), NotAssigned))]
pub(crate) async fn assign(
    State(app): State<App>,
    staff: Staff<ReviewIdentities>,
    case: CasePath,
    Body { value: Assignment { to }, .. }: Body<Assignment>,
) -> Result<StatusCode, Problem> {
    let case = in_path(case)?;
    find(&app, staff.user, case).await?;
    give(&app, case, TakingBy { reviewer: to, assigned_by: Some(staff.user) }).await
}

async fn give(app: &App, case: CaseId, by: TakingBy) -> Result<StatusCode, Problem> {
    match app.control.take_case(case, by, app.settings.api.patience).await.map_err(unanswered)? {
        Taking::Taken => Ok(StatusCode::NO_CONTENT),
        Taking::TakenBy { .. } => Err(Problem::new(Code::CaseTaken)),
        Taking::NotNow { stage } => Err(not_now(stage)),
        Taking::NotAReviewer => Err(Problem::new(Code::NotAllowed)),
        Taking::OwnCase => Err(Problem::new(Code::OwnCase)),
    }
}
