//! Whether payouts wait for a guardian: nothing of what finance may decide moves one of those.

use anyhow::{Context as _, Result, bail};
use wolo_database::{Pool, payouts};

use crate::output::instant;

pub(super) async fn answered_for(pool: &Pool) -> Result<String> {
    let waiting = payouts::without_consent(pool)
        .await
        .context("the database does not say which payouts wait for a guardian")?;
    let Some((first, since)) = waiting.first() else {
        return Ok("none waits for a guardian who has taken their consent back".to_owned());
    };
    bail!(
        "being paid out, and no guardian answers for their owner: {}, the first since {}: `wolo payouts show {first}` says what moves it",
        waiting.len(),
        instant(*since)
    )
}
