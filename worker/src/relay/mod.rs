//! Carries on what the outbox holds: each event becomes a process for everybody who is to be told of it.
//!
//! An event is taken for a while, its messages are started under names that follow from the event and the person, and only then
//! is it marked as carried on. Whoever dies in between has lost nothing and told nobody twice: another one takes the event
//! when its time is over, and finds the processes there. What lay too long is not told any more.
//!
//! What pots announce comes by the thousand at eight in the morning. It goes a way of its own, so many messages a second, and nobody's
//! code or receipt waits behind it.

mod inviting;
mod telling;

use std::time::Duration;

use chrono::TimeDelta;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use temporalio_client::Client;
use temporalio_client::errors::{WorkflowInteractionError, WorkflowStartError};
use tracing::Instrument as _;
use wolo_activities::notices;
use wolo_bootstrap::{Seal, Settings, Shutdown};
use wolo_database::outbox::{self, Event, Topic, Way};
use wolo_database::{Pool, audit, invitations};
use wolo_domain::invitations::SentInvitation;
use wolo_domain::notices::{Letter, NoticeRules};
use wolo_domain::seals::SealingKey;
use wolo_workflows::notice_delivery::{NoticeInput, NoticePatience};

use crate::rules;
use inviting::Inviting;

/// Between two looks into an empty outbox.
const LOOK: Duration = Duration::from_millis(200);
/// After a look that failed.
const PAUSE: Duration = Duration::from_secs(2);
/// Events that are taken at once …
const A_HANDFUL: u32 = 50;
/// … and carried on side by side.
const AT_ONCE: usize = 8;
/// Announcements that are taken at once: none of them waits for its turn until somebody else takes it.
const ANNOUNCEMENTS: u32 = 8;
/// Whoever has taken an event has so long to carry it on.
const HELD: TimeDelta = TimeDelta::seconds(60);

