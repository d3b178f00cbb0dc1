//! The code of a second factor: whether it is right, and that it counts once. Signing in asks for it, and so does a command of an
//! operator's that acts in somebody's name.

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::ExposeSecret as _;
use thiserror::Error;
use wolo_bootstrap::codec::CodecError;
use wolo_bootstrap::{Seal, Settings};
use wolo_database::accounts::guesses::{self, Guess, Limit};
use wolo_database::accounts::second_factors::{self, SecondFactor};
use wolo_database::{Context, Pool, Transaction};
use wolo_domain::ids::UserId;

use crate::credentials::{Keyed, Secret};

/// Why it cannot be told whether a code is right.
#[derive(Debug, Error)]
pub enum ProofError {
    #[error("the database does not answer")]
    Database(#[from] wolo_database::Error),
    #[error("the second factor cannot be opened")]
    Sealed(#[from] CodecError),
}

/// What came of a code that somebody was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    Given,
    Wrong,
    /// They have no second factor that has been confirmed.
    NoFactor,
    /// There have been too many guesses; the next is looked at after so long.
    TooMany {
        wait: TimeDelta,
    },
}

/// Whether a person stands behind what is done in their name: their device shows this code now, or it is one of their recovery
/// codes. A code counts once, here and in signing in together, and each guess is counted like one there.
pub async fn proves(settings: &Settings, pool: &Pool, user: UserId, code: &str) -> Result<Proof, ProofError> {
    let accounts = &settings.accounts;
    let keyed = Keyed::new(accounts.pepper.expose_secret().as_bytes());
    let seal = Seal::new(&settings.temporal.payload_keys)?;
    let window = TimeDelta::from_std(accounts.guess_window).unwrap_or(TimeDelta::MAX);
    let mut tx = Context::gate().begin(pool).await?;
    let guess =
        guesses::count(&mut tx, &target(&keyed, user), Limit { guesses: accounts.guesses, window }).await?;
    wolo_database::commit(tx).await?;
    if let Guess::TooMany { wait } = guess {
        return Ok(Proof::TooMany { wait });
    }
    let mut tx = Context::gate().begin(pool).await?;
    let factor = second_factors::of_user(&mut *tx, user).await?.filter(|factor| factor.confirmed);
    let Some(factor) = factor else { return Ok(Proof::NoFactor) };
    let counts = counts(&mut tx, (&keyed, &seal), user, &factor, code, Utc::now()).await?;
    wolo_database::commit(tx).await?;
    Ok(if counts { Proof::Given } else { Proof::Wrong })
}

/// Lets a code count, if it is right. Then the guesses before it were its holder's, and count no more.
pub(crate) async fn counts(
    tx: &mut Transaction,
    (keyed, seal): (&Keyed, &Seal),
    user: UserId,
    factor: &SecondFactor,
    code: &str,
    now: DateTime<Utc>,
) -> Result<bool, ProofError> {
    let secret = seal.open(&about(user), &factor.sealed_secret)?;
    let code = code.trim();
    let counts = match Secret::from_bytes(secret).step_of_code(code, now) {
        Some(step) => second_factors::use_step(tx, user, step).await?,
        // Only a factor that works has recovery codes worth anything.
        None if factor.confirmed => {
            let hash = keyed.recovery_code(user.uuid(), code);
            second_factors::use_recovery_code(tx, user, &hash).await?
        }
        None => false,
    };
    if counts {
        guesses::forget(tx, &target(keyed, user)).await?;
    }
    Ok(counts)
}

/// What guesses at a code are counted by.
pub(crate) fn target(keyed: &Keyed, user: UserId) -> Vec<u8> {
    keyed.guesses("second factor", user.uuid().as_bytes())
}

/// What a secret is sealed about.
pub(crate) fn about(user: UserId) -> String {
    format!("second factor of {user}")
}
