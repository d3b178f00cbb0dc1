//! What is answered to whoever wants something of a case. Everything here may stand in an open process's history, so it grows by
//! fields with defaults only.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{CaseStage, Document, Party, Reason};
use crate::ids::UserId;

/// Where a case stands, as its row has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    pub stage: CaseStage,
    /// How often documents were submitted. What reviewers see and say counts in one round.
    pub round: u32,
    /// Since when it waits for what it waits for.
    pub since: DateTime<Utc>,
    pub assigned_to: Option<UserId>,
    /// How often somebody was told in this round that nobody decides.
    pub escalations: u32,
    /// So many different reviewers must still approve it in this round.
    pub missing: u32,
    /// Why it was rejected, or what is needed.
    pub reasons: Vec<Reason>,
    /// When its documents are destroyed; of a case that is decided.
    pub destroy_at: Option<DateTime<Utc>>,
    pub destroyed: bool,
}

/// An answer, and where the case stands after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered<A> {
    pub answer: A,
    pub standing: Standing,
}

/// What came of a new document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Adding {
    Added,
    /// It is there.
    AlreadyAdded,
    NotNow {
        stage: CaseStage,
    },
    TooMany {
        most: u32,
    },
    /// Its id was given to another content or in another case, or to one that was taken back.
    IdTaken,
    /// Nobody's guardian has a place in the case of somebody of age.
    NoGuardian,
}

/// What came of taking a document back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Removing {
    /// Its key and its content are destroyed.
    Removed,
    NotNow {
        stage: CaseStage,
    },
    Unknown,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Submitting {
    Submitted,
    /// There is nothing of these.
    Missing {
        parties: Vec<Party>,
    },
    NotNow {
        stage: CaseStage,
    },
}

/// Who is to review a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakingBy {
    /// Whose it is to be.
    pub reviewer: UserId,
    /// Somebody else, who gives it to them.
    #[serde(default)]
    pub assigned_by: Option<UserId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Taking {
    /// It is theirs, now or since before.
    Taken,
    /// Another reviewer has it. It can be given to somebody else by saying so.
    TakenBy {
        reviewer: UserId,
    },
    NotNow {
        stage: CaseStage,
    },
    /// One of the two is no reviewer.
    NotAReviewer,
    /// Nobody reviews their own case.
    OwnCase,
}

/// What came of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Deciding {
    /// It counts, and so many different reviewers must still approve.
    Recorded {
        missing: u32,
    },
    Decided {
        stage: CaseStage,
    },
    /// The case has other documents than those that were seen.
    SeenOthers,
    /// This reviewer has given their word in this round.
    SameReviewer,
    /// This reviewer has not looked at every document in this round.
    HasNotLooked,
    NotNow {
        stage: CaseStage,
    },
    NotAReviewer,
    /// Nobody decides their own case.
    OwnCase,
    /// It does not say why, or with reasons that are none for it.
    NoReason,
}

/// Whether somebody may look at a document now. Only after `Noted` a byte of it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Looking {
    /// It is written down, and will be in the audit trail.
    Noted {
        document: Document,
        /// Whose key it is encrypted under.
        subject: UserId,
    },
    /// The case is not under review.
    NotNow {
        stage: CaseStage,
    },
    /// The case has no such document, or not any more.
    Gone,
    NotAReviewer,
    OwnCase,
    NoReason,
}

/// What came of an end that no reviewer has decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Ending {
    /// It has ended so, now or before.
    Ended,
    /// It was decided otherwise. Of a case that is given up the documents go all the same.
    Decided { stage: CaseStage },
    /// Something has come after all.
    NotNow { stage: CaseStage },
}
