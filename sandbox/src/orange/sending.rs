//! Taking messages, what becomes of each, and what is left of the bundle.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{OriginalUri, Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use chrono::SecondsFormat;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;
use wolo_domain::notices::sms;

use super::book::{Sent, Status};
use super::errors::Refusal;
use super::{Here, Operator, OrangeDesk, access};
use crate::emulator::{Provider as _, strict};
use crate::inbox::{Channel, Message, State as Came};

/// More parts than this are not put together by phones.
const MOST_PARTS: usize = 10;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    #[serde(rename = "outboundSMSMessageRequest")]
    request: Request,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Request {
    address: Address,
    sender_address: String,
    sender_name: Option<String>,
    #[serde(rename = "outboundSMSTextMessage")]
    text: Text,
}

/// Some clients put the one address into a list.
#[derive(Deserialize)]
#[serde(untagged)]
enum Address {
    One(String),
    Listed([String; 1]),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    message: String,
}

/// `POST /smsmessaging/v1/outbound/{sender}/requests`
pub(super) async fn send(
    State(desk): Here,
    OriginalUri(asked): OriginalUri,
    Path(sender): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    access::check(&desk, &headers)?;
    let Order { request } = strict::read(&headers, &body)?;
    let options = &desk.provider.options;
    // The colon and the plus have to be escaped.
    let is_sender =
        sender.strip_prefix("tel:") == Some(options.sender.as_str()) && asked.path().contains("tel%3A%2B");
    if !is_sender || request.sender_address != sender {
        return Err(Refusal::invalid("senderAddress"));
    }
    if request.sender_name.as_ref().is_some_and(|name| !options.sender_names.contains(name)) {
        return Err(Refusal::invalid("senderName"));
    }
    let (Address::One(address) | Address::Listed([address])) = request.address;
    let to = phone(&address)?;
    let text = request.text.message;
    let parts = sms::size(&text).parts;
    if text.is_empty() {
        return Err(Refusal::invalid("message"));
    }
    if parts > MOST_PARTS {
        return Err(Refusal::service("SVC0280", "Message too long. Maximum length is %1", "1530"));
    }
    if to.ends_with("83") {
        return Err(Refusal::gateway(StatusCode::INTERNAL_SERVER_ERROR, 1, "Internal error"));
    }
    let message = Sent {
        id: Uuid::new_v4().to_string(),
        to,
        sender_name: request.sender_name,
        text,
        units: i64::try_from(parts).unwrap_or(i64::MAX),
        at: desk.clock.now(),
        status: Status::Accepted,
    };
    let paid = desk.change(|book| {
        let paid = book.pay(message.units, message.at);
        if paid {
            book.take(message.clone());
        }
        paid
    });
    if !paid {
        return Err(Refusal::policy(
            "Expired contract. To continue using this API, please buy a new bundle.",
        ));
    }
    let answer = answer(&desk, &message, &address);
    let carried = Arc::clone(&desk);
    desk.later(async move { carry(&carried, &message).await });
    Ok((StatusCode::CREATED, Json(answer)))
}

/// `tel:` and E.164.
fn phone(address: &str) -> Result<String, Refusal> {
    let digits = address.strip_prefix("tel:+").unwrap_or_default();
    if (8..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(format!("+{digits}"))
    } else {
        Err(Refusal::service("SVC0004", "No valid addresses provided in message part %1", "address"))
    }
}

fn answer(desk: &OrangeDesk, message: &Sent, address: &str) -> Value {
    let sender = format!("tel:{}", desk.provider.options.sender);
    let resource = format!("{}/smsmessaging/v1/outbound/{sender}/requests/{}", desk.base_url, message.id);
    let mut request = json!({
        "address": [address],
        "senderAddress": sender,
        "outboundSMSTextMessage": { "message": message.text },
        "resourceURL": resource,
    });
    if let Some(name) = &message.sender_name {
        request["senderName"] = json!(name);
    }
    json!({ "outboundSMSMessageRequest": request })
}

/// Takes a message to its end, and tells of every step.
async fn carry(desk: &Arc<OrangeDesk>, message: &Sent) {
    let pace = desk.provider.options.pace;
    let arrives = |state| {
        desk.inbox.deliver(Message {
            carrier: Some(Operator::NAME),
            state,
            ..Message::new(Channel::Sms, &message.to, &message.id, &message.text)
        });
    };
    tokio::time::sleep(pace).await;
    if desk.is_off() || message.to.ends_with("81") {
        arrives(Came::Failed);
        return tell(desk, message, Status::DeliveryImpossible);
    }
    if message.to.ends_with("82") {
        return tell(desk, message, Status::MessageWaiting);
    }
    tell(desk, message, Status::DeliveredToNetwork);
    tokio::time::sleep(pace).await;
    arrives(Came::Delivered);
    tell(desk, message, Status::DeliveredToTerminal);
}

fn tell(desk: &Arc<OrangeDesk>, message: &Sent, status: Status) {
    desk.change(|book| book.mark(&message.id, status));
    let word = json!({ "deliveryStatus": status.word() });
    let mut info = if desk.provider.options.nested_receipts { json!({ "delivery": word }) } else { word };
    info["address"] = json!(format!("tel:{}", message.to));
    let told = json!({ "callbackData": message.id, "deliveryInfo": info });
    desk.tell(status.word(), &json!({ "deliveryInfoNotification": told }).to_string());
}

/// `GET /sms/admin/v1/contracts`
pub(super) async fn contracts(
    State(desk): Here,
    Query(asked): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Result<Json<Value>, Refusal> {
    access::check(&desk, &headers)?;
    if asked.get("country").is_some_and(|country| country != "SEN") {
        return Ok(Json(json!([])));
    }
    let now = desk.clock.now();
    let bundles = desk.read(|book| book.bundle.clone());
    let listed: Vec<_> = bundles
        .iter()
        .map(|bundle| {
            let date = |at: chrono::DateTime<chrono::Utc>| at.to_rfc3339_opts(SecondsFormat::Millis, true);
            json!({
                "id": "sandbox-contract",
                "type": "SELFSERVICE",
                "developerId": "sandbox-developer",
                "applicationId": "sandbox-application",
                "country": "SEN",
                "offerName": "SMS_OCB",
                "availableUnits": bundle.left,
                "requestedUnits": bundle.bought,
                "status": if now < bundle.expires_at { "ACTIVE" } else { "EXPIRED" },
                "expirationDate": date(bundle.expires_at),
                "creationDate": date(bundle.bought_at),
                "lastUpdateDate": date(now),
            })
        })
        .collect();
    Ok(Json(json!(listed)))
}
