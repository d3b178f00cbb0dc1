//! `wolo bench page`: the page of a pot that everybody gives to, asked for at a rate that does not wait for the answers.
//!
//! Each request is due at its moment and is timed from it: one that has to wait for another is slow, and not left out. The gifts are
//! written by a few statements, straight into the books; a few more come while the page is asked for, so that what is kept of it grows old.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{ACCEPT, HOST};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::TcpStream;
use tokio::time::Instant;
use wolo_domain::ids::PotId;
use wolo_domain::pots::Visibility;
use wolo_sandbox::postgres;

use super::goals::{self, Goal};
use super::{options, pot, sorted, warn_of_debug_build, within};
use crate::demo::{Api, Made};
use crate::local::Local;
use crate::output::{self, Format, Progress};

/// The slowest of a hundred.
const GOAL_US: u64 = 20_000;
/// Connections that take turns.
const CONNECTIONS: u32 = 32;
/// Gifts of one statement.
const AT_ONCE: u32 = 10_000;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Crowd {
    pub(crate) gifts: u32,
    /// Requests each second.
    pub(crate) rate: u32,
    pub(crate) seconds: u32,
}

/// Measures and prints.
pub(crate) async fn page(crowd: Crowd, format: Format) -> Result<()> {
    warn_of_debug_build();
    let starting = Progress::spinning("the world comes up");
    let local = Local::start(options()?).await?;
    drop(starting);
    let measured = measure(&local, crowd).await;
    local.shutdown().await?;
    let times = sorted(measured?.into_iter());
    let at = |percent| within(&times, percent);
    let (half, most, worst) = (at(50), at(99), at(100));
    let Crowd { gifts, rate, seconds } = crowd;
    let goals = vec![Goal {
        name: format!("the page of a pot with {gifts} gifts, {rate} times a second"),
        found: format!(
            "{} answers, half within {half} µs, 99 of 100 within {most} µs, the last within {worst} µs",
            times.len()
        ),
        wanted: format!("99 of 100 within {GOAL_US} µs"),
        ok: most <= GOAL_US,
    }];
    if format.json {
        output::json(&json!({
            "gifts": gifts, "rate": rate, "seconds": seconds, "p50_us": half, "p99_us": most, "worst_us": worst,
            "goals": goals, "debug_build": cfg!(debug_assertions),
        }))?;
    } else {
        goals::say(&goals);
    }
    goals::all_met(&goals)
}

async fn measure(local: &Local, crowd: Crowd) -> Result<Vec<u64>> {
    let pool = local.pool(1).await?;
    let Made { pot, slug } =
        pot::open(local, &Api::at(&local.addresses.api)?, &pool, Visibility::Public).await?;
    pool.close().await;
    let planting = Progress::spinning("gifts are written");
    let mut left = crowd.gifts;
    while left > 0 {
        let some = left.min(AT_ONCE);
        give(local, pot, some).await?;
        left -= some;
    }
    local.world.postgres.fill(postgres::DATABASE, "vacuum analyze").await.context("nothing was analysed")?;
    drop(planting);
    let (address, path) = (local.settings.api.listen, format!("/p/{slug}"));
    // Until its pool and its caches are warm.
    ask(address, &path, Crowd { seconds: 1, ..crowd }).await?;
    let giving = async {
        for _ in 0..crowd.seconds {
            give(local, pot, 10).await?;
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        anyhow::Ok(())
    };
    let (times, given) = tokio::join!(ask(address, &path, crowd), giving);
    given?;
    times
}

/// Gifts that have arrived, each tenth with a wish.
async fn give(local: &Local, pot: PotId, count: u32) -> Result<()> {
    let (id, account) = (pot.uuid(), format!("pot:{pot}"));
    let statements = format!(
        "begin;
         create temporary table planted on commit drop as
             select gen_random_uuid() as donation_id, gen_random_uuid() as transaction_id, n from generate_series(1, {count}) as n;
         insert into money.donations (donation_id, pot_id, amount, stage, donor_name, message, anonymous,
             wave_transaction_id, paid_amount, paid_currency, paid_at, ended_at)
         select donation_id, '{id}', 5000, 'confirmed', 'Ami', case when n % 10 = 0 then 'Bonne fête !' end, false,
             donation_id, 5000, 'XOF', now(), now()
         from planted;
         insert into money.ledger_transactions (transaction_id, kind, business_key, provider, provider_tx_id)
         select transaction_id, 'donation', 'don_' || replace(donation_id::text, '-', ''), 'wave', donation_id from planted;
         insert into money.ledger_entries (transaction_id, account, amount)
         select transaction_id, 'wave_float', -5000 from planted
         union all
         select transaction_id, '{account}', 5000 from planted;
         commit;"
    );
    local.world.postgres.fill(postgres::DATABASE, &statements).await.context("gifts could not be written")
}

/// Asks for the page at its rate, and says how long each answer took, in microseconds.
async fn ask(address: SocketAddr, path: &str, crowd: Crowd) -> Result<Vec<u64>> {
    let began = Instant::now() + Duration::from_millis(50);
    let turns: Vec<Vec<u64>> = stream::iter(0..CONNECTIONS)
        .map(|turn| in_turn(address, path, crowd, began, turn))
        .buffer_unordered(usize::try_from(CONNECTIONS)?)
        .try_collect()
        .await?;
    Ok(turns.into_iter().flatten().collect())
}

/// Every so manieth request, on a connection that stays open.
async fn in_turn(
    address: SocketAddr,
    path: &str,
    crowd: Crowd,
    began: Instant,
    turn: u32,
) -> Result<Vec<u64>> {
    let stream = TcpStream::connect(address).await.context("the API takes no connection")?;
    stream.set_nodelay(true)?;
    let (mut requests, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let mut times = Vec::new();
    let mut number = turn;
    while number < crowd.rate * crowd.seconds {
        let due = began + Duration::from_secs(number.into()) / crowd.rate;
        tokio::time::sleep_until(due).await;
        one(&mut requests, address, path).await?;
        times.push(u64::try_from(due.elapsed().as_micros())?);
        number += CONNECTIONS;
    }
    Ok(times)
}

async fn one(requests: &mut SendRequest<Empty<Bytes>>, address: SocketAddr, path: &str) -> Result<()> {
    let request =
        Request::get(path).header(HOST, address.to_string()).header(ACCEPT, "text/html").body(Empty::new())?;
    requests.ready().await?;
    let response = requests.send_request(request).await.context("the API did not answer")?;
    let status = response.status();
    let body = response.into_body().collect().await.context("an answer was cut short")?;
    ensure!(status == StatusCode::OK, "a page was answered with {status}");
    ensure!(body.to_bytes().ends_with(b"</html>"), "a page has no end");
    Ok(())
}
