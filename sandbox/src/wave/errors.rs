//! What the emulator says when it refuses: Wave's three error envelopes, and why the emulator itself cannot start.

use std::{borrow::Cow, path::PathBuf};

use axum::{
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

/// Why the emulator could not start, or could not do what its handle was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The port is taken or may not be opened.
    #[error("the Wave emulator cannot listen on 127.0.0.1:{port}")]
    Listen {
        port: u16,
        #[source]
        source: std::io::Error,
    },
    /// The HTTP client that delivers webhooks could not be made.
    #[error("the Wave emulator cannot make its webhook client")]
    Client(#[source] reqwest::Error),
    /// One of the pages does not compile.
    #[error("a page of the Wave emulator is broken")]
    Page(#[from] minijinja::Error),
    /// The saved book is there but cannot be read or written.
    #[error("the Wave emulator cannot keep its book in {path}")]
    Book {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// The saved book is not the JSON this version writes.
    #[error("the saved Wave book in {path} cannot be understood")]
    BookContent {
        path: PathBuf,
        #[source]
        source: serde_json::Error,
    },
    /// The handle was asked about something the book does not hold.
    #[error("the Wave emulator knows no {what} {id}")]
    Unknown { what: &'static str, id: String },
    /// The book's rules forbid what the handle was asked.
    #[error("the Wave emulator refuses: {0}")]
    Refused(&'static str),
    /// The awaited fact did not come in time.
    #[error("waited {0:?} for a fact that did not come")]
    Deadline(std::time::Duration),
}

/// Which of Wave's three shapes an error takes; clients must understand all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Envelope {
    /// `{"code","message","details"?}`
    Code,
    /// `{"error","message"}`
    Plain,
    /// `{"error_code","error_message"}`
    ErrorCode,
}

/// A refusal on Wave's wire.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    envelope: Envelope,
    code: Cow<'static, str>,
    message: String,
    details: Option<Value>,
}

impl Refusal {
    pub(super) fn new(
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
    ) -> Self {
        Self { status, envelope: Envelope::Code, code: code.into(), message: message.into(), details: None }
    }

    pub(super) fn shaped(mut self, envelope: Envelope) -> Self {
        self.envelope = envelope;
        self
    }

    /// A field that breaks a rule: 422 with the place and the kind of the fault.
    pub(super) fn field(name: &str, message: &str, kind: &str) -> Self {
        let mut refusal =
            Self::new(StatusCode::UNPROCESSABLE_ENTITY, "request-validation-error", "Request invalid");
        refusal.details = Some(json!([{ "loc": [name], "msg": message, "type": kind }]));
        refusal
    }

    pub(super) fn not_found(code: &'static str) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, "Not found.")
    }

    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    pub(super) fn body(&self) -> Vec<u8> {
        let body = match self.envelope {
            Envelope::Code => match &self.details {
                Some(details) => json!({ "code": self.code, "message": self.message, "details": details }),
                None => json!({ "code": self.code, "message": self.message }),
            },
            Envelope::Plain => json!({ "error": self.code, "message": self.message }),
            Envelope::ErrorCode => json!({ "error_code": self.code, "error_message": self.message }),
        };
        body.to_string().into_bytes()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, [(CONTENT_TYPE, "application/json")], self.body()).into_response()
    }
}
