//! The story itself, an act a function.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use uuid::Uuid;
use wolo_control::Control;
use wolo_database::pots::Pot;
use wolo_database::{Pool, payouts, pots};
use wolo_domain::certificates::{self, Totals, Trust};
use wolo_domain::donations::DonationStage;
use wolo_domain::ids::{DonationId, InvitationId, PayoutId, PotId};
use wolo_domain::ledger::{Account, TransactionKind};
use wolo_domain::money::Xof;
use wolo_domain::notices::Kind;
use wolo_domain::payouts::PayoutStage;
use wolo_domain::pots::PotStage;
use wolo_domain::seals::read_keys;
use wolo_sandbox::wave::{DeliveryState, Endpoint, Fault, FaultRule, WebhookFault, WebhookFaultRule};
use wolo_workflows::ids;

use super::checks::Checks;
use super::friends::{Api, Card, Gift};
use super::ledger::Books;
use super::teller::Teller;
use super::{until, wave_book};
use crate::local::Local;
use crate::output::{day, instant_or_dash};

pub(super) const AWAS_PHONE: &str = "+221771234567";
const DAY: Duration = Duration::from_hours(24);

pub(super) struct Story<'a> {
    pub(super) local: &'a Local,
    pub(super) teller: Teller,
    pub(super) pool: Pool,
    pub(super) control: Control,
    pub(super) api: Api,
    pub(super) pot: PotId,
    /// What Awa's friends are given of it.
    pub(super) slug: String,
    gifts: Vec<Gift>,
    /// How far the pot's time is ahead of ours.
    ahead: TimeDelta,
    pub(super) invitation: InvitationId,
    pub(super) coumbas_token: String,
    pub(super) checks: Checks,
}

impl<'a> Story<'a> {
    pub(super) async fn begin(local: &'a Local, teller: Teller) -> Result<Self> {
        Ok(Self {
            local,
            teller,
            pool: local.pool(4).await?,
            control: local.control().await?,
            api: Api::at(&local.addresses.api)?,
            pot: PotId::from_uuid(Uuid::nil()),
            slug: String::new(),
            gifts: Vec::new(),
            ahead: TimeDelta::zero(),
            invitation: InvitationId::from_uuid(Uuid::nil()),
            coumbas_token: String::new(),
            checks: Checks::default(),
        })
    }

    /// Every figure that was looked at.
    pub(super) fn checks(self) -> Checks {
        self.checks
    }

    pub(super) fn pot(&self) -> PotId {
        self.pot
    }

    pub(super) async fn ten_days_pass(&mut self) -> Result<()> {
        self.teller.act("Acte 2 · Dix jours passent");
        self.pass(10 * DAY).await?;
        let pot = self.reached(PotStage::Open).await?;
        let opened = pot.opened_at.context("an open pot was opened")?;
        self.teller.say(&format!(
            "In a blink. On {} at midnight the pot opened by itself.",
            day(opened.date_naive())
        ));
        self.checks.same("it opened on its day", day(pot.opens_at.date_naive()), day(opened.date_naive()));
        self.awa_reads(&[Kind::PotOpened]).await
    }

    pub(super) async fn five_friends_give(&mut self) -> Result<()> {
        self.teller.act("Acte 3 · Cinq amis donnent");
        self.moussa_fails_first().await?;
        self.fatou_presses_twice().await?;
        self.ibrahimas_webhook_comes_twice().await?;
        self.someones_webhook_is_lost().await?;
        self.cheikh_gives().await
    }

    async fn moussa_fails_first(&mut self) -> Result<()> {
        let gift = self.ask(5_000, Some("Moussa"), "Joyeux anniversaire !").await?;
        gift.press_fail().await?;
        let failed = until("the failed attempt is counted", async || {
            let failed = self.api.status(gift.donation).await?.failed_attempts;
            Ok((failed > 0).then_some(failed))
        })
        .await?;
        gift.press_pay().await?;
        self.confirmed(&gift).await?;
        self.checks.same("Moussa's failed attempt is counted, and is no end", 1, failed);
        self.teller.say("Moussa gives 5 000 XOF. His wallet is short at first; then he pays.");
        self.gifts.push(gift);
        self.awa_reads(&[Kind::GiftReceived]).await
    }

