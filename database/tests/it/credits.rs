//! Points become credit in a pot once, and are somebody's again when the pot is given up.

use chrono::TimeDelta;
use futures::future::join_all;
use sqlx::AssertSqlSafe;
use uuid::Uuid;
use wolo_database::ledger::Violation;
use wolo_database::payouts::{self, Plan, Receipt};
use wolo_database::points::{self, Converting, NewConversion};
use wolo_database::pots::{self, Cancelling};
use wolo_database::{Context, Error, certificates, donations, ledger};
use wolo_domain::certificates::{Trust, verify};
use wolo_domain::ids::{ConversionId, PayoutId, PotId, UserId};
use wolo_domain::ledger::Account;
use wolo_domain::money::Xof;
use wolo_domain::payouts::{PayoutOrder, PayoutRules};
use wolo_domain::pots::{HoldReason, PotStage};

use crate::scene::{Scene, checkout, key, noon, payment, xof};

fn ten_for(user: UserId, pot: PotId) -> NewConversion {
    let id = ConversionId::from_uuid(Uuid::now_v7());
    NewConversion { id, user, points: 10, credit: xof(1_000), pot, budget: xof(5_000_000), at: noon() }
}

const CONVERTED: Converting = Converting::Converted { credit: Xof::new(1_000) };

impl Scene {
    async fn convert(&self, new: &NewConversion) -> Converting {
        points::convert(&self.pool, new).await.expect("an answer")
    }

    /// What somebody has used, and what they can use.
    async fn points_of(&self, user: UserId) -> (i64, i64) {
        let sums = points::of_user(&self.pool, user).await.expect("sums");
        (sums.spent, sums.available())
    }

    /// What the pot holds, and what WOLO has given away.
    async fn credited(&self, pot: PotId) -> [i64; 2] {
        [self.balance(Account::Pot(pot)).await, self.balance(Account::Promotions).await]
    }
}

#[tokio::test]
async fn ten_points_are_a_thousand_francs_in_the_pot_and_are_used() {
    let scene = Scene::new().await;
    let (sponsor, pot) = (scene.sponsor(25).await, scene.open().await);
    assert_eq!(scene.convert(&ten_for(sponsor, pot)).await, CONVERTED);
    assert_eq!(scene.credited(pot).await, [1_000, -1_000]);
    assert_eq!(scene.points_of(sponsor).await, (10, 15));
    assert_eq!(scene.balance(Account::WaveFloat).await, 0, "nothing moved at Wave");
    let totals = pots::pot(&scene.pool, pot).await.expect("a look").expect("a pot").totals;
    assert_eq!((totals.given, totals.donations), (xof(1_000), 1));
    assert_eq!(scene.convert(&ten_for(sponsor, pot)).await, CONVERTED);
    assert_eq!(scene.convert(&ten_for(sponsor, pot)).await, Converting::NotEnough { available: 5 });
    assert_eq!(scene.credited(pot).await, [2_000, -2_000]);
    scene.judge().await;
}

#[tokio::test]
async fn the_same_conversion_twice_has_one_effect_and_stands_when_the_pot_has_closed() {
    let scene = Scene::new().await;
    let (sponsor, pot) = (scene.sponsor(10).await, scene.open().await);
    let new = ten_for(sponsor, pot);
    for _ in 0..2 {
        assert_eq!(scene.convert(&new).await, CONVERTED);
    }
    pots::close(&scene.pool, pot, noon()).await.expect("a closing");
    assert_eq!(scene.convert(&new).await, CONVERTED, "it was converted before");
    assert_eq!(scene.credited(pot).await, [1_000, -1_000]);
    assert_eq!(scene.points_of(sponsor).await, (10, 0));
    for other in [
        NewConversion { points: 20, ..new },
        NewConversion { pot: scene.open().await, ..new },
        NewConversion { user: scene.person().await.id, ..new },
    ] {
        assert_eq!(scene.convert(&other).await, Converting::Mismatch, "something else under one id");
    }
    scene.judge().await;
}

