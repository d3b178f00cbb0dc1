//! The remote codec of Temporal's web pages and of its command line: decrypts what processes carry for those who work here, after
//! it was written down who sees it.
//!
//! What opens a door (the secrets in links) is shown to nobody, and to support nothing but the shape and the ids. A payload that was
//! encrypted with a key that is not here, or not at all, comes back as it is; one that was changed is refused. Making payloads
//! is for superadmins: what a process is sent, it believes.

mod in_development;
mod wire;

use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use wolo_bootstrap::codec::EncryptionCodec;
use wolo_database::audit::{self, Doer};
use wolo_database::{self as database, Context};
use wolo_domain::audit::{Action, Happening};
use wolo_domain::ids::UserId;

use crate::body::{self, Body};
use crate::caller::{ReadPayloads, ReadShapes, Staff, WritePayloads};
use crate::contract::refusals;
use crate::problem::{self, Code, Problem};
use crate::state::App;

pub(crate) use in_development::{__path_decode_in_development, decode_in_development};
use wire::{Eyes, Payloads};

/// As much as the engine lets a message have.
pub(crate) const BODY_LIMIT: usize = 4 * 1024 * 1024;
/// In which the engine's pages say which namespace the payloads are of.
pub(crate) const NAMESPACE: &str = "x-namespace";

/// Somebody who works here, and how much of it they see.
pub(crate) struct Reader {
    user: UserId,
    eyes: Eyes,
}

impl FromRequestParts<App> for Reader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        match Staff::<ReadPayloads>::from_request_parts(parts, app).await {
            Ok(staff) => Ok(Self { user: staff.user, eyes: Eyes::Open }),
            Err(problem) if problem.code() == Code::NotAllowed => {
                let staff = Staff::<ReadShapes>::from_request_parts(parts, app).await?;
                Ok(Self { user: staff.user, eyes: Eyes::Shapes })
            }
            Err(problem) => Err(problem),
        }
    }
}

refusals!(NotDecoded: Staff::<ReadShapes>::REFUSALS, body::REFUSALS, problem::OF_THE_STORE);
refusals!(NotEncoded: Staff::<WritePayloads>::REFUSALS, body::REFUSALS);

/// Decrypts payloads, for Temporal's web pages and command line. Who sees how many is in the audit trail. Support sees fields
/// and ids.
#[utoipa::path(post, path = "/api/admin/codec/decode", operation_id = "admin.decode_payloads", tag = "admin",
    params(("x-namespace" = Option<String>, Header, description = "Which namespace the payloads are of.")),
    request_body = Payloads,
    security(("bearer" = ["support", "reviewer", "finance", "superadmin"])),
    responses((status = 200, description = "The payloads, in their order.", body = Payloads), NotDecoded))]
pub(crate) async fn decode(
    State(app): State<App>,
    reader: Reader,
    headers: HeaderMap,
    Body { value: payloads, .. }: Body<Payloads>,
) -> Result<Json<Payloads>, Problem> {
    let decoded = payloads.decoded(&codec(&app)?, reader.eyes)?;
    note(&app, &reader, namespace(&headers), decoded.len()).await?;
    Ok(Json(decoded))
}

/// Encrypts payloads, for what a superadmin sends to a process in Temporal's web pages.
#[utoipa::path(post, path = "/api/admin/codec/encode", operation_id = "admin.encode_payloads", tag = "admin",
    request_body = Payloads,
    security(("bearer" = ["superadmin"])),
    responses((status = 200, description = "The payloads, in their order.", body = Payloads), NotEncoded))]
pub(crate) async fn encode(
    State(app): State<App>,
    _staff: Staff<WritePayloads>,
    Body { value: payloads, .. }: Body<Payloads>,
) -> Result<Json<Payloads>, Problem> {
    // No line in the audit trail: it shows nothing to anybody, and what is then done with it is done at the engine, whose history
    // keeps what a process was sent.
    Ok(Json(payloads.encoded(&codec(&app)?)?))
}

/// Shown is what is written down.
async fn note(app: &App, reader: &Reader, namespace: &str, payloads: usize) -> Result<(), Problem> {
    let shapes = matches!(reader.eyes, Eyes::Shapes);
    let happening = Happening::new(Action::PayloadsDecoded, "payloads")
        .with("namespace", namespace)
        .with("payloads", payloads)
        .with("masked", shapes);
    let mut tx = Context::staff(reader.user).begin(&app.pool).await?;
    let by = reader.user.to_string();
    audit::note(&mut tx, happening, Doer::new(&by, "shown in the engine's pages")).await?;
    Ok(database::commit(tx).await?)
}

fn codec(app: &App) -> Result<EncryptionCodec, Problem> {
    EncryptionCodec::new(&app.settings.temporal.payload_keys).map_err(|error| {
        tracing::error!(%error, "there is no codec");
        Problem::new(Code::Internal)
    })
}

/// A word that may stand in the audit trail; a dash for any other.
fn namespace(headers: &HeaderMap) -> &str {
    let named = headers.get(NAMESPACE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let plain = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.');
    if (1..=64).contains(&named.len()) && named.bytes().all(plain) { named } else { "-" }
}
