//! `wolo time forward`: refused wherever money is real.
//!
//! Each process has its own time, and Wave has one of its own too. A gift's process is about Wave's page, so Wave's
//! clock goes along with it; a pot's is not.

use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use clap::Args;
use serde_json::json;
use wolo_bootstrap::settings::Mode;
use wolo_control::time::{ForwardError, Forwarded};
use wolo_control::{AskError, Control};
use wolo_database::closures::{self, Standing};
use wolo_database::{consents, donations, identities, invitations, pots};
use wolo_domain::ids::{CaseId, ConsentId, DonationId, InvitationId, PotId, UserId};
use wolo_providers::http::{self, Timeouts};
use wolo_workflows::ids;

use super::duration::Length;
use crate::commands::Config;
use crate::failure::refused;
use crate::output::{self, Format, Progress, waiting};
use crate::system::{System, named_pot};

const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Args, Debug)]
pub(crate) struct Forward {
    /// The pot's id, or the last part of its link; or the id of a donation, an invitation, a consent or an identity case, or
    /// of somebody who closes their account
    #[arg(value_name = "POT")]
    name: String,
    /// How far: 30d, 12h, 1d12h, 45m
    #[arg(value_name = "DURATION")]
    length: Length,
    /// Move the pot's payout, which is a process of its own
    #[arg(long)]
    payout: bool,
    #[command(flatten)]
    format: Format,
}

/// Whose time is moved.
#[derive(Clone, Copy, Debug)]
enum Process {
    Pot(PotId),
    Payout(PotId),
    Donation(DonationId),
    Invitation(InvitationId),
    Consent(ConsentId, UserId),
    Case(CaseId),
    Closure(UserId),
}

impl Process {
    fn id(self) -> String {
        match self {
            Self::Pot(pot) => ids::pot_lifecycle(pot),
            Self::Payout(pot) => ids::payout(pot),
            Self::Donation(donation) => ids::donation(donation),
            Self::Invitation(invitation) => ids::invitation(invitation),
            Self::Consent(_, minor) => ids::consent(minor),
            Self::Case(case) => ids::identity(case),
            Self::Closure(user) => ids::closure(user),
        }
    }
}

impl Forward {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let system = System::find(config)?;
        if system.settings.mode == Mode::Production {
            return Err(refused(
                "time is real in production: only a sandbox's processes can be moved forward",
            ));
        }
        let process = self.process(&system).await?;
        let id = process.id();
        let moving = Progress::spinning("time passes");
        let control = system.control().await?;
        let wave = match (process, &system.dev) {
            (Process::Donation(_), Some(dev)) => {
                move_wave(&dev.wave, self.length.get()).await?;
                "Wave's clock went along, so other gifts' pages may have ended too."
            }
            (Process::Donation(_), None) => {
                "Wave keeps its own time: its page has not come nearer to its end."
            }
            _ => "",
        };
        let moved = control.forward(&id, self.length.get()).await;
        drop(moving);
        let (outcome, words) = match moved {
            Ok(Forwarded::Whole) => ("moved", "Done: everything that fell due on the way has been done."),
            Ok(Forwarded::EndedOnTheWay) => ("ended", "It came to its end on the way."),
            Ok(Forwarded::StillOnTheWay) => {
                ("waiting", "It is on its way, and waits for something that time alone does not bring.")
            }
            Err(ForwardError::Ask(AskError::NotFound)) => {
                return Err(refused(format!("the process {id} has ended, or never was")));
            }
            Err(ForwardError::Ask(AskError::Unexpected(source))) => {
                return Err(anyhow!(source).context(
                    "this Temporal server does not move time (a sandbox's is started with \
                     frontend.WorkflowTimeSkippingEnabled=true)",
                ));
            }
            Err(error) => return Err(error).context("time did not move"),
        };
        let now = stands(&system, &control, process).await;
        if self.format.json {
            return output::json(&json!({ "process": id, "outcome": outcome, "now": now }));
        }
        let lines = [words, &now.map_or_else(String::new, |now| format!("Now {now}.")), wave];
        output::say(&lines.into_iter().filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n"));
        Ok(())
    }

