//! What is said to and by the process of an identity case. Everything here may stand in an open process's history, so it grows by
//! fields with defaults only.

use serde::{Deserialize, Serialize};
use wolo_domain::contacts::{Contact, Language};
use wolo_domain::identities::{CaseStage, IdentityRules, Reason, Standing};
use wolo_domain::ids::{CaseId, ConsentId, DocumentId, UserId};
use wolo_domain::notices::NoticeRules;

use crate::notice_delivery::NoticePatience;

/// What the process is started with, and carries on with. Personal.
#[derive(Clone, Serialize, Deserialize)]
pub struct IdentityInput {
    pub case: CaseId,
    /// Who is to be who they say.
    pub subject: UserId,
    /// A minor's; somebody of age has none.
    pub consent: Option<ConsentId>,
    /// Their first name, as messages say it.
    pub name: String,
    pub told: Told,
    /// Where documents are sent.
    pub link: String,
    pub rules: IdentityRules,
    pub notices: NoticeRules,
    pub notice_patience: NoticePatience,
    /// A run with more events than this carries its state into a new one.
    #[serde(default = "two_thousand_events")]
    pub continue_after_events: u32,
    /// What the runs before this one have learnt.
    #[serde(default)]
    pub carried: IdentityState,
}

fn two_thousand_events() -> u32 {
    2_000
}

/// Who is told what becomes of the case: the guardian, who needs no account, or somebody of age themselves.
#[derive(Clone, Serialize, Deserialize)]
pub struct Told {
    pub user: Option<UserId>,
    /// Where they are reached who have no account.
    pub to: Option<Contact>,
    /// What reasons are said in.
    pub language: Language,
}

/// Where the process stands; the answer to the query `state`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentityState {
    /// The case is written down.
    pub opened: bool,
    pub standing: Standing,
    /// The stage and the round of which somebody was told last.
    pub told_of: Option<(CaseStage, u32)>,
}

/// A document is to be taken back.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Removal {
    pub document: DocumentId,
}

/// A reviewer wants to see a document.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Look {
    pub document: DocumentId,
    pub reviewer: UserId,
    pub reason: String,
}

/// How the case ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum IdentityOutcome {
    Approved,
    Rejected { reasons: Vec<Reason> },
}
