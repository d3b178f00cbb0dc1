//! Whom an event concerns.

use chrono::{DateTime, Utc};
use wolo_domain::accounts::Role;
use wolo_domain::ids::{DonationId, PotId, UserId};
use wolo_domain::notices::Kind;
use wolo_domain::people::Phone;

use crate::rows::{Page, word};
use crate::{Error, Pool};

/// Somebody who gave, as far as they can be reached. Personal.
#[derive(Clone, PartialEq, Eq)]
pub struct Giver {
    /// The gift that they are known by.
    pub donation: DonationId,
    pub user: Option<UserId>,
    pub phone: Option<Phone>,
}

/// Who gave a gift.
#[tracing::instrument(name = "db.notices.giver_of", skip(pool), err)]
pub async fn giver_of(pool: &Pool, donation: DonationId) -> Result<Option<Giver>, Error> {
    let row = sqlx::query!(
        "select donor_user_id, donor_phone from money.donations where donation_id = $1",
        donation.uuid(),
    )
    .fetch_optional(pool)
    .await?;
    row.map(|row| giver(donation, row.donor_user_id, row.donor_phone)).transpose()
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

/// How many messages of a kind there are for a person since a moment.
#[tracing::instrument(name = "db.notices.told_since", skip(pool, person), err)]
pub async fn told_since(pool: &Pool, person: &str, kind: Kind, since: DateTime<Utc>) -> Result<i64, Error> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "told!" from notices.notices where person = $1 and kind = $2 and created_at >= $3"#,
        person,
        kind.as_str(),
        since,
    )
    .fetch_one(pool)
    .await?)
}

/// Whether a person has been told of an event.
#[tracing::instrument(name = "db.notices.was_told", skip(pool, person), err)]
pub async fn was_told(pool: &Pool, event: &str, person: &str) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from notices.notices where event = $1 and person = $2) as "told!""#,
        event,
        person,
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
