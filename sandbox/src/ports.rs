//! Free ports on the loopback address.

use std::net::TcpListener;
use std::time::{Duration, Instant};

/// Below the range from which systems number outgoing connections, so that none of those takes a port between our
/// choosing it and the server's binding it.
const RANGE: std::ops::Range<u16> = 10_240..32_000;
/// Enough to fail only on a machine where nothing may be bound at all.
const TRIES: usize = 500;

#[derive(Debug, thiserror::Error)]
#[error("no free port was found on 127.0.0.1")]
pub struct NoFreePort;

/// Chooses different free ports. They are only free, not reserved: bind them soon.
pub fn free<const N: usize>() -> Result<[u16; N], NoFreePort> {
    Ok(held()?.map(|(port, _)| port))
}

/// Chooses different free ports and holds them, so that nobody else takes one before its server is started. Nothing answers there.
pub fn held<const N: usize>() -> Result<[(u16, TcpListener); N], NoFreePort> {
    let mut held = Vec::with_capacity(N);
    for _ in 0..TRIES {
        if held.len() == N {
            break;
        }
        let port = rand::random_range(RANGE);
        if let Ok(listener) = TcpListener::bind(("127.0.0.1", port)) {
            held.push((port, listener));
        }
    }
    held.try_into().map_err(|_| NoFreePort)
}

/// Waits until a port that was just given up can be bound again. Returns false if it could not in that time.
pub(crate) async fn freed(port: u16, within: Duration) -> bool {
    let deadline = Instant::now() + within;
    while TcpListener::bind(("127.0.0.1", port)).is_err() {
        if Instant::now() > deadline {
            return false;
        }
        tokio::time::sleep(crate::processes::SOON).await;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_ports_differ_and_can_be_bound() {
        let ports: [u16; 20] = free().unwrap();
        let listeners: Vec<_> = ports.iter().map(|port| TcpListener::bind(("127.0.0.1", *port))).collect();
        assert!(listeners.iter().all(Result::is_ok));
    }

    #[test]
    fn a_port_that_is_held_is_nobody_elses_until_it_is_let_go() {
        let [(port, listener)] = held().unwrap();
        assert!(TcpListener::bind(("127.0.0.1", port)).is_err());
        drop(listener);
        assert!(TcpListener::bind(("127.0.0.1", port)).is_ok());
    }
}
