//! Why an invitation brings no points, as a sentence to its sponsor.

use wolo_domain::invitations::NoPoints;

use crate::problem::Words;

pub(crate) fn why(rule: NoPoints) -> Words {
    match rule {
        NoPoints::Oneself => Words::new("C'est votre propre invitation.", "It is your own invitation.")
            .wolof("Sa invitation la."),
        NoPoints::Cycle => Words::new(
            "Cette personne vous a fait venir sur WOLO, elle-même ou par d'autres.",
            "This person has brought you to WOLO, themselves or through others.",
        )
        .wolof("Nit kii moo la indi ci WOLO, moom walla ñi mu indi."),
        NoPoints::SamePhone => Words::new(
            "L'invitation est allée à votre propre numéro, ou vous en partagez un.",
            "The invitation went to your own number, or you share one.",
        )
        .wolof("Invitation bi sa numéro boppu la demoon, walla benn numéro ngeen bokk."),
        NoPoints::SamePayoutNumber => Words::new(
            "Vos deux cagnottes sont versées au même numéro.",
            "Both of your pots are paid to one number.",
        )
        .wolof("Seeni ñaari cagnotte benn numéro lañu leen di fey."),
        // Whose account it is about, and why, is not said.
        NoPoints::UnderReview => Words::new(
            "WOLO regarde cette invitation de plus près ; ses points attendent.",
            "WOLO is taking a closer look at this invitation; its points wait.",
        )
        .wolof("WOLO mi ngi xool invitation bii bu baax ; points yi dañuy xaar."),
        NoPoints::NoPhone => Words::new(
            "L'un de vous deux n'a pas encore confirmé de numéro de téléphone ; les points viendront ensuite.",
            "One of you has not proved a phone number yet; the points come when you both have.",
        )
        .wolof("Kenn ci yeen ñaar dëggalagul numéro téléphone ; bu ko defee points yi dinañu ñëw."),
    }
}
