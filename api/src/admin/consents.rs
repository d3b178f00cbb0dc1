//! Guardians' consents, for those who review identities.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use wolo_database::consents::{self, Consent, Filter};
use wolo_database::{Context, Page};
use wolo_domain::consents::{ConsentStage, Guardianship};
use wolo_domain::contacts::Language;
use wolo_domain::ids::{ConsentId, UserId};

use crate::caller::{ReviewIdentities, Staff};
use crate::contract::{refusals, schemas};
use crate::fields::Fields;
use crate::identity::EventView;
use crate::problem::{Code, Problem, Words};
use crate::query::{self, Pairs};
use crate::state::App;

/// Consents, and where the list goes on.
#[derive(Serialize, ToSchema)]
#[schema(as = AllConsents)]
pub(crate) struct Consents {
    consents: Vec<ConsentEntry>,
    /// What to ask for as `after` to go on; nothing when this was all.
    #[schema(value_type = Option<schemas::ConsentId>, required = true)]
    next: Option<ConsentId>,
}

/// A consent. Where its guardian is reached is masked.
#[derive(Serialize, ToSchema)]
struct ConsentEntry {
    #[schema(value_type = schemas::ConsentId)]
    id: ConsentId,
    #[schema(value_type = schemas::UserId)]
    minor: UserId,
    guardian: String,
    #[schema(value_type = schemas::Guardianship)]
    relationship: Guardianship,
    #[schema(required = true)]
    phone: Option<String>,
    #[schema(value_type = schemas::Language)]
    language: Language,
    #[schema(value_type = schemas::ConsentStage)]
    stage: ConsentStage,
    since: DateTime<Utc>,
    requested_at: DateTime<Utc>,
    #[schema(required = true)]
    answer_by: Option<DateTime<Utc>>,
}

impl From<Consent> for ConsentEntry {
    fn from(consent: Consent) -> Self {
        Self {
            id: consent.id,
            minor: consent.minor,
            guardian: consent.guardian_name,
            relationship: consent.guardian_is,
            phone: consent.guardian_phone,
            language: consent.language,
            stage: consent.stage,
            since: consent.since,
            requested_at: consent.requested_at,
            answer_by: consent.answer_by,
        }
    }
}

/// A consent, with what happened to it.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConsentInFull {
    #[serde(flatten)]
    consent: ConsentEntry,
    history: Vec<EventView>,
}

refusals!(NotListed: Staff::<ReviewIdentities>::REFUSALS, &[Code::RequestInvalid]);
refusals!(NotShown: Staff::<ReviewIdentities>::REFUSALS, &[Code::ConsentUnknown]);

/// All consents, the last asked for first.
#[utoipa::path(get, path = "/api/admin/consents", operation_id = "admin.consents", tag = "admin",
    params(
        ("limit" = Option<usize>, Query, description = "How many at most; 20 where it is left out.", minimum = 1, maximum = 100),
        ("after" = Option<String>, Query, description = "The `next` of the list before.", pattern = "^csn_[0-9a-f]{32}$"),
        ("stage" = Option<String>, Query, description = "Those that stand so."),
        ("flagged" = Option<bool>, Query, description = "Those of guardians who have so many minors that somebody has to look why."),
    ),
    security(("bearer" = ["reviewer", "superadmin"])),
    responses((status = 200, description = "They are.", body = Consents), NotListed))]
pub(crate) async fn list(
    State(app): State<App>,
    staff: Staff<ReviewIdentities>,
    pairs: Pairs,
) -> Result<Json<Consents>, Problem> {
    let (limit, after, filter) = read(&app, pairs)?;
    let page = Page { after, limit: query::one_more(limit) };
    let mut tx = Context::staff(staff.user).begin(&app.pool).await?;
    let found = consents::list(&mut *tx, filter, page).await?;
    let (found, next) = query::cut(found, limit, |consent| consent.id);
    Ok(Json(Consents { consents: found.into_iter().map(ConsentEntry::from).collect(), next }))
}

fn read(app: &App, mut pairs: Pairs) -> Result<(usize, Option<ConsentId>, Filter), Problem> {
    let mut fields = Fields::default();
    let unknown =
        || Words::new("cette valeur ne convient pas", "this value is not right").wolof("valeur bii baaxul");
    let limit = query::limit(&mut pairs, &mut fields);
    let after = query::word(&mut pairs, &mut fields, "after", unknown);
    let stage = query::word(&mut pairs, &mut fields, "stage", unknown);
    let flagged = query::word::<bool>(&mut pairs, &mut fields, "flagged", unknown).unwrap_or_default();
    pairs.end(&mut fields);
    fields.check()?;
    let from = i64::from(app.settings.consents.minors_per_guardian_flag);
    Ok((limit, after, Filter { stage, minors_of_guardian: flagged.then_some(from) }))
}

/// One consent, with what happened to it and to what was agreed.
#[utoipa::path(get, path = "/api/admin/consents/{consent}", operation_id = "admin.consent", tag = "admin",
    params(("consent" = inline(schemas::ConsentId), Path, description = "The consent.")),
    security(("bearer" = ["reviewer", "superadmin"])),
    responses((status = 200, description = "It is.", body = ConsentInFull), NotShown))]
pub(crate) async fn show(
    State(app): State<App>,
    staff: Staff<ReviewIdentities>,
    consent: Result<Path<ConsentId>, PathRejection>,
) -> Result<Json<ConsentInFull>, Problem> {
    let unknown = || Problem::new(Code::ConsentUnknown);
    let Path(id) = consent.map_err(|_| unknown())?;
    let mut tx = Context::staff(staff.user).begin(&app.pool).await?;
    let consent = consents::consent(&mut *tx, id).await?.ok_or_else(unknown)?;
    let history = consents::events(&mut *tx, id).await?;
    Ok(Json(ConsentInFull {
        consent: consent.into(),
        history: history.into_iter().map(EventView::from).collect(),
    }))
}
