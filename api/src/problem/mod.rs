//! What went wrong, told to the caller: RFC 9457 problem documents, in the caller's language.
//!
//! Which one to use when:
//! - the caller asked for something that is not so, or not allowed: `Problem::new(Code::…)`;
//! - a field of the request is wrong: collect them with [`crate::fields::Fields`] and answer all at once;
//! - the database or the engine failed: `?`. The cause is logged here and never returned.
//!
//! A handler returns a problem without knowing the caller; [`Problem::respond`] alone makes a response of it.

mod code;
mod wolof;
mod words;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::TimeDelta;
use serde::Serialize;
use utoipa::ToSchema;
use wolo_control::AskError;
use wolo_domain::ids::PotId;

pub(crate) use code::Code;
pub(crate) use words::{Words, hold_words, stage_words};

use crate::asker::{Asker, Language};
use crate::contract::schemas;

pub(crate) const CONTENT_TYPE: &str = "application/problem+json";

/// Where problems are explained; relative to the API's own address.
const TYPES: &str = "/problems/";

/// A field of the request that is wrong.
#[derive(Clone, Debug)]
pub(crate) struct Wrong {
    pub(crate) field: String,
    pub(crate) words: Words,
}

#[derive(Clone, Debug)]
pub(crate) struct Problem {
    code: Code,
    detail: Option<Box<Words>>,
    errors: Vec<Wrong>,
    pot: Option<PotId>,
    retry_after: Option<u64>,
}

/// What went wrong (RFC 9457).
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct Document<'a> {
    /// Names the kind of problem, relative to the API's address.
    #[schema(pattern = "^/problems/[a-z_]+$")]
    r#type: String,
    /// The kind of problem, for people.
    title: &'a str,
    /// The status of the answer.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What it is this time, for people.
    detail: &'a str,
    /// The kind of problem, for programs.
    #[schema(pattern = "^[a-z_]+$")]
    code: &'a str,
    /// Fields that are wrong, each with why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<FieldError<'a>>,
    /// The pot it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = schemas::PotId, required = false)]
    pot: Option<PotId>,
    /// The request, as it stands in `X-Request-Id`.
    request_id: &'a str,
}

/// A field of the request that is wrong; without a name it is the whole body.
#[derive(Serialize, ToSchema)]
pub(crate) struct FieldError<'a> {
    field: &'a str,
    message: &'a str,
}

impl Problem {
    pub(crate) fn new(code: Code) -> Self {
        Self { code, detail: None, errors: Vec::new(), pot: None, retry_after: code.retry_after() }
    }

    /// Fields that are wrong, each with why.
    pub(crate) fn invalid(errors: Vec<Wrong>) -> Self {
        Self { errors, ..Self::new(Code::RequestInvalid) }
    }

    /// Something more exact than the code's own words.
    pub(crate) fn detail(mut self, words: Words) -> Self {
        self.detail = Some(Box::new(words));
        self
    }

    /// Points at a field.
    pub(crate) fn at(mut self, field: &str, words: Words) -> Self {
        self.errors.push(Wrong { field: field.to_owned(), words });
        self
    }

    /// Names the pot it is about.
    pub(crate) fn pot(mut self, pot: PotId) -> Self {
        self.pot = Some(pot);
        self
    }

    /// Seconds after which asking again makes sense, where they are known better than by the code alone.
    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    pub(crate) const fn code(&self) -> Code {
        self.code
    }

    /// What is wrong with the fields, for a page.
    pub(crate) fn faults(&self, language: Language) -> impl Iterator<Item = &str> {
        self.errors.iter().map(move |wrong| wrong.words.read(language))
    }

    /// Whether the same request may be granted later.
    pub(crate) fn passes(&self) -> bool {
        self.code.passes()
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.code.status()
    }

    /// Its title and what it is this time, for a page.
    pub(crate) fn words(&self, language: Language) -> (String, String) {
        let (title, own) = self.code.words(language);
        let detail = self.detail.as_ref().map_or(own, |words| words.read(language));
        (title.to_owned(), detail.to_owned())
    }

    /// The document, as bytes.
    pub(crate) fn body(&self, asker: &Asker) -> Vec<u8> {
        let (title, own) = self.code.words(asker.language);
        let document = Document {
            r#type: format!("{TYPES}{}", self.code.as_str()),
            title,
            status: self.status().as_u16(),
            detail: self.detail.as_ref().map_or(own, |words| words.read(asker.language)),
            code: self.code.as_str(),
            errors: self
                .errors
                .iter()
                .map(|wrong| FieldError { field: &wrong.field, message: wrong.words.read(asker.language) })
                .collect(),
            pot: self.pot,
            request_id: &asker.request_id,
        };
        // A struct of texts and numbers always has a JSON form.
        serde_json::to_vec(&document).unwrap_or_default()
    }

    /// The languages that its texts are in, the title's first.
    fn languages(&self, wanted: Language) -> &'static str {
        let all_in = |wanted| {
            let fields = self.errors.iter().map(|wrong| &wrong.words);
            self.detail.as_deref().into_iter().chain(fields).all(|words| words.are_in(wanted))
        };
        if all_in(wanted) { wanted.as_str() } else { "wo, fr" }
    }

    /// The response: the one place that makes it.
    pub(crate) fn respond(&self, asker: &Asker) -> Response {
        let mut response = Response::new(Body::from(self.body(asker)));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
        headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(self.languages(asker.language)));
        if let Some(challenge) = self.code.challenge() {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        self.with_its_wait(response)
    }

    /// How long to wait stands in the header for whoever is told otherwise, too.
    pub(crate) fn with_its_wait(&self, mut response: Response) -> Response {
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

/// Whole seconds to wait, at least one.
pub(crate) fn seconds(wait: TimeDelta) -> u64 {
    u64::try_from(wait.num_seconds()).unwrap_or(1).max(1)
}

/// An empty response that carries the problem to the edge, where the caller is known.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// What [`Problem`] makes of the database's errors.
pub(crate) const OF_THE_STORE: &[Code] = &[Code::StoreUnavailable];

/// What [`Problem`] makes of the engine's errors.
pub(crate) const OF_THE_ENGINE: &[Code] = &[Code::NotYet, Code::EngineUnavailable];

impl From<wolo_database::Error> for Problem {
    fn from(error: wolo_database::Error) -> Self {
        if error.may_pass() {
            tracing::warn!(cause = chain(&error), "the database is not available");
            return Self::new(Code::StoreUnavailable);
        }
        tracing::error!(cause = chain(&error), "the database did not do what was asked");
        Self::new(Code::Internal)
    }
}

/// Only where a missing or ended process is not an answer of its own.
impl From<AskError> for Problem {
    fn from(error: AskError) -> Self {
        match error {
            AskError::NotYet => {
                tracing::warn!("a process has not answered in time");
                Self::new(Code::NotYet)
            }
            AskError::Unavailable(_) => {
                tracing::warn!(cause = chain(&error), "the workflow engine is not available");
                Self::new(Code::EngineUnavailable)
            }
            AskError::NotFound | AskError::Ended | AskError::Unexpected(_) => {
                tracing::error!(cause = chain(&error), "a process did not answer as it should");
                Self::new(Code::Internal)
            }
        }
    }
}

/// An error and what caused it, once, for the log.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
