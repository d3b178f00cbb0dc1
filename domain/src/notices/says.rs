//! What messages say: of every kind the facts that its words need, and nothing else.
//!
//! Names are first names. What stands in a document and a child's surname have no place here, so no words can tell them.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::Kind;
use crate::accounts::{CodePurpose, IdentityProvider};
use crate::money::Xof;
use crate::points::AwardReason;

/// Why a gift goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundCause {
    /// It came after its pot had closed.
    Late,
    /// Its pot was given up.
    Cancelled,
    /// Somebody who works here gave it back at Wave.
    ByHand,
}

/// Where somebody comes from who has accepted an invitation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Coming {
    /// They are new here.
    #[default]
    Joined,
    /// They had an account before they were invited.
    WasHere,
}

/// Why points are taken back, as far as their holder is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TakenBack {
    /// The gift that brought them has gone back.
    Refunded,
    /// The pot that brought them was given up.
    Cancelled,
    /// One of the two has not proved a phone in time.
    NoPhone,
    /// The two bring each other none.
    Linked,
    /// Somebody who works here has looked.
    Checked,
}

impl From<AwardReason> for TakenBack {
    fn from(reason: AwardReason) -> Self {
        match reason {
            AwardReason::GiftRefunded => Self::Refunded,
            AwardReason::PotCancelled => Self::Cancelled,
            AwardReason::NoPhone => Self::NoPhone,
            AwardReason::Oneself
            | AwardReason::Cycle
            | AwardReason::SamePhone
            | AwardReason::SamePayoutNumber => Self::Linked,
            AwardReason::ByHand
            | AwardReason::UnderReview
            | AwardReason::AccountClosed
            | AwardReason::Time
            | AwardReason::PotSettled => Self::Checked,
        }
    }
}

/// `name` is the first name of whom the pot is for, `pot` its title, `link` an address to open. A `reason` and a `what` are put
/// into a sentence, so they begin small and end without a stop.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "says", rename_all = "snake_case")]
pub enum Says {
    Welcome {
        name: String,
        link: String,
    },
    /// A code that proves a mail address, and how many minutes it is good for.
    VerifyEmail {
        code: String,
        minutes: u32,
    },
    OneTimeCode {
        purpose: CodePurpose,
        code: String,
        minutes: u32,
    },
    /// Somebody wanted to register with a contact that has an account.
    AlreadyRegistered,
    PasswordChanged,
    /// A session began on a device that the account had not seen.
    NewDevice {
        device: Option<String>,
    },
    /// The account can be entered with another provider's word from now on.
    IdentityLinked {
        provider: IdentityProvider,
    },
    PotScheduled {
        name: String,
        pot: String,
        opens: NaiveDate,
    },
    /// The birth date was corrected, and the pot has other days.
    PotMoved {
        name: String,
        pot: String,
        birthday: NaiveDate,
        opens: NaiveDate,
    },
    PotOpened {
        name: String,
        pot: String,
        closes: NaiveDate,
        link: String,
    },
    DaysLeft {
        name: String,
        pot: String,
        days: u32,
        gifts: i64,
        link: String,
    },
    /// One day is left.
    LastDay {
        name: String,
        pot: String,
        gifts: i64,
        link: String,
    },
    BirthdayWish {
        name: String,
    },
    /// To the owner. What the owner may not know (yet) is absent.
    GiftReceived {
        pot: String,
        giver: Option<String>,
        amount: Option<Xof>,
        link: String,
    },
    /// To the giver.
    GiftReceipt {
        name: String,
        pot: String,
        amount: Xof,
        reference: String,
    },
    GiftRefunded {
        name: String,
        pot: String,
        amount: Xof,
        cause: RefundCause,
    },
    GoalReached {
        pot: String,
        target: Xof,
        link: String,
    },
    PotClosed {
        pot: String,
        gifts: i64,
        sum: Xof,
    },
    PotCancelled {
        pot: String,
        /// So many go back to their givers.
        gifts: i64,
    },
    PayoutSent {
        pot: String,
        amount: Xof,
    },
    PayoutHeld {
        pot: String,
    },
    /// From the owner to a giver.
    ThankYou {
        name: String,
        pot: String,
    },
    Invitation {
        sponsor: String,
        message: Option<String>,
        link: String,
    },
    InvitationReminder {
        sponsor: String,
        days: u32,
        link: String,
    },
    InvitationAccepted {
        name: String,
        #[serde(default)]
        coming: Coming,
        /// That it brings; none where the two are too close.
        #[serde(default)]
        points: u32,
    },
    PointsEarned {
        points: u32,
        /// Those that cannot be used yet among them.
        balance: i64,
    },
    /// They can be used from now on.
    PointsMatured {
        points: u32,
        /// All that can be.
        usable: i64,
    },
    PointsRevoked {
        points: u32,
        cause: TakenBack,
    },
    /// To the guardian of a minor.
    ConsentRequest {
        name: String,
        link: String,
        days: u32,
    },
    ConsentReminder {
        name: String,
        link: String,
        days: u32,
    },
    ConsentGranted {
        name: String,
    },
    ConsentRefused {
        name: String,
    },
    ConsentWithdrawn {
        name: String,
    },
    IdentityReceived {
        name: String,
    },
    IdentityApproved {
        name: String,
    },
    IdentityRejected {
        name: String,
        reason: String,
    },
    IdentityMoreNeeded {
        name: String,
        reason: String,
        link: String,
    },
    /// At eighteen a pot and its payout pass to the one whom it is for.
    HandedOver {
        name: String,
        pot: String,
    },
    DataExportReady {
        link: String,
        days: u32,
    },
    AccountClosed,
    /// To those who work here.
    OperatorAlert {
        what: String,
        link: String,
    },
}

