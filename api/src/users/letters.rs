//! Telling people something about their account: written into the outbox in the same transaction as what it is about,
//! sealed, and carried on from there.

use uuid::Uuid;
use wolo_database::Transaction;
use wolo_database::outbox;
use wolo_domain::ids::UserId;
use wolo_domain::notices::Letter;

use crate::problem::Problem;
use crate::state::App;

/// Writes a letter under a key that nothing else has, and says by which id it goes.
pub(super) async fn write(
    app: &App,
    tx: &mut Transaction,
    user: Option<UserId>,
    key: &str,
    letter: &Letter,
) -> Result<Uuid, Problem> {
    let sealed = app.credentials.sealed(key, letter)?;
    let letter = outbox::Letter { key, user, sealed: &sealed };
    Ok(outbox::write_letter(tx, letter).await?)
}
