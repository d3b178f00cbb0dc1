//! Inviting others: what somebody is to their sponsor, how far an invitation has come, and when it brings no points.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::contacts::{Contact, Language};
use crate::ids::{InvitationId, UserId};
use crate::notices::NoticeStage;
use crate::people::Phone;
use crate::words::words;

/// Longest message to the invited person, in characters.
pub const MESSAGE_CHARS: usize = 300;

/// So long after an acceptance the first pot of whoever accepted may come: the next birthday but one begins to be prepared within a
/// year and thirty days.
pub const AWAITED_DAYS: i64 = 400;

/// How many invitations are let go. Both measures are the database's, whoever counts at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvitingRules {
    /// By one sponsor in a day (Dakar).
    pub a_day: u32,
    /// To one contact, whoever sends them …
    pub per_contact: u32,
    /// … within so many days.
    pub contact_days: u32,
}

/// What the invited person is to the sponsor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relationship {
    Partner,
    Parent,
    Child,
    Sibling,
    Relative,
    Friend,
    Colleague,
    Other,
}

impl Relationship {
    pub const ALL: [Self; 8] = [
        Self::Partner,
        Self::Parent,
        Self::Child,
        Self::Sibling,
        Self::Relative,
        Self::Friend,
        Self::Colleague,
        Self::Other,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Partner => "partner",
            Self::Parent => "parent",
            Self::Child => "child",
            Self::Sibling => "sibling",
            Self::Relative => "relative",
            Self::Friend => "friend",
            Self::Colleague => "colleague",
            Self::Other => "other",
        }
    }
}

words!(Relationship, "a relationship");

/// An invitation as its sponsor has sent it. Personal; it is sealed wherever it lies.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentInvitation {
    pub invitation: InvitationId,
    pub sponsor: UserId,
    /// A first name.
    pub sponsor_name: String,
    pub to: Contact,
    pub language: Language,
    /// In the sponsor's own words.
    pub message: Option<String>,
    /// The secret in its link.
    pub token: String,
    pub expires_at: DateTime<Utc>,
}

/// How an invitation ends that nobody accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InvitationEnd {
    /// The invited person does not want it.
    Declined,
    /// Nobody said anything in time.
    Lapsed,
    /// The sponsor took it back.
    Cancelled,
}

impl InvitationEnd {
    pub const ALL: [Self; 3] = [Self::Declined, Self::Lapsed, Self::Cancelled];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Declined => "declined",
            Self::Lapsed => "lapsed",
            Self::Cancelled => "cancelled",
        }
    }
}

words!(InvitationEnd, "an end of an invitation");

/// Who has ended an invitation that is not theirs, and why, in their words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedByHand {
    pub by: String,
    pub reason: String,
}

/// How far an invitation has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InvitationStage {
    /// Its message is on its way, or could not be brought.
    Written,
    /// A provider has taken the message.
    Sent,
    Delivered,
    /// Its link was followed.
    Opened,
    Declined,
    Lapsed,
    Cancelled,
    Accepted,
    /// The invited person's pot is open.
    PotOpened,
    /// Somebody has given to it.
    FirstGift,
}

impl InvitationStage {
    pub const ALL: [Self; 10] = [
        Self::Written,
        Self::Sent,
        Self::Delivered,
        Self::Opened,
        Self::Declined,
        Self::Lapsed,
        Self::Cancelled,
        Self::Accepted,
        Self::PotOpened,
        Self::FirstGift,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Written => "written",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Opened => "opened",
            Self::Declined => "declined",
            Self::Lapsed => "lapsed",
            Self::Cancelled => "cancelled",
            Self::Accepted => "accepted",
            Self::PotOpened => "pot_opened",
            Self::FirstGift => "first_gift",
        }
    }
}

words!(InvitationStage, "a stage of an invitation");

impl From<InvitationEnd> for InvitationStage {
    fn from(end: InvitationEnd) -> Self {
        match end {
            InvitationEnd::Declined => Self::Declined,
            InvitationEnd::Lapsed => Self::Lapsed,
            InvitationEnd::Cancelled => Self::Cancelled,
        }
    }
}

/// What has happened to an invitation, each by its own witness: receipts, the link's page, processes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Milestones {
    /// Where the message stands that brings it.
    pub message: Option<NoticeStage>,
    pub opened_at: Option<DateTime<Utc>>,
    pub accepted_at: Option<DateTime<Utc>>,
    pub pot_opened_at: Option<DateTime<Utc>>,
    pub first_gift_at: Option<DateTime<Utc>>,
    pub end: Option<InvitationEnd>,
}