impl Says {
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Welcome { .. } => Kind::Welcome,
            Self::VerifyEmail { .. } => Kind::VerifyEmail,
            Self::OneTimeCode { .. } => Kind::OneTimeCode,
            Self::AlreadyRegistered => Kind::AlreadyRegistered,
            Self::PasswordChanged => Kind::PasswordChanged,
            Self::NewDevice { .. } => Kind::NewDevice,
            Self::IdentityLinked { .. } => Kind::IdentityLinked,
            Self::PotScheduled { .. } => Kind::PotScheduled,
            Self::PotMoved { .. } => Kind::PotMoved,
            Self::PotOpened { .. } => Kind::PotOpened,
            Self::DaysLeft { .. } => Kind::DaysLeft,
            Self::LastDay { .. } => Kind::LastDay,
            Self::BirthdayWish { .. } => Kind::BirthdayWish,
            Self::GiftReceived { .. } => Kind::GiftReceived,
            Self::GiftReceipt { .. } => Kind::GiftReceipt,
            Self::GiftRefunded { .. } => Kind::GiftRefunded,
            Self::GoalReached { .. } => Kind::GoalReached,
            Self::PotClosed { .. } => Kind::PotClosed,
            Self::PotCancelled { .. } => Kind::PotCancelled,
            Self::PayoutSent { .. } => Kind::PayoutSent,
            Self::PayoutHeld { .. } => Kind::PayoutHeld,
            Self::ThankYou { .. } => Kind::ThankYou,
            Self::Invitation { .. } => Kind::Invitation,
            Self::InvitationReminder { .. } => Kind::InvitationReminder,
            Self::InvitationAccepted { .. } => Kind::InvitationAccepted,
            Self::PointsEarned { .. } => Kind::PointsEarned,
            Self::PointsMatured { .. } => Kind::PointsMatured,
            Self::PointsRevoked { .. } => Kind::PointsRevoked,
            Self::ConsentRequest { .. } => Kind::ConsentRequest,
            Self::ConsentReminder { .. } => Kind::ConsentReminder,
            Self::ConsentGranted { .. } => Kind::ConsentGranted,
            Self::ConsentRefused { .. } => Kind::ConsentRefused,
            Self::ConsentWithdrawn { .. } => Kind::ConsentWithdrawn,
            Self::IdentityReceived { .. } => Kind::IdentityReceived,
            Self::IdentityApproved { .. } => Kind::IdentityApproved,
            Self::IdentityRejected { .. } => Kind::IdentityRejected,
            Self::IdentityMoreNeeded { .. } => Kind::IdentityMoreNeeded,
            Self::HandedOver { .. } => Kind::HandedOver,
            Self::DataExportReady { .. } => Kind::DataExportReady,
            Self::AccountClosed => Kind::AccountClosed,
            Self::OperatorAlert { .. } => Kind::OperatorAlert,
        }
    }

    /// What there is to open, if anything.
    pub fn link(&self) -> Option<&str> {
        match self {
            Self::Welcome { link, .. }
            | Self::PotOpened { link, .. }
            | Self::DaysLeft { link, .. }
            | Self::LastDay { link, .. }
            | Self::GiftReceived { link, .. }
            | Self::GoalReached { link, .. }
            | Self::Invitation { link, .. }
            | Self::InvitationReminder { link, .. }
            | Self::ConsentRequest { link, .. }
            | Self::ConsentReminder { link, .. }
            | Self::IdentityMoreNeeded { link, .. }
            | Self::DataExportReady { link, .. }
            | Self::OperatorAlert { link, .. } => Some(link),
            _ => None,
        }
    }
}
