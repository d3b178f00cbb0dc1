//! `GET, POST /g/{token}/documents` and what stands below: the guardian sends what shows who the child and they are.

use axum::extract::multipart::{Multipart, MultipartError, MultipartRejection};
use axum::extract::{RawPathParams, State};
use axum::http::StatusCode;
use axum::response::Response;
use uuid::Uuid;
use wolo_domain::consents::ConsentStage;
use wolo_domain::identities::{DocumentKind, Party};
use wolo_domain::ids::DocumentId;

use super::door::Door;
use super::papers_page::page;
use super::visit::Visit;
use crate::contract::{refusals, schemas};
use crate::identity::{self, send_off, take_back};
use crate::papers::{self, New};
use crate::problem::{self, Code, Problem, Words};
use crate::state::App;

const OF_THE_PAGE: &[Code] = &[Code::ConsentUnknown, Code::GuardianUnproved, Code::ConsentNotGiven];
const OF_THE_CASE: &[Code] = &[Code::FromElsewhere, Code::CaseUnknown, Code::CaseNotNow, Code::CaseOver];

refusals!(NotShown: problem::OF_THE_STORE, OF_THE_PAGE);
refusals!(NotSent: problem::OF_THE_STORE, problem::OF_THE_ENGINE, OF_THE_PAGE, OF_THE_CASE,
    &[Code::BodyUnreadable, Code::BodyTooLarge, Code::RequestInvalid, Code::TooManyDocuments, Code::DocumentRefused,
        Code::DocumentTaken, Code::CleaningBusy, Code::VaultUnavailable]);
refusals!(NotRemoved: problem::OF_THE_STORE, problem::OF_THE_ENGINE, OF_THE_PAGE, OF_THE_CASE, &[Code::DocumentUnknown]);
refusals!(NotSubmitted: problem::OF_THE_STORE, problem::OF_THE_ENGINE, OF_THE_PAGE, OF_THE_CASE,
    &[Code::DocumentsMissing]);

/// What was sent to the case, and a form to send more.
#[utoipa::path(get, path = "/g/{token}/documents", operation_id = "guardian.documents", tag = "identity",
    params(Door),
    responses((status = 200, description = "The page.", body = String, content_type = "text/html"), NotShown))]
pub(crate) async fn show(State(app): State<App>, door: Door) -> Result<Response, Problem> {
    match arrive(&app, &door).await {
        Ok(visit) => Ok(page(&visit, &door, StatusCode::OK, "")),
        Err(problem) => door.refused(problem),
    }
}

/// Sends a document of the child or of the guardian.
#[utoipa::path(post, path = "/g/{token}/documents", operation_id = "guardian.add_document", tag = "identity",
    params(Door),
    request_body(content = Object, content_type = "multipart/form-data",
        description = "The form of the page: `name`, `party`, `kind`, and the file as `photo` or `file`."),
    responses((status = 303, description = "Back to the page. The case has it."), NotSent))]
pub(crate) async fn add(
    State(app): State<App>,
    door: Door,
    form: Result<Multipart, MultipartRejection>,
) -> Result<Response, Problem> {
    // Nothing is read of what somebody sends who has not shown a code.
    let visit = match arrive(&app, &door).await {
        Ok(visit) => visit,
        Err(problem) => return door.refused(problem),
    };
    match take_in(&app, &door, &visit, form).await {
        Ok(()) => Ok(door.back_to("/documents")),
        Err(problem) if door.tells(&problem) => {
            Ok(problem.with_its_wait(page(&visit, &door, problem.status(), &door.wrong(&problem))))
        }
        Err(problem) => Err(problem),
    }
}

/// Takes a document back: its key and its content are destroyed.
#[utoipa::path(post, path = "/g/{token}/documents/{document}/remove", operation_id = "guardian.remove_document",
    tag = "identity",
    params(Door, ("document" = inline(schemas::DocumentId), Path, description = "The document.")),
    responses((status = 303, description = "Back to the page. It is destroyed."), NotRemoved))]
pub(crate) async fn remove(
    State(app): State<App>,
    door: Door,
    params: RawPathParams,
) -> Result<Response, Problem> {
    let named = params.iter().find(|(name, _)| *name == "document");
    let document: Option<DocumentId> = named.and_then(|(_, id)| id.parse().ok());
    let removing = async {
        door.refuse_foreign()?;
        let visit = arrive(&app, &door).await?;
        let case = visit.case.as_ref().ok_or_else(|| Problem::new(Code::CaseUnknown))?;
        let known = |id: &DocumentId| case.documents.iter().any(|sent| sent.document.id == *id);
        let document = document.filter(known).ok_or_else(|| Problem::new(Code::DocumentUnknown))?;
        take_back(&app, case.entry.case, document).await
    };
    match removing.await {
        Ok(()) => Ok(door.back_to("/documents")),
        Err(problem) => door.refused(problem),
    }
}

