//! The stories, one ending each.

use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use chrono::{Datelike as _, Days, Utc};
use temporalio_client::{WorkflowGetResultOptions, WorkflowStartOptions};
use uuid::Uuid;
use wolo_api::rules;
use wolo_control::AskError;
use wolo_control::books::{Clearing, ResolveDiscrepancy, ResumePayouts};
use wolo_control::invitations::InvitationAnswer;
use wolo_control::payouts::{Approve, Approving};
use wolo_control::pots::{HoldWish, MoveWish, RefundPatience, Wish, WishAnswer};
use wolo_database::accounts::roles;
use wolo_database::audit::Doer;
use wolo_database::{invitations, points};
use wolo_domain::accounts::Role;
use wolo_domain::dakar;
use wolo_domain::donations::DonationStage;
use wolo_domain::ids::{DiscrepancyId, InvitationId, PotId, UserId};
use wolo_domain::invitations::InvitationEnd;
use wolo_domain::notices::{NoticeRules, Says};
use wolo_domain::people::BirthDate;
use wolo_domain::points::AwardStage;
use wolo_domain::pots::{HoldReason, PotStage, Timeline};
use wolo_sandbox::wave::{Endpoint, Fault, FaultRule};
use wolo_workflows::notice_delivery::{NoticeDelivery, NoticeInput, NoticeOutcome, NoticePatience};
use wolo_workflows::payout::{Decision, Resolve, Resolving};
use wolo_workflows::steps::notices::Message;
use wolo_workflows::{ids, queues};

use super::steps::DAY;
use super::{LONG, Scene};
use crate::people::{Gift, Made};
use crate::stage::comes_about;

fn wish() -> Wish {
    Wish { by: "torture".to_owned(), reason: "a story".to_owned() }
}

/// What may still be on its way into the books is not compared: others are in the middle of their stories.
const AN_HOUR: u32 = 3_600;
/// An answer that takes longer is asked for again.
const AN_ANSWER: Duration = Duration::from_secs(8);
const DECLINED: InvitationAnswer = InvitationAnswer::Ended { end: InvitationEnd::Declined };

impl Scene {
    pub(super) async fn ordinary(&self) -> Result<()> {
        let pot = self.pot().await?;
        let failing = self.people.ask(&pot.slug, 5_000).await?;
        self.stage.wave.fail_payment(&failing.session, None).context("the attempt does not fail")?;
        self.stage.wave.pay(&failing.session, None).context("Wave takes no payment")?;
        self.give(&pot, 10_000).await?;
        self.gift_is(failing.donation, DonationStage::Confirmed).await?;
        let unpaid = self.people.ask(&pot.slug, 2_000).await?;
        self.to_the_end(pot.pot).await?;
        self.gift_is(unpaid.donation, DonationStage::Expired).await
    }

    pub(super) async fn cancelled(&self) -> Result<()> {
        let pot = self.pot().await?;
        self.cancel(pot.pot).await
    }

    pub(super) async fn swept(&self) -> Result<()> {
        let numbers = &self.stage.settings.rules;
        let today = dakar::day_of(Utc::now());
        let birthday = today + Days::new(numbers.opens_days_before.into());
        let owner = self.people.born_for(&self.stage, birthday).await?;
        let pots = rules::birthday_pots(numbers);
        // Somebody may have swept today already, before the owner came.
        for day in [None, Some(today)] {
            let sweep = async || self.stage.control.sweep_birthdays(day, pots.clone()).await;
            self.ask("sweep", sweep).await?;
        }
        let pot = PotId::for_birthday(owner, birthday.year());
        self.stage_is(pot, PotStage::Open).await?;
        self.cancel(pot).await
    }

