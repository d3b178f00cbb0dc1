//! What people send whose identity is looked into: a minor's consent, and documents as the API puts them into the vault. The desk has
//! no command for that.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::runtime::Runtime;
use uuid::Uuid;
use wolo_bootstrap::settings::{Layers, Settings};
use wolo_bootstrap::temporal;
use wolo_control::Control;
use wolo_control::consents::{AskAnswer, AskGuardian, ConsentInput, GiveAnswer, GuardianAgrees};
use wolo_control::identities::{Adding, IdentityInput, IdentityRules, Submitting, Told};
use wolo_domain::consents::{
    AddressClass, Agreement, ConsentRules, ConsentText, Guardian, Guardianship, Proof, Purpose, Shown,
};
use wolo_domain::contacts::{Contact, Language};
use wolo_domain::identities::{ContentHash, Document, DocumentKind, Media, Party};
use wolo_domain::ids::{CaseId, ConsentId, DocumentId, UserId};
use wolo_domain::notices::NoticeRules;
use wolo_domain::people::BirthDate;
use wolo_providers::vault::{Place, Vault};
use wolo_workflows::notice_delivery::NoticePatience;

use crate::dev::{Dev, json};

const LONG: Duration = Duration::from_secs(30);
pub(crate) const GUARDIAN: &str = "+221781234632";

/// A way into a running world beside its commands.
pub(crate) struct Senders {
    runtime: Runtime,
    pub(crate) settings_file: PathBuf,
    pub(crate) settings: Settings,
}

/// A minor's case, and what each of its documents shows.
pub(crate) struct Submitted {
    pub(crate) case: CaseId,
    pub(crate) documents: Vec<(Document, Vec<u8>)>,
}

impl Senders {
    pub(crate) fn of(dev: &Dev) -> Self {
        let settings_file = PathBuf::from(dev.addresses["settings"].as_str().unwrap());
        let settings = Layers::new().file(settings_file.clone()).read().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { runtime, settings_file, settings }
    }

    /// A minor whose guardian has consented.
    pub(crate) fn minor_with_consent(&self, home: &Path) -> (String, ConsentId) {
        let born = (chrono::Utc::now() - chrono::TimeDelta::days(4_100)).date_naive().to_string();
        let add =
            ["users", "add", "--name", "Khady Diop", "--birth-date", &born, "--phone", "781234631", "--json"];
        let minor = json(home, &add)["id"].as_str().unwrap().to_owned();
        let consent = ConsentId::from_uuid(Uuid::now_v7());
        let input = ConsentInput {
            minor: minor.parse().unwrap(),
            identities: wolo_domain::identities::IdentityRules::default(),
            rules: ConsentRules::default(),
            notices: NoticeRules::default(),
            notice_patience: NoticePatience::default(),
            continue_after_events: 2_000,
            link: None,
            carried: None,
        };
        let guardian = Guardian {
            name: "Aminata Diop".to_owned(),
            phone: GUARDIAN.parse().unwrap(),
            email: None,
            is: Guardianship::Mother,
            language: Language::French,
        };
        let link = "http://localhost:3000/g/a-secret".to_owned();
        let ask = AskGuardian { consent, guardian, token: "a-secret".to_owned(), link };
        let agrees = GuardianAgrees {
            link: None,
            consent,
            agreement: Agreement {
                shown: Shown::of(&ConsentText::current(Language::French)),
                purposes: Purpose::ALL.to_vec(),
                proof: Proof::CodeBySms,
                address: AddressClass::Ipv4,
            },
            born: BirthDate::new("1980-02-03".parse().unwrap()),
        };
        self.runtime.block_on(async {
            let control = self.control().await;
            let asked = control.ask_guardian(input.clone(), ask, LONG).await.unwrap();
            assert!(matches!(asked, AskAnswer::Asked { .. }), "{asked:?}");
            assert_eq!(control.give_consent(input, agrees, LONG).await.unwrap(), GiveAnswer::Given);
        });
        (minor, consent)
    }

    /// A case with a document of each party, submitted.
    pub(crate) fn submitted(&self, minor: &str, consent: ConsentId) -> Submitted {
        let subject: UserId = minor.parse().unwrap();
        let case = CaseId::from_uuid(Uuid::now_v7());
        let to = Some(Contact::Phone(GUARDIAN.parse().unwrap()));
        let input = IdentityInput {
            case,
            subject,
            consent: Some(consent),
            name: "Khady".to_owned(),
            told: Told { user: None, to, language: Language::French },
            link: "http://localhost:3000/g/a-secret".to_owned(),
            rules: IdentityRules::default(),
            notices: NoticeRules::default(),
            notice_patience: NoticePatience::default(),
            continue_after_events: 2_000,
            carried: wolo_control::identities::IdentityState::default(),
        };
        self.runtime.block_on(async {
            let (control, vault) = (self.control().await, self.vault().await);
            control.open_case(input).await.unwrap();
            let mut documents = Vec::new();
            for (party, kind) in [
                (Party::Person, DocumentKind::BirthCertificate),
                (Party::Guardian, DocumentKind::IdentityCard),
            ] {
                let id = DocumentId::from_uuid(Uuid::now_v7());
                let shows = format!("\u{89}PNG what {id} shows").into_bytes();
                let place = Place { subject: subject.uuid(), document: id.uuid(), kind: kind.as_str() };
                let stored = vault.put(&place, shows.as_slice()).await.unwrap();
                let sha256 = ContentHash::new(stored.sha256);
                let document =
                    Document { id, party, kind, sha256, bytes: stored.bytes, pages: 1, media: Media::Png };
                assert_eq!(control.add_document(case, document, LONG).await.unwrap(), Adding::Added);
                documents.push((document, shows));
            }
            assert_eq!(control.submit_case(case, LONG).await.unwrap(), Submitting::Submitted);
            Submitted { case, documents }
        })
    }

    async fn control(&self) -> Control {
        Control::new(temporal::connect(&self.settings.temporal).await.unwrap())
    }

    async fn vault(&self) -> Vault {
        wolo_api::vault::open(self.settings.vault.as_ref().unwrap()).await.unwrap()
    }
}
