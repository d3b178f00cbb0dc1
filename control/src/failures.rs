//! What went wrong in a process or in a step of it, as the engine keeps it, made readable.
//!
//! Messages are encrypted like everything else that processes carry. They hold ids and codes only, which is why they may be shown:
//! nobody's data is in an error of ours.

use serde::Serialize;
use temporalio_common::data_converters::SerializationContextData;
use temporalio_common::payload_visitor::decode_payloads;
use temporalio_common::protos::temporal::api::common::v1::Payload;
use temporalio_common::protos::temporal::api::failure::v1::Failure;
use temporalio_common::protos::temporal::api::failure::v1::failure::FailureInfo;

use crate::Control;

/// More than this of an error helps nobody who looks at a list.
const CHARS: usize = 300;

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The code that it was given, such as `wave.unreachable`.
    pub kind: Option<String>,
    pub words: String,
}

impl Control {
    /// Reads a failure and what caused it.
    pub(crate) async fn fault(&self, mut failure: Failure) -> Fault {
        let codec = self.client.options().data_converter.codec();
        let kind = kind(&failure);
        let read = decode_payloads(&mut failure, codec, &SerializationContextData::None).await;
        let words = match read {
            Ok(()) => words(&failure),
            Err(_) => "its words are encrypted with a key that is not here".to_owned(),
        };
        Fault { kind, words }
    }
}

/// A failure that is decrypted already, as a phrase.
pub(crate) fn told(failure: &Failure) -> String {
    let words = words(failure);
    match kind(failure) {
        Some(kind) if words.is_empty() => kind,
        Some(kind) => format!("{kind}: {words}"),
        None => words,
    }
}

/// The innermost code: what wraps it says only where it happened.
fn kind(failure: &Failure) -> Option<String> {
    let inner = failure.cause.as_deref().and_then(kind);
    inner.or_else(|| match &failure.failure_info {
        Some(FailureInfo::ApplicationFailureInfo(info)) => {
            Some(info.r#type.clone()).filter(|kind| !kind.is_empty())
        }
        Some(FailureInfo::TimeoutFailureInfo(_)) => Some("timeout".to_owned()),
        _ => None,
    })
}

/// The messages from the outermost to its cause; one that only repeats is left out.
fn words(failure: &Failure) -> String {
    let mut said: Vec<String> = Vec::new();
    let mut next = Some(failure);
    while let Some(failure) = next {
        let message = message(failure);
        if !message.is_empty() && said.last() != Some(&message) {
            said.push(message);
        }
        next = failure.cause.as_deref();
    }
    let all = said.join(": ").replace(char::is_control, " ");
    match all.char_indices().nth(CHARS) {
        Some((end, _)) => format!("{}…", &all[..end]),
        None => all,
    }
}

fn message(failure: &Failure) -> String {
    let encoded = failure.encoded_attributes.as_ref().and_then(common_message);
    encoded.unwrap_or_else(|| failure.message.clone()).trim().to_owned()
}

/// Where the converter has moved a message, so that it is encrypted with the rest.
fn common_message(payload: &Payload) -> Option<String> {
    let common: serde_json::Value = serde_json::from_slice(&payload.data).ok()?;
    Some(common.get("message")?.as_str()?.to_owned())
}
