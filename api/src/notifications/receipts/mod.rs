//! `/api/notifications/receipts/…`: what the providers of messages tell, which is what became of a message and what people
//! answered.
//!
//! Verified on its raw bytes, kept, passed on to the message's process, and only then answered with 200. One delivery says
//! many things; each is dealt with by itself, and where one of them could not be, the delivery is answered with 503 and its
//! sender comes again. What was dealt with then counts no second time.

mod orange;
mod sendgrid;
mod twilio;
mod whatsapp;

use aws_lc_rs::digest::{Context as Hashing, SHA256};
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use futures::stream::{self, StreamExt as _};
use tokio::sync::SemaphorePermit;
use wolo_control::AskError;
use wolo_control::notices::ReceiptCame;
use wolo_database::notices::{self, About, Attempt, OptOut};
use wolo_database::{Context, Transaction};
use wolo_domain::names::fits;
use wolo_domain::notices::{Channel, Fate, Reply};
use wolo_providers::messages::{self, Receipt, WebhookError};

pub(crate) use orange::{__path_orange, orange};
pub(crate) use sendgrid::{__path_sendgrid, sendgrid};
pub(crate) use twilio::{__path_twilio, twilio};
pub(crate) use whatsapp::{__path_whatsapp, __path_whatsapp_handshake, whatsapp, whatsapp_handshake};

use crate::deliveries::{Dealt, keep_unreadable};
use crate::problem::{self, Code, Problem};
use crate::state::App;

/// No more is read of a delivery before it is verified, nor after.
pub(crate) struct Limits {
    pub(crate) whatsapp: usize,
    pub(crate) sendgrid: usize,
    pub(crate) small: usize,
}

pub(crate) const LIMITS: Limits = Limits {
    whatsapp: wolo_providers::whatsapp::webhook::DELIVERY_LIMIT,
    sendgrid: wolo_providers::sendgrid::webhook::DELIVERY_LIMIT,
    small: 32 * 1024,
};

/// What is dealt with at once, by one process, whoever tells it.
pub(crate) const AT_ONCE: usize = 4;

/// What a delivery may be refused for, whoever brings it.
const REFUSALS: &[Code] = &[
    Code::BodyTooLarge,
    Code::BodyUnreadable,
    Code::SenderUnknown,
    Code::EventUnreadable,
    Code::NotYet,
    Code::EngineUnavailable,
    Code::StoreUnavailable,
];

/// A delivery, once its sender is known.
struct Delivery<'a> {
    app: &'a App,
    /// As attempts name their provider.
    provider: &'static str,
    body: &'a [u8],
    /// All that was signed, hashed.
    digest: Vec<u8>,
}

/// What a delivery says.
#[derive(Default)]
struct Told {
    receipts: Vec<Receipt>,
    /// In the order in which they were said.
    words: Vec<Word>,
}

/// What somebody said, or a provider in their name. Personal.
struct Word {
    event: String,
    channel: Channel,
    address: String,
    at: DateTime<Utc>,
    /// What follows for what we may send.
    reply: Option<Reply>,
    how: OptOut,
    /// They wrote to us, so that for a day we may answer in free words.
    opens_the_window: bool,
}

impl<'a> Delivery<'a> {
    fn new(app: &'a App, provider: &'static str, address: &str, body: &'a [u8]) -> Self {
        Self { app, provider, body, digest: hash(&[address.as_bytes(), body]) }
    }

    /// Deals with what a delivery says, unless the same one has just been dealt with.
    async fn take(self, told: Result<Told, WebhookError>) -> Result<StatusCode, Problem> {
        let event = format!("sha256:{}", hex::encode(&self.digest));
        let told = match told {
            Ok(told) => told,
            Err(WebhookError::Unreadable) => {
                return Err(keep_unreadable(self.app, self.provider, &event, self.body).await?);
            }
            Err(error) => return Err(refused(self.provider, error)),
        };
        let mut lane = self.app.receipts.turn(&event).await;
        let this = Dealt { event, digest: self.digest.clone() };
        if lane.as_ref() != Some(&this) {
            self.deal_with(told).await?;
            *lane = Some(this);
        }
        Ok(StatusCode::OK)
    }

    /// Each by itself. What people said is dealt with in its order, and not beyond what could not be.
    async fn deal_with(&self, told: Told) -> Result<(), Problem> {
        let receipts: Vec<_> = told.receipts.into_iter().map(|receipt| self.keep(receipt)).collect();
        let receipts = stream::iter(receipts).buffer_unordered(AT_ONCE).collect::<Vec<_>>();
        let words = async {
            for word in told.words {
                self.heed(word).await?;
            }
            Ok(())
        };
        let (receipts, words) = tokio::join!(receipts, words);
        words.and(receipts.into_iter().collect())
    }

