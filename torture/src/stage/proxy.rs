//! Doors: small proxies between the parts, so that an address stays when what is behind it dies, and a connection can be cut
//! at the worst moment.
//!
//! The worst moment of a database connection is the commit: its word has been sent, and what became of it is not heard. A
//! door to Postgres reads along and cuts just there, before the word arrives or after it was done.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use anyhow::{Context as _, Result};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

/// A simple query that commits, as the driver sends it.
const COMMIT: &[u8] = b"COMMIT\0";

/// Where a connection is cut, seen from the commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The database never hears it, and takes everything back.
    Before,
    /// The database has done it, and we never hear.
    After,
}

/// An address that leads to whichever of its targets is there. Dropping it closes it; connections that stand go on.
#[derive(Debug)]
pub struct Door {
    address: SocketAddr,
    cuts: Arc<Cuts>,
    listening: AbortHandle,
}

#[derive(Debug, Default)]
struct Cuts {
    before: AtomicUsize,
    after: AtomicUsize,
    made: AtomicU64,
}

impl Cuts {
    /// Takes one cut that has been ordered.
    fn take(&self) -> Option<Cut> {
        let take = |left: &AtomicUsize| {
            left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
        };
        let cut = if take(&self.before) {
            Cut::Before
        } else if take(&self.after) {
            Cut::After
        } else {
            return None;
        };
        self.made.fetch_add(1, Ordering::Relaxed);
        Some(cut)
    }
}

impl Door {
    /// A door to several who do the same work.
    pub async fn to(targets: Vec<SocketAddr>) -> Result<Self> {
        Self::open(targets, false).await
    }

    /// A door to a Postgres.
    pub async fn to_postgres(target: SocketAddr) -> Result<Self> {
        Self::open(vec![target], true).await
    }

    async fn open(targets: Vec<SocketAddr>, reads_along: bool) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("no port is free for a door")?;
        let address = listener.local_addr()?;
        let cuts = Arc::new(Cuts::default());
        let listening = tokio::spawn({
            let cuts = Arc::clone(&cuts);
            async move {
                let mut turn = 0_usize;
                while let Ok((stream, _)) = listener.accept().await {
                    turn = turn.wrapping_add(1);
                    let mut targets = targets.clone();
                    let first = turn % targets.len().max(1);
                    targets.rotate_left(first);
                    let cuts = reads_along.then(|| Arc::clone(&cuts));
                    // A connection that fails is just what it is here for.
                    tokio::spawn(async move { carry(stream, &targets, cuts).await.ok() });
                }
            }
        });
        Ok(Self { address, cuts, listening: listening.abort_handle() })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Orders the connection of the next commit to be cut.
    pub fn cut_next(&self, cut: Cut) {
        let ordered = match cut {
            Cut::Before => &self.cuts.before,
            Cut::After => &self.cuts.after,
        };
        ordered.fetch_add(1, Ordering::Relaxed);
    }

    /// How many have been cut.
    pub fn cut(&self) -> u64 {
        self.cuts.made.load(Ordering::Relaxed)
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn carry(mut stream: TcpStream, targets: &[SocketAddr], cuts: Option<Arc<Cuts>>) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut there = None;
    for target in targets {
        if let Ok(connected) = TcpStream::connect(target).await {
            there = Some(connected);
            break;
        }
    }
    let mut there = there.context("nobody is there")?;
    there.set_nodelay(true)?;
    match cuts {
        None => drop(copy_bidirectional(&mut stream, &mut there).await?),
        Some(cuts) => {
            let (from_client, to_client) = stream.into_split();
            let (from_server, to_server) = there.into_split();
            let cut = AtomicBool::new(false);
            // Whichever ends first ends both.
            tokio::select! {
                ended = read_along(from_client, to_server, &cuts, &cut) => ended?,
                ended = answers(from_server, to_client, &cut) => ended?,
            }
        }
    }
    Ok(())
}

/// Passes on what the server says, as long as the connection is not cut.
async fn answers(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, cut: &AtomicBool) -> Result<()> {
    let mut read = vec![0; 16 * 1024];
    loop {
        let count = from.read(&mut read).await?;
        if count == 0 || cut.load(Ordering::Acquire) {
            return Ok(());
        }
        to.write_all(&read[..count]).await?;
    }
}

/// Passes on what the client says, and ends where the connection is to be cut.
async fn read_along(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    cuts: &Cuts,
    is_cut: &AtomicBool,
) -> Result<()> {
    let mut messages = Messages::default();
    let mut read = vec![0; 16 * 1024];
    loop {
        let count = from.read(&mut read).await?;
        if count == 0 {
            return Ok(());
        }
        messages.heard.extend_from_slice(&read[..count]);
        while let Some(message) = messages.next() {
            let cut = if is_commit(&message) { cuts.take() } else { None };
            if cut == Some(Cut::Before) {
                return Ok(());
            }
            is_cut.store(cut.is_some(), Ordering::Release);
            to.write_all(&message).await?;
            if cut == Some(Cut::After) {
                return until_done(to).await;
            }
        }
    }
}

/// The word is on its way, and nothing more will be heard by the client: the server reads it and then finds the line closed.
/// What was sent before the end of a line is read before its end is.
async fn until_done(mut to: OwnedWriteHalf) -> Result<()> {
    to.flush().await?;
    to.shutdown().await?;
    Ok(())
}

fn is_commit(message: &[u8]) -> bool {
    message.first() == Some(&b'Q') && message.get(5..) == Some(COMMIT)
}

/// Whole messages of Postgres's protocol out of a stream of bytes. The first one has no letter before its length.
#[derive(Debug, Default)]
struct Messages {
    heard: Vec<u8>,
    begun: bool,
}

impl Messages {
    fn next(&mut self) -> Option<Vec<u8>> {
        let letter = usize::from(self.begun);
        let length: [u8; 4] = self.heard.get(letter..letter + 4)?.try_into().ok()?;
        let whole = letter + usize::try_from(u32::from_be_bytes(length)).ok()?;
        if self.heard.len() < whole {
            return None;
        }
        self.begun = true;
        let rest = self.heard.split_off(whole);
        Some(std::mem::replace(&mut self.heard, rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_taken_whole_and_a_commit_is_known() {
        let mut messages = Messages::default();
        messages.heard.extend([0, 0, 0, 6, 1, 2, b'Q', 0, 0]);
        assert_eq!(messages.next(), Some(vec![0, 0, 0, 6, 1, 2]));
        assert_eq!(messages.next(), None, "half a message");
        messages.heard.extend([0, 11]);
        messages.heard.extend(COMMIT);
        let commit = messages.next().expect("it is whole now");
        assert!(is_commit(&commit));
        assert!(!is_commit(b"Q\0\0\0\x0aBEGIN\0"));
        assert_eq!(messages.next(), None);
    }
}
