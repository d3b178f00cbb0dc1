//! What the emulator says when it refuses: SendGrid has no codes, only statuses, words, and the field.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::emulator::strict::{Flaw, FlawKind};

/// A refusal on SendGrid's wire.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    /// `personalizations.0.to.0.email`
    field: Option<String>,
    message: String,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, field: None, message: message.into() }
    }

    /// Where it is about something; the empty text is nothing.
    pub(super) fn about(self, field: &str) -> Self {
        Self { field: (!field.is_empty()).then(|| field.to_owned()), ..self }
    }

    /// Something in the body that is not as it should be.
    pub(super) fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, field: Some(field.into()), message: message.into() }
    }
}

impl From<Flaw> for Refusal {
    fn from(flaw: Flaw) -> Self {
        if flaw.kind == FlawKind::NotJson {
            return Self::new(StatusCode::BAD_REQUEST, format!("Bad Request: {}", flaw.words));
        }
        // `a[0].b` is `a.0.b` here.
        let field = flaw.place.replace('[', ".").replace(']', "");
        Self { status: StatusCode::BAD_REQUEST, field: Some(field), message: flaw.words }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let error = json!({ "message": self.message, "field": self.field, "help": null });
        (self.status, Json(json!({ "errors": [error] }))).into_response()
    }
}
