//! Erasing somebody: everything that says who they were goes, in one transaction, or nothing does.
//!
//! What each statement is about stands, column by column, in `database/data-map.csv`. Rows that others rely on (a gift, a message
//! that was sent, an invitation) stay, with nothing in them that is theirs; rows that were for them alone go. It refuses while
//! anything of theirs is under way, and for an account that nobody has closed.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use wolo_domain::audit::{Action, Happening};
use wolo_domain::closures::UnderWay;
use wolo_domain::ids::UserId;
use wolo_domain::people::ERASED;

use super::{Standing, lock, under_way};
use crate::audit::{self, Doer};
use crate::{Error, Pool};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Erasing {
    /// Now or before.
    Erased,
    /// Nothing was changed.
    Waits(UnderWay),
    /// The account is in use: it was restored, or nobody has closed it.
    InUse,
    NobodyKnown,
}

/// How somebody is found where no id names them.
struct Contacts {
    phone: Option<String>,
    /// In small letters.
    email: Option<String>,
}

/// Erases whoever has closed their account.
#[tracing::instrument(name = "db.closures.erase", skip_all, fields(%user), err)]
pub async fn erase(pool: &Pool, user: UserId, doer: Doer<'_>, at: DateTime<Utc>) -> Result<Erasing, Error> {
    let mut tx = pool.begin().await?;
    let erasing = erase_within(&mut tx, user, doer, at).await?;
    tx.commit().await?;
    Ok(erasing)
}

/// The same as a part of something else.
pub(crate) async fn erase_within(
    connection: &mut PgConnection,
    user: UserId,
    doer: Doer<'_>,
    at: DateTime<Utc>,
) -> Result<Erasing, Error> {
    match lock(connection, user).await? {
        None => return Ok(Erasing::NobodyKnown),
        Some(Standing::ErasedAt(_)) => return Ok(Erasing::Erased),
        Some(Standing::InUse) => return Ok(Erasing::InUse),
        Some(Standing::ClosingSince(_)) => {}
    }
    let left = under_way(&mut *connection, user).await?;
    if !left.is_nothing() {
        return Ok(Erasing::Waits(left));
    }
    let contacts = sqlx::query_as!(
        Contacts,
        "select phone, lower(email) as email from people.users where user_id = $1",
        user.uuid(),
    )
    .fetch_one(&mut *connection)
    .await?;
    // First: what cannot be rewritten lets the words of the erased be taken away, and of nobody else.
    the_account(connection, user, at).await?;
    ways_in(connection, user, &contacts).await?;
    messages(connection, user, &contacts).await?;
    receipts(connection, user, &contacts).await?;
    pots(connection, user).await?;
    gifts(connection, user, &contacts).await?;
    invitations(connection, user, &contacts, at).await?;
    consents_and_cases(connection, user).await?;
    what_was_heard(connection, user).await?;
    audit::note(connection, Happening::new(Action::PersonErased, user), doer).await?;
    Ok(Erasing::Erased)
}

async fn the_account(connection: &mut PgConnection, user: UserId, at: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "update people.users
         set erased_at = $2, name = $3, birth_date = '0001-01-01', phone = null, email = null, language = 'fr',
             locked_why = 'erased'
         where user_id = $1",
        user.uuid(),
        at,
        ERASED,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!("update people.roles set reason = $2 where user_id = $1", user.uuid(), ERASED)
        .execute(&mut *connection)
        .await?;
    sqlx::query!("delete from people.preferences where user_id = $1", user.uuid())
        .execute(&mut *connection)
        .await?;
    sqlx::query!("delete from people.birth_date_changes where user_id = $1", user.uuid())
        .execute(connection)
        .await?;
    Ok(())
}

