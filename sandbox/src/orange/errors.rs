//! What the emulator says when it refuses: in the words of the gateway, or of the interface behind it.

use std::borrow::Cow;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::emulator::strict::{Flaw, FlawKind};

/// A refusal on Orange's wire.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    body: Value,
}

impl Refusal {
    pub(super) fn gateway(status: StatusCode, code: u32, message: &str) -> Self {
        Self { status, body: json!({ "code": code, "message": message, "description": message }) }
    }

    /// What the request says cannot be.
    pub(super) fn service(id: &str, text: &str, variable: impl Into<Cow<'static, str>>) -> Self {
        let said = json!({ "messageId": id, "text": text, "variables": [variable.into()] });
        Self {
            status: StatusCode::BAD_REQUEST,
            body: json!({ "requestError": { "serviceException": said } }),
        }
    }

    /// A value that cannot be.
    pub(super) fn invalid(part: impl Into<Cow<'static, str>>) -> Self {
        Self::service("SVC0002", "Invalid input value for message part %1", part)
    }

    /// The request may be, and may not be now.
    pub(super) fn policy(variable: &str) -> Self {
        let text = "A policy error occurred. Error code is %1";
        let said = json!({ "messageId": "POL0001", "text": text, "variables": [variable] });
        Self { status: StatusCode::FORBIDDEN, body: json!({ "requestError": { "policyException": said } }) }
    }

    /// A token that is not given.
    pub(super) fn oauth(status: StatusCode, error: &str) -> Self {
        Self { status, body: json!({ "error": error, "error_description": "The token is not given." }) }
    }

    /// What a fault asks for, in the shape that its code has.
    pub(super) fn of_code(status: StatusCode, code: &str) -> Self {
        let mut refusal = match code.parse() {
            Ok(number) => Self::gateway(status, number, "Refused"),
            Err(_) if code.starts_with("POL") => Self::policy("Refused"),
            Err(_) => Self::service(code, "Refused: %1", "a fault"),
        };
        refusal.status = status;
        refusal
    }
}

impl From<Flaw> for Refusal {
    fn from(flaw: Flaw) -> Self {
        match flaw.kind {
            FlawKind::NotJson => Self::gateway(StatusCode::BAD_REQUEST, 22, "Invalid body"),
            FlawKind::Missing => Self::gateway(StatusCode::BAD_REQUEST, 23, "Missing body field"),
            FlawKind::Unknown | FlawKind::Wrong => Self::invalid(flaw.place),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, Json(self.body)).into_response()
    }
}
