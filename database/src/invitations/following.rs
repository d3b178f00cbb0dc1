//! What comes of an invitation that was accepted: a pot, its opening, its first gift, and the points for each.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use wolo_domain::ids::{AwardId, DonationId, InvitationId, PotId, UserId};
use wolo_domain::invitations::NoPoints;
use wolo_domain::people::Phone;
use wolo_domain::points::{PointsRule, PointsRules};
use wolo_domain::pots::PotStage;

use super::INVITATIONS;
use super::current::follow_current;
use super::judging::{Case, judge_again};
use crate::points::{self, Award, NewAward};
use crate::rows::word;
use crate::{Error, Pool};

/// What is known of an accepted invitation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Following {
    pub pot: Option<FollowedPot>,
    /// No pot has opened since, and that which would have is given up, was open before or never was: another may come.
    pub awaits_pot: bool,
    /// By rule.
    pub awards: Vec<Award>,
    /// All points of the sponsor that were not revoked or used.
    pub balance: i64,
    /// It brings no points yet, for a reason that may pass until then.
    pub may_pass_until: Option<DateTime<Utc>>,
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

/// Looks what has come of an invitation, notes it, and gives, matures and revokes the points for it, as it is judged now. Done
/// again it finds everything done.
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
    let gift = match known.pot {
        Some((pot, _)) => first_gift(&mut tx, pot, known.sponsor).await?,
        None => None,
    };
    let opened = known.opened_after_acceptance();
    note(&mut tx, invitation, opened, opened && gift.is_some(), at).await?;
    if known.is_given_up()
        && let Some((pot, _)) = known.pot
    {
        points::revoke_for_pot(&mut tx, pot).await?;
    }
    let forbidden = judge_again(&mut tx, known.case(), known.invitee, known.no_points).await?;
    match forbidden {
        None => {
            give(&mut tx, &known, gift, rules, at).await?;
            let paid_out = opened && known.is_settled() && gift.is_some();
            points::mature(&mut tx, invitation, paid_out, at).await?;
        }
        // What may pass has until they would mature.
        Some(rule) => {
            let due = rule.may_pass().then_some(at);
            points::revoke_pending(&mut tx, invitation, rule, due).await?;
        }
    }
    let awards = points::of_invitation(&mut *tx, invitation).await?;
    let balance = points::balance_within(&mut tx, known.sponsor).await?;
    tx.commit().await?;
    let may_pass = forbidden.is_some_and(NoPoints::may_pass);
    let may_pass_until = may_pass.then(|| rules.matures_at(known.accepted_at));
    let pot = known.pot.map(|(_, pot)| pot);
    Ok(Following { pot, awaits_pot, awards, balance, may_pass_until })
}

/// Gives the points for what has come about, each once.
async fn give(
    connection: &mut PgConnection,
    known: &Known,
    gift: Option<DonationId>,
    rules: PointsRules,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    let mut due = vec![(PointsRule::InvitationAccepted, None)];
    if known.opened_after_acceptance() && !known.is_given_up() {
        due.push((PointsRule::PotOpened, None));
        due.extend(gift.map(|gift| (PointsRule::FirstGift, Some(gift))));
    }
    for (rule, donation) in due {
        let award = NewAward {
            id: AwardId::of(known.invitation, rule),
            user: known.sponsor,
            name: known.sponsor_name.clone(),
            rule,
            invitation: known.invitation,
            points: rules.points(rule),
            donation,
            awarded_at: at,
            matures_at: rules.matures_at(at),
        };
        points::award(connection, &award).await?;
    }
    Ok(())
}

struct Known {
    invitation: InvitationId,
    sponsor: UserId,
    sponsor_name: String,
    /// Where it went, if that is a phone.
    phone: Option<Phone>,
    invitee: UserId,
    /// As it was judged the last time.
    no_points: Option<NoPoints>,
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

    fn is_settled(&self) -> bool {
        self.pot.is_some_and(|(_, pot)| pot.stage == PotStage::Settled)
    }

    fn case(&self) -> Case {
        Case { invitation: self.invitation, sponsor: self.sponsor, invited_at: self.phone.clone() }
    }
}

async fn lock(connection: &mut PgConnection, invitation: InvitationId) -> Result<Known, Error> {
    let row = sqlx::query!(
        r#"select sponsor_id, sponsor_name, phone, invitee_id, no_points, accepted_at, pots.pot_id as "pot_id?",
                  stage as "stage?", opened_at as "opened?", opens_at as "opens_at?", closes_at as "closes_at?"
           from (
               select sponsor_id, sponsor_name, phone, invitee_id, no_points, accepted_at, pot_id
               from sponsorship.invitations where invitation_id = $1
               for update
           ) invitation
           left join pots.pots using (pot_id)"#,
        invitation.uuid(),
    )
    .fetch_optional(connection)
    .await?
    .ok_or_else(|| Error::missing(INVITATIONS, invitation))?;
    let (Some(accepted_at), Some(invitee)) = (row.accepted_at, row.invitee_id) else {
        return Err(Error::conflict("invitations_followed_once_accepted"));
    };
    let pot = match (row.pot_id, row.stage, row.opens_at, row.closes_at) {
        (Some(pot), Some(stage), Some(opens_at), Some(closes_at)) => {
            let pot = PotId::from_uuid(pot);
            let stage = word(&stage, "pots.pots", "stage", pot)?;
            Some((pot, FollowedPot { stage, opens_at, closes_at }))
        }
        _ => None,
    };
    Ok(Known {
        invitation,
        sponsor: UserId::from_uuid(row.sponsor_id),
        sponsor_name: row.sponsor_name,
        phone: row.phone.map(|phone| word(&phone, INVITATIONS, "phone", invitation)).transpose()?,
        invitee: UserId::from_uuid(invitee),
        no_points: row.no_points.map(|rule| word(&rule, INVITATIONS, "no_points", invitation)).transpose()?,
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
