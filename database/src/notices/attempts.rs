//! One try to hand a message to a provider: the intent before the call, what came of it after it.

use wolo_domain::ids::NoticeId;
use wolo_domain::notices::{Channel, Withheld};

use crate::{Error, Pool};

/// A try, by the name that its receipts will have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    pub notice: NoticeId,
    pub number: u32,
}

impl Attempt {
    fn number(self) -> i32 {
        i32::try_from(self.number).unwrap_or(i32::MAX)
    }
}

/// What is known of a try before it is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Beginning {
    /// Nobody has made it.
    First,
    /// Somebody began it and has not said what came of it: it may have gone out.
    Begun,
    Answered(Answer),
}

/// What a provider said to a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Accepted {
        provider_id: String,
    },
    Refused {
        code: String,
    },
    /// Nobody knows whether it went out.
    Unknown,
}

/// Writes the intent.
#[tracing::instrument(name = "db.notices.begin", skip(pool), err)]
pub async fn begin(
    pool: &Pool,
    attempt: Attempt,
    channel: Channel,
    provider: &str,
) -> Result<Beginning, Error> {
    let begun = sqlx::query!(
        "insert into notices.attempts (notice_id, number, channel, provider) values ($1, $2, $3, $4)
         on conflict on constraint attempts_are_numbered do nothing",
        attempt.notice.uuid(),
        attempt.number(),
        channel.as_str(),
        provider,
    )
    .execute(pool)
    .await?
    .rows_affected();
    if begun == 1 {
        return Ok(Beginning::First);
    }
    let row = sqlx::query!(
        "select state, provider_id, code from notices.attempts where notice_id = $1 and number = $2",
        attempt.notice.uuid(),
        attempt.number(),
    )
    .fetch_one(pool)
    .await?;
    Ok(match (row.state.as_str(), row.provider_id, row.code) {
        ("accepted", Some(provider_id), _) => Beginning::Answered(Answer::Accepted { provider_id }),
        ("refused", _, Some(code)) => Beginning::Answered(Answer::Refused { code }),
        ("unknown", ..) => Beginning::Answered(Answer::Unknown),
        _ => Beginning::Begun,
    })
}

/// Takes an intent back whose call was proven not to have been made, so that the next try is the first again.
#[tracing::instrument(name = "db.notices.take_back", skip(pool), err)]
pub async fn take_back(pool: &Pool, attempt: Attempt) -> Result<(), Error> {
    sqlx::query!(
        "delete from notices.attempts where notice_id = $1 and number = $2 and state = 'sending'",
        attempt.notice.uuid(),
        attempt.number(),
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Writes what came of a try. What was written before stays.
#[tracing::instrument(name = "db.notices.answer", skip(pool, answer), err)]
pub async fn answer(pool: &Pool, attempt: Attempt, answer: &Answer) -> Result<(), Error> {
    let (state, provider_id, code) = match answer {
        Answer::Accepted { provider_id } => ("accepted", Some(provider_id.as_str()), None),
        Answer::Refused { code } => ("refused", None, Some(code.as_str())),
        Answer::Unknown => ("unknown", None, None),
    };
    sqlx::query!(
        "update notices.attempts
         set state = $3, provider_id = $4, code = $5, answered_at = clock_timestamp()
         where notice_id = $1 and number = $2 and state in ('sending', 'unknown')",
        attempt.notice.uuid(),
        attempt.number(),
        state,
        provider_id,
        code,
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Why a message did not reach anybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End<'a> {
    Withheld(Withheld),
    /// Every way was tried in vain; the last reason.
    GivenUp(&'a str),
}

/// Writes that a message goes out no more.
#[tracing::instrument(name = "db.notices.end", skip(pool), err)]
pub async fn end(pool: &Pool, notice: NoticeId, end: End<'_>) -> Result<(), Error> {
    let (withheld, given_up) = match end {
        End::Withheld(why) => (Some(why.as_str()), None),
        End::GivenUp(why) => (None, Some(why)),
    };
    sqlx::query!(
        "update notices.notices
         set withheld = $2, given_up = $3, ended_at = clock_timestamp()
         where notice_id = $1 and ended_at is null",
        notice.uuid(),
        withheld,
        given_up,
    )
    .execute(pool)
    .await?;
    Ok(())
}
