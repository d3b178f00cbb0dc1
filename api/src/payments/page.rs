//! The page that a giver finds after Wave: where the gift stands, in a sentence and in their language.

use wolo_domain::donations::DonationStage;
use wolo_domain::typography;

use super::status::Status;
use crate::asker::Language;
use crate::page::{escape, page};
use crate::problem::Words;

/// Seconds after which a page that waits looks again by itself.
const LOOK_AGAIN: u32 = 5;

/// `back` is what the pot's page is called, where it can be shown.
pub(super) fn of(status: &Status, back: Option<&str>, language: Language) -> String {
    let waits = status.stage == DonationStage::Requested;
    let (title, sentence) = words(status.stage);
    let again =
        if waits { format!("<meta http-equiv=\"refresh\" content=\"{LOOK_AGAIN}\">") } else { String::new() };
    let pay = Words::new("Payer avec Wave", "Pay with Wave");
    let pay = status.wave_launch_url.as_deref().map_or_else(String::new, |url| {
        let (url, pay) = (escape(url), pay.read(language));
        format!("<p><a class=\"pay\" rel=\"noreferrer\" href=\"{url}\">{pay}</a></p>")
    });
    let failed = if status.failed_attempts > 0 && waits {
        let words = Words::new(
            "Un essai de paiement n'a pas abouti. Vous pouvez réessayer.",
            "One attempt to pay did not go through. You can try again.",
        );
        format!("<p>{}</p>", words.read(language))
    } else {
        String::new()
    };
    let amount = escape(&typography::francs(status.amount.francs()));
    let words = Words::new("Revenir à la cagnotte", "Back to the pot");
    let back = back.map_or_else(String::new, |pot| {
        let (pot, words) = (escape(pot), words.read(language));
        format!("<p><a class=\"button quiet\" href=\"/p/{pot}\">{words}</a></p>")
    });
    let body = format!(
        "<p class=\"amount\">{amount}</p><p>{}</p>{failed}{pay}{back}<p class=\"id\">{}</p>",
        sentence.read(language),
        status.donation
    );
    page(title.read(language), &again, &body, language)
}

/// For whoever followed a link that leads to no gift.
pub(super) fn unknown(language: Language) -> String {
    let title = Words::new("Cadeau inconnu", "Unknown gift");
    let sentence = Words::new(
        "Ce lien ne mène à aucun cadeau. Vérifiez qu'il est complet.",
        "This link leads to no gift. Check that all of it is there.",
    );
    page(title.read(language), "", &format!("<p>{}</p>", sentence.read(language)), language)
}

/// The title and the sentence.
fn words(stage: DonationStage) -> (Words, Words) {
    match stage {
        DonationStage::Requested => (
            Words::new("En attente du paiement", "Waiting for the payment"),
            Words::new(
                "Nous attendons la confirmation de Wave. Cette page se met à jour toute seule.",
                "We are waiting for Wave to confirm. This page looks again by itself.",
            ),
        ),
        DonationStage::Confirmed => (
            Words::new("Merci !", "Thank you!"),
            Words::new("Votre cadeau est arrivé dans la cagnotte.", "Your gift has arrived in the pot."),
        ),
        DonationStage::Expired => (
            Words::new("Non payé", "Not paid"),
            Words::new(
                "Le paiement n'a pas été fait à temps. Rien n'a été débité.",
                "The payment was not made in time. Nothing was taken from you.",
            ),
        ),
        DonationStage::RefundDue => (
            Words::new("Remboursement en cours", "On its way back"),
            Words::new(
                "La cagnotte était déjà fermée. Votre argent vous est rendu en entier.",
                "The pot was closed already. All of your money is being given back.",
            ),
        ),
        DonationStage::Refunded => (
            Words::new("Remboursé", "Given back"),
            Words::new(
                "La cagnotte était déjà fermée. Votre argent vous a été rendu.",
                "The pot was closed already. Your money has been given back.",
            ),
        ),
        DonationStage::Suspended => (
            Words::new("En vérification", "Being looked at"),
            Words::new(
                "Le paiement ne correspond pas à la demande. Notre équipe le vérifie.",
                "The payment is not what was asked for. Our team is looking at it.",
            ),
        ),
    }
}
