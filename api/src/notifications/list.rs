//! `GET /api/notifications`

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use wolo_database::notices::{self, Entry};
use wolo_database::{Context, Page};
use wolo_domain::ids::{NoticeId, PotId};
use wolo_domain::notices::{Category, Channel, Kind, NoticeStage, Withheld};

use super::titles;
use crate::asker::{Asker, Language};
use crate::caller::User;
use crate::contract::{refusals, schemas};
use crate::problem::{Code, Problem, Words};
use crate::query::{self, Pairs};
use crate::state::App;

/// Messages, and where the list goes on.
#[derive(Serialize, ToSchema)]
#[schema(as = Notifications)]
pub(crate) struct List {
    notifications: Vec<Notification>,
    /// What to ask for as `after` to go on; nothing when this was all.
    #[schema(value_type = Option<schemas::NoticeId>, required = true)]
    next: Option<NoticeId>,
}

/// A message, and what became of it.
#[derive(Serialize, ToSchema)]
struct Notification {
    #[schema(value_type = schemas::NoticeId)]
    id: NoticeId,
    #[schema(value_type = schemas::NoticeKind)]
    kind: Kind,
    /// What it is about, in the caller's language.
    title: &'static str,
    #[schema(value_type = schemas::Category)]
    category: Category,
    /// The pot it is about.
    #[schema(value_type = Option<schemas::PotId>, required = true)]
    pot: Option<PotId>,
    /// The way it went, or was tried last.
    #[schema(value_type = Option<schemas::Channel>, required = true)]
    channel: Option<Channel>,
    #[schema(value_type = schemas::NoticeStage)]
    stage: NoticeStage,
    /// Why it did not come, if it did not.
    #[schema(required = true)]
    why_not: Option<WhyNot>,
    created_at: DateTime<Utc>,
}

/// Why a message did not come: its category is muted, it would have come too late, there was no channel for it, or none
/// could bring it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum WhyNot {
    Muted,
    Expired,
    NoChannel,
    NotDelivered,
}

impl Notification {
    fn of(entry: Entry, language: Language) -> Self {
        let why_not = match (entry.withheld, entry.given_up) {
            (Some(Withheld::Muted), _) => Some(WhyNot::Muted),
            (Some(Withheld::Expired), _) => Some(WhyNot::Expired),
            (Some(Withheld::NoChannel), _) => Some(WhyNot::NoChannel),
            (None, Some(_)) => Some(WhyNot::NotDelivered),
            (None, None) => None,
        };
        Self {
            id: entry.id,
            kind: entry.kind,
            title: titles::of(entry.kind, language),
            category: entry.kind.category(),
            pot: entry.pot,
            channel: entry.channel,
            stage: entry.stage,
            // One that was given up and came after all, came.
            why_not: why_not.filter(|_| !entry.stage.has_arrived()),
            created_at: entry.created_at,
        }
    }
}

refusals!(NotListed: User::REFUSALS, &[Code::RequestInvalid]);

/// The caller's messages, the newest first.
#[utoipa::path(get, path = "/api/notifications", operation_id = "notifications.list", tag = "notifications",
    params(
        ("limit" = Option<usize>, Query, description = "How many at most; 20 where it is left out.", minimum = 1, maximum = 100),
        ("after" = Option<String>, Query, description = "The `next` of the list before.", pattern = "^ntf_[0-9a-f]{32}$"),
    ),
    security(("bearer" = [])),
    responses(
        (status = 200, description = "Messages.", body = List, links(
            ("go_on" = (operation_id = "notifications.list", parameters(("after" = "$response.body#/next")))),
        )),
        NotListed,
    ))]
pub(crate) async fn list(
    State(app): State<App>,
    User(user): User,
    asker: Asker,
    pairs: Pairs,
) -> Result<Json<List>, Problem> {
    let (limit, after) = query::page(pairs, || {
        Words::new("ce n'est pas l'identifiant d'un message", "this is not a message's id")
            .wolof("lii du identifiant mesaas")
    })?;
    let mut tx = Context::user(user).begin(&app.pool).await?;
    let found = notices::of_user(&mut *tx, user, Page { after, limit: query::one_more(limit) }).await?;
    let (found, next) = query::cut(found, limit, |entry| entry.id);
    let notifications = found.into_iter().map(|entry| Notification::of(entry, asker.language)).collect();
    Ok(Json(List { notifications, next }))
}
