//! `GET, POST /i/{token}`: where the link of an invitation leads.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use wolo_database::invitations::{self, Invitation};
use wolo_domain::dakar;

use super::decline::turn_down;
use super::{find, in_path, join_page, still_waits};
use crate::asker::{Asker, Language};
use crate::contract::{refusals, schemas};
use crate::edge::browsers::refuse_foreign;
use crate::page::{escape, page, saying, shown, spoken, wants_page};
use crate::problem::{self, Code, Problem, Words};
use crate::state::App;

pub(super) type Token = Result<Path<String>, PathRejection>;

/// An invitation, as far as whoever has its link may know it.
#[derive(Serialize, ToSchema)]
pub(crate) struct InvitationView {
    /// The sponsor's first name.
    sponsor: String,
    /// It can be accepted until then.
    expires_at: DateTime<Utc>,
}

refusals!(NotShown: problem::OF_THE_STORE, &[Code::InvitationUnknown, Code::InvitationTaken, Code::InvitationEnded]);

/// An invitation that waits for its answer: for a program what is known of it, for a browser a page. That its link was followed
/// is noted.
#[utoipa::path(get, path = "/i/{token}", operation_id = "sponsorship.show", tag = "sponsorship",
    params(("token" = inline(schemas::InvitationToken), Path, description = "The link's secret part.")),
    responses(
        (status = 200, description = "The invitation.", content(
            (InvitationView = "application/json"), (String = "text/html"),
        )),
        NotShown,
    ))]
pub(crate) async fn show(
    State(app): State<App>,
    method: Method,
    headers: HeaderMap,
    asker: Asker,
    token: Token,
) -> Result<Response, Problem> {
    let language = spoken(asker.language);
    // What only asks whether there is something there is no person who follows the link.
    let token = in_path(token).unwrap_or_default();
    match open(&app, &token, method == Method::GET).await {
        Ok(invitation) if wants_page(&headers) => {
            Ok(shown(StatusCode::OK, invites(&invitation, &token, language), language))
        }
        Ok(Invitation { sponsor_name, expires_at, .. }) => {
            Ok(Json(InvitationView { sponsor: sponsor_name, expires_at }).into_response())
        }
        Err(problem) => refused(problem, &headers, language),
    }
}

/// For a browser a page that says why not.
pub(super) fn refused(
    problem: Problem,
    headers: &HeaderMap,
    language: Language,
) -> Result<Response, Problem> {
    if !wants_page(headers) || !problem.status().is_client_error() {
        return Err(problem);
    }
    Ok(shown(problem.status(), over(&problem, language), language))
}

refusals!(NotDeclined: problem::OF_THE_STORE, problem::OF_THE_ENGINE,
    &[Code::FromElsewhere, Code::InvitationUnknown, Code::InvitationTaken, Code::InvitationEnded]);

/// Declines the invitation, from its page.
#[utoipa::path(post, path = "/i/{token}", operation_id = "sponsorship.decline_on_page", tag = "sponsorship",
    params(("token" = inline(schemas::InvitationToken), Path, description = "The link's secret part.")),
    responses(
        (status = 200, description = "Declined.", body = String, content_type = "text/html"),
        NotDeclined,
    ))]
pub(crate) async fn decline_on_page(
    State(app): State<App>,
    headers: HeaderMap,
    asker: Asker,
    token: Token,
) -> Result<Response, Problem> {
    let language = spoken(asker.language);
    let declining = async {
        refuse_foreign(&headers, &app.settings.api.public_url)?;
        turn_down(&app, &in_path(token)?).await
    };
    match declining.await {
        Ok(()) => Ok(shown(StatusCode::OK, declined(language), language)),
        Err(problem) => refused(problem, &headers, language),
    }
}

/// The invitation, if it waits for its answer still.
async fn open(app: &App, token: &str, is_followed: bool) -> Result<Invitation, Problem> {
    let (mut tx, hash, invitation) = find(app, token).await?;
    still_waits(&invitation)?;
    if is_followed {
        invitations::note_opened(&mut tx, &hash).await?;
        wolo_database::commit(tx).await?;
    }
    Ok(invitation)
}

fn invites(invitation: &Invitation, token: &str, language: Language) -> String {
    let sponsor = escape(&invitation.sponsor_name);
    let until = |language| dakar::in_words(dakar::day_of(invitation.expires_at), language);
    let title =
        Words::new(format!("{sponsor} vous invite sur WOLO"), format!("{sponsor} invites you to WOLO"));
    let sentence = Words::new(
        format!(
            "WOLO réunit l'argent d'anniversaire de vos proches, par Wave : votre cagnotte s'ouvre trente jours avant votre \
             anniversaire et vous est versée le lendemain. En acceptant, vous avez un compte WOLO et la cagnotte de votre \
             prochain anniversaire ; elle n'est publique que si vous le voulez, et celle d'un mineur attend l'accord d'un \
             parent. L'invitation est valable jusqu'au {}.",
            until(Language::French)
        ),
        format!(
            "WOLO brings together what your friends give for your birthday, with Wave: your pot opens thirty days before it \
             and is paid to you the day after. By accepting you get a WOLO account and the pot of your next birthday; it is \
             public only if you want that, and the pot of a minor waits for a parent's consent. The invitation is good until {}.",
            until(Language::English)
        ),
    );
    let body = format!("<p>{}</p>{}", sentence.read(language), join_page::ways(invitation, token, language));
    page(title.read(language), "", &body, language)
}

fn declined(language: Language) -> String {
    let title = Words::new("C'est noté", "Noted");
    let sentence = Words::new(
        "L'invitation est déclinée ; vous ne recevrez plus de rappel.",
        "The invitation is declined; you will not be reminded of it.",
    );
    saying(&title, &sentence, language)
}

fn over(problem: &Problem, language: Language) -> String {
    let (title, detail) = problem.words(language);
    page(&escape(&title), "", &format!("<p>{}</p>", escape(&detail)), language)
}
