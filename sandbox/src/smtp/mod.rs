//! A mail server on this machine that takes mails and puts them in the inbox.
//!
//! It speaks plain SMTP as RFC 5321 has it, with logins if it is told to want them, and says why it refuses in enhanced
//! codes. It carries nothing further: there are no receipts, as there are none from any server. Addresses that begin with
//! `bounce`, `full`, `block` or `defer` (up to an `@` or a `+`) do not exist, are full, do not want us, want us later.
//!
//! It refuses to listen anywhere but here, to encrypt (nothing leaves this machine), and mails without bounds. Commands and
//! dots are read by Stalwart's `smtp-proto`, mails by its `mail-parser`.

mod book;
mod conversation;
mod office;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio_util::sync::DropGuard;

pub use book::{Book, Received};

use crate::emulator::Error;
use crate::inbox::{Carrier, Slot};
use office::{NAME, Office};

/// What a client is answered after, and what faults can strike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Being connected.
    Greeting,
    /// `MAIL`
    From,
    /// `RCPT`
    To,
    /// `DATA`
    Data,
    /// The mail itself.
    Text,
}

/// A fault on a step, and when it strikes. `Refused` takes an enhanced code, such as `5.1.1`; `LostReply` after the text
/// loses the connection once the mail has been taken.
pub type FaultRule = crate::faults::FaultRule<Step>;

/// How the server is set up.
#[derive(Clone, Debug)]
pub struct Options {
    /// 0 picks a free one.
    pub port: u16,
    /// Where people read what arrives. By itself one that nobody looks into.
    pub inbox: Slot,
    /// A user and a password; absent: everybody may send.
    pub login: Option<(String, String)>,
    /// Bytes of one mail.
    pub largest: usize,
    /// How long a client may be silent.
    pub patience: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            inbox: Slot::default(),
            login: None,
            largest: 25 * 1024 * 1024,
            patience: Duration::from_mins(1),
        }
    }
}

/// A running server. Dropping it stops it, without waiting.
#[derive(Debug)]
pub struct Smtp {
    office: Arc<Office>,
    address: SocketAddr,
    _guard: DropGuard,
}

impl Smtp {
    /// Binds 127.0.0.1 and serves on tasks of the caller's runtime.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let port = options.port;
        let refused = |source| Error::Listen { who: NAME, port, source };
        let listener = TcpListener::bind(("127.0.0.1", port)).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let client = reqwest::Client::builder().no_proxy().build();
        let client = client.map_err(|source| Error::Client { who: NAME, source })?;
        let office = Arc::new(Office::new(options, client));
        let carrier: Arc<dyn Carrier> = Arc::clone(&office) as _;
        office.options.inbox.connect(&carrier);
        office.tasks.spawn(conversation::receive(Arc::clone(&office), listener));
        Ok(Self { _guard: office.stop.clone().drop_guard(), office, address })
    }

    /// 127.0.0.1 and its port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A copy of the whole book.
    pub fn book(&self) -> Book {
        self.look(Book::clone)
    }

    /// Looks into the book without copying it.
    pub fn look<T>(&self, look: impl FnOnce(&Book) -> T) -> T {
        look(&self.office.book.borrow())
    }

    /// Waits until `look` finds its fact in the book; it is asked again after every change.
    pub async fn wait_for<T>(
        &self,
        look: impl FnMut(&Book) -> Option<T>,
        deadline: Duration,
    ) -> Result<T, Error> {
        crate::emulator::wait_for(self.office.book.subscribe(), look, deadline).await
    }

    /// Queues a fault; the number removes it.
    pub fn fault(&self, rule: FaultRule) -> u64 {
        self.office.faults().add(rule)
    }

    /// False when the rule is used up already.
    pub fn remove_fault(&self, number: u64) -> bool {
        self.office.faults().remove(number)
    }

    pub fn clear_faults(&self) {
        self.office.faults().clear();
    }

    /// Nobody is reached by it any more, or everybody again.
    pub fn switch(&self, off: bool) {
        Carrier::switch(&*self.office, off);
    }

    /// Stops listening, and drops what is being said.
    pub async fn shutdown(self) {
        self.office.stop.cancel();
        self.office.tasks.close();
        self.office.tasks.wait().await;
    }
}
