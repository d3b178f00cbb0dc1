//! `GET /api/identity/consents`

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use wolo_control::ids;
use wolo_database::consents::{self, Consent, Event};
use wolo_database::{Context, Transaction};
use wolo_domain::consents::{AddressClass, Agreement, ConsentStage, Guardianship, Proof, Purpose};
use wolo_domain::contacts::Language;
use wolo_domain::ids::ConsentId;

use crate::caller::User;
use crate::contract::{refusals, schemas};
use crate::problem::{self, Problem};
use crate::state::App;

/// The guardians whom the caller has named, and the process that asks them.
#[derive(Serialize, ToSchema)]
pub(crate) struct Consents {
    consents: Vec<ConsentView>,
    /// The process behind them; there is none before somebody was named.
    #[schema(example = "consent/usr_0193a5c2f0f07c3ab1d2e3f405162738")]
    process: String,
}

/// A guardian who was asked, and what came of it.
#[derive(Serialize, ToSchema)]
struct ConsentView {
    #[schema(value_type = schemas::ConsentId)]
    id: ConsentId,
    /// As the caller has written it.
    guardian: String,
    #[schema(value_type = schemas::Guardianship)]
    relationship: Guardianship,
    /// Masked.
    #[schema(required = true)]
    phone: Option<String>,
    #[schema(value_type = schemas::ConsentStage)]
    stage: ConsentStage,
    since: DateTime<Utc>,
    requested_at: DateTime<Utc>,
    /// Until then the guardian may answer, or come back; nothing while nobody waits for them.
    #[schema(required = true)]
    answer_by: Option<DateTime<Utc>>,
    /// What happened, the first first.
    history: Vec<EventView>,
}

/// Something that happened to a consent.
#[derive(Serialize, ToSchema)]
#[schema(as = ConsentEvent)]
pub(crate) struct EventView {
    /// Where the consent came to stand.
    #[schema(value_type = schemas::ConsentStage)]
    stage: ConsentStage,
    at: DateTime<Utc>,
    /// Of what was given: to what.
    #[schema(required = true)]
    agreed: Option<AgreementView>,
}

/// To what a guardian agreed, and how it is known that it was they.
#[derive(Serialize, ToSchema)]
#[schema(as = ConsentAgreement)]
pub(crate) struct AgreementView {
    /// Which text was shown.
    #[schema(example = "consent-1")]
    text: String,
    /// SHA-256 of its words.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    hash: String,
    #[schema(value_type = schemas::Language)]
    language: Language,
    #[schema(value_type = Vec<schemas::Purpose>)]
    purposes: Vec<Purpose>,
    #[schema(value_type = schemas::Proof)]
    proof: Proof,
    #[schema(value_type = schemas::AddressClass)]
    address: AddressClass,
}

impl From<Event> for EventView {
    fn from(event: Event) -> Self {
        Self { stage: event.stage, at: event.at, agreed: event.agreed.map(AgreementView::from) }
    }
}

impl From<Agreement> for AgreementView {
    fn from(Agreement { shown, purposes, proof, address }: Agreement) -> Self {
        Self { text: shown.text, hash: shown.hash, language: shown.language, purposes, proof, address }
    }
}

refusals!(NotListed: User::REFUSALS, problem::OF_THE_STORE);

/// The guardians whom the caller has named, the last first, and what each answered.
#[utoipa::path(get, path = "/api/identity/consents", operation_id = "identity.consents", tag = "identity",
    security(("bearer" = [])),
    responses((status = 200, description = "They are.", body = Consents), NotListed))]
pub(crate) async fn list(State(app): State<App>, User(minor): User) -> Result<Json<Consents>, Problem> {
    let mut tx = Context::user(minor).begin(&app.pool).await?;
    let mut views = Vec::new();
    // A minor names a few guardians in a month.
    for consent in consents::of_minor(&mut *tx, minor).await? {
        views.push(view(&mut tx, consent).await?);
    }
    Ok(Json(Consents { consents: views, process: ids::consent(minor) }))
}

async fn view(tx: &mut Transaction, consent: Consent) -> Result<ConsentView, Problem> {
    let events = consents::events(&mut **tx, consent.id).await?;
    Ok(ConsentView {
        id: consent.id,
        guardian: consent.guardian_name,
        relationship: consent.guardian_is,
        phone: consent.guardian_phone,
        stage: consent.stage,
        since: consent.since,
        requested_at: consent.requested_at,
        answer_by: consent.answer_by,
        history: events.into_iter().map(EventView::from).collect(),
    })
}
