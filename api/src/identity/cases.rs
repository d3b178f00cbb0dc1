//! `GET /api/identity/cases` and `GET /api/identity/cases/{case}`: one's own cases, and what was sent to them.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use wolo_control::ids;
use wolo_database::identities::{self, Case, Entry, Filter, Sent};
use wolo_database::{Context, Page};
use wolo_domain::identities::{CaseStage, ContentHash, DocumentKind, Media, Party, Reason};
use wolo_domain::ids::{CaseId, DocumentId, UserId};

use crate::asker::Asker;
use crate::caller::User;
use crate::contract::{refusals, schemas};
use crate::problem::{self, Code, Problem};
use crate::state::App;

/// Nobody has more cases than that.
const MOST: u32 = 100;

pub(crate) type CasePath = Result<Path<CaseId>, PathRejection>;

/// The caller's identity cases.
#[derive(Serialize, ToSchema)]
pub(crate) struct Cases {
    cases: Vec<CaseView>,
}

/// Somebody's identity that is looked into.
#[derive(Serialize, ToSchema)]
#[schema(as = IdentityCase)]
pub(crate) struct CaseView {
    #[schema(value_type = schemas::CaseId)]
    id: CaseId,
    #[schema(value_type = schemas::CaseStage)]
    stage: CaseStage,
    opened_at: DateTime<Utc>,
    since: DateTime<Utc>,
    /// Why it was rejected, or what is needed.
    #[schema(value_type = Vec<schemas::CaseReason>)]
    reasons: Vec<Reason>,
    /// The same, each as a part of a sentence in the caller's language.
    why: Vec<&'static str>,
    /// The process behind it.
    #[schema(example = "identity/cas_0193a5c2f0f07c3ab1d2e3f405162738")]
    process: String,
}

/// A case, with the documents that stand in it.
#[derive(Serialize, ToSchema)]
pub(crate) struct CaseInFull {
    #[serde(flatten)]
    case: CaseView,
    documents: Vec<DocumentView>,
}

/// What is known of a document; what it shows is seen by those who review it.
#[derive(Serialize, ToSchema)]
#[schema(as = IdentityDocument)]
pub(crate) struct DocumentView {
    #[schema(value_type = schemas::DocumentId)]
    id: DocumentId,
    #[schema(value_type = schemas::Party)]
    party: Party,
    #[schema(value_type = schemas::DocumentKind)]
    kind: DocumentKind,
    #[schema(value_type = schemas::Media)]
    media: Media,
    /// Of the cleaned content, which is what reviewers see.
    #[schema(value_type = String, pattern = "^[0-9a-f]{64}$")]
    sha256: ContentHash,
    bytes: u64,
    pages: u32,
    added_at: DateTime<Utc>,
}

impl CaseView {
    pub(crate) fn of(entry: &Entry, asker: &Asker) -> Self {
        Self {
            id: entry.case,
            stage: entry.stage,
            opened_at: entry.opened_at,
            since: entry.since,
            reasons: entry.reasons.clone(),
            why: entry.reasons.iter().map(|reason| reason.words(asker.language)).collect(),
            process: ids::identity(entry.case),
        }
    }
}

impl DocumentView {
    pub(crate) fn of(sent: &Sent) -> Self {
        let document = sent.document;
        Self {
            id: document.id,
            party: document.party,
            kind: document.kind,
            media: document.media,
            sha256: document.sha256,
            bytes: document.bytes,
            pages: document.pages,
            added_at: sent.added_at,
        }
    }
}

refusals!(NotListed: User::REFUSALS, problem::OF_THE_STORE);
refusals!(NotShown: User::REFUSALS, problem::OF_THE_STORE, &[Code::CaseUnknown]);

/// The caller's identity cases, the oldest first.
#[utoipa::path(get, path = "/api/identity/cases", operation_id = "identity.cases", tag = "identity",
    security(("bearer" = [])),
    responses((status = 200, description = "They are.", body = Cases), NotListed))]
pub(crate) async fn list(
    State(app): State<App>,
    User(user): User,
    asker: Asker,
) -> Result<Json<Cases>, Problem> {
    let mut tx = Context::user(user).begin(&app.pool).await?;
    let filter = Filter { subject: Some(user), ..Filter::default() };
    let found = identities::list(&mut *tx, filter, Page::first(MOST)).await?;
    Ok(Json(Cases { cases: found.iter().map(|entry| CaseView::of(entry, &asker)).collect() }))
}

/// One of the caller's cases, with its documents.
#[utoipa::path(get, path = "/api/identity/cases/{case}", operation_id = "identity.case", tag = "identity",
    params(("case" = inline(schemas::CaseId), Path, description = "The case.")),
    security(("bearer" = [])),
    responses((status = 200, description = "It is.", body = CaseInFull), NotShown))]
pub(crate) async fn show(
    State(app): State<App>,
    User(user): User,
    asker: Asker,
    case: CasePath,
) -> Result<Json<CaseInFull>, Problem> {
    let case = own(&app, user, case).await?;
    let documents = case.documents.iter().filter(|sent| sent.is_there()).map(DocumentView::of).collect();
    Ok(Json(CaseInFull { case: CaseView::of(&case.entry, &asker), documents }))
}

/// One of somebody's own cases.
pub(super) async fn own(app: &App, user: UserId, case: CasePath) -> Result<Case, Problem> {
    let unknown = || Problem::new(Code::CaseUnknown);
    let Path(case) = case.map_err(|_| unknown())?;
    let mut tx = Context::user(user).begin(&app.pool).await?;
    identities::case(&mut tx, case).await?.ok_or_else(unknown)
}
