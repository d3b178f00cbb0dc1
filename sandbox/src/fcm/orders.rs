//! A push as it may be asked for: the fields of Google's own clients, and their rules.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::errors::Refusal;

/// The largest push, in bytes of what a device is given.
const LARGEST: usize = 4096;
/// The longest that Firebase keeps one, in seconds.
const LONGEST: u32 = 28 * 86_400;
/// The longest key under which Apple's devices put one in the place of another.
const LONGEST_KEY: usize = 64;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Order {
    #[serde(default)]
    pub(super) validate_only: bool,
    pub(super) message: Message,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Message {
    token: Option<String>,
    fid: Option<String>,
    topic: Option<String>,
    condition: Option<String>,
    pub(super) notification: Option<Notification>,
    #[serde(default)]
    pub(super) data: BTreeMap<String, String>,
    android: Option<Android>,
    apns: Option<Apns>,
    webpush: Option<Webpush>,
    #[serde(rename = "fcm_options")]
    options: Option<Options>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Notification {
    pub(super) title: Option<String>,
    pub(super) body: Option<String>,
    image: Option<String>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Android {
    collapse_key: Option<String>,
    priority: Option<Priority>,
    ttl: Option<String>,
    notification: Option<AndroidNotification>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum Priority {
    High,
    Normal,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct AndroidNotification {
    title: Option<String>,
    body: Option<String>,
    icon: Option<String>,
    color: Option<String>,
    sound: Option<String>,
    tag: Option<String>,
    click_action: Option<String>,
    channel_id: Option<String>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Apns {
    #[serde(default)]
    headers: BTreeMap<String, String>,
    payload: Option<Value>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Webpush {
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    data: BTreeMap<String, String>,
    notification: Option<Value>,
    fcm_options: Option<Options>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Options {
    link: Option<String>,
    analytics_label: Option<String>,
}

impl Message {
    /// The one device that it is for; nobody here listens to topics.
    pub(super) fn device(&self) -> Result<&str, Refusal> {
        let targets = [&self.token, &self.fid, &self.topic, &self.condition];
        if targets.into_iter().flatten().count() != 1 {
            return Err(Refusal::field(
                "message",
                "Exactly one of token, fid, topic or condition is required",
            ));
        }
        let device = self.token.as_deref().or(self.fid.as_deref());
        let device = device.ok_or_else(|| Refusal::field("message.topic", "nobody listens"))?;
        let sound = (1..=4096).contains(&device.len()) && device.bytes().all(|byte| byte.is_ascii_graphic());
        if sound { Ok(device) } else { Err(Refusal::no_device()) }
    }

    pub(super) fn collapse_key(&self) -> Option<&str> {
        self.android.as_ref()?.collapse_key.as_deref()
    }

    /// The rules that no type says.
    pub(super) fn check(&self) -> Result<(), Refusal> {
        let reserved = |key: &String| key == "from" || key == "gcm" || key.starts_with("google");
        if self.data.keys().any(reserved) {
            return Err(Refusal::field("message.data", "a reserved key"));
        }
        if let Some(ttl) = self.android.as_ref().and_then(|android| android.ttl.as_deref()) {
            // `3.5s` is a duration too; its whole part is enough to judge by.
            let whole =
                ttl.strip_suffix('s').and_then(|number| number.split('.').next()?.parse::<u32>().ok());
            if whole.is_none_or(|seconds| seconds > LONGEST) {
                return Err(Refusal::field(
                    "message.android.ttl",
                    "Illegal duration format; at most 28 days",
                ));
            }
        }
        if let Some(apns) = &self.apns {
            apns.check()?;
        }
        let link = self.webpush.as_ref().and_then(|web| web.fcm_options.as_ref()?.link.as_deref());
        if link.is_some_and(|link| !link.starts_with("https://")) {
            return Err(Refusal::field("message.webpush.fcm_options.link", "must be https"));
        }
        let given = serde_json::json!([self.notification, self.data]).to_string();
        if given.len() > LARGEST {
            return Err(Refusal::field("message", "Message is too big"));
        }
        Ok(())
    }
}

impl Apns {
    fn check(&self) -> Result<(), Refusal> {
        let header = |name: &str| self.headers.get(name).map(String::as_str);
        if header("apns-priority").is_some_and(|priority| !matches!(priority, "1" | "5" | "10")) {
            return Err(Refusal::field("message.apns.headers", "apns-priority: 1, 5 or 10"));
        }
        if header("apns-expiration").is_some_and(|at| at.parse::<u64>().is_err()) {
            return Err(Refusal::field("message.apns.headers", "apns-expiration: seconds"));
        }
        if header("apns-collapse-id").is_some_and(|key| key.len() > LONGEST_KEY) {
            return Err(Refusal::field("message.apns.headers", "apns-collapse-id: at most 64 bytes"));
        }
        Ok(())
    }
}
