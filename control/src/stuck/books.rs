//! What the books know of a standstill, and the engine does not: steps that are late, with or without a process, and pots that
//! something holds.

use chrono::{DateTime, Utc};
use wolo_domain::accounts::Role;
use wolo_domain::ids::PotId;
use wolo_domain::pots::HoldReason;
use wolo_domain::punctuality::{DueFor, DueStep, LateStep};
use wolo_workflows::ids;

use super::{Stuck, Why};

impl Stuck {
    /// A step that was due and has not been done.
    pub fn late(step: LateStep) -> Self {
        // What has lost its process is begun again; where one runs, that is harmless, and the answer says so.
        let (process, help, owner) = match step.about {
            DueFor::Day(_) => (ids::BIRTHDAY_SWEEP.to_owned(), "wolo sweep run".to_owned(), Role::Superadmin),
            DueFor::Pot(pot) => (ids::pot_lifecycle(pot), format!("wolo pots restart {pot}"), Role::Support),
            DueFor::Invitation(invitation) => {
                (ids::invitation(invitation), format!("wolo invitations restart {invitation}"), Role::Support)
            }
            // Its process is named after the minor, whom the books do not tell here.
            DueFor::Consent(consent) => {
                (consent.to_string(), format!("wolo consents restart {consent}"), Role::Reviewer)
            }
            DueFor::Case(case) => (ids::identity(case), format!("wolo cases restart {case}"), Role::Reviewer),
        };
        let waits_for = match step.about {
            DueFor::Day(day) => format!("{}: {day}", words(step.what)),
            _ => words(step.what).to_owned(),
        };
        Self::known(process, Why::Late, waits_for, step.since, owner, help)
    }

    /// A pot that something holds.
    pub fn held(pot: PotId, reason: HoldReason, since: DateTime<Utc>) -> Self {
        let (owner, help) = match reason {
            HoldReason::Moderation => (Role::Support, format!("wolo pots release {pot} --reason …")),
            HoldReason::Consent => (Role::Support, format!("wolo pots show {pot}")),
            _ => (Role::Finance, format!("wolo payouts show {pot}")),
        };
        let waits_for = reason.waits_for().to_owned();
        Self::known(ids::pot_lifecycle(pot), Why::Held, waits_for, since, owner, help)
    }

    fn known(
        process: String,
        why: Why,
        waits_for: String,
        since: DateTime<Utc>,
        owner: Role,
        help: String,
    ) -> Self {
        Self {
            process,
            why,
            waits_for,
            since: Some(since),
            attempts: None,
            next_try: None,
            last_error: None,
            owner,
            help,
        }
    }
}

const fn words(what: DueStep) -> &'static str {
    match what {
        DueStep::Sweep => "a day to be swept",
        DueStep::Opening => "its opening, which was due",
        DueStep::Closing => "its closing, which was due",
        DueStep::Payout => "its payout, which was due",
        DueStep::Lapse => "its end: nobody has answered in time",
        DueStep::Maturing => "its points to mature",
        DueStep::Silence => "its end: the guardian has said nothing in time",
        DueStep::Withdrawal => "its end: the guardian has not come back in time",
        DueStep::GivingUp => "the minor's pots to be given up",
        DueStep::HandOver => "its hand-over: the minor has come of age",
        DueStep::Escalation => "reviewers to be told of it",
        DueStep::Destruction => "its documents to be destroyed",
    }
}
