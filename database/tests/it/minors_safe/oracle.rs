//! What a pot may be, from what was written of its owner and nothing else: no hold, no stage and no function of the crate.

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use sqlx::AssertSqlSafe;
use wolo_database::Pool;
use wolo_domain::ids::UserId;

/// One value that the crate has no reason to read.
#[expect(clippy::disallowed_methods, reason = "a test asks what the crate never would")]
pub(super) async fn look<T>(operator: &Pool, sql: &str) -> T
where
    T: Send + Unpin + for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
{
    sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(operator).await.expect("a value")
}

/// What is known of somebody at a moment.
pub(super) struct Facts {
    of_age: bool,
    /// The guardian whose consent stands: their phone, and whether both were looked into for this birth date.
    guardian: Option<(String, bool)>,
    phone: String,
}

impl Facts {
    pub(super) async fn of(operator: &Pool, person: UserId, at: DateTime<Utc>) -> Self {
        let id = person.uuid();
        let text = async |sql: String| look::<String>(operator, &sql).await;
        let born: NaiveDate =
            text(format!("select birth_date::text from people.users where user_id = '{id}'"))
                .await
                .parse()
                .expect("a day");
        // The last word on each consent that was ever asked for.
        let guardian = text(format!(
            "select coalesce(min(phone || case when exists (
                 select from minors.cases
                 where cases.consent_id = last.consent_id and subject_id = '{id}' and stage = 'approved'
                   and approved_birth_date = '{born}'
             ) then ' approved' else ' unknown' end), '')
             from (
                 select distinct on (consent_id) consent_id, event from minors.consent_events
                 where consent_id in (select consent_id from minors.consents where minor_id = '{id}')
                 order by consent_id, number desc
             ) as last
             join minors.guardians using (consent_id)
             where event = 'given'"
        ))
        .await;
        let guardian = guardian.split_once(' ').map(|(phone, known)| (phone.to_owned(), known == "approved"));
        let phone =
            text(format!("select coalesce(phone, '') from people.users where user_id = '{id}'")).await;
        // Senegal's day is that of UTC.
        let day = at.date_naive();
        let of_age = (day.year() - 18, day.month(), day.day()) >= (born.year(), born.month(), born.day());
        Self { of_age, guardian, phone }
    }

    pub(super) fn is_of_age(&self) -> bool {
        self.of_age
    }

    /// Whether anything of theirs may be seen, take a gift, or pay.
    pub(super) fn allow(&self) -> bool {
        self.of_age || self.guardian.as_ref().is_some_and(|(_, approved)| *approved)
    }

    /// Whether money may go there: to the guardian as long as they answer, and to nobody but the owner who has come of age.
    pub(super) fn may_be_paid(&self, phone: &str) -> bool {
        match &self.guardian {
            Some((guardian, _)) => self.allow() && phone == guardian,
            None => self.of_age && phone == self.phone,
        }
    }

    pub(super) fn is_owners(&self, phone: &str) -> bool {
        phone == self.phone
    }
}