    /// Keeps a receipt and tells the process of its message, which may have ended.
    async fn keep(&self, receipt: Receipt) -> Result<(), Problem> {
        let Self { app, provider, .. } = *self;
        let names = [Some(&receipt.event_id), receipt.provider_id.as_ref(), receipt.reference.as_ref()];
        if !names.into_iter().flatten().all(|name| fits(name)) {
            tracing::warn!(provider, "a receipt has names that nobody gives");
            return Ok(());
        }
        let _turn = self.turn().await?;
        let mut tx = Context::messenger().begin(&app.pool).await?;
        let Some(found) = self.find(&mut tx, &receipt).await? else {
            tracing::debug!(provider, "a receipt is about a message that is not ours");
            return Ok(());
        };
        let (fate, code) = match &receipt.fate {
            messages::Fate::Sent => (Fate::Sent, None),
            messages::Fate::Delivered => (Fate::Delivered, None),
            messages::Fate::Read => (Fate::Read, None),
            messages::Fate::Failed(refusal) => (Fate::Failed, Some(refusal.code.as_str())),
        };
        let kept = notices::Receipt { provider, event_id: &receipt.event_id, fate, code, at: receipt.at };
        notices::receive(&mut tx, found.attempt, kept).await?;
        wolo_database::commit(tx).await?;
        // Also when it was kept before: whoever kept it may have died before it was passed on.
        let came = ReceiptCame { number: found.attempt.number, fate };
        let name = hex::encode(hash(&[provider.as_bytes(), receipt.event_id.as_bytes()]));
        match app.control.tell_notice(&found.process, came, name).await {
            Ok(()) | Err(AskError::NotFound | AskError::Ended) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The message that a receipt is about: by our name for it, or by its provider's.
    async fn find(&self, tx: &mut Transaction, receipt: &Receipt) -> Result<Option<notices::Told>, Problem> {
        let provider = self.provider;
        let ours = receipt.reference.as_deref().and_then(attempt).map(About::Ours);
        let theirs = receipt.provider_id.as_deref().map(|id| About::Provider { provider, id });
        for name in [ours, theirs].into_iter().flatten() {
            if let Some(found) = notices::about(&mut **tx, name).await? {
                return Ok(Some(found));
            }
        }
        // It may be about one whose provider has not told us its name yet.
        let by_theirs_alone = receipt.reference.is_none() && theirs.is_some();
        if by_theirs_alone && notices::is_handed_over(&mut **tx, provider).await? {
            return Err(Problem::new(Code::NotYet));
        }
        Ok(None)
    }

    /// Receipts come by the thousand, and must leave connections to the database for those whose money is on its way.
    async fn turn(&self) -> Result<SemaphorePermit<'a>, Problem> {
        self.app.receipt_turns.acquire().await.map_err(|_| Problem::new(Code::NotYet))
    }

    /// What people say counts once, and all that follows from it at once.
    async fn heed(&self, word: Word) -> Result<(), Problem> {
        let Word { event, channel, address, at, reply, how, opens_the_window } = word;
        if !fits(&event) {
            tracing::warn!(provider = self.provider, "somebody's word has a name that nobody gives");
            return Ok(());
        }
        let _turn = self.turn().await?;
        let mut tx = Context::messenger().begin(&self.app.pool).await?;
        if !notices::hear(&mut tx, self.provider, &event).await? {
            return Ok(());
        }
        if opens_the_window {
            notices::wrote_to_us(&mut tx, &address, at).await?;
        }
        match reply {
            Some(Reply::Stop) => notices::opt_out(&mut tx, channel, &address, how, at).await?,
            Some(Reply::Start) => {
                notices::opt_in(&mut tx, channel, &address, at).await?;
            }
            None => {}
        }
        Ok(wolo_database::commit(tx).await?)
    }
}

/// The name of an attempt, as it was handed over.
fn attempt(reference: &str) -> Option<Attempt> {
    let (notice, number) = reference.rsplit_once('-')?;
    Some(Attempt { notice: notice.parse().ok()?, number: number.parse().ok()? })
}

/// Of several parts, so that none can be taken for two.
fn hash(parts: &[&[u8]]) -> Vec<u8> {
    let mut hashing = Hashing::new(&SHA256);
    for part in parts {
        hashing.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hashing.update(part);
    }
    hashing.finish().as_ref().to_vec()
}

/// Whatever is wrong with a signature, its sender is told the same.
fn refused(provider: &str, error: WebhookError) -> Problem {
    tracing::warn!(provider, cause = problem::chain(&error), "what came in a provider's name is not taken");
    Problem::new(match error {
        WebhookError::TooLarge => Code::BodyTooLarge,
        _ => Code::SenderUnknown,
    })
}