    async fn fatou_presses_twice(&mut self) -> Result<()> {
        let gift = self.ask(10_000, Some("Fatou"), "Bisous").await?;
        gift.press_pay().await?;
        gift.press_pay().await?;
        self.confirmed(&gift).await?;
        let page = wave_book::page(&self.local.world.wave, &gift.session).context("Wave knows the page")?;
        self.checks.same("Fatou pressed twice and paid once", 1, page.movements);
        self.teller.say("Fatou gives 10 000 XOF and presses Pay twice. She has paid once.");
        self.gifts.push(gift);
        Ok(())
    }

    async fn ibrahimas_webhook_comes_twice(&mut self) -> Result<()> {
        let wave = &self.local.world.wave;
        let gift = self.ask(2_500, Some("Ibrahima"), "Bonne fête").await?;
        wave.webhook_fault(WebhookFaultRule {
            about: Some(gift.session.clone()),
            ..WebhookFaultRule::once(WebhookFault::Duplicate { copies: 1 })
        });
        gift.press_pay().await?;
        self.confirmed(&gift).await?;
        let heard = until("both webhooks have been heard", async || {
            let heard = wave_book::deliveries(wave, &gift.session, DeliveryState::Delivered);
            Ok((heard >= 2).then_some(heard))
        })
        .await?;
        self.checks.same("Ibrahima's webhook came twice", 2, heard);
        self.teller.trouble("Ibrahima gives 2 500 XOF. Wave tells us twice; we listen twice and book once.");
        self.gifts.push(gift);
        Ok(())
    }

    async fn someones_webhook_is_lost(&mut self) -> Result<()> {
        let wave = &self.local.world.wave;
        let gift = self.ask(7_500, None, "Devine qui…").await?;
        wave.webhook_fault(WebhookFaultRule {
            about: Some(gift.session.clone()),
            ..WebhookFaultRule::once(WebhookFault::Lost)
        });
        gift.press_pay().await?;
        ensure!(wave_book::is_paid(wave, &gift.session), "Wave did not take the anonymous payment");
        until("the webhook is lost", async || {
            Ok((wave_book::deliveries(wave, &gift.session, DeliveryState::Lost) == 1).then_some(()))
        })
        .await?;
        let stage = self.api.status(gift.donation).await?.stage;
        self.checks.same("nobody told us of the anonymous gift", DonationStage::Requested, stage);
        self.teller.trouble(
            "Somebody gives 7 500 XOF and no name. Wave's word is lost on the way: we know nothing yet.",
        );
        self.gifts.push(gift);
        Ok(())
    }

    async fn cheikh_gives(&mut self) -> Result<()> {
        let gift = self.ask(1_050, Some("Cheikh"), "Pour le gâteau").await?;
        gift.press_pay().await?;
        self.confirmed(&gift).await?;
        self.teller.say("Cheikh gives 1 050 XOF. Nothing happens to him at all.");
        self.gifts.push(gift);
        Ok(())
    }

    pub(super) async fn the_birthday_passes(&mut self) -> Result<()> {
        self.teller.act("Acte 4 · L'anniversaire passe");
        let open = self.look().await?;
        let left = open.closes_at + TimeDelta::minutes(1) - self.its_time();
        self.pass(left.to_std().context("the birthday is ahead")?).await?;
        let pot = self.reached(PotStage::Closed).await?;
        self.teller.say(&format!(
            "Reminders, a wish on the day; and when it is over the pot is closed ({} in Dakar).",
            instant_or_dash(pot.closed_at),
        ));
        let lost = self.gifts.get(3).context("five gifts were given")?.clone();
        self.confirmed(&lost).await?;
        self.teller.good("Its last pages at Wave are ended, and Wave is asked: the lost gift is found.");
        self.awa_reads(&[Kind::DaysLeft, Kind::LastDay, Kind::BirthdayWish, Kind::PotClosed]).await
    }

