//! What a guardian is asked to agree to, and what they have agreed to, word for word.

use wolo_database::consents::Event;
use wolo_domain::consents::{Agreement, ConsentStage, ConsentText, Proof, Purpose, Shown};
use wolo_domain::dakar;

use super::visit::Visit;
use crate::asker::Language;
use crate::page::escape;
use crate::problem::Words;

/// A text of ours: its titles and paragraphs.
pub(super) fn text(text: &ConsentText) -> String {
    let paragraphs = text.words.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty());
    let shown = paragraphs.map(|paragraph| match paragraph.strip_prefix("# ") {
        Some(title) => format!("<h2>{}</h2>", escape(title)),
        None => format!("<p>{}</p>", escape(paragraph)),
    });
    format!("<section lang=\"{}\">{}</section>", text.language.as_str(), shown.collect::<String>())
}

/// Which text it is, so that anybody can tell it from another.
pub(super) fn mark(shown: &Shown) -> String {
    format!(
        "<p class=\"id\">{} · {} · SHA-256 {}</p>",
        escape(&shown.text),
        shown.language,
        escape(&shown.hash)
    )
}

/// The last agreement of a guardian, with when, how and for what.
pub(super) fn last(visit: &Visit, language: Language) -> String {
    let given = visit.history.iter().rev().find_map(|event| Some((event, event.agreed.as_ref()?)));
    let Some((event, agreed)) = given else { return String::new() };
    let Agreement { shown, purposes, proof, .. } = agreed;
    let title = Words::new("Ce que vous avez accepté", "What you agreed to");
    let when = on(event, language);
    let sentence = Words::new(
        format!("Le {when}, {}, pour :", proof_words(*proof).french()),
        format!("On {when}, {}, for:", proof_words(*proof).english()),
    );
    let purposes =
        purposes.iter().map(|purpose| format!("<li>{}</li>", purpose_words(*purpose).read(language)));
    // The words that were shown then, not those that are shown today.
    let words = ConsentText::find(&shown.text, shown.language).map(|known| text(&known)).unwrap_or_default();
    let read = Words::new("Relire le texte", "Read the text again");
    format!(
        "<h2>{}</h2><p>{}</p><ul>{}</ul><details><summary>{}</summary>{words}</details>{}",
        title.read(language),
        sentence.read(language),
        purposes.collect::<String>(),
        read.read(language),
        mark(shown),
    )
}

/// What happened, the first first.
pub(super) fn history(visit: &Visit, language: Language) -> String {
    let title = Words::new("Ce qui s'est passé", "What happened");
    let events = visit.history.iter().map(|event| {
        format!("<li>{} : {}</li>", on(event, language), stage_words(event.stage).read(language))
    });
    format!("<h2>{}</h2><ul>{}</ul>", title.read(language), events.collect::<String>())
}

fn on(event: &Event, language: Language) -> String {
    dakar::in_words(dakar::day_of(event.at), language)
}

/// What became of a consent, as one sentence without its stop.
pub(super) fn stage_words(stage: ConsentStage) -> Words {
    match stage {
        ConsentStage::Requested => Words::new("l'accord est demandé", "consent is asked for"),
        ConsentStage::Given => Words::new("l'accord est donné", "consent is given"),
        ConsentStage::Withdrawn => Words::new("l'accord est retiré", "consent is taken back"),
        ConsentStage::Refused => Words::new("l'accord est refusé", "consent is refused"),
        ConsentStage::Lapsed => Words::new(
            "personne n'a répondu à temps, ce qui est un refus",
            "nobody answered in time, which is a refusal",
        ),
        ConsentStage::Superseded => Words::new("quelqu'un d'autre a été désigné", "somebody else was named"),
        ConsentStage::Ended => Words::new(
            "l'accord a pris fin : la cagnotte est annulée, et les cadeaux qui n'étaient pas versés sont rendus",
            "the consent has ended: the pot is given up, and the gifts that had not been paid out go back",
        ),
        ConsentStage::HandedOver => Words::new(
            "l'enfant est majeur et décide désormais seul",
            "the child has come of age and decides alone from now on",
        ),
    }
}

pub(super) fn purpose_words(purpose: Purpose) -> Words {
    match purpose {
        Purpose::Pot => Words::new(
            "montrer la cagnotte à ceux à qui elle est destinée et recevoir des cadeaux",
            "showing the pot to those for whom it is meant, and taking gifts",
        ),
        Purpose::IdentityCheck => Words::new(
            "vérifier l'identité de l'enfant et la mienne",
            "checking the child's identity and mine",
        ),
        Purpose::Payout => Words::new(
            "verser l'argent sur mon numéro Wave, pour l'enfant",
            "paying the money to my Wave number, for the child",
        ),
        Purpose::Messages => Words::new(
            "nous écrire, à l'enfant et à moi, ce qui se passe",
            "writing to the child and to me what happens",
        ),
    }
}

fn proof_words(proof: Proof) -> Words {
    match proof {
        Proof::CodeByWhatsApp => {
            Words::new("avec un code reçu par WhatsApp", "with a code that came by WhatsApp")
        }
        Proof::CodeBySms => Words::new("avec un code reçu par SMS", "with a code that came by SMS"),
        Proof::CodeByEmail => Words::new("avec un code reçu par e-mail", "with a code that came by e-mail"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_shown_whole_with_its_titles() {
        for language in [Language::French, Language::English] {
            let known = ConsentText::current(language);
            let shown = text(&known);
            assert_eq!(shown.matches("<h2>").count(), 8);
            assert_eq!(shown.matches("<p>").count(), 8);
            assert!(!shown.contains("# "), "{shown}");
        }
    }
}
