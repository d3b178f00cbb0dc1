//! Every problem by its code, with its status and its words. A code that has been given out keeps its meaning. Its words in
//! Wolof stand in `wolof.rs`.

use axum::http::StatusCode;

use crate::asker::Language;

macro_rules! codes {
    ($($code:ident = $name:literal, $status:ident, $fr:literal, $en:literal, $fr_detail:literal, $en_detail:literal;)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Code { $($code,)* }

        impl Code {
            pub(crate) const ALL: &[Self] = &[$(Self::$code,)*];

            pub(crate) const fn as_str(self) -> &'static str {
                match self { $(Self::$code => $name,)* }
            }

            pub(crate) const fn status(self) -> StatusCode {
                match self { $(Self::$code => StatusCode::$status,)* }
            }

            /// Title and detail.
            pub(crate) const fn words(self, language: Language) -> (&'static str, &'static str) {
                match (self, language) {
                    $((Self::$code, Language::French) => ($fr, $fr_detail),
                      (Self::$code, Language::English) => ($en, $en_detail),)*
                    (code, Language::Wolof) => code.wolof(),
                }
            }
        }
    };
}

codes! {
    // The request itself.
    RouteUnknown = "route_unknown", NOT_FOUND,
        "Adresse inconnue", "Unknown address",
        "Il n'y a rien à cette adresse.", "There is nothing at this address.";
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED,
        "Méthode refusée", "Method not allowed",
        "Cette adresse ne connaît pas cette méthode.", "This address does not know this method.";
    BodyTooLarge = "body_too_large", PAYLOAD_TOO_LARGE,
        "Requête trop longue", "Request too large",
        "Le corps de la requête est trop long.", "The body of the request is too large.";
    BodyNotJson = "body_not_json", UNSUPPORTED_MEDIA_TYPE,
        "Format refusé", "Unsupported format",
        "Le corps de la requête doit être du JSON (Content-Type: application/json).",
        "The body of the request must be JSON (Content-Type: application/json).";
    BodyUnreadable = "body_unreadable", BAD_REQUEST,
        "Requête interrompue", "Request broken off",
        "Le corps de la requête n'a pas pu être lu.", "The body of the request could not be read.";
    JsonMalformed = "json_malformed", BAD_REQUEST,
        "JSON illisible", "Malformed JSON",
        "Le corps de la requête n'est pas du JSON valide.", "The body of the request is not valid JSON.";
    RequestInvalid = "request_invalid", UNPROCESSABLE_ENTITY,
        "Requête invalide", "Invalid request",
        "Des champs de la requête ne conviennent pas.", "Fields of the request are not right.";
    TooManyRequests = "too_many_requests", TOO_MANY_REQUESTS,
        "Trop de requêtes", "Too many requests",
        "Vous demandez trop souvent ; attendez un peu.", "You ask too often; wait a little.";
    // Who asks.
    TokenMissing = "token_missing", UNAUTHORIZED,
        "Connexion nécessaire", "Sign-in needed",
        "Cette adresse demande un jeton d'accès.", "This address needs an access token.";
    TokenInvalid = "token_invalid", UNAUTHORIZED,
        "Jeton refusé", "Token refused",
        "Le jeton d'accès est invalide ou a expiré.", "The access token is not valid or has expired.";
    AccountUnknown = "account_unknown", FORBIDDEN,
        "Compte inconnu", "Unknown account",
        "Le compte de ce jeton n'existe pas.", "The account of this token does not exist.";
    AccountLocked = "account_locked", FORBIDDEN,
        "Compte bloqué", "Account locked",
        "Ce compte est bloqué ; écrivez-nous.", "This account is locked; write to us.";
    NotAllowed = "not_allowed", FORBIDDEN,
        "Droits insuffisants", "Not allowed",
        "Votre rôle ne permet pas cela.", "Your role does not allow this.";
    SecondFactorNeeded = "second_factor_needed", FORBIDDEN,
        "Second facteur nécessaire", "Second factor needed",
        "Connectez-vous avec votre second facteur pour cela.", "Sign in with your second factor for this.";
    // Signing in. Nothing here tells whether an account exists.
    CredentialsWrong = "credentials_wrong", UNAUTHORIZED,
        "Connexion refusée", "Sign-in refused",
        "Le contact ou le mot de passe ne convient pas.", "The contact or the password is not right.";
    OneTimeCodeWrong = "code_wrong", UNAUTHORIZED,
        "Code refusé", "Code refused",
        "Ce code est faux, trop vieux, ou a déjà servi.", "This code is wrong, too old, or was used before.";
    RefreshRefused = "refresh_refused", UNAUTHORIZED,
        "Session terminée", "Session ended",
        "Cette session est terminée ; reconnectez-vous.", "This session has ended; sign in again.";
    TooManyGuesses = "too_many_guesses", TOO_MANY_REQUESTS,
        "Trop d'essais", "Too many tries",
        "Trop d'essais ; attendez avant de recommencer.", "Too many tries; wait before you try again.";
    TooManyCodes = "too_many_codes", TOO_MANY_REQUESTS,
        "Trop de codes", "Too many codes",
        "Trop de codes ont été demandés pour ce contact ; attendez.",
        "Too many codes were asked for this contact; wait.";
    ContactTaken = "contact_taken", CONFLICT,
        "Contact déjà utilisé", "Contact taken",
        "Un autre compte a ce contact.", "Another account has this contact.";
    IdentityRefused = "identity_refused", UNAUTHORIZED,
        "Connexion refusée", "Sign-in refused",
        "Cette preuve n'est pas acceptée ; recommencez la connexion.",
        "This proof is not accepted; begin to sign in again.";
    IdentityProviderOff = "identity_provider_off", UNPROCESSABLE_ENTITY,
        "Connexion non proposée", "Sign-in not offered",
        "On ne se connecte pas ici par ce moyen.", "Nobody signs in here in this way.";
    IdentityProviderAway = "identity_provider_away", SERVICE_UNAVAILABLE,
        "Fournisseur injoignable", "Provider away",
        "Nous ne pouvons pas vérifier cette preuve pour le moment ; renvoyez-la dans un instant.",
        "We cannot check this proof for the moment; send it again in a moment.";
    IdentityUnknown = "identity_unknown", NOT_FOUND,
        "Connexion inconnue", "Unknown sign-in",
        "Ce compte ne s'ouvre pas par ce moyen.", "This account does not open in this way.";
    LastWayIn = "last_way_in", CONFLICT,
        "Dernier moyen de connexion", "Last way to sign in",
        "Ajoutez d'abord un téléphone ou une adresse e-mail ; sans cela, ce compte ne s'ouvrirait plus.",
        "Add a phone or a mail address first; without one this account could not be opened any more.";
    AccountDetailsMissing = "account_details_missing", UNPROCESSABLE_ENTITY,
        "Il manque de quoi ouvrir un compte", "Details of a new account missing",
        "Vous n'avez pas encore de compte ; renvoyez la même preuve avec ce qui manque.",
        "You have no account yet; send the same proof again with what is missing.";
    SecondFactorThere = "second_factor_there", CONFLICT,
        "Second facteur déjà là", "Second factor there",
        "Ce compte a déjà un second facteur.", "This account has a second factor already.";
    SessionUnknown = "session_unknown", NOT_FOUND,
        "Session inconnue", "Unknown session",
        "Cette session n'existe pas.", "There is no such session.";
    Busy = "busy", SERVICE_UNAVAILABLE,
        "Occupé", "Busy",
        "Trop de connexions en ce moment ; redemandez.", "Too many sign-ins at the moment; ask again.";
    // Keys.
    KeyMissing = "idempotency_key_missing", BAD_REQUEST,
        "Clé manquante", "Key missing",
        "L'en-tête Idempotency-Key est obligatoire ici.", "The header Idempotency-Key is needed here.";
    KeyInvalid = "idempotency_key_invalid", BAD_REQUEST,
        "Clé invalide", "Invalid key",
        "Idempotency-Key doit être donné une fois, avec 1 à 255 caractères ASCII visibles.",
        "Idempotency-Key must be given once, as 1 to 255 visible ASCII characters.";
    KeyReused = "idempotency_key_reused", UNPROCESSABLE_ENTITY,
        "Clé déjà utilisée", "Key used before",
        "Cette clé a déjà servi pour une autre requête.", "This key was used for another request.";
    KeyInFlight = "idempotency_key_in_flight", CONFLICT,
        "Requête en cours", "Request under way",
        "La même requête est en cours ; redemandez dans un instant.",
        "The same request is under way; ask again in a moment.";
    // Pots.
    PotUnknown = "pot_unknown", NOT_FOUND,
        "Cagnotte inconnue", "Unknown pot",
        "Cette cagnotte n'existe pas.", "There is no such pot.";
    PotExists = "pot_exists", CONFLICT,
        "Cagnotte existante", "Pot exists",
        "Il y a déjà une cagnotte pour cet anniversaire.", "There is a pot for this birthday already.";
    PotNotOpen = "pot_not_open", CONFLICT,
        "Cagnotte non ouverte", "Pot not open",
        "Cette cagnotte n'est pas ouverte.", "This pot is not open.";
    PotHeld = "pot_held", CONFLICT,
        "Cagnotte suspendue", "Pot on hold",
        "Cette cagnotte ne reçoit pas de cadeaux pour le moment.", "This pot takes no gifts for the moment.";
    PotEnded = "pot_ended", CONFLICT,
        "Cagnotte terminée", "Pot ended",
        "Cette cagnotte est terminée.", "This pot has ended.";
    PotNotCancellable = "pot_not_cancellable", CONFLICT,
        "Trop tard pour annuler", "Too late to cancel",
        "Cette cagnotte ne peut plus être annulée.", "This pot cannot be cancelled any more.";
    // Payouts.
    PayoutUnknown = "payout_unknown", NOT_FOUND,
        "Versement inconnu", "Unknown payout",
        "Aucun versement de cette cagnotte n'est prévu.", "No payout of this pot has been planned.";
    ApprovalNotNeeded = "approval_not_needed", CONFLICT,
        "Accord inutile", "No approval needed",
        "Ce versement n'attend l'accord de personne.", "This payout waits for nobody's approval.";
    ApprovedBefore = "approved_before", CONFLICT,
        "Déjà approuvé", "Approved before",
        "Vous avez déjà donné votre accord ; il faut celui d'une autre personne.",
        "You have approved it already; another person has to.";
    // Gifts.
    AmountTooSmall = "amount_too_small", UNPROCESSABLE_ENTITY,
        "Montant trop petit", "Amount too small",
        "Le montant est trop petit.", "The amount is too small.";
    AmountTooLarge = "amount_too_large", UNPROCESSABLE_ENTITY,
        "Montant trop grand", "Amount too large",
        "Le montant est trop grand.", "The amount is too large.";
    OwnPot = "own_pot", FORBIDDEN,
        "Votre propre cagnotte", "Your own pot",
        "On ne donne pas à sa propre cagnotte.", "A pot's owner cannot give to it.";
    AnonymousNotAllowed = "anonymous_not_allowed", UNPROCESSABLE_ENTITY,
        "Anonymat refusé", "No anonymous gifts",
        "Cette cagnotte n'accepte pas les cadeaux anonymes.", "This pot takes no anonymous gifts.";
    MessagesNotAllowed = "messages_not_allowed", UNPROCESSABLE_ENTITY,
        "Messages refusés", "No messages",
        "Cette cagnotte n'accepte pas de messages.", "This pot takes no messages.";
    RefusedByWave = "refused_by_wave", UNPROCESSABLE_ENTITY,
        "Refusé par Wave", "Refused by Wave",
        "Wave n'accepte pas ce cadeau.", "Wave does not take this gift.";
    CertificateNotReady = "certificate_not_ready", NOT_FOUND,
        "Pas encore de certificat", "No certificate yet",
        "Cette cagnotte n'a pas encore été versée ; son certificat vient avec le versement.",
        "This pot has not been settled yet; its certificate comes with that.";
    AmountsHidden = "amounts_hidden", FORBIDDEN,
        "Montants masqués", "Hidden amounts",
        "Le propriétaire de cette cagnotte n'en montre pas les montants ; son certificat n'est que pour lui.",
        "The owner of this pot does not show its amounts; its certificate is for the owner alone.";
    DonationUnknown = "donation_unknown", NOT_FOUND,
        "Cadeau inconnu", "Unknown gift",
        "Ce cadeau n'existe pas.", "There is no such gift.";
    // Invitations.
    InvitationUnknown = "invitation_unknown", NOT_FOUND,
        "Invitation inconnue", "Unknown invitation",
        "Cette invitation n'existe pas ; vérifiez que le lien est complet.",
        "There is no such invitation; check that all of the link is there.";
    InvitationTaken = "invitation_taken", CONFLICT,
        "Invitation déjà acceptée", "Invitation accepted before",
        "Cette invitation a déjà été acceptée.", "This invitation was accepted before.";
    InvitationEnded = "invitation_ended", CONFLICT,
        "Invitation terminée", "Invitation ended",
        "Cette invitation n'est plus valable.", "This invitation is not good any more.";
    OwnInvitation = "own_invitation", FORBIDDEN,
        "Votre propre invitation", "Your own invitation",
        "On n'accepte pas sa propre invitation.", "Nobody accepts their own invitation.";
    InvitedBefore = "invited_before", CONFLICT,
        "Déjà invité", "Invited before",
        "Vous êtes déjà venu par une autre invitation.", "You came through another invitation.";
    TooManyInvitations = "too_many_invitations", TOO_MANY_REQUESTS,
        "Trop d'invitations", "Too many invitations",
        "Vous avez envoyé vos invitations du jour ; continuez demain.",
        "You have sent your invitations of the day; go on tomorrow.";
    PointsShort = "points_short", CONFLICT,
        "Pas assez de points", "Not enough points",
        "Vous n'avez pas autant de points utilisables.", "You do not have so many points that can be used.";
    CreditBudgetSpent = "credit_budget_spent", CONFLICT,
        "Pas de crédit pour le moment", "No credit for the moment",
        "WOLO a donné tout le crédit prévu ; vos points restent à vous, redemandez plus tard.",
        "WOLO has given all the credit that was planned; your points stay yours, ask again later.";
    // Minors and their guardians.
    ConsentNotNeeded = "consent_not_needed", CONFLICT,
        "Accord inutile", "No consent needed",
        "Vous êtes majeur : personne n'a à donner son accord pour vous.",
        "You are of age: nobody has to consent for you.";
    ConsentThere = "consent_there", CONFLICT,
        "Un accord existe", "There is a consent",
        "Un responsable légal a donné son accord, ou peut encore revenir sur son retrait ; personne d'autre ne peut être désigné.",
        "A guardian has consented, or may still come back; nobody else can be named.";
    TooManyGuardians = "too_many_guardians", TOO_MANY_REQUESTS,
        "Trop de demandes", "Too many requests for consent",
        "Vous avez désigné assez de responsables légaux ces jours-ci ; attendez.",
        "You have named enough guardians these days; wait.";
    GuardianIsMinor = "guardian_is_minor", FORBIDDEN,
        "Responsable mineur", "The guardian is a minor",
        "Un responsable légal a 18 ans ou plus.", "A guardian is 18 or older.";
    OwnGuardian = "own_guardian", UNPROCESSABLE_ENTITY,
        "Votre propre contact", "Your own contact",
        "On n'est pas son propre responsable légal : donnez le téléphone et l'adresse de la personne.",
        "Nobody is their own guardian: give that person's phone and address.";
    ConsentUnknown = "consent_unknown", NOT_FOUND,
        "Lien inconnu", "Unknown link",
        "Ce lien ne mène à aucune demande d'accord ; vérifiez qu'il est complet.",
        "This link leads to no request for consent; check that all of it is there.";
    ConsentOver = "consent_over", CONFLICT,
        "Demande terminée", "The request is over",
        "On ne peut plus répondre à cette demande d'accord.",
        "This request for consent cannot be answered any more.";
    ConsentNotGiven = "consent_not_given", CONFLICT,
        "Aucun accord à retirer", "No consent to take back",
        "Aucun accord n'est en vigueur ici.", "No consent is in force here.";
    ConsentTextChanged = "consent_text_changed", CONFLICT,
        "Le texte a changé", "The text has changed",
        "Ce n'est pas le texte que nous montrons ; rouvrez la page et lisez-le.",
        "This is not the text that we show; open the page again and read it.";
    GuardianUnproved = "guardian_unproved", FORBIDDEN,
        "Code nécessaire", "A code is needed",
        "Demandez d'abord le code qui va au téléphone du responsable légal, sur la page de votre lien.",
        "First ask for the code that goes to the guardian's phone, on the page of your link.";
    FromElsewhere = "from_elsewhere", FORBIDDEN,
        "Demande venue d'ailleurs", "Sent from elsewhere",
        "Cette demande ne vient pas de notre page ; ouvrez votre lien et répondez-y.",
        "This request does not come from our page; open your link and answer there.";
    // Identity cases.
    CaseUnknown = "case_unknown", NOT_FOUND,
        "Dossier inconnu", "Unknown case",
        "Ce dossier n'existe pas.", "There is no such case.";
    CaseNotNow = "case_not_now", CONFLICT,
        "Pas à ce stade", "Not at this stage",
        "Le dossier n'en est pas là.", "The case does not stand so.";
    CaseOver = "case_over", CONFLICT,
        "Dossier terminé", "The case is over",
        "Ce dossier est terminé, et ses documents sont détruits.",
        "This case is over, and its documents are destroyed.";
    TooManyCases = "too_many_cases", TOO_MANY_REQUESTS,
        "Trop de dossiers", "Too many cases",
        "Assez de dossiers ont été ouverts cette année ; écrivez-nous pour en ouvrir un autre.",
        "Enough cases were begun this year; write to us for another one.";
    CaseTaken = "case_taken", CONFLICT,
        "Dossier déjà pris", "Case taken",
        "Un autre vérificateur a pris ce dossier.", "Another reviewer has taken this case.";
    OwnCase = "own_case", FORBIDDEN,
        "Votre propre dossier", "Your own case",
        "On n'examine pas son propre dossier.", "Nobody reviews their own case.";
    DecidedBefore = "decided_before", CONFLICT,
        "Déjà décidé par vous", "Decided by you before",
        "Vous vous êtes déjà prononcé ; il faut une autre personne.",
        "You have given your word already; another person has to.";
    NotLookedAt = "not_looked_at", CONFLICT,
        "Documents non vus", "Documents not looked at",
        "Regardez d'abord chaque document du dossier.", "Look at every document of the case first.";
    DocumentsChanged = "documents_changed", CONFLICT,
        "Les documents ont changé", "The documents have changed",
        "Le dossier a d'autres documents que ceux que vous avez vus.",
        "The case has other documents than those that you have seen.";
    DocumentsMissing = "documents_missing", CONFLICT,
        "Il manque des documents", "Documents are missing",
        "Envoyez d'abord ce qui manque.", "Send what is missing first.";
    DocumentUnknown = "document_unknown", NOT_FOUND,
        "Document inconnu", "Unknown document",
        "Ce document n'existe pas.", "There is no such document.";
    DocumentGone = "document_gone", GONE,
        "Document détruit", "Document destroyed",
        "Ce document a été retiré ou détruit.", "This document was taken back or destroyed.";
    DocumentTaken = "document_taken", CONFLICT,
        "Envoi contradictoire", "Contradictory document",
        "Un autre document a été envoyé sous ce nom ; rouvrez la page et recommencez.",
        "Another document was sent under this name; open the page again and start over.";
    DocumentRefused = "document_refused", UNPROCESSABLE_ENTITY,
        "Document refusé", "Document refused",
        "Ce fichier ne convient pas.", "This file is not right.";
    TooManyDocuments = "too_many_documents", CONFLICT,
        "Trop de documents", "Too many documents",
        "Ce dossier a assez de documents ; retirez-en un d'abord.",
        "This case has enough documents; take one back first.";
    CleaningBusy = "cleaning_busy", SERVICE_UNAVAILABLE,
        "Occupé", "Busy",
        "Trop de documents arrivent en ce moment ; renvoyez le vôtre dans un instant.",
        "Too many documents come in at the moment; send yours again in a moment.";
    VaultUnavailable = "vault_unavailable", SERVICE_UNAVAILABLE,
        "Indisponible", "Unavailable",
        "Les documents ne peuvent être ni pris ni montrés pour le moment ; redemandez.",
        "Documents can be neither taken nor shown for the moment; ask again.";
    // Messages.
    DeviceUnknown = "device_unknown", NOT_FOUND,
        "Appareil inconnu", "Unknown device",
        "Cet appareil n'est pas parmi les vôtres.", "This device is not among yours.";
    OptOutUnknown = "opt_out_unknown", NOT_FOUND,
        "Lien inconnu", "Unknown link",
        "Ce lien ne mène à aucun message.", "This link leads to no message.";
    FigureUnknown = "figure_unknown", NOT_FOUND,
        "Chiffre inconnu", "Unknown figure",
        "Il n'y a ni chiffre ni fichier de ce nom.", "There is neither a figure nor a file of this name.";
    SenderUnknown = "sender_unknown", UNAUTHORIZED,
        "Expéditeur inconnu", "Unknown sender",
        "Rien ne prouve que cela vienne du fournisseur que cette adresse attend.",
        "Nothing proves that this comes from the provider that this address is for.";
    // Wave's webhook.
    SignatureInvalid = "signature_invalid", UNAUTHORIZED,
        "Signature refusée", "Signature refused",
        "La signature est absente ou ne convient pas.", "The signature is missing or not right.";
    EventUnreadable = "event_unreadable", UNPROCESSABLE_ENTITY,
        "Événement illisible", "Unreadable event",
        "L'événement est signé mais illisible.", "The event is signed but cannot be read.";
    EventReused = "event_reused", CONFLICT,
        "Événement contradictoire", "Contradictory event",
        "Cet événement est déjà venu avec un autre contenu.", "This event came before with other content.";
    // Ours.
    Overloaded = "overloaded", SERVICE_UNAVAILABLE,
        "Trop de monde", "Too busy",
        "Trop de requêtes sont en cours ; redemandez dans un instant.",
        "Too many requests are under way; ask again in a moment.";
    TimedOut = "timed_out", SERVICE_UNAVAILABLE,
        "Trop lent", "Too slow",
        "La réponse n'est pas venue à temps ; redemandez.", "The answer did not come in time; ask again.";
    NotYet = "not_yet", SERVICE_UNAVAILABLE,
        "Pas encore", "Not yet",
        "C'est noté mais pas encore fait ; redemandez avec la même clé.",
        "It is noted but not done yet; ask again with the same key.";
    EngineUnavailable = "engine_unavailable", SERVICE_UNAVAILABLE,
        "Indisponible", "Unavailable",
        "Le service est momentanément indisponible ; redemandez avec la même clé.",
        "The service is unavailable for the moment; ask again with the same key.";
    StoreUnavailable = "store_unavailable", SERVICE_UNAVAILABLE,
        "Indisponible", "Unavailable",
        "Le service est momentanément indisponible ; redemandez.",
        "The service is unavailable for the moment; ask again.";
    Internal = "internal", INTERNAL_SERVER_ERROR,
        "Erreur interne", "Internal error",
        "Quelque chose n'a pas marché chez nous.", "Something went wrong on our side.";
}

