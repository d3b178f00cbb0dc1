//! People: who owns pots and gives gifts, as little as that needs.
//!
//! The role of the API sees no phone and no address; it reads [`profile`]. The rest is for the worker and the
//! operator.

use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgExecutor;
use uuid::Uuid;
use wolo_domain::ids::UserId;
use wolo_domain::people::{BirthDate, Phone};

use crate::rows::{Page, word};
use crate::{Error, Pool};

/// A person with an account.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    pub name: String,
    pub birth_date: BirthDate,
    pub phone: Option<Phone>,
    pub email: Option<String>,
}

/// What a page may know of a person.
#[derive(Clone, PartialEq, Eq)]
pub struct Profile {
    pub id: UserId,
    pub name: String,
    pub birth_date: BirthDate,
    pub created_at: DateTime<Utc>,
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "User({})", self.id)
    }
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Profile({})", self.id)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adding {
    Added,
    /// The same id is there already; nothing was changed.
    Existing,
    /// Another account has this phone.
    PhoneTaken,
    /// Another account has this mail address.
    EmailTaken,
}

#[tracing::instrument(name = "db.people.add_user", skip_all, fields(user = %user.id), err)]
pub async fn add_user(pool: &Pool, user: &User) -> Result<Adding, Error> {
    let added = sqlx::query!(
        "insert into people.users (user_id, name, birth_date, phone, email)
         values ($1, $2, $3, $4, $5)
         on conflict (user_id) do nothing",
        user.id.uuid(),
        user.name,
        user.birth_date.day(),
        user.phone.as_ref().map(Phone::reveal),
        user.email,
    )
    .execute(pool)
    .await;
    match added {
        Ok(done) if done.rows_affected() == 1 => Ok(Adding::Added),
        Ok(_) => Ok(Adding::Existing),
        Err(sqlx::Error::Database(refusal))
            if refusal.constraint() == Some("users_one_account_per_phone") =>
        {
            Ok(Adding::PhoneTaken)
        }
        Err(sqlx::Error::Database(refusal))
            if refusal.constraint() == Some("users_one_account_per_email") =>
        {
            Ok(Adding::EmailTaken)
        }
        Err(error) => Err(error.into()),
    }
}

#[tracing::instrument(name = "db.people.user", skip_all, fields(%user), err)]
pub async fn user(pool: &Pool, user: UserId) -> Result<Option<User>, Error> {
    sqlx::query_as!(
        UserRow,
        "select user_id, name, birth_date, phone, email from people.users where user_id = $1",
        user.uuid(),
    )
    .fetch_optional(pool)
    .await?
    .map(User::try_from)
    .transpose()
}

/// Everybody, by id, in pages.
#[tracing::instrument(name = "db.people.users", skip_all, err)]
pub async fn users(pool: &Pool, page: Page<UserId>) -> Result<Vec<User>, Error> {
    sqlx::query_as!(
        UserRow,
        "select user_id, name, birth_date, phone, email
         from people.users
         where $1::uuid is null or user_id > $1
         order by user_id
         limit $2",
        page.after.map(UserId::uuid),
        page.rows(),
    )
    .fetch_all(pool)
    .await?
    .into_iter()
    .map(User::try_from)
    .collect()
}

#[tracing::instrument(name = "db.people.profile", skip_all, fields(%user), err)]
pub async fn profile(database: impl PgExecutor<'_>, user: UserId) -> Result<Option<Profile>, Error> {
    let row = sqlx::query!(
        "select name, birth_date, created_at from people.users where user_id = $1",
        user.uuid(),
    )
    .fetch_optional(database)
    .await?;
    Ok(row.map(|row| Profile {
        id: user,
        name: row.name,
        birth_date: BirthDate::new(row.birth_date),
        created_at: row.created_at,
    }))
}

struct UserRow {
    user_id: Uuid,
    name: String,
    birth_date: NaiveDate,
    phone: Option<String>,
    email: Option<String>,
}

impl TryFrom<UserRow> for User {
    type Error = Error;

    fn try_from(row: UserRow) -> Result<Self, Error> {
        let id = UserId::from_uuid(row.user_id);
        let phone = row.phone.as_deref().map(|text| word(text, "people.users", "phone", id)).transpose()?;
        Ok(Self { id, name: row.name, birth_date: BirthDate::new(row.birth_date), phone, email: row.email })
    }
}
