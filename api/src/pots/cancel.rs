//! `POST /api/pots/{id}/cancel`

use axum::extract::State;
use axum::response::Response;
use wolo_control::Control;
use wolo_control::pots::{Wish, WishAnswer};
use wolo_database::pots::Pot;
use wolo_domain::pots::PotStage;

use super::unanswered;
use super::view::{PotView, Reference};
use super::wishes::{self, Wishing};
use crate::asker::{Asker, Language};
use crate::body::{self, Body, OptionalBody};
use crate::caller::User;
use crate::contract::refusals;
use crate::idempotency::{Done, Key, Once, Turn};
use crate::problem::{self, Code, Problem, Words, stage_words};
use crate::state::App;

refusals!(NotCancelled: User::REFUSALS, Key::REFUSALS, body::REFUSALS, problem::OF_THE_STORE,
    problem::OF_THE_ENGINE, &[Code::PotUnknown, Code::PotNotCancellable]);

/// Gives the caller's pot up, for good. A pot with gifts is `cancelling` until each has gone back to its giver.
#[utoipa::path(post, path = "/api/pots/{pot}/cancel", operation_id = "pots.cancel", tag = "pots",
    params(Reference, Key),
    request_body = Option<Wishing>,
    security(("bearer" = [])),
    responses((status = 200, description = "The pot, cancelled or being cancelled.", body = PotView), NotCancelled))]
pub(crate) async fn cancel(
    State(app): State<App>,
    User(user): User,
    key: Key,
    asker: Asker,
    reference: Reference,
    OptionalBody(Body { value: wishing, bytes }): OptionalBody<Wishing>,
) -> Result<Response, Problem> {
    let (pot, wish) = wishes::read(&app, user, &reference, wishing).await?;
    let id = pot.id.to_string();
    let once = Once {
        app: &app,
        asker: &asker,
        key: &key,
        scope: user.to_string(),
        request: [b"pots.cancel", id.as_bytes(), &bytes],
    };
    once.run(|turn| carry_out(&app, &asker, &pot, wish, turn)).await
}

async fn carry_out(app: &App, asker: &Asker, pot: &Pot, wish: Wish, turn: Turn) -> Result<Done, Problem> {
    match wishes::ask(app, Control::cancel_pot, pot.id, wish).await {
        Ok(WishAnswer::Done | WishAnswer::GivingBack { .. }) => {}
        // The turn before this one may have given it up and died.
        Ok(WishAnswer::NotPossible { stage: Some(PotStage::Cancelled) }) if turn.again => {}
        Ok(WishAnswer::NotPossible { stage }) => return Err(too_late(stage.unwrap_or(pot.stage))),
        Ok(_) => return Err(wishes::meaningless(pot)),
        Err(error) => return Err(unanswered(pot, error, too_late)),
    }
    wishes::as_it_stands(app, asker, pot).await
}

fn too_late(stage: PotStage) -> Problem {
    let words = stage_words(stage);
    Problem::new(Code::PotNotCancellable).detail(
        Words::new(
            format!("Cette cagnotte {} ; elle ne peut plus être annulée.", words.read(Language::French)),
            format!("This pot {} and cannot be cancelled any more.", words.read(Language::English)),
        )
        .wolof(format!("Cagnotte bii {} ; mënuñu ko neenal.", words.read(Language::Wolof))),
    )
}
