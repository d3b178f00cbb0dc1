//! Whom an event concerns.

use chrono::{DateTime, NaiveDate, Utc};
use wolo_domain::accounts::Role;
use wolo_domain::ids::{DonationId, InvitationId, PotId, UserId};
use wolo_domain::money::Xof;
use wolo_domain::notices::Kind;
use wolo_domain::people::Phone;
use wolo_domain::pots::PotStage;

use crate::rows::{Page, word};
use crate::{Error, Pool};

/// The pot that an event is about, as far as messages name it. Its sums are not here: they grow with every gift, and most events
/// are gifts.
#[derive(Clone, PartialEq, Eq)]
pub struct Subject {
    pub pot: PotId,
    pub owner: UserId,
    pub owner_name: String,
    /// The part of its link that nobody can guess.
    pub slug: String,
    pub title: String,
    pub target: Xof,
    /// The owner cannot see who gave what until the day.
    pub surprise: bool,
    pub birthday: NaiveDate,
    pub opens_at: DateTime<Utc>,
    pub closes_at: DateTime<Utc>,
    pub stage: PotStage,
    pub follower: Option<Follower>,
}

/// The invitation that has brought a pot's owner here: its process wants to hear of the pot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Follower {
    pub invitation: InvitationId,
    /// The first gift, which is all that it wants of gifts, has come.
    pub has_a_gift: bool,
}

#[tracing::instrument(name = "db.notices.subject", skip(pool), err)]
pub async fn subject(pool: &Pool, pot: PotId) -> Result<Option<Subject>, Error> {
    let row = sqlx::query!(
        r#"select owner_id, name, slug, title, target, surprise, birthday, opens_at, closes_at, stage,
                  invitation_id as "invitation_id?", first_gift_at
           from pots.pots
           join people.users on user_id = owner_id
           -- A pot that was open before brings nothing more. Where none has opened yet, each of theirs may be the one.
           left join sponsorship.invitations
               on invitee_id = owner_id and (invitations.pot_id = pots.pot_id or pot_opened_at is null)
                   and (pots.opened_at is null or pots.opened_at >= accepted_at)
           where pots.pot_id = $1"#,
        pot.uuid(),
    )
    .fetch_optional(pool)
    .await?;
    row.map(|row| {
        Ok(Subject {
            pot,
            owner: UserId::from_uuid(row.owner_id),
            owner_name: row.name,
            slug: row.slug,
            title: row.title,
            target: Xof::new(row.target),
            surprise: row.surprise,
            birthday: row.birthday,
            opens_at: row.opens_at,
            closes_at: row.closes_at,
            stage: word(&row.stage, "pots.pots", "stage", pot)?,
            follower: row.invitation_id.map(|invitation| Follower {
                invitation: InvitationId::from_uuid(invitation),
                has_a_gift: row.first_gift_at.is_some(),
            }),
        })
    })
    .transpose()
}

/// Somebody who gave, as far as they can be reached. Personal.
#[derive(Clone, PartialEq, Eq)]
pub struct Giver {
    /// The gift that they are known by.
    pub donation: DonationId,
    pub user: Option<UserId>,
    pub phone: Option<Phone>,
}

/// A gift, as far as messages tell of it. Personal.
#[derive(Clone, PartialEq, Eq)]
pub struct Gift {
    pub giver: Giver,
    /// What was asked for.
    pub amount: Xof,
    pub donor_name: Option<String>,
    /// The name is not told.
    pub anonymous: bool,
    pub wave_transaction_id: Option<String>,
}

#[tracing::instrument(name = "db.notices.gift", skip(pool), err)]
pub async fn gift(pool: &Pool, donation: DonationId) -> Result<Option<Gift>, Error> {
    let row = sqlx::query!(
        "select amount, donor_user_id, donor_phone, donor_name, anonymous, wave_transaction_id
         from money.donations
         where donation_id = $1",
        donation.uuid(),
    )
    .fetch_optional(pool)
    .await?;
    row.map(|row| {
        Ok(Gift {
            giver: giver(donation, row.donor_user_id, row.donor_phone)?,
            amount: Xof::new(row.amount),
            donor_name: row.donor_name,
            anonymous: row.anonymous,
            wave_transaction_id: row.wave_transaction_id,
        })
    })
    .transpose()
}

/// Everybody who has a gift in a pot and can be reached, each once, by the last of their gifts.
#[tracing::instrument(name = "db.notices.givers", skip(pool), err)]
pub async fn givers(pool: &Pool, pot: PotId, page: Page<DonationId>) -> Result<Vec<Giver>, Error> {
    sqlx::query!(
        "select donation_id, donor_user_id, donor_phone
         from money.donations gift
         where pot_id = $1 and stage = 'confirmed' and num_nonnulls(donor_user_id, donor_phone) > 0
           and ($2::uuid is null or donation_id > $2)
           and not exists (
               select from money.donations later
               where later.pot_id = $1 and later.stage = 'confirmed' and later.donation_id > gift.donation_id
                 and (later.donor_user_id = gift.donor_user_id
                      or (gift.donor_user_id is null and later.donor_user_id is null
                          and later.donor_phone = gift.donor_phone))
           )
         order by donation_id
         limit $3",
        pot.uuid(),
        page.after.map(DonationId::uuid),
        page.rows(),
    )
    .fetch_all(pool)
    .await?
    .into_iter()
    .map(|row| giver(DonationId::from_uuid(row.donation_id), row.donor_user_id, row.donor_phone))
    .collect()
}

fn giver(donation: DonationId, user: Option<uuid::Uuid>, phone: Option<String>) -> Result<Giver, Error> {
    Ok(Giver {
        donation,
        user: user.map(UserId::from_uuid),
        phone: phone.map(|phone| word(&phone, "money.donations", "donor_phone", donation)).transpose()?,
    })
}

/// What a person has been told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ToldBefore {
    /// How many messages of a kind there are since a moment.
    pub since: i64,
    /// Whether there is one of an event.
    pub of_event: bool,
}

#[tracing::instrument(name = "db.notices.told", skip(pool, person), err)]
pub async fn told(
    pool: &Pool,
    person: &str,
    kind: Kind,
    since: DateTime<Utc>,
    event: &str,
) -> Result<ToldBefore, Error> {
    Ok(sqlx::query_as!(
        ToldBefore,
        r#"select (select count(*) from notices.notices where person = $1 and kind = $2 and created_at >= $3) as "since!",
                  exists (select from notices.notices where event = $4 and person = $1) as "of_event!""#,
        person,
        kind.as_str(),
        since,
        event,
    )
    .fetch_one(pool)
    .await?)
}

/// Everybody who is trusted with something now.
#[tracing::instrument(name = "db.notices.trusted_with", skip(pool), err)]
pub async fn trusted_with(pool: &Pool, role: Role) -> Result<Vec<UserId>, Error> {
    let users = sqlx::query_scalar!(
        "select user_id from people.roles where role = $1 and revoked_at is null order by user_id",
        role.as_str(),
    )
    .fetch_all(pool)
    .await?;
    Ok(users.into_iter().map(UserId::from_uuid).collect())
}
