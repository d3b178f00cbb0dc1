//! `POST /g/{token}/refuse`: the guardian says no.

use axum::extract::State;
use axum::response::Response;
use wolo_control::consents::{AboutConsent, RefuseAnswer};
use wolo_domain::consents::ConsentStage;

use super::door::Door;
use super::visit::Visit;
use crate::contract::refusals;
use crate::identity::process_of;
use crate::problem::{self, Code, Problem};
use crate::state::App;

refusals!(NotRefused: problem::OF_THE_STORE, problem::OF_THE_ENGINE,
    &[Code::FromElsewhere, Code::ConsentUnknown, Code::GuardianUnproved, Code::ConsentOver]);

/// The guardian refuses.
#[utoipa::path(post, path = "/g/{token}/refuse", operation_id = "guardian.refuse_consent", tag = "identity",
    params(Door),
    responses((status = 303, description = "Back to the page."), NotRefused))]
pub(crate) async fn refuse(State(app): State<App>, door: Door) -> Result<Response, Problem> {
    match say_no(&app, &door).await {
        Ok(()) => Ok(door.back()),
        Err(problem) => door.refused(problem),
    }
}

async fn say_no(app: &App, door: &Door) -> Result<(), Problem> {
    door.refuse_foreign()?;
    let visit = Visit::of(app, door).await?;
    visit.proved()?;
    if visit.stage() == ConsentStage::Refused {
        return Ok(());
    }
    visit.in_force()?;
    let (consent, patience) = (&visit.consent, app.settings.api.patience);
    let about = AboutConsent { consent: consent.id };
    match app.control.refuse_consent(process_of(app, consent.minor), about, patience).await? {
        RefuseAnswer::Refused => Ok(()),
        RefuseAnswer::NotRequested { .. } => Err(Problem::new(Code::ConsentOver)),
        RefuseAnswer::OtherConsent => Err(Problem::new(Code::ConsentUnknown)),
    }
}