impl Milestones {
    /// The furthest that is known, whatever was heard first.
    pub fn stage(&self) -> InvitationStage {
        if self.first_gift_at.is_some() {
            return InvitationStage::FirstGift;
        }
        if self.pot_opened_at.is_some() {
            return InvitationStage::PotOpened;
        }
        if self.accepted_at.is_some() {
            return InvitationStage::Accepted;
        }
        if let Some(end) = self.end {
            return end.into();
        }
        if self.opened_at.is_some() {
            return InvitationStage::Opened;
        }
        match self.message {
            Some(NoticeStage::Delivered | NoticeStage::Read) => InvitationStage::Delivered,
            Some(NoticeStage::Accepted) => InvitationStage::Sent,
            Some(NoticeStage::Queued | NoticeStage::Failed) | None => InvitationStage::Written,
        }
    }
}

/// Why an accepted invitation brings no points, or none yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoPoints {
    /// The sponsor has accepted it.
    Oneself,
    /// The invited person has brought the sponsor here, themselves or through others.
    Cycle,
    /// The invitation went to the sponsor's own phone, or the two share one.
    SamePhone,
    /// Both are paid to one number.
    SamePayoutNumber,
    /// Somebody who works here has locked the account of one of the two.
    UnderReview,
    /// One of the two has proved no phone. An account that has nothing but a mail address costs nothing to make: whoever makes
    /// many would be paid for each, and whoever makes one invites themselves by it.
    NoPhone,
}

impl NoPoints {
    /// In the order in which they are looked at: what passes hides nothing that stays.
    pub const ALL: [Self; 6] = [
        Self::Oneself,
        Self::Cycle,
        Self::SamePhone,
        Self::SamePayoutNumber,
        Self::UnderReview,
        Self::NoPhone,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Oneself => "oneself",
            Self::Cycle => "cycle",
            Self::SamePhone => "same_phone",
            Self::SamePayoutNumber => "same_payout_number",
            Self::UnderReview => "under_review",
            Self::NoPhone => "no_phone",
        }
    }

    /// Whether it may be otherwise at the next look. What does not pass is decided once and for all: nobody gets rid of it by
    /// another phone.
    pub const fn may_pass(self) -> bool {
        matches!(self, Self::UnderReview | Self::NoPhone)
    }

    /// Whether it is so between two.
    fn is_between(self, bond: &Bond) -> bool {
        match self {
            Self::Oneself => bond.sponsor.user == bond.invited.user,
            Self::Cycle => bond.brought_the_sponsor.contains(&bond.invited.user),
            Self::SamePhone => {
                let own = bond.sponsor.phone.as_ref();
                own.is_some() && (own == bond.invited.phone.as_ref() || own == bond.invited_at.as_ref())
            }
            Self::SamePayoutNumber => {
                bond.sponsor.paid_to.iter().any(|number| bond.invited.paid_to.contains(number))
            }
            Self::UnderReview => bond.sponsor.locked || bond.invited.locked,
            Self::NoPhone => bond.invited.phone.is_none() || bond.sponsor.phone.is_none(),
        }
    }

    /// The first rule that forbids points between two.
    pub fn between(bond: &Bond) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.is_between(bond))
    }
}

words!(NoPoints, "a reason for no points");

/// One of two between whom there is an invitation. Personal.
#[derive(Clone, PartialEq, Eq)]
pub struct Party {
    pub user: UserId,
    /// One that was proved.
    pub phone: Option<Phone>,
    /// The account may not be used.
    pub locked: bool,
    /// Numbers that were, or would be, paid out to.
    pub paid_to: Vec<Phone>,
}

/// What is known of the two. Personal.
#[derive(Clone, PartialEq, Eq)]
pub struct Bond {
    pub sponsor: Party,
    pub invited: Party,
    /// Where the invitation went, if that is a phone.
    pub invited_at: Option<Phone>,
    /// Who brought the sponsor here, who brought them, and so on.
    pub brought_the_sponsor: Vec<UserId>,
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn party(number: u128) -> Party {
        let phone: Phone = format!("+2217712345{number:02}").parse().unwrap();
        Party {
            user: UserId::from_uuid(Uuid::from_u128(number)),
            phone: Some(phone.clone()),
            locked: false,
            paid_to: vec![phone],
        }
    }

    fn strangers() -> Bond {
        Bond {
            sponsor: party(1),
            invited: party(2),
            invited_at: party(2).phone,
            brought_the_sponsor: vec![party(3).user],
        }
    }

    #[test]
    fn strangers_bring_points() {
        assert_eq!(NoPoints::between(&strangers()), None);
    }

