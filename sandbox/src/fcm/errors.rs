//! What the emulator says when it refuses: Google's envelope, with what Firebase or a check of the request adds to it.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::{HeaderName, RETRY_AFTER};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::emulator::strict::{Flaw, FlawKind};

/// A refusal on Google's wire.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    word: &'static str,
    message: String,
    details: Vec<Value>,
    retry_after: Option<u32>,
}

impl Refusal {
    pub(super) fn of_status(status: StatusCode, word: &'static str, message: impl Into<String>) -> Self {
        Self { status, word, message: message.into(), details: Vec::new(), retry_after: None }
    }

    /// With Firebase's own code.
    pub(super) fn fcm(status: StatusCode, code: &str) -> Self {
        let detail = json!({
            "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError",
            "errorCode": code,
        });
        Self { details: vec![detail], ..Self::of_status(status, word(status), code) }
    }

    /// A field that is not as it should be: `message.android.ttl`.
    pub(super) fn field(place: &str, description: &str) -> Self {
        let message = format!("Invalid value at '{place}': {description}");
        let detail = json!({
            "@type": "type.googleapis.com/google.rpc.BadRequest",
            "fieldViolations": [{ "field": place, "description": description }],
        });
        let status = StatusCode::BAD_REQUEST;
        Self { details: vec![detail], ..Self::of_status(status, word(status), message) }
    }

    /// A name that was never one of a device.
    pub(super) fn no_device() -> Self {
        let message = "The registration token is not a valid FCM registration token".to_owned();
        Self { message, ..Self::fcm(StatusCode::BAD_REQUEST, "INVALID_ARGUMENT") }
    }

    pub(super) fn quota() -> Self {
        Self::fcm(StatusCode::TOO_MANY_REQUESTS, "QUOTA_EXCEEDED")
    }

    pub(super) fn broken(status: StatusCode) -> Self {
        let code = if status == StatusCode::SERVICE_UNAVAILABLE { "UNAVAILABLE" } else { "INTERNAL" };
        Self::fcm(status, code)
    }

    #[must_use]
    pub(super) fn come_again_in(self, seconds: u32) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }
}

/// Google's word for a status.
fn word(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 => "INVALID_ARGUMENT",
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        429 => "RESOURCE_EXHAUSTED",
        503 => "UNAVAILABLE",
        _ => "INTERNAL",
    }
}

impl From<Flaw> for Refusal {
    fn from(flaw: Flaw) -> Self {
        match flaw.kind {
            FlawKind::NotJson => {
                Self::of_status(StatusCode::BAD_REQUEST, "INVALID_ARGUMENT", "Invalid JSON payload received.")
            }
            FlawKind::Missing | FlawKind::Unknown | FlawKind::Wrong => Self::field(&flaw.place, &flaw.words),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut error = json!({ "code": self.status.as_u16(), "message": self.message, "status": self.word });
        if !self.details.is_empty() {
            error["details"] = json!(self.details);
        }
        let pause: Option<[(HeaderName, String); 1]> =
            self.retry_after.map(|seconds| [(RETRY_AFTER, seconds.to_string())]);
        (self.status, pause.map(axum::response::AppendHeaders), Json(json!({ "error": error })))
            .into_response()
    }
}
