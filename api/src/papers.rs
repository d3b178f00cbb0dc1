//! Identity documents on their way in and out.
//!
//! What is uploaded is cleaned in a process of its own, encrypted, and then told to its case. What the case does not take stays where
//! nobody finds it until the case's documents are destroyed: to destroy it at once could take it from whoever sends it again. Nobody sees one before the case has it. What comes out is shown once it was written down who
//! sees it; that is for the caller to see to. Nothing of a document and nothing of what it is called stands in the log.

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use uuid::Uuid;
use wolo_bootstrap::settings;
use wolo_control::AskError;
use wolo_control::identities::Adding;
use wolo_database::identities::Case;
use wolo_domain::identities::{CaseStage, ContentHash, Document, DocumentKind, Media, Party};
use wolo_domain::ids::{CaseId, DocumentId, UserId};
use wolo_providers::cleaning::{Cleaner, Encoding, NotCleaned, Refusal};
use wolo_providers::vault::{Place, Vault, VaultError};

use crate::problem::{Code, Problem, Words, chain};
use crate::state::App;
use crate::vault;

/// Most bytes of an upload, and of the forms around it.
pub(crate) const UPLOAD_LIMIT: usize = wolo_providers::cleaning::MOST_BYTES + 64 * 1024;

/// Where documents are cleaned and kept.
pub(crate) struct Papers {
    vault: Vault,
    cleaner: Cleaner,
}

impl Papers {
    /// `program` is what comes to call `cleaning::child`, with its arguments.
    pub(crate) async fn open(settings: &settings::Vault, program: Vec<String>) -> Result<Self, VaultError> {
        let cleaner = Cleaner::new(program, settings.cleaning, settings.cleaning_at_once);
        Ok(Self { vault: vault::open(settings).await?, cleaner })
    }
}

/// A document that somebody sends.
pub(crate) struct New<'a> {
    /// What it is told apart by; sent again under the same name it is one document, as what it is and whose it is.
    pub(crate) name: Uuid,
    pub(crate) party: Party,
    pub(crate) kind: DocumentKind,
    pub(crate) upload: &'a [u8],
}

impl New<'_> {
    /// The document's id. It follows from the case, so that nobody gives one the name of another case's.
    fn id(&self, case: CaseId) -> DocumentId {
        let Self { name, party, kind, .. } = self;
        DocumentId::from_uuid(Uuid::new_v5(&case.uuid(), format!("{name} {party} {kind}").as_bytes()))
    }
}

/// Takes a document into a case.
pub(crate) async fn take_in(app: &App, case: &Case, new: New<'_>) -> Result<Document, Problem> {
    let Case { entry, documents, .. } = case;
    if !entry.stage.collects() {
        return Err(not_now(entry.stage));
    }
    let id = new.id(entry.case);
    // Nothing is cleaned for a case that takes no more.
    let others = documents.iter().filter(|sent| sent.is_there() && sent.document.id != id).count();
    let most = app.settings.identities.most_documents;
    if u32::try_from(others).is_ok_and(|others| others >= most) {
        return Err(too_many(most));
    }
    let papers = papers(app)?;
    let clean = papers.cleaner.clean(entry.case.uuid(), new.upload).await.map_err(not_cleaned)?;
    let place = place(entry.subject, id, new.kind);
    let stored = papers.vault.put(&place, &*clean.bytes).await.map_err(|error| not_kept(&error))?;
    let document = Document {
        id,
        party: new.party,
        kind: new.kind,
        sha256: ContentHash::new(stored.sha256),
        bytes: stored.bytes,
        pages: clean.pages.into(),
        media: match clean.encoding {
            Encoding::Jpeg => Media::Jpeg,
            Encoding::Png => Media::Png,
        },
    };
    Err(match app.control.add_document(entry.case, document, app.settings.api.patience).await {
        Ok(Adding::Added | Adding::AlreadyAdded) => return Ok(document),
        Ok(Adding::NotNow { stage }) => not_now(stage),
        Ok(Adding::TooMany { most }) => too_many(most),
        Ok(Adding::IdTaken) => Problem::new(Code::DocumentTaken),
        Ok(Adding::NoGuardian) => Problem::new(Code::RequestInvalid),
        Err(AskError::NotFound | AskError::Ended) => Problem::new(Code::CaseOver),
        // It may be added yet; whoever sends it again under the same name learns whether it was.
        Err(error) => error.into(),
    })
}

/// What a document shows, whole and verified: it can be shown. It is wiped when it is dropped.
pub(crate) struct Paper {
    pub(crate) document: Document,
    content: Bytes,
}

/// Takes a document out of the vault. Nobody is shown it yet.
pub(crate) async fn take_out(app: &App, subject: UserId, document: &Document) -> Result<Paper, Problem> {
    let place = place(subject, document.id, document.kind);
    let reading = papers(app)?.vault.read(&place).await.map_err(|error| not_kept(&error))?;
    let reading = reading.ok_or_else(|| Problem::new(Code::DocumentGone))?;
    if reading.sha256 != *document.sha256.as_bytes() {
        tracing::error!(document = %document.id, "a document in the vault is not the one that its case has");
        return Err(Problem::new(Code::Internal));
    }
    let content = reading.whole().await.map_err(|error| not_kept(&error))?;
    Ok(Paper { document: *document, content: Bytes::from_owner(content) })
}