    #[test]
    fn whoever_has_proved_no_phone_brings_nothing_yet() {
        let without = |party: Party| Party { phone: None, paid_to: Vec::new(), ..party };
        for bond in [
            Bond { invited: without(party(2)), ..strangers() },
            Bond { sponsor: without(party(1)), ..strangers() },
            // Nothing is not the same as nothing.
            Bond { sponsor: without(party(1)), invited: without(party(2)), invited_at: None, ..strangers() },
        ] {
            assert_eq!(NoPoints::between(&bond), Some(NoPoints::NoPhone));
        }
        assert!(NoPoints::NoPhone.may_pass());
    }

    #[test]
    fn who_is_locked_brings_nothing_and_is_brought_nothing_while_they_are() {
        let locked = |party: Party| Party { locked: true, ..party };
        for bond in [
            Bond { invited: locked(party(2)), ..strangers() },
            Bond { sponsor: locked(party(1)), ..strangers() },
        ] {
            assert_eq!(NoPoints::between(&bond), Some(NoPoints::UnderReview));
        }
        assert!(NoPoints::UnderReview.may_pass());
    }

    #[test]
    fn what_passes_hides_nothing_that_stays() {
        let passing: Vec<_> = NoPoints::ALL.into_iter().skip_while(|rule| !rule.may_pass()).collect();
        assert_eq!(passing, [NoPoints::UnderReview, NoPoints::NoPhone]);
        let mut bond = strangers();
        bond.invited = Party { phone: None, locked: true, ..bond.invited };
        bond.invited_at = party(1).phone;
        assert_eq!(NoPoints::between(&bond), Some(NoPoints::SamePhone));
    }

    #[test]
    fn nobody_brings_themselves() {
        let bond = Bond { invited: party(1), ..strangers() };
        assert_eq!(NoPoints::between(&bond), Some(NoPoints::Oneself));
    }

    #[test]
    fn who_brought_the_sponsor_here_is_not_brought_by_them() {
        let bond = Bond { brought_the_sponsor: vec![party(3).user, party(2).user], ..strangers() };
        assert_eq!(NoPoints::between(&bond), Some(NoPoints::Cycle));
    }

    #[test]
    fn an_invitation_to_ones_own_phone_brings_nothing_whoever_accepts_it() {
        let bond = Bond { invited_at: party(1).phone, ..strangers() };
        assert_eq!(NoPoints::between(&bond), Some(NoPoints::SamePhone));
        let bond = Bond { invited: Party { phone: party(1).phone, ..party(2) }, ..strangers() };
        assert_eq!(NoPoints::between(&bond), Some(NoPoints::SamePhone));
    }

    #[test]
    fn two_who_are_paid_to_one_number_bring_nothing() {
        let shared = party(9).phone.unwrap();
        let mut bond = strangers();
        bond.sponsor.paid_to.push(shared.clone());
        bond.invited.paid_to.push(shared);
        assert_eq!(NoPoints::between(&bond), Some(NoPoints::SamePayoutNumber));
    }

    #[test]
    fn an_invitation_stands_where_the_furthest_of_its_witnesses_says() {
        let at = Some(DateTime::UNIX_EPOCH);
        let mut known = Milestones::default();
        assert_eq!(known.stage(), InvitationStage::Written);
        known.message = Some(NoticeStage::Accepted);
        assert_eq!(known.stage(), InvitationStage::Sent);
        known.message = Some(NoticeStage::Read);
        assert_eq!(known.stage(), InvitationStage::Delivered);
        known.opened_at = at;
        assert_eq!(known.stage(), InvitationStage::Opened);
        for end in InvitationEnd::ALL {
            assert_eq!(Milestones { end: Some(end), ..known }.stage().as_str(), end.as_str());
        }
        known.accepted_at = at;
        assert_eq!(known.stage(), InvitationStage::Accepted);
        known.first_gift_at = at;
        assert_eq!(known.stage(), InvitationStage::FirstGift, "though nobody told of the pot");
        assert_eq!(
            Milestones { first_gift_at: None, pot_opened_at: at, ..known }.stage(),
            InvitationStage::PotOpened
        );
    }

    #[test]
    fn words_are_read_as_they_are_written() {
        for word in Relationship::ALL {
            assert_eq!(word.as_str().parse(), Ok(word));
        }
        for word in InvitationStage::ALL {
            assert_eq!(word.as_str().parse(), Ok(word));
        }
        for word in NoPoints::ALL {
            assert_eq!(word.as_str().parse(), Ok(word));
        }
    }
}
