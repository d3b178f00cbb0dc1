//! What is asked to be done about a guardian's consent. A change is in force for the minor's pots when its step has answered.
//!
//! Every step may run twice and has one effect; what has happened already is agreed with.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use temporalio_common::ActivityError;
use temporalio_macros::activity_definitions;
use wolo_domain::consents::{Agreement, ConsentEnd, ConsentRules, ConsentStage, Guardian};
use wolo_domain::ids::{ConsentId, PotId, UserId};
use wolo_domain::people::BirthDate;

pub struct Consents;

#[activity_definitions]
impl Consents {
    #[activity(name = "consents.find")]
    pub fn find(input: FindConsent) -> Result<Option<Standing>, ActivityError> {
        unimplemented!()
    }
    #[activity(name = "consents.ask")]
    pub fn ask(input: AskConsent) -> Result<Asking, ActivityError> {
        unimplemented!()
    }
    #[activity(name = "consents.give")]
    pub fn give(input: GiveConsent) -> Result<Giving, ActivityError> {
        unimplemented!()
    }
    #[activity(name = "consents.withdraw")]
    pub fn withdraw(input: WithdrawConsent) -> Result<Withdrawing, ActivityError> {
        unimplemented!()
    }
    #[activity(name = "consents.end")]
    pub fn end(input: EndConsent) -> Result<Ending, ActivityError> {
        unimplemented!()
    }
    #[activity(name = "consents.hand_over")]
    pub fn hand_over(input: HandOver) -> Result<HandingOver, ActivityError> {
        unimplemented!()
    }
    #[activity(name = "consents.give_up_pots")]
    pub fn give_up_pots(input: GiveUpPots) -> Result<(), ActivityError> {
        unimplemented!()
    }
}

pub use consents::{
    Ask as AskConsentStep, End as EndConsentStep, Find as FindConsentStep, Give as GiveConsentStep,
    GiveUpPots as GiveUpPotsStep, HandOver as HandOverStep, Withdraw as WithdrawConsentStep,
};

/// Finds the consent of a minor that is in force.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct FindConsent {
    pub minor: UserId,
}

/// A consent that is in force. Personal.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    pub consent: ConsentId,
    pub stage: ConsentStage,
    pub requested_at: DateTime<Utc>,
    /// Until then the guardian may answer, or come back.
    pub answer_by: Option<DateTime<Utc>>,
    pub guardian: Guardian,
    /// A first name.
    pub minor_name: String,
    /// From then on nobody has to consent.
    pub comes_of_age_at: DateTime<Utc>,
    /// The number of its case.
    #[serde(default = "first")]
    pub case: u32,
}

/// Writes down whom a minor names. Personal.
#[derive(Clone, Serialize, Deserialize)]
pub struct AskConsent {
    pub consent: ConsentId,
    pub minor: UserId,
    pub guardian: Guardian,
    /// The secret in the guardian's link.
    pub token: String,
    pub rules: ConsentRules,
    pub at: DateTime<Utc>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Asking {
    Asked {
        standing: Standing,
    },
    /// By this very request, before.
    AlreadyAsked {
        standing: Standing,
    },
    AlreadyGiven,
    TooMany {
        until: DateTime<Utc>,
    },
    NotAMinor,
    GuardianIsMinor,
    OwnPhone,
    OwnMailbox,
    PersonUnknown,
    /// It cannot be kept: its name or its secret is another request's, or the guardian's name is no name.
    Unfit,
}

/// Writes a guardian's yes. Personal.
#[derive(Clone, Serialize, Deserialize)]
pub struct GiveConsent {
    pub minor: UserId,
    pub consent: ConsentId,
    pub agreement: Agreement,
    pub born: BirthDate,
    pub at: DateTime<Utc>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Giving {
    Given {
        minors_of_guardian: i64,
    },
    AlreadyGiven {
        same: bool,
    },
    Over {
        stage: ConsentStage,
    },
    GuardianIsMinor,
    OtherConsent,
    /// What was shown is no text of ours.
    UnknownText,
    /// A pot needs more purposes.
    TooLittle,
}

/// Takes a consent back, and holds the minor's pots.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WithdrawConsent {
    pub minor: UserId,
    pub consent: ConsentId,
    pub rules: ConsentRules,
    pub at: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Withdrawing {
    Withdrawn { return_by: DateTime<Utc> },
    NotGiven { stage: ConsentStage },
    OtherConsent,
}

/// Ends a consent, if it can end so.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct EndConsent {
    pub minor: UserId,
    pub consent: ConsentId,
    pub end: ConsentEnd,
    pub at: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Ending {
    /// It is over, now or before.
    Over {
        stage: ConsentStage,
    },
    /// It stands.
    InForce {
        stage: ConsentStage,
    },
    OtherConsent,
}

/// Looks whether the minor has come of age, and hands their pots over to them if so.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct HandOver {
    pub consent: ConsentId,
    pub at: DateTime<Utc>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum HandingOver {
    HandedOver {
        pots: Vec<HandedPot>,
    },
    StillMinor {
        comes_of_age_at: DateTime<Utc>,
        /// The number of the consent's case that counts: the first, or one more because what was decided does not hold any more.
        #[serde(default = "first")]
        case: u32,
    },
    Over {
        stage: ConsentStage,
    },
}

/// A pot that is its owner's own from now on. Personal.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandedPot {
    pub pot: PotId,
    pub title: String,
}

/// Asks the processes of all pots of a minor to give them up, unless somebody has consented meanwhile.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct GiveUpPots {
    pub minor: UserId,
    pub at: DateTime<Utc>,
}

const fn first() -> u32 {
    1
}
