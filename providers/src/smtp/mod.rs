//! Mail by any server that speaks SMTP.
//!
//! The conversation is led step by step, for what it came to depends on the step: until the text has left, nothing can have
//! been sent; what is lost after it is open. A server that takes a mail says so and nothing more: there are no receipts.
//! Our reference is the mail's `Message-ID`, so that a mail that was sent twice shows as one.
//!
//! This client does not speak in the clear but to this machine, and does not fall back to it: a server that has no
//! STARTTLS hears neither a password nor an address.

mod letter;
mod replies;

use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail as From, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::timeout;
use tower_resilience_circuitbreaker::CircuitBreakerConfigError;

use crate::guard::{BreakerState, Guard};
use crate::mail::{Mail, Sender};
use crate::messages::{AT_ONCE, Handed};
use crate::wire::{ProviderError, Sent, identifier};

use letter::Letter;
use replies::Step;

pub use replies::remedy;

/// How the way to the server is closed to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// From the first byte, as on port 465.
    Implicit,
    /// After a few words in the clear, as on port 587.
    StartTls,
    /// Not at all; only to this machine.
    None,
}

/// What is needed to send through one server.
#[derive(Debug, Clone)]
pub struct SmtpAccess {
    /// A name, which the server's certificate must bear.
    pub host: String,
    pub port: u16,
    pub encryption: Encryption,
    /// Absent where the server asks for none.
    pub login: Option<SmtpLogin>,
    pub from: Sender,
    /// For a connection, for all that comes before the text of a mail, and for the text; each.
    pub patience: Duration,
    /// How long no mail is tried after five in a row have failed.
    pub pause: Duration,
}

#[derive(Debug, Clone)]
pub struct SmtpLogin {
    pub user: String,
    pub password: SecretString,
}

/// Why a [`Smtp`] could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SmtpSetupError {
    #[error("mail goes in the clear to this machine only; use TLS")]
    InTheClear,
    #[error("mails cannot be from this address")]
    Sender,
    #[error("TLS to the mail server could not be set up")]
    Tls(#[source] smtp::Error),
    #[error("the guard before the mail server could not be set up")]
    Guard(#[from] CircuitBreakerConfigError),
}

/// A client of one server. Cheap to clone; one attempt per call. Connections are kept and used again.
#[derive(Clone)]
pub struct Smtp {
    guard: Guard<()>,
    server: Arc<Server>,
}

struct Server {
    host: String,
    port: u16,
    encryption: Encryption,
    tls: TlsParameters,
    hello: ClientId,
    credentials: Option<Credentials>,
    from: Sender,
    sender: Address,
    patience: Duration,
    /// Nobody speaks on these.
    idle: Mutex<Vec<AsyncSmtpConnection>>,
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Server { host, port, encryption, .. } = &*self.server;
        f.debug_struct("Smtp")
            .field("host", host)
            .field("port", port)
            .field("encryption", encryption)
            .field("guard", &self.guard)
            .finish_non_exhaustive()
    }
}

impl Smtp {
    pub fn new(access: SmtpAccess) -> Result<Self, SmtpSetupError> {
        let SmtpAccess { host, port, encryption, login, from, patience, pause } = access;
        if encryption == Encryption::None && !is_this_machine(&host) {
            return Err(SmtpSetupError::InTheClear);
        }
        let sender: Address = from.email.reveal().parse().map_err(|_| SmtpSetupError::Sender)?;
        let server = Server {
            tls: TlsParameters::new(host.clone()).map_err(SmtpSetupError::Tls)?,
            hello: ClientId::Domain(sender.domain().to_owned()),
            credentials: login.map(|SmtpLogin { user, password }| {
                Credentials::new(user, password.expose_secret().to_owned())
            }),
            host,
            port,
            encryption,
            from,
            sender,
            patience,
            idle: Mutex::default(),
        };
        Ok(Self { guard: Guard::new("smtp", AT_ONCE, pause)?, server: Arc::new(server) })
    }

    /// Whether mails are let through.
    pub fn breaker(&self) -> BreakerState {
        self.guard.state()
    }

    /// Gives a mail to the server. The id is its `Message-ID`, which our reference stands in.
    pub async fn send(&self, mail: &Mail, reference: &str) -> Result<Handed, ProviderError> {
        let letter = Letter::write(identifier(reference)?, &self.server.from, &self.server.sender, mail)?;
        let id = letter.id.clone();
        let server = Arc::clone(&self.server);
        self.guard.call(Box::pin(async move { server.hand_over(&letter).await })).await?;
        Ok(Handed { id })
    }
}

