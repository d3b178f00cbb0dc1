//! To whom a payout goes: to the pot's owner, or to the guardian of one who is a minor. What is checked and approved is one phone; when
//! it is another one before an order has begun (the account has a new one, the minor has come of age), a new clearance begins, and
//! nothing that was said about the phone before counts for it.

use sqlx::PgConnection;
use wolo_domain::ids::{PayoutId, UserId};
use wolo_domain::payouts::PayoutOrder;
use wolo_domain::people::Phone;

use super::{Recipient, approvals, decisions, lock};
use crate::rows::{count, word};
use crate::{Error, Pool};

const RECIPIENTS: &str = "money.payout_recipients";

/// What has to be checked and approved before an order may begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clearance {
    pub number: u32,
    pub recipient: Recipient,
    /// Finance has said that this recipient is the right one, whatever Wave makes of the name.
    pub accepted: bool,
    /// How many people must still approve.
    pub missing_approvals: u32,
}

/// The clearance for the phone that the account has now.
#[tracing::instrument(name = "db.payouts.clearance", skip_all, fields(%payout), err)]
pub async fn clearance(pool: &Pool, payout: PayoutId) -> Result<Clearance, Error> {
    let mut tx = pool.begin().await?;
    let planned = lock(&mut tx, payout).await?;
    let recipient = of_account(&mut tx, payout).await?;
    let (mut number, phone) = latest(&mut tx, payout).await?;
    if phone != recipient.phone {
        number += 1;
        add(&mut tx, payout, number, recipient.phone.as_ref()).await?;
    }
    let accepted = decisions::accepts(&mut tx, payout, number).await?;
    let missing_approvals = approvals::missing(&mut tx, payout, planned.approvals_needed).await?;
    tx.commit().await?;
    Ok(Clearance { number, recipient, accepted, missing_approvals })
}

/// The first clearance, of a payout that is being planned.
pub(super) async fn begin(connection: &mut PgConnection, payout: PayoutId) -> Result<(), Error> {
    let recipient = of_account(connection, payout).await?;
    add(connection, payout, 1, recipient.phone.as_ref()).await
}

/// The number of the clearance that stands, if it is for the phone that the account has now.
pub(super) async fn cleared(connection: &mut PgConnection, payout: PayoutId) -> Result<Option<u32>, Error> {
    let (number, phone) = latest(connection, payout).await?;
    let recipient = of_account(connection, payout).await?;
    Ok((phone == recipient.phone).then_some(number))
}

/// Where an order goes that has begun. None: there was nowhere to pay to.
#[tracing::instrument(name = "db.payouts.phone_of_order", skip_all, fields(order = order.key()), err)]
pub async fn phone_of_order(pool: &Pool, order: PayoutOrder) -> Result<Option<Phone>, Error> {
    let phone = sqlx::query_scalar!(
        "select phone
         from money.payout_orders
         join money.payout_recipients using (payout_id, clearance)
         where payout_id = $1 and number = $2",
        order.payout.uuid(),
        i32::try_from(order.number).unwrap_or(i32::MAX),
    )
    .fetch_optional(pool)
    .await?
    .ok_or_else(|| Error::missing("money.payout_orders", order.key()))?;
    phone.as_deref().map(|text| word(text, RECIPIENTS, "phone", order.payout)).transpose()
}

/// The last clearance that began, and its phone.
pub(super) async fn latest(
    connection: &mut PgConnection,
    payout: PayoutId,
) -> Result<(u32, Option<Phone>), Error> {
    let row = sqlx::query!(
        "select clearance, phone from money.payout_recipients where payout_id = $1 order by clearance desc limit 1",
        payout.uuid(),
    )
    .fetch_optional(connection)
    .await?
    .ok_or_else(|| Error::missing(RECIPIENTS, payout))?;
    let phone = row.phone.as_deref().map(|text| word(text, RECIPIENTS, "phone", payout)).transpose()?;
    Ok((count(row.clearance, RECIPIENTS, "clearance", payout)?, phone))
}

async fn add(
    connection: &mut PgConnection,
    payout: PayoutId,
    number: u32,
    phone: Option<&Phone>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into money.payout_recipients (payout_id, clearance, phone) values ($1, $2, $3)",
        payout.uuid(),
        i32::try_from(number).unwrap_or(i32::MAX),
        phone.map(Phone::reveal),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Who is paid, as their account says now; for a minor the guardian whose consent stands, until the minor comes of age and the consent
/// is handed over.
async fn of_account(connection: &mut PgConnection, payout: PayoutId) -> Result<Recipient, Error> {
    let row = sqlx::query!(
        r#"select users.user_id, coalesce(guardian_name, users.name) as "name!",
                  case when consents.consent_id is null then users.phone else guardians.phone end as phone
           from money.payouts
           join pots.pots using (pot_id)
           join people.users on users.user_id = pots.owner_id
           left join minors.consents on minor_id = users.user_id and consents.stage = 'given'
           left join minors.guardians on guardians.consent_id = consents.consent_id
           where payout_id = $1"#,
        payout.uuid(),
    )
    .fetch_one(connection)
    .await?;
    let user = UserId::from_uuid(row.user_id);
    let phone = row.phone.as_deref().map(|text| word(text, "people.users", "phone", user)).transpose()?;
    Ok(Recipient { user, name: row.name, phone })
}
