//! `GET /g/{token}`: what is asked, what was answered, and what there is to say about it.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use wolo_domain::consents::ConsentStage;
use wolo_domain::dakar;

use super::door::Door;
use super::visit::Visit;
use super::{agreed, give};
use crate::contract::refusals;
use crate::page::escape;
use crate::papers::stage_words;
use crate::problem::{self, Code, Problem, Words};
use crate::state::App;

refusals!(NotShown: problem::OF_THE_STORE, &[Code::ConsentUnknown]);

/// What a guardian is asked, in plain words, and how it stands. Without a session there is nothing to press but for a code.
#[utoipa::path(get, path = "/g/{token}", operation_id = "guardian.show", tag = "identity",
    params(Door),
    responses((status = 200, description = "The page.", body = String, content_type = "text/html"), NotShown))]
pub(crate) async fn show(State(app): State<App>, door: Door) -> Result<Response, Problem> {
    match Visit::of(&app, &door).await {
        Ok(visit) => Ok(page(&visit, &door, StatusCode::OK, "")),
        Err(problem) => door.refused(problem),
    }
}

/// The page as things stand, with what was wrong before them.
pub(super) fn page(visit: &Visit, door: &Door, status: StatusCode, wrong: &str) -> Response {
    let minor = escape(&visit.minor);
    let title = Words::new(format!("Votre accord pour {minor}"), format!("Your consent for {minor}"));
    let stage = visit.stage();
    let body = match stage {
        ConsentStage::Requested | ConsentStage::Withdrawn if visit.is_the_guardian() => {
            format!("{}{}", stands(visit, door), give::form(visit, door))
        }
        ConsentStage::Requested | ConsentStage::Withdrawn => {
            let text = agreed::text(&wolo_domain::consents::ConsentText::current(door.language));
            format!("{}{text}{}", stands(visit, door), asks_for_a_code(visit, door))
        }
        ConsentStage::Given if visit.is_the_guardian() => given(visit, door),
        ConsentStage::Given => format!("{}{}", stands(visit, door), asks_for_a_code(visit, door)),
        _ => format!(
            "{}{}{}",
            stands(visit, door),
            agreed::last(visit, door.language),
            agreed::history(visit, door.language)
        ),
    };
    door.page(status, title.read(door.language), &format!("{wrong}{body}"))
}

/// Where it stands, and until when somebody waits.
fn stands(visit: &Visit, door: &Door) -> String {
    let (minor, stage) = (escape(&visit.minor), visit.stage());
    let until = visit.consent.answer_by.map(|until| dakar::in_words(dakar::day_of(until), door.language));
    let until = until.unwrap_or_default();
    let sentence = match stage {
        ConsentStage::Requested => Words::new(
            format!(
                "{minor} vous désigne comme responsable légal pour sa cagnotte d'anniversaire chez WOLO. Répondez avant le \
                 {until} ; ne rien répondre revient à dire non."
            ),
            format!(
                "{minor} names you as the guardian for a birthday pot at WOLO. Answer before {until}; saying nothing is \
                 saying no."
            ),
        ),
        ConsentStage::Withdrawn => Words::new(
            format!(
                "Vous avez retiré votre accord. La cagnotte de {minor} est suspendue ; vous pouvez revenir sur ce retrait \
                 avant le {until}. Ensuite les cadeaux sont rendus."
            ),
            format!(
                "You have taken your consent back. {minor}'s pot is on hold; you can come back before {until}. After that \
                 the gifts go back."
            ),
        ),
        ConsentStage::Given => Words::new(
            "Votre accord est en vigueur. Vous pouvez revoir ce que vous avez accepté et le retirer à tout moment.",
            "Your consent is in force. You can see what you agreed to, and take it back at any moment.",
        ),
        over => {
            let words = agreed::stage_words(over);
            Words::new(
                format!("Cette demande est terminée : {}.", words.french()),
                format!("This request is over: {}.", words.english()),
            )
        }
    };
    format!("<p>{}</p>", sentence.read(door.language))
}

fn asks_for_a_code(visit: &Visit, door: &Door) -> String {
    let to = escape(&visit.reached.phone.masked());
    let title = Words::new("C'est bien vous ?", "Is it you?");
    let why = Words::new(
        format!(
            "Pour que personne ne réponde à votre place, un code va au {to}, le téléphone qui nous a été donné pour vous. \
             Sans ce code, ce lien ne permet rien."
        ),
        format!(
            "So that nobody answers in your place, a code goes to {to}, the phone that we were given for you. Without that \
             code this link is good for nothing."
        ),
    );
    let button = Words::new("Recevoir mon code", "Get my code");
    let [title, why, button] = [&title, &why, &button].map(|words| words.read(door.language));
    format!(
        "<h2>{title}</h2><p>{why}</p><form method=\"post\" action=\"{}\"><button>{button}</button></form>",
        door.to("/code")
    )
}

fn given(visit: &Visit, door: &Door) -> String {
    let title = Words::new("Retirer votre accord", "Take your consent back");
    let sentence = Words::new(
        "Vous pouvez le faire à tout moment. Nous vous disons d'abord ce qui se passera.",
        "You can do so at any moment. We say first what will happen.",
    );
    let link = Words::new("Retirer mon accord…", "Take my consent back…");
    let [title, sentence, link] = [&title, &sentence, &link].map(|words| words.read(door.language));
    format!(
        "{}{}{}{}<h2>{title}</h2><p>{sentence}</p><p><a href=\"{}\">{link}</a></p>",
        stands(visit, door),
        documents(visit, door),
        agreed::last(visit, door.language),
        agreed::history(visit, door.language),
        door.to("/withdraw"),
    )
}

/// Where the check of identities stands, and the way to send what it needs.
fn documents(visit: &Visit, door: &Door) -> String {
    let Some(case) = &visit.case else { return String::new() };
    let title = Words::new("La vérification des identités", "The check of identities");
    let stage = stage_words(case.entry.stage);
    let sentence =
        Words::new(format!("Le dossier {}.", stage.french()), format!("The case {}.", stage.english()));
    let link = Words::new("Voir et envoyer les documents", "See and send the documents");
    let [title, sentence, link] = [&title, &sentence, &link].map(|words| words.read(door.language));
    format!("<h2>{title}</h2><p>{sentence}</p><p><a href=\"{}\">{link}</a></p>", door.to("/documents"))
}
