//! `GET /api/pots/{pot}/events`

use std::convert::Infallible;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures::{Stream, stream};
use serde::Serialize;
use utoipa::ToSchema;
use wolo_domain::money::Xof;
use wolo_domain::pots::{PotStage, Visibility};

use super::live::{Pulse, Watcher};
use super::sight::Sight;
use super::view::Reference;
use crate::caller::MaybeUser;
use crate::contract::{refusals, schemas};
use crate::limits::Key;
use crate::problem::{self, Code, Problem};
use crate::state::App;

/// What a proxy or a phone would take for a dead connection is spoken on before.
const A_SIGN_OF_LIFE: Duration = Duration::from_secs(15);

/// How a pot stands, each time that it has changed.
#[derive(Serialize, ToSchema)]
#[schema(as = PotEvent)]
pub(crate) struct PotEvent {
    /// Everything given so far; left out where the owner does not show amounts.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = schemas::Francs, required = false)]
    collected: Option<Xof>,
    #[schema(minimum = 0)]
    gifts: i64,
    /// Counted up to 1000.
    #[schema(minimum = 0)]
    wishes: i64,
    #[schema(value_type = schemas::PotStage)]
    stage: PotStage,
}

/// An event as it comes on the stream.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what is written; nothing reads it")]
struct OnTheStream {
    #[schema(pattern = "^pot$")]
    event: String,
    /// A `PotEvent`, as JSON.
    data: String,
}

refusals!(NotWatched: MaybeUser::REFUSALS, problem::OF_THE_STORE, &[Code::PotUnknown]);

/// Watches a pot: an event `pot` at once and whenever something has changed, as an event stream that ends when the pot is not to be
/// seen any more, and after a quarter of an hour: whoever wants more asks anew.
#[utoipa::path(get, path = "/api/pots/{pot}/events", operation_id = "pots.events", tag = "pots",
    params(Reference),
    security((), ("bearer" = [])),
    responses(
        (status = 200, description = "Events, each with a `PotEvent` as its data.", body = inline(OnTheStream), content_type = "text/event-stream"),
        NotWatched,
    ))]
pub(crate) async fn events(
    State(app): State<App>,
    MaybeUser(user): MaybeUser,
    Extension(caller): Extension<Key>,
    reference: Reference,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let sight = Sight::find(&app, user, &reference).await?;
    let watcher = Watcher::of(&app, &sight, user, caller).await?;
    let (owner, knows_link) = (sight.viewer.owner, sight.viewer.knows_link);
    let events = stream::unfold(watcher, move |mut watcher| async move {
        let pulse = watcher.next().await?;
        // A pot that was for everybody and is for those with its link now is told to no others.
        let seen = knows_link || pulse.visibility == Visibility::Public;
        seen.then(|| (Ok(event(pulse, owner)), watcher))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(A_SIGN_OF_LIFE)))
}

fn event(pulse: Pulse, owner: bool) -> Event {
    let told = PotEvent {
        collected: (owner || pulse.show_amounts).then_some(pulse.given.amount),
        gifts: pulse.given.gifts,
        wishes: pulse.given.wishes,
        stage: pulse.stage,
    };
    // A struct of numbers and words always has a JSON form.
    Event::default().event("pot").json_data(&told).unwrap_or_default()
}
