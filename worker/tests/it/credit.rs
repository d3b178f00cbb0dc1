//! Credit for a pot: it is booked by the pot's process, paid out with the gifts, and returned when the pot is given up.

use sqlx::AssertSqlSafe;
use uuid::Uuid;
use wolo_control::points::{RevokePoints, Revoking};
use wolo_control::pots::{Converting, CreditWish, WishAnswer};
use wolo_database::points::Line;
use wolo_database::{Page, ledger, points};
use wolo_domain::ids::{ConversionId, PotId, UserId};
use wolo_domain::ledger::Account;
use wolo_domain::money::Xof;
use wolo_domain::pots::PotStage;
use wolo_workflows::ids;
use wolo_workflows::pot_lifecycle::{PotLifecycle, PotOutcome};

use crate::histories::keep;
use crate::house::{House, LONG, has_ended, live};
use crate::pot_lifecycle::wish;

fn ten(user: UserId) -> CreditWish {
    let conversion = ConversionId::from_uuid(Uuid::now_v7());
    let (credit, budget) = (Xof::new(1_000), Xof::new(5_000_000));
    CreditWish { conversion, user, points: 10, credit, budget }
}

const CONVERTED: Converting = Converting::Converted { credit: Xof::new(1_000) };

impl House {
    /// Somebody of whom so many points have matured.
    async fn sponsor(&self, points: u32) -> UserId {
        let sponsor = self.person().await;
        let (invitation, award) = (Uuid::now_v7(), Uuid::now_v7());
        let sql = format!(
            "insert into sponsorship.invitations (
                 invitation_id, sponsor_id, sponsor_name, email, relationship, token_hash, notice_id, expires_at
             )
             values ('{invitation}', '{0}', 'Awa', 'friend@example.sn', 'friend', sha256('{invitation}'), '{invitation}', now() + '7 days');
             insert into sponsorship.awards (award_id, user_id, name, rule, invitation_id, points, awarded_at, matures_at)
             values ('{award}', '{0}', 'Awa', 'invitation_accepted', '{invitation}', {points}, now(), now());
             insert into sponsorship.award_steps (award_id, stage, reason) values ('{award}', 'matured', 'time')",
            sponsor.uuid()
        );
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&self.pool).await.expect("points");
        sponsor
    }

    async fn credit(&self, pot: PotId, wish: CreditWish) -> Converting {
        self.control.credit_pot(pot, wish, LONG).await.expect("the pot answers")
    }

    /// What promotions have given to a pot: less than nothing.
    async fn promoted(&self, pot: PotId) -> i64 {
        let posted = ledger::of_pot(&self.pool, pot, Page::first(100)).await.expect("a look");
        let entries = posted.iter().flat_map(|one| &one.entries);
        entries.filter(|one| one.account == Account::Promotions).map(|one| one.amount.francs()).sum()
    }

    async fn available(&self, user: UserId) -> i64 {
        points::of_user(&self.pool, user).await.expect("sums").available()
    }
}

#[test]
fn a_pot_with_a_gift_and_a_credit_is_paid_out_with_both() {
    live(async |house| {
        let (pot, sponsor) = (house.open_pot().await, house.sponsor(15).await);
        house.give(pot, 5_000).await;
        let wish = ten(sponsor);
        // Whoever has not heard the answer asks again.
        for _ in 0..2 {
            assert_eq!(house.credit(pot, wish).await, CONVERTED);
        }
        let dearer = CreditWish { credit: Xof::new(1_500), ..wish };
        assert_eq!(house.credit(pot, dearer).await, CONVERTED, "what it came to, not what it would now");
        let another = CreditWish { points: 20, ..wish };
        assert_eq!(house.credit(pot, another).await, Converting::Mismatch, "and nobody tries for ever");
        assert_eq!(house.credit(pot, ten(sponsor)).await, Converting::NotEnough { available: 5 });
        assert_eq!(house.balance(Account::Pot(pot)).await, 6_000);
        house.forward_to_the_end(pot).await;
        let outcome = house.outcome::<PotLifecycle>(ids::pot_lifecycle(pot)).await;
        assert_eq!(outcome, PotOutcome::PaidOut { amount: Xof::new(5_950) });
        house.stage_is(pot, PotStage::Settled).await;
        assert_eq!(house.balance(Account::Pot(pot)).await, 0);
        assert_eq!(house.promoted(pot).await, -1_000);
        let totals = house.certified(pot).await.totals;
        assert_eq!((totals.gifts.francs(), totals.credits.francs()), (5_000, 1_000));
        assert_eq!((totals.payout.francs(), totals.fees.francs()), (5_950, 50));
        assert!(has_ended(&house.control.credit_pot(pot, ten(sponsor), LONG).await));
        assert_eq!(house.available(sponsor).await, 5);
        house.books_are_right().await;
        keep(house, "pot-with-credit", &ids::pot_lifecycle(pot)).await;
    });
}

#[test]
fn a_pot_that_is_given_up_returns_its_credit_and_the_points() {
    live(async |house| {
        let (pot, sponsor) = (house.open_pot().await, house.sponsor(10).await);
        assert_eq!(house.credit(pot, ten(sponsor)).await, CONVERTED);
        assert_eq!(house.available(sponsor).await, 0);
        let answer = house.control.cancel_pot(pot, wish()).await.expect("the pot answers");
        assert_eq!(answer, WishAnswer::Done);
        house.stage_is(pot, PotStage::Cancelled).await;
        assert_eq!((house.balance(Account::Pot(pot)).await, house.promoted(pot).await), (0, 0));
        assert_eq!(house.available(sponsor).await, 10);
        house.books_are_right().await;
    });
}

#[test]
fn points_that_were_not_earned_are_taken_back_once_by_a_persons_decision() {
    live(async |house| {
        let sponsor = house.sponsor(10).await;
        let mut connection = house.pool.acquire().await.expect("a connection");
        let lines = points::history(&mut connection, sponsor, Page::first(1)).await.expect("a look");
        let [Line::Award(award)] = &lines[..] else { panic!("{lines:?}") };
        let revoke = |reason: &str| RevokePoints {
            award: award.id,
            by: "operator:tester".to_owned(),
            reason: reason.to_owned(),
        };
        let answer = house.control.revoke_points(revoke("a ring of accounts")).await;
        assert_eq!(answer.expect("an answer"), Revoking::Revoked);
        keep(house, "points-revoked", &ids::revocation(award.id)).await;
        let again = house.control.revoke_points(revoke("another reason")).await;
        assert_eq!(again.expect("an answer"), Revoking::Already);
        let by_hand = points::by_hand(&house.pool, award.id).await.expect("a look").expect("somebody did");
        assert_eq!(
            (by_hand.by_whom.as_str(), by_hand.note.as_str()),
            ("operator:tester", "a ring of accounts")
        );
        assert_eq!(house.available(sponsor).await, 0);
    });
}

#[test]
fn a_pot_that_is_closed_takes_no_credit() {
    live(async |house| {
        let (pot, sponsor) = (house.open_pot().await, house.sponsor(10).await);
        assert_eq!(house.control.close_pot(pot, wish()).await.expect("the pot answers"), WishAnswer::Done);
        let refused = house.credit(pot, ten(sponsor)).await;
        assert_eq!(refused, Converting::NotOpen { stage: PotStage::Closed });
        assert_eq!(house.available(sponsor).await, 10);
    });
}
