//! What is asked to be done about an identity case.
//!
//! Every step may run twice and has one effect. Whether something is allowed is decided where the case stands, under its row's lock;
//! a step answers it together with where the case stands then.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use temporalio_common::ActivityError;
use temporalio_macros::activity_definitions;
use wolo_domain::consents::ConsentStage;
use wolo_domain::identities::{
    Adding, Answered, CaseEnd, CaseStage, Deciding, Decision, Document, Ending, IdentityRules, Looking,
    Reason, Removing, Standing, Submitting, Taking, TakingBy,
};
use wolo_domain::ids::{CaseId, ConsentId, DocumentId, UserId};

use crate::identity_review::IdentityInput;
use crate::pot_lifecycle::Wish;

pub struct Identities;

#[activity_definitions]
impl Identities {
    #[activity(name = "identities.open_case")]
    pub fn open_case(input: OpenCase) -> Result<Standing, ActivityError> {
        unimplemented!()
    }
    #[activity(name = "identities.open_next")]
    pub fn open_next(input: OpenNextCase) -> Result<NextCase, ActivityError> {
        unimplemented!()
    }
    #[activity(name = "identities.add_document")]
    pub fn add_document(input: AddCaseDocument) -> Result<Answered<Adding>, ActivityError> {
        unimplemented!()
    }
    #[activity(name = "identities.remove_document")]
    pub fn remove_document(input: RemoveCaseDocument) -> Result<Answered<Removing>, ActivityError> {
        unimplemented!()
    }
    #[activity(name = "identities.submit")]
    pub fn submit(input: SubmitCase) -> Result<Answered<Submitting>, ActivityError> {
        unimplemented!()
    }
    #[activity(name = "identities.take")]
    pub fn take(input: TakeCase) -> Result<Answered<Taking>, ActivityError> {
        unimplemented!()
    }
    #[activity(name = "identities.look")]
    pub fn look(input: LookAtDocument) -> Result<Looking, ActivityError> {
        unimplemented!()
    }
    #[activity(name = "identities.decide")]
    pub fn decide(input: DecideCase) -> Result<Answered<Deciding>, ActivityError> {
        unimplemented!()
    }
    #[activity(name = "identities.escalate")]
    pub fn escalate(input: EscalateCase) -> Result<Standing, ActivityError> {
        unimplemented!()
    }
    #[activity(name = "identities.end")]
    pub fn end(input: EndCase) -> Result<Answered<Ending>, ActivityError> {
        unimplemented!()
    }
    #[activity(name = "identities.give_up")]
    pub fn give_up(input: GiveUpCases) -> Result<(), ActivityError> {
        unimplemented!()
    }
    #[activity(name = "identities.destroy")]
    pub fn destroy(input: DestroyDocuments) -> Result<Standing, ActivityError> {
        unimplemented!()
    }
}

pub use identities::{
    AddDocument as AddDocumentStep, Decide as DecideCaseStep, Destroy as DestroyDocumentsStep,
    End as EndCaseStep, Escalate as EscalateCaseStep, GiveUp as GiveUpCasesStep, Look as LookAtDocumentStep,
    OpenCase as OpenCaseStep, OpenNext as OpenNextCaseStep, RemoveDocument as RemoveDocumentStep,
    Submit as SubmitCaseStep, Take as TakeCaseStep,
};

/// Writes a case down and has its process run, each unless that is so. Whoever wants a case asks for it, and so does its own process:
/// one that began without this has its row from here, and one that is begun again learns where the case stands.
#[derive(Clone, Serialize, Deserialize)]
pub struct OpenCase {
    /// What its process begins with. Personal.
    pub begin: Box<IdentityInput>,
    pub at: DateTime<Utc>,
}

/// Writes the next case of a consent down and has its process run, where the last was rejected or holds no more. Where it stands,
/// nothing happens.
#[derive(Clone, Serialize, Deserialize)]
pub struct OpenNextCase {
    /// What its process begins with, but for which case it is. Personal.
    pub begin: Box<IdentityInput>,
    pub consent: ConsentId,
    /// Somebody who works here wants it, who is not held to the measure of a year.
    pub by_hand: Option<Wish>,
    pub at: DateTime<Utc>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum NextCase {
    /// Now; the one before it was rejected for these reasons.
    Opened {
        number: u32,
        reasons: Vec<Reason>,
    },
    /// The last is to be decided, or is approved.
    Stands {
        number: u32,
        case: CaseId,
        stage: CaseStage,
    },
    /// So many were opened in a year that the next waits.
    TooMany {
        until: DateTime<Utc>,
    },
    NotGiven {
        stage: ConsentStage,
    },
    /// This minor has asked for no such consent.
    OtherConsent,
}

/// Has all cases of somebody given up that are not over: their documents go at once.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct GiveUpCases {
    pub subject: UserId,
    pub at: DateTime<Utc>,
}

/// Notes a document that stands in the vault.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AddCaseDocument {
    pub case: CaseId,
    pub document: Document,
    pub most: u32,
    pub at: DateTime<Utc>,
}

/// Destroys a document before anybody has looked at it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct RemoveCaseDocument {
    pub case: CaseId,
    pub document: DocumentId,
    pub at: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct SubmitCase {
    pub case: CaseId,
    /// The round that begins with it.
    pub round: u32,
    pub at: DateTime<Utc>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TakeCase {
    pub case: CaseId,
    pub by: TakingBy,
}

/// Writes down that a reviewer sees a document, before they do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LookAtDocument {
    pub case: CaseId,
    /// What tells this look from every other: a UUID.
    pub look: String,
    pub document: DocumentId,
    pub reviewer: UserId,
    pub reason: String,
    pub at: DateTime<Utc>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DecideCase {
    pub case: CaseId,
    pub decision: Decision,
    pub rules: IdentityRules,
    /// Told again with the same instant it is the same decision; another one of this reviewer is refused.
    pub at: DateTime<Utc>,
}

/// Tells those who review that nobody decides, the nth time in a round.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct EscalateCase {
    pub case: CaseId,
    pub round: u32,
    pub number: u32,
    pub at: DateTime<Utc>,
}

/// Ends a case without a reviewer.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct EndCase {
    pub case: CaseId,
    pub end: CaseEnd,
    pub rules: IdentityRules,
    pub at: DateTime<Utc>,
}

/// Destroys the keys and the contents of all documents of a case.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct DestroyDocuments {
    pub case: CaseId,
    pub at: DateTime<Utc>,
}
