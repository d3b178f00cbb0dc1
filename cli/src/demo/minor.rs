//! A child of seventeen: her pot waits for her mother's word and for two people who look who they are, and is paid to the mother; when she
//! comes of age, what is hers is hers.

use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use chrono::{Datelike as _, Days, NaiveDate, TimeDelta, Utc};
use wolo_control::identities::{Deciding, Decision, Look, Looking, Taking, TakingBy};
use wolo_database::accounts::roles;
use wolo_database::audit::Doer;
use wolo_database::{consents, identities, payouts, pots};
use wolo_domain::accounts::Role;
use wolo_domain::consents::ConsentStage;
use wolo_domain::identities::{CaseStage, Verdict};
use wolo_domain::ids::{CaseId, PayoutId, PotId, UserId};
use wolo_domain::money::Xof;
use wolo_domain::notices::Kind;
use wolo_domain::payouts::PayoutStage;
use wolo_domain::pots::{HoldReason, PotStage, Visibility};
use wolo_workflows::ids;

use super::friends::{Card, Made, Newcomer};
use super::guardian::Browser;
use super::story::Story;
use super::{until, wave_book};
use crate::output::day;

const BINTAS_PHONE: &str = "+221773456789";
const HER_MOTHERS_PHONE: &str = "+221774567890";
/// Nobody waits longer for a process to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Binta, and what is hers.
struct Binta {
    user: UserId,
    token: String,
    birthday: NaiveDate,
    pot: PotId,
    slug: String,
}

