//! `POST /api/identity/cases/{case}/again`: after a rejection another case begins.

use axum::Json;
use axum::extract::State;
use wolo_control::consents::{BeginCase, BeginCaseAnswer};
use wolo_control::ids;
use wolo_domain::identities::CaseStage;
use wolo_domain::ids::{CaseId, ConsentId, UserId};

use super::cases::{CasePath, own};
use super::documents::Moved;
use super::process_of;
use crate::caller::User;
use crate::contract::{refusals, schemas};
use crate::guardian::link_of;
use crate::papers::not_now;
use crate::problem::{self, Code, Problem, seconds};
use crate::state::App;

/// What another case is refused with.
pub(crate) const REFUSALS: &[Code] = &[Code::CaseNotNow, Code::ConsentNotGiven, Code::TooManyCases];

refusals!(NotBegun: User::REFUSALS, problem::OF_THE_STORE, problem::OF_THE_ENGINE, REFUSALS, &[Code::CaseUnknown]);

/// Begins another case for the caller, whose last one was rejected and whose guardian consents. Asked again it is the same case.
#[utoipa::path(post, path = "/api/identity/cases/{case}/again", operation_id = "identity.begin_case_again",
    tag = "identity",
    params(("case" = inline(schemas::CaseId), Path, description = "The case that was rejected.")),
    security(("bearer" = [])),
    responses((status = 200, description = "It collects documents: this is the new one.", body = Moved), NotBegun))]
pub(crate) async fn again(
    State(app): State<App>,
    User(user): User,
    case: CasePath,
) -> Result<Json<Moved>, Problem> {
    let known = own(&app, user, case).await?.entry;
    // A case of somebody of age belongs to no consent, whose process would begin another.
    let consent = known.consent.ok_or_else(|| not_now(known.stage))?;
    let link = link_of(&app.pool, &app.settings, consent).await?;
    let case = begin_next(&app, user, consent, link).await?;
    Ok(Json(Moved { id: case, stage: CaseStage::Opened, process: ids::identity(case) }))
}

/// Asks a minor's consent for another case, and answers which one collects documents now. The guardian's link is for a process that
/// does not know it.
pub(crate) async fn begin_next(
    app: &App,
    minor: UserId,
    consent: ConsentId,
    link: Option<String>,
) -> Result<CaseId, Problem> {
    let wish = BeginCase { consent, link, by_hand: None };
    let asked = app.control.begin_case(process_of(app, minor), wish, app.settings.api.patience);
    match asked.await? {
        BeginCaseAnswer::Begun { case } => Ok(case),
        BeginCaseAnswer::Stands { case, stage } if stage.collects() => Ok(case),
        BeginCaseAnswer::Stands { stage, .. } => Err(not_now(stage)),
        BeginCaseAnswer::TooMany { until } => {
            Err(Problem::new(Code::TooManyCases).retry_after(seconds(until - App::now())))
        }
        BeginCaseAnswer::NotGiven { .. } | BeginCaseAnswer::OtherConsent => {
            Err(Problem::new(Code::ConsentNotGiven))
        }
    }
}
