//! Credit that somebody gives for points.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use sqlx::AssertSqlSafe;
use uuid::Uuid;
use wolo_control::AskError;
use wolo_control::points::{RevokePoints, Revoking};
use wolo_control::pots::{Converting, CreditWish};
use wolo_database::points;
use wolo_domain::ids::{AwardId, ConversionId, PotId, UserId};
use wolo_domain::money::Xof;

use super::{LONG, Scene};
use crate::stage::comes_about;

/// An answer that takes longer is asked for again.
const AN_ANSWER: Duration = Duration::from_secs(8);

impl Scene {
    pub(super) async fn credited(&self) -> Result<()> {
        let pot = self.pot().await?;
        self.give(&pot, 3_000).await?;
        let sponsor = self.people.born(&self.stage).await?;
        let award = self.have_matured(sponsor, 25).await?;
        for used in [10, 20] {
            self.credit(pot.pot, sponsor).await?;
            let sums = points::of_user(&self.stage.pool, sponsor).await?;
            ensure!(sums.spent == used, "{sponsor} has used {sums:?}, and not {used} points");
        }
        self.take_back(award).await?;
        let sums = points::of_user(&self.stage.pool, sponsor).await?;
        ensure!((sums.revoked, sums.available()) == (25, -20), "{sponsor} owes what was used: {sums:?}");
        self.to_the_end(pot.pot).await
    }

    /// Points that were not earned, taken back until that is answered.
    async fn take_back(&self, award: AwardId) -> Result<()> {
        let (by, reason) = ("torture".to_owned(), "a trial".to_owned());
        let revoke = RevokePoints { award, by, reason };
        let control = &self.stage.control;
        let asked = async || -> Result<_, AskError> { control.revoke_points(revoke.clone()).await };
        // Where the answer was lost they have been taken back already.
        let answer = self.ask("take points back", asked).await?;
        ensure!(!matches!(answer, Revoking::Refused { .. }), "{award} was not taken back: {answer:?}");
        Ok(())
    }

    /// One conversion, asked for until it is answered.
    async fn credit(&self, pot: PotId, user: UserId) -> Result<()> {
        let conversion = ConversionId::from_uuid(Uuid::now_v7());
        let budget = Xof::new(self.stage.settings.sponsorship.credit_budget_xof);
        let wish = CreditWish { conversion, user, points: 10, credit: Xof::new(1_000), budget };
        let control = &self.stage.control;
        let credit = async || -> Result<_, AskError> { control.credit_pot(pot, wish, AN_ANSWER).await };
        let answer = self.ask("take credit", credit).await?;
        let converted = Converting::Converted { credit: wish.credit };
        ensure!(answer == converted, "{conversion} was not converted: {answer:?}");
        Ok(())
    }

    /// What invitations bring in two weeks.
    async fn have_matured(&self, sponsor: UserId, points: u32) -> Result<AwardId> {
        let (invitation, award, sponsor) = (Uuid::now_v7(), Uuid::now_v7(), sponsor.uuid());
        let sql = format!(
            "insert into sponsorship.invitations (
                 invitation_id, sponsor_id, sponsor_name, email, relationship, token_hash, notice_id, expires_at
             )
             values ('{invitation}', '{sponsor}', 'Awa', 'friend@example.sn', 'friend', sha256('{invitation}'), '{invitation}', now() + '7 days');
             insert into sponsorship.awards (award_id, user_id, name, rule, invitation_id, points, awarded_at, matures_at)
             values ('{award}', '{sponsor}', 'Awa', 'invitation_accepted', '{invitation}', {points}, now(), now());
             insert into sponsorship.award_steps (award_id, stage, reason) values ('{award}', 'matured', 'time')"
        );
        let written = comes_about(LONG, async || {
            // All of it or nothing is written; an answer that was lost is told by what is there already.
            match sqlx::raw_sql(AssertSqlSafe(sql.clone())).execute(&self.stage.pool).await {
                Err(sqlx::Error::Database(refused)) if refused.is_unique_violation() => Ok(Some(())),
                done => Ok(Some(done.map(drop)?)),
            }
        });
        written.await.with_context(|| format!("{sponsor} did not get points"))?;
        Ok(AwardId::from_uuid(award))
    }
}