    async fn process(&self, system: &System) -> Result<Process> {
        let pool = system.pool().await?;
        if let Ok(donation) = self.name.parse::<DonationId>() {
            // Asked first, so that Wave's clock is not moved for a gift that is over.
            let gift = donations::donation(&pool, donation).await?;
            if gift.is_none_or(|gift| gift.ended_at.is_some()) {
                return Err(refused(format!("the gift {donation} has ended, or never was")));
            }
            return Ok(Process::Donation(donation));
        }
        if let Ok(invitation) = self.name.parse::<InvitationId>() {
            return Ok(Process::Invitation(invitation));
        }
        if let Ok(consent) = self.name.parse::<ConsentId>() {
            let found = consents::consent(&pool, consent).await?;
            let minor = found.with_context(|| format!("there is no consent {consent}"))?.minor;
            return Ok(Process::Consent(consent, minor));
        }
        if let Ok(case) = self.name.parse::<CaseId>() {
            return Ok(Process::Case(case));
        }
        if let Ok(user) = self.name.parse::<UserId>() {
            return Ok(Process::Closure(user));
        }
        let pot = named_pot(&pool, &self.name).await?.id;
        Ok(if self.payout { Process::Payout(pot) } else { Process::Pot(pot) })
    }
}

/// Where the process has come to, in words. Time has moved all the same where that cannot be had.
async fn stands(system: &System, control: &Control, process: Process) -> Option<String> {
    let pool = system.pool().await.ok()?;
    match process {
        Process::Donation(donation) => {
            let gift = donations::donation(&pool, donation).await.ok()??;
            Some(format!("the gift is {}", gift.stage))
        }
        Process::Invitation(invitation) => {
            let found = invitations::invitation(&pool, invitation).await.ok()??;
            Some(format!("the invitation is {}", found.milestones.stage()))
        }
        Process::Consent(consent, _) => {
            let found = consents::consent(&pool, consent).await.ok()??;
            Some(format!("the consent is {}", found.stage))
        }
        Process::Case(case) => {
            let found = identities::case(&mut *pool.acquire().await.ok()?, case).await.ok()??;
            Some(format!("the case is {}", found.entry.stage))
        }
        Process::Closure(user) => Some(match closures::standing(&pool, user).await.ok()?? {
            Standing::InUse => "the account is in use".to_owned(),
            Standing::ClosingSince(_) => "the account is closed".to_owned(),
            Standing::ErasedAt(_) => "the account is erased".to_owned(),
        }),
        Process::Payout(pot) => {
            let status = tokio::time::timeout(PATIENCE, control.payout_status(pot)).await.ok()?.ok()?;
            Some(format!("the payout waits for {}", waiting(&status.waits_for, None)))
        }
        Process::Pot(pot) => {
            let stage = pots::pot(&pool, pot).await.ok()??.stage;
            if stage.has_ended() {
                return Some(format!("the pot is {stage}"));
            }
            let itself = tokio::time::timeout(PATIENCE, control.pot_state(pot)).await.ok()?.ok()?;
            let waits_for = waiting(&itself.waits_for, itself.waits_until);
            Some(format!("the pot is {stage} and waits for {waits_for}"))
        }
    }
}

/// The emulator's own clock, so that a page ends there when its gift's process believes that it has.
async fn move_wave(wave: &str, by: Duration) -> Result<()> {
    let http = http::client(Timeouts::total(PATIENCE))?;
    let clock = http.post(format!("{wave}/_sandbox/clock")).json(&json!({ "move_seconds": by.as_secs() }));
    let answer = clock.send().await.context("the Wave emulator does not answer")?;
    answer.error_for_status().context("the Wave emulator did not move its clock")?;
    Ok(())
}
