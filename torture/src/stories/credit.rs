//! Credit that somebody gives for points.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use sqlx::AssertSqlSafe;
use uuid::Uuid;
use wolo_control::AskError;
use wolo_control::pots::{Converting, CreditWish};
use wolo_database::points;
use wolo_domain::ids::{ConversionId, PotId, UserId};
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
        self.have_matured(sponsor, 25).await?;
        for used in [10, 20] {
            self.credit(pot.pot, sponsor).await?;
            let sums = points::of_user(&self.stage.pool, sponsor).await?;
            ensure!(sums.spent == used, "{sponsor} has used {sums:?}, and not {used} points");
        }
        self.to_the_end(pot.pot).await
    }

    /// One conversion, asked for until it is answered.
    async fn credit(&self, pot: PotId, user: UserId) -> Result<()> {
        let conversion = ConversionId::from_uuid(Uuid::now_v7());
        let wish = CreditWish { conversion, user, points: 10, credit: Xof::new(1_000) };
        let control = &self.stage.control;
        let credit = async || -> Result<_, AskError> { control.credit_pot(pot, wish, AN_ANSWER).await };
        let answer = self.ask("take credit", credit).await?;
        ensure!(answer == Converting::Converted, "{conversion} was not converted: {answer:?}");
        Ok(())
    }

    /// What invitations bring in two weeks.
    async fn have_matured(&self, sponsor: UserId, points: u32) -> Result<()> {
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
        written.await.with_context(|| format!("{sponsor} did not get points"))
    }
}
