//! Reading a body: JSON of a known shape, and nothing besides it.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;
use serde_json::error::Category;

use crate::problem::{Code, Problem, Words, Wrong};

/// What was sent, with its bytes: they tell whether two requests are the same.
pub(crate) struct Body<T> {
    pub(crate) value: T,
    pub(crate) bytes: Bytes,
}

/// Why a body cannot be read.
pub(crate) const REFUSALS: &[Code] =
    &[Code::JsonMalformed, Code::BodyUnreadable, Code::BodyTooLarge, Code::BodyNotJson, Code::RequestInvalid];

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::new(Code::BodyNotJson));
        }
        let bytes = raw(Bytes::from_request(request, state).await)?;
        Ok(Self { value: parse(&bytes)?, bytes })
    }
}

/// A body that may be left out, which is the same as an empty object.
pub(crate) struct OptionalBody<T>(pub(crate) Body<T>);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for OptionalBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let typed = is_json(request.headers());
        let bytes = raw(Bytes::from_request(request, state).await)?;
        if bytes.is_empty() {
            let bytes = Bytes::from_static(b"{}");
            return Ok(Self(Body { value: parse(&bytes)?, bytes }));
        }
        if !typed {
            return Err(Problem::new(Code::BodyNotJson));
        }
        Ok(Self(Body { value: parse(&bytes)?, bytes }))
    }
}

/// The bytes, or why there are none.
pub(crate) fn raw(read: Result<Bytes, BytesRejection>) -> Result<Bytes, Problem> {
    read.map_err(|rejection| {
        Problem::new(if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            Code::BodyTooLarge
        } else {
            Code::BodyUnreadable
        })
    })
}

fn is_json(headers: &HeaderMap) -> bool {
    let named = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = named.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    if std::str::from_utf8(bytes).is_err() {
        return Err(Problem::new(Code::JsonMalformed));
    }
    // serde would take an array for a struct, field by field in their order.
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(match serde_json::from_slice::<IgnoredAny>(bytes) {
            Ok(_) => Problem::invalid(vec![Wrong {
                field: String::new(),
                words: Words::new("ce doit être un objet", "this must be an object")
                    .wolof("dafa war a nekk objet"),
            }]),
            Err(_) => Problem::new(Code::JsonMalformed),
        });
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        explain(bytes, &path, error.inner())
    })?;
    json.end().map_err(|_| Problem::new(Code::JsonMalformed))?;
    Ok(value)
}

/// serde's own words quote what was sent; only which field and what kind of mistake goes back.
fn explain(bytes: &[u8], path: &str, error: &serde_json::Error) -> Problem {
    // A word of a list that is not even text is to serde a fault of the JSON.
    let misread = error.classify() != Category::Data;
    if misread && serde_json::from_slice::<Value>(bytes).is_err() {
        return Problem::new(Code::JsonMalformed);
    }
    let words = error.to_string();
    let (words, named) = if words.starts_with("missing field") {
        (
            Words::new("ce champ est obligatoire", "this field is needed").wolof("champ bii dafa war"),
            quoted(&words),
        )
    } else if words.starts_with("unknown field") {
        (
            Words::new("ce champ est inconnu", "this field is not known").wolof("champ bii xamuñu ko"),
            quoted(&words),
        )
    } else if words.starts_with("duplicate field") {
        (
            Words::new("ce champ est donné deux fois", "this field is given twice")
                .wolof("champ bii ñaari yoon lañu ko joxe"),
            quoted(&words),
        )
    } else if let Some(known) = words.strip_prefix("unknown variant").and_then(known_words) {
        (
            Words::new(
                format!("ce mot est inconnu ; écrivez l'un de : {known}"),
                format!("this word is not known; write one of: {known}"),
            )
            .wolof(format!("baat bii xamuñu ko ; bindal benn ci : {known}")),
            None,
        )
    } else if misread || words.starts_with("invalid type") {
        (
            Words::new("cette valeur n'est pas du bon type", "this value is not of the right type")
                .wolof("valeur bii du type bi war"),
            None,
        )
    } else {
        (
            Words::new("cette valeur ne convient pas", "this value is not right").wolof("valeur bii baaxul"),
            None,
        )
    };
    let field = match (path, named) {
        (".", Some(name)) => name,
        (".", None) => String::new(),
        // What is missing is in what was being read; what is unknown was being read itself.
        (path, Some(name)) if path.rsplit('.').next() != Some(&*name) => format!("{path}.{name}"),
        (path, _) => path.to_owned(),
    };
    Problem::invalid(vec![Wrong { field, words }])
}

/// The words that could have stood there, in their order. What was sent stands before them, whatever it says.
fn known_words(words: &str) -> Option<String> {
    let (_, known) = words.rsplit_once(", expected ")?;
    let known: Vec<_> = known.split('`').skip(1).step_by(2).collect();
    (!known.is_empty()).then(|| known.join(", "))
}

/// The name between the first pair of backticks.
fn quoted(words: &str) -> Option<String> {
    words.split('`').nth(1).map(|name| name.chars().take(64).collect())
}
