//! Files: uploaded, asked about, fetched by an address that lives for five minutes, deleted.

use aws_lc_rs::digest;
use axum::Json;
use axum::extract::{Multipart, Path, State};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, TimeDelta};
use serde_json::{Value, json};
use uuid::Uuid;

use super::book::Media;
use super::errors::Refusal;
use super::{Here, WhatsAppDesk, access};

/// How long the address of a file lives.
const ADDRESS_LIVES: TimeDelta = TimeDelta::minutes(5);
/// How long a file is kept.
const KEPT: TimeDelta = TimeDelta::days(30);

/// What may be sent, and up to how many bytes.
fn largest(mime_type: &str) -> Option<usize> {
    const MEGABYTE: usize = 1024 * 1024;
    match mime_type {
        "image/jpeg" | "image/png" => Some(5 * MEGABYTE),
        "video/mp4" | "audio/mpeg" | "audio/ogg" | "audio/aac" => Some(16 * MEGABYTE),
        "application/pdf" | "text/plain" => Some(100 * MEGABYTE),
        _ => None,
    }
}

/// `POST /{version}/{phone number id}/media`
pub(super) async fn upload(
    State(desk): Here,
    Path((version, phone)): Path<(String, String)>,
    headers: HeaderMap,
    parts: Multipart,
) -> Result<Json<Value>, Refusal> {
    access::check(&desk, &version, &headers)?;
    access::ours(&phone, &desk.provider.options.phone_number_id)?;
    let (mime_type, bytes) = file(parts).await?;
    let most =
        largest(&mime_type).ok_or_else(|| Refusal::new(131_053, format!("{mime_type} cannot be sent")))?;
    if bytes.is_empty() || bytes.len() > most {
        return Err(Refusal::new(131_053, "the file is empty or too large"));
    }
    let id = (Uuid::new_v4().as_u128() % 10_000_000_000_000_000).to_string();
    let sha256 = hex::encode(digest::digest(&digest::SHA256, &bytes));
    let media = Media { id: id.clone(), mime_type, sha256, bytes, uploaded_at: desk.clock.now() };
    desk.change(|book| book.media.insert(id.clone(), media));
    Ok(Json(json!({ "id": id })))
}

/// The file of an upload and its type, if that is what came.
async fn file(mut parts: Multipart) -> Result<(String, axum::body::Bytes), Refusal> {
    let broken = |_| Refusal::new(100, "the parts cannot be read");
    let (mut for_whatsapp, mut file) = (false, None);
    while let Some(part) = parts.next_field().await.map_err(broken)? {
        match part.name().unwrap_or_default() {
            "messaging_product" => for_whatsapp = part.text().await.map_err(broken)? == "whatsapp",
            "file" => {
                let mime_type = part.content_type().unwrap_or_default().to_owned();
                file = Some((mime_type, part.bytes().await.map_err(broken)?));
            }
            "type" => {}
            other => return Err(Refusal::new(100, format!("Unexpected key {other:?}"))),
        }
    }
    if !for_whatsapp {
        return Err(Refusal::new(100, "messaging_product must be whatsapp"));
    }
    file.ok_or_else(|| Refusal::new(131_008, "file"))
}

/// `GET /{version}/{media}`
pub(super) async fn about(
    State(desk): Here,
    Path((version, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Json<Value>, Refusal> {
    access::check(&desk, &version, &headers)?;
    let media = kept(&desk, &id).ok_or_else(|| Refusal::unknown(&id))?;
    let until = (desk.clock.now() + ADDRESS_LIVES).timestamp();
    Ok(Json(json!({
        "messaging_product": "whatsapp",
        "url": format!("{}/whatsapp_business/attachments/{id}/{until}", desk.base_url),
        "mime_type": media.mime_type,
        "sha256": media.sha256,
        "file_size": media.bytes.len(),
        "id": id,
    })))
}

/// `GET /whatsapp_business/attachments/…`
pub(super) async fn download(
    State(desk): Here,
    Path((id, until)): Path<(String, i64)>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    access::check(&desk, "v25.0", &headers)?;
    let lives = DateTime::from_timestamp(until, 0).is_some_and(|until| desk.clock.now() < until);
    let media = kept(&desk, &id).filter(|_| lives).ok_or_else(|| Refusal::unknown(&id))?;
    Ok(([(CONTENT_TYPE, media.mime_type)], media.bytes).into_response())
}

/// `DELETE /{version}/{media}`
pub(super) async fn delete(
    State(desk): Here,
    Path((version, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Json<Value>, Refusal> {
    access::check(&desk, &version, &headers)?;
    let was_there = desk.change(|book| book.media.remove(&id)).is_some();
    if was_there { Ok(Json(json!({ "success": true }))) } else { Err(Refusal::unknown(&id)) }
}

/// A file that is still there.
pub(super) fn kept(desk: &WhatsAppDesk, id: &str) -> Option<Media> {
    let now = desk.clock.now();
    desk.read(|book| book.media(id).filter(|media| now < media.uploaded_at + KEPT).cloned())
}
