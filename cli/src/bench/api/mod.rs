//! `wolo bench api`: the API's routes, and pgbench with the statements of each, in turns, on one Postgres. Signing in is
//! hashing for the most part and stands alone; whether its time tells who has an account is measured instead.
//!
//! What the statements cost is Postgres's and the schema's; the difference is what the API costs. Both have as many
//! connections, one thread that drives them, the same role and the same rows.

mod load;
mod pgbench;
mod report;
mod routes;
mod sign_in;
mod statements;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use wolo_database::Pool;
use wolo_domain::ids::{DonationId, PotId};
use wolo_domain::money::Xof;
use wolo_domain::pots::Visibility;

use self::load::drive;
use self::pgbench::Pgbench;
use self::report::{Measured, Report, Run};
use self::routes::Route;
use self::sign_in::Apart;
use super::{LOOK, options, pot, process, warn_of_debug_build};
use crate::demo::{Api, Card, Made};
use crate::local::{Local, Parts};
use crate::output::{Format, Progress};

/// Gifts in the pot that is read.
const GIFTS: u32 = 20;
/// What the API does before it is measured, until its pool and its caches are warm.
const WARM_UP: Duration = Duration::from_secs(1);
const CONFIRMED_WITHIN: Duration = Duration::from_mins(1);

#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    pub(crate) seconds: u32,
    pub(crate) concurrency: u32,
    pub(crate) rounds: u32,
}

/// Measures and prints.
pub(crate) async fn api(pace: Pace, format: Format) -> Result<()> {
    warn_of_debug_build();
    let starting = Progress::spinning("the world comes up");
    let pgbench = Pgbench::find().await?;
    let local = Local::start(options()?).await?;
    drop(starting);
    let measured = measure(&local, &pgbench, pace).await;
    local.shutdown().await?;
    measured?.print(format)
}

async fn measure(local: &Local, pgbench: &Pgbench, pace: Pace) -> Result<Report> {
    let Parts::Apart { api, .. } = &local.parts else { bail!("processes of their own are what is measured") };
    let asking = Api::at(&local.addresses.api)?;
    let (pot, gift) = pot_with_gifts(local, &asking).await?;
    sign_in::open_account(local, &asking).await?;
    let address = local.settings.api.listen;
    let routes = Route::all(local, pot, gift)?;
    for route in &routes {
        drive(address, Arc::clone(&route.ask), pace.concurrency, WARM_UP).await?;
    }
    let mut measured: Vec<Measured> = routes.iter().map(Measured::of).collect();
    let progress = Progress::counting("rounds", (pace.rounds * 2).into());
    let length = Duration::from_secs(pace.seconds.into());
    for round in 0..pace.rounds {
        for (route, measured) in routes.iter().zip(&mut measured) {
            let before = process::cpu_ms(api.pid())?;
            let driven = drive(address, Arc::clone(&route.ask), pace.concurrency, length).await?;
            let api_cpu_ms = process::cpu_ms(api.pid())? - before;
            measured.ours.push(Run::of(&driven.calls)?.with(driven.errors, api_cpu_ms));
        }
        progress.to((round * 2 + 1).into());
        for (route, measured) in routes.iter().zip(&mut measured) {
            if let Some(beside) = &route.beside {
                measured.pgbench.push(Run::of(&pgbench.run(local, &beside.script, pace).await?)?);
            }
        }
        progress.to((round * 2 + 2).into());
    }
    let apart = Apart::measure(&local.addresses.api, length * pace.rounds).await?;
    Ok(Report { pace, routes: measured, apart })
}

/// A public pot with gifts that are in the ledger, and one of them.
async fn pot_with_gifts(local: &Local, api: &Api) -> Result<(PotId, DonationId)> {
    let pool: Pool = local.pool(1).await?;
    let Made { pot, slug } = pot::open(local, api, &pool, Visibility::Public).await?;
    pool.close().await;
    let mut gifts = Vec::new();
    for _ in 0..GIFTS {
        let card =
            Card { slug: &slug, amount: Xof::new(1_000), name: Some("Ami"), message: Some("Bonne fête") };
        let gift = api.give(card).await?;
        local.world.wave.pay(&gift.session, None).context("Wave took no payment")?;
        gifts.push(gift.donation);
    }
    let confirmed = async {
        for gift in &gifts {
            while !api.status(*gift).await?.stage.has_its_money() {
                tokio::time::sleep(LOOK).await;
            }
        }
        anyhow::Ok(())
    };
    tokio::time::timeout(CONFIRMED_WITHIN, confirmed).await.context("the gifts were never confirmed")??;
    Ok((pot, *gifts.first().context("no gift was given")?))
}
