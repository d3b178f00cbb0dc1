//! `GET, POST /g/{token}/withdraw`: the guardian takes their consent back, after having read what will happen.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use wolo_control::consents::{AboutConsent, WithdrawAnswer};
use wolo_domain::consents::ConsentStage;

use super::door::Door;
use super::visit::Visit;
use crate::contract::refusals;
use crate::identity::process_of;
use crate::page::escape;
use crate::problem::{self, Code, Problem, Words};
use crate::state::App;

refusals!(NotAsked: problem::OF_THE_STORE,
    &[Code::ConsentUnknown, Code::GuardianUnproved, Code::ConsentNotGiven]);
refusals!(NotWithdrawn: problem::OF_THE_STORE, problem::OF_THE_ENGINE,
    &[Code::FromElsewhere, Code::ConsentUnknown, Code::GuardianUnproved, Code::ConsentNotGiven]);

/// Says what will happen, and asks whether it is meant.
#[utoipa::path(get, path = "/g/{token}/withdraw", operation_id = "guardian.ask_withdrawal", tag = "identity",
    params(Door),
    responses((status = 200, description = "The page.", body = String, content_type = "text/html"), NotAsked))]
pub(crate) async fn ask(State(app): State<App>, door: Door) -> Result<Response, Problem> {
    match given(&app, &door).await {
        Ok(visit) if visit.stage() == ConsentStage::Given => Ok(question(&app, &visit, &door)),
        // It is taken back already.
        Ok(_) => Ok(door.back()),
        Err(problem) => door.refused(problem),
    }
}

/// Takes the consent back. When this is answered, nothing begins any more at the minor's pots.
#[utoipa::path(post, path = "/g/{token}/withdraw", operation_id = "guardian.withdraw_consent", tag = "identity",
    params(Door),
    responses((status = 303, description = "Back to the page. The pots are held."), NotWithdrawn))]
pub(crate) async fn withdraw(State(app): State<App>, door: Door) -> Result<Response, Problem> {
    match take_back(&app, &door).await {
        Ok(()) => Ok(door.back()),
        Err(problem) => door.refused(problem),
    }
}

/// A consent of this guardian that is given, or that they have taken back.
async fn given(app: &App, door: &Door) -> Result<Visit, Problem> {
    let visit = Visit::of(app, door).await?;
    visit.proved()?;
    match visit.stage() {
        ConsentStage::Given | ConsentStage::Withdrawn => Ok(visit),
        _ => Err(Problem::new(Code::ConsentNotGiven)),
    }
}

async fn take_back(app: &App, door: &Door) -> Result<(), Problem> {
    door.refuse_foreign()?;
    let visit = given(app, door).await?;
    let (consent, patience) = (&visit.consent, app.settings.api.patience);
    let about = AboutConsent { consent: consent.id };
    match app.control.withdraw_consent(process_of(app, consent.minor), about, patience).await? {
        WithdrawAnswer::Withdrawn { .. } => Ok(()),
        WithdrawAnswer::NotGiven { .. } => Err(Problem::new(Code::ConsentNotGiven)),
        WithdrawAnswer::OtherConsent => Err(Problem::new(Code::ConsentUnknown)),
    }
}

fn question(app: &App, visit: &Visit, door: &Door) -> Response {
    let (minor, days) = (escape(&visit.minor), app.settings.consents.return_days);
    let title = Words::new("Retirer votre accord ?", "Take your consent back?");
    let sentence = Words::new(
        format!(
            "La cagnotte de {minor} est suspendue aussitôt : aucun cadeau ne commence plus et rien n'est versé. Vous avez \
             {days} jours pour revenir sur ce retrait, ici même. Ensuite chaque cadeau est rendu à celui qui l'a fait, et la \
             cagnotte est annulée. Ce qui a déjà été versé reste versé."
        ),
        format!(
            "{minor}'s pot is put on hold at once: no gift begins any more and nothing is paid out. You have {days} days to \
             come back, on this very page. After that every gift goes back to its giver, and the pot is given up. What was \
             paid out already stays paid."
        ),
    );
    let button = Words::new("Retirer mon accord", "Take my consent back");
    let keep = Words::new("Non, le garder", "No, keep it");
    let [title, sentence, button, keep] =
        [&title, &sentence, &button, &keep].map(|words| words.read(door.language));
    let body = format!(
        "<p>{sentence}</p><form method=\"post\" action=\"{}\"><button>{button}</button></form>\
         <p><a href=\"{}\">{keep}</a></p>",
        door.to("/withdraw"),
        door.to(""),
    );
    door.page(StatusCode::OK, title, &body)
}