/// Secrets, sessions with the names of devices, and who they are elsewhere.
async fn ways_in(connection: &mut PgConnection, user: UserId, contacts: &Contacts) -> Result<(), Error> {
    let Contacts { phone, email } = contacts;
    sqlx::query!("delete from people.passwords where user_id = $1", user.uuid())
        .execute(&mut *connection)
        .await?;
    sqlx::query!("delete from people.second_factors where user_id = $1", user.uuid())
        .execute(&mut *connection)
        .await?;
    sqlx::query!("delete from people.recovery_codes where user_id = $1", user.uuid())
        .execute(&mut *connection)
        .await?;
    sqlx::query!("delete from people.identities where user_id = $1", user.uuid())
        .execute(&mut *connection)
        .await?;
    // Refresh tokens go with their session.
    sqlx::query!("delete from people.sessions where user_id = $1", user.uuid())
        .execute(&mut *connection)
        .await?;
    sqlx::query!(
        "delete from people.codes where user_id = $1 or phone = $2 or lower(email) = $3",
        user.uuid(),
        phone.as_deref(),
        email.as_deref(),
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "delete from people.registrations where coalesce(phone, lower(email)) in ($1, $2)",
        phone.as_deref(),
        email.as_deref(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Of their guardians as a minor, and of who they were found to be. What those agreed to stands, about an id that is nobody's.
async fn consents_and_cases(connection: &mut PgConnection, user: UserId) -> Result<(), Error> {
    sqlx::query!(
        "delete from minors.guardians
         where consent_id in (select consents.consent_id from minors.consents where minor_id = $1)",
        user.uuid(),
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "update minors.consents set guardian_name = $2, guardian_phone = null where minor_id = $1",
        user.uuid(),
        ERASED
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "update minors.cases set approved_birth_date = '0001-01-01'
         where subject_id = $1 and approved_birth_date is not null",
        user.uuid(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn messages(connection: &mut PgConnection, user: UserId, contacts: &Contacts) -> Result<(), Error> {
    let Contacts { phone, email } = contacts;
    sqlx::query!("delete from notices.devices where user_id = $1", user.uuid())
        .execute(&mut *connection)
        .await?;
    sqlx::query!(
        "delete from notices.opt_outs where address = $1 or lower(address) = $2",
        phone.as_deref(),
        email.as_deref(),
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!("delete from notices.conversations where address = $1", phone.as_deref())
        .execute(&mut *connection)
        .await?;
    sqlx::query!("update notices.notices set mail_to = null where lower(mail_to) = $1", email.as_deref(),)
        .execute(connection)
        .await?;
    Ok(())
}

/// A provider's name for a message holds the number that it went to, for those who can read it. Messages that came before there was
/// an account are known by the invitation or the gift that they were about.
async fn receipts(connection: &mut PgConnection, user: UserId, contacts: &Contacts) -> Result<(), Error> {
    let Contacts { phone, email } = contacts;
    let messages = sqlx::query_scalar!(
        "select notice_id from notices.notices
         where user_id = $1 or person in (
             select 'inv_' || replace(invitation_id::text, '-', '') from sponsorship.invitations
             where coalesce(phone, lower(email)) in ($2, $3)
             union all
             select 'don_' || replace(donation_id::text, '-', '') from money.donations where donor_phone = $2
         )",
        user.uuid(),
        phone.as_deref(),
        email.as_deref(),
    )
    .fetch_all(&mut *connection)
    .await?;
    sqlx::query!(
        "update notices.receipts set event_id = 'erased-' || gen_random_uuid() where notice_id = any ($1)",
        &messages,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "update notices.attempts set provider_id = 'erased-' || gen_random_uuid()
         where notice_id = any ($1) and provider_id is not null",
        &messages,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Their pots, what was written to them there or reported of them, what they reported, and the numbers that they were paid to.
async fn pots(connection: &mut PgConnection, user: UserId) -> Result<(), Error> {
    sqlx::query!(
        "update pots.pots set title = $2, description = '', visibility = 'private' where owner_id = $1",
        user.uuid(),
        ERASED,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "update pots.holds set note = $2 where pot_id in (select pot_id from pots.pots where owner_id = $1)",
        user.uuid(),
        ERASED,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "update pots.reports
         set words = null, resolution = case when resolution is not null then $2 end
         where reporter_id = $1 or pot_id in (select pot_id from pots.pots where owner_id = $1)",
        user.uuid(),
        ERASED,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "update money.donations set message = null
         where message is not null and pot_id in (select pot_id from pots.pots where owner_id = $1)",
        user.uuid(),
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "update money.payout_recipients set phone = null
         where payout_id in (
             select payout_id from money.payouts join pots.pots using (pot_id) where owner_id = $1
         )",
        user.uuid(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What they gave, signed in or with their phone.
async fn gifts(connection: &mut PgConnection, user: UserId, contacts: &Contacts) -> Result<(), Error> {
    sqlx::query!(
        "update money.donations set donor_name = null, donor_phone = null, message = null
         where donor_user_id = $1 or donor_phone = $2",
        user.uuid(),
        contacts.phone.as_deref(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What they sent, what brought them here, and what went to their contacts; that lapses where it waits for an answer still. One
/// contact must stand in an invitation: an address that is nobody's does.
async fn invitations(
    connection: &mut PgConnection,
    user: UserId,
    contacts: &Contacts,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    let Contacts { phone, email } = contacts;
    sqlx::query!(
        "update sponsorship.invitations
         set sponsor_name = case when sponsor_id = $1 then $4 else sponsor_name end,
             invitee_name = case when invitee_id = $1 then $4 else invitee_name end,
             phone = null,
             email = invitation_id || '@erased.invalid',
             relationship = 'other',
             ended_note = case when ended_note is not null then $4 end,
             ended_as = case when accepted_at is null then coalesce(ended_as, 'lapsed') end,
             ended_at = case when accepted_at is null then coalesce(ended_at, $5) end
         where sponsor_id = $1 or invitee_id = $1 or coalesce(phone, lower(email)) in ($2, $3)",
        user.uuid(),
        phone.as_deref(),
        email.as_deref(),
        ERASED,
        at,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "update sponsorship.awards set name = $2 where user_id = $1 and name <> $2",
        user.uuid(),
        ERASED,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "update sponsorship.award_steps set note = $2
         where note <> $2 and award_id in (select award_id from sponsorship.awards where user_id = $1)",
        user.uuid(),
        ERASED,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What providers told of their gifts, and what they were answered under their own keys.
async fn what_was_heard(connection: &mut PgConnection, user: UserId) -> Result<(), Error> {
    sqlx::query!(
        "update ops.webhook_inbox set raw = ''
         where handled_at is not null and subject in (
             select 'don_' || replace(donation_id::text, '-', '') from money.donations where donor_user_id = $1
         )",
        user.uuid(),
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!("delete from ops.idempotency_keys where scope = $1", user.to_string())
        .execute(connection)
        .await?;
    Ok(())
}
