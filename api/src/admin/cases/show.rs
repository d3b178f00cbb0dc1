//! `GET /api/admin/cases/{case}`: one case with all that was done to it.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use wolo_database::identities::{Seen, SeenBefore, Sent, Word};
use wolo_domain::identities::{ContentHash, Reason, Verdict};
use wolo_domain::ids::{CaseId, DocumentId, UserId};

use super::list::CaseEntry;
use super::{CasePath, find, in_path};
use crate::caller::{ReviewIdentities, Staff};
use crate::contract::{refusals, schemas};
use crate::identity::DocumentView;
use crate::problem::{Code, Problem};
use crate::state::App;

/// A case with its documents, who looked at them and what was said.
#[derive(Serialize, ToSchema)]
#[schema(as = ReviewedCase)]
pub(crate) struct CaseInFull {
    #[serde(flatten)]
    case: CaseEntry,
    documents: Vec<ReviewedDocument>,
    decisions: Vec<DecisionView>,
    looks: Vec<LookView>,
    /// Contents that stand in the case of somebody else, too.
    seen_before: Vec<SeenBeforeView>,
}

/// A document, and whether it can be looked at.
#[derive(Serialize, ToSchema)]
struct ReviewedDocument {
    #[serde(flatten)]
    document: DocumentView,
    #[schema(required = true)]
    removed_at: Option<DateTime<Utc>>,
    #[schema(required = true)]
    destroyed_at: Option<DateTime<Utc>>,
}

/// What a reviewer said.
#[derive(Serialize, ToSchema)]
#[schema(as = CaseDecision)]
struct DecisionView {
    round: u32,
    #[schema(value_type = schemas::UserId)]
    reviewer: UserId,
    #[schema(value_type = schemas::Verdict)]
    verdict: Verdict,
    #[schema(value_type = Vec<schemas::CaseReason>)]
    reasons: Vec<Reason>,
    note: String,
    /// The hashes of what they had seen.
    #[schema(value_type = Vec<String>)]
    seen: Vec<ContentHash>,
    at: DateTime<Utc>,
}

/// A reviewer saw a document.
#[derive(Serialize, ToSchema)]
#[schema(as = DocumentLook)]
struct LookView {
    round: u32,
    #[schema(value_type = schemas::DocumentId)]
    document: DocumentId,
    #[schema(value_type = schemas::UserId)]
    reviewer: UserId,
    reason: String,
    at: DateTime<Utc>,
}

/// A content that stands in another case.
#[derive(Serialize, ToSchema)]
#[schema(as = SeenBefore)]
struct SeenBeforeView {
    #[schema(value_type = schemas::DocumentId)]
    document: DocumentId,
    #[schema(value_type = schemas::CaseId)]
    other: CaseId,
}

impl From<Sent> for ReviewedDocument {
    fn from(sent: Sent) -> Self {
        let (removed_at, destroyed_at) = (sent.removed_at, sent.destroyed_at);
        Self { document: DocumentView::of(&sent), removed_at, destroyed_at }
    }
}

impl From<Word> for DecisionView {
    fn from(Word { round, reviewer, verdict, reasons, note, seen, at }: Word) -> Self {
        Self { round, reviewer, verdict, reasons, note, seen, at }
    }
}

impl From<Seen> for LookView {
    fn from(Seen { round, document, reviewer, reason, at }: Seen) -> Self {
        Self { round, document, reviewer, reason, at }
    }
}

impl From<SeenBefore> for SeenBeforeView {
    fn from(SeenBefore { document, other }: SeenBefore) -> Self {
        Self { document, other }
    }
}

refusals!(NotShown: Staff::<ReviewIdentities>::REFUSALS, &[Code::CaseUnknown]);

/// One case with all that was done to it. What its documents show is asked for one by one, with a reason.
#[utoipa::path(get, path = "/api/admin/cases/{case}", operation_id = "admin.case", tag = "admin",
    params(("case" = inline(schemas::CaseId), Path, description = "The case.")),
    security(("bearer" = ["reviewer", "superadmin"])),
    responses((status = 200, description = "It is.", body = CaseInFull), NotShown))]
pub(crate) async fn show(
    State(app): State<App>,
    staff: Staff<ReviewIdentities>,
    case: CasePath,
) -> Result<Json<CaseInFull>, Problem> {
    let case = find(&app, staff.user, in_path(case)?).await?;
    Ok(Json(CaseInFull {
        case: case.entry.into(),
        documents: case.documents.into_iter().map(ReviewedDocument::from).collect(),
        decisions: case.words.into_iter().map(DecisionView::from).collect(),
        looks: case.looks.into_iter().map(LookView::from).collect(),
        seen_before: case.seen_before.into_iter().map(SeenBeforeView::from).collect(),
    }))
}
