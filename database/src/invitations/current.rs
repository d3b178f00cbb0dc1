//! Which pot an invitation follows: that of the next birthday of whoever accepted it, until one has opened.
//!
//! A pot may be given up before it opens: because the birth date was wrong and the right one lies in another year, or because its
//! owner wants none this time. What the invitation brings then is the pot that comes instead.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use wolo_domain::ids::InvitationId;
use wolo_domain::invitations::AWAITED_DAYS;

use crate::Error;

/// Follows the pot that whoever accepted has now, if that of before is given up, was open before they accepted or there was none, and
/// none has opened since. Says whether there is still none: then another may come, for a year and some days.
pub(super) async fn follow_current(
    connection: &mut PgConnection,
    invitation: InvitationId,
    at: DateTime<Utc>,
) -> Result<bool, Error> {
    let awaits = sqlx::query_scalar!(
        r#"update sponsorship.invitations
           set pot_id = coalesce(
               (
                   -- One that was open before the acceptance is not what it has brought.
                   select pots.pot_id from pots.pots
                   where owner_id = invitee_id and stage not in ('cancelling', 'cancelled')
                     and (opened_at is null or opened_at >= accepted_at)
                   order by opens_at, pots.pot_id
                   limit 1
               ),
               pot_id
           )
           where invitation_id = $1 and accepted_at is not null and pot_opened_at is null
             and not exists (
                 select from pots.pots
                 where pots.pot_id = invitations.pot_id and stage not in ('cancelling', 'cancelled')
                   and (opened_at is null or opened_at >= accepted_at)
             )
           returning accepted_at > $2 and not exists (
               select from pots.pots
               where pots.pot_id = invitations.pot_id and stage not in ('cancelling', 'cancelled')
                 and (opened_at is null or opened_at >= accepted_at)
           ) as "awaits!""#,
        invitation.uuid(),
        at - TimeDelta::days(AWAITED_DAYS),
    )
    .fetch_optional(connection)
    .await?;
    Ok(awaits.unwrap_or(false))
}
