//! `POST /api/identity/cases/{case}/documents`, `DELETE …/documents/{document}` and `POST …/submit`.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;
use wolo_control::AskError;
use wolo_control::identities::{Removal, Removing, Submitting};
use wolo_control::ids;
use wolo_database::identities::Case;
use wolo_domain::identities::{CaseStage, ContentHash, DocumentKind, Party};
use wolo_domain::ids::{CaseId, DocumentId};

use super::cases::{CasePath, own};
use crate::asker::Asker;
use crate::body::raw;
use crate::caller::User;
use crate::contract::{refusals, schemas};
use crate::fields::Fields;
use crate::idempotency::{Done, Key, Once, Turn};
use crate::papers::{self, New, not_now};
use crate::problem::{self, Code, Problem, Words};
use crate::query::{self, Pairs};
use crate::state::App;

/// A document that the case has.
#[derive(Serialize, ToSchema)]
pub(crate) struct Added {
    #[schema(value_type = schemas::DocumentId)]
    id: DocumentId,
    /// Of the cleaned content.
    #[schema(value_type = String, pattern = "^[0-9a-f]{64}$")]
    sha256: ContentHash,
    pages: u32,
    /// The process behind it.
    #[schema(example = "identity/cas_0193a5c2f0f07c3ab1d2e3f405162738")]
    process: String,
}

refusals!(NotAdded: User::REFUSALS, Key::REFUSALS, problem::OF_THE_STORE, problem::OF_THE_ENGINE,
    &[Code::BodyUnreadable, Code::BodyTooLarge, Code::RequestInvalid, Code::CaseUnknown, Code::CaseNotNow, Code::CaseOver,
        Code::TooManyDocuments, Code::DocumentRefused, Code::DocumentTaken, Code::CleaningBusy, Code::VaultUnavailable]);

/// Sends a document of the caller's own to their case. What it is follows from its content: a JPEG, a PNG or a PDF of at most 10 MB
/// and four pages. What is kept is a picture that holds nothing but what can be seen on it, encrypted with a key of its own.
#[utoipa::path(post, path = "/api/identity/cases/{case}/documents", operation_id = "identity.add_document",
    tag = "identity",
    params(Key,
        ("case" = inline(schemas::CaseId), Path, description = "The case."),
        ("kind" = inline(schemas::DocumentKind), Query, description = "What kind of document it is."),
    ),
    request_body(content = Vec<u8>, description = "The document.", content_type = "application/octet-stream"),
    security(("bearer" = [])),
    responses((status = 201, description = "The case has it.", body = Added), NotAdded))]
pub(crate) async fn add(
    State(app): State<App>,
    User(user): User,
    key: Key,
    asker: Asker,
    case: CasePath,
    mut pairs: Pairs,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let mut fields = Fields::default();
    let unknown = || {
        Words::new("ce n'est pas un genre de document", "this is no kind of document")
            .wolof("lii du xeetu document")
    };
    let kind = query::word::<DocumentKind>(&mut pairs, &mut fields, "kind", unknown);
    if kind.is_none() {
        fields.wrong("kind", unknown());
    }
    pairs.end(&mut fields);
    fields.check()?;
    let kind = kind.ok_or_else(|| Problem::new(Code::RequestInvalid))?;
    let case = own(&app, user, case).await?;
    let upload = raw(body)?;
    let about = format!("{}/{kind}", case.entry.case);
    let once = Once {
        app: &app,
        asker: &asker,
        key: &key,
        scope: user.to_string(),
        request: [b"identity.add_document", about.as_bytes(), &upload],
    };
    once.run(|turn| keep(&app, &case, kind, &upload, turn)).await
}

async fn keep(
    app: &App,
    case: &Case,
    kind: DocumentKind,
    upload: &[u8],
    turn: Turn,
) -> Result<Done, Problem> {
    // A minor sends what is theirs; what is the guardian's the guardian sends.
    let new = New { name: turn.subject, party: Party::Person, kind, upload };
    let document = papers::take_in(app, case, new).await?;
    let process = ids::identity(case.entry.case);
    let added = Added { id: document.id, sha256: document.sha256, pages: document.pages, process };
    Done::new(StatusCode::CREATED, &added)
}

refusals!(NotRemoved: User::REFUSALS, problem::OF_THE_STORE, problem::OF_THE_ENGINE,
    &[Code::CaseUnknown, Code::CaseNotNow, Code::CaseOver, Code::DocumentUnknown]);

