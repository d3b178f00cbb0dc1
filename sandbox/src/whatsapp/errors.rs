//! What the emulator says when it refuses: Graph's envelope, and the same error inside a status.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::emulator::strict::{Flaw, FlawKind};

/// A refusal on Meta's wire.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    code: u32,
    details: String,
}

impl Refusal {
    pub(super) fn new(code: u32, details: impl Into<String>) -> Self {
        Self { code, details: details.into() }
    }

    /// A parameter that is there and is not as it should be.
    pub(super) fn bad(details: impl Into<String>) -> Self {
        Self::new(131_009, details)
    }

    /// Something that is not there, or not ours.
    pub(super) fn unknown(what: &str) -> Self {
        Self::new(
            33,
            format!(
                "Object with ID '{what}' does not exist, cannot be loaded due to missing permissions, or does \
                 not support this operation"
            ),
        )
    }

    pub(super) fn code(&self) -> u32 {
        self.code
    }

    /// As it stands in a status that comes later.
    pub(super) fn in_status(&self) -> Value {
        let (_, title) = known(self.code);
        json!({
            "code": self.code,
            "title": title,
            "message": title,
            "error_data": { "details": self.details },
            "href": "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/",
        })
    }

    pub(super) fn respond(&self, status: StatusCode) -> Response {
        let (_, title) = known(self.code);
        let error = json!({
            "message": format!("(#{}) {title}", self.code),
            "type": "OAuthException",
            "code": self.code,
            "error_data": { "messaging_product": "whatsapp", "details": self.details },
            "fbtrace_id": "sandbox",
        });
        (status, Json(json!({ "error": error }))).into_response()
    }
}

impl From<Flaw> for Refusal {
    fn from(flaw: Flaw) -> Self {
        let code = match flaw.kind {
            FlawKind::Missing => 131_008,
            FlawKind::Wrong => 131_009,
            FlawKind::Unknown | FlawKind::NotJson => 100,
        };
        Self::new(code, format!("{}: {}", flaw.place, flaw.words))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        self.respond(known(self.code).0)
    }
}

/// The HTTP status and the title of a code. Meta's tables disagree about statuses; clients are told not to look at them.
fn known(code: u32) -> (StatusCode, &'static str) {
    let title = match code {
        0 | 190 => return (StatusCode::UNAUTHORIZED, "Invalid OAuth access token"),
        10 => return (StatusCode::FORBIDDEN, "Permission denied"),
        131_000 => return (StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong"),
        131_016 => return (StatusCode::SERVICE_UNAVAILABLE, "Service unavailable"),
        130_429 => return (StatusCode::TOO_MANY_REQUESTS, "Rate limit hit"),
        131_056 => {
            let title = "(Business Account, Consumer Account) pair rate limit hit";
            return (StatusCode::TOO_MANY_REQUESTS, title);
        }
        33 | 100 => "Invalid parameter",
        131_008 => "Required parameter is missing",
        131_009 => "Parameter value is not valid",
        131_021 => "Recipient cannot be sender",
        131_026 => "Message undeliverable",
        131_047 => "Re-engagement message",
        131_050 => "User has stopped marketing messages",
        131_051 => "Unsupported message type",
        131_053 => "Media upload error",
        132_000 => "Number of parameters does not match the expected number of params",
        132_001 => "Template name does not exist in the translation",
        132_005 => "Translated text too long",
        132_012 => "Parameter format does not match format in the created template",
        132_015 => "Template is paused",
        132_016 => "Template is disabled",
        _ => "Refused",
    };
    (StatusCode::BAD_REQUEST, title)
}
