//! What goes before the pot and comes after it: Coumba invites Awa, and has her points for it.

use anyhow::{Context as _, Result};
use chrono::{Datelike as _, Days, NaiveDate, Utc};
use wolo_database::invitations;
use wolo_domain::invitations::InvitationStage;
use wolo_domain::notices::Kind;
use wolo_domain::pots::PotStage;

use super::friends::{Made, Newcomer};
use super::story::{AWAS_PHONE, Story};
use super::until;
use crate::output::{day, instant};

pub(super) const COUMBAS_PHONE: &str = "+221772345678";
const COUMBAS_DAY: NaiveDate = NaiveDate::from_ymd_opt(1998, 4, 4).expect("a day");

impl Story<'_> {
    pub(super) async fn awa_is_invited(&mut self) -> Result<()> {
        self.teller.act("Acte 1 · Une invitation");
        let coumba =
            Newcomer { name: "Coumba Fall", born: COUMBAS_DAY, phone: COUMBAS_PHONE, password: None };
        self.coumbas_token = self.opens_an_account(&coumba).await?;
        self.invitation = self.api.invite(&self.coumbas_token, AWAS_PHONE, "Fais comme moi !").await?;
        self.teller
            .say("Coumba, who has an account, invites Awa by her phone number. Awa reads it on WhatsApp:");
        let token = self.awa_reads_the_invitation().await?;

        let birthday = Utc::now().date_naive() + Days::new(40);
        // Twenty-four years before a 29 February there was one too.
        let born = birthday.with_year(birthday.year() - 24).context("a day of birth")?;
        let awa = Newcomer { name: "Awa Ndiaye", born, phone: AWAS_PHONE, password: None };
        let awas_token = self.opens_an_account(&awa).await?;
        self.teller
            .say("Awa opens an account. A code comes to her phone by WhatsApp, and proves that it is hers.");
        self.api.accept(&awas_token, &token, born).await?;
        self.teller.say("She accepts. Her pot makes itself, and Coumba has her first points.");
        self.coumba_reads(Kind::InvitationAccepted, 1).await?;
        self.a_pot_is_scheduled(&awas_token, birthday).await
    }

    async fn a_pot_is_scheduled(&mut self, token: &str, birthday: NaiveDate) -> Result<()> {
        Made { pot: self.pot, slug: self.slug } =
            until("Awa's pot is made", async || self.api.my_pot(token).await).await?;
        let pot = self.reached(PotStage::Scheduled).await?;
        self.teller.say(&format!(
            "Awa turns 24 on {}, in forty days. Her pot waits until {}.",
            day(birthday),
            instant(pot.opens_at),
        ));
        self.checks.same("the pot is for the day in forty days", day(birthday), day(pot.birthday));
        let thirty_before = day(birthday - Days::new(30));
        self.checks.same("it opens thirty days before", thirty_before, day(pot.opens_at.date_naive()));
        self.awa_reads(&[Kind::PotScheduled]).await
    }

    /// Over HTTP, as an app does it, with the code that comes to the phone. Answers an access token.
    pub(super) async fn opens_an_account(&self, wanted: &Newcomer<'_>) -> Result<String> {
        let code_id = self.api.register(wanted).await?;
        let code = self.local.code_for(wanted.phone).await?;
        self.api.give_code(&code_id, &code).await
    }

    /// What Coumba's invitation has brought her.
    pub(super) async fn coumbas_points_have_matured(&mut self) -> Result<()> {
        self.teller.act("Acte 8 · Les points de Coumba");
        self.coumba_reads(Kind::PointsEarned, 2).await?;
        let rules = &self.local.settings.sponsorship;
        let each = [rules.points_invitation_accepted, rules.points_pot_opened, rules.points_first_gift];
        let all: i64 = each.into_iter().map(i64::from).sum();
        let matured = until("Coumba's points have matured", async || {
            let points = self.api.points(&self.coumbas_token).await?;
            Ok((points.pending == 0).then_some(points.matured))
        })
        .await?;
        self.teller.say(&format!(
            "Awa accepted, her pot opened, a friend gave: {all} points, to be used since the pot was paid out."
        ));
        for award in self.api.points_history(&self.coumbas_token).await?.iter().rev() {
            self.teller.good(&format!("{} points: {}", award.points, award.why));
        }
        let stage = invitations::invitation(&self.pool, self.invitation).await?;
        let stage = stage.context("the invitation is written down")?.milestones.stage();
        self.checks.same("the invitation has come to its first gift", InvitationStage::FirstGift, stage);
        self.checks.same("Coumba's points have matured", all, matured);
        Ok(())
    }
}
