//! The same words in Wolof, kept simple: a plain sentence is understood. Where French words are what people say (code,
//! session, cagnotte), they stand here too.

use super::Code;

impl Code {
    /// Title and detail. A code without them does not compile.
    #[expect(clippy::too_many_lines, reason = "a table, one line for each code")]
    pub(super) const fn wolof(self) -> (&'static str, &'static str) {
        match self {
            Self::RouteUnknown => ("Adrees bi amul", "Dara nekkul ci adrees bii."),
            Self::MethodNotAllowed => ("Méthode bi baaxul", "Adrees bii xamul méthode bii."),
            Self::BodyTooLarge => ("Laaj bi dafa gudd", "Li nga yónnee dafa gudd lool."),
            Self::BodyNotJson => {
                ("Format bi baaxul", "Li nga yónnee dafa war a nekk JSON (Content-Type: application/json).")
            }
            Self::BodyUnreadable => ("Laaj bi dagg na", "Mënuñu jàng li nga yónnee."),
            Self::JsonMalformed => ("JSON bi baaxul", "Li nga yónnee du JSON bu baax."),
            Self::RequestInvalid => ("Laaj bi baaxul", "Am na champ yu baaxul ci laaj bi."),
            Self::TooManyRequests => ("Laaj yi bari nañu", "Danga laaj lu bari ; xaaral tuuti."),
            Self::TokenMissing => ("Danga war a dugg", "Adrees bii dafay laaj jeton d'accès."),
            Self::TokenInvalid => ("Jeton bi baaxul", "Jeton d'accès bi baaxul walla waxtoom weesu na."),
            Self::AccountUnknown => ("Kont bi amul", "Kontu jeton bii amul."),
            Self::AccountLocked => ("Kont bi tëju na", "Kont bii dañu ko tëj ; bindal nu."),
            Self::NotAllowed => ("Amuloo sañ-sañ bi", "Sa rôle mayul la loolu."),
            Self::SecondFactorNeeded => {
                ("Second facteur bi laaj na", "Duggal ak sa second facteur ngir loolu.")
            }
            Self::CredentialsWrong => ("Mënuloo dugg", "Contact bi walla mot de passe bi baaxul."),
            Self::OneTimeCodeWrong => {
                ("Code bi baaxul", "Code bii baaxul, waxtoom weesu na, walla jëfandikoo nañu ko ba noppi.")
            }
            Self::RefreshRefused => ("Session bi jeex na", "Session bii jeex na ; duggaatal."),
            Self::TooManyGuesses => ("Jéem nga lu bari", "Jéem nga lu bari ; xaaral balaa ngay jéemaat."),
            Self::TooManyCodes => ("Code yi bari nañu", "Laaj nañu code yu bari ngir contact bii ; xaaral."),
            Self::ContactTaken => ("Contact bi am na boroom", "Beneen kont moo am contact bii."),
            Self::IdentityRefused => ("Mënuloo dugg", "Nanguwuñu preuve bii ; duggaatal."),
            Self::IdentityProviderOff => ("Kenn du dugg nii", "Kenn du dugg fii ci anam boobu."),
            Self::IdentityProviderAway => {
                ("Fournisseur bi tontuwul", "Mënuñu seet preuve bii léegi ; yónneewaatal ko ci kanam tuuti.")
            }
            Self::IdentityUnknown => ("Kont bi du ubbiku nii", "Kont bii du ubbiku ci anam boobu."),
            Self::LastWayIn => (
                "Benn anam rekk moo des",
                "Yokkal telefon walla e-mail bu jëkk ; su ko amul, kenn du mën a ubbi kont bii.",
            ),
            Self::AccountDetailsMissing => {
                ("Am na lu des ngir ubbi kont", "Amaguloo kont ; yónneewaatal preuve bi ak li des.")
            }
            Self::SecondFactorThere => ("Second facteur bi am na", "Kont bii am na second facteur ba noppi."),
            Self::SessionUnknown => ("Session bi amul", "Session bii amul."),
            Self::Busy => ("Nit ñi bari nañu", "Ñu bari a ngi dugg léegi ; laajaatal."),
            Self::KeyMissing => ("Clé bi amul", "Fii danga war a yónnee en-tête Idempotency-Key."),
            Self::KeyInvalid => (
                "Clé bi baaxul",
                "Idempotency-Key dafa war a nekk benn yoon, ak 1 ba 255 caractères ASCII yu feeñ.",
            ),
            Self::KeyReused => ("Clé bi jëfandikoo nañu ko", "Clé bii jëfandikoo nañu ko ngir beneen laaj."),
            Self::KeyInFlight => {
                ("Laaj baa ngi ci yoon", "Laaj bii ñu ngi koy def ; laajaatal ci kanam tuuti.")
            }
            Self::PotUnknown => ("Cagnotte bi amul", "Cagnotte bii amul."),
            Self::PotExists => ("Cagnotte bi am na", "Am na cagnotte ba noppi ngir anniversaire bii."),
            Self::PotNotOpen => ("Cagnotte bi ubbikuwul", "Cagnotte bii ubbikuwul."),
            Self::PotHeld => ("Cagnotte bi dafa taxaw", "Cagnotte bii du jot kado léegi."),
            Self::PotEnded => ("Cagnotte bi jeex na", "Cagnotte bii jeex na."),
            Self::CertificateNotReady => {
                ("Certificat bi amagul", "Cagnotte bii jeexagul ; xaaral ba ñu fey ko.")
            }
            Self::AmountsHidden => (
                "Xaalis bi nëbbu na",
                "Boroom cagnotte bi wonewul xaalis bi ; certificat bi moom rekk a ko moom.",
            ),
            Self::PotNotCancellable => ("Jot na ba noppi", "Mënuñu neenal cagnotte bii."),
            Self::PayoutUnknown => ("Amul fey", "Amul benn fey bu ñu nas ci cagnotte bii."),
            Self::ApprovalNotNeeded => ("Soxlawul ndigal", "Fey gii xaarul ndigalu kenn."),
            Self::ApprovedBefore => {
                ("Joxe nga ndigal ba noppi", "Joxe nga sa ndigal ba noppi ; keneen moo ko war a nangu.")
            }
            Self::AmountTooSmall => ("Xaalis bi dafa néew", "Xaalis bi dafa néew lool."),
            Self::AmountTooLarge => ("Xaalis bi dafa bari", "Xaalis bi dafa bari lool."),
            Self::OwnPot => ("Sa cagnotte la", "Kenn du may kado ci cagnotte boppam."),
            Self::AnonymousNotAllowed => {
                ("Kado bi dafa war a am tur", "Cagnotte bii nanguwul kado yu amul tur.")
            }
            Self::MessagesNotAllowed => ("Message nanguwuñu ko", "Cagnotte bii nanguwul message."),
            Self::RefusedByWave => ("Wave nanguwul", "Wave nanguwul kado bii."),
            Self::DonationUnknown => ("Kado bi amul", "Kado bii amul."),
            Self::InvitationUnknown => {
                ("Invitation bi xamuñu ko", "Invitation bii amul ; seetal ndax lien bi mat na.")
            }
            Self::InvitationTaken => ("Nangu nañu ko ba noppi", "Invitation bii nangu nañu ko ba noppi."),
            Self::InvitationEnded => ("Invitation bi jeex na", "Invitation bii jeex na."),
            Self::OwnInvitation => ("Sa invitation la", "Kenn du nangu invitation boppam."),
            Self::InvitedBefore => ("Woo nañu la ba noppi", "Beneen invitation moo la indi fii."),
            Self::TooManyInvitations => {
                ("Invitation yi bari nañu", "Yónnee nga say invitation tey ba noppi ; dellusil suba.")
            }
            Self::PointsShort => {
                ("Points yi doyuñu", "Amuloo points yu tollu noonu yu nga mën a jëfandikoo.")
            }
            Self::CreditBudgetSpent => (
                "Amul crédit léegi",
                "WOLO joxe na crédit bi mu nasoon bépp ; say points ñu ngi fi, laajaatal ci kanam.",
            ),
            Self::ConsentNotNeeded => ("Soxlawul ndigal", "Mag nga : kenn waru la joxal ndigal."),
            Self::ConsentThere => (
                "Am na ndigal ba noppi",
                "Waajur joxe na ndigal, walla mën na ko dellusi ; mënuloo tànn keneen.",
            ),
            Self::TooManyGuardians => ("Laaj yi bari nañu", "Tànn nga waajur yu doy fan yii ; xaaral."),
            Self::GuardianIsMinor => ("Waajur bi matul at yi", "Waajur dafa war a am 18 at walla lu ko ëpp."),
            Self::OwnGuardian => {
                ("Sa contact la", "Kenn du waajuru boppam : joxeel telefon ak e-mail bu waajur bi.")
            }
            Self::ConsentUnknown => {
                ("Lien bi xamuñu ko", "Lien bii yóbbuwul ci benn laaju ndigal ; seetal ndax mat na.")
            }
            Self::ConsentOver => ("Laaj bi jeex na", "Mënuñu tontu laaju ndigal bii léegi."),
            Self::ConsentNotGiven => ("Amul ndigal", "Amul ndigal fii bu ñu mën a jëlaat."),
            Self::ConsentTextChanged => {
                ("Mbind mi soppi na", "Du mbind mi nuy wone ; ubbiwaatal xët wi te jàng ko.")
            }
            Self::GuardianUnproved => {
                ("Code bi laaj na", "Laajal code bi jëm ci telefonu waajur bi, ci xëtu sa lien.")
            }
            Self::FromElsewhere => {
                ("Laaj bi fii la jógewul", "Laaj bii jógewul ci sunu xët ; ubbil sa lien te tontu ci.")
            }
            Self::CaseUnknown => ("Dossier bi amul", "Dossier bii amul."),
            Self::CaseNotNow => ("Jotagul", "Dossier bi tolluwul foofu."),
            Self::CaseOver => ("Dossier bi jeex na", "Dossier bii jeex na, ay kayitam yàqu nañu."),
            Self::TooManyCases => {
                ("Dossier yi bari nañu", "Dossier yi bari nañu at mii ; bindal ñu ngir beneen.")
            }
            Self::CaseTaken => ("Am na ku ko jël", "Beneen saytukat jël na dossier bii."),
            Self::OwnCase => ("Sa dossier la", "Kenn du saytu dossier boppam."),
            Self::DecidedBefore => ("Wax nga ba noppi", "Wax nga ba noppi ; keneen moo war a wax."),
            Self::NotLookedAt => ("Seetagoo kayit yi", "Seetal kayit yépp ci dossier bi ba noppi."),
            Self::DocumentsChanged => {
                ("Kayit yi soppi nañu", "Dossier bi am na yeneen kayit yu dul yi nga gis.")
            }
            Self::DocumentsMissing => ("Am na kayit yu des", "Yónneel li des ba noppi."),
            Self::DocumentUnknown => ("Kayit bi amul", "Kayit bii amul."),
            Self::DocumentGone => ("Kayit bi yàqu na", "Kayit bii jëlaat nañu ko walla yàq nañu ko."),
            Self::DocumentTaken => {
                ("Kayit bi wuute na", "Beneen kayit yónnee nañu ko ci tur bii ; ubbiwaatal xët wi.")
            }
            Self::DocumentRefused => ("Kayit bi baaxul", "Fichier bii baaxul."),
            Self::TooManyDocuments => {
                ("Kayit yi bari nañu", "Dossier bii am na kayit yu doy ; jëleel benn ba noppi.")
            }
            Self::CleaningBusy => (
                "Kayit yu bari a ngi ñëw",
                "Kayit yu bari a ngi ñëw léegi ; yónneewaatal sa bos ci kanam tuuti.",
            ),
            Self::VaultUnavailable => {
                ("Service bi taxaw na", "Mënuñu jël walla wone kayit léegi ; laajaatal.")
            }
            Self::DeviceUnknown => ("Appareil bi xamuñu ko", "Appareil bii bokkul ci say yos."),
            Self::OptOutUnknown => ("Lien bi xamuñu ko", "Lien bii yóbbuwul ci benn mesaas."),
            Self::FigureUnknown => ("Lim bi xamuñu ko", "Amul lim walla fichier bu tudd noonu."),
            Self::SenderUnknown => {
                ("Xamuñu ki ko yónnee", "Dara wonewul ni lii ci fournisseur bi adrees bii di xaar la jóge.")
            }
            Self::SignatureInvalid => ("Signature bi baaxul", "Signature bi amul walla baaxul."),
            Self::EventUnreadable => {
                ("Mënuñu jàng événement bi", "Événement bi am na signature, waaye mënuñu ko jàng.")
            }
            Self::EventReused => {
                ("Événement bi wuute na", "Événement bii ñëw na ba noppi ak leneen ci biir.")
            }
            Self::Overloaded => {
                ("Nit ñi bari nañu", "Laaj yu bari a ngi ci yoon ; laajaatal ci kanam tuuti.")
            }
            Self::TimedOut => ("Xaaral tuuti", "Tontu li ñëwul ci waxtu wi ; laajaatal."),
            Self::NotYet => ("Xaaral tuuti", "Bind nañu ko waaye defaguñu ko ; laajaatal ak clé bi."),
            Self::EngineUnavailable => {
                ("Service bi taxaw na", "Service bi taxaw na tuuti ; laajaatal ak clé bi.")
            }
            Self::StoreUnavailable => ("Service bi taxaw na", "Service bi taxaw na tuuti ; laajaatal."),
            Self::Internal => ("Njuumte", "Am na lu doxul ci sunu wàll."),
        }
    }
}