#[tokio::test]
async fn what_points_have_bought_stands_though_they_buy_something_else_by_now() {
    let scene = Scene::new().await;
    let (sponsor, pot) = (scene.sponsor(10).await, scene.open().await);
    let new = ten_for(sponsor, pot);
    assert_eq!(scene.convert(&new).await, CONVERTED);
    let dearer = NewConversion { credit: xof(1_500), budget: xof(0), ..new };
    assert_eq!(scene.convert(&dearer).await, CONVERTED, "not the new price");
    assert_eq!(scene.credited(pot).await, [1_000, -1_000]);
    scene.judge().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn promotions_never_give_more_than_their_budget_whoever_asks_at_once() {
    let scene = Scene::new().await;
    let pot = scene.open().await;
    let mut sponsors = Vec::new();
    for _ in 0..16 {
        sponsors.push(scene.sponsor(40).await);
    }
    let all = (0..64).map(|number| {
        let new = NewConversion { budget: xof(10_500), ..ten_for(sponsors[number % 16], pot) };
        let scene = &scene;
        async move { scene.convert(&new).await }
    });
    let answers = join_all(all).await;
    let count = |wanted| answers.iter().filter(|one| **one == wanted).count();
    assert_eq!((count(CONVERTED), count(Converting::BudgetSpent)), (10, 54), "{answers:?}");
    assert_eq!(scene.credited(pot).await, [10_000, -10_000]);
    let mut used = 0;
    for sponsor in &sponsors {
        used += scene.points_of(*sponsor).await.0;
    }
    assert_eq!(used, 100, "whoever got nothing has lost nothing");
    // What comes back makes room.
    let asked = NewConversion { budget: xof(10_500), ..ten_for(scene.sponsor(10).await, scene.open().await) };
    assert_eq!(scene.convert(&asked).await, Converting::BudgetSpent);
    pots::cancel(&scene.pool, pot, noon()).await.expect("given up");
    assert_eq!(scene.convert(&asked).await, CONVERTED);
    scene.judge().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_conversions_at_once_never_use_more_than_there_is() {
    let scene = Scene::new().await;
    let sponsor = scene.sponsor(70).await;
    let pots = [scene.open().await, scene.open().await];
    let all = (0..64).map(|number| {
        let new = ten_for(sponsor, pots[number % 2]);
        let scene = &scene;
        async move { scene.convert(&new).await }
    });
    let answers = join_all(all).await;
    let converted = answers.iter().filter(|one| **one == CONVERTED).count();
    let short = answers.iter().filter(|one| **one == Converting::NotEnough { available: 0 }).count();
    assert_eq!((converted, short), (7, 57), "{answers:?}");
    assert_eq!(scene.points_of(sponsor).await, (70, 0));
    assert_eq!(scene.balance(Account::Promotions).await, -7_000);
    scene.judge().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_who_ask_for_the_same_conversion_at_once_are_one() {
    let scene = Scene::new().await;
    let (sponsor, pot) = (scene.sponsor(700).await, scene.open().await);
    let new = ten_for(sponsor, pot);
    let answers = join_all((0..64).map(|_| scene.convert(&new))).await;
    assert!(answers.iter().all(|one| *one == CONVERTED), "{answers:?}");
    assert_eq!(scene.credited(pot).await, [1_000, -1_000]);
    scene.judge().await;
}

#[tokio::test]
async fn a_pot_that_takes_no_gifts_takes_no_credit() {
    let scene = Scene::new().await;
    let sponsor = scene.sponsor(10).await;
    let (scheduled, held, closed) = (scene.scheduled().await, scene.open().await, scene.open().await);
    pots::hold(&scene.pool, held, HoldReason::Moderation, "look", noon()).await.expect("a hold");
    pots::close(&scene.pool, closed, noon()).await.expect("a closing");
    for (pot, refused) in [
        (scheduled, Converting::NotOpen { stage: PotStage::Scheduled }),
        (held, Converting::Held { reason: HoldReason::Moderation }),
        (closed, Converting::NotOpen { stage: PotStage::Closed }),
    ] {
        assert_eq!(scene.convert(&ten_for(sponsor, pot)).await, refused);
        assert_eq!(scene.credited(pot).await, [0, 0]);
    }
    assert_eq!(scene.points_of(sponsor).await, (0, 10));
    pots::release(&scene.pool, held, HoldReason::Moderation, noon() + TimeDelta::hours(1))
        .await
        .expect("free");
    assert_eq!(scene.convert(&ten_for(sponsor, held)).await, CONVERTED);
    scene.judge().await;
}

#[tokio::test]
async fn points_that_have_not_matured_or_were_taken_back_buy_nothing() {
    let scene = Scene::new().await;
    let (sponsor, pot) = (scene.sponsor(10).await, scene.open().await);
    let nobody = scene.person().await.id;
    assert_eq!(scene.convert(&ten_for(nobody, pot)).await, Converting::NotEnough { available: 0 });
    assert_eq!(scene.convert(&ten_for(sponsor, pot)).await, CONVERTED);
    // What was used and is taken back is owed.
    let revoked = "insert into sponsorship.award_steps (award_id, stage, reason, by_whom, note)
                   select award_id, 'revoked', 'by_hand', 'operator:awa', 'a ring' from sponsorship.awards";
    scene.force(revoked).await;
    assert_eq!(scene.points_of(sponsor).await, (10, -10));
    assert_eq!(scene.convert(&ten_for(sponsor, pot)).await, Converting::NotEnough { available: -10 });
    assert_eq!(scene.credited(pot).await, [1_000, -1_000], "the pot keeps what it has");
    scene.judge().await;
}

#[tokio::test]
async fn a_pot_that_is_given_up_returns_its_credit_and_the_points() {
    let scene = Scene::new().await;
    let (sponsor, pot) = (scene.sponsor(20).await, scene.open().await);
    for _ in 0..2 {
        assert_eq!(scene.convert(&ten_for(sponsor, pot)).await, CONVERTED);
    }
    for _ in 0..2 {
        let cancelled = pots::cancel(&scene.pool, pot, noon()).await.expect("an end");
        assert_eq!(cancelled, Cancelling::Cancelled);
        assert_eq!(scene.credited(pot).await, [0, 0]);
        assert_eq!(scene.points_of(sponsor).await, (0, 20));
    }
    let refused = scene.convert(&ten_for(sponsor, pot)).await;
    assert_eq!(refused, Converting::NotOpen { stage: PotStage::Cancelled });
    assert_eq!(scene.convert(&ten_for(sponsor, scene.open().await)).await, CONVERTED);
    scene.judge().await;
}

#[tokio::test]
async fn credit_leaves_a_pot_at_once_though_its_gifts_take_days_to_go_back() {
    let scene = Scene::new().await;
    let (sponsor, pot) = (scene.sponsor(10).await, scene.open().await);
    let gift = scene.requested(pot, 5_000).await;
    donations::attach_checkout(&scene.pool, gift, &checkout(gift)).await.expect("a checkout");
    donations::confirm(&scene.pool, gift, &payment(gift, 5_000), 0).await.expect("a stage");
    assert_eq!(scene.convert(&ten_for(sponsor, pot)).await, CONVERTED);
    let giving_back = pots::cancel(&scene.pool, pot, noon()).await.expect("given up");
    assert_eq!(giving_back, Cancelling::GivingBack { count: 1, for_finance: 0 });
    assert_eq!(scene.credited(pot).await, [5_000, 0]);
    assert_eq!(scene.points_of(sponsor).await, (0, 10));
    scene.judge().await;
    donations::take_back(&scene.pool, gift).await.expect("due");
    donations::begin_refund(&scene.pool, gift).await.expect("an intent");
    donations::record_refund(&scene.pool, gift).await.expect("a refund");
    assert_eq!(pots::cancel(&scene.pool, pot, noon()).await.expect("an end"), Cancelling::Cancelled);
    assert_eq!(scene.credited(pot).await, [0, 0]);
    scene.judge().await;
}

/// A pot with a gift and a credit, of which both were paid out.
async fn paid_out(scene: &Scene) -> PotId {
    let (sponsor, pot) = (scene.sponsor(10).await, scene.open().await);
    let gift = scene.confirmed(pot, 5_000).await;
    scene.fee(gift, 50).await;
    assert_eq!(scene.convert(&ten_for(sponsor, pot)).await, CONVERTED);
    pots::close(&scene.pool, pot, noon()).await.expect("a closing");
    let plan = payouts::plan(&scene.pool, pot, PayoutRules::default(), noon()).await.expect("a plan");
    assert!(matches!(plan, Plan::Ready { amount, .. } if amount == xof(5_950)), "{plan:?}");
    let order = PayoutOrder::first(PayoutId::of_pot(pot));
    payouts::begin_order(&scene.pool, order, noon()).await.expect("an intent");
    let receipt = Receipt { wave_payout_id: format!("pt-{pot}"), received: xof(5_950), fee: xof(60) };
    payouts::record_success(&scene.pool, order, &receipt, noon()).await.expect("a success");
    pot
}

#[tokio::test]
async fn a_pot_with_credit_is_paid_out_in_full_and_its_certificate_says_so() {
    let scene = Scene::new().await;
    let pot = paid_out(&scene).await;
    pots::settle(&scene.pool, pot, noon(), &key()).await.expect("an end");
    assert_eq!(scene.credited(pot).await, [0, -1_000]);
    let document = certificates::document(&scene.pool, pot).await.expect("a look").expect("a certificate");
    let totals = verify(document.as_bytes(), &Trust::ItsOwnKey).expect("a certificate").totals;
    assert_eq!((totals.gifts, totals.credits), (xof(5_000), xof(1_000)));
    assert_eq!((totals.fees, totals.payout), (xof(50), xof(5_950)));
    scene.judge().await;
}

#[tokio::test]
async fn credit_that_the_ledger_does_not_have_as_its_row_has_it_is_noticed_and_not_certified() {
    let scene = Scene::new().await;
    let pot = paid_out(&scene).await;
    let id: Uuid = scene.read("select conversion_id from sponsorship.conversions").await;
    let conversion = ConversionId::from_uuid(id);
    for (change, back) in [
        (
            "update sponsorship.conversions set credit = 1001",
            "update sponsorship.conversions set credit = 1000",
        ),
        (
            "insert into sponsorship.conversions_returned (conversion_id) select conversion_id from sponsorship.conversions",
            "delete from sponsorship.conversions_returned",
        ),
        (
            "update money.ledger_transactions set kind = 'credit_returned' where kind = 'credit'",
            "update money.ledger_transactions set kind = 'credit' where kind = 'credit_returned'",
        ),
    ] {
        // Behind the triggers' back, as a bad restore might.
        scene.force(&format!("set session_replication_role = replica; {change}")).await;
        let violations = ledger::check(&scene.pool).await.expect("a verdict");
        assert_eq!(violations, [Violation::CreditNotInBooks { conversion }], "{change}");
        scene.force(&format!("set session_replication_role = replica; {back}")).await;
    }
    scene.judge().await;
    let more = "update sponsorship.conversions set credit = 1001";
    scene.force(&format!("set session_replication_role = replica; {more}")).await;
    let error = pots::settle(&scene.pool, pot, noon(), &key()).await.expect_err("they differ");
    assert!(matches!(error, Error::Inconsistency { .. }), "{error}");
    // Credit of a conversion that nobody made.
    scene.force("set session_replication_role = replica; delete from sponsorship.conversions").await;
    let violations = ledger::check(&scene.pool).await.expect("a verdict");
    assert!(matches!(violations[..], [Violation::AboutNothing { .. }]), "{violations:?}");
}

#[tokio::test]
async fn nobody_rewrites_what_points_became() {
    let scene = Scene::new().await;
    let (sponsor, pot) = (scene.sponsor(10).await, scene.open().await);
    assert_eq!(scene.convert(&ten_for(sponsor, pot)).await, CONVERTED);
    for table in ["sponsorship.conversions", "sponsorship.conversions_returned"] {
        for attack in [
            format!("update {table} set at = now()"),
            format!("delete from {table}"),
            format!("truncate {table} cascade"),
        ] {
            for (role, code) in [("wolo", "23001"), ("wolo_worker", "42501"), ("wolo_api", "42501")] {
                let pool = scene.pool_as(role).await;
                let refused = sqlx::raw_sql(AssertSqlSafe(attack.clone())).execute(&pool).await;
                let error = refused.expect_err(&attack);
                let found = error.as_database_error().and_then(|refusal| refusal.code().map(String::from));
                assert_eq!(found.as_deref(), Some(code), "{role}: {attack}: {error}");
            }
        }
    }
}

#[tokio::test]
async fn people_see_what_they_have_used_and_nobody_elses() {
    let scene = Scene::new().await;
    let (awa, moussa, pot) = (scene.sponsor(20).await, scene.person().await.id, scene.open().await);
    let returned = scene.open().await;
    assert_eq!(scene.convert(&ten_for(awa, returned)).await, CONVERTED);
    pots::cancel(&scene.pool, returned, noon()).await.expect("given up");
    assert_eq!(scene.convert(&ten_for(awa, pot)).await, CONVERTED);
    let api = scene.pool_as("wolo_api").await;
    for (caller, available) in [(Context::user(awa), 10), (Context::user(moussa), 0), (Context::visitor(), 0)]
    {
        let mut tx = caller.begin(&api).await.expect("a transaction");
        let sums = points::of_user(&mut *tx, awa).await.expect("sums");
        assert_eq!((sums.spent, sums.available()), (available, available));
    }
}
