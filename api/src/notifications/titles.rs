//! What a message is about, in a few words: a list of them is read at a glance, and the message itself is on the phone.

use wolo_domain::notices::Kind;

use crate::asker::Language;

/// Who reads Wolof gets the French ones, as in the messages that have no Wolof yet.
pub(super) const fn of(kind: Kind, language: Language) -> &'static str {
    let (french, english) = words(kind);
    match language {
        Language::English => english,
        Language::French | Language::Wolof => french,
    }
}

const fn words(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Welcome => ("Bienvenue", "Welcome"),
        Kind::VerifyEmail => ("Confirmez votre adresse", "Confirm your address"),
        Kind::OneTimeCode => ("Votre code", "Your code"),
        Kind::AlreadyRegistered => ("Vous avez déjà un compte", "You have an account already"),
        Kind::PasswordChanged => ("Mot de passe changé", "Password changed"),
        Kind::NewDevice => ("Connexion sur un nouvel appareil", "Sign-in on a new device"),
        Kind::IdentityLinked => ("Nouveau moyen de connexion", "New way to sign in"),
        Kind::PotScheduled => ("Votre cagnotte est prévue", "Your pot is planned"),
        Kind::PotMoved => ("Votre cagnotte a de nouvelles dates", "Your pot has new days"),
        Kind::PotOpened => ("Votre cagnotte est ouverte", "Your pot is open"),
        Kind::DaysLeft => ("Encore quelques jours", "A few days left"),
        Kind::LastDay => ("Dernier jour", "Last day"),
        Kind::BirthdayWish => ("Joyeux anniversaire", "Happy birthday"),
        Kind::GiftReceived => ("Un cadeau est arrivé", "A gift has arrived"),
        Kind::GiftReceipt => ("Reçu de votre cadeau", "Receipt of your gift"),
        Kind::GiftRefunded => ("Votre cadeau vous est rendu", "Your gift has come back"),
        Kind::GoalReached => ("L'objectif est atteint", "The aim is reached"),
        Kind::PotClosed => ("Votre cagnotte est fermée", "Your pot is closed"),
        Kind::PotCancelled => ("Votre cagnotte est annulée", "Your pot is cancelled"),
        Kind::PayoutSent => ("Votre cagnotte est versée", "Your pot is paid out"),
        Kind::PayoutHeld => ("Votre versement attend", "Your payout waits"),
        Kind::ThankYou => ("Merci", "Thank you"),
        Kind::Invitation => ("Une invitation", "An invitation"),
        Kind::InvitationReminder => ("Une invitation vous attend", "An invitation waits for you"),
        Kind::InvitationAccepted => ("Invitation acceptée", "Invitation accepted"),
        Kind::PointsEarned => ("Points gagnés", "Points earned"),
        Kind::PointsMatured => ("Vos points sont utilisables", "Your points can be used"),
        Kind::PointsRevoked => ("Points repris", "Points taken back"),
        Kind::ConsentRequest => ("Votre accord est demandé", "Your consent is asked for"),
        Kind::ConsentReminder => ("Votre accord est attendu", "Your consent is waited for"),
        Kind::ConsentGranted => ("Accord donné", "Consent given"),
        Kind::ConsentRefused => ("Accord refusé", "Consent refused"),
        Kind::ConsentWithdrawn => ("Accord retiré", "Consent withdrawn"),
        Kind::IdentityReceived => ("Documents reçus", "Documents received"),
        Kind::IdentityApproved => ("Identité confirmée", "Identity confirmed"),
        Kind::IdentityRejected => ("Identité non confirmée", "Identity not confirmed"),
        Kind::IdentityMoreNeeded => ("Il manque un document", "A document is missing"),
        Kind::HandedOver => ("La cagnotte change de mains", "The pot is handed over"),
        Kind::DataExportReady => ("Vos données sont prêtes", "Your data are ready"),
        Kind::AccountClosed => ("Compte fermé", "Account closed"),
        Kind::OperatorAlert => ("À regarder", "To be looked at"),
    }
}
