//! What happened to a consent, in its order. Nobody changes it: it is the proof.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor};
use wolo_domain::consents::{Agreement, ConsentStage, Shown};
use wolo_domain::ids::ConsentId;

use super::EVENTS;
use crate::Error;
use crate::rows::{count, word};

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// From 1.
    pub number: u32,
    /// Where the consent came to stand.
    pub stage: ConsentStage,
    /// By the process's time.
    pub at: DateTime<Utc>,
    /// Of what was given.
    pub agreed: Option<Agreement>,
}

/// What happened to a consent, the first first.
#[tracing::instrument(name = "db.consents.events", skip(database), err)]
pub async fn events(database: impl PgExecutor<'_>, consent: ConsentId) -> Result<Vec<Event>, Error> {
    let rows = sqlx::query!(
        "select number, event, at, text_id, text_hash, language, purposes, proof, address_class
         from minors.consent_events
         where consent_id = $1
         order by number",
        consent.uuid(),
    )
    .fetch_all(database)
    .await?;
    rows.into_iter()
        .map(|row| {
            let given =
                (row.text_id, row.text_hash, row.language, row.purposes, row.proof, row.address_class);
            let agreed = match given {
                (Some(text), Some(hash), Some(language), Some(purposes), Some(proof), Some(address)) => {
                    let language = word(&language, EVENTS, "language", consent)?;
                    let purposes = purposes.iter().map(|purpose| word(purpose, EVENTS, "purposes", consent));
                    Some(Agreement {
                        shown: Shown { text, hash, language },
                        purposes: purposes.collect::<Result<_, _>>()?,
                        proof: word(&proof, EVENTS, "proof", consent)?,
                        address: word(&address, EVENTS, "address_class", consent)?,
                    })
                }
                _ => None,
            };
            Ok(Event {
                number: count(row.number, EVENTS, "number", consent)?,
                stage: word(&row.event, EVENTS, "event", consent)?,
                at: row.at,
                agreed,
            })
        })
        .collect()
}

/// Writes what happened, under the consent's lock.
pub(super) async fn write(
    connection: &mut PgConnection,
    consent: ConsentId,
    stage: ConsentStage,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into minors.consent_events (consent_id, number, event, at)
         select $1, coalesce(max(number), 0) + 1, $2, $3 from minors.consent_events where consent_id = $1",
        consent.uuid(),
        stage.as_str(),
        at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The same of what was given.
pub(super) async fn write_given(
    connection: &mut PgConnection,
    consent: ConsentId,
    agreed: &Agreement,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    let Agreement { shown, purposes, proof, address } = agreed;
    let purposes: Vec<_> = purposes.iter().map(|purpose| purpose.as_str().to_owned()).collect();
    sqlx::query!(
        "insert into minors.consent_events (
             consent_id, number, event, at, text_id, text_hash, language, purposes, proof, address_class, declared_adult
         )
         select $1, coalesce(max(number), 0) + 1, 'given', $2, $3, $4, $5, $6, $7, $8, true
         from minors.consent_events where consent_id = $1",
        consent.uuid(),
        at,
        shown.text,
        shown.hash,
        shown.language.as_str(),
        &purposes,
        proof.as_str(),
        address.as_str(),
    )
    .execute(connection)
    .await?;
    Ok(())
}
