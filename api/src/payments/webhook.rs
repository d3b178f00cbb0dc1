//! `POST /api/payments/webhook`
//!
//! Verified on its raw bytes, stored, passed on, and only then answered with 200. Whatever fails on the way is a 503
//! (or a 4xx), so that Wave comes again. Nothing of what an event says is believed: the gift's process asks Wave.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use wolo_control::AskError;
use wolo_control::donations::{DonationInput, DonationRequest, Donor, Heard};
use wolo_database::webhooks::{self, Receipt};
use wolo_database::{Context, donations};
use wolo_domain::donations::DonationRules;
use wolo_domain::ids::DonationId;
use wolo_domain::names::fits;
use wolo_providers::wave::webhook::{self as wave, EventKind, SIGNATURE_HEADER, SessionNotice};

use super::inbox::Arrived;
use crate::body::raw;
use crate::contract::{refusals, schemas};
use crate::deliveries::{Dealt, keep_unreadable, only};
use crate::problem::{self, Code, Problem};
use crate::rules;
use crate::state::App;

/// No more is read before the signature is checked, nor after.
pub(crate) const LIMIT: usize = 64 * 1024;

/// Wave waits five seconds for an answer. One that comes later is not heard.
const WAVE_WAITS: Duration = Duration::from_millis(4_500);

pub(super) const PROVIDER: &str = "wave";
const COMPLETED: &str = "checkout.session.completed";

/// An event as far as it is passed on.
struct Notice {
    event: String,
    kind: String,
    /// The session's own word for what it is about.
    reference: Option<String>,
    heard: Option<Heard>,
}

refusals!(NotHeard: problem::OF_THE_STORE, problem::OF_THE_ENGINE,
    &[Code::BodyTooLarge, Code::BodyUnreadable, Code::SignatureInvalid, Code::EventUnreadable, Code::EventReused]);

/// Hears what Wave says.
#[utoipa::path(post, path = "/api/payments/webhook", operation_id = "payments.webhook", tag = "payments",
    request_body = inline(schemas::WaveEvent),
    security(("wave" = [])),
    responses((status = 200, description = "The event has been kept and passed on."), NotHeard))]
