//! Closing an account: each way in which that ends.

use chrono::TimeDelta;
use uuid::Uuid;
use wolo_control::closures::{ClosingAnswer, ClosureInput, ClosurePatience, RestoreWish, Restoring};
use wolo_control::pots::{Wish, WishAnswer};
use wolo_database::closures::{self, Standing};
use wolo_domain::closures::UnderWay;
use wolo_domain::ids::UserId;
use wolo_domain::invitations::InvitationStage;
use wolo_domain::notices::{Kind, NoticeRules};
use wolo_domain::pots::PotStage;
use wolo_workflows::account_closure::{AccountClosure, ClosureOutcome, ClosureState};
use wolo_workflows::ids;
use wolo_workflows::notice_delivery::NoticePatience;

use crate::histories::keep;
use crate::house::{House, LONG, live, until};

fn input(user: UserId) -> ClosureInput {
    ClosureInput {
        user,
        by: user.to_string(),
        reason: "asked for by its holder".to_owned(),
        patience: ClosurePatience {
            erase_after_days: 30,
            // Few looks: moved time makes each of them at once.
            recheck_seconds: 86_400,
            longest_pause_seconds: 10 * 86_400,
            continue_after_events: 2_000,
        },
        notices: NoticeRules { quiet_from: 0, quiet_until: 0, ..NoticeRules::default() },
        notice_patience: NoticePatience::default(),
        carried: ClosureState::default(),
    }
}

impl House {
    async fn closes(&self, user: UserId) -> ClosingAnswer {
        self.control.close_account(input(user), LONG).await.expect("an answer")
    }

    async fn restores(&self, user: UserId) -> Restoring {
        let wish = RestoreWish { by: "operator:fatou".to_owned(), reason: "they called".to_owned() };
        self.control.restore_account(user, wish, LONG).await.expect("an answer")
    }

    async fn standing(&self, user: UserId) -> Standing {
        closures::standing(&self.pool, user).await.expect("a look").expect("a person")
    }

    /// Waits until the process has looked and found this.
    async fn is_under_way(&self, user: UserId, wanted: UnderWay) {
        until(&format!("{wanted:?} is under way"), async || {
            let state = self.control.closure_state(user).await.ok()?;
            (state.under_way == Some(wanted)).then_some(())
        })
        .await;
    }
}

#[test]
fn whoever_closes_their_account_gives_up_what_is_theirs_is_told_and_is_erased_after_a_month() {
    live(async |house| {
        let user = house.person().await;
        let pot = house.open_pot_of(user).await;
        let invited = house.invite(user).await;
        house.invitation_is(&invited, InvitationStage::Delivered).await;
        let closed = house.closes(user).await;
        let ClosingAnswer::Closed { since, erases_at } = closed else { panic!("{closed:?}") };
        assert_eq!(erases_at - since, TimeDelta::days(30));
        assert_eq!(house.closes(user).await, closed, "asked again");
        house.stage_is(pot, PotStage::Cancelled).await;
        house.invitation_is(&invited, InvitationStage::Cancelled).await;
        house.is_told(&user.to_string(), Kind::AccountClosed, 1).await;
        let process = ids::closure(user);
        house.is_under_way(user, UnderWay::default()).await;
        house.forward(&process, TimeDelta::days(29)).await;
        assert_eq!(house.standing(user).await, Standing::ClosingSince(since));
        house.forward(&process, TimeDelta::days(2)).await;
        assert_eq!(house.outcome::<AccountClosure>(process.clone()).await, ClosureOutcome::Erased);
        assert!(matches!(house.standing(user).await, Standing::ErasedAt(at) if at >= erases_at));
        let person = wolo_database::people::user(&house.pool, user).await.expect("a look").expect("a row");
        assert_eq!((person.name.as_str(), person.phone), ("—", None));
        keep(house, "closure-erased", &process).await;
        assert_eq!(house.closes(user).await, ClosingAnswer::Erased, "by a process of its own");
    });
}

#[test]
fn whoever_changes_their_mind_in_time_is_restored_and_may_close_again() {
    live(async |house| {
        let user = house.person().await;
        let ClosingAnswer::Closed { since, .. } = house.closes(user).await else { panic!("not closed") };
        let process = ids::closure(user);
        house.is_under_way(user, UnderWay::default()).await;
        house.forward(&process, TimeDelta::days(20)).await;
        assert_eq!(house.restores(user).await, Restoring::Restored);
        assert_eq!(house.outcome::<AccountClosure>(process.clone()).await, ClosureOutcome::Restored);
        assert_eq!(house.standing(user).await, Standing::InUse);
        keep(house, "closure-restored", &process).await;
        let again = house.closes(user).await;
        assert!(matches!(again, ClosingAnswer::Closed { since: later, .. } if later != since), "{again:?}");
        house.is_told(&user.to_string(), Kind::AccountClosed, 2).await;
        assert_eq!(house.restores(user).await, Restoring::Restored);
    });
}

#[test]
fn a_pot_that_has_closed_is_paid_out_first_however_long_that_takes() {
    live(async |house| {
        let user = house.person().await;
        let pot = house.open_pot_of(user).await;
        house.give(pot, 5_000).await;
        let wish = Wish { by: user.to_string(), reason: String::new() };
        assert_eq!(house.control.close_pot(pot, wish).await.expect("an answer"), WishAnswer::Done);
        let ClosingAnswer::Closed { since, .. } = house.closes(user).await else { panic!("not closed") };
        let (process, a_pot) = (ids::closure(user), UnderWay { pots: 1, ..UnderWay::default() });
        house.is_under_way(user, a_pot).await;
        house.forward(&process, TimeDelta::days(40)).await;
        house.is_under_way(user, a_pot).await;
        assert_eq!(
            house.standing(user).await,
            Standing::ClosingSince(since),
            "its day is over, and it waits"
        );
        house.forward_to_the_end(pot).await;
        house.stage_is(pot, PotStage::Settled).await;
        house.set_off(&process, TimeDelta::days(12));
        assert_eq!(house.outcome::<AccountClosure>(process.clone()).await, ClosureOutcome::Erased);
        keep(house, "closure-waited-for-a-pot", &process).await;
        house.books_are_right().await;
    });
}

#[test]
fn there_is_no_account_of_nobody_to_close() {
    live(async |house| {
        let nobody = UserId::from_uuid(Uuid::now_v7());
        assert_eq!(house.closes(nobody).await, ClosingAnswer::NobodyKnown);
        let process = ids::closure(nobody);
        assert_eq!(house.outcome::<AccountClosure>(process.clone()).await, ClosureOutcome::NobodyKnown);
        keep(house, "closure-nobody-known", &process).await;
    });
}