    pub(super) async fn moved(&self) -> Result<()> {
        let wrong = dakar::day_of(Utc::now()) + Days::new(80);
        let later = wrong + Days::new(10);
        let right = if later.year() == wrong.year() { later } else { wrong - Days::new(10) };
        let owner = self.people.born_for(&self.stage, wrong).await?;
        let pot = self.people.make_pot_of(&self.stage, owner).await?.pot;
        // As an operator does it: the date first, and then the pot is asked.
        let born = BirthDate::new(right.with_year(right.year() - 30).context("a day of birth")?);
        let Wish { by, reason } = wish();
        wolo_database::birth_dates::correct(
            &self.stage.pool,
            owner,
            born,
            Doer::new(&by, &reason),
            Utc::now(),
        )
        .await?;
        let timeline = Timeline::plan(right, Utc::now(), &rules::of_pots(&self.stage.settings.rules));
        let Wish { by, reason } = wish();
        let wish = MoveWish { timeline, by, reason };
        let answer = self.ask("move", async || self.stage.control.move_pot(pot, wish.clone()).await).await?;
        ensure!(answer == WishAnswer::Done, "{pot} was not moved: {answer:?}");
        let row = wolo_database::pots::pot(&self.stage.pool, pot).await?.context("there is no such pot")?;
        ensure!(row.birthday == right, "{pot} was moved, and its row does not say so");
        self.cancel(pot).await
    }

    pub(super) async fn invited(&self) -> Result<()> {
        // Beyond the days that a sweep looks at: no other story's makes this pot first.
        let birthday = dakar::day_of(Utc::now()) + Days::new(40);
        let sponsor = self.people.born(&self.stage).await?;
        let friend = self.people.born_for(&self.stage, birthday).await?;
        let (accepted, declined) = (
            self.people.invite(&self.stage, sponsor).await?,
            self.people.invite(&self.stage, sponsor).await?,
        );
        let control = &self.stage.control;
        let accept = async || control.accept_invitation(accepted, friend, AN_ANSWER).await;
        let answer = self.ask("accept", accept).await?;
        ensure!(answer == InvitationAnswer::Accepted, "{accepted} was not accepted: {answer:?}");
        let decline =
            async || match control.end_invitation(declined, InvitationEnd::Declined, AN_ANSWER).await {
                // It ended so, and that answer was lost.
                Err(AskError::Ended | AskError::NotFound) if self.has_ended(declined).await => Ok(DECLINED),
                answer => answer,
            };
        let answer = self.ask("decline", decline).await?;
        ensure!(answer == DECLINED, "{declined} was not declined: {answer:?}");
        let pot = PotId::for_birthday(friend, birthday.year());
        self.opens(pot).await?;
        self.points_are(accepted, AwardStage::Pending, 14).await?;
        self.cancel(pot).await?;
        self.points_are(accepted, AwardStage::Revoked, 4).await
    }

    /// Brings the day nearer on which a pot opens, and goes no further.
    async fn opens(&self, pot: PotId) -> Result<()> {
        let opened = comes_about(LONG, async || {
            let row = wolo_database::pots::pot(&self.stage.pool, pot).await?;
            match row.map(|row| row.stage) {
                Some(PotStage::Open) => return Ok(Some(())),
                Some(PotStage::Scheduled) => {
                    let process = ids::pot_lifecycle(pot);
                    let moving = self.stage.control.forward(&process, DAY * 11);
                    let _ = tokio::time::timeout(AN_ANSWER, moving).await;
                }
                _ => {}
            }
            Ok(None)
        });
        opened.await.with_context(|| format!("{pot} did not open"))
    }

    async fn has_ended(&self, invitation: InvitationId) -> bool {
        let found = invitations::invitation(&self.stage.pool, invitation).await;
        found.is_ok_and(|found| found.is_some_and(|one| one.milestones.end.is_some()))
    }

    /// What an invitation has brought, once that is so much.
    async fn points_are(&self, invitation: InvitationId, stage: AwardStage, sum: u32) -> Result<()> {
        let there = comes_about(LONG, async || {
            let awards = points::of_invitation(&self.stage.pool, invitation).await?;
            let of_stage = awards.iter().filter(|award| award.stage == stage);
            Ok((of_stage.map(|award| award.points).sum::<u32>() == sum).then_some(()))
        });
        there.await.with_context(|| format!("{invitation} has not {sum} points that are {stage}"))
    }

