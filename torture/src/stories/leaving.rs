//! Somebody closes their account, changes their mind, closes it again and is erased.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use wolo_api::rules;
use wolo_control::AskError;
use wolo_control::closures::{
    ClosingAnswer, ClosureInput, ClosurePatience, ClosureState, RestoreWish, Restoring,
};
use wolo_database::closures::{self, Standing};
use wolo_domain::ids::UserId;
use wolo_domain::pots::PotStage;

use super::{LONG, Scene};
use crate::stage::comes_about;

const AN_ANSWER: Duration = Duration::from_secs(8);

impl Scene {
    pub(super) async fn leaving(&self) -> Result<()> {
        let made = self.pot().await?;
        self.closes(made.owner, 30).await?;
        // From then on it is given up, whatever becomes of the account.
        self.stage_is(made.pot, PotStage::Cancelled).await?;
        let restore = async || self.restores(made.owner).await;
        let restored = self.ask("restore an account", restore).await?;
        ensure!(restored == Restoring::Restored, "{} was not restored: {restored:?}", made.owner);
        self.closes(made.owner, 0).await?;
        let erased = comes_about(LONG, async || {
            let standing = closures::standing(&self.stage.pool, made.owner).await?;
            Ok(matches!(standing, Some(Standing::ErasedAt(_))).then_some(()))
        });
        erased.await.with_context(|| format!("{} was not erased", made.owner))
    }

    async fn closes(&self, user: UserId, erase_after_days: u32) -> Result<()> {
        let settings = &self.stage.settings;
        let (notices, notice_patience) = rules::of_notices(&settings.notices);
        let input = ClosureInput {
            user,
            by: user.to_string(),
            reason: "a trial".to_owned(),
            patience: ClosurePatience { erase_after_days, ..rules::of_closures(settings) },
            notices,
            notice_patience,
            carried: ClosureState::default(),
        };
        let close = async || match self.stage.control.close_account(input.clone(), AN_ANSWER).await {
            // The process that has just restored the account has not ended yet.
            Ok(ClosingAnswer::Restored) => Err(AskError::NotYet),
            answer => answer,
        };
        // Asked again after its answer was lost, the last page of the story may have been read.
        let closed = self.ask("close an account", close).await?;
        let is_closed = matches!(closed, ClosingAnswer::Closed { .. } | ClosingAnswer::Erased);
        ensure!(is_closed, "the account of {user} was not closed: {closed:?}");
        Ok(())
    }

    async fn restores(&self, user: UserId) -> Result<Restoring, AskError> {
        let wish = RestoreWish { by: "torture".to_owned(), reason: "a trial".to_owned() };
        match self.stage.control.restore_account(user, wish, AN_ANSWER).await {
            // It did so, and that answer was lost.
            Err(AskError::NotFound | AskError::Ended) if self.is_in_use(user).await => {
                Ok(Restoring::Restored)
            }
            answer => answer,
        }
    }

    async fn is_in_use(&self, user: UserId) -> bool {
        matches!(closures::standing(&self.stage.pool, user).await, Ok(Some(Standing::InUse)))
    }
}