/// Says that the documents are complete.
#[utoipa::path(post, path = "/g/{token}/documents/submit", operation_id = "guardian.submit_case", tag = "identity",
    params(Door),
    responses((status = 303, description = "Back to the page. The case waits for a reviewer."), NotSubmitted))]
pub(crate) async fn submit(State(app): State<App>, door: Door) -> Result<Response, Problem> {
    let visit = match arrive(&app, &door).await {
        Ok(visit) => visit,
        Err(problem) => return door.refused(problem),
    };
    let submitting = async {
        door.refuse_foreign()?;
        let case = visit.case.as_ref().ok_or_else(|| Problem::new(Code::CaseUnknown))?;
        send_off(&app, case.entry.case).await
    };
    match submitting.await {
        Ok(()) => Ok(door.back_to("/documents")),
        Err(problem) if door.tells(&problem) => {
            Ok(problem.with_its_wait(page(&visit, &door, problem.status(), &door.wrong(&problem))))
        }
        Err(problem) => Err(problem),
    }
}

refusals!(NotBegun: problem::OF_THE_STORE, problem::OF_THE_ENGINE, OF_THE_PAGE, identity::NOT_BEGUN_AGAIN,
    &[Code::FromElsewhere, Code::CaseUnknown]);

/// Begins another case, because the last one was rejected.
#[utoipa::path(post, path = "/g/{token}/documents/again", operation_id = "guardian.begin_case_again", tag = "identity",
    params(Door),
    responses((status = 303, description = "Back to the page. Another case collects documents."), NotBegun))]
pub(crate) async fn again(State(app): State<App>, door: Door) -> Result<Response, Problem> {
    let beginning = async {
        door.refuse_foreign()?;
        let visit = arrive(&app, &door).await?;
        let case = visit.case.as_ref().ok_or_else(|| Problem::new(Code::CaseUnknown))?;
        let link = app.link(&format!("/g/{}", door.token));
        identity::begin_next(&app, case.entry.subject, visit.consent.id, Some(link)).await
    };
    match beginning.await {
        Ok(_) => Ok(door.back_to("/documents")),
        Err(problem) => door.refused(problem),
    }
}

/// A guardian whose consent is given. Without consent nobody sends anything about a child.
async fn arrive(app: &App, door: &Door) -> Result<Visit, Problem> {
    let visit = Visit::of(app, door).await?;
    visit.proved()?;
    match visit.stage() {
        ConsentStage::Given => Ok(visit),
        _ => Err(Problem::new(Code::ConsentNotGiven)),
    }
}

async fn take_in(
    app: &App,
    door: &Door,
    visit: &Visit,
    form: Result<Multipart, MultipartRejection>,
) -> Result<(), Problem> {
    door.refuse_foreign()?;
    let case = visit.case.as_ref().ok_or_else(|| Problem::new(Code::CaseUnknown))?;
    let form = form.map_err(|_| Problem::new(Code::BodyUnreadable))?;
    let Filled { name, party, kind, upload } = Filled::read(form).await?;
    let (Some(name), Some(party), Some(kind)) = (name, party, kind) else {
        return Err(Problem::new(Code::RequestInvalid));
    };
    if upload.is_empty() {
        let words = Words::new("choisissez une photo ou un fichier", "choose a photo or a file");
        return Err(Problem::new(Code::RequestInvalid).at("file", words));
    }
    papers::take_in(app, case, New { name, party, kind, upload: &upload }).await.map(drop)
}

/// What stands in the form. What the file was called on the guardian's phone is not looked at.
#[derive(Default)]
struct Filled {
    name: Option<Uuid>,
    party: Option<Party>,
    kind: Option<DocumentKind>,
    upload: axum::body::Bytes,
}

impl Filled {
    async fn read(mut form: Multipart) -> Result<Self, Problem> {
        let mut filled = Self::default();
        while let Some(field) = form.next_field().await.map_err(|error| unreadable(&error))? {
            let name = field.name().unwrap_or_default().to_owned();
            match &*name {
                "photo" | "file" => {
                    let upload = field.bytes().await.map_err(|error| unreadable(&error))?;
                    // One of the two is left empty.
                    if filled.upload.is_empty() {
                        filled.upload = upload;
                    }
                }
                "name" => filled.name = field.text().await.map_err(|error| unreadable(&error))?.parse().ok(),
                "party" => {
                    filled.party = field.text().await.map_err(|error| unreadable(&error))?.parse().ok();
                }
                "kind" => filled.kind = field.text().await.map_err(|error| unreadable(&error))?.parse().ok(),
                // What browsers and their extensions add is nothing to us.
                _ => {}
            }
        }
        Ok(filled)
    }
}

fn unreadable(error: &MultipartError) -> Problem {
    Problem::new(if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        Code::BodyTooLarge
    } else {
        Code::BodyUnreadable
    })
}
