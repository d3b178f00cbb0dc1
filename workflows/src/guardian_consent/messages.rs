//! What is said to and by the process of a minor's consent. Everything here may stand in an open process's history, so it grows by
//! fields with defaults only.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use wolo_domain::consents::{Agreement, ConsentRules, ConsentStage, Guardian};
use wolo_domain::identities::{CaseStage, IdentityRules};
use wolo_domain::ids::{CaseId, ConsentId, UserId};
use wolo_domain::notices::NoticeRules;
use wolo_domain::people::BirthDate;

use crate::notice_delivery::NoticePatience;
use crate::pot_lifecycle::Wish;
use crate::steps::notices::Message;

/// What the process is started with, and carries on with. Personal, once it has carried on.
#[derive(Clone, Serialize, Deserialize)]
pub struct ConsentInput {
    pub minor: UserId,
    pub rules: ConsentRules,
    /// Of the case that is opened when the guardian has consented.
    #[serde(default)]
    pub identities: IdentityRules,
    pub notices: NoticeRules,
    pub notice_patience: NoticePatience,
    /// A run with more events than this carries on in a new one.
    pub continue_after_events: u32,
    /// Where the guardian of the consent that is in force answers, for a process that is begun again by somebody who knows it.
    #[serde(default)]
    pub link: Option<String>,
    /// What the runs before this one have come to.
    #[serde(default)]
    pub carried: Option<Carried>,
}

/// What one run hands to the next. Personal.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Carried {
    pub state: ConsentState,
    pub guardian: Option<Guardian>,
    /// A first name.
    pub minor_name: String,
    /// Where the guardian answers; unknown to a process that was begun again.
    pub link: Option<String>,
    pub requested_at: Option<DateTime<Utc>>,
    /// What people are to be told next, the first first.
    pub to_tell: Vec<Message>,
    /// Nobody came back in time, and the pots are not given up yet.
    pub pots_to_give_up: bool,
}

/// Where the process stands; the answer to the query `state`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentState {
    /// The last that was asked for.
    pub consent: Option<ConsentId>,
    pub stage: Option<ConsentStage>,
    /// Until then the guardian may answer, or come back.
    pub answer_by: Option<DateTime<Utc>>,
    pub comes_of_age_at: Option<DateTime<Utc>>,
    pub reminders_sent: usize,
    /// The guardian has so many minors that somebody has to look why.
    pub flagged: bool,
    /// Whether the case of this consent was opened, once somebody looked.
    pub case_opened: Option<bool>,
    /// Which of its cases counts, when it is not the first.
    #[serde(default)]
    pub case_number: Option<u32>,
    /// What the process waits for, in words.
    pub waits_for: String,
    pub waits_until: Option<DateTime<Utc>>,
}

/// A minor names a guardian. Personal.
#[derive(Clone, Serialize, Deserialize)]
pub struct AskGuardian {
    /// The request: whoever asks with the same one asks once.
    pub consent: ConsentId,
    pub guardian: Guardian,
    /// The secret in the link.
    pub token: String,
    pub link: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum AskAnswer {
    Asked {
        answer_by: Option<DateTime<Utc>>,
    },
    /// By this very request, before.
    AlreadyAsked,
    /// Somebody has consented, or may still come back.
    AlreadyGiven,
    TooMany {
        until: DateTime<Utc>,
    },
    NotAMinor,
    /// The guardian's phone or mailbox is that of a minor's account.
    GuardianIsMinor,
    OwnPhone,
    OwnMailbox,
    PersonUnknown,
    /// It cannot be kept: its name or its secret is another request's, or the guardian's name is no name.
    Unfit,
}

/// A guardian says yes. Personal.
#[derive(Clone, Serialize, Deserialize)]
pub struct GuardianAgrees {
    pub consent: ConsentId,
    pub agreement: Agreement,
    /// As they have declared. It is looked at, and not written into the books.
    pub born: BirthDate,
    /// Where they have answered; a process that was begun again learns it from here.
    #[serde(default)]
    pub link: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum GiveAnswer {
    Given,
    /// To the same words and purposes, or to others.
    AlreadyGiven {
        same: bool,
    },
    /// It is too late: this is what it came to.
    Over {
        stage: ConsentStage,
    },
    GuardianIsMinor,
    /// This minor has asked for no such consent.
    OtherConsent,
    /// What was shown is no text of ours.
    UnknownText,
    /// A pot needs more purposes.
    TooLittle,
}

/// A guardian says something else about a consent than yes.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct AboutConsent {
    pub consent: ConsentId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum RefuseAnswer {
    /// Now or before.
    Refused,
    /// Nobody waits for an answer.
    NotRequested {
        stage: ConsentStage,
    },
    OtherConsent,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum WithdrawAnswer {
    /// Now or before. Nothing begins any more at the minor's pots, and nothing is paid out.
    Withdrawn {
        /// Until then the guardian may come back.
        return_by: DateTime<Utc>,
    },
    NotGiven {
        stage: ConsentStage,
    },
    OtherConsent,
}

/// The last case was rejected, and another is to begin. Personal.
#[derive(Clone, Serialize, Deserialize)]
pub struct BeginCase {
    pub consent: ConsentId,
    /// Where documents are sent; a process that was begun again learns it from here.
    pub link: Option<String>,
    /// Somebody who works here wants it, and the guardian is told.
    #[serde(default)]
    pub by_hand: Option<Wish>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum BeginCaseAnswer {
    /// It collects documents now.
    Begun {
        case: CaseId,
    },
    /// The last was not rejected: this is where it stands.
    Stands {
        case: CaseId,
        stage: CaseStage,
    },
    /// So many were begun in a year that the next waits.
    TooMany {
        until: DateTime<Utc>,
    },
    NotGiven {
        stage: ConsentStage,
    },
    OtherConsent,
}

/// What a process came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentOutcome {
    /// Nothing, when nobody was ever asked.
    pub stage: Option<ConsentStage>,
}
