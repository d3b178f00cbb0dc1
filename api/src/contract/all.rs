//! What all operations have in common: the headers around them, the two ways to say who asks, and the one refusal that
//! no operation can give by itself.

use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, Header, OpenApi, RefOr, Required};
use wolo_providers::sendgrid::webhook as sendgrid;
use wolo_providers::twilio::webhook as twilio;
use wolo_providers::wave::webhook as wave;
use wolo_providers::whatsapp::webhook as whatsapp;

use super::refusals;
use super::schemas::{shared, text};
use crate::asker::REQUEST_ID;
use crate::idempotency;
use crate::problem::Code;

const LANGUAGE: &str = "accept-language";

/// Answers that are kept under a key: those that came after it was claimed, and were not our own failing.
const KEPT: [&str; 6] = ["200", "201", "403", "404", "409", "422"];

pub(super) fn complete(openapi: &mut OpenApi) {
    share(openapi.components.get_or_insert_default());
    for operation in openapi.paths.paths.values_mut().flat_map(operations) {
        surround(operation);
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch].into_iter().flatten()
}

fn surround(operation: &mut Operation) {
    let parameters = operation.parameters.get_or_insert_default();
    let keyed = parameters
        .iter()
        .any(|parameter| matches!(parameter, RefOr::T(parameter) if parameter.name == idempotency::HEADER));
    parameters.extend([shared("parameters", LANGUAGE), shared("parameters", REQUEST_ID)]);

    let responses = &mut operation.responses.responses;
    for (status, response) in responses.iter_mut() {
        let RefOr::T(response) = response else { continue };
        response.headers.insert("X-Request-Id".to_owned(), shared("headers", "X-Request-Id"));
        if keyed && KEPT.contains(&status.as_str()) {
            response
                .headers
                .insert("Idempotency-Replayed".to_owned(), shared("headers", "Idempotency-Replayed"));
        }
    }
    responses.insert("405".to_owned(), shared("responses", "MethodNotAllowed"));
}

fn share(components: &mut Components) {
    components.add_security_scheme(
        "bearer",
        SecurityScheme::Http(
            HttpBuilder::new()
                .scheme(HttpAuthScheme::Bearer)
                .bearer_format("JWT")
                .description(Some("An access token of the caller."))
                .build(),
        ),
    );
    for (scheme, header, what) in [
        ("wave", wave::SIGNATURE_HEADER, "Wave's signature of the raw body: `t=<seconds>,v1=<hex>`."),
        ("whatsapp", whatsapp::SIGNATURE_HEADER, "Meta's signature of the raw body: `sha256=<hex>`."),
        (
            "sendgrid",
            sendgrid::SIGNATURE_HEADER,
            "SendGrid's signature of the time beside it and the raw body.",
        ),
        ("twilio", twilio::SIGNATURE_HEADER, "Twilio's signature of the address and the form's fields."),
    ] {
        let header = ApiKeyValue::with_description(header, what);
        components.add_security_scheme(scheme, SecurityScheme::ApiKey(ApiKey::Header(header)));
    }
    for (name, header) in headers() {
        components.headers.insert(name.to_owned(), header.into());
    }
    for parameter in [language(), request_id()] {
        components.parameters.insert(parameter.name.clone(), parameter.into());
    }
    for code in Code::ALL {
        components.examples.insert(code.as_str().to_owned(), refusals::example(*code).into());
    }
    let mut refused = refusals::response(&[Code::MethodNotAllowed]);
    for name in ["Allow", "X-Request-Id"] {
        refused.headers.insert(name.to_owned(), shared("headers", name));
    }
    components.responses.insert("MethodNotAllowed".to_owned(), refused.into());
}

fn headers() -> [(&'static str, Header); 6] {
    let header = |schema: ObjectBuilder| HeaderBuilder::new().schema(Some(schema)).build();
    [
        ("Allow", header(text("The methods that this address knows."))),
        (
            "Content-Language",
            header(text("The languages of the texts, the title's first.").examples(["fr", "en", "wo, fr"])),
        ),
        (
            "Idempotency-Replayed",
            header(text("The answer was given before, under this key.").enum_values(Some(["true"]))),
        ),
        (
            "Retry-After",
            header(
                ObjectBuilder::new()
                    .schema_type(Type::Integer)
                    .minimum(Some(1))
                    .description(Some("Seconds after which asking again makes sense.")),
            ),
        ),
        ("WWW-Authenticate", header(text("What has to be shown."))),
        ("X-Request-Id", header(text("Names this request in all that it touches."))),
    ]
}

fn language() -> Parameter {
    parameter(
        LANGUAGE,
        text("The language of the answer's texts: `fr`, `en` or `wo`.").examples([
            "fr",
            "en-GB, fr;q=0.5",
            "wo",
        ]),
    )
}

fn request_id() -> Parameter {
    let what = "A name for this request: 1 to 128 of `A-Za-z0-9-_.:`. One that cannot be used is replaced.";
    parameter(REQUEST_ID, text(what).examples(["0193a5c2-f0f0-7c3a-b1d2-e3f405162738"]))
}

fn parameter(name: &str, schema: ObjectBuilder) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .schema(Some(schema))
        .build()
}