impl Code {
    /// Whether the same request may be granted later, with nothing else having been asked: such a no is never kept under a key.
    pub(crate) fn passes(self) -> bool {
        self.status() == StatusCode::TOO_MANY_REQUESTS || self == Self::CreditBudgetSpent
    }

    /// Seconds after which asking again makes sense.
    pub(crate) const fn retry_after(self) -> Option<u64> {
        match self {
            Self::KeyInFlight | Self::Overloaded => Some(1),
            Self::TimedOut
            | Self::NotYet
            | Self::EngineUnavailable
            | Self::StoreUnavailable
            | Self::VaultUnavailable
            | Self::CleaningBusy
            | Self::Busy => Some(3),
            Self::IdentityProviderAway => Some(5),
            _ => None,
        }
    }

    /// What a 401 asks for.
    pub(crate) const fn challenge(self) -> Option<&'static str> {
        match self {
            Self::TokenMissing
            | Self::CredentialsWrong
            | Self::OneTimeCodeWrong
            | Self::IdentityRefused
            | Self::RefreshRefused => Some("Bearer"),
            Self::TokenInvalid => Some("Bearer error=\"invalid_token\""),
            Self::SignatureInvalid => Some("Wave-Signature"),
            Self::SenderUnknown => Some("Signature"),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_problem_has_words_of_its_own_in_every_language() {
        for code in Code::ALL {
            let told = Language::ALL.map(|language| code.words(language));
            for (title, detail) in told {
                assert!(!title.is_empty() && !title.ends_with('.'), "{code:?}: {title}");
                assert!(detail.ends_with('.'), "{code:?}: {detail}");
            }
            let details: BTreeSet<_> = told.iter().map(|(_, detail)| detail).collect();
            assert_eq!(details.len(), Language::ALL.len(), "{code:?}: {told:?}");
        }
    }
}