impl Server {
    async fn hand_over(&self, letter: &Letter) -> Result<(), ProviderError> {
        let mut connection = match self.still_open().await {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        self.announce(&mut connection, letter).await?;
        // From here on it may have happened.
        match timeout(self.patience, connection.message(&letter.bytes)).await {
            Ok(Ok(_)) => {
                self.idle().push(connection);
                Ok(())
            }
            Ok(Err(error)) => Err(replies::failure(&error, Step::Text)),
            Err(_) => Err(unreachable(Sent::Perhaps)),
        }
    }

    /// One that the server has not closed meanwhile.
    async fn still_open(&self) -> Option<AsyncSmtpConnection> {
        loop {
            let mut connection = self.idle().pop()?;
            if let Ok(true) = timeout(self.patience, connection.test_connected()).await {
                return Some(connection);
            }
        }
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, ProviderError> {
        match timeout(self.patience, self.connected()).await {
            Ok(connection) => connection,
            Err(_) => Err(unreachable(Sent::No)),
        }
    }

    async fn connected(&self) -> Result<AsyncSmtpConnection, ProviderError> {
        let failed = |error: smtp::Error| replies::failure(&error, Step::Greeting);
        let tls = (self.encryption == Encryption::Implicit).then(|| self.tls.clone());
        let address = (self.host.as_str(), self.port);
        let mut connection = AsyncSmtpConnection::connect_tokio1(address, None, &self.hello, tls, None)
            .await
            .map_err(failed)?;
        if self.encryption == Encryption::StartTls {
            connection.starttls(self.tls.clone(), &self.hello).await.map_err(failed)?;
        }
        if let Some(credentials) = &self.credentials {
            let login = connection.auth(DEFAULT_MECHANISMS, credentials).await;
            login.map_err(|error| replies::failure(&error, Step::Login))?;
        }
        Ok(connection)
    }

    /// Says from whom and to whom; the text is not asked for before both are taken.
    async fn announce(
        &self,
        connection: &mut AsyncSmtpConnection,
        letter: &Letter,
    ) -> Result<(), ProviderError> {
        let spoken = async {
            let from = From::new(Some(self.sender.clone()), Vec::new());
            connection.command(from).await.map_err(|error| replies::failure(&error, Step::From))?;
            let to = Rcpt::new(letter.to.clone(), Vec::new());
            connection.command(to).await.map_err(|error| replies::failure(&error, Step::To))?;
            connection.command(Data).await.map_err(|error| replies::failure(&error, Step::Data))?;
            Ok(())
        };
        timeout(self.patience, spoken).await.unwrap_or_else(|_| Err(unreachable(Sent::No)))
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<AsyncSmtpConnection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unreachable(sent: Sent) -> ProviderError {
    ProviderError::Unreachable { sent, status: None, source: None }
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(host: &str, encryption: Encryption) -> SmtpAccess {
        SmtpAccess {
            host: host.to_owned(),
            port: 587,
            encryption,
            login: Some(SmtpLogin { user: "apikey".to_owned(), password: SecretString::from("SG.s3cret") }),
            from: Sender { email: "bonjour@wolo.example".parse().unwrap(), name: "WOLO".to_owned() },
            patience: Duration::from_secs(15),
            pause: Duration::from_secs(30),
        }
    }

    #[test]
    fn in_the_clear_means_this_machine() {
        for host in ["smtp.sendgrid.net", "10.0.0.1", "localhost.example.com", "0.0.0.0", ""] {
            let smtp = Smtp::new(access(host, Encryption::None));
            assert!(matches!(smtp, Err(SmtpSetupError::InTheClear)), "{host}");
        }
        for host in ["localhost", "127.0.0.1", "::1"] {
            assert!(Smtp::new(access(host, Encryption::None)).is_ok(), "{host}");
        }
        for encryption in [Encryption::Implicit, Encryption::StartTls] {
            assert!(Smtp::new(access("smtp.sendgrid.net", encryption)).is_ok(), "{encryption:?}");
        }
    }

    #[test]
    fn debug_shows_no_password() {
        let access = access("smtp.sendgrid.net", Encryption::StartTls);
        let shown = format!("{access:?} {:?}", Smtp::new(access.clone()).unwrap());
        assert!(!shown.contains("s3cret"), "{shown}");
    }
}
