//! What was needed to let people in and is of no use any more: codes that nobody can give back, guesses whose window is over,
//! accounts that were wanted and never proved, sessions that have ended, and contacts that were invited long ago.
//!
//! Much may have gathered, so it goes in small portions, each for good: who is interrupted goes on the next time.

use chrono::{DateTime, Utc};

use crate::{Error, Pool};

/// So many rows at once: a portion takes moments, and nobody waits long for its locks.
const PORTION: i64 = 2_000;

/// How many there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forgotten {
    pub codes: u64,
    pub registrations: u64,
    pub guesses: u64,
    /// Those of guardians among them.
    pub sessions: u64,
    /// Contacts of which it counts no more that somebody invited them.
    pub invited: u64,
}

/// Deletes portion after portion, until one is not full, and says how much it was.
macro_rules! delete {
    ($pool:expr, $before:expr, $portion:literal) => {{
        let mut count = 0;
        loop {
            let gone = sqlx::query!($portion, $before, PORTION).execute($pool).await?.rows_affected();
            count += gone;
            if gone < PORTION.cast_unsigned() {
                break count;
            }
        }
    }};
}

/// Forgets what had its time before these moments.
#[tracing::instrument(name = "db.accounts.forget_leftovers", skip_all, err)]
pub async fn forget(
    pool: &Pool,
    leftovers_before: DateTime<Utc>,
    sessions_before: DateTime<Utc>,
) -> Result<Forgotten, Error> {
    // First, because each registration looks for its codes. How many codes were sent to a contact is counted for a day, so
    // a code's age counts and not only its end.
    let codes = delete!(
        pool,
        leftovers_before,
        "delete from people.codes where code_id in (
             select code_id from people.codes where expires_at < $1 and created_at < $1 limit $2
         )"
    );
    let registrations = delete!(
        pool,
        leftovers_before,
        "delete from people.registrations where registration_id in (
             select registration_id from people.registrations where created_at < $1 limit $2
         )"
    );
    // A window that begins anew while this looks is left alone.
    let guesses = delete!(
        pool,
        leftovers_before,
        "delete from people.guesses where started_at < $1 and target in (
             select target from people.guesses where started_at < $1 limit $2
         )"
    );
    let sessions = delete!(
        pool,
        sessions_before,
        "delete from people.sessions where session_id in (
             select session_id from people.sessions where least(ended_at, expires_at) < $1 limit $2
         )"
    );
    let of_guardians = delete!(
        pool,
        sessions_before,
        "delete from minors.guardian_sessions where session_hash in (
             select session_hash from minors.guardian_sessions where expires_at < $1 limit $2
         )"
    );
    let invited = delete!(
        pool,
        leftovers_before,
        "delete from sponsorship.contacts where counts_until < $1 and contact_hash in (
             select contact_hash from sponsorship.contacts where counts_until < $1 limit $2
         )"
    );
    Ok(Forgotten { codes, registrations, guesses, sessions: sessions + of_guardians, invited })
}