    pub(super) async fn cancel(&self, pot: PotId) -> Result<()> {
        let answer = self
            .ask("cancel", async || match self.stage.control.cancel_pot(pot, wish()).await {
                // It was cancelled and ended, and that answer was lost.
                Err(AskError::Ended | AskError::NotFound) => Ok(WishAnswer::Done),
                answer => answer,
            })
            .await?;
        match answer {
            WishAnswer::Done | WishAnswer::NotPossible { stage: Some(PotStage::Cancelled) } => {}
            other => bail!("{pot} could not be cancelled: {other:?}"),
        }
        self.stage_is(pot, PotStage::Cancelled).await
    }

    pub(super) async fn given_up(&self) -> Result<()> {
        let pot = self.pot().await?;
        let gifts = [self.give(&pot, 4_000).await?, self.give(&pot, 6_000).await?];
        let unpaid = self.people.ask(&pot.slug, 2_000).await?;
        self.give_up(pot.pot).await?;
        self.is_cancelled(pot.pot).await?;
        for gift in &gifts {
            self.gift_is(gift.donation, DonationStage::Refunded).await?;
        }
        self.gift_is(unpaid.donation, DonationStage::Expired).await
    }

    pub(crate) async fn give_up(&self, pot: PotId) -> Result<()> {
        self.ask("give up", async || match self.stage.control.cancel_pot(pot, wish()).await {
            Err(AskError::Ended | AskError::NotFound) => Ok(WishAnswer::Done),
            answer => answer,
        })
        .await?;
        Ok(())
    }

    pub(crate) async fn is_cancelled(&self, pot: PotId) -> Result<()> {
        let gone = comes_about(LONG, async || {
            self.set_off(pot).await;
            let row = wolo_database::pots::pot(&self.stage.pool, pot).await?;
            Ok(row.filter(|row| row.stage == PotStage::Cancelled).map(drop))
        });
        gone.await.with_context(|| format!("{pot} was not cancelled"))
    }

    pub(super) async fn large(&self) -> Result<()> {
        let pot = self.pot().await?;
        self.give(&pot, 300_000).await?;
        for _ in 0..2 {
            let by = self.finance().await?;
            let approve = Approve { by, reason: "looked at the pot".to_owned() };
            let approved = comes_about(LONG, async || {
                match self.stage.control.approve_payout(pot.pot, approve.clone()).await {
                    // A payout that has ended was approved, and that answer was lost.
                    Ok(Approving::Approved { .. } | Approving::Already { .. }) | Err(AskError::Ended) => {
                        Ok(Some(()))
                    }
                    Ok(_) | Err(AskError::NotFound) => {
                        self.set_off(pot.pot).await;
                        Ok(None)
                    }
                    Err(error) => Err(error.into()),
                }
            });
            approved.await.with_context(|| format!("the payout of {} was not approved", pot.pot))?;
        }
        self.to_the_end(pot.pot).await
    }

    /// Somebody of finance.
    async fn finance(&self) -> Result<UserId> {
        let person = self.people.born(&self.stage).await?;
        let granted = comes_about(LONG, async || {
            let mut connection = self.stage.pool.acquire().await?;
            roles::grant(&mut connection, person, Role::Finance, Doer::new("torture", "for a story")).await?;
            Ok(Some(()))
        });
        granted.await.context("nobody became somebody of finance")?;
        Ok(person)
    }

    pub(super) async fn held(&self) -> Result<()> {
        let pot = self.pot().await?;
        self.give(&pot, 3_000).await?;
        let hold =
            || HoldWish { reason: HoldReason::Moderation, by: "torture".to_owned(), note: "look".to_owned() };
        self.ask("hold", async || self.stage.control.hold_pot(pot.pot, hold()).await).await?;
        self.held_for(pot.pot, HoldReason::Moderation).await?;
        // The row shows a hold before the process knows of it, and a wish whose answer was lost may be heard once more: what
        // counts is that neither holds the pot any more.
        let free = comes_about(LONG, async || {
            self.stage.control.release_pot(pot.pot, hold()).await?;
            let known = self.stage.control.pot_state(pot.pot).await?.holds;
            let written = self.is_held_for(pot.pot, HoldReason::Moderation).await?;
            Ok((!written && known.is_empty()).then_some(()))
        });
        free.await.with_context(|| format!("{} was not let go", pot.pot))?;
        self.to_the_end(pot.pot).await
    }