pub(crate) async fn webhook(
    State(app): State<App>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<StatusCode, Problem> {
    let body = raw(body)?;
    verify(&app, &headers, &body)?;
    let taken = tokio::time::timeout(WAVE_WAITS, take(&app, &body)).await.unwrap_or_else(|_| {
        tracing::warn!("an event could not be dealt with before its sender stopped waiting");
        Err(Problem::new(Code::TimedOut))
    });
    taken.map(|()| StatusCode::OK)
}

/// Exactly one header, and one of its signatures made with one of our secrets.
fn verify(app: &App, headers: &HeaderMap, body: &[u8]) -> Result<(), Problem> {
    let verified = match only(headers, SIGNATURE_HEADER) {
        Some(header) => wave::verify(body, header, &app.settings.wave.webhook_secrets, App::now()),
        None => Err(wave::SignatureError::Malformed),
    };
    verified.map_err(|error| {
        tracing::warn!(cause = problem::chain(&error), "a webhook was not signed by Wave");
        Problem::new(Code::SignatureInvalid)
    })
}

async fn take(app: &App, body: &Bytes) -> Result<(), Problem> {
    let digest = digest(&SHA256, body).as_ref().to_vec();
    let Some(notice) = read(body) else { return Err(unreadable(app, body, &digest).await?) };
    let mut lane = app.deliveries.turn(&notice.event).await;
    let this = Dealt { event: notice.event.clone(), digest };
    if lane.as_ref() == Some(&this) {
        return Ok(());
    }
    deal_with(app, &notice, body).await?;
    *lane = Some(this);
    Ok(())
}

fn read(body: &[u8]) -> Option<Notice> {
    let event = wave::parse(body).ok()?;
    let of =
        |kind: &str, session: SessionNotice, heard| (kind.to_owned(), session.client_reference, Some(heard));
    let (kind, reference, heard) = match event.kind {
        EventKind::CheckoutCompleted { session } => of(COMPLETED, session, Heard::PaymentCompleted),
        EventKind::PaymentFailed { session } => of(webhooks::PAYMENT_FAILED, session, Heard::AttemptFailed),
        EventKind::Other(kind) => (kind, None, None),
    };
    let names = [Some(&event.id), Some(&kind), reference.as_ref()];
    let all_fit = names.into_iter().flatten().all(|name| fits(name));
    all_fit.then_some(Notice { event: event.id, kind, reference, heard })
}

/// Stores it, passes it on, and notes that it was dealt with, in this order.
async fn deal_with(app: &App, notice: &Notice, body: &Bytes) -> Result<(), Problem> {
    let arrived = Arrived {
        event: notice.event.clone(),
        kind: notice.kind.clone(),
        subject: notice.reference.clone(),
        raw: body.clone(),
    };
    wolo_faultpoints::reach("webhooks@verified");
    match app.inbox.keep(arrived).await? {
        Receipt::Again { handled: true } => return Ok(()),
        // Either Wave gave an id twice or somebody has a secret of ours. Somebody must look.
        Receipt::OtherBytes => {
            tracing::error!(event = notice.event, "an event came again with other bytes and was refused");
            return Err(Problem::new(Code::EventReused));
        }
        Receipt::First | Receipt::Again { handled: false } => {}
    }
    wolo_faultpoints::reach("webhooks@kept");
    pass_on(app, notice).await?;
    wolo_faultpoints::reach("webhooks@told");
    webhooks::mark_handled(&app.pool, PROVIDER, &notice.event).await?;
    wolo_faultpoints::reach("webhooks@noted");
    Ok(())
}

async fn pass_on(app: &App, notice: &Notice) -> Result<(), Problem> {
    let Some(heard) = notice.heard else {
        tracing::debug!(event = notice.event, "an event of a type that nothing waits for was kept");
        return Ok(());
    };
    let Some(donation) = notice.reference.as_deref().and_then(|text| text.parse::<DonationId>().ok()) else {
        tracing::warn!(
            event = notice.event,
            "a payment that is not for one of our gifts was kept for finance"
        );
        return Ok(());
    };
    match app.control.tell_donation(donation, heard, &notice.event).await {
        Ok(()) => Ok(()),
        Err(AskError::NotFound | AskError::Ended) => after_the_end(app, donation, heard, &notice.event).await,
        Err(error) => Err(error.into()),
    }
}

/// A process that has ended knows all it needs, unless its gift has not got its money's worth: a payment of a gift that
/// still waits, or was written off, makes the process begin again and look.
async fn after_the_end(app: &App, donation: DonationId, heard: Heard, event: &str) -> Result<(), Problem> {
    let mut tx = Context::visitor().with_donation(donation).begin(&app.pool).await?;
    let gift = donations::donation(&mut *tx, donation).await?;
    drop(tx);
    let Some(gift) = gift else {
        tracing::error!(%donation, event, "Wave speaks of a gift that was never asked for");
        return Ok(());
    };
    if heard == Heard::PaymentCompleted && !gift.stage.has_its_money() {
        tracing::warn!(%donation, event, stage = %gift.stage, "a gift was paid whose process had ended: it begins again");
        app.control.take_up_donation(again(app, &gift)).await?;
    }
    Ok(())
}

/// What the process is started with again. The row has the rest; its amount was within the bounds of its day.
fn again(app: &App, gift: &donations::Donation) -> DonationInput {
    DonationInput {
        request: DonationRequest {
            donation: gift.id,
            pot: gift.pot,
            amount: gift.amount,
            donor: Donor::default(),
            rules: DonationRules { smallest: gift.amount, largest: gift.amount },
        },
        grace_seconds: app.settings.rules.checkout_grace_seconds.into(),
        longest_pause_seconds: rules::longest_pause_seconds(&app.settings.rules),
        refund: rules::refund_patience(&app.settings.rules),
    }
}

/// By its own name, if that can be read at least.
async fn unreadable(app: &App, body: &[u8], digest: &[u8]) -> Result<Problem, Problem> {
    #[derive(Deserialize)]
    struct Id {
        id: String,
    }
    let named = serde_json::from_slice::<Id>(body).ok().map(|named| named.id);
    let event = named
        .filter(|id| !id.is_empty() && fits(id))
        .unwrap_or_else(|| format!("sha256:{}", hex::encode(digest)));
    keep_unreadable(app, PROVIDER, &event, body).await
}
