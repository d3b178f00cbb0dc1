//! Whatever is asked of a pot, in whatever order: the book sums to zero, no pot is negative, and every franc that
//! Wave holds for us is somebody's.

use proptest::prelude::*;
use wolo_database::donations::{self, Payment, Requesting};
use wolo_database::ledger::FeeLine;
use wolo_database::payouts::{self, Receipt};
use wolo_database::{Error, ledger, pots};
use wolo_domain::donations::DonationStage;
use wolo_domain::ids::{DonationId, PayoutId, PotId};
use wolo_domain::ledger::Account;
use wolo_domain::payouts::{PayoutOrder, PayoutRules};
use wolo_domain::pots::HoldReason;

use crate::scene::{Scene, checkout, gift, key, noon, payment, wave_id, xof};

#[derive(Clone, Debug)]
enum Deed {
    Request {
        francs: i64,
    },
    Confirm {
        which: usize,
        extra: i64,
        late: bool,
    },
    Expire {
        which: usize,
    },
    Fee {
        which: usize,
        percent: i64,
    },
    Refund {
        which: usize,
    },
    /// Every gift that waits is written off, and every fee is told.
    Tidy,
    Close,
    Plan,
    Send,
    Succeed,
    Refuse,
    LoseSight,
    Settle,
    Cancel,
    Hold,
    Release,
}

/// What happens to a pot's gifts, at any time.
fn giving() -> impl Strategy<Value = Deed> {
    let which = 0..8usize;
    prop_oneof![
        6 => (100..10_000i64).prop_map(|francs| Deed::Request { francs }),
        6 => (which.clone(), prop_oneof![9 => Just(0i64), 1 => -50..50i64], prop::bool::weighted(0.2))
            .prop_map(|(which, extra, late)| Deed::Confirm { which, extra, late }),
        2 => which.clone().prop_map(|which| Deed::Expire { which }),
        3 => (which.clone(), 0..110i64).prop_map(|(which, percent)| Deed::Fee { which, percent }),
        2 => which.prop_map(|which| Deed::Refund { which }),
    ]
}

/// What happens to the pot and its payout, at any time, sensible or not.
fn deciding() -> impl Strategy<Value = Deed> {
    prop_oneof![
        3 => Just(Deed::Tidy),
        4 => Just(Deed::Plan),
        4 => Just(Deed::Send),
        2 => Just(Deed::Succeed),
        1 => Just(Deed::Refuse),
        1 => Just(Deed::LoseSight),
        2 => Just(Deed::Settle),
        1 => Just(Deed::Hold),
        1 => Just(Deed::Release),
    ]
}

/// A life of a pot: in rough order, or most stories would end before there is anything to pay.
fn life() -> impl Strategy<Value = Vec<Deed>> {
    let early = prop_oneof![9 => giving(), 1 => deciding()];
    let late = prop_oneof![1 => giving(), 3 => deciding()];
    let turn = prop_oneof![9 => Just(Deed::Close), 1 => Just(Deed::Cancel)];
    (prop::collection::vec(early, 0..25), turn, prop::collection::vec(late, 0..35)).prop_map(
        |(mut deeds, turn, late)| {
            deeds.push(turn);
            deeds.extend(late);
            deeds
        },
    )
}

/// What Wave would say: who paid and what, decided once per gift.
struct Story<'a> {
    scene: &'a Scene,
    pot: PotId,
    order: PayoutOrder,
    gifts: Vec<(DonationId, i64, Option<Payment>)>,
}

