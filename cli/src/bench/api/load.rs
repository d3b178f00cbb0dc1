//! A closed loop: connections that stay open, each with one request under way, until the time is over.
//!
//! It shares the machine with what it measures, so it is as light as it can be: one thread, as pgbench has, and a
//! connection without a pool around it. An answer that is not 200 is counted; a connection that breaks ends it all.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use http_body_util::BodyExt as _;
use hyper::StatusCode;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::report::Call;
use super::routes::{Ask, Body};

#[derive(Debug, Default)]
pub(super) struct Driven {
    pub(super) calls: Vec<Call>,
    pub(super) errors: u64,
}

/// Asks for `length`, on `connections` at once.
pub(super) async fn drive(
    address: SocketAddr,
    ask: Arc<Ask>,
    connections: u32,
    length: Duration,
) -> Result<Driven> {
    let driving = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(all(address, &ask, connections, length))
    };
    tokio::task::spawn_blocking(driving).await.context("the load panicked")?
}

async fn all(address: SocketAddr, ask: &Ask, connections: u32, length: Duration) -> Result<Driven> {
    let began = Instant::now();
    stream::iter(0..connections)
        .map(|_| one(address, ask, began, length))
        .buffer_unordered(usize::try_from(connections)?)
        .try_fold(Driven::default(), async |mut all, one| {
            all.calls.extend(one.calls);
            all.errors += one.errors;
            Ok(all)
        })
        .await
}

async fn one(address: SocketAddr, ask: &Ask, began: Instant, length: Duration) -> Result<Driven> {
    let stream = TcpStream::connect(address).await.context("the API takes no connection")?;
    stream.set_nodelay(true)?;
    let (requests, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::select! {
        driven = in_turn(requests, address, ask, began, length) => driven,
        ended = connection => {
            ended.context("a connection broke")?;
            anyhow::bail!("the API closed a connection that was to stay open")
        }
    }
}

async fn in_turn(
    mut requests: SendRequest<Body>,
    address: SocketAddr,
    ask: &Ask,
    began: Instant,
    length: Duration,
) -> Result<Driven> {
    let mut driven = Driven::default();
    while began.elapsed() < length {
        let request = ask.request(address)?;
        let asked = began.elapsed();
        requests.ready().await?;
        let response = requests.send_request(request).await.context("the API did not answer")?;
        let status = response.status();
        response.into_body().collect().await.context("an answer was cut short")?;
        let took = began.elapsed().saturating_sub(asked);
        driven.calls.push(Call { began_us: micros(asked)?, took_us: micros(took)? });
        driven.errors += u64::from(status != StatusCode::OK);
    }
    Ok(driven)
}

fn micros(time: Duration) -> Result<u64> {
    Ok(u64::try_from(time.as_micros())?)
}