impl Story<'_> {
    pub(super) async fn a_minor_is_answered_for(&mut self) -> Result<()> {
        self.teller.act("Acte 9 · Binta a dix-sept ans");
        let binta = self.binta_makes_a_pot().await?;
        let browser = self.her_mother_consents(&binta).await?;
        self.two_people_look(&binta, &browser).await?;
        self.her_pot_opens_and_is_paid_to_her_mother(&binta).await?;
        self.she_comes_of_age(&binta).await
    }

    async fn binta_makes_a_pot(&mut self) -> Result<Binta> {
        let birthday = Utc::now().date_naive() + Days::new(20);
        let born =
            birthday.with_year(birthday.year() - 17).or_else(|| birthday.with_year(birthday.year() - 16));
        let born = born.context("a day of birth")?;
        let newcomer = Newcomer { name: "Binta Sow", born, phone: BINTAS_PHONE, password: None };
        let token = self.opens_an_account(&newcomer).await?;
        let Made { pot, slug } = self.api.make_pot(&token, "Les 17 ans de Binta", Visibility::Link).await?;
        let user = pots::pot(&self.pool, pot).await?.context("the pot is written down")?.owner;
        self.teller.say(
            "Binta makes a pot for her birthday in twenty days. It would be open by now, but she is a child:",
        );
        let waits = until("the pot waits for consent", async || {
            let state = self.control.pot_state(pot).await?;
            Ok(state.stage.filter(|_| state.waits_for == HoldReason::Consent.waits_for()))
        })
        .await?;
        self.checks.same("a child's pot waits", PotStage::Scheduled, waits);
        Ok(Binta { user, token, birthday, pot, slug })
    }

    async fn her_mother_consents(&mut self, binta: &Binta) -> Result<Browser> {
        self.api.name_guardian(&binta.token, "Mariama Sow", HER_MOTHERS_PHONE).await?;
        self.teller.say(
            "it waits for somebody who answers for her. She names her mother, who reads on her own phone:",
        );
        let link = self.link_read_on(HER_MOTHERS_PHONE, Kind::ConsentRequest).await?;
        let mut browser = Browser::at(&self.local.addresses.api, &link)?;
        let code_id = browser.asks_for_a_code().await?;
        let code = self.local.code_for(HER_MOTHERS_PHONE).await?;
        browser.shows(&code_id, &code).await?;
        browser.consents("1979-05-12").await?;
        self.teller.say("The link alone brings nothing: a code comes to the phone that Binta named. Her mother reads all of it, and agrees.");
        let given = consents::standing(&self.pool, binta.user).await?.context("a consent is in force")?.stage;
        self.checks.same("the guardian has consented", ConsentStage::Given, given);
        let stage = pots::pot(&self.pool, binta.pot).await?.context("the pot is written down")?.stage;
        self.checks.same("consent alone opens nothing", PotStage::Scheduled, stage);
        Ok(browser)
    }

    async fn two_people_look(&mut self, binta: &Binta, browser: &Browser) -> Result<()> {
        let case = until("a case is opened", async || {
            let filter = identities::Filter { subject: Some(binta.user), ..identities::Filter::default() };
            let found = identities::list(&self.pool, filter, wolo_database::Page::first(1)).await?;
            Ok(found.first().map(|entry| entry.case))
        })
        .await?;
        browser.sends("person", "birth_certificate").await?;
        browser.sends("guardian", "identity_card").await?;
        browser.submits().await?;
        self.teller.say("She sends two photographs. Each is drawn anew without what a camera hides in it, and locked away under a key of its own.");
        let (aida, omar) = (
            self.hires("Aida Sall", "+221775678901").await?,
            self.hires("Omar Kane", "+221776789012").await?,
        );
        let taken =
            self.control.take_case(case, TakingBy { reviewer: aida, assigned_by: None }, PATIENCE).await?;
        ensure!(matches!(taken, Taking::Taken), "the case was not taken: {taken:?}");
        let blind = self.decides(case, aida).await?;
        self.teller.trouble("Aida approves without having looked. That is no decision.");
        self.checks.same("nobody approves what they have not seen", "has not looked", blind);
        self.looks(case, aida).await?;
        let first = self.decides(case, aida).await?;
        self.teller.good(
            "She looks, which is written down with her reason, and approves. A child's case takes two.",
        );
        self.checks.same("one reviewer is not enough", "one more is needed", first);
        let again = self.decides(case, aida).await?;
        self.checks.same("nor is one reviewer twice", "the same reviewer", again);
        self.looks(case, omar).await?;
        let second = self.decides(case, omar).await?;
        self.checks.same("two are", "approved", second);
        Ok(())
    }

    /// Somebody who reviews.
    async fn hires(&self, name: &str, phone: &str) -> Result<UserId> {
        let born = NaiveDate::from_ymd_opt(1985, 5, 5).context("a day")?;
        let token = self.opens_an_account(&Newcomer { name, born, phone, password: None }).await?;
        let user = self.api.me(&token).await?;
        let mut tx = self.pool.begin().await?;
        roles::grant(&mut tx, user, Role::Reviewer, Doer::new("operator:demo", "a story needs reviewers"))
            .await?;
        wolo_database::commit(tx).await?;
        Ok(user)
    }

    async fn looks(&self, case: CaseId, reviewer: UserId) -> Result<()> {
        for document in self.documents(case).await? {
            let look = Look { document: document.id, reviewer, reason: "to see who they are".to_owned() };
            let looking = self.control.look_at_document(case, look, PATIENCE).await?;
            ensure!(matches!(looking, Looking::Noted { .. }), "a look was refused: {looking:?}");
        }
        Ok(())
    }

    /// Approves; answers what that came to, in words.
    async fn decides(&self, case: CaseId, reviewer: UserId) -> Result<&'static str> {
        let seen = self.documents(case).await?.iter().map(|document| document.sha256).collect();
        let note = "they are who they say".to_owned();
        let decision = Decision { verdict: Verdict::Approve, reviewer, reasons: Vec::new(), note, seen };
        Ok(match self.control.decide_case(case, decision, PATIENCE).await? {
            Deciding::Recorded { missing: 1 } => "one more is needed",
            Deciding::Decided { stage: CaseStage::Approved } => "approved",
            Deciding::HasNotLooked => "has not looked",
            Deciding::SameReviewer => "the same reviewer",
            other => bail!("a decision came to {other:?}"),
        })
    }

    async fn documents(&self, case: CaseId) -> Result<Vec<wolo_domain::identities::Document>> {
        let case = identities::case(&mut *self.pool.acquire().await?, case)
            .await?
            .context("the case is written down")?;
        Ok(case.documents.iter().map(|sent| sent.document).collect())
    }

    async fn her_pot_opens_and_is_paid_to_her_mother(&mut self, binta: &Binta) -> Result<()> {
        let stage_is = async |stage: PotStage| {
            until(&format!("Binta's pot is {stage}"), async || {
                Ok(pots::pot(&self.pool, binta.pot).await?.filter(|pot| pot.stage == stage))
            })
            .await
        };
        stage_is(PotStage::Open).await?;
        self.teller.good("At this moment her pot opens.");
        let card =
            Card { slug: &binta.slug, amount: Xof::new(3_000), name: Some("Tata Rokhaya"), message: None };
        let gift = self.api.give(card).await?;
        gift.press_pay().await?;
        self.control.forward(&ids::pot_lifecycle(binta.pot), Duration::from_hours(24 * 22)).await?;
        let payout = until("Binta's payout has arrived", async || {
            let payout = payouts::payout(&self.pool, PayoutId::of_pot(binta.pot)).await?;
            Ok(payout.filter(|payout| payout.stage == PayoutStage::Succeeded))
        })
        .await?;
        stage_is(PotStage::Settled).await?;
        let paid = wave_book::paid_to(&self.local.world.wave, payout.wave_payout_id.as_deref());
        self.teller
            .say(&format!("Her birthday passes, and {} go to the phone of her mother.", payout.amount));
        self.checks.same(
            "a child's money goes to the guardian",
            HER_MOTHERS_PHONE.to_owned(),
            paid.unwrap_or_default(),
        );
        Ok(())
    }

    async fn she_comes_of_age(&mut self, binta: &Binta) -> Result<()> {
        let of_age =
            binta.birthday.with_year(binta.birthday.year() + 1).unwrap_or(binta.birthday + Days::new(366));
        let left = (of_age - Utc::now().date_naive()) + TimeDelta::days(1);
        let left = left.to_std().context("the day is ahead")?;
        self.control.forward(&ids::consent(binta.user), left).await?;
        let stage = until("the pot is handed over", async || {
            let all = consents::of_minor(&self.pool, binta.user).await?;
            Ok(all.first().map(|consent| consent.stage).filter(|stage| *stage == ConsentStage::HandedOver))
        })
        .await?;
        self.teller.say(&format!(
            "A year later, on {}, she is eighteen. Nobody has to answer for her any more.",
            day(of_age)
        ));
        self.checks.same("at eighteen it is hers", ConsentStage::HandedOver, stage);
        Ok(())
    }
}
