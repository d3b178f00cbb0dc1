//! Asking for a gift: the pot's rules, then the row, then Wave's page.

use sqlx::PgConnection;
use wolo_domain::donations::DonationRefusal;
use wolo_domain::ids::{DonationId, UserId};
use wolo_domain::people::Phone;
use wolo_domain::pots::PotStage;

use super::{Checkout, DONATIONS, NewDonation, Requesting, rows};
use crate::pots::{self, Lock};
use crate::rows::word;
use crate::{Error, Pool};

/// Writes a gift down if its pot takes it. The pot's lock is shared until the gift is committed, so a pot that is
/// closing waits for the gift, or the gift sees it closed: none lands in a closed pot.
///
/// What one gift may be (its bounds) is a rule without a table, and checked by the caller.
#[tracing::instrument(name = "db.donations.request", skip_all, fields(donation = %new.id, pot = %new.pot), err)]
pub async fn request(pool: &Pool, new: &NewDonation) -> Result<Requesting, Error> {
    let mut tx = pool.begin().await?;
    if let Err(refusal) = admit(&mut tx, new).await? {
        // What was asked for before the pot refused stands.
        return Ok(existing(&mut tx, new).await?.unwrap_or(Requesting::Refused(refusal)));
    }
    let inserted = sqlx::query!(
        "insert into money.donations (
             donation_id, pot_id, amount, donor_user_id, donor_name, donor_phone, message, anonymous
         )
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (donation_id) do nothing",
        new.id.uuid(),
        new.pot.uuid(),
        new.amount.francs(),
        new.donor.user.map(UserId::uuid),
        new.donor.name,
        new.donor.phone.as_ref().map(Phone::reveal),
        new.donor.message,
        new.donor.anonymous,
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    if inserted == 0 {
        return existing(&mut tx, new).await?.ok_or_else(|| Error::missing(DONATIONS, new.id));
    }
    tx.commit().await?;
    Ok(Requesting::New)
}

async fn existing(connection: &mut PgConnection, new: &NewDonation) -> Result<Option<Requesting>, Error> {
    match rows::donation(connection, new.id).await? {
        None => Ok(None),
        Some(found) if found.pot == new.pot && found.amount == new.amount => {
            Ok(Some(Requesting::Existing(Box::new(found))))
        }
        // An id names one gift; another pot or amount under it is another gift.
        Some(_) => Err(Error::conflict("donations_pkey")),
    }
}

/// The pot's rules, under a lock that keeps its answers true until the commit.
async fn admit(
    connection: &mut PgConnection,
    new: &NewDonation,
) -> Result<Result<(), DonationRefusal>, Error> {
    pots::enter(connection, new.pot, Lock::ToRelyOn).await?;
    let pot = sqlx::query!(
        r#"select pots.stage, pots.owner_id, pots.allow_anonymous, pots.allow_messages, users.phone as owner_phone,
                  array(
                      select reason from pots.holds
                      where holds.pot_id = pots.pot_id and released_at is null
                      order by since, reason
                  ) as "holds!"
           from pots.pots
           join people.users on users.user_id = pots.owner_id
           where pot_id = $1"#,
        new.pot.uuid(),
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(pot) = pot else { return Ok(Err(DonationRefusal::PotUnknown)) };
    let stage: PotStage = word(&pot.stage, "pots.pots", "stage", new.pot)?;
    if !stage.takes_donations() {
        return Ok(Err(DonationRefusal::PotNotOpen { stage }));
    }
    let mut holds = pots::reasons(&pot.holds, new.pot)?.into_iter();
    if let Some(reason) = holds.find(|reason| reason.stops_everything()) {
        return Ok(Err(DonationRefusal::PotHeld { reason }));
    }
    let donor = &new.donor;
    let same_phone =
        donor.phone.as_ref().is_some_and(|phone| pot.owner_phone.as_deref() == Some(phone.reveal()));
    if same_phone || donor.user.map(UserId::uuid) == Some(pot.owner_id) {
        return Ok(Err(DonationRefusal::OwnPot));
    }
    if donor.anonymous && !pot.allow_anonymous {
        return Ok(Err(DonationRefusal::AnonymousNotAllowed));
    }
    if donor.message.is_some() && !pot.allow_messages {
        return Ok(Err(DonationRefusal::MessagesNotAllowed));
    }
    Ok(Ok(()))
}

/// Writes down the page that Wave made. The first one stays, and is the answer: a caller that made another must not
/// show it.
#[tracing::instrument(name = "db.donations.attach_checkout", skip_all, fields(%donation), err)]
pub async fn attach_checkout(
    pool: &Pool,
    donation: DonationId,
    checkout: &Checkout,
) -> Result<Checkout, Error> {
    let attached = sqlx::query!(
        "update money.donations
         set checkout_id = $2, wave_launch_url = $3, checkout_opened_at = $4, checkout_expires_at = $5
         where donation_id = $1 and stage = 'requested' and checkout_id is null",
        donation.uuid(),
        checkout.id,
        checkout.wave_launch_url,
        checkout.opened_at,
        checkout.expires_at,
    )
    .execute(pool)
    .await?
    .rows_affected();
    if attached == 1 {
        return Ok(checkout.clone());
    }
    let row = rows::donation(pool, donation).await?.ok_or_else(|| Error::missing(DONATIONS, donation))?;
    row.checkout.ok_or_else(|| Error::conflict("donations_checkout_while_requested"))
}

/// Ends a gift for which Wave would not make a page.
#[tracing::instrument(name = "db.donations.refuse_checkout", skip_all, fields(%donation, code), err)]
pub async fn refuse_checkout(pool: &Pool, donation: DonationId, code: &str) -> Result<(), Error> {
    let mut tx = pool.begin().await?;
    let row = rows::lock(&mut tx, donation).await?;
    if row.refusal_code.is_some() {
        return Ok(());
    }
    if row.checkout.is_some() {
        return Err(Error::conflict("donations_refused_without_checkout"));
    }
    let to = row.stage.expire()?;
    sqlx::query!(
        "update money.donations set stage = $2, refusal_code = $3, ended_at = clock_timestamp()
         where donation_id = $1",
        donation.uuid(),
        to.as_str(),
        code,
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(())
}
