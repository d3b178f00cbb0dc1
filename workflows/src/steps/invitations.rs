//! What is asked to be done about an invitation: how it ends, and what comes of it.
//!
//! Every step may run twice and has one effect: an invitation ends one way, and brings its points once.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use temporalio_common::ActivityError;
use temporalio_macros::activity_definitions;
use wolo_domain::ids::{InvitationId, PotId, UserId};
use wolo_domain::invitations::{EndedByHand, InvitationEnd};
use wolo_domain::points::{AwardStage, PointsRule, PointsRules};
use wolo_domain::pots::PotStage;

use crate::birthday_sweep::BirthdayPots;

pub struct Invitations;

#[activity_definitions]
impl Invitations {
    #[activity(name = "invitations.accept")]
    pub fn accept(input: AcceptInvitation) -> Result<Accepting, ActivityError> {
        unimplemented!()
    }
    #[activity(name = "invitations.end")]
    pub fn end(input: EndInvitation) -> Result<Ending, ActivityError> {
        unimplemented!()
    }
    #[activity(name = "invitations.start_pot")]
    pub fn start_pot(input: StartInvitedPot) -> Result<Option<PotId>, ActivityError> {
        unimplemented!()
    }
    #[activity(name = "invitations.follow")]
    pub fn follow(input: FollowInvitation) -> Result<Following, ActivityError> {
        unimplemented!()
    }
}

pub use invitations::{
    Accept as AcceptInvitationStep, End as EndInvitationStep, Follow as FollowInvitationStep,
    StartPot as StartInvitedPotStep,
};

/// Accepts it for a person.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct AcceptInvitation {
    pub invitation: InvitationId,
    pub user: UserId,
    pub at: DateTime<Utc>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Accepting {
    /// It is this person's, now or since before.
    Accepted {
        /// A first name.
        invitee_name: String,
        /// They had an account before they were invited.
        #[serde(default)]
        was_here: bool,
    },
    /// Somebody else has accepted it.
    Taken,
    Ended {
        end: InvitationEnd,
    },
    /// The sponsor cannot.
    Own,
    /// The person came through another invitation.
    BroughtAlready,
    PersonUnknown,
}

/// Ends it, if nobody has accepted it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EndInvitation {
    pub invitation: InvitationId,
    pub end: InvitationEnd,
    #[serde(default)]
    pub by_hand: Option<EndedByHand>,
    pub at: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Ending {
    /// It has ended, now or before, so.
    Ended {
        end: InvitationEnd,
    },
    Accepted,
}

/// Starts the pot of the next birthday of whoever accepted, unless they want none. A minor's waits for consent, as any other.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StartInvitedPot {
    pub invitation: InvitationId,
    pub user: UserId,
    pub pots: BirthdayPots,
    pub at: DateTime<Utc>,
}

/// Looks what has come of it, and gives, matures and revokes the points for that.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct FollowInvitation {
    pub invitation: InvitationId,
    pub rules: PointsRules,
    pub at: DateTime<Utc>,
}

/// What is known of an accepted invitation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Following {
    pub pot: Option<FollowedPot>,
    /// No pot has opened since, and that which would have is given up, was open before or never was: another may come.
    #[serde(default)]
    pub awaits_pot: bool,
    pub earned: Vec<Earned>,
    /// All points of the sponsor that were not revoked or used.
    pub balance: i64,
    /// It brings no points yet, for a reason that may pass until then.
    #[serde(default)]
    pub may_pass_until: Option<DateTime<Utc>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowedPot {
    pub stage: PotStage,
    pub opens_at: DateTime<Utc>,
    pub closes_at: DateTime<Utc>,
}

/// Points for one thing that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Earned {
    pub rule: PointsRule,
    pub points: u32,
    pub stage: AwardStage,
    pub matures_at: DateTime<Utc>,
}
