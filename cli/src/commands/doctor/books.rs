//! Whether payouts are stopped, and how much of what Wave says waits for finance.

use anyhow::{Context as _, Result, bail};
use secrecy::ExposeSecret as _;
use wolo_bootstrap::Settings;
use wolo_database::{Page, discrepancies, halts};

use crate::output::instant;

/// More than so many are not counted.
const MOST: u32 = 1_000;

pub(super) async fn books(settings: &Settings) -> Result<String> {
    let unsure = "the database does not say how the books are";
    let pool = wolo_database::connect(settings.database.url.expose_secret(), 1).await.context(unsure)?;
    if let Some(halt) = halts::standing(&pool).await.context(unsure)? {
        bail!("payouts are stopped since {} ({}): see `wolo ledger check`", instant(halt.since), halt.reason);
    }
    let open = discrepancies::all(&pool, None, false, Page::first(MOST)).await.context(unsure)?;
    let (count, oldest) = (open.len(), open.last().map(|one| one.first_seen_at));
    Ok(match oldest {
        None => "payouts may leave; Wave's statement and ours agree".to_owned(),
        Some(oldest) => format!(
            "payouts may leave; {count} to look at with `wolo discrepancies list`, the oldest since {}",
            instant(oldest)
        ),
    })
}
