//! `wolo people erase`: closes an account as its holder would, and erases them when the days for changing one's mind are over and
//! nothing of theirs is under way.

use anyhow::{Context as _, Result, bail};
use clap::Args;
use serde_json::json;
use wolo_api::rules;
use wolo_control::closures::{ClosingAnswer, ClosureInput, ClosureState};
use wolo_control::{AskError, Control, ids};
use wolo_database::closures::{self, Standing};
use wolo_domain::ids::UserId;

use super::PATIENCE;
use crate::commands::users::known;
use crate::commands::{Config, Decider, Sure};
use crate::confirm::{Confirmed, confirm};
use crate::failure::refused;
use crate::output::{self, Format, instant};
use crate::system::{System, operator};

#[derive(Args, Debug)]
pub(crate) struct Erase {
    /// The person's id
    #[arg(value_name = "USER")]
    user: UserId,
    #[command(flatten)]
    decider: Decider,
    #[command(flatten)]
    sure: Sure,
    #[command(flatten)]
    format: Format,
}

impl Erase {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let system = System::find(config)?;
        let pool = system.pool().await?;
        known(&pool, self.user).await?;
        if let Some(Standing::ErasedAt(at)) = closures::standing(&pool, self.user).await? {
            return Err(refused(format!("whoever this was has been erased, {}", instant(at))));
        }
        let patience = rules::of_closures(&system.settings);
        let theirs = closures::under_way(&pool, self.user).await?;
        let mut consequences = vec![
            format!("{} is signed in nowhere from now on, and nothing of theirs begins", self.user),
            "their pots that have not closed are given up, and every gift to them goes back".to_owned(),
            "their invitations that nobody has answered are taken back, and points that have not matured lapse".to_owned(),
            format!(
                "after {} days, when nothing of theirs is under way, they are erased for good; until then `wolo people restore` takes it back",
                patience.erase_after_days
            ),
        ];
        if !theirs.is_nothing() {
            consequences.push(format!("under way now: {}", theirs.in_words()));
        }
        let confirmed = confirm(&consequences, self.sure.yes)?;
        let (notices, notice_patience) = rules::of_notices(&system.settings.notices);
        let input = ClosureInput {
            user: self.user,
            by: operator(self.decider.by.as_deref())?,
            reason: self.decider.reason.clone(),
            patience,
            notices,
            notice_patience,
            carried: ClosureState::default(),
        };
        let answer = close(&system.control().await?, input, confirmed).await;
        self.tell(answer.context("the account's process gave no answer")?)
    }

    fn tell(&self, answer: ClosingAnswer) -> Result<()> {
        let (since, erases_at) = match answer {
            ClosingAnswer::Closed { since, erases_at } => (since, erases_at),
            ClosingAnswer::Restored => return Err(refused("somebody has just restored the account")),
            ClosingAnswer::Erased => return Err(refused("whoever this was has been erased")),
            ClosingAnswer::NobodyKnown => bail!("there is no person {}", self.user),
        };
        if self.format.json {
            return output::json(&json!({
                "user": self.user, "process": ids::closure(self.user), "closed_at": since, "erases_at": erases_at,
            }));
        }
        output::say(&format!(
            "The account of {} is closed since {}. They are erased {} at the earliest.",
            self.user,
            instant(since),
            instant(erases_at)
        ));
        Ok(())
    }
}

async fn close(control: &Control, input: ClosureInput, _: Confirmed) -> Result<ClosingAnswer, AskError> {
    control.close_account(input, PATIENCE).await
}
