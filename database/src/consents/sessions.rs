//! Guardians who have shown a code that came to their phone: for a while, and for the one consent whose link they have.

use chrono::TimeDelta;
use sqlx::{PgConnection, PgExecutor};
use wolo_domain::consents::Proof;
use wolo_domain::ids::{ConsentId, NoticeId};
use wolo_domain::notices::Channel;

use crate::Error;
use crate::rows::{interval, word};

const SESSIONS: &str = "minors.guardian_sessions";

/// A session that begins.
pub struct NewSession<'a> {
    /// A keyed hash of what the guardian's browser keeps.
    pub hash: &'a [u8; 32],
    pub consent: ConsentId,
    pub proof: Proof,
    pub lives: TimeDelta,
}

/// Begins a session.
#[tracing::instrument(name = "db.consents.open_session", skip_all, err)]
pub async fn open_session(connection: &mut PgConnection, new: &NewSession<'_>) -> Result<(), Error> {
    sqlx::query!(
        "insert into minors.guardian_sessions (session_hash, consent_id, proof, expires_at)
         values ($1, $2, $3, clock_timestamp() + $4::text::interval)",
        new.hash.as_slice(),
        new.consent.uuid(),
        new.proof.as_str(),
        interval(new.lives),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// How it is known that whoever has a session is the guardian of a consent; nothing where it is over or another consent's.
#[tracing::instrument(name = "db.consents.session", skip_all, err)]
pub async fn session(
    database: impl PgExecutor<'_>,
    hash: &[u8; 32],
    consent: ConsentId,
) -> Result<Option<Proof>, Error> {
    let proof = sqlx::query_scalar!(
        "select proof from minors.guardian_sessions
         where session_hash = $1 and consent_id = $2 and expires_at > clock_timestamp()",
        hash.as_slice(),
        consent.uuid(),
    )
    .fetch_optional(database)
    .await?;
    proof.map(|proof| word(&proof, SESSIONS, "proof", consent)).transpose()
}

/// On which way the code came that a message carried: the last that a provider took, or may have taken. Without one it is not known.
#[tracing::instrument(name = "db.consents.proof_of_code", skip(database), err)]
pub async fn proof_of_code(database: impl PgExecutor<'_>, notice: NoticeId) -> Result<Option<Proof>, Error> {
    let channel = sqlx::query_scalar!(
        "select channel from notices.attempts
         where notice_id = $1 and state <> 'refused'
         order by number desc
         limit 1",
        notice.uuid(),
    )
    .fetch_optional(database)
    .await?;
    let Some(channel) = channel else { return Ok(None) };
    Ok(match word(&channel, "notices.attempts", "channel", notice)? {
        Channel::WhatsApp => Some(Proof::CodeByWhatsApp),
        Channel::Sms => Some(Proof::CodeBySms),
        Channel::Email => Some(Proof::CodeByEmail),
        // A guardian has no account, and no device.
        Channel::Push => None,
    })
}
