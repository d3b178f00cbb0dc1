//! Whether an invitation brings points, by what is known of the two.
//!
//! It is judged when somebody accepts it, and at each look after that: a phone is proved later, an account is locked, both turn
//! out to be paid to one number. What does not pass by itself stays, whatever the two change afterwards.

use sqlx::PgConnection;
use wolo_domain::ids::{InvitationId, UserId};
use wolo_domain::invitations::{Bond, NoPoints, Party};
use wolo_domain::people::Phone;

use super::INVITATIONS;
use crate::Error;
use crate::rows::word;

/// What an invitation is judged by.
pub(super) struct Case {
    pub(super) invitation: InvitationId,
    pub(super) sponsor: UserId,
    /// Where it went, if that is a phone.
    pub(super) invited_at: Option<Phone>,
}

/// Judges an invitation that is being accepted. Whoever is judged after this sees the acceptance: the caller sees to that.
pub(super) async fn judge(
    connection: &mut PgConnection,
    case: Case,
    invited: Party,
) -> Result<Option<NoPoints>, Error> {
    let brought_the_sponsor = who_brought(connection, case.sponsor).await?;
    let sponsor = the_sponsor(connection, &case).await?;
    let bond = Bond { sponsor, invited, invited_at: case.invited_at, brought_the_sponsor };
    Ok(NoPoints::between(&bond))
}

/// Judges one again that was accepted, and notes what was found. Circles are found when they are closed, by the acceptance that
/// closes them; those before it keep what they have brought.
pub(super) async fn judge_again(
    connection: &mut PgConnection,
    case: Case,
    invitee: UserId,
    before: Option<NoPoints>,
) -> Result<Option<NoPoints>, Error> {
    if before.is_some_and(|rule| !rule.may_pass()) {
        return Ok(before);
    }
    let Some((_, guest)) = party(connection, invitee).await? else {
        return Err(Error::inconsistent(INVITATIONS, "invitee_id", case.invitation));
    };
    let (invitation, sponsor) = (case.invitation, the_sponsor(connection, &case).await?);
    let bond = Bond { sponsor, invited: guest, invited_at: case.invited_at, brought_the_sponsor: Vec::new() };
    let found = NoPoints::between(&bond);
    if found != before {
        sqlx::query!(
            "update sponsorship.invitations set no_points = $2 where invitation_id = $1",
            invitation.uuid(),
            found.map(NoPoints::as_str),
        )
        .execute(connection)
        .await?;
    }
    Ok(found)
}

async fn the_sponsor(connection: &mut PgConnection, case: &Case) -> Result<Party, Error> {
    let found = party(connection, case.sponsor).await?;
    found
        .map(|(_, sponsor)| sponsor)
        .ok_or_else(|| Error::inconsistent(INVITATIONS, "sponsor_id", case.invitation))
}

/// Somebody's name, phone, and the numbers that they are or were paid to.
pub(super) async fn party(
    connection: &mut PgConnection,
    user: UserId,
) -> Result<Option<(String, Party)>, Error> {
    let row = sqlx::query!(
        r#"select name, phone, locked_at is not null as "locked!",
                  array(
                      select recipients.phone
                      from pots.pots
                      join money.payouts using (pot_id)
                      join money.payout_recipients recipients using (payout_id)
                      where owner_id = $1 and recipients.phone is not null
                      union
                      select phone where phone is not null
                  ) as "paid_to!"
           from people.users
           where user_id = $1"#,
        user.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let phone = |text: &str| word(text, "people.users", "phone", user);
    let party = Party {
        user,
        phone: row.phone.as_deref().map(phone).transpose()?,
        locked: row.locked,
        paid_to: row.paid_to.iter().map(|text| phone(text)).collect::<Result<_, _>>()?,
    };
    Ok(Some((row.name, party)))
}

/// Who brought somebody here, who brought them, and so on, however far back.
async fn who_brought(connection: &mut PgConnection, user: UserId) -> Result<Vec<UserId>, Error> {
    let line = sqlx::query_scalar!(
        r#"with recursive line (user_id) as (
               select sponsor_id from sponsorship.invitations where invitee_id = $1
               union
               select invitation.sponsor_id
               from line
               join sponsorship.invitations invitation on invitation.invitee_id = line.user_id
           )
           select user_id as "user_id!" from line"#,
        user.uuid(),
    )
    .fetch_all(connection)
    .await?;
    Ok(line.into_iter().map(UserId::from_uuid).collect())
}
