//! The same key asks for the same thing and gets the same answer, byte for byte.
//!
//! What is made gets its id with the claim, before anything is made, and every process is asked by a name that follows
//! from that id. So whoever takes over from a request that died, or that only seemed to, makes the same thing again.
//! Answers of our own failing (5xx) are not kept: the key stays claimed, and soon anybody may go on with it. Nor is a no that
//! passes with time: the key is let go of, and whoever asks again with it goes on at once, with the id that it had.

use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use utoipa::IntoParams;
use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use uuid::Uuid;
use wolo_database::idempotency::{self, Answer, Claim, Claimed};

use crate::asker::Asker;
use crate::problem::{self, Code, Problem};
use crate::state::App;

pub(crate) const HEADER: &str = "idempotency-key";
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
const LONGEST: usize = 255;

/// How much longer than a process may take to answer a claim counts as alive.
const MARGIN: Duration = Duration::from_secs(2);

/// The caller's key.
pub(crate) struct Key(String);

impl Key {
    pub(crate) const REFUSALS: &[Code] =
        &[Code::KeyMissing, Code::KeyInvalid, Code::KeyReused, Code::KeyInFlight];

    pub(crate) fn read(key: &str) -> Result<Self, Problem> {
        let visible = key.bytes().all(|byte| byte.is_ascii_graphic());
        let fits = visible && (1..=LONGEST).contains(&key.len());
        if fits { Ok(Self(key.to_owned())) } else { Err(Problem::new(Code::KeyInvalid)) }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// One that nobody has used.
    pub(crate) fn fresh() -> Self {
        Self(Uuid::new_v4().to_string())
    }
}

impl IntoParams for Key {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let schema = ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some(format!("^[!-~]{{1,{LONGEST}}}$")))
            .examples(["0b5c2f5e-7d0c-4c35-9a1e-6f2d9f7f6a11"]);
        let parameter = ParameterBuilder::new()
            .name(HEADER)
            .parameter_in(ParameterIn::Header)
            .required(Required::True)
            .description(Some("The caller's own name for this request, used for no other."))
            .schema(Some(schema));
        vec![parameter.build()]
    }
}

impl<S: Sync> FromRequestParts<S> for Key {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut given = parts.headers.get_all(HEADER).iter();
        let (Some(one), another) = (given.next(), given.next()) else {
            return Err(Problem::new(Code::KeyMissing));
        };
        if another.is_some() {
            return Err(Problem::new(Code::KeyInvalid));
        }
        Self::read(one.to_str().unwrap_or_default())
    }
}

/// One request under a key.
pub(crate) struct Once<'a> {
    pub(crate) app: &'a App,
    pub(crate) asker: &'a Asker,
    pub(crate) key: &'a Key,
    /// Whose key it is. Another caller's same key is another key.
    pub(crate) scope: String,
    /// What tells this request from another: the action, what it acts on, and the body's bytes.
    pub(crate) request: [&'a [u8]; 3],
}

/// The turn to do the work.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Turn {
    /// The id of what is made.
    pub(crate) subject: Uuid,
    /// Somebody had this turn before and may have done any part of the work.
    pub(crate) again: bool,
}

/// Work that is done.
pub(crate) struct Done {
    status: StatusCode,
    body: Vec<u8>,
}

impl Done {
    pub(crate) fn new(status: StatusCode, body: &impl Serialize) -> Result<Self, Problem> {
        let body = serde_json::to_vec(body).map_err(|error| {
            tracing::error!(cause = problem::chain(&error), "an answer has no JSON form");
            Problem::new(Code::Internal)
        })?;
        Ok(Self { status, body })
    }
}

