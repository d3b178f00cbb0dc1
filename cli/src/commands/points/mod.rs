//! `wolo points`: what brought somebody points, and taking back what was not earned.

mod explain;
mod revoke;
mod show;

use anyhow::Result;
use clap::Subcommand;
use serde_json::{Value, json};
use wolo_database::points::{Award, ByHand, Conversion};
use wolo_domain::invitations::NoPoints;
use wolo_domain::points::{AwardReason, AwardStage, PointsRule};

use super::Config;
use crate::output::{Listing, day, instant, or_dash};

#[derive(Subcommand, Debug)]
pub(crate) enum Points {
    /// Show somebody's points, what brought them, and what they were used for
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

/// What points were used for, as a table.
fn used(conversions: &[Conversion]) -> String {
    let mut listing =
        Listing::new(["USED AS", "POT", "POINTS", "CREDIT", "AT", "RETURNED"]).right(2).right(3);
    for one in conversions {
        listing.row([
            one.id.to_string(),
            one.pot.to_string(),
            one.points.to_string(),
            one.credit.to_string(),
            instant(one.at),
            or_dash(one.returned_at.map(instant)),
        ]);
    }
    listing.text()
}

/// A use of points, for programs.
fn told_of_use(one: &Conversion) -> Value {
    json!({
        "conversion": one.id, "pot": one.pot, "points": one.points, "credit": one.credit, "at": one.at,
        "returned_at": one.returned_at,
    })
}

/// Why an invitation brings no points, as the end of a sentence.
pub(super) const fn forbidden(rule: NoPoints) -> &'static str {
    match rule {
        NoPoints::Oneself => "its sponsor has accepted it",
        NoPoints::Cycle => "the invited person has brought the sponsor here, themselves or through others",
        NoPoints::SamePhone => "it went to the sponsor's own phone, or the two share one",
        NoPoints::SamePayoutNumber => "both are paid to one number",
        NoPoints::UnderReview => "the account of one of the two is locked",
        NoPoints::NoPhone => "one of the two has not proved a phone yet",
    }
}

/// An award, for programs.
pub(super) fn told(award: &Award) -> Value {
    json!({
        "award": award.id, "user": award.user, "rule": award.rule, "invitation": award.invitation,
        "points": award.points, "donation": award.donation, "awarded_at": award.awarded_at,
        "matures_at": award.matures_at, "stage": award.stage, "reason": award.reason, "since": award.since,
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
fn fate(award: &Award, by_hand: Option<&ByHand>) -> String {
    let since = award.since.map_or_else(String::new, |since| format!(" since {}", instant(since)));
    match (award.stage, award.reason) {
        (AwardStage::Pending, _) => format!(
            "They are pending: they mature on {}, or when the pot has paid out what others gave.",
            day(award.matures_at.date_naive())
        ),
        (AwardStage::Matured, Some(AwardReason::PotSettled)) => {
            format!("They are matured{since}, because the pot has paid out what others gave.")
        }
        (AwardStage::Matured, _) => format!("They are matured{since}, because their days have passed."),
        (AwardStage::Revoked, Some(AwardReason::GiftRefunded)) => {
            format!("They are taken back{since}, because that gift goes back.")
        }
        (AwardStage::Revoked, Some(AwardReason::PotCancelled)) => {
            format!("They are taken back{since}, because that pot was given up.")
        }
        (AwardStage::Revoked, Some(AwardReason::AccountClosed)) => {
            format!("They lapsed{since}, because their holder closed the account.")
        }
        (AwardStage::Revoked, reason) => match (reason.and_then(AwardReason::forbidden_by), by_hand) {
            (Some(rule), _) => format!("They are taken back{since}, because {}.", forbidden(rule)),
            (None, Some(ByHand { by_whom, note })) => {
                format!("They are taken back{since} by {by_whom}: {note}")
            }
            (None, None) => format!("They are taken back{since}, for a reason that is not known."),
        },
    }
}