/// Why an event was not carried on. It is taken again later.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("the database could not be asked")]
    Database(#[from] wolo_database::Error),
    #[error("a letter cannot be opened")]
    Sealed(#[from] wolo_bootstrap::codec::CodecError),
    #[error("a letter or an event cannot be read")]
    Unreadable(#[from] serde_json::Error),
    #[error("the process of a message or an invitation cannot be started")]
    Start(#[from] WorkflowStartError),
    #[error("the process of an invitation cannot be told")]
    Tell(#[from] WorkflowInteractionError),
}

/// Who carries on.
pub(crate) struct Relay {
    pool: Pool,
    client: Client,
    seal: Seal,
    /// Where links in messages lead.
    public_url: String,
    rules: NoticeRules,
    patience: NoticePatience,
    inviting: Inviting,
    sealing: SealingKey,
    announcing: DefaultDirectRateLimiter,
}

impl Relay {
    pub(crate) fn new(
        pool: Pool,
        client: Client,
        sealing: SealingKey,
        settings: &Settings,
    ) -> Result<Self, wolo_bootstrap::codec::CodecError> {
        let (rules, patience) = rules::notices(&settings.notices);
        Ok(Self {
            pool,
            client,
            seal: Seal::new(&settings.temporal.payload_keys)?,
            public_url: settings.api.public_url.as_str().trim_end_matches('/').to_owned(),
            rules,
            patience,
            inviting: Inviting::new(settings),
            sealing,
            announcing: RateLimiter::direct(Quota::per_second(settings.notices.announcements_per_second)),
        })
    }

    /// Carries on until the end begins.
    pub(crate) async fn run(self, ends: Shutdown) {
        tokio::join!(self.go(Way::Prompt, &ends), self.go(Way::Announcements, &ends));
    }

    async fn go(&self, way: Way, ends: &Shutdown) {
        while !ends.has_begun() {
            let pause = match self.carry_on(way).await {
                Ok(0) => LOOK,
                Ok(_) => continue,
                Err(error) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "events stay in the outbox for now"
                    );
                    PAUSE
                }
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = ends.begun() => {}
            }
        }
    }

    /// Carries a handful of events on, and says how many there were.
    async fn carry_on(&self, way: Way) -> Result<usize, Error> {
        let handful = match way {
            Way::Prompt => A_HANDFUL,
            Way::Announcements => ANNOUNCEMENTS,
        };
        let events = outbox::take(&self.pool, way, handful, HELD).await?;
        let count = events.len();
        let carried = stream::iter(events).map(|event| async move {
            let span = tracing::info_span!("relay", topic = %event.topic, key = event.key);
            match self.carry(&event).instrument(span).await {
                Ok(()) => Some(event.id),
                Err(error) => {
                    let (topic, key) = (event.topic, &event.key);
                    tracing::warn!(%topic, key, error = &error as &dyn std::error::Error, "an event waits to be told");
                    None
                }
            }
        });
        // Those that are done at the same time are marked at once.
        let mut done =
            carried.buffer_unordered(AT_ONCE).filter_map(std::future::ready).ready_chunks(count.max(1));
        while let Some(events) = done.next().await {
            outbox::mark_relayed(&self.pool, &events).await?;
        }
        Ok(count)
    }

    async fn carry(&self, event: &Event) -> Result<(), Error> {
        let Some(sealed) = &event.sealed else { return self.tell(event).await };
        let plain = self.seal.open(&event.key, sealed)?;
        if event.topic == Topic::Invitation {
            let sent: SentInvitation = serde_json::from_slice(&plain)?;
            return self.invite(event, sent).await;
        }
        let letter: Letter = serde_json::from_slice(&plain)?;
        self.tell_once(telling::of_letter(event, letter)).await
    }

    /// Starts the process of an invitation, unless it has ended: whoever has sent it may have taken it back while no worker was
    /// there.
    async fn invite(&self, event: &Event, sent: SentInvitation) -> Result<(), Error> {
        if invitations::end_of(&self.pool, sent.invitation).await?.is_some() {
            return Ok(());
        }
        let Self { client, public_url, rules, patience, .. } = self;
        let invitation = sent.invitation;
        self.inviting.start(client, event, sent, public_url, *rules, *patience).await?;
        // Whoever took it back at this moment found no process to tell.
        if let Some(end) = invitations::end_of(&self.pool, invitation).await? {
            inviting::end(client, invitation, end).await;
        }
        Ok(())
    }

    /// Tells everybody whom an event concerns.
    async fn tell(&self, event: &Event) -> Result<(), Error> {
        if event.topic == Topic::Audit {
            let record = serde_json::from_value(event.payload.clone())?;
            return Ok(audit::append(&self.pool, &record, &self.sealing).await?);
        }
        let telling = telling::Telling { pool: &self.pool, public_url: &self.public_url, event };
        if event.topic == Topic::CaseEscalated {
            let alerts = telling.of_case().await?;
            return alerts.try_for_each_concurrent(AT_ONCE, |message| self.tell_once(message)).await;
        }
        if matches!(event.topic, Topic::StepLate | Topic::StepsLate) {
            let alerts = telling.of_lateness().await?;
            return alerts.try_for_each_concurrent(AT_ONCE, |message| self.tell_once(message)).await;
        }
        if matches!(event.topic, Topic::PointsMatured | Topic::PointsRevoked) {
            let told = telling.of_points().await?;
            return told.try_for_each(|message| self.tell_once(message)).await;
        }
        let Some(about) = telling.about().await? else { return Ok(()) };
        if let Some(invitation) = inviting::hears(about.follower(), event.topic) {
            inviting::tell(&self.client, invitation).await?;
        }
        let messages = telling.messages(about).await?;
        messages
            .try_for_each_concurrent(AT_ONCE, async |message| {
                // Whoever carries an event on that somebody else has half carried on is soon where that one is.
                if self.begin(message).await? && event.topic.way() == Way::Announcements {
                    self.announcing.until_ready().await;
                }
                Ok(())
            })
            .await
    }

    async fn tell_once(&self, due: telling::Due) -> Result<(), Error> {
        self.begin(due).await.map(drop)
    }

    /// Starts the process of a message, unless it has been; answers whether that was now.
    async fn begin(&self, due: telling::Due) -> Result<bool, Error> {
        let telling::Due { message, expires } = due;
        let notice = NoticeInput { message, expires, rules: self.rules, patience: self.patience };
        Ok(notices::begin(&self.client, notice).await?)
    }
}
