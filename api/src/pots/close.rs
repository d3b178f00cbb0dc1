//! `POST /api/pots/{id}/close`

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

refusals!(NotClosed: User::REFUSALS, Key::REFUSALS, body::REFUSALS, problem::OF_THE_STORE, problem::OF_THE_ENGINE,
    &[Code::PotUnknown, Code::PotNotOpen]);

/// Closes the caller's pot before the day.
#[utoipa::path(post, path = "/api/pots/{pot}/close", operation_id = "pots.close", tag = "pots",
    params(Reference, Key),
    request_body = Option<Wishing>,
    security(("bearer" = [])),
    responses((status = 200, description = "The pot, closed.", body = PotView), NotClosed))]
pub(crate) async fn close(
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
        request: [b"pots.close", id.as_bytes(), &bytes],
    };
    once.run(|turn| carry_out(&app, &asker, &pot, wish, turn)).await
}

async fn carry_out(app: &App, asker: &Asker, pot: &Pot, wish: Wish, turn: Turn) -> Result<Done, Problem> {
    match wishes::ask(app, Control::close_pot, pot.id, wish).await {
        Ok(WishAnswer::Done) => {}
        // The turn before this one may have closed it and died.
        Ok(WishAnswer::NotPossible { stage: Some(PotStage::Closed | PotStage::PayingOut) }) if turn.again => {
        }
        Ok(WishAnswer::NotPossible { stage }) => return Err(not_open(stage.unwrap_or(pot.stage))),
        Ok(_) => return Err(wishes::meaningless(pot)),
        Err(error) => return Err(unanswered(pot, error, not_open)),
    }
    wishes::as_it_stands(app, asker, pot).await
}

fn not_open(stage: PotStage) -> Problem {
    let words = stage_words(stage);
    Problem::new(Code::PotNotOpen).detail(
        Words::new(
            format!(
                "Seule une cagnotte ouverte peut être fermée ; celle-ci {}.",
                words.read(Language::French)
            ),
            format!("Only an open pot can be closed; this one {}.", words.read(Language::English)),
        )
        .wolof(format!("Cagnotte bu ubbiku rekk lañu mën a tëj ; bii {}.", words.read(Language::Wolof))),
    )
}