    pub(super) async fn late(&self) -> Result<()> {
        let pot = self.pot().await?;
        self.give(&pot, 4_000).await?;
        let late = self.people.ask(&pot.slug, 6_000).await?;
        // The pot closes, but Wave does not hear for a while that the page should end.
        let deaf = FaultRule::always(Endpoint::CheckoutExpire, Fault::ErrorBefore { status: 503 });
        let deaf = self.stage.wave.fault(deaf.about(late.session.clone()));
        let paid = self.pay_after_closing(&pot, &late).await;
        self.stage.wave.remove_fault(deaf);
        paid?;
        self.gift_is(late.donation, DonationStage::Refunded).await?;
        self.to_the_end(pot.pot).await
    }

    async fn pay_after_closing(&self, pot: &Made, late: &Gift) -> Result<()> {
        self.ask("close", async || match self.stage.control.close_pot(pot.pot, wish()).await {
            Err(AskError::Ended | AskError::NotFound) => Ok(WishAnswer::Done),
            answer => answer,
        })
        .await?;
        self.stage_is(pot.pot, PotStage::Closed).await?;
        // Wave tells time in seconds; the payment must be visibly later than the closing.
        let closed_at = Utc::now().timestamp();
        comes_about(LONG, async || Ok((self.stage.wave.now().timestamp() > closed_at + 1).then_some(())))
            .await
            .context("time does not pass")?;
        self.stage.wave.pay(&late.session, None).context("Wave takes no payment")?;
        Ok(())
    }

    pub(super) async fn found(&self) -> Result<()> {
        let pot = self.pot().await?;
        self.give(&pot, 8_000).await?;
        let lost =
            FaultRule::once(Endpoint::PayoutCreate, Fault::LostReply).about(Self::first_order(pot.pot));
        self.stage.wave.fault(lost);
        self.to_the_end(pot.pot).await
    }

    pub(super) async fn unknown(&self) -> Result<()> {
        let pot = self.pot().await?;
        self.give(&pot, 9_000).await?;
        let order = Self::first_order(pot.pot);
        let bend =
            |endpoint, fault| self.stage.wave.fault(FaultRule::always(endpoint, fault).about(order.clone()));
        let rules = [
            bend(Endpoint::PayoutCreate, Fault::LostReply),
            bend(Endpoint::PayoutSearch, Fault::SearchBlind),
        ];
        let unknown = self.until_paid_unseen(pot.pot, &order).await;
        for rule in rules {
            self.stage.wave.remove_fault(rule);
        }
        if unknown? == PotStage::Settled {
            return Ok(());
        }
        let paid = self.stage.wave.executed_payouts(&order);
        let wave_payout_id = paid.first().context("nothing was paid")?.id.clone();
        let resolve = Resolve {
            decision: Decision::Found { wave_payout_id },
            order: Some(1),
            by: "torture".to_owned(),
            reason: "looked at the portal".to_owned(),
        };
        // The pot shows the hold a moment before its payout hears a decision about it.
        let taken = comes_about(LONG, async || {
            match self.stage.control.resolve_payout(pot.pot, resolve.clone()).await {
                // It was taken before, and that answer was lost.
                Ok(Resolving::Accepted) | Err(AskError::Ended | AskError::NotFound) => Ok(Some(())),
                Ok(Resolving::Refused { .. }) => {
                    let row = wolo_database::pots::pot(&self.stage.pool, pot.pot).await?;
                    Ok(row.filter(|row| row.holds.is_empty()).map(drop))
                }
                Err(error) => Err(error.into()),
            }
        });
        taken.await.with_context(|| format!("no decision about {} was taken", pot.pot))?;
        self.to_the_end(pot.pot).await
    }

