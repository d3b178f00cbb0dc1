//! Gifts as people give them: asked for over HTTP, paid at the Wave emulator, and known when they stand in the ledger.

use anyhow::{Context as _, Result};
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;
use wolo_database::{Page, Pool, ledger};
use wolo_domain::ids::PotId;
use wolo_domain::money::Xof;
use wolo_domain::pots::Visibility;

use super::board::Board;
use super::{LOOK, pot};
use crate::demo::{Api, Card, Made};
use crate::local::Local;

/// Two commits may end in another order than they began, so the last seconds are read again each time.
const OVERLAP: TimeDelta = TimeDelta::seconds(1);

/// When one gift was asked for, and when it was known to be there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    pub(super) asked: DateTime<Utc>,
    pub(super) known: DateTime<Utc>,
}

impl Times {
    pub(super) fn took_us(&self) -> u64 {
        micros(self.known - self.asked)
    }
}

pub(super) fn micros(time: TimeDelta) -> u64 {
    time.num_microseconds().and_then(|micros| u64::try_from(micros).ok()).unwrap_or(0)
}

/// Where gifts are given.
pub(super) struct Giving<'a> {
    local: &'a Local,
    api: Api,
    pool: Pool,
}

impl<'a> Giving<'a> {
    pub(super) async fn ready(local: &'a Local) -> Result<Self> {
        Ok(Self { local, api: Api::at(&local.addresses.api)?, pool: local.pool(2).await? })
    }

    /// Opens a pot for those that give into it, and looks at its ledger until they have.
    pub(super) async fn in_a_pot<T>(&self, give: impl AsyncFnOnce(&Giver<'_>) -> Result<T>) -> Result<T> {
        let Made { pot, slug } = pot::open(self.local, &self.api, &self.pool, Visibility::Link).await?;
        let board = Board::default();
        let giver = Giver { giving: self, slug: &slug, board: &board };
        tokio::select! {
            done = give(&giver) => done,
            broken = watch_ledger(&self.pool, pot, &board) => {
                Err(broken.err().context("the ledger is no longer looked at")?)
            }
        }
    }
}

/// Gives into one pot.
pub(super) struct Giver<'a> {
    giving: &'a Giving<'a>,
    slug: &'a str,
    board: &'a Board,
}

impl Giver<'_> {
    pub(super) async fn give(&self) -> Result<Times> {
        let Self { giving: Giving { local, api, .. }, slug, board } = self;
        let asked = Utc::now();
        let card = Card { slug, amount: Xof::new(1_000), name: Some("Ami"), message: Some("Bonne fête") };
        let gift = api.give(card).await?;
        local.world.wave.pay(&gift.session, None).context("Wave took no payment")?;
        Ok(Times { asked, known: board.wait_for(&gift.donation.to_string()).await? })
    }
}

async fn watch_ledger(pool: &Pool, pot: PotId, board: &Board) -> Result<()> {
    let mut looks = tokio::time::interval(LOOK);
    let mut settled: Option<Uuid> = None;
    loop {
        looks.tick().await;
        let old = Utc::now() - OVERLAP;
        let mut after = settled;
        loop {
            let page = Page { after, limit: 1_000 };
            let posted = ledger::of_pot(pool, pot, page).await?;
            let Some(last) = posted.last() else { break };
            after = Some(last.id);
            settled =
                posted.iter().filter(|one| one.posted_at < old).map(|one| one.id).next_back().or(settled);
            let full = posted.len() == 1_000;
            board.write(posted.into_iter().map(|one| (one.business_key, one.posted_at)));
            if !full {
                break;
            }
        }
    }
}
