//! Who may call: the key, its signature, the wallet behind it, and where the call comes from.

use std::net::IpAddr;

use axum::http::StatusCode;
use chrono::Utc;

use super::{
    book::WalletState,
    calls::Call,
    errors::Refusal,
    faults::Endpoint,
    signature::{self, SignatureFault},
    world::World,
};

/// Passes, or refuses with the codes Wave documents for its authentication phase.
pub(super) fn check(world: &World, call: &Call, peer: IpAddr) -> Result<(), Refusal> {
    key(world, call)?;
    world.read(|book| {
        let access = book.access();
        if access.key_revoked {
            return Err(unauthorized("api-key-revoked", "The API key has been revoked."));
        }
        if access.allowed_ips.as_ref().is_some_and(|allowed| !allowed.contains(&peer)) {
            return Err(forbidden("ip-not-allowed", format!("The address {peer} may not use this API key.")));
        }
        match access.wallet {
            WalletState::Invalid => Err(forbidden("invalid-wallet", "The wallet is not valid.")),
            WalletState::Disabled if call.endpoint != Endpoint::Balance => {
                Err(forbidden("disabled-wallet", "The wallet is disabled."))
            }
            WalletState::Active | WalletState::Disabled => Ok(()),
        }
    })?;
    if world.options.requires_signature { signed(world, call) } else { Ok(()) }
}

fn key(world: &World, call: &Call) -> Result<(), Refusal> {
    let Some(header) = call.headers.get("authorization") else {
        return Err(unauthorized("missing-auth-header", "The Authorization header is missing."));
    };
    let invalid = || unauthorized("invalid-auth", "The Authorization header cannot be understood.");
    let header = header.to_str().map_err(|_| invalid())?;
    let mut words = header.splitn(2, ' ');
    if !words.next().is_some_and(|scheme| scheme.eq_ignore_ascii_case("bearer")) {
        return Err(invalid());
    }
    match words.next().unwrap_or_default().trim() {
        "" => Err(unauthorized("api-key-not-provided", "No API key was given.")),
        key if key == world.options.api_key => Ok(()),
        _ => Err(unauthorized("no-matching-api-key", "No such API key.")),
    }
}

/// The window is real time, whatever the emulator's clock says: the caller signs by its own wall clock.
fn signed(world: &World, call: &Call) -> Result<(), Refusal> {
    let mut headers = call.headers.get_all("wave-signature").iter();
    let Some(header) = headers.next() else {
        return Err(unauthorized("missing-signature", "This API key requires signed requests."));
    };
    let outcome = match (header.to_str(), headers.next()) {
        (Ok(header), None) => {
            let now = Utc::now().timestamp();
            signature::check(header, &world.options.signing_secret, &call.body, now)
        }
        _ => Err(SignatureFault::Malformed),
    };
    // Wave does not document this code; clients are told to treat any 401 as final.
    outcome.map_err(|fault| unauthorized("invalid-signature", fault.to_string()))
}

fn unauthorized(code: &'static str, message: impl Into<String>) -> Refusal {
    Refusal::new(StatusCode::UNAUTHORIZED, code, message)
}

fn forbidden(code: &'static str, message: impl Into<String>) -> Refusal {
    Refusal::new(StatusCode::FORBIDDEN, code, message)
}