    /// Waits until the pot is held because nobody knows. When Wave was too short for the first order, another one is paid, and
    /// the pot is settled before anybody could be unsure.
    pub(super) async fn until_unknown(&self, pot: PotId) -> Result<PotStage> {
        let held = comes_about(LONG, async || {
            let row =
                wolo_database::pots::pot(&self.stage.pool, pot).await?.context("there is no such pot")?;
            let known = row.stage == PotStage::Settled
                || row.holds.iter().any(|hold| hold.reason == HoldReason::PayoutUnknown);
            if !known {
                self.set_off(pot).await;
            }
            Ok(known.then_some(row.stage))
        });
        held.await.with_context(|| format!("{pot} was not held though nobody knew of its payout"))
    }

    /// Waits until an order is paid and nobody knows. What a trial does to the calls of others may have kept it from Wave:
    /// then it is sent again, with its key.
    pub(super) async fn until_paid_unseen(&self, pot: PotId, order: &str) -> Result<PotStage> {
        let unseen = comes_about(LONG, async || {
            let stage = self.until_unknown(pot).await?;
            if stage == PotStage::Settled || !self.stage.wave.executed_payouts(order).is_empty() {
                return Ok(Some(stage));
            }
            self.finance_decides(pot, |_| Decision::AskAgain).await;
            Ok(None)
        });
        unseen.await.with_context(|| format!("{order} was not paid"))
    }

    async fn held_for(&self, pot: PotId, reason: HoldReason) -> Result<()> {
        comes_about(LONG, async || Ok(self.is_held_for(pot, reason).await?.then_some(())))
            .await
            .with_context(|| format!("{pot} was not held for {reason}"))
    }

    async fn is_held_for(&self, pot: PotId, reason: HoldReason) -> Result<bool> {
        let row = wolo_database::pots::pot(&self.stage.pool, pot).await?.context("there is no such pot")?;
        Ok(row.holds.iter().any(|hold| hold.reason == reason))
    }

    /// WhatsApp knows none of our templates here.
    pub(super) async fn untold(&self) -> Result<()> {
        let user = self.people.born(&self.stage).await?;
        let says = Says::PayoutHeld { pot: "Les trente ans".to_owned() };
        let event = Uuid::new_v4().simple().to_string();
        let message = Message { user: Some(user), ..Message::new(event, user.to_string(), says) };
        let input = NoticeInput {
            message,
            expires: None,
            rules: NoticeRules::default(),
            patience: NoticePatience { unknown_seconds: 2, ..NoticePatience::default() },
        };
        let id = self.begin(input).await?;
        let process = self.stage.control.client().get_workflow_handle::<NoticeDelivery>(id);
        let ended = comes_about(LONG, async || {
            let outcome = process.get_result(WorkflowGetResultOptions::default()).await?;
            Ok((outcome == NoticeOutcome::GivenUp).then_some(()))
        });
        ended.await.context("a message that nobody takes was not given up")
    }

    /// Begins a message, and answers the name of its process.
    pub(crate) async fn begin(&self, notice: NoticeInput) -> Result<String> {
        let id = ids::notice(&notice.message.event, &notice.message.person);
        let options = WorkflowStartOptions::new(queues::NOTICES, id.clone()).build();
        self.stage.control.client().start_workflow(NoticeDelivery::run, notice, options).await?;
        Ok(id)
    }

    /// As every hour does.
    pub(crate) async fn compare(&self) -> Result<(), AskError> {
        let today = Utc::now().date_naive();
        self.stage.control.reconcile(today, AN_HOUR, RefundPatience::default()).await.map(drop)
    }

    pub(super) async fn books(&self) -> Result<()> {
        let control = &self.stage.control;
        let (by, reason) = ("torture".to_owned(), "a trial".to_owned());
        let resume = ResumePayouts { by: by.clone(), reason: reason.clone() };
        let nobodys = DiscrepancyId::from_uuid(Uuid::new_v4());
        let resolve = ResolveDiscrepancy { discrepancy: nobodys, by, reason, clearing: Clearing::Nothing };
        let looked = comes_about(LONG, async || {
            self.compare().await?;
            control.reconcile_missed(AN_HOUR, RefundPatience::default()).await?;
            control.check_ledger().await?;
            control.resume_payouts(resume.clone()).await?;
            control.resolve_discrepancy(resolve.clone()).await?;
            Ok(Some(()))
        });
        looked.await.context("nobody looked through the books")
    }
}
