//! `GET /api/admin/cases`

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use wolo_database::identities::{self, Entry, Filter};
use wolo_database::{Context, Page};
use wolo_domain::identities::{CaseStage, Reason};
use wolo_domain::ids::{CaseId, ConsentId, UserId};

use crate::caller::{ReviewIdentities, Staff};
use crate::contract::{refusals, schemas};
use crate::fields::Fields;
use crate::problem::{Code, Problem, Words};
use crate::query::{self, Pairs};
use crate::state::App;

/// Cases, and where the list goes on.
#[derive(Serialize, ToSchema)]
#[schema(as = AllCases)]
pub(crate) struct Cases {
    cases: Vec<CaseEntry>,
    /// What to ask for as `after` to go on; nothing when this was all.
    #[schema(value_type = Option<schemas::CaseId>, required = true)]
    next: Option<CaseId>,
}

/// A case, as reviewers see it.
#[derive(Serialize, ToSchema)]
pub(super) struct CaseEntry {
    #[schema(value_type = schemas::CaseId)]
    id: CaseId,
    #[schema(value_type = schemas::UserId)]
    subject: UserId,
    /// A minor's; somebody of age has none.
    #[schema(value_type = Option<schemas::ConsentId>, required = true)]
    consent: Option<ConsentId>,
    #[schema(value_type = schemas::CaseStage)]
    stage: CaseStage,
    /// How often documents were submitted.
    round: u32,
    opened_at: DateTime<Utc>,
    since: DateTime<Utc>,
    #[schema(required = true)]
    submitted_at: Option<DateTime<Utc>>,
    #[schema(value_type = Option<schemas::UserId>, required = true)]
    assigned_to: Option<UserId>,
    /// Since then somebody was told that nobody decides.
    #[schema(required = true)]
    escalated_at: Option<DateTime<Utc>>,
    approvals_needed: u32,
    #[schema(value_type = Vec<schemas::CaseReason>)]
    reasons: Vec<Reason>,
    #[schema(required = true)]
    destroy_at: Option<DateTime<Utc>>,
    #[schema(required = true)]
    destroyed_at: Option<DateTime<Utc>>,
}

impl From<Entry> for CaseEntry {
    fn from(entry: Entry) -> Self {
        Self {
            id: entry.case,
            subject: entry.subject,
            consent: entry.consent,
            stage: entry.stage,
            round: entry.round,
            opened_at: entry.opened_at,
            since: entry.since,
            submitted_at: entry.submitted_at,
            assigned_to: entry.assigned_to,
            escalated_at: entry.escalated_at,
            approvals_needed: entry.approvals_needed,
            reasons: entry.reasons,
            destroy_at: entry.destroy_at,
            destroyed_at: entry.destroyed_at,
        }
    }
}

refusals!(NotListed: Staff::<ReviewIdentities>::REFUSALS, &[Code::RequestInvalid]);

/// Identity cases, those first that have waited longest.
#[utoipa::path(get, path = "/api/admin/cases", operation_id = "admin.cases", tag = "admin",
    params(
        ("limit" = Option<usize>, Query, description = "How many at most; 20 where it is left out.", minimum = 1, maximum = 100),
        ("after" = Option<String>, Query, description = "The `next` of the list before.", pattern = "^cas_[0-9a-f]{32}$"),
        ("stage" = Option<String>, Query, description = "Those that stand so."),
        ("escalated" = Option<bool>, Query, description = "Those of which somebody was told that nobody decides."),
    ),
    security(("bearer" = ["reviewer", "superadmin"])),
    responses((status = 200, description = "They are.", body = Cases), NotListed))]
pub(crate) async fn list(
    State(app): State<App>,
    staff: Staff<ReviewIdentities>,
    mut pairs: Pairs,
) -> Result<Json<Cases>, Problem> {
    let mut fields = Fields::default();
    let no_word =
        || Words::new("cette valeur ne convient pas", "this value is not right").wolof("valeur bii baaxul");
    let limit = query::limit(&mut pairs, &mut fields);
    let after = query::word(&mut pairs, &mut fields, "after", no_word);
    let stage = query::word(&mut pairs, &mut fields, "stage", no_word);
    let escalated = query::word(&mut pairs, &mut fields, "escalated", no_word).unwrap_or_default();
    pairs.end(&mut fields);
    fields.check()?;
    let mut tx = Context::reviewer(staff.user).begin(&app.pool).await?;
    let filter = Filter { stage, escalated, ..Filter::default() };
    let found = identities::list(&mut *tx, filter, Page { after, limit: query::one_more(limit) }).await?;
    let (found, next) = query::cut(found, limit, |entry| entry.case);
    Ok(Json(Cases { cases: found.into_iter().map(CaseEntry::from).collect(), next }))
}
