//! Accounts that are wanted, until their contact is proved.

use std::fmt;

use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;
use wolo_domain::contacts::{Contact, Language};
use wolo_domain::ids::UserId;
use wolo_domain::people::BirthDate;

use super::passwords;
use super::people::{columns, is_taken};
use crate::Error;
use crate::rows::word;

const REGISTRATIONS: &str = "people.registrations";

/// What somebody says who wants an account.
#[derive(Clone)]
pub struct Registration {
    pub name: String,
    pub birth_date: BirthDate,
    pub contact: Contact,
    pub language: Language,
    pub password_hash: Option<String>,
}

/// Personal, all of it.
impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Registration(…)")
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    Account(UserId),
    /// Somebody else proved the same contact first.
    ContactTaken,
    /// It is not there any more: its account has been made, or it was too old.
    Gone,
}

/// Remembers the wish. It has no effect on anybody until the contact is proved.
#[tracing::instrument(name = "db.accounts.remember_registration", skip_all, err)]
pub async fn remember(connection: &mut PgConnection, wanted: &Registration) -> Result<Uuid, Error> {
    let id = Uuid::now_v7();
    let (phone, email) = columns(&wanted.contact);
    sqlx::query!(
        "insert into people.registrations (
             registration_id, name, birth_date, phone, email, language, password_hash
         )
         values ($1, $2, $3, $4, $5, $6, $7)",
        id,
        wanted.name,
        wanted.birth_date.day(),
        phone,
        email,
        wanted.language.as_str(),
        wanted.password_hash,
    )
    .execute(connection)
    .await?;
    Ok(id)
}

/// Where a wish waits to be proved, and the language of whoever has it.
#[tracing::instrument(name = "db.accounts.registration_contact", skip_all, err)]
pub async fn contact(
    database: impl PgExecutor<'_>,
    registration: Uuid,
) -> Result<Option<(Contact, Language)>, Error> {
    let row = sqlx::query!(
        "select phone, email, language from people.registrations where registration_id = $1",
        registration,
    )
    .fetch_optional(database)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let contact =
        super::people::contact(row.phone.as_deref(), row.email.as_deref(), REGISTRATIONS, registration)?;
    let language = word(&row.language, REGISTRATIONS, "language", registration)?;
    Ok(contact.map(|contact| (contact, language)))
}

/// Makes the account, now that the contact is proved. The wish is fulfilled once.
#[tracing::instrument(name = "db.accounts.fulfil_registration", skip_all, fields(%user), err)]
pub async fn fulfil(connection: &mut PgConnection, registration: Uuid, user: UserId) -> Result<Made, Error> {
    let wanted = sqlx::query!(
        "delete from people.registrations where registration_id = $1
         returning name, birth_date, phone, email, language, password_hash",
        registration,
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(wanted) = wanted else { return Ok(Made::Gone) };
    let made = sqlx::query!(
        "insert into people.users (user_id, name, birth_date, phone, email, language)
         values ($1, $2, $3, $4, $5, $6)",
        user.uuid(),
        wanted.name,
        wanted.birth_date,
        wanted.phone,
        wanted.email,
        wanted.language,
    )
    .execute(&mut *connection)
    .await;
    match made {
        Ok(_) => {}
        Err(error) if is_taken(&error) => return Ok(Made::ContactTaken),
        Err(error) => return Err(error.into()),
    }
    if let Some(hash) = wanted.password_hash {
        passwords::set(connection, user, &hash).await?;
    }
    Ok(Made::Account(user))
}
