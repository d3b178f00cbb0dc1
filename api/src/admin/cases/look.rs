//! `POST /api/admin/cases/{case}/documents/{document}/look`: what a document shows, once it is written down who sees it and why. First
//! the document is fetched whole, so that a look is only written down of what is then shown.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;
use wolo_control::identities::{Look, Looking};
use wolo_domain::identities::LONGEST_NOTE;
use wolo_domain::ids::{CaseId, DocumentId, UserId};

use super::{find, unanswered};
use crate::body::{self, Body};
use crate::caller::{ReviewIdentities, Staff};
use crate::contract::{refusals, schemas};
use crate::fields::{Fields, Lines};
use crate::papers::{self, Paper, not_now};
use crate::problem::{self, Code, Problem};
use crate::state::App;

/// Why somebody wants to see a document. It stays in the audit trail.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LookWish, example = json!({ "reason": "Premier examen du dossier." }))]
pub(crate) struct Wish {
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
}

refusals!(NotShown: Staff::<ReviewIdentities>::REFUSALS, body::REFUSALS, problem::OF_THE_ENGINE,
    &[Code::DocumentUnknown, Code::DocumentGone, Code::CaseNotNow, Code::CaseOver, Code::OwnCase, Code::VaultUnavailable]);

/// Shows a document of a case that is under review, after it was written down who sees it and why.
#[utoipa::path(post, path = "/api/admin/cases/{case}/documents/{document}/look", operation_id = "admin.look_at_document",
    tag = "admin",
    params(
        ("case" = inline(schemas::CaseId), Path, description = "The case."),
        ("document" = inline(schemas::DocumentId), Path, description = "The document."),
    ),
    request_body = Wish,
    security(("bearer" = ["reviewer", "superadmin"])),
    responses(
        (status = 200, description = "The document.", content((Vec<u8> = "image/jpeg"), (Vec<u8> = "image/png"))),
        NotShown,
    ))]
pub(crate) async fn look(
    State(app): State<App>,
    staff: Staff<ReviewIdentities>,
    path: Result<Path<(CaseId, DocumentId)>, PathRejection>,
    Body { value: wish, .. }: Body<Wish>,
) -> Result<Response, Problem> {
    let Path((case, document)) = path.map_err(|_| Problem::new(Code::DocumentUnknown))?;
    let mut fields = Fields::default();
    let reason = fields.some_text("reason", wish.reason, LONGEST_NOTE, Lines::Many);
    fields.check()?;
    let look = Look { document, reviewer: staff.user, reason };
    // Whoever looked may approve, so what cannot be shown must not be written down as looked at.
    let paper = take_out(&app, staff.user, case, document).await?;
    match app.control.look_at_document(case, look, app.settings.api.patience).await.map_err(unanswered)? {
        Looking::Noted { document, .. } => match paper.filter(|paper| paper.document == document) {
            Some(paper) => Ok(paper.shown()),
            // It came into the case, or the case came under review, while we looked.
            None => Err(Problem::new(Code::NotYet)),
        },
        Looking::NotNow { stage } => Err(not_now(stage)),
        Looking::Gone => Err(Problem::new(Code::DocumentGone)),
        Looking::NotAReviewer => Err(Problem::new(Code::NotAllowed)),
        Looking::OwnCase => Err(Problem::new(Code::OwnCase)),
        Looking::NoReason => Err(Problem::new(Code::RequestInvalid)),
    }
}

/// The document, where the case has it and is under review; if not, its process says why.
async fn take_out(
    app: &App,
    reviewer: UserId,
    case: CaseId,
    document: DocumentId,
) -> Result<Option<Paper>, Problem> {
    let known = match find(app, reviewer, case).await {
        Ok(known) => known,
        Err(problem) if problem.code() == Code::CaseUnknown => return Ok(None),
        Err(problem) => return Err(problem),
    };
    let mut there =
        known.documents.iter().filter(|sent| sent.is_there() && known.entry.stage.is_under_review());
    match there.find(|sent| sent.document.id == document) {
        Some(sent) => Ok(Some(papers::take_out(app, known.entry.subject, &sent.document).await?)),
        None => Ok(None),
    }
}
