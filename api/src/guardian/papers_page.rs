//! The page on which a guardian sends documents: what is there, what is missing, and a form.

use axum::http::StatusCode;
use axum::response::Response;
use uuid::Uuid;
use wolo_database::identities::{Case, Sent};
use wolo_domain::identities::{CaseStage, DocumentKind, Party, in_words};

use super::door::Door;
use super::visit::Visit;
use crate::page::escape;
use crate::papers::stage_words;
use crate::problem::Words;

/// The page as things stand, with what was wrong before them.
pub(super) fn page(visit: &Visit, door: &Door, status: StatusCode, wrong: &str) -> Response {
    let minor = escape(&visit.minor);
    let title = Words::new(format!("Les documents pour {minor}"), format!("The documents for {minor}"));
    let body = match &visit.case {
        None => {
            let soon = Words::new(
                "La vérification n'est pas encore ouverte. Revenez sur cette page dans un instant.",
                "The check is not open yet. Come back to this page in a moment.",
            );
            format!("<p>{}</p>", soon.read(door.language))
        }
        Some(case) if case.entry.stage.collects() => {
            format!("{}{}{}", stands(case, door), sent(case, door), form(&minor, door))
        }
        Some(case) if case.entry.stage == CaseStage::Rejected => {
            format!("{}{}", stands(case, door), begin_again(door))
        }
        Some(case) => format!("{}{}", stands(case, door), sent(case, door)),
    };
    let back = Words::new("Revenir à votre accord", "Back to your consent");
    let body = format!("{wrong}{body}<p><a href=\"{}\">{}</a></p>", door.to(""), back.read(door.language));
    door.page(status, title.read(door.language), &body)
}

fn stands(case: &Case, door: &Door) -> String {
    let stage = stage_words(case.entry.stage);
    let why = Words::new(
        "Nous vérifions qui est l'enfant et qui est son responsable. Photographiez une pièce d'identité de chacun ; chaque \
         image est chiffrée, vue seulement par nos vérificateurs, puis détruite.",
        "We check who the child is and who the guardian is. Take a photo of an identity document of each; every picture is \
         encrypted, seen by our reviewers alone, and then destroyed.",
    );
    let reasons = match case.entry.stage {
        CaseStage::MoreNeeded | CaseStage::Rejected => {
            format!(" : {}", escape(&in_words(&case.entry.reasons, door.language)))
        }
        _ => String::new(),
    };
    let now = Words::new(
        format!("Le dossier {}{reasons}.", stage.french()),
        format!("The case {}{reasons}.", stage.english()),
    );
    format!("<p>{}</p><p><strong>{}</strong></p>", why.read(door.language), now.read(door.language))
}

/// What is there, and whether it can be taken back.
fn sent(case: &Case, door: &Door) -> String {
    let there: Vec<_> = case.documents.iter().filter(|sent| sent.is_there()).collect();
    if there.is_empty() {
        return String::new();
    }
    let title = Words::new("Ce que nous avons reçu", "What we have received");
    let collects = case.entry.stage.collects();
    let items = there.into_iter().map(|document| item(document, collects, door)).collect::<String>();
    format!("<h2>{}</h2><ul>{items}</ul>{}", title.read(door.language), send_off(collects, door))
}

fn item(sent: &Sent, collects: bool, door: &Door) -> String {
    let document = sent.document;
    let (kind, party) = (kind_words(document.kind), party_words(document.party));
    let (kind, party) = (kind.read(door.language), party.read(door.language));
    let remove = Words::new("Retirer", "Take back");
    let remove = if collects {
        format!(
            "<form method=\"post\" action=\"{}\"><button class=\"quiet\" aria-label=\"{remove} : {kind}, {party}\">{remove}\
             </button></form>",
            door.to(&format!("/documents/{}/remove", document.id)),
            remove = remove.read(door.language),
        )
    } else {
        String::new()
    };
    format!("<li>{kind}, {party}{remove}</li>")
}

