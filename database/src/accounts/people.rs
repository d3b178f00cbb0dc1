//! The account itself.

use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;
use wolo_domain::contacts::{Contact, Email, Language};
use wolo_domain::ids::UserId;
use wolo_domain::people::{BirthDate, Phone};

use crate::Error;
use crate::rows::word;

const USERS: &str = "people.users";

/// An account as its holder sees it.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    pub id: UserId,
    pub name: String,
    pub birth_date: BirthDate,
    pub phone: Option<Phone>,
    pub email: Option<Email>,
    pub language: Language,
    /// Whether it may be used.
    pub locked: bool,
    pub created_at: DateTime<Utc>,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Account({})", self.id)
    }
}

/// Whether a contact could be given to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changing {
    Changed,
    /// Another account has it.
    Taken,
}

/// An account whose holder has proved who they are.
#[derive(Clone)]
pub struct NewAccount {
    pub id: UserId,
    pub name: String,
    pub birth_date: BirthDate,
    /// Only what was proved.
    pub email: Option<Email>,
    pub language: Language,
}

/// Whether an account could be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adding {
    Added,
    /// Another account has the address.
    Taken,
}

/// Makes an account. After [`Adding::Taken`] the transaction is good for nothing more.
#[tracing::instrument(name = "db.accounts.add", skip_all, fields(user = %new.id), err)]
pub async fn add(connection: &mut PgConnection, new: &NewAccount) -> Result<Adding, Error> {
    let added = sqlx::query!(
        "insert into people.users (user_id, name, birth_date, email, language) values ($1, $2, $3, $4, $5)",
        new.id.uuid(),
        new.name,
        new.birth_date.day(),
        new.email.as_ref().map(Email::reveal),
        new.language.as_str(),
    )
    .execute(connection)
    .await;
    match added {
        Ok(_) => Ok(Adding::Added),
        Err(error) if is_taken(&error) => Ok(Adding::Taken),
        Err(error) => Err(error.into()),
    }
}

#[tracing::instrument(name = "db.accounts.account", skip_all, fields(%user), err)]
pub async fn account(database: impl PgExecutor<'_>, user: UserId) -> Result<Option<Account>, Error> {
    sqlx::query_as!(
        AccountRow,
        r#"select user_id, name, birth_date, phone, email, language, locked_at is not null as "locked!", created_at
           from people.users
           where user_id = $1"#,
        user.uuid(),
    )
    .fetch_optional(database)
    .await?
    .map(Account::try_from)
    .transpose()
}

/// The account that is known by this contact.
#[tracing::instrument(name = "db.accounts.by_contact", skip_all, err)]
pub async fn by_contact(database: impl PgExecutor<'_>, contact: &Contact) -> Result<Option<Account>, Error> {
    let (phone, email) = columns(contact);
    sqlx::query_as!(
        AccountRow,
        r#"select user_id, name, birth_date, phone, email, language, locked_at is not null as "locked!", created_at
           from people.users
           where phone = $1 or lower(email) = $2"#,
        phone,
        email,
    )
    .fetch_optional(database)
    .await?
    .map(Account::try_from)
    .transpose()
}

/// The account that is known by who its holder is at another provider.
#[tracing::instrument(name = "db.accounts.by_identity", skip_all, err)]
pub async fn by_identity(
    database: impl PgExecutor<'_>,
    issuer: &str,
    subject: &str,
) -> Result<Option<Account>, Error> {
    sqlx::query_as!(
        AccountRow,
        r#"select user_id, name, birth_date, phone, email, language, locked_at is not null as "locked!", created_at
           from people.users
           where user_id = (select user_id from people.identities where issuer = $1 and subject = $2)"#,
        issuer,
        subject,
    )
    .fetch_optional(database)
    .await?
    .map(Account::try_from)
    .transpose()
}

/// Changes what a person says of themselves. The birth date is not among it: it decides who may do what.
#[tracing::instrument(name = "db.accounts.change_profile", skip_all, fields(%user), err)]
pub async fn change_profile(
    connection: &mut PgConnection,
    user: UserId,
    name: &str,
    language: Language,
) -> Result<(), Error> {
    let changed = sqlx::query!(
        "update people.users set name = $2, language = $3 where user_id = $1",
        user.uuid(),
        name,
        language.as_str(),
    )
    .execute(connection)
    .await?
    .rows_affected();
    if changed == 1 { Ok(()) } else { Err(Error::missing(USERS, user)) }
}

/// Gives an account a contact that was proved. Doing it again changes nothing.
#[tracing::instrument(name = "db.accounts.set_contact", skip_all, fields(%user), err)]
pub async fn set_contact(
    connection: &mut PgConnection,
    user: UserId,
    contact: &Contact,
) -> Result<Changing, Error> {
    let (phone, email) = columns(contact);
    let changed = sqlx::query!(
        "update people.users set phone = coalesce($2, phone), email = coalesce($3, email) where user_id = $1",
        user.uuid(),
        phone,
        email,
    )
    .execute(connection)
    .await;
    match changed {
        Ok(done) if done.rows_affected() == 1 => Ok(Changing::Changed),
        Ok(_) => Err(Error::missing(USERS, user)),
        Err(error) if is_taken(&error) => Ok(Changing::Taken),
        Err(error) => Err(error.into()),
    }
}

/// Whether the database says that a contact has an account already.
pub(super) fn is_taken(error: &sqlx::Error) -> bool {
    let refusal = error.as_database_error().and_then(sqlx::error::DatabaseError::constraint);
    matches!(refusal, Some("users_one_account_per_phone" | "users_one_account_per_email"))
}

/// A contact as the two columns have it.
pub(crate) fn columns(contact: &Contact) -> (Option<&str>, Option<&str>) {
    match contact {
        Contact::Phone(phone) => (Some(phone.reveal()), None),
        Contact::Email(email) => (None, Some(email.reveal())),
    }
}

/// The contact that two columns hold, if they hold one.
pub(crate) fn contact(
    phone: Option<&str>,
    email: Option<&str>,
    table: &'static str,
    row: Uuid,
) -> Result<Option<Contact>, Error> {
    match (phone, email) {
        (Some(phone), None) => Ok(Some(Contact::Phone(word(phone, table, "phone", row)?))),
        (None, Some(email)) => Ok(Some(Contact::Email(word(email, table, "email", row)?))),
        (None, None) => Ok(None),
        (Some(_), Some(_)) => Err(Error::inconsistent(table, "email", row)),
    }
}

struct AccountRow {
    user_id: Uuid,
    name: String,
    birth_date: NaiveDate,
    phone: Option<String>,
    email: Option<String>,
    language: String,
    locked: bool,
    created_at: DateTime<Utc>,
}

impl TryFrom<AccountRow> for Account {
    type Error = Error;

    fn try_from(row: AccountRow) -> Result<Self, Error> {
        let id = UserId::from_uuid(row.user_id);
        Ok(Self {
            id,
            name: row.name,
            birth_date: BirthDate::new(row.birth_date),
            phone: row.phone.as_deref().map(|text| word(text, USERS, "phone", id)).transpose()?,
            // Addresses that an operator wrote down are read as leniently as they were written.
            email: row.email.as_deref().and_then(|text| text.parse().ok()),
            language: word(&row.language, USERS, "language", id)?,
            locked: row.locked,
            created_at: row.created_at,
        })
    }
}