impl Once<'_> {
    /// Does the work, or repeats the answer it had.
    pub(crate) async fn run<W>(self, work: impl FnOnce(Turn) -> W) -> Result<Response, Problem>
    where
        W: Future<Output = Result<Done, Problem>>,
    {
        wolo_faultpoints::reach("commands@asked");
        let turn = match self.claim().await? {
            Claimed::Replay(answer) => return replay(answer),
            Claimed::InFlight => return Err(Problem::new(Code::KeyInFlight)),
            Claimed::Mismatch => return Err(Problem::new(Code::KeyReused)),
            Claimed::Fresh { subject } => Turn { subject: id(&subject)?, again: false },
            Claimed::TakenOver { subject } => Turn { subject: id(&subject)?, again: true },
        };
        wolo_faultpoints::reach("commands@keyed");
        let language = Some(self.asker.language.as_str().to_owned());
        let answer = match work(turn).await {
            Ok(done) => Answer {
                status: done.status.as_u16(),
                content_type: "application/json".to_owned(),
                language,
                body: done.body,
            },
            Err(problem) if problem.status().is_server_error() => return Err(problem),
            Err(problem) if problem.passes() => {
                self.let_go().await;
                return Err(problem);
            }
            Err(problem) => Answer {
                status: problem.status().as_u16(),
                content_type: problem::CONTENT_TYPE.to_owned(),
                language,
                body: problem.body(self.asker),
            },
        };
        wolo_faultpoints::reach("commands@done");
        self.keep(answer, turn.again).await
    }

    async fn claim(&self) -> Result<Claimed, Problem> {
        let subject = Uuid::now_v7().to_string();
        let claim = Claim {
            scope: &self.scope,
            key: &self.key.0,
            fingerprint: &fingerprint(self.request),
            subject: &subject,
            abandoned_after: self.abandoned_after(),
        };
        Ok(idempotency::claim(&self.app.pool, claim).await?)
    }

    fn abandoned_after(&self) -> Duration {
        self.app.settings.api.patience + MARGIN
    }

    /// Lets go of the key. Where that fails it counts as abandoned a little later.
    async fn let_go(&self) {
        let let_go =
            idempotency::let_go(&self.app.pool, &self.scope, &self.key.0, self.abandoned_after()).await;
        if let Err(error) = let_go {
            tracing::warn!(cause = problem::chain(&error), "a key could not be let go of");
        }
    }

    /// Keeps the answer and gives it. Where it cannot be kept it is true all the same: whoever asks again is led to
    /// the same thing by its id.
    async fn keep(&self, answer: Answer, again: bool) -> Result<Response, Problem> {
        let kept = idempotency::finish(&self.app.pool, &self.scope, &self.key.0, &answer).await;
        if let Err(error) = kept {
            tracing::warn!(cause = problem::chain(&error), "an answer could not be kept under its key");
            return response(answer);
        }
        // Two may have had the turn at once. The answer that was kept first is the answer.
        if again && let Claimed::Replay(first) = self.claim().await? {
            return response(first);
        }
        response(answer)
    }
}

fn replay(answer: Answer) -> Result<Response, Problem> {
    let mut response = response(answer)?;
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}

fn response(answer: Answer) -> Result<Response, Problem> {
    let (Ok(status), Ok(content_type)) =
        (StatusCode::from_u16(answer.status), HeaderValue::from_str(&answer.content_type))
    else {
        tracing::error!("an answer that was kept is not an answer");
        return Err(Problem::new(Code::Internal));
    };
    let mut response = (status, answer.body).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    let language = answer.language.and_then(|tag| HeaderValue::from_str(&tag).ok());
    if let Some(language) = language {
        response.headers_mut().insert(header::CONTENT_LANGUAGE, language);
    }
    Ok(response)
}

fn id(subject: &str) -> Result<Uuid, Problem> {
    subject.parse().map_err(|_| {
        tracing::error!("the subject of a key is not a UUID");
        Problem::new(Code::Internal)
    })
}

/// Parts of different lengths cannot run into each other.
fn fingerprint(request: [&[u8]; 3]) -> Vec<u8> {
    let mut hash = Context::new(&SHA256);
    for part in request {
        hash.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part);
    }
    hash.finish().as_ref().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_request_do_not_run_into_each_other() {
        assert_ne!(fingerprint([b"a", b"bc", b""]), fingerprint([b"ab", b"c", b""]));
        assert_eq!(fingerprint([b"a", b"b", b"c"]), fingerprint([b"a", b"b", b"c"]));
    }
}
