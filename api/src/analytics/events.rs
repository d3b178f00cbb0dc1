//! `POST /api/analytics/events`: what visitors did, as our pages tell it. Nothing of who they are is kept, whoever tells.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use wolo_database::Context;
use wolo_database::visits::{self, Visit};
use wolo_domain::ids::{PotId, UserId};
use wolo_domain::visits::{ShareWay, VisitKind, VisitPage, is_believable};

use crate::body::{self, Body};
use crate::caller::MaybeUser;
use crate::contract::{refusals, schemas};
use crate::fields::Fields;
use crate::pots::{Reference, Viewer, find_access};
use crate::problem::{self, Code, Problem, Words, Wrong};
use crate::state::App;

/// In one request. A page has fewer to tell; and what one may write into our store by one request that is counted is little.
const MOST_EVENTS: usize = 10;
/// Each is looked up. A page is about one.
const MOST_POTS: usize = 5;

/// What happened on a page.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = VisitEvents)]
pub(crate) struct Events {
    #[schema(min_items = 1, max_items = 10)]
    events: Vec<Event>,
}

/// One thing that a visitor did.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = VisitEvent, example = json!({
    "id": "0193a5c2-f0f0-7c3a-b1d2-e3f405162738", "kind": "give_pressed", "page": "pot", "pot": "pot_0193a5c2f0f07c3ab1d2e3f405162738",
}))]
struct Event {
    /// Chosen by the page: what is told again under it counts once.
    id: Uuid,
    #[schema(value_type = schemas::VisitKind)]
    kind: VisitKind,
    /// By the visitor's clock; left out, it is now. At most a week ago.
    #[serde(default)]
    at: Option<DateTime<Utc>>,
    /// By its id, or by the part of its link that nobody can guess; one that the visitor may see.
    #[serde(default)]
    pot: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<schemas::VisitPage>)]
    page: Option<VisitPage>,
    /// By which way something was shared.
    #[serde(default)]
    #[schema(value_type = Option<schemas::ShareWay>)]
    way: Option<ShareWay>,
}

/// What was kept.
#[derive(Serialize, ToSchema)]
#[schema(as = VisitEventsKept)]
pub(crate) struct Kept {
    /// How many had not been told before.
    new: u64,
}

refusals!(NotKept: MaybeUser::REFUSALS, body::REFUSALS, problem::OF_THE_STORE);

/// Tells what visitors did on a page, up to ten things at once. All of them are kept or none. Nothing of who tells is.
#[utoipa::path(post, path = "/api/analytics/events", operation_id = "analytics.tell", tag = "analytics",
    request_body = Events,
    security((), ("bearer" = [])),
    responses((status = 202, description = "They are kept.", body = Kept), NotKept))]
pub(crate) async fn tell(
    State(app): State<App>,
    MaybeUser(user): MaybeUser,
    Body { value: Events { events }, .. }: Body<Events>,
) -> Result<Response, Problem> {
    if !(1..=MOST_EVENTS).contains(&events.len()) {
        let words = Words::new(
            format!("il en faut de 1 à {MOST_EVENTS}"),
            format!("there must be from 1 to {MOST_EVENTS} of them"),
        );
        return Err(Problem::invalid(vec![Wrong { field: "events".to_owned(), words }]));
    }
    let mut fields = Fields::default();
    let pots = pots(&app, user, &events, &mut fields).await?;
    let now = App::now();
    let told = events.iter().zip(pots).enumerate().map(|(place, (event, pot))| {
        let at = event.at.unwrap_or(now);
        if !is_believable(at, now) {
            fields.wrong(
                &format!("events[{place}].at"),
                Words::new(
                    "cette heure est à plus d'une semaine, ou à venir",
                    "this time is more than a week ago, or to come",
                ),
            );
        }
        Visit { id: event.id, kind: event.kind, at, pot, page: event.page, way: event.way }
    });
    let told: Vec<_> = told.collect();
    fields.check()?;
    let mut tx = Context::caller(user).begin(&app.pool).await?;
    let new = visits::record(&mut tx, &told).await?;
    wolo_database::commit(tx).await?;
    Ok((StatusCode::ACCEPTED, Json(Kept { new })).into_response())
}

/// The pot of each event, where it names one that this visitor may see.
async fn pots(
    app: &App,
    user: Option<UserId>,
    events: &[Event],
    fields: &mut Fields,
) -> Result<Vec<Option<PotId>>, Problem> {
    let mut known: Vec<(&str, Option<PotId>)> = Vec::new();
    let mut found = Vec::with_capacity(events.len());
    for (place, event) in events.iter().enumerate() {
        let Some(name) = event.pot.as_deref() else {
            found.push(None);
            continue;
        };
        let pot = match known.iter().find(|(known, _)| *known == name) {
            Some((_, pot)) => *pot,
            None if known.len() == MOST_POTS => {
                fields.wrong(
                    "events",
                    Words::new(
                        format!("elles nomment plus de {MOST_POTS} cagnottes"),
                        format!("they name more than {MOST_POTS} pots"),
                    ),
                );
                break;
            }
            None => {
                let pot = seen(app, user, name).await?;
                known.push((name, pot));
                pot
            }
        };
        if pot.is_none() {
            fields.wrong(
                &format!("events[{place}].pot"),
                Words::new("cette cagnotte n'existe pas", "there is no such pot"),
            );
        }
        found.push(pot);
    }
    Ok(found)
}

/// A pot, as far as it exists for this visitor.
async fn seen(app: &App, user: Option<UserId>, name: &str) -> Result<Option<PotId>, Problem> {
    let unknown = |problem: Problem| match problem.code() {
        Code::PotUnknown => Ok(None),
        _ => Err(problem),
    };
    let reference = match Reference::read(name) {
        Ok(reference) => reference,
        Err(problem) => return unknown(problem),
    };
    match find_access(app, Context::caller(user), &reference).await {
        Ok(access) => Ok(Viewer::of(&access, user, &reference).may_see(&access).then_some(access.pot)),
        Err(problem) => unknown(problem),
    }
}
