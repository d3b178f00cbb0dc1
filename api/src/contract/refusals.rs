//! What an operation may refuse, by code: the same list that stands in its document is what its answers are checked
//! against from outside.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use serde_json::json;
use utoipa::IntoResponses;
use utoipa::openapi::example::{Example, ExampleBuilder};
use utoipa::openapi::schema::{AllOfBuilder, ObjectBuilder, Schema, Type};
use utoipa::openapi::{ContentBuilder, RefOr, Response, ResponseBuilder};

use super::schemas::{shared, text};
use crate::asker::Language;
use crate::problem::{CONTENT_TYPE, Code};

/// What the edge may answer to whatever is asked.
const ALWAYS: &[Code] = &[Code::TimedOut, Code::Internal, Code::TooManyRequests, Code::Overloaded];

/// Names the refusals of one operation, for its `responses(…)`: those of the extractors it takes, and its own.
macro_rules! refusals {
    ($(#[$doc:meta])* $name:ident: $($codes:expr),* $(,)?) => {
        $(#[$doc])*
        pub(crate) struct $name;

        impl utoipa::IntoResponses for $name {
            fn responses()
            -> std::collections::BTreeMap<String, utoipa::openapi::RefOr<utoipa::openapi::Response>> {
                $crate::contract::responses(&[$($codes),*])
            }
        }
    };
}
pub(crate) use refusals;

refusals! {
    /// An operation that refuses nothing of its own.
    Nothing:
}

/// The refusals of an operation whose answers are pages: each may be told on one, under the same status.
pub(crate) struct OnPages<T>(PhantomData<T>);

impl<T: IntoResponses> IntoResponses for OnPages<T> {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut told = T::responses();
        for response in told.values_mut() {
            if let RefOr::T(response) = response {
                let page = ContentBuilder::new().schema(Some(ObjectBuilder::new().schema_type(Type::String)));
                response.content.insert("text/html".to_owned(), RefOr::T(page.build()));
            }
        }
        told
    }
}

pub(crate) fn responses(lists: &[&[Code]]) -> BTreeMap<String, RefOr<Response>> {
    let mut by_status: BTreeMap<String, Vec<Code>> = BTreeMap::new();
    for code in lists.iter().copied().chain([ALWAYS]).flatten() {
        let codes = by_status.entry(code.status().as_u16().to_string()).or_default();
        if !codes.contains(code) {
            codes.push(*code);
        }
    }
    by_status.into_iter().map(|(status, codes)| (status, RefOr::T(response(&codes)))).collect()
}

pub(super) fn response(codes: &[Code]) -> Response {
    let told = codes.iter().map(|code| format!("`{}`: {}", code.as_str(), code.words(Language::English).1));
    let mut content = ContentBuilder::new().schema(Some(schema(codes))).build();
    for code in codes {
        content.examples.insert(code.as_str().to_owned(), shared("examples", code.as_str()));
    }
    let mut response = ResponseBuilder::new()
        .description(told.collect::<Vec<_>>().join("\n\n"))
        .content(CONTENT_TYPE, content)
        .build();
    response.headers.insert("Content-Language".to_owned(), shared("headers", "Content-Language"));
    if codes.iter().any(|code| code.retry_after().is_some()) {
        response.headers.insert("Retry-After".to_owned(), shared("headers", "Retry-After"));
    }
    if codes.iter().any(|code| code.challenge().is_some()) {
        response.headers.insert("WWW-Authenticate".to_owned(), shared("headers", "WWW-Authenticate"));
    }
    response
}

/// A problem, and one of these.
fn schema(codes: &[Code]) -> Schema {
    let names = codes.iter().map(|code| code.as_str());
    let one_of_these = ObjectBuilder::new()
        .property("code", text("Which of the operation's problems it is.").enum_values(Some(names)));
    AllOfBuilder::new().item(shared::<Schema>("schemas", "Problem")).item(one_of_these).build().into()
}

/// What a code looks like, once for the whole document.
pub(super) fn example(code: Code) -> Example {
    let (title, detail) = code.words(Language::English);
    let name = code.as_str();
    let document = json!({
        "type": format!("/problems/{name}"),
        "title": title,
        "status": code.status().as_u16(),
        "detail": detail,
        "code": name,
        "request_id": "0193a5c2-f0f0-7c3a-b1d2-e3f405162738",
    });
    ExampleBuilder::new().summary(title).value(Some(document)).build()
}
