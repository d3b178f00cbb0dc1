//! `wolo points`: what brought somebody points, and taking back what was not earned.

mod explain;
mod revoke;
mod show;

use anyhow::Result;
use clap::Subcommand;
use serde_json::{Value, json};
use wolo_database::points::Award;
use wolo_domain::points::{AwardReason, AwardStage, PointsRule};

use super::Config;
use crate::output::{Listing, day, instant};

#[derive(Subcommand, Debug)]
pub(crate) enum Points {
    /// Show somebody's points, and what brought them
    Show(show::Show),
    /// Say why points were given, and what became of them
    Explain(explain::Explain),
    /// Take points back that were not earned
    Revoke(revoke::Revoke),
}

impl Points {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        match self {
            Self::Show(show) => show.run(config).await,
            Self::Explain(explain) => explain.run(config).await,
            Self::Revoke(revoke) => revoke.run(config).await,
        }
    }
}

/// Awards as a table.
pub(super) fn table(awards: &[Award]) -> String {
    let mut listing = Listing::new(["AWARD", "FOR", "POINTS", "STAGE", "GIVEN"]).right(2);
    for award in awards {
        listing.row([
            award.id.to_string(),
            award.rule.to_string(),
            award.points.to_string(),
            award.stage.to_string(),
            instant(award.awarded_at),
        ]);
    }
    listing.text()
}

/// An award, for programs.
pub(super) fn told(award: &Award) -> Value {
    json!({
        "award": award.id, "user": award.user, "rule": award.rule, "invitation": award.invitation,
        "points": award.points, "donation": award.donation, "awarded_at": award.awarded_at,
        "matures_at": award.matures_at, "stage": award.stage, "reason": award.reason, "since": award.since,
        "by_whom": award.by_whom, "note": award.note,
    })
}

/// What brought the points, as a sentence.
fn cause(award: &Award) -> String {
    let Award { points, invitation, .. } = award;
    match (award.rule, award.donation) {
        (PointsRule::InvitationAccepted, _) => {
            format!("{points} points, because somebody has accepted {invitation}.")
        }
        (PointsRule::PotOpened, _) => {
            format!("{points} points, because the pot of whoever accepted {invitation} has opened.")
        }
        (PointsRule::FirstGift, gift) => {
            let gift = gift.map_or_else(|| "a gift".to_owned(), |gift| gift.to_string());
            format!(
                "{points} points, because of {gift}: the first to the pot of whoever accepted {invitation}."
            )
        }
    }
}

/// What became of them, as a sentence.
fn fate(award: &Award) -> String {
    let since = award.since.map_or_else(String::new, |since| format!(" since {}", instant(since)));
    match (award.stage, award.reason) {
        (AwardStage::Pending, _) => format!(
            "They are pending: they mature on {}, or when the pot has settled.",
            day(award.matures_at.date_naive())
        ),
        (AwardStage::Matured, Some(AwardReason::PotSettled)) => {
            format!("They are matured{since}, because the pot has settled.")
        }
        (AwardStage::Matured, _) => format!("They are matured{since}, because their days have passed."),
        (AwardStage::Revoked, Some(AwardReason::GiftRefunded)) => {
            format!("They are taken back{since}, because that gift goes back.")
        }
        (AwardStage::Revoked, Some(AwardReason::PotCancelled)) => {
            format!("They are taken back{since}, because that pot was given up.")
        }
        (AwardStage::Revoked, _) => {
            let by = award.by_whom.as_deref().unwrap_or("somebody");
            let why = award.note.as_deref().unwrap_or("for a reason that is not known");
            format!("They are taken back{since} by {by}: {why}")
        }
    }
}