impl Paper {
    /// As an answer, to whoever was written down.
    pub(crate) fn shown(self) -> Response {
        let media = match self.document.media {
            Media::Jpeg => "image/jpeg",
            Media::Png => "image/png",
        };
        let mut response = Body::from(self.content).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
        headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("inline"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

fn papers(app: &App) -> Result<&Papers, Problem> {
    app.papers.as_deref().ok_or_else(|| {
        tracing::error!("documents are sent or asked for, and this process has no vault");
        Problem::new(Code::VaultUnavailable)
    })
}

fn place(subject: UserId, document: DocumentId, kind: DocumentKind) -> Place {
    Place { subject: subject.uuid(), document: document.uuid(), kind: kind.as_str() }
}

fn not_cleaned(why: NotCleaned) -> Problem {
    match why {
        NotCleaned::Refused(refusal) => Problem::new(Code::DocumentRefused).detail(refusal_words(refusal)),
        NotCleaned::Busy => Problem::new(Code::CleaningBusy),
        NotCleaned::Broken(_) => {
            tracing::error!(cause = chain(&why), "documents cannot be cleaned");
            Problem::new(Code::Internal)
        }
    }
}

fn not_kept(error: &VaultError) -> Problem {
    match error {
        VaultError::TooLarge { .. } => {
            Problem::new(Code::DocumentRefused).detail(refusal_words(Refusal::TooLarge))
        }
        VaultError::Taken => Problem::new(Code::DocumentTaken),
        VaultError::Unreachable { .. } | VaultError::Destroyed => {
            tracing::warn!(cause = chain(error), "the vault is not available");
            Problem::new(Code::VaultUnavailable)
        }
        _ => {
            tracing::error!(cause = chain(error), "the vault did not do what was asked");
            Problem::new(Code::Internal)
        }
    }
}

fn refusal_words(refusal: Refusal) -> Words {
    match refusal {
        Refusal::NotADocument => Words::new(
            "Ce n'est ni une image JPEG ou PNG, ni un PDF.",
            "It is neither a JPEG or PNG picture nor a PDF.",
        )
        .wolof("Du nataal JPEG walla PNG, du PDF."),
        Refusal::TwoThings => Words::new(
            "Ce fichier est une image et autre chose à la fois ; photographiez le document.",
            "This file is a picture and something else in one; take a photo of the document.",
        )
        .wolof("Fichier bii ñaari mbir la ; natal ko."),
        Refusal::TooLarge => Words::new("Ce fichier dépasse 10 Mo.", "This file is larger than 10 MB.")
            .wolof("Fichier bii ëpp na 10 Mo."),
        Refusal::Damaged => Words::new(
            "Ce fichier est abîmé ou illisible ; photographiez le document à nouveau.",
            "This file is damaged or cannot be read; take a photo of the document again.",
        )
        .wolof("Fichier bii yàqu na ; natalaat ko."),
        Refusal::TooManyPixels => Words::new(
            "Cette image a plus de 50 millions de points ; prenez-la moins grande.",
            "This picture has more than 50 million pixels; take a smaller one.",
        )
        .wolof("Nataal bii dafa rëy lool ; jëlal bu gëna tuuti."),
        Refusal::TooManyPages => {
            Words::new("Ce PDF a plus de quatre pages.", "This PDF has more than four pages.")
                .wolof("PDF bii ëpp na ñeenti xët.")
        }
        Refusal::PasswordProtected => {
            Words::new("Ce PDF est protégé par un mot de passe.", "This PDF is protected by a password.")
                .wolof("PDF bii am na mot de passe.")
        }
        Refusal::TookTooLong => Words::new(
            "Ce fichier prend trop de temps à lire ; photographiez le document.",
            "This file takes too long to read; take a photo of the document.",
        )
        .wolof("Fichier bii dafay yàgg lool ; natal ko."),
    }
}

/// What a case's stage does not allow.
pub(crate) fn not_now(stage: CaseStage) -> Problem {
    let words = stage_words(stage);
    Problem::new(Code::CaseNotNow).detail(Words::new(
        format!("Ce dossier {}.", words.french()),
        format!("This case {}.", words.english()),
    ))
}

/// Where a case stands, as the end of a sentence.
pub(crate) fn stage_words(stage: CaseStage) -> Words {
    match stage {
        CaseStage::Opened => Words::new("attend des documents", "waits for documents"),
        CaseStage::Submitted => Words::new("attend d'être examiné", "waits to be reviewed"),
        CaseStage::InReview => Words::new("est en cours d'examen", "is being reviewed"),
        CaseStage::Approved => Words::new("est approuvé", "is approved"),
        CaseStage::Rejected => Words::new("est refusé", "is rejected"),
        CaseStage::MoreNeeded => Words::new("attend d'autres documents", "waits for more documents"),
    }
}

fn too_many(most: u32) -> Problem {
    Problem::new(Code::TooManyDocuments).detail(Words::new(
        format!("Un dossier a {most} documents au plus ; retirez-en un d'abord."),
        format!("A case has {most} documents at most; take one back first."),
    ))
}
