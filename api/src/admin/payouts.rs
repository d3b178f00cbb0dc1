//! Approving a payout that is large enough to need two people.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use wolo_control::AskError;
use wolo_control::payouts::{Approve, Approving};
use wolo_database::Context;

use super::holds::Decision;
use crate::body::{self, Body};
use crate::caller::{ApprovePayouts, Staff};
use crate::contract::refusals;
use crate::pots::{Reference, find};
use crate::problem::{self, Code, Problem};
use crate::state::App;

/// What is still missing after an approval.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({ "missing": 1 }))]
pub(crate) struct Approved {
    /// How many other people must still approve.
    missing: u32,
}

refusals!(NotApproved: Staff::<ApprovePayouts>::REFUSALS, body::REFUSALS, problem::OF_THE_STORE,
    problem::OF_THE_ENGINE,
    &[Code::PotUnknown, Code::PayoutUnknown, Code::ApprovalNotNeeded, Code::ApprovedBefore]);

/// Approves a pot's payout in the caller's own name. Two approvals are two people's.
#[utoipa::path(post, path = "/api/admin/payouts/{pot}/approve", operation_id = "admin.approve_payout", tag = "admin",
    params(Reference),
    request_body = Decision,
    security(("bearer" = ["finance", "superadmin"])),
    responses((status = 200, description = "It is written down.", body = Approved), NotApproved))]
pub(crate) async fn approve(
    State(app): State<App>,
    staff: Staff<ApprovePayouts>,
    reference: Reference,
    Body { value: decision, .. }: Body<Decision>,
) -> Result<Json<Approved>, Problem> {
    let reason = decision.reason()?;
    let pot = find(&app, Context::staff(staff.user), &reference).await?;
    let approve = Approve { by: staff.user, reason };
    let asked = tokio::time::timeout(app.settings.api.patience, app.control.approve_payout(pot.id, approve));
    match asked.await.unwrap_or(Err(AskError::NotYet)) {
        Ok(Approving::Approved { missing }) => Ok(Json(Approved { missing })),
        Ok(Approving::Already { .. }) => Err(Problem::new(Code::ApprovedBefore)),
        Ok(Approving::NotNeeded) => Err(Problem::new(Code::ApprovalNotNeeded)),
        Ok(Approving::NotPlanned) | Err(AskError::NotFound | AskError::Ended) => {
            Err(Problem::new(Code::PayoutUnknown))
        }
        // The role went while the request was on its way, or they would approve what they get themselves.
        Ok(Approving::NotFinance | Approving::OwnPot) => Err(Problem::new(Code::NotAllowed)),
        Ok(Approving::NoReason) => Err(Problem::new(Code::RequestInvalid)),
        Err(error) => Err(error.into()),
    }
}
