//! What proves who somebody is: passwords, one-time codes, tokens, a second factor, another provider's word. Everything
//! secret is made, hashed and compared here and nowhere else; the database sees hashes and sealed bytes.

mod keyed;
mod passwords;
mod second_factor;
mod social;

pub(crate) use keyed::{
    Keyed, new_code, new_guardian_session, new_invitation_token, new_nonce, new_recovery_codes,
    new_refresh_token,
};
pub(crate) use passwords::{Passwords, Verified, weakness};
pub(crate) use second_factor::Secret;
pub(crate) use social::providers;

use secrecy::ExposeSecret as _;
use serde::Serialize;
use wolo_bootstrap::codec::CodecError;
use wolo_bootstrap::{Seal, Settings};
use wolo_providers::social::Social;

use crate::problem::{Code, Problem};
use keyed::NoRandomness;

/// The keys and limits that all of it needs.
pub(crate) struct Credentials {
    pub(crate) passwords: Passwords,
    pub(crate) keyed: Keyed,
    pub(crate) seal: Seal,
    pub(crate) social: Social,
}

impl Credentials {
    pub(crate) fn new(settings: &Settings, social: Social) -> Result<Self, CodecError> {
        Ok(Self {
            passwords: Passwords::new(&settings.passwords),
            keyed: Keyed::new(settings.accounts.pepper.expose_secret().as_bytes()),
            seal: Seal::new(&settings.temporal.payload_keys)?,
            social,
        })
    }
}

impl Credentials {
    /// Seals something about something, for whoever carries it on.
    pub(crate) fn sealed(&self, about: &str, what: &impl Serialize) -> Result<Vec<u8>, Problem> {
        let unsealable = || {
            tracing::error!("something could not be sealed");
            Problem::new(Code::Internal)
        };
        let plain = serde_json::to_vec(what).map_err(|_| unsealable())?;
        self.seal.close(about, &plain).map_err(|_| unsealable())
    }
}

/// What a caller is told when nothing secret can be made.
pub(crate) fn unavailable(error: NoRandomness) -> Problem {
    tracing::error!(%error, "nothing secret can be made");
    Problem::new(Code::Internal)
}
