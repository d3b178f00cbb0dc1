//! What comes of an invitation that was accepted: a pot, its opening, its first gift, and the points for each.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use wolo_domain::ids::{AwardId, DonationId, InvitationId, PotId, UserId};
use wolo_domain::points::{PointsRule, PointsRules};
use wolo_domain::pots::PotStage;

use super::INVITATIONS;
use super::current::follow_current;
use crate::points::{self, Award, NewAward};
use crate::rows::word;
use crate::{Error, Pool};

/// What is known of an accepted invitation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Following {
    pub pot: Option<FollowedPot>,
    /// No pot has opened, and that which would have is given up or never was: another may come.
    pub awaits_pot: bool,
    /// By rule.
    pub awards: Vec<Award>,
    /// All points of the sponsor that were not revoked or used.
    pub balance: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FollowedPot {
    pub stage: PotStage,
    pub opens_at: DateTime<Utc>,
    pub closes_at: DateTime<Utc>,
}

/// Notes the pot of whoever accepted an invitation.
#[tracing::instrument(name = "db.invitations.brings", skip(pool), err)]
pub async fn brings(pool: &Pool, invitation: InvitationId, pot: PotId) -> Result<(), Error> {
    sqlx::query!(
        "update sponsorship.invitations set pot_id = coalesce(pot_id, $2)
         where invitation_id = $1 and accepted_at is not null",
        invitation.uuid(),
        pot.uuid(),
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Looks what has come of an invitation, notes it, and gives, matures and revokes the points for it. Done again it finds
/// everything done.
#[tracing::instrument(name = "db.invitations.follow", skip(pool, rules), err)]
pub async fn follow(
    pool: &Pool,
    invitation: InvitationId,
    rules: PointsRules,
    at: DateTime<Utc>,
) -> Result<Following, Error> {
    let mut tx = pool.begin().await?;
    let awaits_pot = follow_current(&mut tx, invitation, at).await?;
    let known = lock(&mut tx, invitation).await?;
    let opened = known.opened_after_acceptance();
    let first_gift = match known.pot {
        Some((pot, _)) if opened => first_gift(&mut tx, pot, known.sponsor).await?,
        _ => None,
    };
    note(&mut tx, invitation, opened, first_gift.is_some(), at).await?;
    if known.brings_points {
        let mut due = vec![(PointsRule::InvitationAccepted, None)];
        if opened && !known.is_given_up() {
            due.push((PointsRule::PotOpened, None));
            due.extend(first_gift.map(|gift| (PointsRule::FirstGift, Some(gift))));
        }
        for (rule, donation) in due {
            let award = NewAward {
                id: AwardId::of(invitation, rule),
                user: known.sponsor,
                name: known.sponsor_name.clone(),
                rule,
                invitation,
                points: rules.points(rule),
                donation,
                awarded_at: at,
                matures_at: rules.matures_at(at),
            };
            points::award(&mut tx, &award).await?;
        }
    }
    if known.is_given_up()
        && let Some((pot, _)) = known.pot
    {
        points::revoke_for_pot(&mut tx, pot).await?;
    }
    let settled = matches!(known.pot, Some((_, FollowedPot { stage: PotStage::Settled, .. })));
    points::mature(&mut tx, invitation, settled, at).await?;
    let awards = points::of_invitation(&mut *tx, invitation).await?;
    let balance = points::balance_within(&mut tx, known.sponsor).await?;
    tx.commit().await?;
    Ok(Following { pot: known.pot.map(|(_, pot)| pot), awaits_pot, awards, balance })
}

struct Known {
    sponsor: UserId,
    sponsor_name: String,
    brings_points: bool,
    accepted_at: DateTime<Utc>,
    pot: Option<(PotId, FollowedPot)>,
    pot_opened_at: Option<DateTime<Utc>>,
}

impl Known {
    /// A pot that was open before is not what the invitation has brought.
    fn opened_after_acceptance(&self) -> bool {
        self.pot_opened_at.is_some_and(|opened| opened >= self.accepted_at)
    }

    fn is_given_up(&self) -> bool {
        self.pot.is_some_and(|(_, pot)| pot.stage.is_given_up())
    }
}

async fn lock(connection: &mut PgConnection, invitation: InvitationId) -> Result<Known, Error> {
    let row = sqlx::query!(
        r#"select sponsor_id, sponsor_name, no_points, accepted_at, pots.pot_id as "pot_id?", stage as "stage?", opened_at as "opened?",
                  opens_at as "opens_at?", closes_at as "closes_at?"
           from (
               select sponsor_id, sponsor_name, no_points, accepted_at, pot_id
               from sponsorship.invitations where invitation_id = $1
               for update
           ) invitation
           left join pots.pots using (pot_id)"#,
        invitation.uuid(),
    )
    .fetch_optional(connection)
    .await?
    .ok_or_else(|| Error::missing(INVITATIONS, invitation))?;
    let accepted_at = row.accepted_at.ok_or_else(|| Error::conflict("invitations_followed_once_accepted"))?;
    let pot = match (row.pot_id, row.stage, row.opens_at, row.closes_at) {
        (Some(pot), Some(stage), Some(opens_at), Some(closes_at)) => {
            let pot = PotId::from_uuid(pot);
            let stage = word(&stage, "pots.pots", "stage", pot)?;
            Some((pot, FollowedPot { stage, opens_at, closes_at }))
        }
        _ => None,
    };
    Ok(Known {
        sponsor: UserId::from_uuid(row.sponsor_id),
        sponsor_name: row.sponsor_name,
        brings_points: row.no_points.is_none(),
        accepted_at,
        pot,
        pot_opened_at: row.opened,
    })
}

/// The first gift to a pot that has not gone back and is not the sponsor's own. It does not go back before its points stand: whoever
/// takes it out of the pot takes them with it.
async fn first_gift(
    connection: &mut PgConnection,
    pot: PotId,
    sponsor: UserId,
) -> Result<Option<DonationId>, Error> {
    let gift = sqlx::query_scalar!(
        "select donation_id
         from money.donations
         where pot_id = $1 and stage = 'confirmed' and donor_user_id is distinct from $2
           and (donor_phone is null
                or donor_phone is distinct from (select phone from people.users where user_id = $2))
         order by ended_at, donation_id
         limit 1
         for share",
        pot.uuid(),
        sponsor.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(gift.map(DonationId::from_uuid))
}

async fn note(
    connection: &mut PgConnection,
    invitation: InvitationId,
    pot_opened: bool,
    first_gift: bool,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update sponsorship.invitations
         set pot_opened_at = case when $2 then coalesce(pot_opened_at, $4) else pot_opened_at end,
             first_gift_at = case when $3 then coalesce(first_gift_at, $4) else first_gift_at end
         where invitation_id = $1
           and (($2 and pot_opened_at is null) or ($3 and first_gift_at is null))",
        invitation.uuid(),
        pot_opened,
        first_gift,
        at,
    )
    .execute(connection)
    .await?;
    Ok(())
}
