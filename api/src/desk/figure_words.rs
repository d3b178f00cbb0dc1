//! What the figures of the business are called on a page. Programs call them by the names of their views.

use wolo_domain::figures::Figure;
use wolo_domain::typography;

use crate::asker::Language;

pub(super) fn figure(figure: Figure, language: Language) -> String {
    let (french, english) = match figure {
        Figure::Registered => ("Inscrits", "Registered"),
        Figure::Activated => ("Actifs", "Activated"),
        Figure::KFactor => ("Facteur K", "K-factor"),
        Figure::InvitationFunnel => ("Parcours des invitations", "Invitation funnel"),
        Figure::PotsByState => ("Cagnottes créées, par état", "Pots that were made, by state"),
        Figure::Gifts => ("Cadeaux", "Gifts"),
        Figure::Conversion => ("Cagnottes ouvertes qui aboutissent", "Opened pots that come to something"),
        Figure::Payouts => ("Versements", "Payouts"),
        Figure::Fees => ("Frais de Wave", "Wave's fees"),
        Figure::Refunds => ("Remboursements", "Refunds"),
        Figure::Promotions => ("Crédit des points", "Credit of points"),
        Figure::Suspense => ("Argent en attente", "Money in suspense"),
        Figure::Messages => ("Messages", "Messages"),
        Figure::IdentityTurnaround => ("Délai des vérifications d'identité", "Turnaround of identity checks"),
        Figure::Visits => ("Visites", "Visits"),
    };
    typography::set(
        match language {
            Language::French | Language::Wolof => french,
            Language::English => english,
        },
        language,
    )
}

/// A measure or a ratio, by its name.
pub(super) fn measure(name: &str, language: Language) -> String {
    let french = FRENCH
        .iter()
        .find(|(english, _)| *english == name)
        .map(|(_, french)| typography::set(french, language));
    match language {
        Language::French | Language::Wolof => french.unwrap_or_else(|| name.replace('_', " ")),
        Language::English => name.replace('_', " "),
    }
}

const FRENCH: [(&str, &str); 65] = [
    ("accepted", "acceptés"),
    ("accepted_share", "part acceptée"),
    ("approved", "approuvés"),
    ("average", "moyenne"),
    ("borne", "pris à notre charge"),
    ("by_invitation", "par invitation"),
    ("cancelled", "annulées"),
    ("cancelling", "en cours d'annulation"),
    ("closed", "fermées"),
    ("credits", "crédits"),
    ("decided", "décidés"),
    ("declined", "déclinées"),
    ("delivered", "arrivés"),
    ("delivered_share", "part arrivée"),
    ("failed", "échoués"),
    ("failed_share", "part échouée"),
    ("first_gift", "premier cadeau"),
    ("first_gift_share", "part jusqu'au premier cadeau"),
    ("francs", "francs"),
    ("gifts", "cadeaux"),
    ("give_pressed", "« Offrir » pressé"),
    ("given_to", "avec un cadeau"),
    ("given_to_share", "part avec un cadeau"),
    ("given_up_francs", "francs des cagnottes annulées"),
    ("given_up_gifts", "cadeaux des cagnottes annulées"),
    ("held", "retenues"),
    ("invitations", "invitations"),
    ("join_pressed", "« Rejoindre » pressé"),
    ("k", "K"),
    ("kept", "gardé"),
    ("lapsed", "sans réponse"),
    ("late_francs", "francs arrivés trop tard"),
    ("late_gifts", "cadeaux arrivés trop tard"),
    ("link_copied", "lien copié"),
    ("made", "créées"),
    ("odd_gifts", "cadeaux inattendus"),
    ("of_payouts", "sur les versements"),
    ("open", "ouvertes"),
    ("opened", "ouvertes"),
    ("page_viewed", "pages vues"),
    ("paid_out", "versées"),
    ("paid_out_share", "part versée"),
    ("paying_out", "en cours de versement"),
    ("payouts", "versements"),
    ("people", "personnes"),
    ("pot_opened", "cagnotte ouverte"),
    ("pots_bore", "payés par les cagnottes"),
    ("qr_shown", "code QR montré"),
    ("read", "lus"),
    ("received", "reçu"),
    ("refunds", "remboursements"),
    ("rejected", "refusés"),
    ("returned_francs", "francs rendus"),
    ("scheduled", "programmées"),
    ("seconds", "temps en tout"),
    ("sent", "envoyées"),
    ("settled", "réglées"),
    ("share_opened", "partage ouvert"),
    ("shared", "partagées"),
    ("spent", "dépensé"),
    ("suspense_bore", "payés par l'attente"),
    ("tried", "essayés"),
    ("within_two_days", "en moins de deux jours"),
    ("wolo_bore", "payés par WOLO"),
    ("written", "écrites"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_measure_and_ratio_has_its_french_word() {
        for figure in Figure::ALL {
            let measures = figure.measures().iter().map(|one| one.name);
            for name in measures.chain(figure.ratios().iter().map(|one| one.name)) {
                assert!(FRENCH.iter().any(|(known, _)| *known == name), "{figure}: {name}");
            }
        }
    }
}