/// What was rejected is over; another case may be the right one.
pub(super) fn begin_again(door: &Door) -> String {
    let title = Words::new("Recommencer", "Send again");
    let sentence = Words::new(
        "Vous pouvez envoyer d'autres documents : un nouveau dossier s'ouvre tout de suite. Cela n'est possible que quelques \
         fois par an ; lisez d'abord la raison.",
        "You can send other documents: a new case begins at once. That is possible only a few times a year; read the reason \
         first.",
    );
    let button = Words::new("Envoyer à nouveau", "Send again");
    let [title, sentence, button] = [&title, &sentence, &button].map(|words| words.read(door.language));
    format!(
        "<h2>{title}</h2><p>{sentence}</p><form method=\"post\" action=\"{}\"><button>{button}</button></form>",
        door.to("/documents/again")
    )
}

fn send_off(collects: bool, door: &Door) -> String {
    if !collects {
        return String::new();
    }
    let sentence = Words::new(
        "Quand il y a au moins un document de l'enfant et un de vous, demandez la vérification.",
        "When there is at least one document of the child and one of yours, ask for the check.",
    );
    let button = Words::new("J'ai tout envoyé", "I have sent everything");
    format!(
        "<p>{}</p><form method=\"post\" action=\"{}\"><button>{}</button></form>",
        sentence.read(door.language),
        door.to("/documents/submit"),
        button.read(door.language)
    )
}

fn form(minor: &str, door: &Door) -> String {
    let title = Words::new("Envoyer un document", "Send a document");
    let whose = Words::new("De qui ?", "Whose?");
    let child = Words::new(format!("De {minor}"), format!("{minor}'s"));
    let mine = Words::new("De moi", "Mine");
    let what = Words::new("Quel document ?", "Which document?");
    let photo = Words::new("Prendre une photo", "Take a photo");
    let file = Words::new(
        "ou choisir un fichier (JPEG, PNG, PDF, 10 Mo au plus)",
        "or choose a file (JPEG, PNG, PDF, at most 10 MB)",
    );
    let button = Words::new("Envoyer", "Send");
    let [title, whose, child, mine, what, photo, file, button] =
        [&title, &whose, &child, &mine, &what, &photo, &file, &button].map(|words| words.read(door.language));
    let kinds = DocumentKind::ALL
        .map(|kind| format!("<option value=\"{kind}\">{}</option>", kind_words(kind).read(door.language)));
    // Sent twice, the form is one document.
    let name = Uuid::new_v4();
    format!(
        "<h2>{title}</h2><form method=\"post\" enctype=\"multipart/form-data\" action=\"{}\">\
         <input type=\"hidden\" name=\"name\" value=\"{name}\">\
         <fieldset><legend>{whose}</legend>\
         <label><input type=\"radio\" name=\"party\" value=\"person\" required>{child}</label>\
         <label><input type=\"radio\" name=\"party\" value=\"guardian\">{mine}</label></fieldset>\
         <label>{what}<select name=\"kind\">{}</select></label>\
         <label>{photo}<input type=\"file\" name=\"photo\" accept=\"image/jpeg,image/png\" capture=\"environment\"></label>\
         <label>{file}<input type=\"file\" name=\"file\" accept=\"image/jpeg,image/png,application/pdf\"></label>\
         <button>{button}</button></form>",
        door.to("/documents"),
        kinds.concat(),
    )
}

fn party_words(party: Party) -> Words {
    match party {
        Party::Person => Words::new("de l'enfant", "of the child"),
        Party::Guardian => Words::new("de vous", "of yours"),
    }
}

fn kind_words(kind: DocumentKind) -> Words {
    match kind {
        DocumentKind::IdentityCard => Words::new("Carte d'identité", "Identity card"),
        DocumentKind::Passport => Words::new("Passeport", "Passport"),
        DocumentKind::BirthCertificate => Words::new("Extrait de naissance", "Birth certificate"),
        DocumentKind::Guardianship => {
            Words::new("Preuve que vous êtes responsable légal", "Proof that you are the guardian")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asker::Language;

    #[test]
    fn every_kind_has_words_in_both_languages() {
        for kind in DocumentKind::ALL {
            let words = [Language::French, Language::English]
                .map(|language| kind_words(kind).read(language).to_owned());
            assert!(words.iter().all(|words| !words.is_empty()) && words[0] != words[1], "{kind}");
        }
    }
}