/// Takes a document back: its key and its content are destroyed.
#[utoipa::path(delete, path = "/api/identity/cases/{case}/documents/{document}",
    operation_id = "identity.remove_document", tag = "identity",
    params(
        ("case" = inline(schemas::CaseId), Path, description = "The case."),
        ("document" = inline(schemas::DocumentId), Path, description = "The document."),
    ),
    security(("bearer" = [])),
    responses((status = 204, description = "It is destroyed."), NotRemoved))]
pub(crate) async fn remove(
    State(app): State<App>,
    User(user): User,
    path: Result<Path<(CaseId, DocumentId)>, PathRejection>,
) -> Result<StatusCode, Problem> {
    let Path((case, document)) = path.map_err(|_| Problem::new(Code::DocumentUnknown))?;
    let found = own(&app, user, Ok(Path(case))).await?;
    // What the guardian has sent the guardian takes back.
    let is_own = |party| party == Party::Person;
    let known = found.documents.iter().find(|sent| sent.document.id == document);
    if !known.is_some_and(|sent| is_own(sent.document.party)) {
        return Err(Problem::new(Code::DocumentUnknown));
    }
    take_back(&app, case, document).await.map(|()| StatusCode::NO_CONTENT)
}

/// Asks a case to give a document up.
pub(crate) async fn take_back(app: &App, case: CaseId, document: DocumentId) -> Result<(), Problem> {
    let patience = app.settings.api.patience;
    match app.control.remove_document(case, Removal { document }, patience).await {
        Ok(Removing::Removed) => Ok(()),
        Ok(Removing::NotNow { stage }) => Err(not_now(stage)),
        Ok(Removing::Unknown) => Err(Problem::new(Code::DocumentUnknown)),
        Err(AskError::NotFound | AskError::Ended) => Err(Problem::new(Code::CaseOver)),
        Err(error) => Err(error.into()),
    }
}

/// Where a case stands now.
#[derive(Serialize, ToSchema)]
pub(crate) struct Moved {
    #[schema(value_type = schemas::CaseId)]
    pub(super) id: CaseId,
    #[schema(value_type = schemas::CaseStage)]
    pub(super) stage: CaseStage,
    /// The process behind it.
    #[schema(example = "identity/cas_0193a5c2f0f07c3ab1d2e3f405162738")]
    pub(super) process: String,
}

refusals!(NotSubmitted: User::REFUSALS, problem::OF_THE_STORE, problem::OF_THE_ENGINE,
    &[Code::CaseUnknown, Code::CaseNotNow, Code::CaseOver, Code::DocumentsMissing]);

/// Says that the documents are complete. Doing it again changes nothing.
#[utoipa::path(post, path = "/api/identity/cases/{case}/submit", operation_id = "identity.submit_case",
    tag = "identity",
    params(("case" = inline(schemas::CaseId), Path, description = "The case.")),
    security(("bearer" = [])),
    responses((status = 200, description = "It waits for a reviewer.", body = Moved), NotSubmitted))]
pub(crate) async fn submit(
    State(app): State<App>,
    User(user): User,
    case: CasePath,
) -> Result<Json<Moved>, Problem> {
    let case = own(&app, user, case).await?.entry.case;
    send_off(&app, case).await?;
    Ok(Json(Moved { id: case, stage: CaseStage::Submitted, process: ids::identity(case) }))
}

/// Asks a case to be reviewed.
pub(crate) async fn send_off(app: &App, case: CaseId) -> Result<(), Problem> {
    match app.control.submit_case(case, app.settings.api.patience).await {
        Ok(Submitting::Submitted | Submitting::NotNow { stage: CaseStage::Submitted }) => Ok(()),
        Ok(Submitting::Missing { parties }) => Err(missing(&parties)),
        Ok(Submitting::NotNow { stage }) => Err(not_now(stage)),
        Err(AskError::NotFound | AskError::Ended) => Err(Problem::new(Code::CaseOver)),
        Err(error) => Err(error.into()),
    }
}

fn missing(parties: &[Party]) -> Problem {
    parties.iter().fold(Problem::new(Code::DocumentsMissing), |problem, party| {
        let words = match party {
            Party::Person => Words::new(
                "il manque un document de l'enfant, ou de vous si le dossier est le vôtre",
                "a document of the child is missing, or of yours if the case is your own",
            ),
            Party::Guardian => Words::new(
                "il manque un document du responsable légal",
                "a document of the guardian is missing",
            ),
        };
        problem.at(party.as_str(), words)
    })
}
