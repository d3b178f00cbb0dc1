//! `GET /api/sponsorship/status`

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use wolo_database::invitations::{self, Entry};
use wolo_database::{Context, Page};
use wolo_domain::ids::InvitationId;
use wolo_domain::invitations::{InvitationStage, NoPoints, Relationship};

use crate::asker::{Asker, Language};
use crate::caller::User;
use crate::contract::{refusals, schemas};
use crate::problem::{Code, Problem, Words};
use crate::query::{self, Pairs};
use crate::sponsorship::why_no_points;
use crate::state::App;

/// How the caller's invitations stand: in sum, and each.
#[derive(Serialize, ToSchema)]
pub(crate) struct Sponsorship {
    funnel: FunnelView,
    invitations: Vec<InvitationEntry>,
    /// What to ask for as `after` to go on; nothing when this was all.
    #[schema(value_type = Option<schemas::InvitationId>, required = true)]
    next: Option<InvitationId>,
}

/// How many came how far. Each is counted at every step that it has passed.
#[derive(Serialize, ToSchema)]
struct FunnelView {
    written: i64,
    sent: i64,
    delivered: i64,
    opened: i64,
    accepted: i64,
    pot_opened: i64,
    first_gift: i64,
    declined: i64,
    lapsed: i64,
    cancelled: i64,
}

/// An invitation, and what came of it.
#[derive(Serialize, ToSchema)]
struct InvitationEntry {
    #[schema(value_type = schemas::InvitationId)]
    id: InvitationId,
    /// Where it went, masked.
    to: String,
    #[schema(value_type = schemas::Relationship)]
    relationship: Relationship,
    #[schema(value_type = schemas::InvitationStage)]
    stage: InvitationStage,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    /// Points that it has brought.
    points: i64,
    /// Why it brings none, or none yet, though it was accepted.
    #[schema(value_type = Option<schemas::NoPoints>, required = true)]
    no_points: Option<NoPoints>,
    /// The same as a sentence, in the caller's language.
    #[schema(required = true)]
    why_no_points: Option<String>,
}

impl InvitationEntry {
    fn of(entry: &Entry, language: Language) -> Self {
        let why = entry.no_points.map(why_no_points);
        Self {
            id: entry.id,
            to: entry.to.masked(),
            relationship: entry.relationship,
            stage: entry.milestones.stage(),
            created_at: entry.created_at,
            expires_at: entry.expires_at,
            points: entry.points,
            no_points: entry.no_points,
            why_no_points: why.map(|words| words.read(language).to_owned()),
        }
    }
}

refusals!(NotListed: User::REFUSALS, &[Code::RequestInvalid]);

/// The caller's invitations, the last first, and the funnel of all of them.
#[utoipa::path(get, path = "/api/sponsorship/status", operation_id = "sponsorship.status", tag = "sponsorship",
    params(
        ("limit" = Option<usize>, Query, description = "How many at most; 20 where it is left out.", minimum = 1, maximum = 100),
        ("after" = Option<String>, Query, description = "The `next` of the list before.", pattern = "^inv_[0-9a-f]{32}$"),
    ),
    security(("bearer" = [])),
    responses(
        (status = 200, description = "Invitations.", body = Sponsorship, links(
            ("go_on" = (operation_id = "sponsorship.status", parameters(("after" = "$response.body#/next")))),
        )),
        NotListed,
    ))]
pub(crate) async fn status(
    State(app): State<App>,
    User(user): User,
    asker: Asker,
    pairs: Pairs,
) -> Result<Json<Sponsorship>, Problem> {
    let (limit, after) = query::page(pairs, || {
        Words::new("ce n'est pas l'identifiant d'une invitation", "this is not an invitation's id")
            .wolof("lii du identifiant invitation")
    })?;
    let mut tx = Context::user(user).begin(&app.pool).await?;
    let found =
        invitations::of_sponsor(&mut *tx, user, Page { after, limit: query::one_more(limit) }).await?;
    let funnel = invitations::funnel(&mut *tx, user).await?;
    let (found, next) = query::cut(found, limit, |entry| entry.id);
    Ok(Json(Sponsorship {
        funnel: funnel.into(),
        invitations: found.iter().map(|entry| InvitationEntry::of(entry, asker.language)).collect(),
        next,
    }))
}

impl From<invitations::Funnel> for FunnelView {
    fn from(funnel: invitations::Funnel) -> Self {
        let invitations::Funnel {
            written,
            sent,
            delivered,
            opened,
            accepted,
            pot_opened,
            first_gift,
            declined,
            lapsed,
            cancelled,
        } = funnel;
        Self {
            written,
            sent,
            delivered,
            opened,
            accepted,
            pot_opened,
            first_gift,
            declined,
            lapsed,
            cancelled,
        }
    }
}
