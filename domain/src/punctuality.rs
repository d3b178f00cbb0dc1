//! Steps that were due and have not been done: what they are, and what is said of them.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::dakar;
use crate::ids::{CaseId, ConsentId, InvitationId, PotId};
use crate::words::words;

/// What should have happened by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DueStep {
    /// The pots of a day are made. A sweep notes its day even when nobody celebrates, so a day without its note means that no
    /// sweep lives.
    Sweep,
    /// A pot opens.
    Opening,
    /// A pot closes.
    Closing,
    /// A closed pot begins to pay out.
    Payout,
    /// An invitation that nobody has answered ends.
    Lapse,
    /// Points that an invitation has brought mature.
    Maturing,
    /// A guardian who has said nothing has refused.
    Silence,
    /// A consent that was taken back, and to which nobody came back, ends.
    Withdrawal,
    /// Of a consent that has ended the minor's pots are given up.
    GivingUp,
    /// Somebody who comes of age gets their pots.
    HandOver,
    /// Reviewers are told that nobody decides about a case.
    Escalation,
    /// The documents of a case are destroyed.
    Destruction,
}

impl DueStep {
    pub const ALL: [Self; 12] = [
        Self::Sweep,
        Self::Opening,
        Self::Closing,
        Self::Payout,
        Self::Lapse,
        Self::Maturing,
        Self::Silence,
        Self::Withdrawal,
        Self::GivingUp,
        Self::HandOver,
        Self::Escalation,
        Self::Destruction,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sweep => "sweep",
            Self::Opening => "opening",
            Self::Closing => "closing",
            Self::Payout => "payout",
            Self::Lapse => "lapse",
            Self::Maturing => "maturing",
            Self::Silence => "silence",
            Self::Withdrawal => "withdrawal",
            Self::GivingUp => "giving_up",
            Self::HandOver => "hand_over",
            Self::Escalation => "escalation",
            Self::Destruction => "destruction",
        }
    }
}

words!(DueStep, "a step that falls due");

/// What a step is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DueFor {
    Day(NaiveDate),
    Pot(PotId),
    Invitation(InvitationId),
    Consent(ConsentId),
    Case(CaseId),
}

/// A step that was due and has not been done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LateStep {
    pub what: DueStep,
    #[serde(flatten)]
    pub about: DueFor,
    /// When it was due.
    pub since: DateTime<Utc>,
}

impl LateStep {
    /// A step is told of once for each day on which it was due: a pot that was moved may be late again.
    pub fn key(&self) -> String {
        let Self { what, about, since } = self;
        let due = dakar::day_of(*since);
        match about {
            DueFor::Day(day) => format!("{what}/{day}/{due}"),
            DueFor::Pot(pot) => format!("{what}/{pot}/{due}"),
            DueFor::Invitation(invitation) => format!("{what}/{invitation}/{due}"),
            DueFor::Consent(consent) => format!("{what}/{consent}/{due}"),
            DueFor::Case(case) => format!("{what}/{case}/{due}"),
        }
    }
}

/// All that is late.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lateness {
    /// The first of them, those that have waited longest.
    pub steps: Vec<LateStep>,
    /// How many there are, named or not.
    pub total: u64,
}

impl Lateness {
    pub const fn is_empty(&self) -> bool {
        self.total == 0
    }
}

/// From when on a step counts as late, and how far back one looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Punctuality {
    /// So long after its time a step is late.
    pub late_after_seconds: u64,
    /// The hour in Dakar at which a day is swept.
    pub sweep_hour: u32,
    /// A day that lies further back is not swept any more: its birthdays are over.
    pub look_back_days: u32,
    /// After so many hours without a decision about a case reviewers are told, and again after as many.
    #[serde(default = "two_days")]
    pub escalate_hours: u32,
}

const fn two_days() -> u32 {
    48
}

impl Punctuality {
    /// So long after its time a step is late.
    pub fn lateness(&self) -> TimeDelta {
        TimeDelta::seconds(i64::try_from(self.late_after_seconds).unwrap_or(i64::from(u32::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_told_apart_by_what_it_is_about_and_by_the_day_on_which_it_was_due() {
        let since = "2026-11-25T05:00:00Z".parse().expect("an instant");
        let day = dakar::day_of(since);
        let sweep = LateStep { what: DueStep::Sweep, about: DueFor::Day(day), since };
        assert_eq!(sweep.key(), "sweep/2026-11-25/2026-11-25");
        let pot = PotId::from_uuid(uuid::Uuid::nil());
        let opening = LateStep { what: DueStep::Opening, about: DueFor::Pot(pot), since };
        assert_eq!(opening.key(), format!("opening/{pot}/2026-11-25"));
        let invitation = InvitationId::from_uuid(uuid::Uuid::nil());
        let lapse = LateStep { what: DueStep::Lapse, about: DueFor::Invitation(invitation), since };
        assert_eq!(lapse.key(), format!("lapse/{invitation}/2026-11-25"));
        let case = CaseId::from_uuid(uuid::Uuid::nil());
        let destruction = LateStep { what: DueStep::Destruction, about: DueFor::Case(case), since };
        assert_eq!(destruction.key(), format!("destruction/{case}/2026-11-25"));
        let consent = ConsentId::from_uuid(uuid::Uuid::nil());
        let silence = LateStep { what: DueStep::Silence, about: DueFor::Consent(consent), since };
        assert_eq!(silence.key(), format!("silence/{consent}/2026-11-25"));
    }

    #[test]
    fn a_late_step_is_read_back_as_it_was_written() {
        let since = "2026-11-25T05:00:00Z".parse().expect("an instant");
        let about = DueFor::Pot(PotId::from_uuid(uuid::Uuid::nil()));
        let late = LateStep { what: DueStep::Payout, about, since };
        let text = serde_json::to_string(&late).expect("JSON");
        assert_eq!(serde_json::from_str::<LateStep>(&text).expect("a late step"), late);
    }
}