    pub(super) async fn the_pot_is_paid_out(&mut self) -> Result<()> {
        self.teller.act("Acte 5 · L'argent part");
        self.local.world.wave.fault(FaultRule::once(Endpoint::PayoutCreate, Fault::LostReply));
        let due = until("the pot waits for its payout", async || {
            Ok(self.control.pot_state(self.pot).await?.waits_until)
        })
        .await?;
        let left = due + TimeDelta::minutes(1) - self.its_time();
        self.pass(left.to_std().context("the payout is ahead")?).await?;
        let id = PayoutId::of_pot(self.pot);
        let payout = until("the payout has arrived", async || {
            let payout = payouts::payout(&self.pool, id).await?;
            Ok(payout.filter(|payout| payout.stage == PayoutStage::Succeeded))
        })
        .await?;
        self.teller.say(&format!(
            "In the morning of {}, {} leave for Awa's phone.",
            day(due.date_naive()),
            payout.amount
        ));
        let wave = wave_book::payouts(&self.local.world.wave);
        self.teller.trouble("Wave pays, but its answer is lost on the way. Did she get it?");
        self.teller
            .good("The same order, with the same key, is looked for and found. Nothing is sent twice.");
        let found = if wave.asked >= 2 { "looked for" } else { "taken for granted" };
        self.checks.same("the payout whose answer was lost", "looked for", found);
        self.checks.same("Wave paid once", 1, wave.executed.len());
        self.checks.same("we gave one order", 1, payout.order_number);
        if let Some((wave_id, received, fee)) = wave.executed.first() {
            self.checks.same(
                "the payout we booked is the one that Wave made",
                wave_id.clone(),
                payout.wave_payout_id.unwrap_or_default(),
            );
            self.checks.same("Awa got what the pot held", *received, payout.amount);
            self.checks.same("its fee is Wave's", *fee, payout.fee.unwrap_or_default());
        }
        self.reached(PotStage::Settled).await?;
        self.awa_reads(&[Kind::PayoutSent]).await
    }

    pub(super) async fn the_books_are_compared(&mut self) -> Result<Value> {
        self.teller.act("Acte 6 · Les livres");
        let books = Books::read(&self.pool).await?;
        self.teller.say(&books.postings_table());
        self.teller.say("");
        self.teller.say(&books.balances_table());
        self.compare_gifts(&books);
        self.compare_sums(&books).await
    }

    /// Over HTTP, with nothing but the pot's link and the published keys.
    pub(super) async fn anybody_can_check_it(&mut self) -> Result<()> {
        self.teller.act("Acte 7 · Le certificat");
        let books = Books::read(&self.pool).await?;
        let (document, keys) = self.api.certificate(&self.slug).await?;
        let trust = Trust::Keys(read_keys(&keys)?);
        let verified = certificates::verify(document.as_bytes(), &trust)?;
        let Totals { gifts, credits, fees, refunds, payout, .. } = verified.totals;
        self.teller.say(&format!(
            "The pot's certificate has {} lines, each sealed upon the ones before it. Awa's friends fetch it by her link:",
            verified.lines
        ));
        let credit = if credits.is_zero() { String::new() } else { format!(" + {credits} credit") };
        self.teller.good(&format!(
            "{gifts} given{credit} = {payout} paid out + {fees} Wave's fees + {refunds} given back"
        ));
        let of_5000 = "\"amount\":5000";
        let line = document.find(of_5000).map_or(0, |at| 1 + document[..at].matches('\n').count());
        let forged = document.replacen(of_5000, "\"amount\":4000", 1);
        let found = certificates::verify(forged.as_bytes(), &trust).err();
        let found = found.map_or_else(|| "nothing is wrong".to_owned(), |error| error.to_string());
        self.teller.trouble(&format!("A thousand francs less in one gift, and it says: {found}."));
        let checks = &mut self.checks;
        checks.same("the certificate is this pot's", self.pot, verified.pot);
        checks.same("gifts: the certificate and our books", books.moved(TransactionKind::Donation), gifts);
        checks.same("credits: the certificate and our books", books.moved(TransactionKind::Credit), credits);
        checks.same("fees: the certificate and our books", books.moved(TransactionKind::DonationFee), fees);
        checks.same("payout: the certificate and our books", books.moved(TransactionKind::Payout), payout);
        let line = format!("line {line}: its seal does not fit: it was changed, or it does not belong here");
        checks.same("a forged line is named", line, found);
        Ok(())
    }

