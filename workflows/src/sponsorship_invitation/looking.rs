//! When to look again what has come of an invitation.

use chrono::{DateTime, TimeDelta, Utc};
use wolo_domain::points::AwardStage;
use wolo_domain::pots::PotStage;

use crate::steps::invitations::Following;

/// When to look again, if nothing is heard before: when points mature, when the pot opens or closes, and every day while
/// something holds it up or what forbids points may pass; now and then while a pot may come in the place of one that was given
/// up. Never, when nothing more can come.
pub(super) fn next_look(following: &Following, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let tomorrow = now + TimeDelta::days(1);
    let pending = following.earned.iter().filter(|earned| earned.stage == AwardStage::Pending);
    let matures = pending.map(|earned| earned.matures_at.max(now)).min();
    let pot = following.pot.and_then(|pot| match pot.stage {
        PotStage::Scheduled => Some(if pot.opens_at > now { pot.opens_at } else { tomorrow }),
        PotStage::Open => Some(if pot.closes_at > now { pot.closes_at } else { tomorrow }),
        PotStage::Closed | PotStage::PayingOut | PotStage::Cancelling => Some(tomorrow),
        PotStage::Settled | PotStage::Cancelled => None,
    });
    // The pot that comes instead is heard of; this is for news that is lost.
    let another = following.awaits_pot.then(|| now + TimeDelta::days(30));
    let may_pass = following.may_pass_until.filter(|until| *until > now).map(|until| until.min(tomorrow));
    matures.into_iter().chain(pot).chain(another).chain(may_pass).min()
}

#[cfg(test)]
mod tests {
    use wolo_domain::points::PointsRule;

    use super::*;
    use crate::steps::invitations::{Earned, FollowedPot};

    fn day(number: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(number)
    }

    fn pot_at(stage: PotStage) -> FollowedPot {
        FollowedPot { stage, opens_at: day(10), closes_at: day(40) }
    }

    fn earned(stage: AwardStage) -> Vec<Earned> {
        vec![Earned { rule: PointsRule::InvitationAccepted, points: 10, stage, matures_at: day(14) }]
    }

    #[test]
    fn the_next_look_is_when_something_is_due_and_never_when_nothing_can_come() {
        let next = |pot: Option<PotStage>, stage, now| {
            let pot = pot.map(pot_at);
            let following = Following { pot, earned: earned(stage), balance: 10, ..Following::default() };
            next_look(&following, day(now))
        };
        assert_eq!(next(Some(PotStage::Scheduled), AwardStage::Pending, 0), Some(day(10)));
        assert_eq!(next(Some(PotStage::Scheduled), AwardStage::Pending, 12), Some(day(13)), "it is held");
        assert_eq!(next(Some(PotStage::Open), AwardStage::Pending, 11), Some(day(14)));
        assert_eq!(next(Some(PotStage::Open), AwardStage::Matured, 15), Some(day(40)));
        assert_eq!(next(Some(PotStage::Closed), AwardStage::Matured, 40), Some(day(41)));
        assert_eq!(next(Some(PotStage::Settled), AwardStage::Matured, 41), None);
        assert_eq!(next(Some(PotStage::Cancelled), AwardStage::Pending, 11), Some(day(14)));
        assert_eq!(next(None, AwardStage::Revoked, 11), None);
    }

    #[test]
    fn one_whose_pot_was_given_up_before_it_opened_looks_now_and_then_whether_another_comes() {
        let following =
            Following { pot: Some(pot_at(PotStage::Cancelled)), awaits_pot: true, ..Following::default() };
        assert_eq!(next_look(&following, day(20)), Some(day(50)));
        let pending = Following { earned: earned(AwardStage::Pending), ..following };
        assert_eq!(next_look(&pending, day(11)), Some(day(14)), "points mature all the same");
    }

    #[test]
    fn while_it_may_still_bring_points_somebody_looks_every_day_and_the_process_does_not_end() {
        let next = |pot: Option<PotStage>, now: DateTime<Utc>| {
            let following =
                Following { pot: pot.map(pot_at), may_pass_until: Some(day(14)), ..Following::default() };
            next_look(&following, now)
        };
        assert_eq!(next(Some(PotStage::Scheduled), day(0)), Some(day(1)));
        assert_eq!(next(Some(PotStage::Settled), day(5)), Some(day(6)), "though its pot is over");
        assert_eq!(next(None, day(13) + TimeDelta::hours(9)), Some(day(14)), "though there is none");
        assert_eq!(next(None, day(14)), None);
        assert_eq!(next(Some(PotStage::Open), day(14)), Some(day(40)), "with the pot");
    }
}
