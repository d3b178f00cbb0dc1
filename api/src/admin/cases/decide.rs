//! `POST /api/admin/cases/{case}/approve`, `…/reject` and `…/ask`: what a reviewer decides, about the documents that they have seen.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wolo_control::identities::{Deciding, Decision};
use wolo_domain::identities::{CaseStage, ContentHash, LONGEST_NOTE, Reason, Verdict};
use wolo_domain::ids::{CaseId, UserId};

use super::{CasePath, find, in_path, unanswered};
use crate::body::{self, Body};
use crate::caller::{ReviewIdentities, Staff};
use crate::contract::{refusals, schemas};
use crate::fields::{Fields, Lines};
use crate::papers::not_now;
use crate::problem::{self, Code, Problem, Words};
use crate::state::App;

/// What is decided, about which contents.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CaseVerdict)]
pub(crate) struct Wish {
    /// For those who work here.
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
    /// For whoever sent the documents; none where they are approved.
    #[serde(default)]
    #[schema(value_type = Vec<schemas::CaseReason>)]
    reasons: Vec<Reason>,
    /// The hashes of all documents that the reviewer has seen.
    #[schema(value_type = Vec<String>)]
    seen: Vec<ContentHash>,
}

/// What came of a decision.
#[derive(Serialize, ToSchema)]
#[schema(as = CaseDecided)]
pub(crate) struct Decided {
    #[schema(value_type = schemas::CaseStage)]
    stage: CaseStage,
    /// So many different reviewers must still approve.
    missing: u32,
}

refusals!(NotDecided: Staff::<ReviewIdentities>::REFUSALS, body::REFUSALS, problem::OF_THE_ENGINE,
    &[Code::CaseUnknown, Code::CaseNotNow, Code::CaseOver, Code::OwnCase, Code::DocumentsChanged, Code::DecidedBefore,
        Code::NotLookedAt]);

/// Approves a case. A minor's takes two different reviewers.
#[utoipa::path(post, path = "/api/admin/cases/{case}/approve", operation_id = "admin.approve_case", tag = "admin",
    params(("case" = inline(schemas::CaseId), Path, description = "The case.")),
    request_body = Wish,
    security(("bearer" = ["reviewer", "superadmin"])),
    responses((status = 200, description = "It counts.", body = Decided), NotDecided))]
pub(crate) async fn approve(
    State(app): State<App>,
    staff: Staff<ReviewIdentities>,
    case: CasePath,
    Body { value: wish, .. }: Body<Wish>,
) -> Result<Json<Decided>, Problem> {
    decide(&app, staff.user, in_path(case)?, Verdict::Approve, wish).await
}

/// Rejects a case, for reasons.
#[utoipa::path(post, path = "/api/admin/cases/{case}/reject", operation_id = "admin.reject_case", tag = "admin",
    params(("case" = inline(schemas::CaseId), Path, description = "The case.")),
    request_body = Wish,
    security(("bearer" = ["reviewer", "superadmin"])),
    responses((status = 200, description = "It is rejected.", body = Decided), NotDecided))]
pub(crate) async fn reject(
    State(app): State<App>,
    staff: Staff<ReviewIdentities>,
    case: CasePath,
    Body { value: wish, .. }: Body<Wish>,
) -> Result<Json<Decided>, Problem> {
    decide(&app, staff.user, in_path(case)?, Verdict::Reject, wish).await
}

/// Asks for more, for reasons.
#[utoipa::path(post, path = "/api/admin/cases/{case}/ask", operation_id = "admin.ask_for_more", tag = "admin",
    params(("case" = inline(schemas::CaseId), Path, description = "The case.")),
    request_body = Wish,
    security(("bearer" = ["reviewer", "superadmin"])),
    responses((status = 200, description = "More is asked for.", body = Decided), NotDecided))]
pub(crate) async fn ask(
    State(app): State<App>,
    staff: Staff<ReviewIdentities>,
    case: CasePath,
    Body { value: wish, .. }: Body<Wish>,
) -> Result<Json<Decided>, Problem> {
    decide(&app, staff.user, in_path(case)?, Verdict::Ask, wish).await
}

async fn decide(
    app: &App,
    reviewer: UserId,
    case: CaseId,
    verdict: Verdict,
    wish: Wish,
) -> Result<Json<Decided>, Problem> {
    let decision = read(reviewer, verdict, wish)?;
    find(app, reviewer, case).await?;
    match app.control.decide_case(case, decision, app.settings.api.patience).await.map_err(unanswered)? {
        Deciding::Recorded { missing } => Ok(Json(Decided { stage: CaseStage::InReview, missing })),
        Deciding::Decided { stage } => Ok(Json(Decided { stage, missing: 0 })),
        Deciding::SeenOthers => Err(Problem::new(Code::DocumentsChanged)),
        Deciding::SameReviewer => Err(Problem::new(Code::DecidedBefore)),
        Deciding::HasNotLooked => Err(Problem::new(Code::NotLookedAt)),
        Deciding::NotNow { stage } => Err(not_now(stage)),
        Deciding::NotAReviewer => Err(Problem::new(Code::NotAllowed)),
        Deciding::OwnCase => Err(Problem::new(Code::OwnCase)),
        Deciding::NoReason => Err(Problem::new(Code::RequestInvalid)),
    }
}

fn read(reviewer: UserId, verdict: Verdict, wish: Wish) -> Result<Decision, Problem> {
    let mut fields = Fields::default();
    let note = fields.some_text("reason", wish.reason, LONGEST_NOTE, Lines::Many);
    let decision = Decision { verdict, reviewer, reasons: wish.reasons, note, seen: wish.seen };
    let fit = decision.reasons.iter().all(|reason| reason.is_for(verdict));
    if !fit || (verdict == Verdict::Approve) != decision.reasons.is_empty() {
        fields.wrong(
            "reasons",
            Words::new(
                "un refus ou une demande a des motifs qui lui conviennent ; une approbation n'en a pas",
                "a rejection or a request has reasons that are for it; an approval has none",
            ),
        );
    }
    fields.check().map(|()| decision)
}
