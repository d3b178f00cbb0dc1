//! Who may call what: the token, the version, and the ids that are ours.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;

use super::WhatsAppDesk;
use super::errors::Refusal;

/// The oldest version that Graph still answers.
const OLDEST: u32 = 17;

pub(super) fn check(desk: &WhatsAppDesk, version: &str, headers: &HeaderMap) -> Result<(), Refusal> {
    let token = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = token.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    if token != desk.provider.options.access_token {
        return Err(Refusal::new(190, "Error validating access token"));
    }
    let number = version.strip_prefix('v').and_then(|version| version.strip_suffix(".0"));
    let supported = number.and_then(|number| number.parse::<u32>().ok()).is_some_and(|it| it >= OLDEST);
    if supported { Ok(()) } else { Err(Refusal::new(100, format!("Unknown path components: /{version}"))) }
}

pub(super) fn ours(asked: &str, ours: &str) -> Result<(), Refusal> {
    if asked == ours { Ok(()) } else { Err(Refusal::unknown(asked)) }
}
