//! Consents whose process should have done something by now and has not, and the minors who have to have a process.

use chrono::{DateTime, Utc};
use wolo_domain::ids::{ConsentId, UserId};
use wolo_domain::punctuality::{DueFor, LateStep, Lateness, Punctuality};

use super::CONSENTS;
use crate::rows::{interval, word};
use crate::{Error, Pool};

/// Consents that silence should have ended, those of minors who have come of age, and those that have ended and whose pots nobody has
/// given up, those first that have waited longest. A pot that was made after the end is not the consent's.
#[tracing::instrument(name = "db.consents.late", skip_all, err)]
pub async fn late(pool: &Pool, at: DateTime<Utc>, rules: Punctuality, limit: u32) -> Result<Lateness, Error> {
    let rows = sqlx::query!(
        r#"select what as "what!", consent_id as "consent_id!", since as "since!", count(*) over () as "total!"
           from (
               select case stage when 'requested' then 'silence' else 'withdrawal' end as what, consent_id, answer_by as since
               from minors.consents
               where stage in ('requested', 'withdrawn') and answer_by < $1::timestamptz - $2::text::interval
               union all
               select 'giving_up', consent_id, since
               from minors.consents
               join people.users on user_id = minor_id
               where stage = 'ended' and since < $1::timestamptz - $2::text::interval
                 and exists (
                     select from pots.pots
                     where owner_id = minor_id and pots.stage in ('scheduled', 'open', 'closed') and pots.created_at < since
                       -- Whoever is of age by then answers for it.
                       and birth_date + interval '18 years' > greatest($1, opens_at)
                 )
                 and not exists (
                     select from minors.consents other
                     where other.minor_id = consents.minor_id and other.stage in ('requested', 'given', 'withdrawn')
                 )
               union all
               select 'hand_over', consent_id, comes_of_age_at
               from minors.consents
               join people.users on user_id = minor_id
               -- Whoever was born on the leap day comes of age when February is over.
               cross join lateral (
                   select (eighteenth + (extract(day from birth_date) <> extract(day from eighteenth))::integer)::timestamp
                              at time zone 'Africa/Dakar' as comes_of_age_at
                   from (select (birth_date + interval '18 years')::date as eighteenth) as its
               ) as of_age
               where stage in ('requested', 'given', 'withdrawn')
                 -- Few are: of nobody else has the day to be reckoned.
                 and birth_date <= $1::date - interval '18 years' + interval '2 days'
                 and comes_of_age_at < $1::timestamptz - $2::text::interval
           ) late
           order by since, consent_id
           limit $3"#,
        at,
        interval(rules.lateness()),
        i64::from(limit),
    )
    .fetch_all(pool)
    .await?;
    let total = rows.first().map_or(0, |row| row.total.cast_unsigned());
    let steps = rows.into_iter().map(|row| {
        let consent = ConsentId::from_uuid(row.consent_id);
        let what = word(&row.what, CONSENTS, "stage", consent)?;
        Ok(LateStep { what, about: DueFor::Consent(consent), since: row.since })
    });
    Ok(Lateness { steps: steps.collect::<Result<_, Error>>()?, total })
}

/// The minors of whom a consent is in force: each has a process.
#[tracing::instrument(name = "db.consents.minors_with_process", skip_all, err)]
pub async fn minors_with_process(pool: &Pool) -> Result<Vec<UserId>, Error> {
    let minors = sqlx::query_scalar!(
        "select minor_id from minors.consents
         where stage in ('requested', 'given', 'withdrawn')
         order by minor_id"
    )
    .fetch_all(pool)
    .await?;
    Ok(minors.into_iter().map(UserId::from_uuid).collect())
}