impl Story<'_> {
    async fn act(&mut self, deed: &Deed) -> Result<(), Error> {
        let (pool, pot) = (&self.scene.pool, self.pot);
        match *deed {
            Deed::Request { francs } => {
                let new = gift(pot, francs);
                if donations::request(pool, &new).await? == Requesting::New {
                    donations::attach_checkout(pool, new.id, &checkout(new.id)).await?;
                    self.gifts.push((new.id, francs, None));
                }
            }
            Deed::Confirm { which, extra, late } => {
                if let Some((donation, francs, paid)) = self.gifts.get_mut(which) {
                    let proof = paid.get_or_insert_with(|| {
                        let mut proof = payment(*donation, *francs + extra);
                        proof.at += chrono::TimeDelta::minutes(if late { 5 } else { 0 });
                        proof
                    });
                    donations::confirm(pool, *donation, proof, 0).await?;
                }
            }
            Deed::Expire { which } => {
                if let Some((donation, ..)) = self.gifts.get(which) {
                    donations::expire(pool, *donation, 0).await?;
                }
            }
            Deed::Fee { which, percent } => {
                if let Some((donation, francs, _)) = self.gifts.get(which) {
                    let wave_id = wave_id(*donation);
                    let line = FeeLine {
                        wave_transaction_id: &wave_id,
                        checkout_id: None,
                        client_reference: None,
                        fee: xof(francs * percent / 100),
                    };
                    ledger::book_donation_fee(pool, line).await?;
                }
            }
            Deed::Refund { which } => {
                if let Some((donation, ..)) = self.gifts.get(which) {
                    donations::begin_refund(pool, *donation).await?;
                    donations::record_refund(pool, *donation).await?;
                }
            }
            Deed::Tidy => {
                for (donation, francs, _) in &self.gifts {
                    if donations::expire(pool, *donation, 0).await? == DonationStage::Confirmed {
                        let wave_id = wave_id(*donation);
                        let fee = xof(francs / 100);
                        let line = FeeLine {
                            wave_transaction_id: &wave_id,
                            checkout_id: None,
                            client_reference: None,
                            fee,
                        };
                        // A gift whose fee is told already says so; it keeps the fee it has.
                        let told = ledger::book_donation_fee(pool, line).await;
                        assert!(matches!(told, Ok(_) | Err(Error::Inconsistency { column: "fee", .. })));
                    }
                }
            }
            Deed::Close => {
                pots::close(pool, pot, noon()).await?;
            }
            Deed::Plan => {
                payouts::plan(pool, pot, PayoutRules::default(), noon()).await?;
            }
            Deed::Send => {
                if let payouts::Beginning::Refused { .. } =
                    payouts::begin_order(pool, self.order, noon()).await?
                {
                    self.order = self.order.next();
                }
            }
            Deed::Succeed => {
                let received =
                    payouts::payout(pool, self.order.payout).await?.map_or(xof(1), |payout| payout.amount);
                let wave_payout_id = format!("pt-{}", self.order.key());
                let receipt = Receipt { wave_payout_id, received, fee: xof(7) };
                payouts::record_success(pool, self.order, &receipt, noon()).await?;
            }
            Deed::Refuse => payouts::record_refusal(pool, self.order, "no", noon()).await?,
            Deed::LoseSight => {
                payouts::lose_sight(pool, self.order).await?;
            }
            Deed::Settle => {
                pots::settle(pool, pot, noon(), &key()).await?;
            }
            Deed::Cancel => {
                pots::cancel(pool, pot, noon()).await?;
            }
            Deed::Hold => pots::hold(pool, pot, HoldReason::Moderation, "", noon()).await?,
            Deed::Release => pots::release(pool, pot, HoldReason::Moderation, noon()).await?,
        }
        Ok(())
    }

    /// The book's own rules, and the sum of what the rows say against the sum of what the book says.
    async fn judge(&self) {
        self.scene.judge().await;
        let mut expected_pot = 0;
        for (donation, ..) in &self.gifts {
            let row =
                donations::donation(&self.scene.pool, *donation).await.expect("a look").expect("a gift");
            if row.stage == DonationStage::Confirmed {
                expected_pot += row.amount.francs() - row.fee.map_or(0, wolo_domain::money::Xof::francs);
            }
        }
        let paid_out: i64 = self
            .scene
            .read("select coalesce(sum(amount), 0)::bigint from money.payouts where stage = 'succeeded'")
            .await;
        let balance = self.scene.balance(Account::Pot(self.pot)).await;
        assert!(balance >= 0);
        assert_eq!(balance, expected_pot - paid_out);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn the_books_stay_in_order(deeds in life()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let scene = Scene::new().await;
            let pot = scene.open().await;
            let order = PayoutOrder::first(PayoutId::of_pot(pot));
            let mut story = Story { scene: &scene, pot, order, gifts: Vec::new() };
            for deed in &deeds {
                // Refusals are part of the story; a fault of the database or of our SQL is not.
                let answer = story.act(deed).await;
                assert!(
                    !matches!(answer, Err(Error::Broken(_) | Error::Unavailable(_))),
                    "{deed:?}: {answer:?}"
                );
            }
            story.judge().await;
            scene.pool.close().await;
        });
    }
}
