//! What happens to a minor's pot, and what of it is allowed.

use wolo_database::donations::Requesting;
use wolo_database::payouts::{self, Beginning, Receipt};
use wolo_database::pots::{Access, Opening};
use wolo_database::{Context, Error, Page, donations, pots};
use wolo_domain::donations::DonationStage;
use wolo_domain::payouts::PayoutRules;
use wolo_domain::pots::PotStage;

use super::life::{BORN, Event, Life};
use super::oracle::Facts;
use crate::scene::{gift, key, new_pot, payment, settings, xof};

impl Life<'_> {
    pub(super) async fn pot_goes_on(&mut self, event: &Event) -> Result<(), Error> {
        let (pool, pot, at) = (&self.scene.pool, self.pot, self.now);
        match event {
            Event::Scheduled => {
                let owner = wolo_database::people::user(pool, self.person).await?.expect("a person");
                let new = pots::NewPot { timeline: self.timeline(), at, ..new_pot(&owner, settings()) };
                pots::schedule(pool, &new).await?;
            }
            Event::Opened if self.is_there().await && pots::open(pool, pot, at).await? == Opening::Opened => {
                self.tally.borrow_mut().opened += 1;
            }
            Event::GiftPaid => self.is_given(true).await?,
            Event::Closed if self.is_there().await => {
                pots::close(pool, pot, at).await?;
            }
            Event::Planned if self.is_there().await => {
                payouts::plan(pool, pot, PayoutRules::default(), at).await?;
            }
            Event::Ordered if payouts::payout(pool, self.order.payout).await?.is_some() => {
                self.is_ordered().await?;
            }
            Event::Paid => {
                let amount =
                    payouts::payout(pool, self.order.payout).await?.map_or(xof(1), |payout| payout.amount);
                let receipt = Receipt {
                    wave_payout_id: format!("pt-{}", self.order.key()),
                    received: amount,
                    fee: xof(7),
                };
                if payouts::payout(pool, self.order.payout).await?.is_some_and(|payout| payout.begun) {
                    payouts::record_success(pool, self.order, &receipt, at).await?;
                }
            }
            Event::Settled if self.is_there().await => {
                pots::settle(pool, pot, at, &key()).await?;
            }
            Event::Cancelled if self.is_there().await => {
                pots::cancel(pool, pot, at).await?;
            }
            _ => {}
        }
        Ok(())
    }

    async fn is_there(&self) -> bool {
        pots::pot(&self.scene.pool, self.pot).await.expect("a look").is_some()
    }

    pub(super) async fn facts(&self) -> Facts {
        Facts::of(self.operator, self.person, self.now).await
    }

    /// A gift that is asked for: paid, or written off.
    async fn is_given(&self, paid: bool) -> Result<(), Error> {
        let pool = &self.scene.pool;
        let new = gift(self.pot, 5_000);
        if donations::request(pool, &new).await? != Requesting::New {
            self.tally.borrow_mut().gifts_refused += 1;
            return Ok(());
        }
        assert!(self.facts().await.allow(), "a gift begins that nobody allows");
        if paid {
            self.tally.borrow_mut().gifts += 1;
            assert_eq!(
                donations::confirm(pool, new.id, &payment(new.id, 5_000), 0).await?,
                DonationStage::Confirmed
            );
            self.scene.fee(new.id, 50).await;
        } else {
            donations::expire(pool, new.id, 0).await?;
        }
        Ok(())
    }

    async fn is_ordered(&self) -> Result<(), Error> {
        let pool = &self.scene.pool;
        payouts::clearance(pool, self.order.payout).await?;
        match payouts::begin_order(pool, self.order, self.now).await? {
            Beginning::Begun { again: false, .. } => {
                let phone = payouts::phone_of_order(pool, self.order).await?.expect("a phone");
                let facts = self.facts().await;
                assert!(
                    facts.may_be_paid(phone.reveal()),
                    "an order begins that nobody allows, or to somebody else"
                );
                let mut tally = self.tally.borrow_mut();
                if facts.is_owners(phone.reveal()) {
                    tally.paid_to_the_owner += 1;
                } else {
                    tally.paid_to_a_guardian += 1;
                }
            }
            Beginning::Held { .. } | Beginning::OtherRecipient => self.tally.borrow_mut().orders_refused += 1,
            _ => {}
        }
        Ok(())
    }

    /// The pot as it shows itself to everybody: in the list, by its id and by its link.
    pub(super) async fn judge(&self, after: &str) {
        let Some(pot) = pots::pot(&self.scene.pool, self.pot).await.expect("a look") else { return };
        // One that opens when its owner is of age needs nobody (decision 14).
        let counts_at = if pot.stage == PotStage::Scheduled { self.now.max(pot.opens_at) } else { self.now };
        let allowed = Facts::of(self.operator, self.person, counts_at).await.allow();
        let mut tx = Context::visitor().with_link(&pot.slug).begin(self.api).await.expect("a transaction");
        let listed = pots::listed(&mut *tx, Page::first(1_000)).await.expect("a list");
        let listed = listed.iter().any(|one| one.id == self.pot);
        // What the API asks of a pot before it shows it, certificates and gifts included.
        let shown = |access: Option<Access>| {
            access.is_some_and(|access| !access.holds.iter().any(|reason| reason.stops_everything()))
        };
        let by_id = shown(pots::access(&mut *tx, self.pot).await.expect("a look"));
        let by_link = shown(pots::access_by_slug(&mut *tx, &pot.slug).await.expect("a look"));
        drop(tx);
        assert!(
            allowed || !(listed || by_id || by_link),
            "after {after} everybody sees a pot ({}) that nobody allows",
            pot.stage
        );
        if by_link && self.born != BORN[3] {
            self.tally.borrow_mut().seen_by_all += 1;
        }
        let asked = self.is_given(false).await;
        assert!(asked.is_ok(), "{asked:?}");
    }
}