    /// Gift by gift: one page at Wave, one posting here.
    fn compare_gifts(&mut self, books: &Books) {
        let wave = &self.local.world.wave;
        let pages: Vec<_> =
            self.gifts.iter().filter_map(|gift| wave_book::page(wave, &gift.session)).collect();
        let once = pages.iter().filter(|page| {
            page.movements == 1 && page.transaction.as_deref().is_some_and(|id| books.postings_of(id) == 1)
        });
        self.checks.same(
            "every gift is one movement at Wave and one posting here",
            self.gifts.len(),
            once.count(),
        );
        let (given, fees): (Xof, Xof) =
            (pages.iter().map(|page| page.amount).sum(), pages.iter().map(|page| page.fee).sum());
        self.checks.same("gifts: Wave's book and ours", given, books.moved(TransactionKind::Donation));
        self.checks.same("fees: Wave's book and ours", fees, books.moved(TransactionKind::DonationFee));
        self.checks.same("no gift is booked twice", self.gifts.len(), books.count(TransactionKind::Donation));
    }

    async fn compare_sums(&mut self, books: &Books) -> Result<Value> {
        let wave = &self.local.world.wave;
        let paid: Xof = wave_book::payouts(wave).executed.iter().map(|(_, amount, _)| *amount).sum();
        let payout_fee: Xof = wave_book::payouts(wave).executed.iter().map(|(_, _, fee)| *fee).sum();
        let (wallet, others) =
            wave.look(|book| (wave_book::wallet_change(book), wave_book::other_lines(book)));
        let pot = self.look().await?;
        let given = books.moved(TransactionKind::Donation);
        let fees = books.moved(TransactionKind::DonationFee);
        let at_wave = books.at_wave();
        let checks = &mut self.checks;
        let credited = books.moved(TransactionKind::Credit);
        let came: Xof = [given, credited].into_iter().sum();
        checks.same("gifts and credits = payout + fees", came, [paid, fees].into_iter().sum());
        checks.same("payout: Wave's book and ours", paid, books.moved(TransactionKind::Payout));
        checks.same("the payout's fee is ours to bear", -payout_fee, books.of(Account::Fees));
        checks.same("at Wave: the wallet's change and our books", wallet, at_wave);
        checks.same("the postings shown make the balance at Wave", at_wave, books.at_wave_as_shown());
        checks.same("the wallet has no other lines", 0, others);
        checks.same("the pot is empty", Xof::ZERO, pot.totals.balance);
        checks.same("the pot is settled", PotStage::Settled, pot.stage);
        checks.same("all accounts together are nothing", Xof::ZERO, books.everything());
        checks.same("rules of the ledger that do not hold", 0, books.violations);
        checks.same("accounts that the figures do not add up to", 0, books.differences);
        Ok(json!({
            "gifts": self.gifts.len(),
            "given_xof": given,
            "fees_xof": fees,
            "paid_out_xof": paid,
            "payout_fee_xof": payout_fee,
            "float_change_xof": at_wave,
            "wallet_change_xof": wallet,
        }))
    }

    /// A friend asks for a page to pay on.
    async fn ask(&self, francs: i64, name: Option<&str>, message: &str) -> Result<Gift> {
        let card = Card { slug: &self.slug, amount: Xof::new(francs), name, message: Some(message) };
        self.api.give(card).await
    }

    /// As the giver's app sees it.
    async fn confirmed(&self, gift: &Gift) -> Result<()> {
        self.known(gift.donation, DonationStage::Confirmed).await
    }

    async fn known(&self, donation: DonationId, stage: DonationStage) -> Result<()> {
        until(&format!("a gift is {stage}"), async || {
            Ok((self.api.status(donation).await?.stage == stage).then_some(()))
        })
        .await
    }

    async fn pass(&mut self, time: Duration) -> Result<()> {
        self.control.forward(&ids::pot_lifecycle(self.pot), time).await.context("time did not move")?;
        self.ahead += TimeDelta::from_std(time)?;
        Ok(())
    }

    /// The time that it is for the pot.
    fn its_time(&self) -> DateTime<Utc> {
        Utc::now() + self.ahead
    }

    async fn look(&self) -> Result<Pot> {
        pots::pot(&self.pool, self.pot).await?.context("the pot is written down")
    }

    pub(super) async fn reached(&self, stage: PotStage) -> Result<Pot> {
        until(&format!("the pot is {stage}"), async || {
            Ok(pots::pot(&self.pool, self.pot).await?.filter(|pot| pot.stage == stage))
        })
        .await
    }
}
